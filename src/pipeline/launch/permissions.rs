//! What components are granted: what the command line says, and what a package's
//! own code needs no word for.

use std::path::Path;
use std::time::Duration;

use crate::base::error::{Error, Result};
use crate::pipeline::build::cargo::Built;
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime::{Network, Permissions, Preopen, sends_http};

/// How long a request may take when nothing else is said.
const REQUEST: Duration = Duration::from_secs(60);

/// What the command line grants the component.
pub(crate) fn grant(ctx: &Context, args: &CargoArgs) -> Result<Permissions> {
    let text = |value: &std::ffi::OsString| -> Result<String> {
        value.to_str().map(str::to_owned).ok_or_else(|| {
            Error::usage(format!(
                "the argument `{}` is not UTF-8, so it cannot be passed to a component",
                value.to_string_lossy()
            ))
        })
    };
    let mut grant = Permissions::default();
    for argument in args.own.program_args.iter().chain(&args.trailing) {
        grant.args.push(text(argument)?);
    }
    for pair in &args.own.env {
        let pair = text(pair)?;
        let (name, value) = match pair.split_once('=') {
            Some(("", _)) => {
                let text = format!("`--env {pair}` does not name a variable");
                return Err(Error::usage(text).hint("write `--env NAME=VALUE`"));
            }
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => {
                let value = ctx.env.inherited(&pair).ok_or_else(|| {
                    Error::usage(format!(
                        "the variable `{pair}` is not set, so it cannot be passed on"
                    ))
                    .hint(format!("set its value with `--env {pair}=…`"))
                })?;
                (pair, value)
            }
        };
        grant.env.push((name, value));
    }
    for dir in &args.own.dirs {
        grant.dirs.push(directory(ctx, &text(dir)?)?);
    }
    grant.network = match &args.own {
        own if own.network => Network::Full,
        own if own.http => Network::Http,
        _ => Network::None,
    };
    let own = &args.own;
    grant.max_memory = own.max_memory.as_deref().map(memory).transpose()?;
    grant.timeout = own.timeout.as_deref().map(seconds).transpose()?.flatten();
    Ok(grant)
}

/// A directory by what `--dir` says.
fn directory(ctx: &Context, text: &str) -> Result<Preopen> {
    let mut preopen = Preopen::parse(text)?;
    preopen.host = ctx.absolute(&preopen.host);
    if fs::is_dir(&preopen.host) {
        return Ok(preopen);
    }
    let shown = ctx.display(&preopen.host);
    let what = match fs::exists(&preopen.host) {
        true => "is not a directory",
        false => "does not exist",
    };
    let text = format!("failed to open the directory `{shown}`: it {what}");
    Err(Error::usage(text).hint("`--dir` needs an existing directory"))
}

/// Reads a number of bytes, with a unit or without.
fn memory(text: &str) -> Result<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(0),
        "k" | "kb" | "kib" => Some(10),
        "m" | "mb" | "mib" => Some(20),
        "g" | "gb" | "gib" => Some(30),
        _ => None,
    };
    let bytes = shift.and_then(|shift| number.parse::<u64>().ok()?.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| {
        Error::usage(format!("`--max-memory {text}` is not a valid size"))
            .hint("use bytes or a unit, such as `--max-memory 512MiB`")
    })
}

/// Reads a number of seconds, of which 0 is for ever.
fn seconds(text: &str) -> Result<Option<Duration>> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|n| Duration::try_from_secs_f64(n).ok());
    match seconds {
        Some(Duration::ZERO) => Ok(None),
        Some(limit) => Ok(Some(limit)),
        None => Err(
            Error::usage(format!("`--timeout {text}` is not a number of seconds"))
                .hint("use seconds, such as `--timeout 30` or `--timeout 0.5`; 0 means no limit"),
        ),
    }
}

/// What each request is granted: it has a limit of time unless that is denied.
pub(crate) fn of_requests(grant: &Permissions, args: &CargoArgs) -> Permissions {
    let mut grant = grant.clone();
    if args.own.timeout.is_none() {
        grant.timeout = Some(REQUEST);
    }
    grant
}

/// What is granted to a component that was built here: to send HTTP requests, if
/// its own code imports that, or that of another package of the workspace it is
/// linked with. A linked component has one set of imports, so that this is for
/// all in it; where only components of others import it, nobody gets it.
pub(crate) fn of_own_code(
    mut grant: Permissions,
    built: &Built,
    artifact: &ComponentArtifact,
) -> Result<Permissions> {
    if grant.network != Network::None {
        return Ok(grant);
    }
    let prepared = &built.prepared;
    let recipe = prepared.recipe(artifact.member);
    let sends_requests = match recipe {
        // Nothing is linked with it.
        None => true,
        Some(recipe) => {
            artifact.component.is_none()
                || sends_http(&fs::read(&artifact.path)?)?
                || recipe
                    .parts
                    .iter()
                    .map(|part| part.file.as_path())
                    .filter(|file| file.starts_with(&prepared.setup.target_dir))
                    .map(sends)
                    .collect::<Result<Vec<_>>>()?
                    .contains(&true)
        }
    };
    if sends_requests {
        grant.network = Network::Http;
    }
    Ok(grant)
}

fn sends(component: &Path) -> Result<bool> {
    sends_http(&fs::read(component)?)
        .map_err(|e| e.context(format!("failed to read `{}`", component.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read() {
        assert_eq!(memory("65536").unwrap(), 65536);
        assert_eq!(memory("512MiB").unwrap(), 512 << 20);
        assert_eq!(memory("2 g").unwrap(), 2 << 30);
        for wrong in ["", "0", "much", "1.5G", "-1", "99999999999G"] {
            assert!(memory(wrong).unwrap_err().advice().is_some(), "{wrong}");
        }
        assert_eq!(seconds("0").unwrap(), None);
        assert_eq!(seconds("0.5").unwrap(), Some(Duration::from_millis(500)));
        for wrong in ["", "-1", "soon", "inf", "NaN"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}

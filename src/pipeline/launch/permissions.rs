//! The permissions of components: those of the command line, and those that a
//! package's own code has by default.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::error::{Error, Result};
use crate::pipeline::build::cargo::BuildOutput;
use crate::pipeline::build::componentize::ComponentArtifact;
use crate::pipeline::build::linked::linked_files;
use crate::pipeline::link::built::BuiltComponents;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime::{Network, Permissions, Preopen, sends_http};

/// The time limit of a request without `--timeout`.
const REQUEST: Duration = Duration::from_secs(60);

/// The permissions that the command line grants a component.
pub(crate) fn granted_permissions(ctx: &Context, args: &CargoArgs) -> Result<Permissions> {
    let text = |value: &std::ffi::OsString| -> Result<String> {
        value.to_str().map(str::to_owned).ok_or_else(|| {
            Error::usage(format!(
                "the argument `{}` is not UTF-8, so it cannot be passed to a component",
                value.to_string_lossy()
            ))
        })
    };
    let mut permissions = Permissions::default();
    for argument in args.own.program_args.iter().chain(&args.trailing) {
        permissions.args.push(text(argument)?);
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
        permissions.env.push((name, value));
    }
    for dir in &args.own.dirs {
        permissions.dirs.push(directory(ctx, &text(dir)?)?);
    }
    permissions.network = match &args.own {
        own if own.network => Network::Full,
        own if own.http => Network::Http,
        _ => Network::None,
    };
    let own = &args.own;
    permissions.max_memory = own.max_memory.as_deref().map(memory).transpose()?;
    permissions.timeout = own.timeout.as_deref().map(seconds).transpose()?.flatten();
    Ok(permissions)
}

/// The directory that an argument of `--dir` grants.
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

/// Parses a number of bytes with an optional unit.
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

/// Parses a number of seconds; `None` for 0, which means no limit.
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

/// The permissions of each request: the time limit has a default, which `--timeout`
/// overrides.
pub(crate) fn with_request_timeout(permissions: &Permissions, args: &CargoArgs) -> Permissions {
    let mut permissions = permissions.clone();
    if args.own.timeout.is_none() {
        permissions.timeout = Some(REQUEST);
    }
    permissions
}

/// Adds the permission to send HTTP requests for a component that was built here, if
/// its own code imports that, or the code of another package of the workspace that
/// it is linked with. The permission applies to the whole linked component; it is
/// not given if only foreign components import it.
pub(crate) fn with_own_requests(
    ctx: &Context,
    mut permissions: Permissions,
    built: &BuildOutput,
    artifact: &ComponentArtifact,
) -> Result<Permissions> {
    if permissions.network != Network::None {
        return Ok(permissions);
    }
    let prepared = &built.prepared;
    let recipe = prepared.recipe(artifact.member);
    let sends_requests = match (recipe, &artifact.component) {
        (Some(_), Some(facts)) if !facts.sends_requests => {
            let files = linked_files(ctx, prepared, artifact)?;
            let own = |file: &&PathBuf| file.starts_with(&prepared.setup.target_dir);
            let mut own = files.iter().filter(own);
            own.try_fold(false, |any, file| -> Result<bool> {
                Ok(any || sends(&prepared.built, file)?)
            })?
        }
        // It sends them itself, or nothing is linked with it.
        _ => true,
    };
    if sends_requests {
        permissions.network = Network::Http;
    }
    Ok(permissions)
}

/// Whether a component imports an interface that sends HTTP requests.
fn sends(built: &BuiltComponents, component: &Path) -> Result<bool> {
    if let Some(built) = built.in_file(component) {
        return Ok(built.sends_requests);
    }
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

//! One pass over the arguments.

use std::ffi::{OsStr, OsString};

use super::options;
use super::options::{Known, Row, Takes};
use super::{Artifact, CargoArgs, Piece};
use crate::base::error::{Error, Result};
use crate::system::cargo::config::LockMode;
use crate::system::shell::ColorChoice;

/// The verbs whose options are all known, by cargo's name for them.
pub(crate) const VERBS: &[&str] = &[
    "bench", "build", "check", "clean", "clippy", "doc", "fetch", "fix", "metadata", "run",
    "rustc", "rustdoc", "serve", "test", "tree",
];

/// The verbs that take everything from their first plain word on as arguments
/// that are not for cargo.
const TRAILING_VERBS: &[&str] = &["run", "rustc", "rustdoc", "serve"];

/// Reads a whole command line.
pub(super) fn read(args: &[OsString]) -> Result<CargoArgs> {
    // What an option is may depend on a subcommand further on, so that one is
    // searched for first.
    let mut scout = Reader::new(args, Scope::Search);
    scout.read()?;
    let mut reader = Reader::new(args, Scope::Verb(scout.out.subcommand));
    reader.read()?;
    Ok(reader.out)
}

/// What a reading is for.
enum Scope {
    /// Only finding the subcommand: ends there, complains of nothing.
    Search,
    /// Everything, under this subcommand.
    Verb(Option<String>),
}

/// One reading of a command line.
struct Reader<'a> {
    args: &'a [OsString],
    at: usize,
    scope: Scope,
    /// The options given so far on this side of the subcommand.
    seen: Vec<Known>,
    /// Whether the subcommand is behind us.
    inside: bool,
    out: CargoArgs,
}

impl<'a> Reader<'a> {
    fn new(args: &'a [OsString], scope: Scope) -> Self {
        Reader {
            args,
            at: 0,
            scope,
            seen: Vec::new(),
            inside: false,
            out: CargoArgs::default(),
        }
    }

    fn verb(&self) -> Option<&str> {
        match &self.scope {
            Scope::Search => None,
            Scope::Verb(verb) => verb.as_deref(),
        }
    }

    /// Whether the meaning of every option is certain: an unknown subcommand
    /// may use our letters for something else.
    fn is_certain(&self) -> bool {
        match &self.scope {
            Scope::Search => false,
            Scope::Verb(verb) => verb.as_deref().is_none_or(|verb| VERBS.contains(&verb)),
        }
    }

    fn read(&mut self) -> Result<()> {
        if let Some(first) = self.args.first().filter(|arg| starts_with(arg, b"+")) {
            self.out.toolchain = Some(first.clone());
            self.at = 1;
        }
        while let Some(arg) = self.args.get(self.at) {
            self.at += 1;
            if arg == "--" {
                self.out.trailing = self.args[self.at..].to_vec();
                return Ok(());
            } else if starts_with(arg, b"--") {
                self.long(arg)?;
            } else if starts_with(arg, b"-") && arg.len() > 1 {
                self.cluster(arg)?;
            } else if !self.inside {
                self.out.subcommand = Some(subcommand(arg)?);
                if matches!(self.scope, Scope::Search) {
                    return Ok(());
                }
                self.inside = true;
                self.seen.clear();
            } else if self
                .verb()
                .is_some_and(|verb| TRAILING_VERBS.contains(&verb))
            {
                self.out.trailing = self.args[self.at - 1..].to_vec();
                return Ok(());
            } else {
                self.out.words.push(arg.clone());
                self.push(None, vec![arg.clone()]);
            }
        }
        Ok(())
    }

    fn push(&mut self, known: Option<Known>, args: Vec<OsString>) {
        let pieces = if self.inside {
            &mut self.out.after
        } else {
            &mut self.out.before
        };
        pieces.push(Piece { known, args });
    }

    /// What the table says of an option here, if it means anything here.
    fn row(&self, found: Option<&'static Row>) -> Option<&'static Row> {
        let row = found?;
        let searching = matches!(self.scope, Scope::Search);
        let meant = match row.known {
            // Cargo reads it before the subcommand only.
            Known::Directory => !self.inside,
            known => searching || known.is_of(self.verb()),
        };
        meant.then_some(row)
    }

    fn long(&mut self, arg: &OsStr) -> Result<()> {
        let (name, inline) = split_at_equals(arg);
        let name = name.to_str().unwrap_or_default();
        let found = options::long(name);
        let Some(row) = self.row(found) else {
            if let (Some(row), Some(verb)) = (found, self.verb())
                && row.known.is_ours()
                && self.is_certain()
            {
                return Err(misplaced(name, row.known, verb));
            }
            self.push(None, vec![arg.to_owned()]);
            return Ok(());
        };
        let start = self.at;
        let value = match row.takes {
            Takes::Nothing | Takes::Inline => inline,
            Takes::Value | Takes::AnyValue => match inline.or_else(|| self.next(row.takes)) {
                None if self.is_certain() => return Err(missing(name)),
                value => value,
            },
            Takes::Optional if self.inside => inline.or_else(|| self.next(row.takes)),
            Takes::Optional => inline,
        };
        self.record(row, name, value)?;
        if !row.known.is_ours() {
            let mut piece = vec![arg.to_owned()];
            piece.extend_from_slice(&self.args[start..self.at]);
            self.push(Some(row.known), piece);
        }
        Ok(())
    }

    /// Short options behind one dash; the first that takes a value takes the
    /// rest, or else the next argument.
    fn cluster(&mut self, arg: &OsStr) -> Result<()> {
        let start = self.at;
        // Only a value can be anything but ASCII; where it must be kept to the
        // byte it stands as an argument of its own.
        let text = arg.to_string_lossy();
        let mut known = None;
        for (index, letter) in text.char_indices().skip(1) {
            let Some(row) = self.row(options::short(letter)) else {
                // What follows may be the value of an option we do not know.
                break;
            };
            known = Some(row.known).filter(|_| index == 1);
            let name = match row.name {
                "" => format!("-{letter}"),
                name => format!("--{name}"),
            };
            if row.takes == Takes::Nothing {
                self.record(row, &name, None)?;
                continue;
            }
            let rest = &text[index + letter.len_utf8()..];
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            let value = if rest.is_empty() {
                self.next(row.takes)
            } else if arg.to_str().is_none() && row.known.is_kept() {
                return Err(not_text(&name, arg));
            } else {
                Some(OsString::from(rest))
            };
            if value.is_none() && self.is_certain() {
                return Err(missing(&name));
            }
            self.record(row, &name, value)?;
            break;
        }
        let mut piece = vec![arg.to_owned()];
        piece.extend_from_slice(&self.args[start..self.at]);
        self.push(known, piece);
        Ok(())
    }

    /// The next argument as a value, unless it is an option itself.
    fn next(&mut self, takes: Takes) -> Option<OsString> {
        let next = self.args.get(self.at)?;
        let is_option = starts_with(next, b"-") && next.len() > 1;
        if is_option && takes != Takes::AnyValue {
            return None;
        }
        self.at += 1;
        Some(next.clone())
    }

    fn record(&mut self, row: &Row, name: &str, value: Option<OsString>) -> Result<()> {
        if matches!(self.scope, Scope::Search) {
            return Ok(());
        }
        if row.single {
            if self.seen.contains(&row.known) && self.is_certain() {
                return Err(Error::usage(format!(
                    "the argument '{name}' cannot be used multiple times"
                ))
                .hint(format!("give `{name}` once")));
            }
            self.seen.push(row.known);
        }
        match (row.takes, value) {
            (Takes::Nothing, _) => self.flag(row.known),
            (Takes::Optional, value) => self.artifact(row.known, name, value)?,
            (_, Some(value)) => self.valued(row.known, name, value)?,
            (_, None) => {}
        }
        Ok(())
    }

    fn flag(&mut self, known: Known) {
        let out = &mut self.out;
        match known {
            Known::Workspace => out.workspace = true,
            Known::Release => out.release = true,
            Known::Locked => out.lock_mode = out.lock_mode.and(LockMode::Locked),
            Known::Offline => out.lock_mode = out.lock_mode.and(LockMode::Offline),
            Known::Frozen => out.lock_mode = LockMode::Frozen,
            Known::Verbose => out.verbose = out.verbose.saturating_add(1),
            Known::Quiet => out.quiet = true,
            Known::Help => out.help = true,
            Known::Version => out.version = true,
            Known::NoRun => out.no_run = true,
            Known::NoFailFast => out.no_fail_fast = true,
            Known::HostMembers => out.own.host_members = true,
            Known::Native => out.own.native = true,
            Known::Compose => out.own.compose = true,
            Known::Http => out.own.http = true,
            Known::Network => out.own.network = true,
            Known::Fresh => out.own.fresh = true,
            Known::TrustUnpinned => out.own.trust_unpinned = true,
            Known::Lib => out.artifacts.push(Artifact::Lib),
            Known::Bins => out.artifacts.push(Artifact::Bins),
            Known::Examples => out.artifacts.push(Artifact::Examples),
            Known::Tests => out.artifacts.push(Artifact::Tests),
            Known::Benches => out.artifacts.push(Artifact::Benches),
            Known::AllTargets => out.artifacts.push(Artifact::AllTargets),
            Known::Doc => out.artifacts.push(Artifact::Doc),
            _ => {}
        }
    }

    fn artifact(&mut self, known: Known, name: &str, value: Option<OsString>) -> Result<()> {
        let value = value.map(|value| text(name, value)).transpose()?;
        self.out.artifacts.push(match known {
            Known::Bin => Artifact::Bin(value),
            Known::Example => Artifact::Example(value),
            Known::Test => Artifact::Test(value),
            Known::Bench => Artifact::Bench(value),
            _ => return Ok(()),
        });
        Ok(())
    }

    fn valued(&mut self, known: Known, name: &str, value: OsString) -> Result<()> {
        let certain = self.is_certain();
        let out = &mut self.out;
        match known {
            Known::ManifestPath => out.manifest_path = Some(value.into()),
            Known::Directory => out.directory = Some(value.into()),
            Known::TargetDir => out.target_dir = Some(value.into()),
            Known::ArtifactDir => out.artifact_dir = Some(value.into()),
            Known::CacheDir => out.own.cache_dir = Some(value.into()),
            Known::RegistryConfig => out.own.registry_config = Some(value.into()),
            Known::Config => out.config.push(value),
            Known::Unstable => out.unstable.push(value),
            Known::RunEnv => out.own.env.push(value),
            Known::RunDir => out.own.dirs.push(value),
            Known::RunArg => out.own.program_args.push(value),
            Known::With => out.own.with.push(text(name, value)?),
            Known::Package => out.packages.push(text(name, value)?),
            Known::Exclude => out.excludes.push(text(name, value)?),
            Known::Target => out.targets.push(text(name, value)?),
            Known::Profile => out.profile = Some(text(name, value)?),
            Known::Invoke => out.own.invoke = Some(text(name, value)?),
            Known::MaxMemory => out.own.max_memory = Some(text(name, value)?),
            Known::Timeout => out.own.timeout = Some(text(name, value)?),
            Known::Addr => out.own.addr = Some(text(name, value)?),
            Known::Component => out.own.component = Some(text(name, value)?),
            Known::MessageFormat => {
                let formats = text(name, value)?;
                // As cargo reads them.
                let formats = formats.split(',').map(str::to_ascii_lowercase);
                out.message_format.extend(formats);
            }
            Known::Color => match color(&text(name, value)?) {
                Err(error) if certain => return Err(error),
                choice => out.color = choice.ok().or(out.color),
            },
            _ => {}
        }
        Ok(())
    }
}

/// The subcommand a word names; cargo's own short names are written out.
fn subcommand(word: &OsStr) -> Result<String> {
    let name = word.to_str().ok_or_else(|| {
        Error::usage(format!(
            "the subcommand `{}` is not valid UTF-8",
            word.display()
        ))
        .hint("put the subcommand, such as `build`, first")
    })?;
    Ok(match name {
        "b" => "build",
        "c" => "check",
        "d" => "doc",
        "t" => "test",
        "r" => "run",
        name => name,
    }
    .to_owned())
}

fn color(value: &str) -> Result<ColorChoice> {
    match value {
        "auto" => Ok(ColorChoice::Auto),
        "always" => Ok(ColorChoice::Always),
        "never" => Ok(ColorChoice::Never),
        other => Err(
            Error::usage(format!("`{other}` is not a value of `--color`"))
                .hint("use `auto`, `always` or `never`"),
        ),
    }
}

fn text(name: &str, value: OsString) -> Result<String> {
    value.into_string().map_err(|value| not_text(name, &value))
}

fn not_text(name: &str, value: &OsStr) -> Error {
    Error::usage(format!(
        "the value `{}` of `{name}` is not valid UTF-8",
        value.display()
    ))
    .hint(format!("give `{name}` a separate value in UTF-8"))
}

fn missing(name: &str) -> Error {
    Error::usage(format!(
        "a value is required for '{name} <VALUE>' but none was supplied"
    ))
    .hint(format!("write `{name}=VALUE`"))
}

/// An option of ours that this subcommand does not have.
fn misplaced(name: &str, known: Known, verb: &str) -> Error {
    let verbs = VERBS.iter().filter(|verb| known.is_of(Some(verb)));
    let verbs: Vec<String> = verbs.map(|v| format!("`cargo component {v}`")).collect();
    let message = format!("`{name}` can only be used with {}", verbs.join(", "));
    Error::usage(message).hint(format!("remove it from `{verb}`"))
}

fn starts_with(arg: &OsStr, prefix: &[u8]) -> bool {
    arg.as_encoded_bytes().starts_with(prefix)
}

/// Takes `--name=value` apart without a loss, whatever the value is made of.
fn split_at_equals(arg: &OsStr) -> (OsString, Option<OsString>) {
    if let Some(text) = arg.to_str() {
        return match text.split_once('=') {
            Some((name, value)) => (name.into(), Some(value.into())),
            None => (text.into(), None),
        };
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let bytes = arg.as_bytes();
        if let Some(at) = bytes.iter().position(|byte| *byte == b'=') {
            let part = |bytes| OsStr::from_bytes(bytes).to_owned();
            return (part(&bytes[..at]), Some(part(&bytes[at + 1..])));
        }
    }
    #[cfg(windows)]
    {
        use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
        let wide: Vec<u16> = arg.encode_wide().collect();
        if let Some(at) = wide.iter().position(|unit| *unit == u16::from(b'=')) {
            let part = OsString::from_wide;
            return (part(&wide[..at]), Some(part(&wide[at + 1..])));
        }
    }
    (arg.to_owned(), None)
}

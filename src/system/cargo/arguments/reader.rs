//! Reads a command line in one pass over its arguments.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::cargo_args::{ArgumentGroup, CargoArgs, TargetChoice, WitSource};
use super::options;
use super::options::{KnownOption, OptionSpec, OptionValue};
use crate::base::error::{Error, Result};
use crate::system::cargo::config::LockMode;
use crate::system::shell::ColorChoice;

/// The subcommands whose options are all known, by their names in cargo.
pub(crate) const VERBS: &[&str] = &[
    "bench", "build", "check", "clean", "clippy", "doc", "fetch", "fix", "metadata", "run",
    "rustc", "rustdoc", "serve", "test", "tree",
];

/// The subcommands with which all arguments from the first plain word on are not
/// for cargo.
const TRAILING_VERBS: &[&str] = &["run", "rustc", "rustdoc", "serve"];

impl CargoArgs {
    /// Reads the arguments after the program's name, without the leading word
    /// `component`.
    pub fn parse(args: &[OsString]) -> Result<CargoArgs> {
        // The meaning of an option may depend on the subcommand after it, which is
        // searched for first.
        let mut search = Reader::new(args, Scope::Search);
        search.read()?;
        let mut reader = Reader::new(args, Scope::Verb(search.out.subcommand));
        reader.read()?;
        Ok(reader.out)
    }
}

/// What a pass over the arguments reads.
enum Scope {
    /// Only the subcommand, at which it ends; nothing is an error.
    Search,
    /// All arguments, under this subcommand.
    Verb(Option<String>),
}

/// The state of one pass over a command line.
struct Reader<'a> {
    args: &'a [OsString],
    at: usize,
    scope: Scope,
    /// The options given so far on this side of the subcommand.
    given: Vec<KnownOption>,
    /// Whether the subcommand has been read.
    after_verb: bool,
    out: CargoArgs,
}

impl<'a> Reader<'a> {
    fn new(args: &'a [OsString], scope: Scope) -> Self {
        Reader {
            args,
            at: 0,
            scope,
            given: Vec::new(),
            after_verb: false,
            out: CargoArgs::default(),
        }
    }

    fn verb(&self) -> Option<&str> {
        match &self.scope {
            Scope::Search => None,
            Scope::Verb(verb) => verb.as_deref(),
        }
    }

    /// Whether the meaning of every option is certain: an unknown subcommand may
    /// give options of the same letters another meaning.
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
            } else if !self.after_verb {
                self.out.subcommand = Some(subcommand(arg)?);
                if matches!(self.scope, Scope::Search) {
                    return Ok(());
                }
                self.after_verb = true;
                self.given.clear();
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

    fn push(&mut self, known: Option<KnownOption>, args: Vec<OsString>) {
        let pieces = if self.after_verb {
            &mut self.out.after
        } else {
            &mut self.out.before
        };
        pieces.push(ArgumentGroup { known, args });
    }

    /// The option, if it has its meaning at this place of the command line.
    fn valid_here(&self, found: Option<&'static OptionSpec>) -> Option<&'static OptionSpec> {
        let option = found?;
        let searching = matches!(self.scope, Scope::Search);
        let is_valid = match option.known {
            // Cargo reads it before the subcommand only.
            KnownOption::Directory => !self.after_verb,
            known => searching || known.applies_to(self.verb()),
        };
        is_valid.then_some(option)
    }

    fn long(&mut self, arg: &OsStr) -> Result<()> {
        let (name, inline) = split_at_equals(arg);
        let name = name.to_str().unwrap_or_default();
        let found = options::long(name);
        let Some(option) = self.valid_here(found) else {
            if let (Some(option), Some(verb)) = (found, self.verb())
                && option.known.is_own()
                && self.is_certain()
            {
                return Err(wrong_verb(name, option.known, verb));
            }
            self.push(None, vec![arg.to_owned()]);
            return Ok(());
        };
        let start = self.at;
        let value = match option.value {
            OptionValue::Nothing | OptionValue::Inline => inline,
            OptionValue::Value | OptionValue::AnyValue => {
                match inline.or_else(|| self.next(option.value)) {
                    None if self.is_certain() => return Err(missing_value(name)),
                    value => value,
                }
            }
            OptionValue::Optional if self.after_verb => inline.or_else(|| self.next(option.value)),
            OptionValue::Optional => inline,
        };
        self.record(option, name, value)?;
        if !option.known.is_own() {
            let mut group = vec![arg.to_owned()];
            group.extend_from_slice(&self.args[start..self.at]);
            self.push(Some(option.known), group);
        }
        Ok(())
    }

    /// Reads short options after one dash. The first one with a value takes the
    /// rest as its value, or else the next argument.
    fn cluster(&mut self, arg: &OsStr) -> Result<()> {
        let start = self.at;
        // Only a value can be other than ASCII. A value that must be preserved
        // byte by byte is an argument of its own.
        let text = arg.to_string_lossy();
        let mut known = None;
        for (index, letter) in text.char_indices().skip(1) {
            let Some(option) = self.valid_here(options::short(letter)) else {
                // The rest may be the value of an unknown option.
                break;
            };
            known = Some(option.known).filter(|_| index == 1);
            let name = match option.name {
                "" => format!("-{letter}"),
                name => format!("--{name}"),
            };
            if option.value == OptionValue::Nothing {
                self.record(option, &name, None)?;
                continue;
            }
            let rest = &text[index + letter.len_utf8()..];
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            let value = if rest.is_empty() {
                self.next(option.value)
            } else if arg.to_str().is_none() && option.known.is_recorded() {
                return Err(not_text(&name, arg));
            } else {
                Some(OsString::from(rest))
            };
            if value.is_none() && self.is_certain() {
                return Err(missing_value(&name));
            }
            self.record(option, &name, value)?;
            break;
        }
        let mut group = vec![arg.to_owned()];
        group.extend_from_slice(&self.args[start..self.at]);
        self.push(known, group);
        Ok(())
    }

    /// The next argument as a value, unless it is an option itself.
    fn next(&mut self, takes: OptionValue) -> Option<OsString> {
        let next = self.args.get(self.at)?;
        let is_option = starts_with(next, b"-") && next.len() > 1;
        if is_option && takes != OptionValue::AnyValue {
            return None;
        }
        self.at += 1;
        Some(next.clone())
    }

    fn record(&mut self, option: &OptionSpec, name: &str, value: Option<OsString>) -> Result<()> {
        if matches!(self.scope, Scope::Search) {
            return Ok(());
        }
        if option.single {
            if self.given.contains(&option.known) && self.is_certain() {
                return Err(Error::usage(format!(
                    "the argument '{name}' cannot be used multiple times"
                ))
                .hint(format!("give `{name}` once")));
            }
            self.given.push(option.known);
        }
        match (option.value, value) {
            (OptionValue::Nothing, _) => self.flag(option.known),
            (OptionValue::Optional, value) => self.optional(option.known, name, value)?,
            (_, Some(value)) => self.valued(option.known, name, value)?,
            (_, None) => {}
        }
        Ok(())
    }

    fn flag(&mut self, known: KnownOption) {
        let out = &mut self.out;
        match known {
            KnownOption::Workspace => out.workspace = true,
            KnownOption::Release => out.release = true,
            KnownOption::Locked => out.lock_mode = out.lock_mode.and(LockMode::Locked),
            KnownOption::Offline => out.lock_mode = out.lock_mode.and(LockMode::Offline),
            KnownOption::Frozen => out.lock_mode = LockMode::Frozen,
            KnownOption::Verbose => out.verbose = out.verbose.saturating_add(1),
            KnownOption::Quiet => out.quiet = true,
            KnownOption::Help => out.help = true,
            KnownOption::Version => out.version = true,
            KnownOption::NoRun => out.no_run = true,
            KnownOption::NoDeps => out.no_deps = true,
            KnownOption::Open => out.open = true,
            KnownOption::NoFailFast => out.no_fail_fast = true,
            KnownOption::HostMembers => out.own.host_members = true,
            KnownOption::Native => out.own.native = true,
            KnownOption::Compose => out.own.compose = true,
            KnownOption::Http => out.own.http = true,
            KnownOption::Network => out.own.network = true,
            KnownOption::Fresh => out.own.fresh = true,
            KnownOption::TrustUnpinned => out.own.trust_unpinned = true,
            KnownOption::Watch => out.own.watch = true,
            KnownOption::Lib => out.target_choices.push(TargetChoice::Lib),
            KnownOption::Bins => out.target_choices.push(TargetChoice::Bins),
            KnownOption::Examples => out.target_choices.push(TargetChoice::Examples),
            KnownOption::Tests => out.target_choices.push(TargetChoice::Tests),
            KnownOption::Benches => out.target_choices.push(TargetChoice::Benches),
            KnownOption::AllTargets => out.target_choices.push(TargetChoice::AllTargets),
            KnownOption::Doc => out.target_choices.push(TargetChoice::Doc),
            _ => {}
        }
    }

    fn optional(&mut self, known: KnownOption, name: &str, value: Option<OsString>) -> Result<()> {
        let value = value.map(|value| text(name, value)).transpose()?;
        if known == KnownOption::Wit {
            self.out.own.wit = Some(value.map_or(WitSource::Packages, WitSource::Named));
            return Ok(());
        }
        self.out.target_choices.push(match known {
            KnownOption::Bin => TargetChoice::Bin(value),
            KnownOption::Example => TargetChoice::Example(value),
            KnownOption::Test => TargetChoice::Test(value),
            KnownOption::Bench => TargetChoice::Bench(value),
            _ => return Ok(()),
        });
        Ok(())
    }

    fn valued(&mut self, known: KnownOption, name: &str, value: OsString) -> Result<()> {
        let certain = self.is_certain();
        let out = &mut self.out;
        match known {
            KnownOption::ManifestPath => out.manifest_path = Some(value.into()),
            KnownOption::Directory => out.directory = Some(value.into()),
            KnownOption::TargetDir => out.target_dir = Some(value.into()),
            KnownOption::ArtifactDir => out.artifact_dir = Some(value.into()),
            KnownOption::CacheDir => out.own.cache_dir = Some(value.into()),
            KnownOption::RegistryConfig => out.own.registry_config = Some(value.into()),
            KnownOption::Config => out.config.push(value),
            KnownOption::Unstable => out.unstable.push(value),
            KnownOption::RunEnv => out.own.env.push(value),
            KnownOption::RunDir => out.own.dirs.push(value),
            KnownOption::RunArg => out.own.program_args.push(value),
            KnownOption::With => out.own.with.push(text(name, value)?),
            KnownOption::Package => out.packages.push(text(name, value)?),
            KnownOption::Exclude => out.excludes.push(text(name, value)?),
            KnownOption::Target => out.targets.push(text(name, value)?),
            KnownOption::Profile => out.profile = Some(text(name, value)?),
            KnownOption::Invoke => out.own.invoke = Some(text(name, value)?),
            KnownOption::MaxMemory => out.own.max_memory = Some(text(name, value)?),
            KnownOption::Timeout => out.own.timeout = Some(text(name, value)?),
            KnownOption::ProfileOut => out.own.profile_out = Some(PathBuf::from(value)),
            KnownOption::Addr => out.own.addr = Some(text(name, value)?),
            KnownOption::Component => out.own.component = Some(text(name, value)?),
            KnownOption::MessageFormat => {
                let formats = text(name, value)?;
                // Cargo ignores the case of letters too.
                let formats = formats.split(',').map(str::to_ascii_lowercase);
                out.message_format.extend(formats);
            }
            KnownOption::Color => match color(&text(name, value)?) {
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

fn missing_value(name: &str) -> Error {
    Error::usage(format!(
        "a value is required for '{name} <VALUE>' but none was supplied"
    ))
    .hint(format!("write `{name}=VALUE`"))
}

/// The error for an option of this tool that the subcommand does not have.
fn wrong_verb(name: &str, known: KnownOption, verb: &str) -> Error {
    let verbs = VERBS.iter().filter(|verb| known.applies_to(Some(verb)));
    let verbs: Vec<String> = verbs.map(|v| format!("`cargo component {v}`")).collect();
    let message = format!("`{name}` can only be used with {}", verbs.join(", "));
    Error::usage(message).hint(format!("remove it from `{verb}`"))
}

fn starts_with(arg: &OsStr, prefix: &[u8]) -> bool {
    arg.as_encoded_bytes().starts_with(prefix)
}

/// Splits `--name=value`, preserving a value that is not UTF-8.
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

//! The command line: finds the subcommand, parses its options, calls one
//! operation of [`crate::ops`] and returns the exit code.

mod add;
mod artifacts;
mod bindings;
mod cache;
mod cargo;
mod cargo_verbs;
mod completions;
mod compose;
mod config;
mod deps;
pub mod exit;
mod help;
mod info;
mod init;
mod login;
mod migrate;
mod multicall;
mod new;
mod options;
mod outdated;
mod publish;
pub mod reference;
mod registry;
mod search;
mod setup;
mod size;
mod targets;
mod tree;
mod update;
mod vendor;
mod verify;
mod version;
mod wit;
mod yank;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::base::error::{Error, Result, nearest};
use crate::system::cargo::arguments::VERBS;
use crate::system::cargo::verb::Class;
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::shell::{ColorChoice, Terminal, Verbosity, report};

use options::GlobalOptions;

/// Author, build, run and publish WebAssembly components.
///
/// Cargo's own commands work too, with all their options: `cargo component build`,
/// `run`, `test`, `check`, … They update the generated bindings, build for
/// WebAssembly and turn the built modules into components.
#[derive(Debug, Parser)]
#[command(
    name = "cargo component",
    bin_name = "cargo component",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(after_help = cargo::SUMMARY)]
struct Cli {
    #[command(flatten)]
    global: GlobalOptions,

    #[command(subcommand)]
    verb: OwnCommand,
}

/// The subcommands that this tool implements itself.
#[derive(Debug, Subcommand)]
enum OwnCommand {
    New(new::New),
    Init(init::Init),
    Bindings(bindings::Bindings),
    Artifacts(artifacts::Artifacts),
    Add(add::Add),
    #[command(visible_alias = "rm")]
    Remove(add::Remove),
    Update(update::Update),
    Compose(compose::Compose),
    Targets(targets::Targets),
    Size(size::Size),
    Search(search::SearchArgs),
    Info(info::InfoArgs),
    Publish(publish::Publish),
    Yank(yank::Yank),
    Tree(tree::Tree),
    Outdated(outdated::Outdated),
    Verify(verify::Verify),
    Vendor(vendor::Vendor),
    Cache(cache::Cache),
    Config(config::Config),
    Wit(wit::Wit),
    Deps(deps::Deps),
    Migrate(migrate::Migrate),
    Registry(registry::Registry),
    Login(login::Login),
    Logout(login::Logout),
    Completions(completions::Completions),
    Help(help::Help),
}

impl OwnCommand {
    fn run(self, ctx: &Context, global: &GlobalOptions) -> Result<()> {
        match self {
            OwnCommand::New(verb) => verb.run(ctx),
            OwnCommand::Init(verb) => verb.run(ctx),
            OwnCommand::Bindings(verb) => verb.run(ctx, global),
            OwnCommand::Artifacts(verb) => verb.run(ctx, global),
            OwnCommand::Add(verb) => verb.run(ctx, global),
            OwnCommand::Remove(verb) => verb.run(ctx, global),
            OwnCommand::Update(verb) => verb.run(ctx, global),
            OwnCommand::Compose(verb) => verb.run(ctx, global),
            OwnCommand::Targets(verb) => verb.run(ctx, global),
            OwnCommand::Size(verb) => verb.run(ctx, global),
            OwnCommand::Search(verb) => verb.run(ctx),
            OwnCommand::Info(verb) => verb.run(ctx),
            OwnCommand::Publish(verb) => verb.run(ctx, global),
            OwnCommand::Yank(verb) => verb.run(ctx),
            OwnCommand::Tree(verb) => verb.run(ctx, global),
            OwnCommand::Outdated(verb) => verb.run(ctx, global),
            OwnCommand::Verify(verb) => verb.run(ctx, global),
            OwnCommand::Vendor(verb) => verb.run(ctx, global),
            OwnCommand::Cache(verb) => verb.run(ctx, global),
            OwnCommand::Config(verb) => verb.run(ctx, global),
            OwnCommand::Wit(verb) => verb.run(ctx),
            OwnCommand::Deps(verb) => verb.run(ctx),
            OwnCommand::Migrate(verb) => verb.run(ctx, global),
            OwnCommand::Registry(verb) => verb.run(ctx),
            OwnCommand::Login(verb) => verb.run(ctx),
            OwnCommand::Logout(verb) => verb.run(ctx),
            OwnCommand::Completions(verb) => verb.run(ctx, Cli::command()),
            OwnCommand::Help(verb) => verb.run(ctx, Cli::command()),
        }
    }
}

/// Access to packages for a program that has no command line of its own, and works in
/// this directory.
pub(crate) fn packages(
    env: &Env,
    dir: &Path,
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
) -> PackageAccess {
    let quiet = Terminal::new(Verbosity::Quiet, ColorChoice::Never, true);
    setup::packages(env, &quiet, dir, config, cache)
}

/// Subcommands of cargo that are refused, since they are about crates.
const REFUSED: &[&str] = &["install", "owner", "package", "uninstall"];

/// Subcommands of cargo whose options the tool need not know.
const OTHER_VERBS_OF_CARGO: &[&str] = &[
    "fmt",
    "generate-lockfile",
    "locate-project",
    "miri",
    "pkgid",
    "report",
    "version",
];

/// Runs the tool under the name of its executable: as `wkg`, `wit`, `wit-deps` or `wac` it
/// accepts the command line of that tool, otherwise it does what [`run`] does.
pub fn run_as(name: &OsStr, args: Vec<OsString>, env: Env) -> ExitCode {
    let name = Path::new(name).file_stem().unwrap_or_default();
    match multicall::Tool::named(name) {
        Some(tool) => multicall::run(tool, args, env),
        None => run(args, env),
    }
}

/// Runs the tool with the arguments and the environment of the process, and returns
/// the exit code.
pub fn run(mut args: Vec<OsString>, env: Env) -> ExitCode {
    if args.first().is_some_and(|first| first == "component") {
        args.remove(0);
    }
    let name = first_word(&args);
    if name.as_deref().is_some_and(is_built_by_cargo) {
        return cargo::run(&args, env, None);
    }
    // To describe all verbs takes time, which a build does not need.
    let cli = Cli::command();
    match name.as_deref() {
        Some(name) if is_ours(&cli, name) => ours(cli, args, env),
        None if !is_cargos(&args) => plain(cli, args, env),
        Some(name) if REFUSED.contains(&name) => refuse(
            &env,
            Error::input(format!(
                "command `{name}` is not supported by `cargo component`"
            ))
            .hint(format!("use `cargo {name}` instead")),
        ),
        Some(name) => cargo::run(&args, env, similar_verb(&cli, name)),
        None => cargo::run(&args, env, None),
    }
}

/// Whether cargo answers these options, which have no subcommand.
fn is_cargos(args: &[OsString]) -> bool {
    let asks = |arg: &OsString| arg == "--list" || arg.to_string_lossy().starts_with("--explain");
    args.iter().any(asks)
}

/// Whether cargo does the main work of a subcommand, and this tool the rest.
fn is_built_by_cargo(name: &str) -> bool {
    !matches!(Class::of(name), Class::Unknown | Class::Foreign)
}

fn is_ours(cli: &clap::Command, name: &str) -> bool {
    cli.get_subcommands()
        .any(|verb| verb.get_name() == name || verb.get_all_aliases().any(|alias| alias == name))
}

/// The subcommand of this tool that a misspelled name resembles most; none where it
/// resembles one of cargo's more, which cargo itself suggests.
fn similar_verb<'c>(cli: &'c clap::Command, name: &str) -> Option<&'c str> {
    let ours = cli.get_subcommands().map(clap::Command::get_name);
    let ours: Vec<&str> = ours.chain(["serve"]).collect();
    let cargos = VERBS.iter().chain(OTHER_VERBS_OF_CARGO).copied();
    let similar = nearest(name, ours.iter().copied().chain(cargos))?;
    ours.into_iter().find(|verb| *verb == similar)
}

/// The subcommand: the first word that is neither an option nor the value of one.
fn first_word(args: &[OsString]) -> Option<String> {
    match crate::system::cargo::arguments::CargoArgs::parse(args) {
        Ok(args) => args.subcommand,
        // Whoever parses the arguments in full reports the error.
        Err(_) => {
            let mut words = args.iter().take_while(|arg| *arg != "--");
            let word = words.find(|arg| !arg.to_string_lossy().starts_with('-'));
            word.map(|word| word.to_string_lossy().into_owned())
        }
    }
}

/// Runs one of our own subcommands, or prints the help of any subcommand.
fn ours(cli: clap::Command, args: Vec<OsString>, env: Env) -> ExitCode {
    if first_word(&args).as_deref() == Some("help")
        && let Some(of) = args.iter().skip_while(|a| *a != "help").nth(1)
        && !of.to_string_lossy().starts_with('-')
        && !is_ours(&cli, &of.to_string_lossy())
    {
        let similar = similar_verb(&cli, &of.to_string_lossy());
        return cargo::run(&[of.clone(), "--help".into()], env, similar);
    }
    let matches = cli.try_get_matches_from(with_name(args));
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => {
            let shell = cli.global.shell(&env);
            let packages = cli.global.packages(&env, &shell);
            let context = Context::system(env, Box::new(shell.clone()), packages);
            let result = context.as_ref().map_err(Clone::clone).and_then(|ctx| {
                let result = cli.verb.run(ctx, &cli.global);
                result.map_err(|error| error.relative_to(&ctx.cwd))
            });
            exit::code(&shell, result)
        }
        Err(error) => exit::print_clap_error(&error),
    }
}

/// Handles a command line without a subcommand: `--version`, `--help` or nothing.
fn plain(cli: clap::Command, args: Vec<OsString>, env: Env) -> ExitCode {
    let has = |names: &[&str]| args.iter().any(|arg| names.iter().any(|name| arg == name));
    if has(&["--version", "-V", "-Vv", "-vV"]) {
        let verbose = has(&["--verbose", "-v", "-Vv", "-vV"]);
        let shell = GlobalOptions::default().shell(&env);
        return exit::code(&shell, version::print(&shell, verbose));
    }
    match cli.try_get_matches_from(with_name(args)) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => exit::print_clap_error(&error),
    }
}

fn with_name(args: Vec<OsString>) -> impl Iterator<Item = OsString> {
    std::iter::once(OsString::from("cargo component")).chain(args)
}

fn refuse(env: &Env, error: Error) -> ExitCode {
    let shell = GlobalOptions::default().shell(env);
    report(&shell, &error);
    exit::code_of(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        cargo_verbs::with_cargo_verbs(Cli::command()).debug_assert();
    }

    #[test]
    fn no_verb_of_ours_is_one_that_cargo_is_known_for() {
        let command = Cli::command();
        for verb in command.get_subcommands() {
            for name in verb.get_all_aliases().chain([verb.get_name()]) {
                assert!(!is_built_by_cargo(name), "{name}");
            }
        }
        assert!(is_built_by_cargo("build"));
    }

    #[test]
    fn a_misspelled_verb_of_ours_is_found_and_one_of_cargos_is_left_to_it() {
        let cli = Cli::command();
        for (name, similar) in [
            ("outdatd", Some("outdated")),
            ("verfy", Some("verify")),
            ("serv", Some("serve")),
            ("witt", Some("wit")),
            ("publsh", Some("publish")),
            ("compsoe", Some("compose")),
            ("biuld", None),
            ("tset", None),
            ("chekc", None),
            ("nextest", None),
            ("xyz", None),
        ] {
            assert_eq!(similar_verb(&cli, name), similar, "{name}");
        }
        // With its last letter missing, the longer ones are found all the same.
        for verb in cli.get_subcommands().map(clap::Command::get_name) {
            let short = &verb[..verb.len() - 1];
            if verb.len() > 4 {
                assert_eq!(similar_verb(&cli, short), Some(verb));
            }
        }
    }

    #[test]
    fn a_misspelled_subcommand_of_a_verb_is_answered_with_the_right_one() {
        let command = Cli::command();
        for verb in command.get_subcommands() {
            for inner in verb.get_subcommands().map(clap::Command::get_name) {
                if inner.len() < 4 {
                    continue;
                }
                let short = &inner[..inner.len() - 1];
                let args = [verb.get_name(), short].map(OsString::from).to_vec();
                let parsed = Cli::command().try_get_matches_from(with_name(args));
                let error = parsed.unwrap_err().to_string();
                assert!(error.contains(&format!("'{inner}'")), "{short}: {error}");
            }
        }
    }

    #[test]
    fn the_verb_is_found_behind_options() {
        let word = |line: &str| {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            first_word(&args)
        };
        assert_eq!(word("--color always new x").as_deref(), Some("new"));
        assert_eq!(word("-v build").as_deref(), Some("build"));
        assert_eq!(word("--version"), None);
    }

    /// Every global option, as it is written, and whether cargo has it as well.
    fn global_options() -> Vec<(Vec<String>, bool)> {
        let command = Cli::command();
        let global = command.get_arguments().filter(|arg| arg.is_global_set());
        let mut lines = Vec::new();
        for arg in global {
            let value = arg.get_action().takes_values().then(|| {
                let possible = arg.get_possible_values();
                let first = possible.first().map(|value| value.get_name().to_owned());
                first.unwrap_or_else(|| "some/path".to_owned())
            });
            let is_cargos = ["quiet", "verbose", "color"].contains(&arg.get_id().as_str());
            let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
            let shorts = arg.get_short_and_visible_aliases().unwrap_or_default();
            let names = longs.iter().map(|long| format!("--{long}"));
            for name in names.chain(shorts.iter().map(|short| format!("-{short}"))) {
                let mut line = vec![name.clone()];
                line.extend(value.clone());
                lines.push((line, is_cargos));
                if let Some(value) = value.as_ref().filter(|_| name.starts_with("--")) {
                    lines.push((vec![format!("{name}={value}")], is_cargos));
                }
            }
        }
        lines
    }

    fn line(parts: [&[String]; 3]) -> Vec<OsString> {
        parts.concat().into_iter().map(OsString::from).collect()
    }

    #[test]
    fn every_global_option_stands_before_and_after_every_verb_of_cargo() {
        use crate::system::cargo::arguments::VERBS;
        let options = global_options();
        assert!(options.len() > 5, "{options:?}");
        for (option, is_cargos) in &options {
            for verb in VERBS.iter().chain(&["fmt", "an-unknown-one"]) {
                let verb = [(*verb).to_owned()];
                for args in [line([option, &verb, &[]]), line([&verb, option, &[]])] {
                    assert_eq!(first_word(&args).as_ref(), Some(&verb[0]), "{args:?}");
                    let read = crate::system::cargo::arguments::CargoArgs::parse(&args).unwrap();
                    assert_eq!(read.subcommand.as_ref(), Some(&verb[0]), "{args:?}");
                    let rest = [read.words.as_slice(), &read.trailing].concat();
                    assert!(rest.is_empty(), "{args:?}: {rest:?}");
                    // Our own options are kept, and cargo never gets them.
                    let recognized =
                        crate::system::cargo::arguments::OwnOptions::default() != read.own;
                    assert_eq!(recognized, !is_cargos, "{args:?}");
                    let passed_on = read.cargo_args().len() > 1;
                    assert_eq!(passed_on, *is_cargos, "{args:?}");
                }
            }
        }
    }

    #[test]
    fn every_global_option_stands_before_and_after_every_verb_of_ours() {
        fn below(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
            for verb in command.get_subcommands() {
                let path = [path, &[verb.get_name().to_owned()]].concat();
                below(verb, &path, found);
                found.push(path);
            }
        }
        let mut verbs = Vec::new();
        below(&Cli::command(), &[], &mut verbs);
        assert!(verbs.iter().any(|path| path.len() > 1), "{verbs:?}");
        let help = ["--help".to_owned()];
        for (option, _) in &global_options() {
            for verb in &verbs {
                for args in [line([option, verb, &help]), line([verb, option, &help])] {
                    assert_eq!(first_word(&args).as_ref(), Some(&verb[0]), "{args:?}");
                    // Help is shown if everything before it could be parsed.
                    let parsed = Cli::command().try_get_matches_from(with_name(args.clone()));
                    let kind = parsed.unwrap_err().kind();
                    assert_eq!(kind, clap::error::ErrorKind::DisplayHelp, "{args:?}");
                }
            }
        }
    }
}

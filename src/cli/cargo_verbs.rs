//! The subcommands of cargo in the form of clap, for completion and man pages. Cargo itself
//! parses them.

use clap::{Arg, ArgAction, Command, ValueHint};

use super::completions::names::MEMBER;
use crate::system::cargo::arguments::{KnownOption, OWN_OPTIONS};

/// An option of cargo: its long name, its letter, the name of its value, and what it does.
type CargoOption = (
    &'static str,
    Option<char>,
    Option<&'static str>,
    &'static str,
);

const MANIFEST: &[CargoOption] = &[
    ("manifest-path", None, Some("PATH"), "Path to Cargo.toml"),
    (
        "locked",
        None,
        None,
        "Assert that `Cargo.lock` will remain unchanged",
    ),
    ("offline", None, None, "Run without accessing the network"),
    (
        "frozen",
        None,
        None,
        "Equivalent to specifying both --locked and --offline",
    ),
];

const PACKAGES: &[CargoOption] = &[
    ("package", Some('p'), Some("SPEC"), "Package to process"),
    (
        "workspace",
        None,
        None,
        "Process all packages in the workspace",
    ),
    ("exclude", None, Some("SPEC"), "Exclude packages"),
];

const TARGETS: &[CargoOption] = &[
    ("lib", None, None, "Process only the library"),
    (
        "bin",
        None,
        Some("NAME"),
        "Process only the specified binary",
    ),
    ("bins", None, None, "Process all binaries"),
    (
        "example",
        None,
        Some("NAME"),
        "Process only the specified example",
    ),
    ("examples", None, None, "Process all examples"),
    (
        "test",
        None,
        Some("NAME"),
        "Process only the specified test target",
    ),
    ("tests", None, None, "Process all test targets"),
    (
        "bench",
        None,
        Some("NAME"),
        "Process only the specified bench target",
    ),
    ("benches", None, None, "Process all bench targets"),
    ("all-targets", None, None, "Process all targets"),
];

const RUN_TARGETS: &[CargoOption] = &[
    (
        "package",
        Some('p'),
        Some("SPEC"),
        "Package with the target to run",
    ),
    ("bin", None, Some("NAME"), "Name of the bin target to run"),
    (
        "example",
        None,
        Some("NAME"),
        "Name of the example target to run",
    ),
];

const BUILD: &[CargoOption] = &[
    (
        "features",
        Some('F'),
        Some("FEATURES"),
        "Features to activate",
    ),
    (
        "all-features",
        None,
        None,
        "Activate all available features",
    ),
    (
        "no-default-features",
        None,
        None,
        "Do not activate the `default` feature",
    ),
    (
        "release",
        Some('r'),
        None,
        "Build in release mode, with optimizations",
    ),
    (
        "profile",
        None,
        Some("NAME"),
        "Build with the specified profile",
    ),
    ("target", None, Some("TRIPLE"), "Target triple"),
    (
        "target-dir",
        None,
        Some("DIR"),
        "Directory for all generated artifacts",
    ),
    ("jobs", Some('j'), Some("N"), "Number of parallel jobs"),
    (
        "keep-going",
        None,
        None,
        "Do not abort the build as soon as there is an error",
    ),
    ("message-format", None, Some("FMT"), "Error format"),
    ("timings", None, None, "Output a build timing report"),
    (
        "ignore-rust-version",
        None,
        None,
        "Ignore `rust-version` specification in packages",
    ),
];

const DOC: &[CargoOption] = &[
    ("open", None, None, "Open the documentation in a browser"),
    (
        "no-deps",
        None,
        None,
        "Document only the packages themselves",
    ),
];

const TESTS: &[CargoOption] = &[
    ("no-run", None, None, "Compile, but do not run"),
    ("no-fail-fast", None, None, "Run all regardless of failure"),
];

/// A subcommand of cargo: its name, its alias, what it does with components, and its options.
struct CargoVerb(
    &'static str,
    Option<char>,
    &'static str,
    &'static [&'static [CargoOption]],
);

const CARGO_VERBS: &[CargoVerb] = &[
    CargoVerb(
        "build",
        Some('b'),
        "Compile the packages and create components",
        &[PACKAGES, TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "run",
        Some('r'),
        "Build and run a component",
        &[RUN_TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "serve",
        None,
        "Build and serve an HTTP component",
        &[RUN_TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "test",
        Some('t'),
        "Run tests as components",
        &[PACKAGES, TARGETS, TESTS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "bench",
        None,
        "Run benchmarks as components",
        &[PACKAGES, TARGETS, TESTS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "check",
        Some('c'),
        "Check the packages for the wasm target",
        &[PACKAGES, TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "clippy",
        None,
        "Check the packages with Clippy",
        &[PACKAGES, TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "doc",
        Some('d'),
        "Build the documentation of the packages, or of WIT (--wit)",
        &[DOC, PACKAGES, BUILD, MANIFEST],
    ),
    CargoVerb(
        "fix",
        None,
        "Fix what the compiler reports",
        &[PACKAGES, TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "rustc",
        None,
        "Compile a package with additional options for the compiler",
        &[PACKAGES, TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "rustdoc",
        None,
        "Build documentation with additional options for rustdoc",
        &[PACKAGES, TARGETS, BUILD, MANIFEST],
    ),
    CargoVerb(
        "fetch",
        None,
        "Download crates, WIT packages and components",
        &[MANIFEST],
    ),
    CargoVerb(
        "clean",
        None,
        "Remove the target directory",
        &[PACKAGES, MANIFEST],
    ),
    CargoVerb("fmt", None, "Format the packages with rustfmt", &[]),
    CargoVerb("metadata", None, "Print the workspace as JSON", &[MANIFEST]),
    CargoVerb(
        "generate-lockfile",
        None,
        "Generate Cargo.lock",
        &[MANIFEST],
    ),
    CargoVerb(
        "locate-project",
        None,
        "Print the path of Cargo.toml",
        &[MANIFEST],
    ),
    CargoVerb("pkgid", None, "Print the ID of a package", &[MANIFEST]),
];

/// Our command line with the subcommands of cargo in it.
pub(super) fn with_cargo_verbs(own: Command) -> Command {
    own.subcommands(CARGO_VERBS.iter().map(command))
}

/// Whether the subcommand is one of cargo that has options of this tool.
pub(super) fn has_own_options(name: &str) -> bool {
    let mut own = OWN_OPTIONS.iter().filter(|own| !is_global(own.known));
    CARGO_VERBS.iter().any(|verb| verb.0 == name) && own.any(|own| own.known.applies_to(Some(name)))
}

/// Whether our own subcommands have the option as well.
fn is_global(option: KnownOption) -> bool {
    matches!(option, KnownOption::CacheDir | KnownOption::RegistryConfig)
}

fn command(CargoVerb(name, alias, about, groups): &CargoVerb) -> Command {
    let of_cargo = if *name == "serve" { "run" } else { name };
    let own = OWN_OPTIONS
        .iter()
        .filter(|own| !is_global(own.known) && own.known.applies_to(Some(name)))
        .map(|own| {
            let (long, value) = match own.usage.split_once(' ') {
                Some((long, value)) => (long, Some(value.trim_matches(['<', '>']))),
                None => (own.usage, None),
            };
            argument(long.trim_start_matches('-'), None, value, own.help)
        });
    let theirs = groups.iter().copied().flatten();
    let theirs = theirs.map(|(long, letter, value, help)| argument(long, *letter, *value, help));
    Command::new(*name)
        .about(*about)
        .after_help(format!("All options of `cargo {of_cargo}` are accepted."))
        .visible_aliases(alias.map(String::from))
        .args(own)
        .args(theirs)
}

fn argument(
    long: &'static str,
    letter: Option<char>,
    value: Option<&'static str>,
    help: &'static str,
) -> Arg {
    let arg = Arg::new(long).long(long).short(letter).help(help);
    match value {
        None => arg.action(ArgAction::SetTrue),
        Some(name) if name.starts_with('[') => arg
            .value_name(name.trim_matches(['[', ']']))
            .num_args(0..=1)
            .value_hint(ValueHint::AnyPath),
        Some(name) => arg.value_name(name).value_hint(match name {
            "PATH" => ValueHint::FilePath,
            "DIR" | "HOST[::GUEST]" => ValueHint::DirPath,
            "SPEC" => MEMBER,
            _ => ValueHint::Other,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::cargo::arguments::VERBS;

    #[test]
    fn every_verb_of_cargo_that_is_known_is_described() {
        let ours = ["tree"];
        let described = |verb: &str| CARGO_VERBS.iter().any(|known| known.0 == verb);
        for verb in VERBS.iter().filter(|verb| !ours.contains(verb)) {
            assert!(described(verb), "{verb}");
        }
        assert!(has_own_options("serve") && !has_own_options("clean"));
    }

    #[test]
    fn options_of_cargo_and_of_this_tool_stand_beside_each_other() {
        with_cargo_verbs(Command::new("x")).debug_assert();
        let run = command(&CARGO_VERBS[1]);
        let has = |name: &str| run.get_arguments().any(|arg| arg.get_long() == Some(name));
        assert!(has("invoke") && has("release") && !has("addr-x"));
    }
}

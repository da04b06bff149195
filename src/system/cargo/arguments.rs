//! Lenient reading of a command line that belongs to cargo.
//!
//! The arguments go on to cargo as they are, which judges them; here is only
//! found out what the tool must know of them, and our own options are taken
//! out. What is not known is passed on without a complaint. Cargo's grammar is
//! `--option value`, `--option=value`, clustered shorts with a value at their
//! end, and `--` before what is not for cargo.

mod options;
mod reader;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::base::error::Result;
use crate::system::cargo::config::LockMode;
use crate::system::shell::ColorChoice;

pub use options::{Known, OURS};
#[cfg(test)]
pub(crate) use reader::VERBS;

/// Which packages of the workspace are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// Those cargo takes when nothing is said: the default members, or the
    /// package the user stands in.
    Default,
    /// Those that match one of these package ID specifications.
    Packages(&'a [String]),
    /// All but those that match one of the specifications.
    Workspace {
        /// What is left out.
        excludes: &'a [String],
    },
}

/// One choice among the targets of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// `--lib`.
    Lib,
    /// `--bins`.
    Bins,
    /// `--bin [NAME]`.
    Bin(Option<String>),
    /// `--examples`.
    Examples,
    /// `--example [NAME]`.
    Example(Option<String>),
    /// `--tests`.
    Tests,
    /// `--test [NAME]`.
    Test(Option<String>),
    /// `--benches`.
    Benches,
    /// `--bench [NAME]`.
    Bench(Option<String>),
    /// `--all-targets`.
    AllTargets,
    /// `--doc`, of `test`: only the documentation's examples.
    Doc,
}

/// Our own options; cargo never sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnOptions {
    /// `--cache-dir`: the directory of downloaded packages.
    pub cache_dir: Option<PathBuf>,
    /// `--registry-config`: the configuration of package registries.
    pub registry_config: Option<PathBuf>,
    /// `--host-members`: members that are no components are taken along.
    pub host_members: bool,
    /// `--native`: the verb runs for the host.
    pub native: bool,
    /// `--invoke`: the function to call instead of the program's entry.
    pub invoke: Option<String>,
    /// `--env`: each `NAME=VALUE`, or `NAME` to hand ours on.
    pub env: Vec<OsString>,
    /// `--dir`: each `HOST` or `HOST::GUEST`.
    pub dirs: Vec<OsString>,
    /// `--http`: requests may be sent.
    pub http: bool,
    /// `--network`: all of the network may be used.
    pub network: bool,
    /// `--max-memory`: how much memory an instance may have, as written.
    pub max_memory: Option<String>,
    /// `--timeout`: how many seconds something may take, as written.
    pub timeout: Option<String>,
    /// `--arg`: arguments of the program, before [`CargoArgs::trailing`].
    pub program_args: Vec<OsString>,
    /// `--addr`: where an HTTP handler is served.
    pub addr: Option<String>,
    /// `--component`: what is run or served instead of what would be built.
    pub component: Option<String>,
    /// `--compose`: the linked component is written, too.
    pub compose: bool,
    /// `--with`: what is linked in the place of what hints say, each `IMPORT=WHAT`.
    pub with: Vec<String>,
    /// `--trust-unpinned`: hints without a digest are followed.
    pub trust_unpinned: bool,
    /// `--fresh`: a component of others is linked with the newest releases.
    pub fresh: bool,
}

/// One option with its value, a cluster, or a plain word, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    known: Option<Known>,
    args: Vec<OsString>,
}

/// A command line of cargo, as far as it concerns us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoArgs {
    /// `+toolchain`, where rustup has not taken it away; with its `+`.
    pub toolchain: Option<OsString>,
    /// The subcommand, with cargo's own short names written out.
    pub subcommand: Option<String>,
    /// Plain words after the subcommand, such as a test's name.
    pub words: Vec<OsString>,
    /// What is not for cargo: everything after `--`, and for `run` and the
    /// like everything from the first plain word on.
    pub trailing: Vec<OsString>,
    /// `--package`, each as written.
    pub packages: Vec<String>,
    /// `--exclude`, each as written.
    pub excludes: Vec<String>,
    /// `--workspace` or its old name `--all`.
    pub workspace: bool,
    /// `--manifest-path`.
    pub manifest_path: Option<PathBuf>,
    /// `-C`: where cargo goes before it does anything.
    pub directory: Option<PathBuf>,
    /// `--target`, each as written.
    pub targets: Vec<String>,
    /// `--target-dir`.
    pub target_dir: Option<PathBuf>,
    /// `--artifact-dir` or its old name `--out-dir`.
    pub artifact_dir: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--release`.
    pub release: bool,
    /// `--message-format`, taken apart at commas.
    pub message_format: Vec<String>,
    /// `--config`, each as written: `key=value` or a file.
    pub config: Vec<OsString>,
    /// `--locked`, `--offline`, `--frozen`.
    pub lock_mode: LockMode,
    /// `--color`.
    pub color: Option<ColorChoice>,
    /// How often `--verbose` was given.
    pub verbose: u8,
    /// `--quiet`.
    pub quiet: bool,
    /// `--help`.
    pub help: bool,
    /// `--version`.
    pub version: bool,
    /// `--no-run`, of `test` and `bench`.
    pub no_run: bool,
    /// `--no-fail-fast`, of `test` and `bench`.
    pub no_fail_fast: bool,
    /// The choices among targets, as written.
    pub artifacts: Vec<Artifact>,
    /// `-Z`, each as written.
    pub unstable: Vec<OsString>,
    /// Our own options.
    pub own: OwnOptions,
    before: Vec<Piece>,
    after: Vec<Piece>,
}

impl CargoArgs {
    /// Reads the arguments after the program's name, without the leading word
    /// `component`.
    pub fn parse(args: &[OsString]) -> Result<CargoArgs> {
        reader::read(args)
    }

    /// All of it for cargo, in the order it was written: without our own
    /// options, the `--` and what follows it.
    pub fn cargo_args(&self) -> Vec<OsString> {
        self.assemble(self.subcommand.as_deref(), &[])
    }

    /// As [`CargoArgs::cargo_args`], for another subcommand and without the
    /// options in `without`, which the caller gives in its own way.
    pub fn cargo_args_for(&self, subcommand: &str, without: &[Known]) -> Vec<OsString> {
        self.assemble(Some(subcommand), without)
    }

    fn assemble(&self, subcommand: Option<&str>, without: &[Known]) -> Vec<OsString> {
        let kept = |pieces: &[Piece]| {
            pieces
                .iter()
                .filter(|piece| piece.known.is_none_or(|known| !without.contains(&known)))
                .flat_map(|piece| piece.args.clone())
                .collect::<Vec<_>>()
        };
        let mut args: Vec<OsString> = self.toolchain.iter().cloned().collect();
        args.extend(kept(&self.before));
        args.extend(subcommand.map(OsString::from));
        args.extend(kept(&self.after));
        args
    }

    /// Which packages are meant; as in cargo, the whole workspace goes before
    /// single packages.
    pub fn selection(&self) -> Selection<'_> {
        if self.workspace {
            Selection::Workspace {
                excludes: &self.excludes,
            }
        } else if self.packages.is_empty() {
            Selection::Default
        } else {
            Selection::Packages(&self.packages)
        }
    }

    /// The profile the build runs under, by cargo's rules for the subcommand.
    pub fn profile_name(&self) -> &str {
        match (&self.profile, self.release) {
            (Some(profile), _) => profile,
            (None, true) => "release",
            (None, false) => match self.subcommand.as_deref() {
                Some("bench") => "bench",
                Some("test") => "test",
                _ => "dev",
            },
        }
    }

    /// Whether the standard library is built along (`-Z build-std`), so that
    /// none need be installed.
    pub fn builds_std(&self) -> bool {
        self.unstable.iter().any(|flag| {
            flag.to_str()
                .is_some_and(|flag| flag == "build-std" || flag.starts_with("build-std="))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn parse(line: &str) -> CargoArgs {
        CargoArgs::parse(&words(line)).unwrap()
    }

    fn error(line: &str) -> String {
        CargoArgs::parse(&words(line)).unwrap_err().to_string()
    }

    #[test]
    fn the_subcommand_is_no_value_of_an_option() {
        for (line, subcommand) in [
            ("build", "build"),
            ("b", "build"),
            ("--color always r", "run"),
            ("-v --config net.offline=true -Zfoo -Z bar c", "check"),
            ("-C build test", "test"),
            ("-vC build t", "test"),
            ("+nightly d", "doc"),
            ("--locked clippy --fix", "clippy"),
            ("--registry-config build expand", "expand"),
        ] {
            let args = parse(line);
            assert_eq!(args.subcommand.as_deref(), Some(subcommand), "{line}");
        }
        assert_eq!(parse("--version").subcommand, None);
        assert_eq!(parse("-- build").subcommand, None);
        assert!(parse("-V").version);
        assert!(parse("build -h").help);
    }

    #[test]
    fn every_way_of_writing_a_value_is_read() {
        for line in [
            "build -p x",
            "build -px",
            "build -p=x",
            "build -qp x",
            "build -vpx",
            "build --package x",
            "build --package=x",
        ] {
            assert_eq!(parse(line).packages, ["x"], "{line}");
            assert_eq!(parse(line).cargo_args(), words(line), "{line}");
        }
        let args = parse("build -qvv -j4 -Ffeat -F a --manifest-path=a=b/Cargo.toml");
        assert!(args.quiet);
        assert_eq!(args.verbose, 2);
        assert_eq!(args.manifest_path, Some("a=b/Cargo.toml".into()));
        assert!(args.words.is_empty());
        assert!(parse("build -j -1").words.is_empty());
        assert!(
            parse("build --jobs 4 --features a --lockfile-path l --timings")
                .words
                .is_empty()
        );
    }

    #[test]
    fn what_concerns_us_is_known() {
        let args = parse(
            "build --workspace --exclude a --exclude=b --target wasm32-wasip2 --target=x \
             --target-dir t --artifact-dir o -r --profile small --config a.b=1 --config c.toml \
             --message-format json,json-diagnostic-short --message-format=json-render-diagnostics \
             --color never -Z build-std=std,core",
        );
        let excludes = ["a".to_owned(), "b".to_owned()];
        assert_eq!(
            args.selection(),
            Selection::Workspace {
                excludes: &excludes
            }
        );
        assert_eq!(args.targets, ["wasm32-wasip2", "x"]);
        assert_eq!(args.target_dir, Some("t".into()));
        assert_eq!(args.artifact_dir, Some("o".into()));
        assert!(args.release);
        assert_eq!(args.profile_name(), "small");
        assert_eq!(args.config, ["a.b=1", "c.toml"]);
        assert_eq!(
            args.message_format,
            ["json", "json-diagnostic-short", "json-render-diagnostics"]
        );
        assert_eq!(args.color, Some(ColorChoice::Never));
        assert!(args.builds_std());
        assert_eq!(parse("build --out-dir o").artifact_dir, Some("o".into()));
        assert!(parse("build --all").workspace);
        assert_eq!(parse("build").selection(), Selection::Default);
        assert_eq!(parse("bench").profile_name(), "bench");
        assert_eq!(parse("run --release").profile_name(), "release");
        assert_eq!(parse("-C dir build -C").directory, Some("dir".into()));
    }

    #[test]
    fn lock_modes_add_up() {
        for (line, mode) in [
            ("build", LockMode::Update),
            ("--locked build --locked", LockMode::Locked),
            ("build --offline", LockMode::Offline),
            ("--offline build --locked", LockMode::Frozen),
            ("build --frozen --locked", LockMode::Frozen),
        ] {
            assert_eq!(parse(line).lock_mode, mode, "{line}");
        }
    }

    #[test]
    fn targets_of_a_package_may_come_without_a_name() {
        let args =
            parse("test --lib --bin a --test --example=e --bins --all-targets --no-run name");
        assert_eq!(
            args.artifacts,
            [
                Artifact::Lib,
                Artifact::Bin(Some("a".into())),
                Artifact::Test(None),
                Artifact::Example(Some("e".into())),
                Artifact::Bins,
                Artifact::AllTargets,
            ]
        );
        assert!(args.no_run);
        assert_eq!(args.words, ["name"]);
    }

    #[test]
    fn trailing_arguments_are_not_for_cargo() {
        let args = parse("test name --no-fail-fast -- --nocapture -p x");
        assert_eq!(args.words, ["name"]);
        assert_eq!(args.trailing, ["--nocapture", "-p", "x"]);
        assert_eq!(args.cargo_args(), words("test name --no-fail-fast"));
        assert!(args.no_fail_fast && args.packages.is_empty());

        let args = parse("run --bin b file --release -- x");
        assert_eq!(args.trailing, ["file", "--release", "--", "x"]);
        assert!(!args.release);
        let args = parse("rustc --crate-type cdylib --print cfg -- -Cx");
        assert_eq!(args.trailing, ["-Cx"]);
    }

    #[test]
    fn our_options_are_taken_out() {
        let args = parse(
            "--registry-config r.toml run -q --invoke f(1) --env A=b --env C --dir d::/ \
             --arg --flag --arg=x --arg -- -- y",
        );
        assert_eq!(args.cargo_args(), words("run -q"));
        assert_eq!(
            args.own,
            OwnOptions {
                registry_config: Some("r.toml".into()),
                invoke: Some("f(1)".into()),
                env: words("A=b C"),
                dirs: words("d::/"),
                program_args: words("--flag x --"),
                ..OwnOptions::default()
            }
        );
        assert_eq!(args.trailing, ["y"]);

        let args = parse("check --native --host-members --all-targets");
        assert!(args.own.native && args.own.host_members);
        assert_eq!(args.cargo_args(), words("check --all-targets"));
        assert!(parse("rustdoc --native").own.native);
        assert_eq!(parse("serve --addr [::]:80").own.addr.unwrap(), "[::]:80");
    }

    #[test]
    fn our_options_are_ours_only_under_their_verbs() {
        let line = "other --native --env x --dir y --addr z --invoke w --host-members --arg v";
        let args = parse(line);
        assert_eq!(args.own, OwnOptions::default());
        assert_eq!(args.cargo_args(), words(line));
        assert!(error("build --native").contains("can only be used with `cargo component check`"));
        assert_eq!(
            error("build --arg x"),
            "`--arg` can only be used with `cargo component run`"
        );
    }

    #[test]
    fn the_caller_may_replace_subcommand_and_options() {
        let args = parse("+x -v run --message-format json --target a --target=b -p c -- d");
        assert_eq!(
            args.cargo_args_for("build", &[Known::MessageFormat, Known::Target]),
            words("+x -v build -p c")
        );
        assert_eq!(args.toolchain, Some("+x".into()));
    }

    #[test]
    fn single_options_are_given_once() {
        for option in ["--color", "--manifest-path", "--target-dir", "--profile"] {
            assert_eq!(
                error(&format!("build {option} never {option}=never")),
                format!("the argument '{option}' cannot be used multiple times")
            );
        }
        // Either side of the subcommand has its own, and the nearer one counts.
        let args = parse("--color always build --color never --release --release");
        assert_eq!(args.color, Some(ColorChoice::Never));
    }

    #[test]
    fn a_missing_value_is_an_error() {
        for (line, option) in [
            ("build --manifest-path", "--manifest-path"),
            ("build --manifest-path --release", "--manifest-path"),
            ("build --package -- x", "--package"),
            ("build -p", "--package"),
            ("build -qp", "--package"),
            ("build -Z", "-Z"),
            ("run --invoke", "--invoke"),
        ] {
            assert_eq!(
                error(line),
                format!("a value is required for '{option} <VALUE>' but none was supplied"),
            );
        }
        assert!(error("build --color pink").contains("`pink`"));
    }

    #[test]
    fn an_unknown_subcommand_may_use_our_letters_for_something_else() {
        for line in [
            "other -p --profile",
            "other --color pink --color=red",
            "other -c -r -xp -e",
            "other --profile a --profile b",
        ] {
            assert_eq!(parse(line).cargo_args(), words(line), "{line}");
        }
        assert!(parse("tree -epackage").packages.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn paths_need_not_be_text() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        let raw = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        let line = [
            raw(b"test"),
            raw(b"--manifest-path=\xff=/Cargo.toml"),
            raw(b"--target-dir"),
            raw(b"\xfe"),
            raw(b"--what\xff=x"),
            raw(b"-F\xff"),
            raw(b"word\xff"),
        ];
        let args = CargoArgs::parse(&line).unwrap();
        assert_eq!(args.manifest_path, Some(raw(b"\xff=/Cargo.toml").into()));
        assert_eq!(args.target_dir, Some(raw(b"\xfe").into()));
        assert_eq!(args.words, [raw(b"word\xff")]);
        assert_eq!(args.cargo_args(), line);

        for line in [
            vec![raw(b"\xff")],
            vec![raw(b"build"), raw(b"-p\xff")],
            vec![raw(b"build"), raw(b"--target"), raw(b"\xff")],
        ] {
            let error = CargoArgs::parse(&line).unwrap_err();
            assert!(error.message().contains("is not valid UTF-8"), "{error}");
        }
    }
}

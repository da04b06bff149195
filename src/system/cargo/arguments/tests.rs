use std::ffi::OsString;

use super::{CargoArgs, KnownOption, OwnOptions, PackageSelection, TargetChoice, WitSource};
use crate::system::cargo::config::LockMode;
use crate::system::shell::ColorChoice;

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
        PackageSelection::Workspace {
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
    assert_eq!(parse("build").selection(), PackageSelection::Default);
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
    let args = parse("test --lib --bin a --test --example=e --bins --all-targets --no-run name");
    assert_eq!(
        args.target_choices,
        [
            TargetChoice::Lib,
            TargetChoice::Bin(Some("a".into())),
            TargetChoice::Test(None),
            TargetChoice::Example(Some("e".into())),
            TargetChoice::Bins,
            TargetChoice::AllTargets,
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
fn the_source_of_wit_may_be_left_out() {
    let wit = |line: &str| parse(line).own.wit;
    let named = |source: &str| Some(WitSource::Named(source.to_owned()));
    assert_eq!(wit("doc"), None);
    assert_eq!(wit("d --wit"), Some(WitSource::Packages));
    assert_eq!(wit("doc --wit --open"), Some(WitSource::Packages));
    assert_eq!(wit("doc --wit wasi:io@0.2"), named("wasi:io@0.2"));
    assert_eq!(wit("doc --wit=wit/a.wit"), named("wit/a.wit"));
    let args = parse("doc --wit x --open --no-deps");
    assert!(args.open && args.no_deps && !args.has_unknown());
    assert_eq!(args.cargo_args(), words("doc --open --no-deps"));
    assert!(error("check --wit").contains("can only be used with `cargo component doc`"));
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
        args.cargo_args_for("build", &[KnownOption::MessageFormat, KnownOption::Target]),
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

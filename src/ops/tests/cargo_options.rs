//! Options that cargo does not have, and when cargo is asked about them.

use super::fixture::{Run, Sandbox};
use super::samples::args;
use crate::ops::cargo_options::refuse_unknown_options;
use crate::system::process::Output;

const ADDRESS: &str =
    "help: the address and port are set with `--addr`, as in `--addr 127.0.0.1:8080`";

/// What happens with a line where cargo ends like this.
fn run(line: &str, code: i32, stderr: &str) -> Run {
    let answer = Output {
        code,
        stderr: stderr.as_bytes().to_vec(),
        ..Output::default()
    };
    let sandbox = Sandbox::package("", "");
    sandbox.run([answer], |ctx| refuse_unknown_options(ctx, &args(line)))
}

/// What cargo says of an argument, with a tip or none.
fn unexpected(argument: &str, tip: &str) -> String {
    format!("error: unexpected argument '{argument}' found\n\n{tip}Usage: cargo build [OPTIONS]\n")
}

#[test]
fn an_option_that_cargo_does_not_have_is_refused_under_the_verb_that_was_written() {
    for (line, argument, hint) in [
        ("serve --port 8080", "--port", ADDRESS),
        (
            "run --invok f()",
            "--invok",
            "help: did you mean `--invoke`?",
        ),
        (
            "run --xyz",
            "--xyz",
            "help: see `cargo component run --help`",
        ),
        (
            "build --port 1",
            "--port",
            "help: see `cargo component build --help`",
        ),
    ] {
        let run = run(line, 1, &unexpected(argument, ""));
        let message = format!("error: unexpected argument '{argument}' found");
        let run = run.refused(&[&message, hint]);
        let asked = &run.programs[0];
        assert!(asked.starts_with("cargo build --"), "{asked}");
        assert!(asked.ends_with(" -h"), "{asked}");
    }
    let tip = "  tip: a similar argument exists: '--release'\n\n";
    run("build --relase", 1, &unexpected("--relase", tip)).refused(&["did you mean `--release`?"]);
}

#[test]
fn cargo_is_asked_only_about_what_is_not_known() {
    for line in [
        "build --release -p a --features b",
        "build --all-features --keep-going --no-default-features",
        "test name",
        "run --invoke f() word --port 1",
        "check --future-incompat-report",
        "expand --whatever",
        "fmt --check",
    ] {
        assert_eq!(run(line, 1, "").ok().programs, [""; 0], "{line}");
    }
    // A newer cargo may have it.
    let asked = run("build --brand-new --color always", 0, "").ok().programs;
    assert_eq!(asked, ["cargo build --brand-new -h"]);
    // What else is wrong, cargo says itself.
    run("build --brand-new", 101, "").ok();
}

#[test]
fn a_port_is_no_package() {
    let run = run("serve -p 8080", 0, "").refused(&[ADDRESS]);
    assert!(run.programs.is_empty());
}

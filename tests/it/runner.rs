//! Runners configured in cargo: each is a script that keeps its command line.

#![cfg(unix)]

use std::process::{Command, Stdio};

use crate::support::{Project, example, make_executable};

/// A new command with a runner that writes its arguments, one a line, to
/// `asked`, then does `body`.
fn with_runner(body: &str) -> Project {
    let project = Project::new("", "hello");
    script(&project, "run.sh", body);
    project
}

fn script(project: &Project, name: &str, body: &str) {
    let asked = project.root().join("asked");
    project.write(
        name,
        format!(
            "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" >> '{}'\n{body}\n",
            asked.display()
        ),
    );
    make_executable(&project.path(name));
}

/// What the runner was given since the last look.
fn asked(project: &Project) -> Vec<String> {
    let text = project.read("asked");
    std::fs::remove_file(project.path("asked")).unwrap();
    text.lines().map(str::to_owned).collect()
}

const VARIABLE: &str = "CARGO_TARGET_WASM32_WASIP1_RUNNER";

#[test]
fn a_runner_gets_the_command_line_of_0_21_1_wherever_it_is_configured() {
    let project = with_runner("echo ran; cat; exit 7");
    let script = project.path("run.sh").display().to_string();
    let component = project.path("target/wasm32-wasip1/debug/hello.wasm");
    let component = component.display().to_string();

    // By a variable, split at white space.
    let mut command = project.command("run -- a --b '' 'c d'");
    command.env(VARIABLE, "./run.sh  --one -S  two");
    project
        .run(command)
        .code(7)
        .prints("ran")
        .says("Running `target/wasm32-wasip1/debug/hello.wasm a --b \"\" \"c d\"`");
    let program = project.path("./run.sh").display().to_string();
    assert_eq!(
        asked(&project),
        [
            &program, "--one", "-S", "two", "--", &component, "a", "--b", "", "c d"
        ]
    );

    // By the target's triple, as text or as a list; seen from where it stands.
    let by_config = |config: &str, line: &str| {
        project.write(".cargo/config.toml", config);
        project.component(line).code(7);
        asked(&project)
    };
    let as_text = "target.wasm32-wasip1.runner = \"./run.sh x  y\"";
    let by_list = "[target.wasm32-wasip1]\nrunner = [\"./run.sh\", \"x y\"]";
    assert_eq!(by_config(as_text, "run")[1..], ["x", "y", "--", &component]);
    assert_eq!(by_config(by_list, "run")[1..], ["x y", "--", &component]);
    // By what holds for the target.
    let by_cfg = "[target.'cfg(target_os = \"wasi\")']\nrunner = [\"./run.sh\", \"cfg\"]";
    assert_eq!(by_config(by_cfg, "run")[1..], ["cfg", "--", &component]);
    assert_eq!(
        by_config(by_cfg, "run --target wasm32-wasip2 -- z")[1..],
        ["cfg", "--", &component.replace("wasip1", "wasip2"), "z"]
    );
    // The triple goes before `cfg`, the variable before both, `--config` before all.
    let both = format!("{by_cfg}\n{by_list}");
    assert_eq!(by_config(&both, "run")[1], "x y");
    let mut command = project.command("run");
    command.env(VARIABLE, format!("{script} env"));
    project.run(command).code(7);
    assert_eq!(asked(&project)[1], "env");
    let mut command = project.command(&format!(
        "run --config 'target.wasm32-wasip1.runner=[\"{script}\",\"option\"]'"
    ));
    command.env(VARIABLE, format!("{script} env"));
    project.run(command).code(7);
    assert_eq!(asked(&project)[1], "option");
    // That of another target is not ours.
    project.write(
        ".cargo/config.toml",
        "target.wasm32-wasip2.runner = \"./run.sh\"\ntarget.x86_64-unknown-linux-gnu.runner = \"./run.sh\"",
    );
    project.component("run").ok().prints("Hello, world!");
    assert!(!project.has("asked"));
}

#[test]
fn a_runner_has_our_streams_and_variables() {
    let project = with_runner("cat; echo \"$GIVEN $INHERITED\" >&2");
    let mut command = project.command("run -q --env GIVEN=x");
    command
        .env(VARIABLE, "./run.sh")
        .env("INHERITED", "y")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"from stdin").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"from stdin");
    assert_eq!(output.stderr, b"x y\n");
    // What a runner cannot be told is refused, not forgotten.
    for (line, what) in [
        ("run --dir .", "directories cannot be passed"),
        ("run --addr 127.0.0.1:0", "determines the address"),
    ] {
        let mut command = project.command(line);
        command.env(VARIABLE, "./run.sh");
        project.run(command).code(2).says(what);
    }
}

#[test]
fn a_runner_serves_and_a_call_stays_with_the_engine() {
    let project = example("http");
    script(&project, "run.sh", "exit 0");
    let mut command = project.command("serve -- x");
    command.env(VARIABLE, "./run.sh serve");
    project.run(command).ok().silent_on("Serving");
    let component = project.path("target/wasm32-wasip1/debug/hello_http.wasm");
    let component = component.display().to_string();
    assert_eq!(asked(&project)[1..], ["serve", "--", &component, "x"]);

    let project = Project::new("--lib", "hello");
    script(&project, "run.sh", "exit 0");
    let mut command = project.command("run --invoke 'hello-world()'");
    command.env(VARIABLE, "./run.sh");
    project.run(command).ok().prints("Hello, World!");
    assert!(!project.has("asked"));
}

#[test]
fn a_runner_that_is_not_there_is_told_before_anything_is_built() {
    let project = Project::new("", "hello");
    for line in ["run", "serve", "test", "bench"] {
        let mut command = project.command(line);
        command.env(VARIABLE, "no-such-runner --flag");
        project
            .run(command)
            .code(1)
            .says("error: failed to find the runner `no-such-runner`")
            .says("it is set by `CARGO_TARGET_WASM32_WASIP1_RUNNER`")
            .says("help: install `no-such-runner`, or remove the setting")
            .silent_on("Compiling");
    }
    project.write(
        ".cargo/config.toml",
        "target.wasm32-wasip1.runner = \"bin/none\"",
    );
    let at = project.path(".cargo/config.toml").display().to_string();
    project
        .component("run")
        .code(1)
        .says("bin/none`")
        .says(&format!("it is set by `{at}`"));
    // It is of no interest to what runs nothing.
    project.component("build").ok();
    project.component("test --no-run").ok();
    // Not executable.
    project.write("bin/none", "");
    project
        .component("run")
        .code(1)
        .says("failed to start `")
        .says("bin/none");
}

/// Prints what libtest would for three tests, of which the second dies.
const LIBTEST: &str = r#"
case "$*" in
*--list*) printf 'a: test\nb: test\nc: test\n\n3 tests, 0 benchmarks\n' ;;
*--exact*b) printf '\nrunning 1 test\ntest b ... why\n'; exit 134 ;;
*--exact*c) printf '\nrunning 1 test\ntest c ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out\n' ;;
*) printf '\nrunning 3 tests\ntest a ... ok\ntest b ... '; exit 134 ;;
esac
"#;

#[test]
fn a_runner_runs_tests() {
    let project = with_runner(LIBTEST);
    let mut command = project.command("test name -- --skip x");
    command.env(VARIABLE, "./run.sh --flag");
    let output = project
        .run(command)
        .code(101)
        .prints("test a ... ok\ntest b ... FAILED\ntest c ... ok\n")
        .prints("---- b stdout ----\nwhy\n")
        .prints("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
    assert_eq!(output.stdout.matches("test result:").count(), 1);
    let asked = asked(&project);
    assert_eq!(asked[1..3], ["--flag", "--"]);
    assert!(asked[3].ends_with(".wasm") && asked[3].contains("/hello-"));
    assert_eq!(asked[4..7], ["name", "--skip", "x"]);
}

#[test]
fn tests_get_the_runner_of_their_target_wherever_cargo_builds() {
    let project = with_runner(
        "printf '\\nrunning 0 tests\\n\\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\\n'",
    );
    project.write(".cargo/config.toml", "[build]\nbuild-dir = \"between\"\n");
    let mut command = project.command("test --target wasm32-wasip1 --target wasm32-wasip2");
    command.env(VARIABLE, "./run.sh wasm32-wasip1");
    command.env(
        "CARGO_TARGET_WASM32_WASIP2_RUNNER",
        "./run.sh wasm32-wasip2",
    );
    project.run(command).ok();
    let asked = asked(&project);
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        let at = asked.iter().position(|word| word == target).unwrap();
        assert!(asked[at + 2].contains(&format!("/{target}/")), "{asked:?}");
    }
}

#[test]
fn ctrl_c_ends_the_child() {
    let project = with_runner("echo started; cat < fifo");
    assert!(
        Command::new("mkfifo")
            .arg(project.path("fifo"))
            .status()
            .unwrap()
            .success()
    );
    let mut command = project.command("run -q");
    // As in a terminal, where the signal goes to the whole group.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.env(VARIABLE, "./run.sh").stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    assert_eq!(line, "started\n");
    let group = format!("-{}", child.id());
    let kill = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(kill.unwrap().success());
    assert!(!child.wait().unwrap().success());
    // The other end is closed, so the runner has ended too.
    line.clear();
    assert_eq!(
        std::io::BufRead::read_line(&mut stdout, &mut line).unwrap(),
        0
    );
}

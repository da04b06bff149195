//! `cargo component test` and `bench`: libtest's executables and others, run as
//! components.

use crate::support::{Output, Project};

/// Unit tests of every sort; two of them end their instance.
const UNIT: &str = r#"
#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

struct Component;

impl bindings::Guest for Component {
    fn hello_world() -> String {
        "Hello, World!".to_string()
    }
}

bindings::export!(Component with_types_in bindings);

/// ```
/// panic!("a documentation's example ran");
/// ```
pub fn documented() {}

#[cfg(test)]
mod tests {
    use super::*;
    use bindings::Guest as _;

    #[test]
    fn a_passes() {
        assert_eq!(Component::hello_world(), "Hello, World!");
    }

    #[test]
    fn b_panics() {
        println!("printed before");
        panic!("on purpose");
    }

    #[test]
    fn c_passes() {
        println!("a noise");
    }

    #[test]
    fn d_fails_by_result() -> Result<(), String> {
        Err("refused".to_string())
    }

    #[test]
    #[should_panic]
    fn e_should_panic() {
        panic!();
    }

    #[test]
    #[ignore = "slow"]
    fn f_is_ignored() {}

    #[test]
    fn g_overflows() {
        fn depth(n: u64) -> u64 {
            std::hint::black_box(if n == 0 { 0 } else { 1 + depth(n + 1) })
        }
        assert_eq!(depth(1), 0);
    }

    #[test]
    fn h_exits() {
        std::process::exit(0);
    }

    #[test]
    fn i_passes() {}
}
"#;

const INTEGRATION: &str = r#"
#[test]
fn reads_what_is_granted() {
    let name = std::env::var("FILE").unwrap();
    assert_eq!(std::fs::read_to_string(name).unwrap(), "content");
}

#[test]
fn another() {}
"#;

fn library() -> Project {
    let project = Project::new("--lib", "tested");
    project
        .write("src/lib.rs", UNIT)
        .write("tests/whole.rs", INTEGRATION)
        .write("data/x", "content");
    project
}

/// The lines `test name ... verdict`, in the order they were printed.
fn verdicts(output: &Output) -> Vec<&str> {
    let lines = output.stdout.lines();
    lines
        .filter_map(|line| line.strip_prefix("test "))
        .filter(|line| line.contains(" ... "))
        .collect()
}

#[test]
fn after_a_panic_every_other_test_is_still_reported() {
    let project = library().with_debug_info();
    // A component has one thread, whatever it is told.
    for (target, flags) in [
        ("wasm32-wasip1", ""),
        ("wasm32-wasip2", "-- --test-threads=4"),
    ] {
        let mut command = project.command(&format!("test --target {target} {flags}"));
        command.env("RUST_TEST_THREADS", "4");
        let output = project
            .run(command)
            .code(101)
            .says("     Running unittests src/lib.rs (target/cargo-component/components/wasm32-wasip")
            .silent_on("doc-tests")
            .silent_on("Doc-tests")
            // The next executable is not started.
            .silent_on("tests/whole.rs (")
            .prints("running 9 tests")
            .prints("---- tests::b_panics stdout ----\nprinted before\n")
            .prints("on purpose")
            .prints("\nstack backtrace:\n   0: ")
            .prints("::tests::b_panics\n             at src/lib.rs:")
            .prints("---- tests::d_fails_by_result stdout ----\nError: \"refused\"\n")
            .prints("call stack exhausted")
            .prints("the test ended its instance with exit code 0")
            .prints("    tests::b_panics\n    tests::d_fails_by_result\n    tests::g_overflows\n    tests::h_exits\n")
            .prints("test result: FAILED. 3 passed; 4 failed; 2 ignored; 0 measured; 0 filtered out; finished in ");
        assert_eq!(
            verdicts(&output),
            [
                "tests::a_passes ... ok",
                "tests::b_panics ... FAILED",
                "tests::c_passes ... ok",
                "tests::d_fails_by_result ... FAILED",
                "tests::e_should_panic - should panic ... ignored",
                "tests::f_is_ignored ... ignored, slow",
                "tests::g_overflows ... FAILED",
                "tests::h_exits ... FAILED",
                "tests::i_passes ... ok",
            ],
            "{output}"
        );
        assert_eq!(
            output.stdout.matches("test result: ").count(),
            1,
            "{output}"
        );
    }
    // All of the executables.
    let output = project
        .component("test --no-fail-fast --env FILE=data/x --dir data")
        .code(101)
        .says("     Running tests/whole.rs (target/cargo-component/components/wasm32-wasip1/debug/")
        .prints("test result: ok. 2 passed; 0 failed");
    assert_eq!(output.stdout.matches("test result: ").count(), 2);
    // Characters instead of names, by cargo's option as well.
    for line in ["test --lib -- -q", "test --lib -q"] {
        project
            .component(line)
            .code(101)
            .prints("\n.F.Fii")
            .prints("test result: FAILED. 3 passed; 4 failed; 2 ignored")
            .says("error: test failed, to rerun pass `--lib`");
    }
    // Uncaptured.
    project
        .component("test --lib -- --nocapture b_panics c_passes")
        .code(101)
        .prints("printed before\nFAILED\n")
        .prints("a noise\nok\n")
        .says("on purpose");
}

#[test]
fn filters_and_flags_are_those_of_libtest() {
    let project = library();
    let whole = "--env FILE=data/x --dir data";
    let run = |line: &str| project.component(&format!("test {line}"));
    let names = |output: Output| -> Vec<String> {
        let names = verdicts(&output).into_iter();
        names
            .map(|line| line.split(' ').next().unwrap().replace("tests::", ""))
            .collect()
    };

    // A filter goes to every executable.
    let output = run(&format!("passes {whole}")).ok();
    assert_eq!(names(output), ["a_passes", "c_passes", "i_passes"]);
    let output = run("--lib passes -- --skip c_ --skip i_").ok();
    assert_eq!(names(output), ["a_passes"]);
    let output = run("--lib -- --exact tests::c_passes").ok();
    assert_eq!(names(output), ["c_passes"]);
    let output = run("--lib -- --exact c_passes")
        .ok()
        .prints("0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out");
    assert!(names(output).is_empty());
    let output = run("--lib -- --ignored").ok();
    assert_eq!(names(output), ["f_is_ignored"]);
    let output = run("--lib -- --include-ignored f_is h_exits").code(101);
    assert_eq!(names(output), ["f_is_ignored", "h_exits"]);
    // Nothing runs without a system.
    run("--target wasm32-unknown-unknown")
        .code(1)
        .says("tests need WASI, which the target `wasm32-unknown-unknown` does not provide")
        .silent_on("Compiling");
    // What died is told with the flags it was run with.
    run("--lib b_panics -- --skip zzz")
        .code(101)
        .prints("test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 8 filtered out");
    run("--lib -- --list")
        .ok()
        .prints("tests::a_passes: test\n")
        .prints("9 tests, 0 benchmarks");
    run("--lib -- --nonsense").code(1).says("nonsense");
    let output = run(&format!("--test whole {whole}")).ok();
    assert_eq!(names(output), ["another", "reads_what_is_granted"]);
    // What cargo would give a test on the host, libtest's own variables.
    let mut command = project.command("test --lib c_passes");
    command.env("RUST_TEST_NOCAPTURE", "1");
    project.run(command).ok().prints("a noise\n");
}

#[test]
fn nothing_is_run_where_nothing_is_to_be_run() {
    let project = library().in_target_dir();
    let output = project
        .component("test --no-run")
        .ok()
        .says("Creating component target/cargo-component/components/wasm32-wasip1/debug/")
        .silent_on("     Running");
    assert_eq!(output.stdout, "");
    // Cargo's own executables are still what cargo made.
    let modules = crate::observe::intermediate(&project, "target");
    assert!(!modules.is_empty());
    for module in modules {
        assert_eq!(project.bytes(&module)[4..8], [1, 0, 0, 0]);
    }
    project
        .cargo("test --no-run --target wasm32-wasip1")
        .ok()
        .silent_on("Compiling");
    project
        .component("test --doc")
        .code(1)
        .says("documentation tests");
    project.write("tests/whole.rs", "nonsense");
    project.component("test --no-run").code(101);
    // Nothing to test.
    let project = Project::empty();
    project.cargo("init --vcs none --lib --name nothing").ok();
    project.replace("Cargo.toml", "[dependencies]", "[lib]\ntest = false\n");
    project
        .component("test")
        .code(1)
        .says("a component test target must be available for `cargo component test`");
}

const HARNESS: &str = r#"
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!("{} {args:?}", env!("CARGO_CRATE_NAME"));
    if args.iter().any(|arg| arg == "fail") {
        std::process::exit(1);
    }
    if args.iter().any(|arg| arg == "panic") {
        panic!("on purpose");
    }
}
"#;

#[test]
fn a_harness_of_its_own_is_run_as_it_is() {
    let project = Project::new("", "harness");
    let table = "[[test]]\nname = \"own\"\nharness = false\n\n[[bench]]\nname = \"speed\"\nharness = false\n\n[dependencies]";
    project
        .replace("Cargo.toml", "[dependencies]", table)
        .write("tests/own.rs", HARNESS)
        .write("benches/speed.rs", HARNESS);
    project
        .component("test --test own x -- --flag y")
        .ok()
        .prints("own [\"x\", \"--flag\", \"y\"]\n")
        .says("Running tests/own.rs (");
    project
        .component("test --test own -- panic")
        .code(134)
        .says("on purpose")
        .says("the component trapped");
    // Both executables of `test`, of which the second fails.
    project
        .component("test -- fail")
        .code(1)
        .prints("running 0 tests")
        .prints("own [\"fail\"]")
        // The program, built for the tests to start, is no test.
        .silent_on("debug/harness.wasm");
    // Benches get `--bench`, and what else is said.
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        project
            .component(&format!("bench --bench speed --target {target} -- x"))
            .ok()
            .prints("speed [\"--bench\", \"x\"]\n")
            .says("`bench` profile")
            .says(
                "Running benches benches/speed.rs (target/cargo-component/components/wasm32-wasip",
            )
            .says("/speed-");
    }
    project.component("bench --bench speed -- fail").code(1);
    project
        .component("bench --no-run")
        .ok()
        .silent_on(" Running");
    // The program's own unit tests are benches too, with none in them.
    project
        .component("bench")
        .ok()
        .says("Running unittests src/main.rs (")
        .prints("0 measured")
        .prints("speed [\"--bench\"]");
}

#[test]
fn a_workspace_is_tested_package_by_package() {
    let project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"one\", \"two\"]\nresolver = \"3\"\n",
    );
    for name in ["one", "two"] {
        project.component(&format!("new --vcs none {name}")).ok();
        let test = format!(
            "fn main() {{}}\n#[test]\nfn of_{name}() {{ assert!(\"{name}\" == \"two\"); }}\n"
        );
        project.write(&format!("{name}/src/main.rs"), test);
    }
    project
        .component("test")
        .code(101)
        .says(
            "Running unittests src/main.rs (target/cargo-component/components/wasm32-wasip1/debug/",
        )
        .prints("test of_one ... FAILED");
    let output = project.component("test --no-fail-fast").code(101);
    assert_eq!(
        verdicts(&output),
        ["of_one ... FAILED", "of_two ... ok"],
        "{output}"
    );
    project
        .component("test -p two")
        .ok()
        .prints("of_two ... ok");
}

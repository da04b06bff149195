//! Every command of cargo with every option, as cargo knows it.

use crate::observe::{HELLO, Tools, bare, component, is_module, on_path};
use crate::support::Project;

const MAIN: &str = "fn main() { println!(\"hello\"); }";

/// Runs a line with unstable options allowed.
fn unstable(project: &Project, line: &str) -> crate::support::Output {
    let mut command = project.command(line);
    command.env("RUSTC_BOOTSTRAP", "1");
    project.run(command)
}

#[test]
fn options_of_build_do_what_they_do_in_cargo() {
    let project = bare(
        "hello",
        "fn main() { #[cfg(feature = \"loud\")] compile_error!(\"loud\"); }",
    );
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}\n[features]\nloud = []\n"));
    project.component("build").ok();
    for line in [
        "build --locked",
        "build --offline",
        "build --frozen",
        "--frozen build",
        "build -j 1",
        "build --jobs=1 --keep-going",
        "build --bin hello",
        "build --bins",
        "build --future-incompat-report",
        "build --no-default-features",
        "build --config net.offline=true",
        "b",
    ] {
        project.component(line).ok();
        component(&project, HELLO);
    }
    for line in [
        "build --features loud",
        "build -F loud",
        "build --all-features",
    ] {
        project.component(line).code(101).says("error: loud");
        component(&project, HELLO);
    }
    // The last word has cargo.
    project
        .component("build --locked --no-such-option")
        .code(2)
        .says("error: unexpected argument '--no-such-option' found")
        .says("help: see `cargo component build --help`");
    project
        .component("run --relase")
        .code(2)
        .says("help: did you mean `--release`?")
        .silent_on("cargo build");
    project
        .component("serve --port 8080")
        .code(2)
        .says("help: the address and port are set with `--addr`");
    project
        .component("build --bin nobody")
        .code(101)
        .says("no bin target named `nobody`");
    project
        .component("build -- x")
        .code(1)
        .says("unexpected argument");
    let output = project.component("build --timings").ok();
    output.says("Timing report saved");
}

#[test]
fn quiet_and_verbose_reach_cargo() {
    let project = bare("hello", MAIN).with_debug_info();
    assert_eq!(project.component("build -q").ok().stderr, "");
    project.write("src/main.rs", "fn main() {}");
    let output = project.component("build -v").ok();
    output
        .says("     Running `cargo build")
        .says("Running `")
        .says("rustc --crate-name hello");
    let mut command = project.command("build");
    command.env("CARGO_TERM_QUIET", "true");
    assert_eq!(project.run(command).ok().stderr, "");
}

#[test]
fn options_that_need_nightly_work_there() {
    let project = bare("hello", MAIN);
    // On stable, cargo says so.
    project
        .component("build -Zunstable-options")
        .says("nightly");
    unstable(&project, "build -Zunstable-options --artifact-dir out").ok();
    component(&project, "out/hello.wasm");
    component(&project, HELLO);
    unstable(&project, "build -Zunstable-options --artifact-dir out")
        .ok()
        .silent_on("Creating");
    component(&project, "out/hello.wasm");
    let mut command = project.command("build -Z unstable-options");
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_BUILD_ARTIFACT_DIR", "other");
    project.run(command).ok();
    component(&project, "other/hello.wasm");
    // Another directory to start from.
    let dir = project.root().parent().unwrap();
    let name = project.root().file_name().unwrap().to_str().unwrap();
    let line = format!("-Zunstable-options -C {name} build --artifact-dir third");
    let mut command = project.command(&line);
    command.env("RUSTC_BOOTSTRAP", "1").current_dir(dir);
    project.run(command).ok();
    component(&project, "third/hello.wasm");
    let mut command = project.command(&format!("-Zunstable-options -C {name} check"));
    command.env("RUSTC_BOOTSTRAP", "1").current_dir(dir);
    project.run(command).ok();
}

#[test]
fn rustc_takes_arguments_of_the_compiler() {
    let project = bare(
        "hello",
        "#[cfg(own)] compile_error!(\"own\");\nfn main() {}",
    );
    project.component("rustc").ok();
    component(&project, HELLO);
    project
        .component("rustc -- --cfg own")
        .code(101)
        .says("error: own");
    project
        .component("rustc --bin hello -- -C opt-level=1")
        .ok()
        .says("Creating");
    component(&project, HELLO);
}

#[test]
fn a_toolchain_may_be_named() {
    let project = bare("hello", MAIN);
    let toolchain = project.run({
        let mut command = project.clean("rustup");
        command.args(["show", "active-toolchain"]);
        command
    });
    let toolchain = toolchain.ok().stdout;
    let toolchain = toolchain.split_whitespace().next().unwrap();
    // As `cargo component` is started: by a cargo that names itself.
    let mut command = project.command(&format!("+{toolchain} build"));
    let mut real = project.clean("rustup");
    real.args(["which", "cargo"]);
    let real = project.run(real).ok().stdout;
    command.env("CARGO", real.trim());
    project.run(command).ok();
    component(&project, HELLO);
    let mut command = project.command("+no-such-toolchain build");
    command.env("CARGO", on_path("cargo"));
    let output = project.run(command);
    assert_ne!(output.code, 0, "{output}");
    output.says("no-such-toolchain");
}

#[test]
fn verbs_that_look_at_code_see_the_wasm_target() {
    let project = bare(
        "hello",
        "#[cfg(target_family = \"wasm\")]\ncompile_error!(\"seen as wasm\");\nfn main() {}",
    );
    for verb in [
        "check",
        "c",
        "clippy",
        "fix --allow-no-vcs",
        "rustdoc",
        "doc --no-deps",
        "build",
    ] {
        let output = project.component(verb);
        assert_eq!(output.code, 101, "{verb}\n{output}");
        output.says("seen as wasm");
    }
    for configuration in ["", "[build]\ntarget = \"wasm32-wasip1\"\n"] {
        if !configuration.is_empty() {
            project.write(".cargo/config.toml", configuration);
        }
        for verb in ["check", "clippy", "fix --allow-no-vcs", "doc --no-deps"] {
            project.component(&format!("{verb} --native")).ok();
        }
    }
}

#[test]
fn verbs_without_code_pass_unchanged() {
    let project = bare("hello", "fn main() {   }");
    project.cargo("generate-lockfile").ok();
    for line in [
        "metadata --format-version 1",
        "metadata --format-version=1 --no-deps --filter-platform wasm32-wasip2",
        "pkgid",
        "locate-project",
        "read-manifest",
        "--list",
        "--explain E0308",
        "version",
        "build --help",
    ] {
        let (ours, plain) = (project.component(line), project.cargo(line));
        assert_eq!(ours.code, plain.code, "{line}\n{ours}");
        match line {
            "build --help" => assert!(ours.stdout.starts_with(&plain.stdout), "{ours}"),
            _ => assert_eq!(ours.stdout, plain.stdout, "{line}"),
        }
    }
    project.component("fmt").ok();
    assert_eq!(project.read("src/main.rs"), "fn main() {}\n");
    project.component("fmt --check").ok();
    project.component("fmt -- --check").ok();
    project.write("src/main.rs", "fn main() {   }");
    project.component("fmt -- --check").code(1);
    assert!(!project.has("target"));
    project.component("build").ok();
    project.component("clean").ok().says("Removed");
    assert!(!project.has("target"));
}

#[test]
fn what_cargo_does_not_know_is_told_by_cargo() {
    let project = bare("hello", MAIN);
    let (ours, plain) = (
        project.component("no-such-verb"),
        project.cargo("no-such-verb"),
    );
    assert_eq!(ours.code, plain.code);
    assert_eq!(ours.code, 101);
    assert_eq!(ours.stderr, plain.stderr);
    let nowhere = Project::empty();
    nowhere.component("no-such-verb").code(101);
    // A subcommand of the user's own is started with its arguments.
    let tools = crate::observe::Tools::new();
    tools.script("cargo-own", "echo \"got $*\"; exit 7");
    let mut path = tools.path("").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let mut command = project.command("own --native -p x -- y");
    command.env("PATH", path);
    project
        .run(command)
        .code(7)
        .prints("got own --native -p x -- y");
}

#[test]
fn refused_verbs_say_which_tool_to_use() {
    let project = Project::empty();
    for verb in ["install", "owner", "package", "uninstall"] {
        project
            .component(&format!("{verb} x"))
            .code(1)
            .says(&format!(
                "error: command `{verb}` is not supported by `cargo component`"
            ))
            .says(&format!("use `cargo {verb}` instead"));
    }
}

#[test]
fn help_is_cargos_followed_by_ours() {
    let project = Project::empty();
    for (line, of_cargo, ours) in [
        ("build --help", "--keep-going", "--host-members"),
        ("build -h", "--release", "--host-members"),
        ("help build", "--keep-going", "--host-members"),
        ("check --help", "--keep-going", "--native"),
        ("run --help", "--example", "--invoke"),
        ("serve --help", "--example", "--addr"),
        ("test --help", "--no-fail-fast", "--dir"),
    ] {
        let output = project.component(line).ok();
        let at = |text: &str| output.stdout.find(text);
        let (first, second) = (at(of_cargo), at(ours));
        assert!(first.is_some() && first < second, "{line}\n{output}");
        output.prints("--registry-config");
    }
    let serve = project.component("serve --help").ok().stdout;
    assert!(serve.starts_with("Build and serve an HTTP component\n\nUsage: cargo component serve"));
    project
        .component("new --help")
        .ok()
        .prints("\nGlobal Options:\n");
    let output = project.component("metadata --help").ok();
    assert_eq!(output.stdout, project.cargo("metadata --help").stdout);
    let own = project.component("help").ok();
    for verb in ["new", "init", "bindings", "build", "serve"] {
        assert!(own.stdout.contains(&format!("\n  {verb}")), "{verb}\n{own}");
    }
    assert_eq!(project.component("--help").ok().stdout, own.stdout);
    project.component("help new").ok().prints("--lib");
    // Nothing at all shows the same, where 0.21.1 did.
    let none = project.component("");
    assert!((none.stdout + &none.stderr).contains("Usage: cargo component"));
    project.component("help no-such-verb").code(101);
}

#[test]
fn the_version_is_told() {
    let project = Project::empty();
    let version = format!("cargo-component {}\n", env!("CARGO_PKG_VERSION"));
    for line in ["--version", "-V"] {
        assert_eq!(project.component(line).ok().stdout, version);
    }
    for line in ["--version --verbose", "-V -v", "-vV"] {
        let output = project.component(line).ok();
        assert!(output.stdout.starts_with(&version), "{output}");
        output.prints("wit-bindgen: ").prints("engine: ");
    }
}

#[test]
fn cargo_itself_starts_the_tool() {
    let project = bare("hello", MAIN);
    let mut path = std::path::Path::new(env!("CARGO_BIN_EXE_cargo-component"))
        .parent()
        .unwrap()
        .as_os_str()
        .to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let run = |line: &str| {
        let mut command = project.clean("cargo");
        command.args(line.split_whitespace()).env("PATH", &path);
        project.run(command)
    };
    run("component build").ok().says("Creating");
    component(&project, HELLO);
    run("component build").ok().silent_on("Creating");
    run("component build --no-such-option").code(2);
    run("component --version").ok().prints("cargo-component ");
    run("help component").ok().prints("Usage: cargo component");
    run("component run -q").ok().prints("hello");
}

#[test]
fn a_subcommand_of_the_users_own_has_bindings_brought_up_to_date() {
    let project = Project::new("--lib", "hello");
    std::fs::remove_file(project.path("src/bindings.rs")).unwrap();
    let tools = Tools::new();
    tools.script("cargo-own-verb", "exit 3");
    let run = || project.run(tools.on(project.command("own-verb")));
    run().code(3).says("Generating bindings");
    assert!(project.has("src/bindings.rs"));
    project.write("wit/world.wit", "package");
    let output = run().code(3);
    output.says("warning: the bindings were not updated");
}

#[test]
fn plain_cargo_and_the_leading_word_make_no_difference() {
    let project = bare("hello", MAIN);
    let mut command = project.clean(env!("CARGO_BIN_EXE_cargo-component"));
    command.arg("build");
    project.run(command).ok();
    component(&project, HELLO);
    project.cargo("build --target wasm32-wasip1").ok();
    assert!(is_module(&project, HELLO));
}

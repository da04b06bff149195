//! What cannot be built: a clear error, an exit code that is not 0, and
//! nothing half done.

use std::fs;

#[cfg(target_os = "linux")]
use crate::observe::on_path;
use crate::observe::{HELLO, bare, component, intermediate, is_module, tree};
use crate::support::{Output, Project};

const MAIN: &str = "fn main() { println!(\"hello\"); }";

#[track_caller]
fn no_panic(output: Output) -> Output {
    output.silent_on("panicked").silent_on("RUST_BACKTRACE")
}

/// What a failed build must leave: bindings, lock file and component.
fn ours(project: &Project) -> Vec<(String, Vec<u8>)> {
    [HELLO, "src/bindings.rs", "Cargo.lock"]
        .into_iter()
        .filter(|path| project.has(path))
        .map(|path| (path.to_owned(), project.bytes(path)))
        .collect()
}

#[test]
fn without_a_manifest_there_is_nothing_to_build() {
    let project = Project::empty();
    for verb in ["build", "check", "run", "test", "bindings"] {
        project
            .component(verb)
            .code(1)
            .says("error: could not find `Cargo.toml` in `")
            .says("cargo component new <path>");
    }
    let output = project
        .component("build --manifest-path no/Cargo.toml")
        .code(1);
    output.says("no/Cargo.toml");
    assert!(tree(project.root()).is_empty());
}

#[test]
fn a_module_that_is_broken_is_no_success() {
    let project = bare("hello", MAIN).in_target_dir();
    project.component("build").ok();
    for module in intermediate(&project, "target") {
        fs::write(project.path(&module), "no wasm").unwrap();
    }
    no_panic(project.component("build"))
        .code(1)
        .says("failed to create the component")
        .says("not a valid WebAssembly module");
}

#[test]
fn a_remapping_of_nothing_is_pointed_at() {
    let project = Project::new("--lib", "hello");
    let section = "package = \"component:hello\"";
    project.replace(
        "Cargo.toml",
        section,
        &format!("{section}\nbindings.with = {{ \"a:b/nothing\" = \"x::y\" }}"),
    );
    project
        .component("bindings")
        .code(1)
        .says("--> Cargo.toml:")
        .says("^^^^^^")
        .says("no generated interface or type `a:b/nothing`");
}

#[test]
fn a_virtual_manifest_without_the_package() {
    let project = Project::empty();
    project
        .write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"server\"]\n",
        )
        .write("server/Cargo.toml", crate::observe::manifest("server", ""))
        .write("server/src/main.rs", MAIN);
    project
        .component("build -p servr")
        .code(1)
        .says("`servr` did not match any packages")
        .says("did you mean `server`?");
    assert!(!project.has("target"));
}

#[test]
fn an_implementation_that_is_not_exported() {
    let project = Project::new("--lib", "hello");
    project.component("build").ok();
    let before = ours(&project);
    let export = "bindings::export!(Component with_types_in bindings);";
    project.replace("src/lib.rs", export, "");
    for line in ["build", "build --release"] {
        project
            .component(line)
            .code(1)
            .says("error: failed to create the component `target/wasm32-wasip1/")
            .says("of the package `hello`")
            .says("hello-world")
            .says(export);
    }
    assert_eq!(ours(&project), before);
    // The linker of wasip2 has its own words, and cargo's exit code.
    let output = project.component("build --target wasm32-wasip2");
    assert_ne!(output.code, 0, "{output}");
    project.write(
        "src/lib.rs",
        format!("{}\n{export}", project.read("src/lib.rs")),
    );
    project.component("build").ok();
    component(&project, HELLO);
}

#[test]
fn a_library_that_is_no_cdylib() {
    let project = Project::new("--lib", "hello");
    project.component("build").ok();
    let before = ours(&project);
    project.replace("Cargo.toml", "[lib]\ncrate-type = [\"cdylib\"]", "");
    for line in ["build", "build --lib", "build --target wasm32-wasip2"] {
        project
            .component(line)
            .code(1)
            .says("is not a `cdylib`, so it cannot become a component")
            .says("add `crate-type = [\"cdylib\"]` under `[lib]`");
    }
    assert_eq!(ours(&project), before);
    // Checks and tests need none.
    project.component("check").ok();
    project.write("tests/t.rs", "#[test] fn t() {}");
    project.component("test --no-run").ok();
}

#[test]
fn a_module_without_a_component_type() {
    let project = Project::new("--lib", "hello");
    project.component("build").ok();
    let before = ours(&project);
    project.write(
        "src/lib.rs",
        "#[unsafe(no_mangle)] pub extern \"C\" fn f() {}\n",
    );
    project
        .component("build")
        .code(1)
        .says("contains no component type, so it cannot implement `component:hello/example`")
        .says("add `mod bindings;` to the crate root");
    assert_eq!(ours(&project), before);
    // Neither does a program that is to implement the world.
    let text = project
        .read("Cargo.toml")
        .replace("[lib]\ncrate-type = [\"cdylib\"]", "");
    project.write("Cargo.toml", text).write("src/main.rs", MAIN);
    fs::remove_file(project.path("src/lib.rs")).unwrap();
    project
        .component("build")
        .code(1)
        .says("contains no component type");
    // An entry of a program is all that the adapter gives.
    project.write(
        "wit/world.wit",
        "package component:hello;\nworld example { export wasi:cli/run@0.2.3; }\n",
    );
    project.write(
        "wit/deps/cli.wit",
        "package wasi:cli@0.2.3;\ninterface run { run: func() -> result; }\n",
    );
    project.component("build").ok();
    component(&project, HELLO);
}

#[test]
fn an_adapter_that_is_none() {
    let project = bare("hello", MAIN);
    project.component("build").ok();
    let before = ours(&project);
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}adapter = \"my.wasm\"\n"));
    project
        .component("build")
        .code(1)
        .says("my.wasm")
        .says("--> Cargo.toml:")
        .says("adapter = \"my.wasm\"")
        .says("correct the `adapter` key in Cargo.toml, or remove it");
    for (bytes, message) in [
        (b"text".to_vec(), "the adapter is not a wasm file"),
        (Vec::new(), "the adapter is not a wasm file"),
        (
            wat::parse_str("(component)").unwrap(),
            "the adapter is a component",
        ),
        (
            wat::parse_str("(module)").unwrap(),
            "failed to create the component",
        ),
    ] {
        project.write("my.wasm", bytes);
        project
            .component("build")
            .code(1)
            .says(message)
            .says("hello");
        assert_eq!(ours(&project), before, "{message}");
    }
    // Without it all is as it was, and nothing has to be encoded.
    project.write("Cargo.toml", manifest);
    project.component("build").ok().silent_on("Creating");
    assert_eq!(ours(&project), before);
}

#[test]
fn code_that_does_not_compile_changes_no_component() {
    let project = Project::new("--lib", "hello");
    project.component("build").ok();
    let before = ours(&project);
    project.replace("src/lib.rs", "Hello, World!\".to_string()", "Hello\"");
    let output = project
        .component("build")
        .code(101)
        .says("mismatched types");
    // Cargo has said all.
    let last = output.stderr.trim_end().lines().last().unwrap();
    assert!(
        last.starts_with("error: could not compile `hello`"),
        "{output}"
    );
    assert_eq!(ours(&project), before);
    project.component("check").code(101);
    project.component("test").code(101);
    project.component("run").code(101);
    assert_eq!(ours(&project), before);
}

#[test]
fn a_manifest_that_changes_during_the_build_counts_in_the_next() {
    let project = bare("hello", MAIN);
    let script = r#"
        fn main() {
            println!("cargo::rerun-if-changed=build.rs");
            let text = std::fs::read_to_string("Cargo.toml").unwrap();
            std::fs::write("Cargo.toml", text.replace("first", "other")).unwrap();
        }"#;
    project
        .write(
            "Cargo.toml",
            crate::observe::manifest("hello", "description = \"first\"\n"),
        )
        .write("build.rs", script);
    let description = || {
        let bytes = project.bytes(HELLO);
        let metadata = wasm_metadata::Payload::from_binary(&bytes).unwrap();
        metadata
            .metadata()
            .description
            .as_ref()
            .unwrap()
            .to_string()
    };
    no_panic(project.component("build").ok());
    assert_eq!(description(), "first");
    no_panic(project.component("build").ok().says("Creating"));
    assert_eq!(description(), "other");
    project.component("build").ok().silent_on("Creating");
    // It becomes something that cannot be read, or goes away.
    let spoils = script.replace("text.replace(\"first\", \"other\")", "\"[package\"");
    project.write("build.rs", spoils);
    let before = project.read("Cargo.toml");
    no_panic(project.component("build"));
    let output = no_panic(project.component("build"));
    assert_ne!(output.code, 0, "{output}");
    output.says("Cargo.toml");
    project.write("Cargo.toml", &before);
    project.write(
        "build.rs",
        "fn main() { let _ = std::fs::remove_file(\"Cargo.toml\"); }",
    );
    no_panic(project.component("build"));
    no_panic(project.component("build"))
        .code(1)
        .says("could not find `Cargo.toml`");
    project
        .write("Cargo.toml", &before)
        .write("build.rs", "fn main() {}");
    project.component("build").ok();
    assert_eq!(description(), "other");
}

#[cfg(target_os = "linux")]
#[test]
fn arguments_and_paths_that_are_not_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let odd = OsStr::from_bytes(b"od\xffd");
    let project = bare("hello", MAIN);
    for option in [
        "-p",
        "--package",
        "--target",
        "--profile",
        "--message-format",
        "--bin",
    ] {
        let mut command = project.command(&format!("build {option}"));
        command.arg(odd);
        let output = no_panic(project.run(command));
        assert_ne!(output.code, 0, "{option}\n{output}");
        output
            .says("is not valid UTF-8")
            .says(option.trim_start_matches('-'));
    }
    let mut command = project.command("");
    command.arg(odd);
    let output = no_panic(project.run(command));
    assert_ne!(output.code, 0, "{output}");
    assert!(!project.has("target"));
    let mut command = project.command("build --features");
    command.arg(odd);
    let output = no_panic(project.run(command));
    assert_ne!(output.code, 0, "{output}");
    // A directory: cargo refuses what it cannot write as JSON.
    let mut command = project.command("build --target-dir");
    command.arg(odd);
    let output = no_panic(project.run(command));
    assert_ne!(output.code, 0, "{output}");
    output.says("error");
    // A whole project.
    let dir = project.root().join(odd);
    fs::create_dir_all(dir.join("src")).unwrap();
    fs::write(dir.join("src/main.rs"), MAIN).unwrap();
    fs::write(
        dir.join("Cargo.toml"),
        crate::observe::manifest("odd", "[workspace]\n"),
    )
    .unwrap();
    for line in ["build", "check", "bindings", "test", "run"] {
        let mut command = project.command(line);
        command.current_dir(&dir);
        let output = no_panic(project.run(command));
        assert_ne!(output.code, 0, "{line}\n{output}");
        output.says("error");
    }
}

#[test]
fn bindings_that_are_read_only() {
    let project = Project::new("--lib", "hello");
    project.component("build").ok();
    let before = ours(&project);
    let path = project.path("src/bindings.rs");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    // As long as nothing has to be written, that is no matter.
    project.component("build").ok();
    project.replace("wit/world.wit", "hello-world", "hello-moon");
    project
        .component("build")
        .code(1)
        .says("error: failed to write `")
        .says("src/bindings.rs")
        .says("writable");
    assert_eq!(ours(&project), before);
}

/// Runs the script in a file system of its own; `None`, said aloud, where the
/// system does not let us have one.
#[cfg(target_os = "linux")]
fn with_own_mounts(project: &Project, script: &str) -> Option<Output> {
    let mut probe = project.clean("unshare");
    probe.args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]);
    if !probe.output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: `unshare -rm mount` is not allowed here, so no disk can be full");
        return None;
    }
    let mut command = project.clean("unshare");
    command.args(["-rm", "sh", "-euc", script]);
    command.env("TOOL", env!("CARGO_BIN_EXE_cargo-component"));
    command.env("REAL_CARGO", on_path("cargo"));
    Some(project.run(command))
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_in_the_middle_of_a_write() {
    let project = bare("hello", MAIN);
    // Our own files are on a small disk, so that cargo has room.
    let script = r#"
        mkdir -p target/cargo-component
        mount -t tmpfs -o size=8m none target/cargo-component
        hello=target/wasm32-wasip1/debug/hello.wasm
        "$TOOL" build
        cp $hello before.wasm
        cp target/cargo-component/components/wasm32-wasip1/debug/hello.wasm kept.wasm
        cat /dev/zero > target/cargo-component/filler 2>/dev/null || true
        echo 'fn main() { println!("changed"); }' > src/main.rs
        code=0
        "$TOOL" build || code=$?
        echo "code $code"
        cmp $hello before.wasm
        cmp target/cargo-component/components/wasm32-wasip1/debug/hello.wasm kept.wasm
        find target/cargo-component target/wasm32-wasip1/debug -maxdepth 5 -name '.cargo-component*'
        rm target/cargo-component/filler
        "$TOOL" build
        ! cmp -s $hello before.wasm
        cp $hello after.wasm
    "#;
    let Some(output) = with_own_mounts(&project, script) else {
        return;
    };
    let output = no_panic(output.ok());
    assert_eq!(output.stdout, "code 1\n", "{output}");
    output
        .says("No space left on device")
        .says("error: failed to write `");
    component(&project, "before.wasm");
    component(&project, "after.wasm");
}

#[cfg(target_os = "linux")]
#[test]
fn bindings_on_a_full_disk_stay_whole() {
    let project = Project::new("--lib", "hello");
    project.component("build").ok();
    let script = r#"
        cp -r src saved
        mount -t tmpfs -o size=1m none src
        cp saved/* src
        cat /dev/zero > src/filler 2>/dev/null || true
        sed -i 's/hello-world/hello-moon/' wit/world.wit
        code=0
        "$TOOL" build || code=$?
        echo "code $code"
        cmp src/bindings.rs saved/bindings.rs
        ls -A src
    "#;
    let Some(output) = with_own_mounts(&project, script) else {
        return;
    };
    let output = no_panic(output.ok());
    assert_eq!(
        output.stdout, "code 1\nbindings.rs\nfiller\nlib.rs\n",
        "{output}"
    );
    output
        .says("No space left on device")
        .says("src/bindings.rs");
    component(&project, HELLO);
}

#[test]
fn a_target_directory_that_cannot_be_written() {
    let project = bare("hello", MAIN);
    project.write("target", "a file");
    let output = no_panic(project.component("build"));
    assert_ne!(output.code, 0, "{output}");
    output.says("error");
    assert_eq!(project.read("target"), "a file");
    fs::remove_file(project.path("target")).unwrap();
    // Only our own directory is in the way.
    project.write("target/cargo-component", "a file");
    let output = no_panic(project.component("build")).code(1);
    output.says("target/cargo-component");
    assert!(is_module(&project, HELLO));
    fs::remove_file(project.path("target/cargo-component")).unwrap();
    project.component("build").ok();
    component(&project, HELLO);
}

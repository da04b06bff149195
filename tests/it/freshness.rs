//! Cargo's freshness is never disturbed, nothing is done twice, and every
//! change is noticed.

mod random_steps;
mod sources;

use std::fs;
use std::process::Stdio;

use crate::observe::{
    HELLO, Tools, bare, component, intermediate, is_module, manifest, on_path, tree,
};
use crate::support::{Output, Project};

const MAIN: &str = "fn main() { println!(\"hello\"); }";

/// Nothing was compiled, generated or encoded.
#[track_caller]
fn did_nothing(output: Output) {
    output
        .ok()
        .silent_on("Compiling")
        .silent_on("Generating")
        .silent_on("Creating");
}

#[test]
fn plain_cargo_and_ours_take_turns() {
    let project = Project::new("--lib", "hello").in_target_dir();
    project
        .component("build")
        .ok()
        .says("    Creating component");
    let made = project.bytes(HELLO);
    let modules = intermediate(&project, "target");
    let [module] = &modules[..] else {
        panic!("{modules:?}")
    };
    let plain = || project.cargo("build --target wasm32-wasip1").ok();
    for _ in 0..2 {
        component(&project, HELLO);
        assert!(is_module(&project, module));
        plain().silent_on("Compiling");
        assert!(is_module(&project, HELLO));
        plain().silent_on("Compiling");
        assert_eq!(project.bytes(HELLO), project.bytes(module));
        did_nothing(project.component("build"));
        assert_eq!(project.bytes(HELLO), made);
        did_nothing(project.component("build"));
        assert_eq!(project.bytes(HELLO), made);
    }
    // Plain cargo may also come first, in a directory of its own.
    let other = "target/other/wasm32-wasip1/debug/hello.wasm";
    project
        .cargo("build --target wasm32-wasip1 --target-dir target/other")
        .ok();
    assert!(is_module(&project, other));
    let output = project.component("build --target-dir target/other").ok();
    output
        .silent_on("Compiling")
        .says("Creating component target/other");
    component(&project, other);
}

#[test]
fn a_build_that_changes_nothing_starts_cargo_once() {
    let project = Project::new("--lib", "hello").in_target_dir();
    let git = |line: &str| {
        let mut command = project.clean("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        command.args(line.split_whitespace());
        project.run(command).ok();
    };
    git("init -q .");
    git("add .");
    git("commit -q -m first");
    let tools = Tools::new();
    let run = |line: &str| project.run(tools.on(project.command(line)));
    run("build").ok();
    let first = tools.started();
    assert!(
        first.iter().any(|l| l.starts_with("cargo metadata")),
        "{first:?}"
    );
    assert!(
        first.iter().any(|l| l.starts_with("git rev-parse")),
        "{first:?}"
    );
    for line in ["build", "build", "build --workspace", "build --lib"] {
        did_nothing(run(line));
        let started = tools.started();
        assert_eq!(started.len(), 1, "{line}: {started:#?}");
        assert!(started[0].starts_with("cargo build"), "{started:?}");
    }
    // After a change of code nothing else is asked: neither what the workspace is, nor where
    // the toolchain is.
    project.replace("src/lib.rs", "Hello, World!", "Hello, you!");
    run("build").ok().says("Creating component");
    let started = tools.started();
    let cargo = started.iter().filter(|line| line.starts_with("cargo "));
    assert_eq!(cargo.count(), 1, "{started:#?}");
    let sysroot = |line: &String| line.contains("--print sysroot");
    assert!(!started.iter().any(sysroot), "{started:#?}");
    // Checks do not look again either.
    run("check").ok();
    tools.started();
    run("check").ok();
    let started = tools.started();
    assert_eq!(started, ["cargo check --target wasm32-wasip1"]);
}

#[test]
fn a_build_that_changes_nothing_reads_no_wit() {
    let project = Project::new("--lib", "hello").in_target_dir();
    project.component("build").ok();
    // What would not parse goes unseen as long as its file looks untouched.
    let path = project.path("wit/world.wit");
    let meta = fs::metadata(&path).unwrap();
    let junk = "x".repeat(usize::try_from(meta.len()).unwrap());
    let set = |text: &str| {
        fs::write(&path, text).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(meta.modified().unwrap()).unwrap();
    };
    let text = project.read("wit/world.wit");
    set(&junk);
    did_nothing(project.component("build"));
    set(&text);
    did_nothing(project.component("build"));
    fs::write(&path, junk).unwrap();
    project.component("build").code(1).says("wit/world.wit:1:1");
}

#[test]
fn a_check_of_wrong_code_keeps_what_is_known_of_the_wit() {
    let project = Project::new("--lib", "hello").in_target_dir();
    project.write("src/lib.rs", "mod bindings;\nfn wrong() -> u32 { \"\" }\n");
    // The first makes Cargo.lock, which decides too.
    project.component("check").code(101);
    project.component("check").code(101);
    let path = project.path("wit/world.wit");
    let meta = fs::metadata(&path).unwrap();
    fs::write(&path, "x".repeat(usize::try_from(meta.len()).unwrap())).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(meta.modified().unwrap()).unwrap();
    project.component("check").code(101).silent_on("world.wit");
}

#[test]
fn what_changes_while_it_is_read_is_read_again() {
    let project = Project::new("--lib", "hello").in_target_dir();
    project
        .cargo("generate-lockfile --offline")
        .ok()
        .silent_on("warning");
    // A program that the tool starts in the middle changes a file that was read.
    let tools = Tools::new();
    let after = |program: &str, first: &str, new: &str, old: &str| {
        let real = on_path(program);
        tools.script(
            program,
            &format!(
                "'{}' \"$@\"\ncode=$?\n[ \"$1\" = {first} ] && [ -e {new} ] && cp {new} {old} && rm {new}\nexit $code",
                real.display()
            ),
        );
    };
    let build = || project.run(tools.on(project.command("build"))).ok();
    let git = project.clean("git");
    let init = |mut git: std::process::Command| drop(git.args(["init", "-q", "."]).output());
    init(git);
    let world = project.read("wit/world.wit");
    project.write(
        "new",
        world.replace("export ", "/// Said of it.\n    export "),
    );
    after("git", "rev-parse", "new", "wit/world.wit");
    build();
    assert!(!project.has("new"));
    assert!(!project.read("src/bindings.rs").contains("Said of it."));
    build().says("Generating bindings for hello");
    assert!(project.read("src/bindings.rs").contains("Said of it."));
    did_nothing(build());

    let manifest = project.read("Cargo.toml");
    project
        .write(
            "new",
            manifest.replace("edition", "description = \"Said of it.\"\nedition"),
        )
        .write("Cargo.toml", format!("{manifest}\n# more\n"));
    after("cargo", "metadata", "new", "Cargo.toml");
    build();
    assert!(!project.has("new"));
    build();
    let made = wasm_metadata::Payload::from_binary(&project.bytes(HELLO)).unwrap();
    let description = made.metadata().description.as_ref().unwrap().to_string();
    assert_eq!(description, "Said of it.");
    did_nothing(build());
}

#[test]
fn a_build_of_one_member_says_nothing_of_the_others() {
    let project = Project::empty().in_target_dir();
    for name in ["one", "two"] {
        project
            .component(&format!("new --vcs none --lib {name}"))
            .ok();
    }
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n",
    );
    project.component("build --workspace").ok();
    // The locked runtime crate decides about the bindings of both.
    let lock = project.read("Cargo.lock");
    project.write("Cargo.lock", format!("{lock}\n# more\n"));
    project.component("build -p one").ok();
    let path = project.path("two/wit/world.wit");
    let meta = fs::metadata(&path).unwrap();
    fs::write(&path, "x".repeat(usize::try_from(meta.len()).unwrap())).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(meta.modified().unwrap()).unwrap();
    project
        .component("build -p two")
        .code(1)
        .says("two/wit/world.wit:1:1");
}

#[test]
fn bindings_of_the_same_wit_are_not_generated_again() {
    let project = Project::new("--lib", "hello").in_target_dir();
    project.component("build").ok();
    // What is in the file tells whether it was written: as long as it looks
    // untouched, nothing else would.
    let path = project.path("src/bindings.rs");
    let text = project.read("src/bindings.rs");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let other = text.replacen("// Generated", "// generated", 1);
    fs::write(&path, &other).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    // A manifest that changed says nothing new of the world.
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}\n# more\n"));
    project.component("bindings").ok();
    assert_eq!(project.read("src/bindings.rs"), other);
    // A setting does, and so does WIT.
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[package.metadata.component.bindings]\nraw_strings = true\n"),
    );
    project.component("bindings").ok();
    assert!(project.read("src/bindings.rs").contains("raw_strings"));
    let wit = project.read("wit/world.wit");
    project.write("wit/world.wit", format!("{wit}\ninterface more {{}}\n"));
    project.replace("wit/world.wit", "export ", "/// Said of it.\n    export ");
    project.component("bindings").ok();
    assert!(project.read("src/bindings.rs").contains("Said of it."));
}

#[test]
fn every_change_is_noticed_and_made_once() {
    let project = Project::new("--lib", "hello").in_target_dir();
    let creates = |why: &str| {
        let output = project.component("build").ok();
        let times = output.stderr.matches("Creating").count();
        assert_eq!(times, 1, "{why}\n{output}");
        did_nothing(project.component("build"));
        output
    };
    creates("the first build");
    // The crate's source.
    project.replace("src/lib.rs", "Hello, World!", "Hello, you!");
    let output = creates("src/lib.rs");
    assert_eq!(output.stderr.matches("Compiling").count(), 1, "{output}");
    // A new time without a new result.
    let text = project.read("src/lib.rs");
    project.write("src/lib.rs", text);
    let output = project.component("build").ok().silent_on("Creating");
    assert_eq!(output.stderr.matches("Compiling").count(), 1, "{output}");
    // WIT, in a file known and in a new one.
    let world = "export hello-world: func() -> string;";
    project.replace(
        "wit/world.wit",
        world,
        &format!("{world}\n    import other;"),
    );
    project.write(
        "wit/other.wit",
        "package component:hello;\ninterface other { f: func(); }\n",
    );
    creates("wit").says("Generating bindings for hello");
    project.write(
        "wit/other.wit",
        "package component:hello;\ninterface other { g: func(); }\n",
    );
    creates("wit/other.wit").says("Generating bindings for hello");
    // Cargo.toml.
    project.replace("Cargo.toml", "edition", "description = \"one\"\nedition");
    creates("description");
    project.replace("Cargo.toml", "\"one\"", "\"two\"");
    creates("description of the same length");
    // The adapter.
    let provider = |bytes: &[u8]| project.write("adapter.wasm", bytes).read("Cargo.toml");
    provider(wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER);
    let section = "[package.metadata.component]";
    project.replace(
        "Cargo.toml",
        section,
        &format!("{section}\nadapter = \"adapter.wasm\""),
    );
    creates("adapter");
    provider(wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER);
    creates("the adapter's file");
    // Bindings somebody spoilt.
    let bindings = project.read("src/bindings.rs");
    project.write("src/bindings.rs", "");
    let output = project.component("build").ok();
    output.says("Generating bindings for hello");
    assert_eq!(project.read("src/bindings.rs"), bindings);
    did_nothing(project.component("build"));
    // Cargo's configuration.
    project.write(
        ".cargo/config.toml",
        "[build]\ntarget = \"wasm32-wasip2\"\n",
    );
    creates("build.target").says("target/wasm32-wasip2/debug/hello.wasm");
    project.write(
        ".cargo/config.toml",
        "[build]\ntarget-dir = \"elsewhere\"\n",
    );
    creates("build.target-dir").says("elsewhere/wasm32-wasip1/debug/hello.wasm");
}

#[test]
fn a_new_member_is_noticed() {
    let project = Project::empty().in_target_dir();
    let member = |name: &str| {
        project
            .write(
                &format!("{name}/Cargo.toml"),
                manifest(name.rsplit('/').next().unwrap(), ""),
            )
            .write(&format!("{name}/src/main.rs"), MAIN);
    };
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\", \"more/*/inner\"]\n",
    );
    member("more/w/inner");
    project.replace("more/w/inner/Cargo.toml", "\"inner\"", "\"outer\"");
    member("crates/one");
    project.component("build").ok().says("debug/one.wasm");
    did_nothing(project.component("build"));
    member("crates/two");
    project.component("build").ok().says("debug/two.wasm");
    did_nothing(project.component("build"));
    member("more/x/inner");
    project.component("build").ok().says("debug/inner.wasm");
    // A directory without a manifest, which cargo does not take.
    fs::create_dir_all(project.path("crates/three")).unwrap();
    project
        .component("build")
        .code(1)
        .says("crates/three/Cargo.toml");
    member("crates/three");
    project.component("build").ok().says("debug/three.wasm");
    // A program beside another.
    project.write("crates/one/src/bin/second.rs", MAIN);
    project.component("build").ok().says("debug/second.wasm");
    fs::remove_dir_all(project.path("crates/two")).unwrap();
    did_nothing(project.component("build"));
}

#[test]
fn what_is_kept_and_damaged_is_made_again() {
    let project = bare("hello", MAIN).in_target_dir();
    project.component("build").ok();
    let made = project.bytes(HELLO);
    let kept = "target/cargo-component/components/wasm32-wasip1/debug/hello.wasm";
    assert_eq!(project.bytes(kept), made);
    let state = project.path("target/cargo-component");
    for file in tree(&state) {
        if file.extension().is_some_and(|e| e == "lock") {
            continue;
        }
        for damage in [&b""[..], b"{}", b"\xff\xfe", b"[1, 2"] {
            let path = format!("target/cargo-component/{}", file.display());
            fs::remove_file(project.path(&path)).unwrap();
            project.write(&path, damage);
            project.component("build").ok();
            assert_eq!(project.bytes(HELLO), made, "{path}, {damage:?}");
            did_nothing(project.component("build"));
        }
        fs::remove_file(state.join(&file)).unwrap();
        project.component("build").ok();
        assert_eq!(project.bytes(HELLO), made, "{file:?}");
    }
    // The file at cargo's path is one with the one that is kept.
    project.write(HELLO, "spoilt in place");
    project.component("build").ok().says("Creating");
    assert_eq!(project.bytes(HELLO), made);
    fs::remove_file(project.path(HELLO)).unwrap();
    did_nothing(project.component("build"));
    assert_eq!(project.bytes(HELLO), made);
}

#[test]
fn after_clean_all_is_built_again() {
    let project = bare("hello", MAIN).in_target_dir();
    project.component("build").ok();
    project.component("clean").ok();
    assert!(!project.has("target"));
    project
        .component("build")
        .ok()
        .says("Compiling")
        .says("Creating");
    component(&project, HELLO);
    assert!(project.has("target/CACHEDIR.TAG"));
    project
        .component("clean -p hello --target wasm32-wasip1")
        .ok();
    project.component("build").ok().says("Compiling");
    component(&project, HELLO);
}

#[test]
fn profiles_and_target_directories_are_apart() {
    let project = bare("hello", MAIN).in_target_dir();
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[profile.small]\ninherits = \"release\"\nopt-level = \"s\"\n"),
    );
    for (line, variable, path) in [
        ("build", "", "target/wasm32-wasip1/debug"),
        ("build --release", "", "target/wasm32-wasip1/release"),
        ("build -r", "", "target/wasm32-wasip1/release"),
        ("build --profile small", "", "target/wasm32-wasip1/small"),
        ("build --profile=dev", "", "target/wasm32-wasip1/debug"),
        (
            "build --target-dir flag",
            "CARGO_TARGET_DIR",
            "flag/wasm32-wasip1/debug",
        ),
        ("build", "CARGO_TARGET_DIR", "variable/wasm32-wasip1/debug"),
        (
            "build",
            "CARGO_BUILD_TARGET_DIR",
            "variable/wasm32-wasip1/debug",
        ),
        (
            "build --config 'build.target-dir=\"conf\"'",
            "",
            "conf/wasm32-wasip1/debug",
        ),
    ] {
        let command = || {
            let mut command = project.command(line);
            if !variable.is_empty() {
                command.env(variable, "variable");
            }
            command
        };
        project.run(command()).ok();
        let file = format!("{path}/hello.wasm");
        component(&project, &file);
        did_nothing(project.run(command()));
        component(&project, &file);
    }
}

#[test]
fn a_build_directory_of_its_own_has_all_but_the_results() {
    let project = bare("hello", MAIN).in_target_dir();
    project.write(".cargo/config.toml", "[build]\nbuild-dir = \"between\"\n");
    let build = || project.component("build");
    build().ok().says("Creating component target/wasm32-wasip1");
    let modules = intermediate(&project, "between");
    let [module] = &modules[..] else {
        panic!("{modules:?}")
    };
    assert!(is_module(&project, module));
    let made = project.bytes(HELLO);
    component(&project, HELLO);
    did_nothing(build());
    // Plain cargo takes its own result, and ours is put back.
    project.cargo("build --target wasm32-wasip1").ok();
    assert_eq!(project.bytes(HELLO), project.bytes(module));
    did_nothing(build());
    assert_eq!(project.bytes(HELLO), made);
    project.write("src/main.rs", MAIN.replace("hello", "changed"));
    project
        .component("run")
        .ok()
        .says("Compiling")
        .prints("changed");
    project
        .component("test")
        .ok()
        .says("(target/cargo-component/components/wasm32-wasip1/debug/")
        .prints("running 0 tests");
    project.component("clean").ok();
    assert!(!project.has(module));
    assert!(!project.has("target"));
}

#[test]
fn files_of_cargo_stay_its_own_wherever_it_has_them() {
    // Cargo 1.100 has them in a directory for each package, earlier ones if they are asked.
    for new_layout in ["false", "true"] {
        let project = bare("hello", "pub fn hello() {}").in_target_dir();
        project.replace("Cargo.toml", "\"cdylib\"", "\"cdylib\", \"rlib\"");
        project.write("examples/show.rs", "fn main() { hello::hello() }");
        project.write("tests/whole.rs", "#[test] fn whole() { hello::hello() }");
        project.write(".cargo/config.toml", "[build]\nbuild-dir = \"between\"\n");
        let run = |line: &str| {
            let mut command = project.command(line);
            command.env("RUSTC_BOOTSTRAP", "1");
            command.env("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", new_layout);
            project.run(command).ok()
        };
        let created = run("build --example show").stderr;
        assert_eq!(
            created.matches("Creating component").count(),
            1,
            "{created}"
        );
        component(&project, "target/wasm32-wasip1/debug/examples/show.wasm");
        run("test").prints("test whole ... ok");
        run("build");
        component(&project, HELLO);
        let modules = intermediate(&project, "between");
        assert!(modules.len() >= 3, "{modules:?}");
        for module in &modules {
            assert!(is_module(&project, module), "{module}");
        }
    }
}

#[test]
fn two_builds_at_once_both_succeed() {
    let project = bare("hello", MAIN).in_target_dir();
    for round in 0..4 {
        project.write(
            "src/main.rs",
            format!("fn main() {{ println!(\"{round}\"); }}"),
        );
        let start = || {
            let mut command = project.command("build");
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let children = [start(), start(), start()];
        for child in children {
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{text}");
        }
        component(&project, HELLO);
        let metadata = wasm_metadata::Payload::from_binary(&project.bytes(HELLO)).unwrap();
        let producers = metadata.metadata().producers.as_ref().unwrap();
        let tools = producers.get("processed-by").unwrap();
        assert_eq!(
            tools.get("cargo-component").unwrap(),
            env!("CARGO_PKG_VERSION")
        );
        did_nothing(project.component("build"));
        project.component("run").ok().prints(&format!("{round}\n"));
    }
}

#[test]
fn examples_lie_at_cargos_path_and_tests_aside() {
    let project = Project::new("--lib", "hello").in_target_dir();
    project
        .replace("Cargo.toml", "[\"cdylib\"]", "[\"cdylib\", \"rlib\"]")
        .write("examples/show.rs", MAIN)
        .write("tests/outside.rs", "#[test] fn works() {}")
        .write("benches/fast.rs", MAIN);
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[[bench]]\nname = \"fast\"\nharness = false\n"),
    );
    let example = "target/wasm32-wasip1/debug/examples/show.wasm";
    project.component("build --examples").ok();
    let surface = component(&project, example);
    assert!(
        surface
            .exports
            .iter()
            .any(|e| e.starts_with("wasi:cli/run@"))
    );
    project
        .cargo("build --examples --target wasm32-wasip1")
        .ok()
        .silent_on("Compiling");
    assert!(is_module(&project, example));
    did_nothing(project.component("build --examples"));
    component(&project, example);

    for line in [
        "build --tests",
        "test --no-run",
        "build --benches",
        "bench --no-run",
    ] {
        project.component(line).ok();
        let plain = line.replace("component ", "");
        project
            .cargo(&format!("{plain} --target wasm32-wasip1"))
            .ok()
            .silent_on("Compiling");
        did_nothing(project.component(line));
    }
    let aside = "target/cargo-component/components";
    let components: Vec<_> = tree(&project.path(aside))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == "wasm"))
        .map(|file| format!("{aside}/{}", file.to_str().unwrap()))
        .collect();
    let modules = intermediate(&project, "target");
    for prefix in ["outside-", "hello-", "fast-"] {
        let named = |path: &&String| path.rsplit('/').next().unwrap().starts_with(prefix);
        let executables: Vec<_> = modules.iter().filter(named).collect();
        assert!(!executables.is_empty(), "{prefix}");
        for path in executables {
            assert!(is_module(&project, path));
        }
        let components: Vec<_> = components.iter().filter(named).collect();
        assert!(!components.is_empty(), "{prefix}");
        for path in components {
            component(&project, path);
        }
    }
    project.component("build --all-targets").ok();
    component(&project, HELLO);
    component(&project, example);
    did_nothing(project.component("build --all-targets"));
}

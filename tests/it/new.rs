//! Projects that `new` makes and crates that `init` takes in.

use crate::authoring::{copy, library, share_target, snapshot, wasi_0_2, wasi_0_3};
use crate::serve::Server;
use crate::support::Project;

/// The names of all files, without those of a repository.
fn files(project: &Project) -> Vec<String> {
    let root = project.root();
    let names = snapshot(project).into_iter().map(|(path, _)| {
        let path = path.strip_prefix(root).unwrap();
        path.display().to_string().replace('\\', "/")
    });
    names.filter(|name| !name.starts_with(".git/")).collect()
}

/// Plain cargo serves what was made.
fn builds_plainly(project: &Project) {
    share_target(project);
    project.cargo("check").ok().silent_on("warning");
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        let line = format!("build --target {target}");
        project.cargo(&line).ok().silent_on("warning");
    }
}

const DEPENDENCIES: &str = "[dependencies]
wit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\", \"std\", \"bitflags\"] }
";

#[test]
fn a_new_command_is_as_documented_and_builds_with_plain_cargo() {
    let project = Project::new("", "new-command");
    assert_eq!(files(&project), ["Cargo.toml", "src/main.rs"]);
    assert_eq!(
        project.read("Cargo.toml"),
        format!(
            "[package]\nname = \"new-command\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{DEPENDENCIES}\n\
             [package.metadata.component]\npackage = \"component:new-command\"\n\n\
             [package.metadata.component.dependencies]\n"
        )
    );
    builds_plainly(&project);
    // Nothing in it needs the tool to be told apart from a program.
    assert_eq!(project.cargo("run").ok().stdout, "Hello, world!\n");
}

#[test]
fn a_new_library_is_as_documented_and_builds_with_plain_cargo() {
    let project = Project::new("--lib", "new-library");
    assert_eq!(
        files(&project),
        [
            "Cargo.toml",
            "src/bindings.rs",
            "src/lib.rs",
            "wit/world.wit"
        ]
    );
    assert_eq!(
        project.read("Cargo.toml"),
        format!(
            "[package]\nname = \"new-library\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\n{DEPENDENCIES}\n\
             [package.metadata.component]\npackage = \"component:new-library\"\n\n\
             [package.metadata.component.dependencies]\n"
        )
    );
    let wit = project.read("wit/world.wit");
    assert!(wit.starts_with("package component:new-library;\n"), "{wit}");
    assert!(
        wit.contains("export hello-world: func() -> string;"),
        "{wit}"
    );
    builds_plainly(&project);
    // The runtime crate is light.
    let lock = project.read("Cargo.lock");
    for heavy in ["wit-parser", "syn", "wit-bindgen-rust"] {
        assert!(!lock.contains(&format!("name = \"{heavy}\"")), "{heavy}");
    }
    // What `new` made is up to date, and formatted as cargo wants it.
    project.component("bindings --check").ok();
    project.cargo("fmt --check").ok();
}

#[test]
fn both_names_of_a_kind_are_understood() {
    for (args, library) in [
        ("--bin", false),
        ("--command", false),
        ("--lib", true),
        ("--reactor", true),
    ] {
        let project = Project::new(args, "kind");
        assert_eq!(project.has("src/lib.rs"), library, "{args}");
        assert_eq!(project.has("src/main.rs"), !library, "{args}");
    }
    Project::empty()
        .component("new --bin --lib kind")
        .code(2)
        .says("cannot be used with");
}

#[test]
fn names_namespaces_editions_and_the_proxy_are_taken() {
    let project = Project::empty();
    project
        .component(
            "new --vcs none --lib --proxy --name other_name --namespace my-org --edition 2021 dir",
        )
        .ok();
    let manifest = project.read("dir/Cargo.toml");
    for text in [
        "name = \"other_name\"",
        "edition = \"2021\"",
        "package = \"my-org:other-name\"",
        "proxy = true",
    ] {
        assert!(manifest.contains(text), "{text}: {manifest}");
    }
    assert!(
        project
            .read("dir/wit/world.wit")
            .starts_with("package my-org:other-name;")
    );
    // A path of several names, and the edition 2018.
    project
        .component("new --vcs none --lib --edition 2018 a/b/deep")
        .ok();
    assert!(
        project
            .read("a/b/deep/Cargo.toml")
            .contains("package = \"component:deep\"")
    );
    let edition_2015 = project
        .component("new --vcs none --lib --edition 2015 old")
        .code(2);
    edition_2015
        .says("edition 2015")
        .says("use edition 2018 or later");
    assert!(!project.has("old"));
}

#[test]
fn version_control_is_as_cargo_has_it() {
    let project = Project::empty();
    project.component("new --vcs none without").ok();
    assert!(!project.has("without/.gitignore") && !project.has("without/.git"));
    project.component("new --vcs git with").ok();
    assert!(project.has("with/.gitignore") && project.has("with/.git"));
    // Without the option cargo decides: it makes a repository here.
    project.component("new by-cargo").ok();
    assert!(project.has("by-cargo/.git"));
    // The bindings belong into the repository.
    assert_eq!(project.read("with/.gitignore"), "/target\n");
    project
        .component("new --vcs cvs bad")
        .code(2)
        .says("invalid value 'cvs'");
}

#[test]
fn editors_are_configured_when_asked() {
    for (editor, file) in [
        ("vscode", ".vscode/settings.json"),
        ("emacs", ".dir-locals.el"),
    ] {
        let project = Project::new(&format!("--editor {editor}"), "edited");
        let text = project.read(file);
        assert!(
            text.contains("component") && text.contains("--message-format=json"),
            "{text}"
        );
        if editor == "vscode" {
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["rust-analyzer.check.overrideCommand"][1], "component");
        }
    }
    assert_eq!(
        files(&Project::new("--editor none", "edited")),
        ["Cargo.toml", "src/main.rs"]
    );
}

#[test]
fn words_of_wit_and_of_rust_make_names() {
    let project = Project::empty();
    for name in [
        "interface",
        "world",
        "string",
        "resource",
        "async-thing",
        "map",
        "include",
        "list",
    ] {
        let output = project.component(&format!("new --vcs none --lib --namespace package {name}"));
        output.ok();
        project
            .component(&format!(
                "bindings --check --manifest-path {name}/Cargo.toml"
            ))
            .ok();
    }
    // Cargo's own rules for names stand.
    project
        .component("new --vcs none --lib fn")
        .code(101)
        .says("keyword");
    assert!(!project.has("fn"));
}

#[test]
fn bad_names_are_refused_before_anything_is_written() {
    let project = Project::empty();
    for (line, said) in [
        (
            "--name 123 x",
            "component name `123` is not a legal WIT identifier",
        ),
        (
            "--namespace 1a x",
            "component namespace `1a` is not a legal WIT identifier",
        ),
        (
            "--namespace '' x",
            "component namespace `` is not a legal WIT identifier",
        ),
        ("'ünï'", "is not a legal WIT identifier"),
        (
            "9lives",
            "component name `9lives` is not a legal WIT identifier",
        ),
        ("--lib --target nowhere x", "target `nowhere` was not found"),
        (
            "--lib --target a:b/c@1.0.0 x",
            "no registry configured for namespace \"a\"",
        ),
        (
            "--lib --target a:b/c@first x",
            "invalid target version `first`",
        ),
        (
            "--lib --target a:b/@1.0.0 x",
            "invalid target world name ``",
        ),
    ] {
        let output = project.component(&format!("new --vcs none {line}"));
        assert_ne!(output.code, 0, "{output}");
        assert!(
            output.stderr.contains(said) && output.stderr.contains("help: "),
            "{said}: {output}"
        );
        assert!(snapshot(&project).is_empty(), "{line}");
    }
    project
        .component("new --target wit x")
        .code(2)
        .says("--lib");
    project.component("new --proxy x").code(2).says("--lib");
    project.component("new").code(2).says("<PATH>");
    assert!(snapshot(&project).is_empty());
}

#[test]
fn an_existing_directory_is_left_alone() {
    let project = Project::empty();
    project.write("there/file.txt", "mine");
    let before = snapshot(&project);
    project
        .component("new --lib there")
        .code(101)
        .says("already exists")
        .says("note: `cargo component init there`");
    assert!(before == snapshot(&project));
}

#[test]
fn a_quiet_start_is_quiet_and_a_verbose_one_is_not() {
    let project = Project::empty();
    assert_eq!(
        project
            .component("new -q --vcs none --lib quiet")
            .ok()
            .stderr,
        ""
    );
    let said = project.component("new --vcs none --lib loud").ok();
    said.says("Generated source file `src/lib.rs`")
        .says("Updated manifest of package `loud`");
}

#[test]
fn a_scaffold_for_a_world_of_wasi_compiles_as_it_is() {
    for (name, dir, world) in [
        ("scaffold-command", wasi_0_2(), "wasi:cli/command@0.2.12"),
        ("scaffold-proxy", wasi_0_2(), "wasi:http/proxy@0.2.12"),
        ("scaffold-service", wasi_0_3(), "wasi:http/service@0.3.2"),
    ] {
        let mut project = Project::empty();
        copy(&dir, &project.path("wit/deps"));
        project.write(
            "wit/a.wit",
            format!("package a:b;\nworld other {{ }}\nworld chosen {{ include {world}; }}\n"),
        );
        project
            .component(&format!("new --vcs none --lib --target wit/chosen {name}"))
            .ok()
            .says("for target `wit/chosen`");
        let manifest = project.read(&format!("{name}/Cargo.toml"));
        assert!(
            manifest.contains("path = \"../wit\"") && manifest.contains("world = \"chosen\""),
            "{manifest}"
        );
        let source = project.read(&format!("{name}/src/lib.rs"));
        assert!(source.contains("unimplemented!()"), "{source}");
        assert!(!project.has(&format!("{name}/wit")));
        project.enter(name);
        share_target(&project);
        project.cargo("fmt --check").ok();
        project
            .cargo("build --target wasm32-wasip2")
            .ok()
            .silent_on("warning");
        project.component("build").ok().silent_on("warning");
    }
}

const RESOURCES: &str = "package a:b;
interface shop {
    resource basket {
        constructor(owner: string);
        add: func(what: borrow<basket>, count: option<u32>) -> result<u32, string>;
        open: static func() -> basket;
        one: func() -> tuple<u32>;
    }
    variant answer { yes, no(string) }
    ask: func(of: basket) -> answer;
}
world w {
    export shop;
    export %type: func(%gen: u32) -> tuple<string>;
}
";

#[test]
fn a_scaffold_implements_resources_and_is_left_unformatted_when_asked() {
    let mut project = Project::empty();
    project.write("one.wit", RESOURCES);
    project
        .component("new --vcs none --lib -t one.wit scaffold-formatted")
        .ok();
    project
        .component("new --vcs none --lib -t one.wit --no-rustfmt scaffold-plain")
        .ok();
    let (formatted, plain) = (
        project.read("scaffold-formatted/src/lib.rs"),
        project.read("scaffold-plain/src/lib.rs"),
    );
    assert_ne!(formatted, plain);
    assert!(formatted.contains("fn ask("), "{formatted}");
    project.enter("scaffold-plain");
    builds_plainly(&project);
}

#[test]
fn a_target_that_leaves_open_which_world_is_refused() {
    let project = Project::empty();
    project.write("wit/a.wit", "package a:b;\nworld one { }\nworld two { }\n");
    let before = snapshot(&project);
    project
        .component("new --lib --target wit x")
        .code(1)
        .says("one, two");
    project
        .component("new --lib --target wit/tow x")
        .code(1)
        .says("the world `tow` does not exist");
    assert!(before == snapshot(&project));
    // A world that needs what is not there shows when the bindings are made.
    project.write("wit/a.wit", "package a:b;\nworld one { import c:d/e; }\n");
    let output = project
        .component("new --vcs none --lib --target wit x")
        .code(1);
    output.says("wit/a.wit:2:").says("help: ");
}

#[test]
fn init_takes_in_an_existing_library_and_loses_nothing() {
    let project = Project::empty();
    let manifest = "# Mine.\n[package]\nname = \"kept\" # the name\nversion = \"3.2.1\"\nedition = \"2021\"\ndescription = \"old\"\n\n[features]\nextra = []\n\n[dependencies]\n\n[profile.release]\nlto = true\n";
    let source = "//! Mine.\n\npub fn used() -> u32 { 4 }\n";
    project
        .write("Cargo.toml", manifest)
        .write("src/lib.rs", source)
        .write(
            "tests/uses.rs",
            "#[test]\nfn it_is_used() { assert_eq!(kept::used(), 4); }\n",
        )
        .write("notes.txt", "notes");
    project
        .component("init")
        .ok()
        .says("`src/lib.rs` was not changed")
        .says("mod bindings;");
    assert_eq!(project.read("src/lib.rs"), source);
    assert_eq!(project.read("notes.txt"), "notes");
    let edited = project.read("Cargo.toml");
    for line in manifest.lines() {
        assert!(edited.contains(line), "{line}: {edited}");
    }
    for text in [
        "package = \"component:kept\"",
        "crate-type = [\"cdylib\", \"rlib\"]",
        "wit-bindgen = ",
    ] {
        assert!(edited.contains(text), "{text}: {edited}");
    }
    assert!(project.has("wit/world.wit") && project.has("src/bindings.rs"));
    // Others can still use it.
    share_target(&project);
    project.cargo("test").ok().prints("it_is_used ... ok");
    // Once more, nothing changes.
    let before = snapshot(&project);
    project.component("init").ok();
    let changed: Vec<_> = snapshot(&project)
        .into_iter()
        .filter(|file| !before.contains(file))
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn init_keeps_wit_tables_and_programs_that_are_there() {
    let project = library(
        "has-wit",
        "[package.metadata.component]\npackage = \"mine:thing\"\ntarget = { world = \"second\" }\n",
    );
    let wit = "package mine:thing;\nworld first { }\nworld second { export f: func(); }\n";
    let source = "pub fn f() {}\n";
    project.write("wit/a.wit", wit).write("src/lib.rs", source);
    project.component("init --lib --namespace other").ok();
    assert_eq!(project.read("wit/a.wit"), wit);
    assert_eq!(project.read("src/lib.rs"), source);
    let manifest = project.read("Cargo.toml");
    assert!(
        manifest.contains("package = \"mine:thing\"") && manifest.contains("world = \"second\""),
        "{manifest}"
    );
    assert!(project.read("src/bindings.rs").contains("second"));

    let project = Project::empty();
    project.cargo("init --vcs none --name program").ok();
    let main = "fn main() { println!(\"mine\"); }\n";
    project.write("src/main.rs", main);
    project.component("init").ok();
    assert_eq!(project.read("src/main.rs"), main);
    share_target(&project);
    project.component("run").ok().prints("mine");
}

#[test]
fn init_starts_a_crate_where_there_is_none() {
    let project = Project::empty();
    project.write("README", "kept");
    project
        .component("init --vcs none --lib --name started")
        .ok();
    assert_eq!(project.read("README"), "kept");
    share_target(&project);
    project
        .component("run --invoke 'hello-world()'")
        .ok()
        .prints("Hello, World!");
    // A workspace is not a crate.
    let project = Project::empty();
    project.write("Cargo.toml", "[workspace]\nmembers = []\n");
    let before = snapshot(&project);
    project
        .component("init")
        .code(1)
        .says("is a workspace without a package");
    assert!(before == snapshot(&project));
    // A manifest that cannot be read stays.
    project.write("Cargo.toml", "[package\n");
    let before = snapshot(&project);
    project.component("init").code(1).says("Cargo.toml:1:");
    assert!(before == snapshot(&project));
}

#[test]
fn init_goes_on_once_wit_is_right() {
    let project = Project::empty();
    project.write("wit/a.wit", "package a:b;\nworld w { export f: fun(); }\n");
    project
        .component("init --vcs none --lib --name later")
        .code(1)
        .says("wit/a.wit:2:")
        .says("run `cargo component init");
    assert!(!project.has("src/bindings.rs"));
    project.write("wit/a.wit", "package a:b;\nworld w { export f: func(); }\n");
    project.component("init --lib").ok();
    assert!(project.read("src/lib.rs").contains("unimplemented!()"));
    share_target(&project);
    project.cargo("build --target wasm32-wasip2").ok();
}

#[test]
fn new_in_a_workspace_becomes_a_member_with_what_it_shares() {
    let mut project = Project::empty();
    project
        .write("Cargo.toml", "[workspace]\nmembers = [\"host\"]\nresolver = \"3\"\n\n[workspace.package]\nedition = \"2021\"\nversion = \"1.2.3\"\n\n[workspace.lints.rust]\nunused = \"deny\"\n")
        .write("host/Cargo.toml", "[package]\nname = \"host\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .write("host/src/lib.rs", "")
        .write("wit/a.wit", "package a:b;\nworld w { export f: func(of: u32) -> u32; }\n");
    project.component("new --vcs none --lib new-member").ok();
    project
        .component("new --vcs none --lib -t wit new-target")
        .ok();
    project.component("new --vcs none new-program").ok();
    let root = project.read("Cargo.toml");
    for member in ["new-member", "new-target", "new-program"] {
        assert!(root.contains(member), "{root}");
        let manifest = project.read(&format!("{member}/Cargo.toml"));
        assert!(manifest.contains("edition.workspace = true"), "{manifest}");
    }
    share_target(&project);
    project.cargo("check --workspace").ok();
    project.component("build --workspace").ok();
    project.enter("new-target");
    assert!(
        project.read("src/lib.rs").contains("fn f(_of: u32) -> u32")
            || project.read("src/lib.rs").contains("fn f(of: u32) -> u32")
    );
}

#[test]
fn options_of_0_21_1_that_mean_nothing_here_are_accepted() {
    let project = Project::empty();
    project
        .component("new --vcs none --registry somewhere accepted")
        .ok();
    assert!(project.has("accepted/src/main.rs"));
}

#[test]
fn a_new_http_service_serves_at_once() {
    for (option, name, packages) in [("--http", "web-two", 5), ("--http=0.3", "web-three", 4)] {
        let project = Project::new(option, name);
        let names = files(&project);
        let deps = names.iter().filter(|name| name.starts_with("wit/deps/"));
        assert_eq!(deps.count(), packages, "{names:?}");
        share_target(&project);
        project
            .component("build --offline")
            .ok()
            .silent_on("warning");
        let server = Server::start(project.command("serve --addr 127.0.0.1:0"));
        let answer = server.ask("GET /you?x", "");
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: text/plain; charset=utf-8\r\n"));
        assert!(answer.ends_with("Hello from /you?x\n"), "{answer}");
        assert_eq!(server.interrupt().0, Some(0));
    }
}

#[test]
fn the_wit_of_http_services_is_that_of_wasi() {
    let packed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/model/wit/http");
    for (version, wasi, partial) in [
        ("0.2", wasi_0_2(), "cli.wit"),
        ("0.3", wasi_0_3(), "cli.wit"),
    ] {
        for entry in std::fs::read_dir(packed.join(version)).unwrap() {
            let name = entry.unwrap().file_name();
            if name == "service.txt" || name == partial {
                continue;
            }
            let read = |dir: &std::path::Path| std::fs::read_to_string(dir.join(&name)).unwrap();
            assert_eq!(
                read(&packed.join(version)),
                read(&wasi),
                "{version} {name:?}"
            );
        }
    }
}

#[test]
fn a_template_is_copied_with_the_name_of_the_crate() {
    let project = Project::empty();
    project
        .write(
            "template/Cargo.toml",
            "[package]\nname = \"{{name}}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        )
        .write(
            "template/src/main.rs",
            "fn main() { println!(\"{{name}}\"); }\n",
        )
        .write("template/docs/{{name}}.md", "# {{name}}\n")
        .write("template/logo.bin", b"\xff{{name}}")
        .write("template/.git/HEAD", "x")
        .write("template/target/debug/x", "x");
    project
        .component("new --template template my-app")
        .ok()
        .says("Created `my-app` from the template `template`");
    assert!(
        project
            .read("my-app/Cargo.toml")
            .contains("name = \"my-app\"")
    );
    assert_eq!(project.read("my-app/docs/my-app.md"), "# my-app\n");
    assert_eq!(project.bytes("my-app/logo.bin"), b"\xff{{name}}");
    assert!(!project.has("my-app/.git/HEAD") && !project.has("my-app/target/debug/x"));
    // Into a directory with another name; never over what is there.
    project
        .component("new --template template --name other sub/dir")
        .ok();
    assert!(
        project
            .read("sub/dir/Cargo.toml")
            .contains("name = \"other\"")
    );
    project
        .component("new --template template my-app")
        .code(1)
        .says("destination `my-app` already exists");
    project
        .component("new --template nothing x")
        .code(1)
        .says("the template `nothing` has no Cargo.toml");
    project
        .component("new --template template 1x")
        .code(1)
        .says("is not a legal WIT identifier");
    assert!(!project.has("x") && !project.has("1x"));
}

#[test]
fn a_world_that_does_not_load_is_refused_before_anything_is_created() {
    let project = Project::empty();
    project.write(
        "wit/w.wit",
        "package a:b;\nworld w { export f: func() -> missing; }\n",
    );
    project
        .component("new --vcs none --lib --target wit made")
        .code(1)
        .says("`missing`");
    assert!(!project.has("made"));
    project.write(
        "wit/w.wit",
        "package a:b;\nworld w { import not:here/x; }\n",
    );
    project
        .component("new --vcs none --lib --target wit made")
        .code(1)
        .says("not:here")
        .says("it was given as `--target wit`");
    assert!(!project.has("made"));
    project.write(
        "wit/deps/x.wit",
        "package not:here;\ninterface x { f: func(); }\n",
    );
    project
        .component("new --vcs none --lib --target wit made")
        .ok();
    assert!(project.has("made/src/bindings.rs"));
}

//! `cargo component wit` refuses what it would otherwise lose, repeat or
//! ignore.

use crate::multicall::called;
#[cfg(unix)]
use crate::support::Project;
use crate::wit_authoring::{project, wit, workspace};

const APP: &str = "package my:app@0.1.0;\nworld app { import demo:io/poll@0.2.0; }\n";

#[test]
fn one_name_is_not_given_to_several_packages() {
    let project = workspace();
    let line = "publish --package my:one@1.0.0 --registry here";
    wit(&project, ".", line)
        .code(2)
        .says("`--package my:one@1.0.0` can be used with one package only, but");
    assert!(!project.has("registry/my"));
    wit(&project, "app", line).ok();
    assert!(project.has("registry/my/one/1.0.0.wasm"));
}

#[test]
fn a_release_is_published_once() {
    let project = project();
    let text = "package my:x@1.0.0;\ninterface i { }\n";
    project.write("a/x.wit", text);
    project.write("b/x.wit", format!("{text}interface j {{ }}\n"));
    let line = "publish a b --registry here";
    wit(&project, ".", line)
        .code(1)
        .says("`my:x@1.0.0` would be published twice, with different content")
        .says("it is in both `a` and `b`");
    assert!(!project.has("registry/my"));
    project.write("b/x.wit", text);
    let output = wit(&project, ".", line).ok();
    assert_eq!(output.stderr.matches("Published").count(), 1, "{output}");
}

#[test]
fn what_no_standard_has_is_published_with_a_warning() {
    let project = project();
    let warning = "which no adopted version of WASI has";
    project.write(
        "a/x.wit",
        "package my:fixed@1.0.0;\ninterface i { f: func() -> list<u8, 4>; }\n",
    );
    wit(&project, ".", "publish a --registry here")
        .ok()
        .says("`my:fixed@1.0.0` uses lists of fixed length")
        .says(warning);
    project.write(
        "b/x.wit",
        "package my:maps@1.0.0;\ninterface i { f: func() -> map<u8, string>; }\n",
    );
    wit(&project, ".", "publish b --registry here")
        .ok()
        .silent_on(warning);
}

#[test]
fn a_dry_run_locks_nothing_and_wkg_publishes_what_is_locked() {
    let project = project();
    project.write("app/wit/app.wit", APP);
    wit(&project, "app", "publish --dry-run --registry here").ok();
    let line = "publish wit --registry here";
    called(&project, "wkg", &format!("{line} --dry-run")).ok();
    assert!(!project.has("app/wkg.lock"));
    wit(
        &project,
        "app",
        "publish --dry-run --locked --registry here",
    )
    .code(1)
    .says("--locked was passed");
    called(&project, "wkg", line)
        .code(1)
        .says("wkg.lock would be updated during publish, aborting")
        .says("run `wkg build`");
    assert!(!project.has("app/wkg.lock") && !project.has("registry/my"));
    called(&project, "wkg", "build").ok();
    called(&project, "wkg", line).ok();
    assert!(project.has("registry/my/app/0.1.0.wasm"));
}

#[test]
fn a_file_is_not_published_without_the_network() {
    let project = project();
    let mut command = project.command("wit publish registry/demo/io/0.2.0.wasm");
    command
        .args(["--registry", "far.example"])
        .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
        .env("CARGO_NET_OFFLINE", "true");
    project
        .run(command)
        .code(1)
        .says("publishing `demo:io` needs network access, which is disabled");
}

#[test]
fn overrides_may_lead_to_each_other() {
    let project = project();
    project.write(
        "app/wkg.toml",
        "[overrides]\n\"my:a\" = { path = \"../a/wit\" }\n",
    );
    project.write(
        "app/wit/app.wit",
        "package my:app;\nworld app { import my:a/i; }\n",
    );
    for (name, other) in [("a", "b"), ("b", "a")] {
        project.write(
            &format!("{name}/wkg.toml"),
            format!("[overrides]\n\"my:{other}\" = {{ path = \"../{other}/wit\" }}\n"),
        );
        project.write(
            &format!("{name}/wit/i.wit"),
            format!("package my:{name};\ninterface i {{ }}\n"),
        );
    }
    wit(&project, "app", "check").ok().says("Checked `my:app`");
    wit(&project, "app", "fetch").ok();
    assert!(project.has("app/wit/deps/my-a/package.wit"));
}

#[cfg(unix)]
#[test]
fn only_wit_is_copied_of_a_folder_around() {
    let project = project();
    project
        .write(
            "near.wit",
            "package my:near;\ninterface i { use my:d/i.{t}; }\n",
        )
        .write(
            "deps/d/d.wit",
            "package my:d;\ninterface i { type t = u8; }\n",
        )
        .write("deps/d/notes.txt", "no WIT")
        .write("deps/d/.git/HEAD", "no WIT")
        .write("target/large.bin", "no WIT")
        .write(
            "app/wkg.toml",
            "[overrides]\n\"my:near\" = { path = \"..\" }\n",
        )
        .write(
            "app/wit/app.wit",
            "package my:app;\nworld app { import my:near/i; }\n",
        );
    std::os::unix::fs::symlink("../..", project.path("deps/d/around")).unwrap();
    for _ in 0..2 {
        wit(&project, "app", "fetch -t wasm").ok();
        let mut found = Vec::new();
        below(&project, "app/wit/deps/my-near", &mut found);
        assert_eq!(
            found,
            ["deps/d/d.wit", "near.wit"].map(|path| format!("app/wit/deps/my-near/{path}"))
        );
    }
    wit(&project, "app", "fetch -t wasm --check").ok();
}

/// The files in a directory and below.
#[cfg(unix)]
fn below(project: &Project, dir: &str, found: &mut Vec<String>) {
    let entries = std::fs::read_dir(project.path(dir)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    for name in names {
        let path = format!("{dir}/{name}");
        match project.path(&path).is_dir() {
            true => below(project, &path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn what_a_deps_toml_names_is_not_raised() {
    let project = project();
    project
        .write(
            "wit/deps.toml",
            "io = { package = \"demo:io\", version = \"=0.2.0\" }\n",
        )
        .write("wit/app.wit", APP);
    for line in ["upgrade", "upgrade demo:io", "update --breaking demo:io"] {
        let output = wit(&project, ".", line).code(2);
        let output = output.says("versions in `wit/deps.toml` cannot be upgraded");
        let entry = match line.contains("demo:io") {
            true => "the entry `io`",
            false => "the entries",
        };
        output.says(&format!(
            "edit {entry} of `wit/deps.toml` and the WIT, then run `cargo component deps update`"
        ));
    }
    assert_eq!(project.read("wit/app.wit"), APP);
}

#[test]
fn packages_do_not_share_a_folder() {
    let project = project();
    project
        .write("one/c.wit", "package a-b:c;\ninterface i { }\n")
        .write("two/c.wit", "package a:b-c;\ninterface i { }\n")
        .write(
            "app/wkg.toml",
            "[overrides]\n\"a-b:c\" = { path = \"../one\" }\n\"a:b-c\" = { path = \"../two\" }\n",
        )
        .write(
            "app/wit/app.wit",
            "package my:app;\nworld app { import a-b:c/i; import a:b-c/i; }\n",
        );
    wit(&project, "app", "fetch")
        .code(1)
        .says("the packages `a:b-c` and `a-b:c` have the same directory in `deps`, `a-b-c`");
    assert!(!project.has("app/wit/deps"));
    // The user's own folders have what names they have.
    project
        .write("app/wit/deps/one/c.wit", project.read("one/c.wit"))
        .write("app/wit/deps/two/c.wit", project.read("two/c.wit"))
        .write("app/wkg.toml", "");
    wit(&project, "app", "fetch").ok();
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let project = project();
    project.write("wit/app.wit", APP);
    for (line, said) in [
        (
            "update demo:io demo:net --precise 1.0.0",
            "applies to one package, but 2 were given",
        ),
        (
            "add demo:io --world app",
            "`--world app` needs an interface",
        ),
        (
            "remove demo:io --world app",
            "`--world app` needs an interface",
        ),
        (
            "init --form wit --name x new",
            "`--name` needs `--form wkg`",
        ),
        (
            "init --form wit --namespace x new",
            "`--namespace` needs `--form wkg`",
        ),
    ] {
        wit(&project, ".", line).code(2).says(said);
    }
    assert!(!project.has("new") && !project.has("wkg.toml"));
    assert_eq!(project.read("wit/app.wit"), APP);
    project
        .component("update -p demo:io -p demo:net --precise 1.0.0")
        .code(2)
        .says("applies to one package, but 2 were given");
    project.write("app/wit/app.wit", APP);
    for (line, said) in [
        ("publish --workspace wit", "--workspace"),
        ("publish", "name a file or directory, or add `--workspace`"),
        ("oci pull far.example/x:1 -u me", "-p <password>"),
        ("oci pull far.example/x:1 -p secret", "-u <username>"),
    ] {
        let output = called(&project, "wkg", line).code(2).says(said);
        assert!(!output.stderr.contains("secret"), "{output}");
    }
}

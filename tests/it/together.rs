//! Runs that change the same files at the same time: none undoes what another
//! one did, and of those that cannot all win the others say so.

use std::process::Command;
use std::thread;

use crate::authoring::RUNTIME;
use crate::registry_local::publish_wit;
use crate::registry_verbs::shapes;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project};

/// A registry in a directory, with some packages.
fn project(packages: &[String]) -> Project {
    let project = Project::empty();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    publish_wit(&project, &packages);
    let root = project.path("registry");
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\ndemo = \"here\"\n[registry.here.local]\nroot = {:?}\n",
            root.display().to_string()
        ),
    );
    project
}

fn command(project: &Project, dir: &str, line: &str) -> Command {
    let mut command = project.command(line);
    command
        .current_dir(project.path(dir))
        .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
        .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"))
        .env("DOCKER_CONFIG", project.path("docker"))
        .env_remove("REGISTRY_AUTH_FILE")
        .env_remove("XDG_RUNTIME_DIR");
    command
}

/// Runs all of these at once, each in its directory.
fn at_once(project: &Project, lines: &[(String, String)]) -> Vec<Output> {
    thread::scope(|scope| {
        let start = |(dir, line): &(String, String)| {
            let command = command(project, dir, line);
            scope.spawn(move || project.run(command))
        };
        let started: Vec<_> = lines.iter().map(start).collect();
        let ended = started.into_iter().map(|run| run.join().unwrap());
        ended.collect()
    })
}

fn in_dir(dir: &str, lines: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    let lines = lines.into_iter();
    lines.map(|line| (dir.to_owned(), line)).collect()
}

#[test]
fn ten_values_set_at_once_are_all_there() {
    let project = project(&[]);
    let lines = in_dir(
        ".",
        (0..10).map(|n| format!("config set namespace_registries.ns{n} here")),
    );
    at_once(&project, &lines)
        .into_iter()
        .for_each(|o| drop(o.ok()));
    let text = project.read("config.toml");
    for number in 0..10 {
        assert!(text.contains(&format!("ns{number} = ")), "{text}");
    }
    assert!(text.contains("demo = \"here\""), "{text}");
}

#[test]
fn imports_and_overrides_added_and_removed_at_once_are_all_done() {
    let package = |n: usize| format!("package demo:p{n}@1.0.0; interface i {{ f: func(); }}");
    let all: Vec<String> = (0..6).map(package).collect();
    let project = project(&all);
    for round in 0..3 {
        let dir = format!("r{round}");
        project.write(&format!("{dir}/wkg.toml"), "# mine\n").write(
            &format!("{dir}/wit/world.wit"),
            "package demo:mine@0.1.0;\nworld app {\n    import demo:p5/i@1.0.0;\n}\n",
        );
        let mut lines = in_dir(&dir, (0..5).map(|n| format!("wit add demo:p{n}/i@^1")));
        lines.extend(in_dir(&dir, ["wit remove demo:p5/i".to_owned()]));
        at_once(&project, &lines)
            .into_iter()
            .for_each(|o| drop(o.ok()));
        let wit = project.read(&format!("{dir}/wit/world.wit"));
        let manifest = project.read(&format!("{dir}/wkg.toml"));
        for number in 0..5 {
            assert!(
                wit.contains(&format!("import demo:p{number}/i@1.0.0;")),
                "{wit}"
            );
            assert!(manifest.contains(&format!("demo:p{number}")), "{manifest}");
        }
        assert!(!wit.contains("demo:p5"), "{wit}");
        assert!(manifest.contains("# mine\n"), "{manifest}");
    }
}

#[test]
fn dependencies_added_and_removed_at_once_are_all_done() {
    let project = project(&[]);
    project
        .write(
            "pkg/Cargo.toml",
            format!(
                "# mine\n[package]\nname = \"guest\"\nversion = \"0.3.0\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\n{RUNTIME}\n\
                 [package.metadata.component]\npackage = \"demo:guest\"\n\
                 [package.metadata.component.target.dependencies]\n\
                 \"my:gone\" = {{ path = \"../wit0\" }}\n"
            ),
        )
        .write("pkg/src/lib.rs", "mod bindings;\n");
    for number in 0..9 {
        let text = format!("package my:w{number}; interface i {{}}");
        project.write(&format!("wit{number}/w.wit"), text);
    }
    let add = |n: usize| format!("add my:w{n} --path ../wit{n}");
    let mut lines = in_dir("pkg", (0..9).map(add));
    lines.extend(in_dir("pkg", ["remove my:gone".to_owned()]));
    at_once(&project, &lines)
        .into_iter()
        .for_each(|o| drop(o.ok()));
    let text = project.read("pkg/Cargo.toml");
    for number in 0..9 {
        assert!(text.contains(&format!("\"my:w{number}\" = ")), "{text}");
    }
    assert!(!text.contains("my:gone"), "{text}");
    assert!(text.starts_with("# mine\n"), "{text}");
}

#[test]
fn of_two_who_publish_one_version_one_wins_and_the_other_is_told() {
    for _ in 0..4 {
        let project = project(&[]);
        let lines: Vec<(String, String)> = (0..4)
            .map(|number| {
                let dir = format!("p{number}");
                project.write(
                    &format!("{dir}/wit/p.wit"),
                    format!("package demo:mine@1.0.0; interface i{number} {{}}"),
                );
                (dir, "wit publish".to_owned())
            })
            .collect();
        let outputs = at_once(&project, &lines);
        let content = project.bytes("registry/demo/mine/1.0.0.wasm");
        let mut winners = 0;
        for (number, output) in outputs.into_iter().enumerate() {
            if output.code != 0 {
                output
                    .code(1)
                    .says("`demo:mine@1.0.0` is already published");
                continue;
            }
            winners += 1;
            let name = format!("i{number}");
            let is_there = content.windows(2).any(|bytes| bytes == name.as_bytes());
            assert!(is_there, "{output}");
        }
        assert_eq!(winners, 1);
    }
}

#[test]
fn whoever_pushes_is_told_where_the_tag_leads_elsewhere() {
    let registry = SmallRegistry::start(Access::Open);
    let host = registry.host();
    let project = project(&[]);
    project.write("shapes.wasm", shapes("0.2.0"));
    let line = format!("registry push {host}/team/shapes:0.2.0 shapes.wasm");
    project.run(command(&project, ".", &line)).ok();
    registry.package("team/other", "1.0.0", &shapes("0.3.0"));
    registry.overtake(registry.manifest("team/other", "1.0.0").as_bytes());
    project
        .run(command(&project, ".", &line))
        .code(1)
        .says("failed to push to")
        .says("the tag `0.2.0` points to `sha256:")
        .says("somebody else pushed to it at the same time");
}

#[test]
fn logins_at_once_are_all_kept() {
    let project = project(&[]);
    let registries: Vec<_> = (0..6)
        .map(|_| SmallRegistry::start(Access::Basic))
        .collect();
    project.write("secret", "secret\n");
    thread::scope(|scope| {
        for registry in &registries {
            let line = format!("login {} -u user --password-stdin", registry.host());
            let mut command = command(&project, ".", &line);
            let secret = std::fs::File::open(project.path("secret")).unwrap();
            command.stdin(secret);
            let project = &project;
            scope.spawn(move || project.run(command).ok());
        }
    });
    let kept = project.read("docker/config.json");
    for registry in &registries {
        assert!(kept.contains(&registry.host()), "{kept}");
    }
    let lines = registries
        .iter()
        .map(|registry| format!("logout {}", registry.host()));
    at_once(&project, &in_dir(".", lines))
        .into_iter()
        .for_each(|o| drop(o.ok()));
    let kept = project.read("docker/config.json");
    assert!(!kept.contains("127.0.0.1"), "{kept}");
}

#[test]
fn a_lock_file_that_was_lost_is_written_again_round_what_is_there() {
    let io = "package demo:io@0.2.0; interface streams { f: func(); }";
    let project = project(&[io.to_owned()]);
    project
        .write("pkg/wkg.toml", "")
        .write(
            "pkg/wit/mine.wit",
            "package demo:mine@0.1.0; world app { import demo:io/streams@0.2.0; }",
        )
        .write("deps/wit/deps.toml", "one = { path = \"../src/one\" }\n")
        .write("deps/src/one/a.wit", "package a:one; interface i {}")
        .write(
            "deps/src/one/deps/two/b.wit",
            "package a:two; interface i {}",
        );
    for (dir, line, lock) in [
        ("pkg", "wit fetch", "wkg.lock"),
        ("deps", "deps lock", "wit/deps.lock"),
    ] {
        project.run(command(&project, dir, line)).ok();
        let lock = format!("{dir}/{lock}");
        let whole = project.read(&lock);
        for lose_cache in [false, true] {
            std::fs::remove_file(project.path(&lock)).unwrap();
            if lose_cache {
                std::fs::remove_dir_all(project.path("cache")).unwrap();
            }
            project.run(command(&project, dir, line)).ok();
            assert_eq!(project.read(&lock), whole, "{lose_cache}");
        }
    }
}

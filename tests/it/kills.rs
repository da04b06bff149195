//! Runs that are killed, and runs that get in each other's way: the next one
//! finds everything whole.

use std::process::{Child, Command, Stdio};
use std::thread;

use cargo_component::lockfile;

use crate::authoring::RUNTIME;
use crate::fault_proxy::FaultProxy;
use crate::faults::{command, invalid, registry, types, write};
use crate::registry_verbs::wit;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::Project;

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Runs a command until `now` says so and kills it then; whether it came to
/// that before the end.
fn kill_when(command: Command, mut now: impl FnMut() -> bool) -> bool {
    let mut child = start(command);
    loop {
        if now() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return now();
        }
        thread::yield_now();
    }
}

/// What is wrong but for files that a killed run was writing, which have names
/// of their own.
fn assert_whole(project: &Project, what: &str) {
    let mut wrong = invalid(project);
    wrong.retain(|text| !text.starts_with("`.cargo-component-"));
    assert!(wrong.is_empty(), "{what}: {}", wrong.join("\n"));
}

fn entries(project: &Project) -> Vec<(String, String)> {
    let path = project.path("Cargo-component.lock");
    let lock = lockfile::parse(&path, &project.read("Cargo-component.lock")).unwrap();
    let entries = lock.entries().iter();
    entries
        .map(|e| (e.package.to_string(), e.version.to_string()))
        .collect()
}

#[test]
fn whoever_is_killed_at_any_request_leaves_all_whole() {
    let all = ["build", "update", "publish"];
    thread::scope(|scope| {
        for line in all {
            scope.spawn(move || kill_at_each_request(line));
        }
    });
}

fn kill_at_each_request(line: &str) {
    let project = Project::empty();
    let mut killed = 0;
    loop {
        let server = registry(Access::Basic);
        let proxy = FaultProxy::new(server.port);
        write(&project, &proxy.host(), line);
        proxy.hang_after(killed);
        let what = format!("`{line}`, killed at request {killed}");
        if !kill_when(command(&project, line), || proxy.is_waited_for()) {
            break;
        }
        assert_whole(&project, &what);
        assert!(project.read("Cargo.toml").starts_with("# mine\n"));
        proxy.calm();
        let again = match line {
            // It may be there by then.
            "publish" => "publish --skip-existing",
            line => line,
        };
        project.run(command(&project, again)).ok();
        assert_whole(&project, &what);
        let version = match line {
            "publish" => "1.0.0",
            _ => "1.1.0",
        };
        let expected = [("demo:types".to_owned(), version.to_owned())];
        assert_eq!(entries(&project), expected, "{what}");
        if line == "publish" {
            let get = "registry get demo:guest -o out/guest.wasm";
            project.run(command(&project, get)).ok();
            assert!(project.bytes("out/guest.wasm").starts_with(b"\0asm"));
        }
        killed += 1;
    }
    assert!(killed >= 3, "`{line}` asked {killed} times only");
}

/// Whether a directory has a file whose name starts so.
fn has_file(project: &Project, dir: &str, start: &str) -> bool {
    let Ok(entries) = project.path(dir).read_dir() else {
        return false;
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    names
        .into_iter()
        .any(|name| name.to_string_lossy().starts_with(start))
}

#[test]
fn whoever_is_killed_while_writing_leaves_all_whole() {
    let server = registry(Access::Basic);
    type When = fn(&Project) -> bool;
    let moments: [(&str, &str, When); 10] = [
        ("build", "the cache", |p| p.has("cache")),
        ("build", "a download", |p| {
            has_file(p, "cache", ".cargo-component-")
        }),
        ("build", "what was fetched", |p| {
            has_file(p, "cache", "sha256:")
        }),
        ("build", "the record", |p| {
            has_file(p, "cache", "demo:types-1.1.0")
        }),
        ("build", "a new file", |p| {
            has_file(p, ".", ".cargo-component-")
        }),
        ("build", "the lock file", |p| p.has("Cargo-component.lock")),
        ("build", "the bindings", |p| p.has("src/bindings.rs")),
        ("update", "the lock file", |p| {
            !p.read("Cargo-component.lock").contains("\"1.0.0\"")
        }),
        ("add demo:other", "a new file", |p| {
            has_file(p, ".", ".cargo-component-")
        }),
        ("add demo:other", "the manifest", |p| {
            p.read("Cargo.toml").contains("demo:other")
        }),
    ];
    let project = Project::empty();
    let mut killed = 0;
    for (line, moment, now) in moments {
        write(&project, &server.host(), line);
        let before = project.read("Cargo.toml");
        killed += usize::from(kill_when(command(&project, line), || now(&project)));
        let what = format!("`{line}`, killed at {moment}");
        assert_whole(&project, &what);
        let manifest = project.read("Cargo.toml");
        assert!(
            manifest.starts_with(&before) || manifest.contains("\"demo:other\" = "),
            "{what}: {manifest}"
        );
        let there = line.starts_with("add") && manifest != before;
        let again = project.run(command(&project, line));
        if !there {
            again.ok();
        }
        assert_whole(&project, &what);
        assert_eq!(entries(&project).len(), 1, "{what}");
    }
    // A moment may pass unseen; most do not.
    assert!(killed >= 7, "{killed}");
}

#[test]
fn sixteen_at_once_share_one_cache_and_one_lock_file() {
    const MEMBERS: usize = 8;
    let server = SmallRegistry::start(Access::Open);
    let host = server.host();
    let project = Project::empty();
    project.write("config.toml", "");
    project.write(
        "Cargo.toml",
        format!(
            "[workspace]\nmembers = [\"m*\"]\nresolver = \"3\"\n\
             [workspace.metadata.component.registries]\ndefault = \"oci://{host}/team\"\n"
        ),
    );
    for member in 0..MEMBERS {
        let text = format!(
            "package demo:p{member}@1.0.0; interface i {{ type t = u32; }} world app {{ import i; }}"
        );
        server.package(&format!("team/demo/p{member}"), "1.0.0", &wit(&text));
        // Everybody needs this one.
        server.package("team/demo/types", "1.0.0", &types("1.0.0"));
        let name = format!("m{member}");
        project.write(
            &format!("{name}/Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\
                 [dependencies]\n{RUNTIME}\n\
                 [package.metadata.component.target.dependencies]\n\
                 \"demo:p{member}\" = \"1\"\n\"demo:types\" = \"1\"\n"
            ),
        );
        project.write(
            &format!("{name}/wit/mine.wit"),
            format!("package demo:mine; world mine {{ import demo:types/types; import demo:p{member}/i; }}"),
        );
        project.write(&format!("{name}/src/lib.rs"), "mod bindings;\n");
    }
    project.cargo("generate-lockfile").ok();
    thread::scope(|scope| {
        for number in 0..16 {
            let line = format!("bindings -p m{}", number % MEMBERS);
            let project = &project;
            scope.spawn(move || project.run(command(project, &line)).ok());
        }
    });
    let wrong = invalid(&project);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut expected: Vec<_> = (0..MEMBERS).map(|n| format!("demo:p{n}")).collect();
    expected.push("demo:types".to_owned());
    let locked: Vec<String> = entries(&project)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(locked, expected);
    // Whoever waits finds what another has fetched.
    for package in expected {
        let repository = package.replace(':', "/");
        let blob = format!("/v2/team/{repository}/blobs/");
        let requests = server.requests();
        let fetched = requests.iter().filter(|r| r.path().starts_with(&blob));
        assert_eq!(fetched.count(), 1, "{package}");
    }
    let asked = server.requests().len();
    project
        .run(command(&project, "bindings --workspace --frozen"))
        .ok();
    assert_eq!(server.requests().len(), asked);
}

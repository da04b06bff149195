//! `cargo component deps`: what `wit-deps` 0.6 does, and what it does not.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use crate::deps_archives::{Deps, archive, files};
use crate::http::Answer;
use crate::small_registry::{Access, SmallRegistry};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/wit-deps-0.6.0");

fn sha256(bytes: &[u8]) -> String {
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An archive of one package that brings another.
fn http(text: &str) -> Vec<u8> {
    files(&[
        ("http-1/wit/types.wit", text),
        ("http-1/wit/deps/io/io.wit", "package wasi:io;\n"),
        ("http-1/README.md", "x"),
    ])
}

/// A project with that archive, locked.
fn locked() -> Deps {
    let deps = Deps::new();
    deps.server
        .put("/http.tar.gz", http("package wasi:http;\n"));
    deps.manifest("http = \"$/http.tar.gz\"\n");
    deps.run("lock").ok().says("Fetching").says("Adding");
    assert_eq!(deps.server.asked(), ["/http.tar.gz"]);
    deps
}

/// The recorded project with the server's port in the place of the recorded
/// one; `with` are the files to take.
fn recorded(with: &[&str]) -> Deps {
    let deps = Deps::new();
    let here = Path::new(RECORDED);
    for entry in std::fs::read_dir(here.join("archives")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        deps.server
            .put(&format!("/{name}"), std::fs::read(&path).unwrap());
    }
    let mut open: Vec<_> = with.iter().map(|path| path.to_string()).collect();
    while let Some(path) = open.pop() {
        let from = here.join(&path);
        if from.is_dir() {
            let names = std::fs::read_dir(from).unwrap();
            let names = names.map(|entry| entry.unwrap().file_name());
            open.extend(names.map(|name| format!("{path}/{}", name.to_str().unwrap())));
        } else {
            let bytes = std::fs::read(&from).unwrap();
            let bytes = match String::from_utf8(bytes) {
                Ok(text) => text
                    .replace(":18091", &format!(":{}", deps.server.port))
                    .into_bytes(),
                Err(e) => e.into_bytes(),
            };
            deps.project.write(&path, bytes);
            // Whether it can be executed counts.
            let permissions = std::fs::metadata(&from).unwrap().permissions();
            std::fs::set_permissions(deps.project.path(&path), permissions).unwrap();
        }
    }
    deps
}

#[cfg_attr(
    windows,
    ignore = "a file of an archive is executable, which its digest tells"
)]
#[test]
fn what_wit_deps_wrote_is_written_to_the_byte() {
    let theirs = recorded(&["wit", "shared"]);
    let ours = recorded(&["wit/deps.toml", "shared"]);
    ours.run("lock").ok();
    // Two entries have one archive.
    assert_eq!(
        ours.server.asked(),
        [
            "/clocks-0.2.3.tar.gz",
            "/keyvalue.tar.gz",
            "/logging.tar.gz",
            "/mono-0.2.3.tar.gz"
        ]
    );
    let port = |deps: &Deps, text: &str| text.replace(&format!(":{}", deps.server.port), ":18091");
    assert_eq!(
        port(&ours, &ours.project.read("wit/deps.lock")),
        port(&theirs, &theirs.project.read("wit/deps.lock"))
    );
    let tree = |deps: &Deps| {
        let mut contents = deps.contents();
        contents.retain(|path, _| path.starts_with("/deps/"));
        contents
    };
    assert_eq!(tree(&ours), tree(&theirs));
    assert!(tree(&ours).len() > 18);
    for id in ["keyvalue", "logging"] {
        ours.run(&format!("tar {id} -o {id}.tar")).ok();
        let stream = std::fs::read(Path::new(RECORDED).join(format!("tar/{id}.tar")));
        assert_eq!(ours.project.bytes(&format!("{id}.tar")), stream.unwrap());
    }
    assert!(ours.server.asked().is_empty());
}

#[cfg_attr(
    windows,
    ignore = "a file of an archive is executable, which its digest tells"
)]
#[test]
fn a_lock_of_wit_deps_is_taken_as_it_is() {
    let deps = recorded(&["wit", "shared"]);
    let before = deps.snapshot();
    // Whether the archives have the digests of the manifest is learnt once.
    deps.run("lock").ok();
    assert_eq!(
        deps.server.asked(),
        ["/logging.tar.gz", "/mono-0.2.3.tar.gz"]
    );
    for verb in ["", "lock", "check", "lock --check", "lock --frozen"] {
        deps.run(verb).ok();
    }
    assert!(deps.server.asked().is_empty());
    assert_eq!(deps.snapshot(), before);
}

#[test]
fn nothing_is_done_when_nothing_changed() {
    let deps = locked();
    let before = deps.snapshot();
    for verb in ["", "lock", "lock --locked", "check", "lock --frozen"] {
        deps.run(verb).ok().silent_on("Fetching");
    }
    assert!(deps.server.asked().is_empty());
    assert_eq!(deps.snapshot(), before);
    // What is kept of it can be removed.
    let mut clean = deps.project.command("cache clean");
    clean.env("CARGO_COMPONENT_CACHE_DIR", deps.project.path("cache"));
    deps.project.run(clean).ok().says("Removed 1 WIT archive");
    deps.run("lock --frozen").ok();
    // An empty manifest has an empty lock file, and no directory.
    let empty = Deps::new();
    empty.manifest("").run("lock").ok();
    assert_eq!(empty.project.read("wit/deps.lock"), "");
    assert!(!empty.project.has("wit/deps"));
}

#[test]
fn a_changed_digest_in_the_manifest_is_noticed() {
    let deps = locked();
    let right = sha256(&http("package wasi:http;\n"));
    let pinned = |sha256: &str| {
        deps.manifest(&format!(
            "[http]\nurl = \"$/http.tar.gz\"\nsha256 = \"{sha256}\"\n"
        ));
    };
    // Our cache remembers the right one.
    pinned(&right);
    deps.run("lock").ok();
    assert!(deps.server.asked().is_empty());
    let before = deps.snapshot();
    let wrong = "0".repeat(64);
    pinned(&wrong);
    let times = |deps: &Deps| {
        let mut files = deps.snapshot();
        files.remove("/deps.toml");
        files
    };
    let output = deps.run("lock").code(1);
    output
        .says(&format!(
            "sha256 hash mismatch for `{}`",
            deps.server.url("/http.tar.gz")
        ))
        .says(&format!("got: {right}"))
        .says(&format!("expected: {wrong}"))
        .says("wit/deps.toml:1:2");
    assert_eq!(deps.server.asked().len(), 1);
    let mut old = before;
    old.remove("/deps.toml");
    assert_eq!(times(&deps), old);
    deps.run("check").code(1).says("hash mismatch");
    // Neither is a known difference passed over without the network.
    deps.server.requests();
    for verb in [
        "lock --offline",
        "lock --frozen",
        "check --offline",
        "lock --check --frozen",
    ] {
        deps.run(verb)
            .code(1)
            .says("sha256 hash mismatch")
            .says(&format!("got: {right}"))
            .says(&format!("expected: {wrong}"));
    }
    assert!(deps.server.asked().is_empty());
    assert_eq!(times(&deps), old);
    // The new archive comes with its new digest.
    let new = http("package wasi:http@2.0.0;\n");
    deps.server.put("/http.tar.gz", new.clone());
    pinned(&sha256(&new));
    deps.run("lock").ok().says("Updating");
    assert!(
        deps.project
            .read("wit/deps/http/types.wit")
            .contains("2.0.0")
    );
    deps.run("check").ok();
}

#[test]
fn a_digest_that_is_not_known_is_no_success_where_it_must_be() {
    let deps = locked();
    let right = sha256(&http("package wasi:http;\n"));
    deps.manifest(&format!(
        "[http]\nurl = \"$/http.tar.gz\"\nsha256 = \"{right}\"\n"
    ));
    std::fs::remove_dir_all(deps.project.path("cache")).unwrap();
    for verb in ["lock --frozen", "check --offline", "check --frozen"] {
        deps.run(verb)
            .code(1)
            .says("must be fetched, but network access is disabled");
    }
    deps.run("lock --offline")
        .ok()
        .says("cannot be checked without the network");
    assert!(deps.server.asked().is_empty());
    deps.run("lock --locked").ok();
    assert_eq!(deps.server.asked(), ["/http.tar.gz"]);
    deps.run("lock --frozen").ok();
    deps.run("check --offline").ok();
}

#[test]
fn what_an_archive_of_the_cache_lacks_is_told() {
    let deps = locked();
    deps.manifest("http = { url = \"$/http.tar.gz\", prefix = \"htp-1\" }\n");
    for verb in ["lock --offline", "lock"] {
        deps.run(verb)
            .code(1)
            .says("has no WIT below `htp-1`")
            .says("help: correct `prefix`");
    }
    assert!(deps.server.asked().is_empty());
}

#[test]
fn a_changed_directory_of_the_user_is_noticed() {
    let deps = Deps::new();
    deps.project
        .write("shared/a.wit", "package a:b;\n")
        .write("shared/deps/c/c.wit", "package c:c;\n")
        .write("shared/other.txt", "x");
    deps.manifest("mine = \"../shared\"\n").run("lock").ok();
    let lock = deps.project.read("wit/deps.lock");
    deps.project.write("shared/deps/c/c.wit", "package c:d;\n");
    deps.run("lock --locked")
        .code(1)
        .says("--locked was passed");
    deps.run("check")
        .code(1)
        .says("`c` does not match `wit/deps.lock`");
    assert_eq!(deps.project.read("wit/deps.lock"), lock);
    deps.run("lock").ok().says("Updating wit/deps/c");
    assert_eq!(deps.project.read("wit/deps/c/c.wit"), "package c:d;\n");
    deps.run("check").ok();
    // What is no WIT does not count.
    deps.project.write("shared/other.txt", "y");
    deps.run("check").ok();
    deps.manifest("mine = \"../none\"\n");
    deps.run("lock").code(1).says("does not exist");
}

#[test]
fn touched_directories_are_restored_from_the_cache() {
    let deps = locked();
    let (lock, before) = (deps.project.read("wit/deps.lock"), deps.contents());
    deps.project
        .write("wit/deps/io/io.wit", "package evil:io;\n");
    deps.run("check")
        .code(1)
        .says("the directory `io` does not match the lock file")
        .says("help: run `cargo component deps lock`");
    deps.run("lock --frozen").ok().says("Restoring wit/deps/io");
    assert_eq!(deps.contents(), before);
    // The whole of it, and with something that is no WIT in it.
    deps.project.write("wit/deps/http/notes.md", "mine");
    std::fs::remove_file(deps.project.path("wit/deps/http/types.wit")).unwrap();
    deps.run("lock --offline")
        .ok()
        .says("Restoring wit/deps/http");
    assert_eq!(deps.project.read("wit/deps/http/notes.md"), "mine");
    std::fs::remove_dir_all(deps.project.path("wit/deps")).unwrap();
    deps.run("check")
        .code(1)
        .says("the directory `http` does not exist");
    assert!(!deps.project.has("wit/deps"));
    deps.run("lock --locked").ok();
    assert_eq!(deps.contents(), before);
    assert_eq!(deps.project.read("wit/deps.lock"), lock);
    assert!(deps.server.asked().is_empty());
}

#[test]
fn check_writes_nothing() {
    let deps = Deps::new();
    deps.server
        .put("/http.tar.gz", http("package wasi:http;\n"));
    deps.manifest("http = \"$/http.tar.gz\"\n");
    let output = deps.run("lock --check").code(1);
    output
        .says("`wit/deps.lock` does not exist")
        .says("`http` is not locked");
    assert!(deps.server.asked().is_empty());
    assert!(!deps.project.has("wit/deps") && !deps.project.has("wit/deps.lock"));
    deps.run("lock").ok();
    // Each of what may differ.
    let good = deps.contents();
    for (path, text, said) in [
        (
            "wit/deps/http/types.wit",
            "changed",
            "`http` does not match",
        ),
        ("wit/deps/http/more.wit", "added", "`http` does not match"),
        (
            "wit/deps.toml",
            "",
            "`http` is locked, but no entry requires",
        ),
        (
            "wit/deps.toml",
            "http = \"../x\"",
            "`http` is locked with another source",
        ),
    ] {
        deps.project
            .write("x/a.wit", "package a:a;\n")
            .write(path, text);
        let before = deps.snapshot();
        deps.run("check").code(1).says(said);
        assert_eq!(deps.snapshot(), before, "{path}");
        std::fs::remove_dir_all(deps.project.path("wit")).unwrap();
        for (path, bytes) in &good {
            if !path.ends_with('/') {
                deps.project.write(&format!("wit{path}"), bytes);
            }
        }
        deps.run("check").ok();
    }
}

#[test]
fn what_is_the_users_is_kept() {
    let deps = locked();
    deps.project
        .write("wit/deps/mine/m.wit", "package my:own;\n")
        .write("wit/deps/loose.wit", "package my:loose;\n");
    deps.run("lock -v").ok().says("Keeping wit/deps/mine");
    // A directory that would be overwritten, and was not from here.
    deps.server.put(
        "/other.tar.gz",
        files(&[("wit/deps/mine/m.wit", "x"), ("wit/o.wit", "x")]),
    );
    deps.manifest("http = \"$/http.tar.gz\"\nother = \"$/other.tar.gz\"\n");
    let before = deps.snapshot();
    let output = deps.run("lock").code(1);
    output.says("`wit/deps/mine` already exists").says("help: ");
    assert_eq!(deps.snapshot(), before);
    // What had an entry goes with it, unless it was changed.
    deps.manifest("");
    deps.project
        .write("wit/deps/io/mine.wit", "package my:io;\n");
    let output = deps.run("lock").ok();
    output
        .says("Removing wit/deps/http")
        .says("`wit/deps/io` is no longer required, but was kept");
    assert!(!deps.project.has("wit/deps/http"));
    for path in ["io/io.wit", "io/mine.wit", "mine/m.wit", "loose.wit"] {
        assert!(deps.project.has(&format!("wit/deps/{path}")), "{path}");
    }
    assert_eq!(deps.project.read("wit/deps.lock"), "");
    deps.run("check").ok();
}

#[test]
fn what_had_an_entry_may_come_with_others_afterwards() {
    let deps = locked();
    deps.server.put(
        "/io.tar.gz",
        files(&[("io/wit/io.wit", "package wasi:io@2.0.0;\n")]),
    );
    deps.manifest("http = \"$/http.tar.gz\"\nio = \"$/io.tar.gz\"\n");
    deps.run("lock").ok().says("Updating wit/deps/io");
    assert_eq!(deps.server.asked(), ["/io.tar.gz"]);
    assert!(!deps.project.read("wit/deps.lock").contains("deps = ["));
    deps.manifest("http = \"$/http.tar.gz\"\n");
    deps.run("check")
        .code(1)
        .says("`io` is locked, but has no entry");
    deps.run("lock").ok();
    assert!(deps.server.asked().is_empty());
    assert_eq!(
        deps.project.read("wit/deps/io/io.wit"),
        "package wasi:io;\n"
    );
    assert!(
        deps.project
            .read("wit/deps.lock")
            .contains("deps = [\"io\"]")
    );
}

#[test]
fn an_entry_that_goes_concerns_only_what_it_may_have_come_with() {
    let deps = Deps::new();
    let text = "package wasi:http;\ninterface i { use wasi:io/s.{t}; }\n";
    let io = "package wasi:io;\ninterface s {}\n";
    for (path, archive) in [
        ("/http.tar.gz", http(text)),
        ("/log.tar.gz", files(&[("l/wit/l.wit", "package a:log;\n")])),
        ("/io.tar.gz", files(&[("i/wit/io.wit", io)])),
    ] {
        deps.server.put(path, archive);
    }
    let entry = |id: &str| format!("{id} = \"$/{id}.tar.gz\"\n");
    let all = ["http", "io", "log"].map(entry).concat();
    deps.manifest(&all).run("lock").ok();
    std::fs::remove_dir_all(deps.project.path("cache")).unwrap();
    deps.server.requests();
    // Nobody speaks of this one.
    deps.manifest(&["http", "io"].map(entry).concat());
    deps.run("check")
        .code(1)
        .says("`log` is locked, but no entry requires it");
    deps.run("lock --frozen")
        .code(1)
        .says("--locked was passed");
    deps.run("lock --offline")
        .ok()
        .says("Removing wit/deps/log");
    deps.run("check").ok();
    assert!(deps.server.asked().is_empty());
    // Of this one another speaks, which brings one of its own.
    deps.manifest(&all).run("lock").ok();
    deps.server.requests();
    std::fs::remove_dir_all(deps.project.path("cache")).unwrap();
    deps.manifest(&["http", "log"].map(entry).concat());
    deps.run("check")
        .code(1)
        .says("`io` is locked, but has no entry");
    deps.run("lock").ok().says("Updating wit/deps/io");
    assert_eq!(deps.server.asked(), ["/http.tar.gz"]);
    assert_eq!(
        deps.project.read("wit/deps/io/io.wit"),
        "package wasi:io;\n"
    );
    deps.run("check").ok();
}

#[test]
fn entries_that_bring_different_files_are_told_with_both() {
    let deps = locked();
    deps.server.put(
        "/cli.tar.gz",
        files(&[("cli/wit/c.wit", "x"), ("cli/wit/deps/io/io.wit", "other")]),
    );
    deps.manifest("http = \"$/http.tar.gz\"\ncli = \"$/cli.tar.gz\"\n");
    let before = deps.snapshot();
    let output = deps.run("lock").code(1);
    output
        .says("transitive dependency conflict for `io`, add `io` to dependency manifest")
        .says(&format!("`http` ({})", deps.server.url("/http.tar.gz")))
        .says(&format!("`cli` ({})", deps.server.url("/cli.tar.gz")))
        .says("help: add an entry `io` to `wit/deps.toml`");
    assert_eq!(deps.snapshot(), before);
    // Names that are one on some systems.
    deps.project
        .write("shared/a.wit", "x")
        .write("shared/deps/IO/io.wit", "x");
    deps.manifest("http = \"$/http.tar.gz\"\nmine = \"../shared\"\n");
    deps.run("lock")
        .code(1)
        .says("`IO` and `io` are the same directory on some systems");
    deps.project.write("io/io.wit", "package wasi:io;\n");
    deps.manifest("http = \"$/http.tar.gz\"\ncli = \"$/cli.tar.gz\"\nio = \"../io\"\n");
    deps.run("lock").ok();
    deps.run("check").ok();
}

#[test]
fn an_archive_that_changed_is_taken_by_update_alone() {
    let deps = locked();
    deps.server
        .put("/http.tar.gz", http("package wasi:http@9.0.0;\n"));
    let before = deps.snapshot();
    deps.run("lock").ok();
    // Without the cache and the directory there is no way to what was locked.
    std::fs::remove_dir_all(deps.project.path("cache")).unwrap();
    std::fs::remove_file(deps.project.path("wit/deps/http/types.wit")).unwrap();
    let output = deps.run("lock").code(1);
    output
        .says("is not the locked one")
        .says("help: find out why it changed, then run `cargo component deps update`");
    deps.run("update --locked").code(1).says("--locked");
    deps.run("update --offline")
        .code(1)
        .says("network access is disabled");
    assert_eq!(
        deps.project.read("wit/deps.lock").as_bytes(),
        before["/deps.lock"].0
    );
    deps.run("update").ok().says("Updating wit/deps/http");
    assert!(
        deps.project
            .read("wit/deps/http/types.wit")
            .contains("9.0.0")
    );
    deps.run("check").ok();
    // A file of the cache that was cut short is replaced, by `update` as well.
    let cached = || {
        let dir = std::fs::read_dir(deps.project.path("cache/wit-deps")).unwrap();
        let mut paths = dir.map(|entry| entry.unwrap().path());
        paths
            .find(|path| path.to_string_lossy().ends_with(".tar.gz"))
            .unwrap()
    };
    for verb in ["lock", "update"] {
        std::fs::write(cached(), "cut").unwrap();
        std::fs::remove_dir_all(deps.project.path("wit/deps")).unwrap();
        deps.run(verb).ok();
        assert!(std::fs::metadata(cached()).unwrap().len() > 100);
    }
}

#[test]
fn the_options_of_cargo_mean_what_they_mean_there() {
    let deps = Deps::new();
    deps.server
        .put("/http.tar.gz", http("package wasi:http;\n"));
    deps.manifest("http = \"$/http.tar.gz\"\n");
    for (line, said) in [
        (
            "lock --locked",
            "needs to be updated but --locked was passed",
        ),
        (
            "lock --frozen",
            "needs to be updated but --locked was passed",
        ),
        ("lock --offline", "network access is disabled"),
        ("--offline", "network access is disabled"),
    ] {
        deps.run(line).code(1).says(said).says("help: ");
    }
    let mut offline = deps.command("lock");
    offline.env("CARGO_NET_OFFLINE", "true");
    deps.project
        .run(offline)
        .code(1)
        .says("network access is disabled");
    assert!(deps.server.asked().is_empty());
    assert!(!deps.project.has("wit/deps.lock"));
    // Other places for the three files.
    deps.project
        .write("d.toml", deps.project.read("wit/deps.toml"));
    deps.run("-m d.toml -l d.lock -d out lock").ok();
    assert!(deps.project.has("d.lock") && deps.project.has("out/io/io.wit"));
    deps.run("check -m d.toml -l d.lock -d out").ok();
    deps.run("lock -m none.toml")
        .code(1)
        .says("failed to read manifest at `none.toml`");
    deps.run("tar htp -m d.toml -l d.lock -d out")
        .code(1)
        .says("no entry `htp`")
        .says("did you mean `http`?");
}

#[test]
fn a_failed_fetch_leaves_everything_as_it_was() {
    let deps = locked();
    let far = crate::deps_archives::Server::start();
    let whole = http("package wasi:http@2.0.0;\n");
    let cut = Answer::new(200).body(whole.clone()).bytes(false);
    deps.server.raw("/cut", cut[..cut.len() - 20].to_vec());
    deps.server
        .put("/damaged", whole[..whole.len() / 2].to_vec());
    // As `gzip -t` refuses it: the checksum is wrong, or is not all there.
    let mut changed = whole.clone();
    let checksum = changed.len() - 8;
    changed[checksum] ^= 1;
    deps.server.put("/changed", changed);
    deps.server.put("/short", whole[..whole.len() - 3].to_vec());
    deps.server.put("/page", "<html>Log in</html>");
    deps.server.put("/empty", files(&[("x/y/z.wit", "x")]));
    deps.server.answer(
        "/away",
        Answer::new(302).header("Location", far.url("/nothing")),
    );
    deps.server
        .answer("/round", Answer::new(302).header("Location", "/round"));
    deps.server.answer("/busy", Answer::new(503));
    deps.server.answer("/private", Answer::new(401));
    let before = deps.contents();
    for (path, said) in [
        ("/cut", "failed to fetch"),
        ("/damaged", "not a complete gzipped tar archive"),
        ("/changed", "not a complete gzipped tar archive"),
        ("/short", "not a complete gzipped tar archive"),
        ("/page", "not a complete gzipped tar archive"),
        ("/empty", "has no WIT at its top"),
        ("/none", "404 Not Found"),
        ("/away", "404 Not Found"),
        ("/round", "there were more than"),
        ("/busy", "503"),
        ("/private", "add a login for `127.0.0.1` to `.netrc`"),
    ] {
        deps.manifest(&format!("http = \"$/http.tar.gz\"\nnew = \"${path}\"\n"));
        for verb in ["lock", "update"] {
            let output = deps.run(verb).code(1);
            output
                .says(said)
                .says("failed to lock `new`")
                .says("wit/deps.toml:2:1");
        }
        let mut after = deps.contents();
        after.insert("/deps.toml".to_owned(), before["/deps.toml"].clone());
        assert_eq!(after, before, "{path}");
    }
    // What passes is tried again.
    deps.server.requests();
    let mut patient = deps.command("lock");
    patient.env("CARGO_NET_RETRY", "1");
    deps.manifest("new = \"$/busy\"\n");
    deps.project.run(patient).code(1);
    assert_eq!(deps.server.asked(), ["/busy", "/busy"]);
    // And a redirect leads to what is there.
    far.put("/nothing", whole);
    deps.manifest("http = \"$/away\"\n").run("lock").ok();
    assert!(
        deps.project
            .read("wit/deps/http/types.wit")
            .contains("2.0.0")
    );
}

#[test]
fn hostile_archives_are_refused_by_the_name_of_the_entry() {
    let deps = locked();
    deps.project.write("wit/world.wit", "package my:own;\n");
    deps.project.write("evil.wit", "outside");
    let before = deps.contents();
    let good: (&[u8], u8, &str) = (b"h/wit/good.wit", b'0', "package a:b;\n");
    for (name, kind, said) in [
        (&b"wit/deps/../evil.wit"[..], b'0', "its name contains `..`"),
        (b"wit/deps/./../evil.wit", b'0', "its name contains `..`"),
        (b"../wit/evil.wit", b'0', "its name contains `..`"),
        (b"/wit/evil.wit", b'0', "its name is absolute"),
        (b"h/wit/s.wit", b'2', "it is a symbolic link"),
        (b"h/wit/s.wit", b'1', "it is a hard link"),
        (b"h/wit/s.wit", b'3', "it is a device"),
        (b"h/wit/s.wit", b'6', "it is a named pipe"),
        (b"h/wit/good.wit", b'0', "`h/wit/good.wit` is the same file"),
        (b"h/wit/GOOD.wit", b'0', "is the same file on some systems"),
        (b"h/wit/\xff.wit", b'0', "its name is not UTF-8"),
    ] {
        let bytes = archive(&[good, (name, kind, "evil.wit")]);
        deps.server.put("/evil.tar.gz", bytes);
        deps.manifest("http = \"$/http.tar.gz\"\nnew = \"$/evil.tar.gz\"\n");
        let output = deps.run("lock").code(1);
        let shown = String::from_utf8_lossy(name).escape_debug().to_string();
        output
            .says(&format!("the entry `{shown}` is refused"))
            .says(said);
        let mut after = deps.contents();
        after.insert("/deps.toml".to_owned(), before["/deps.toml"].clone());
        assert_eq!(after, before, "{shown}");
    }
    assert_eq!(deps.project.read("evil.wit"), "outside");
    // The same where nobody takes them.
    let harmless = archive(&[
        (b"../../evil", b'0', "x"),
        (b"h/link.wit", b'2', "/etc/passwd"),
        (b"h/wit/deps/http/../x", b'2', "x"),
        (b"/etc/x.wit", b'0', "x"),
        good,
    ]);
    deps.server.put("/evil.tar.gz", harmless);
    deps.run("lock").ok();
    assert_eq!(deps.project.read("wit/deps/new/good.wit"), "package a:b;\n");
}

#[test]
fn a_login_goes_to_its_host_and_is_not_shown() {
    let far = crate::deps_archives::Server::start();
    far.put("/http.tar.gz", http("package wasi:http;\n"));
    let basic = |login: &str| format!("Basic {}", STANDARD.encode(login));
    for netrc in [true, false] {
        let deps = Deps::new();
        let there = format!("http://localhost:{}/http.tar.gz", far.port);
        deps.server
            .answer("/http.tar.gz", Answer::new(302).header("Location", there));
        deps.server.answer("/refused", Answer::new(403));
        let host = match netrc {
            true => {
                let text = "machine 127.0.0.1 login me password s3cret\n";
                deps.project.write("home/.netrc", text);
                deps.server.url("")
            }
            false => deps.server.url("").replace("//", "//me:s3cret@"),
        };
        deps.manifest(&format!("http = \"{host}/http.tar.gz?token=t0ken\"\n"));
        let output = deps.run("-v lock").ok();
        assert!(!output.to_string().contains("s3cret") && !output.stderr.contains("t0ken"));
        let sent = deps.server.requests();
        assert_eq!(sent[0].header("authorization"), Some(&*basic("me:s3cret")));
        assert_eq!(sent[0].target, "/http.tar.gz?token=t0ken");
        // The other host gets none.
        assert_eq!(far.requests()[0].header("authorization"), None);
        // The lock file says what the manifest says, and the cache does not.
        let lock = deps.project.read("wit/deps.lock");
        assert_eq!(lock.contains("s3cret"), !netrc);
        for entry in std::fs::read_dir(deps.project.path("cache/wit-deps")).unwrap() {
            let text = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&text).contains("s3cret"));
        }
        deps.manifest(&format!("http = \"{host}/refused?token=t0ken\"\n"));
        let output = deps.run("lock").code(1).says("was rejected");
        assert!(!output.stderr.contains("s3cret"), "{output}");
        assert!(!output.stderr.contains("t0ken"), "{output}");
        deps.project
            .write("wit/deps.lock", lock.replace("gz?token", "gz\\?token"));
        let output = deps
            .run("lock")
            .code(1)
            .says("failed to read the lock file");
        assert!(!output.stderr.contains("s3cret"), "{output}");
        assert!(!output.stderr.contains("t0ken"), "{output}");
        deps.manifest(&format!(
            "http = {{ url = \"{host}/refused\", what = 1 }}\n"
        ));
        let output = deps.run("lock").code(1).says("unknown key `what`");
        assert!(!output.stderr.contains("s3cret"), "{output}");
    }
    // The file may be another one.
    let deps = Deps::new();
    deps.server
        .put("/http.tar.gz", http("package wasi:http;\n"));
    deps.manifest("http = \"$/http.tar.gz\"\n");
    // An entry for whatever host is one for nobody that a manifest names.
    for (entry, expected) in [
        ("default", None),
        ("machine 127.0.0.1", Some(basic("any:one"))),
    ] {
        deps.project
            .write("logins", format!("{entry} login any password one\n"));
        let mut command = deps.command("update");
        command.env("NETRC", deps.project.path("logins"));
        deps.project.run(command).ok();
        let sent = deps.server.requests();
        assert_eq!(sent[0].header("authorization"), expected.as_deref());
    }
}

/// A repository in the project's directory `repo`; runs git in it.
fn git(deps: &Deps, line: &str) -> String {
    let mut command = deps.project.clean("git");
    command.current_dir(deps.project.path("repo"));
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(["-c", "user.name=n", "-c", "user.email=e@example.com"])
        .args(line.split(' '));
    let output = deps.project.run(command).ok();
    output.stdout.trim().to_owned()
}

fn repository() -> Deps {
    let deps = Deps::new();
    deps.project
        .write("repo/a/wit/a.wit", "package a:one;\n")
        .write("repo/a/wit/deps/io/io.wit", "package a:io;\n")
        .write("repo/wit/top.wit", "package a:top;\n");
    git(&deps, "init -q -b main");
    git(&deps, "add .");
    git(&deps, "commit -q -m one");
    git(&deps, "tag v1");
    deps
}

#[test]
fn a_commit_of_a_repository_is_locked_until_update() {
    let deps = repository();
    let first = git(&deps, "rev-parse HEAD");
    let url = format!("file://{}", deps.project.path("repo").display());
    deps.manifest(&format!(
        "top = {{ git = \"../repo\" }}\n\
         tagged = {{ git = \"{url}\", tag = \"v1\", prefix = \"a\" }}\n\
         branch = {{ git = \"{url}\", branch = \"main\", prefix = \"a/wit\" }}\n\
         rev = {{ git = \"{url}\", rev = \"{first}\", subdir = \"wit\" }}\n"
    ));
    deps.run("lock").ok().says("Fetching");
    let lock = deps.project.read("wit/deps.lock");
    assert_eq!(lock.matches(&format!("commit = \"{first}\"")).count(), 4);
    for (path, text) in [
        ("top/top.wit", "package a:top;\n"),
        ("tagged/a.wit", "package a:one;\n"),
        ("branch/a.wit", "package a:one;\n"),
        ("rev/a.wit", "package a:one;\n"),
        ("io/io.wit", "package a:io;\n"),
    ] {
        assert_eq!(deps.project.read(&format!("wit/deps/{path}")), text);
    }
    deps.project.write("repo/a/wit/a.wit", "package a:two;\n");
    git(&deps, "commit -q -a -m two");
    // What is locked is fetched again, not what the branch is now.
    std::fs::remove_dir_all(deps.project.path("wit/deps/branch")).unwrap();
    deps.run("lock --frozen").ok();
    assert_eq!(
        deps.project.read("wit/deps/branch/a.wit"),
        "package a:one;\n"
    );
    assert_eq!(deps.project.read("wit/deps.lock"), lock);
    deps.run("lock --frozen").ok().silent_on("Fetching");
    deps.run("update").ok();
    assert_eq!(
        deps.project.read("wit/deps/branch/a.wit"),
        "package a:two;\n"
    );
    assert_eq!(
        deps.project.read("wit/deps/tagged/a.wit"),
        "package a:one;\n"
    );
    let second = git(&deps, "rev-parse HEAD");
    assert_eq!(
        deps.project.read("wit/deps.lock").matches(&second).count(),
        2
    );
    deps.run("check").ok();
    // Nothing is left in the cache.
    let left = std::fs::read_dir(deps.project.path("cache/wit-deps")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
}

#[test]
fn what_a_repository_cannot_give_is_told() {
    let deps = repository();
    for (entry, said) in [
        ("git = \"../repo\", tag = \"v9\"", "git ls-remote"),
        ("git = \"../none\"", "`git fetch` ended with"),
        (
            "git = \"../repo\", prefix = \"none\"",
            "has no WIT below `none`",
        ),
        ("git = \"-x\"", "cannot be passed to git"),
        (
            "git = \"../repo\", branch = \"--upload-pack=x\"",
            "cannot be passed to git",
        ),
        ("git = \"ext::sh -c evil\"", "cannot be passed to git"),
    ] {
        deps.manifest(&format!("r = {{ {entry} }}\n"));
        deps.run("lock").code(1).says(said);
        assert!(!deps.project.has("wit/deps") && !deps.project.has("wit/deps.lock"));
    }
    for login in ["me:s3cret@", "s3cret@", ""] {
        deps.manifest(&format!(
            "r = {{ git = \"https://{login}127.0.0.1:1/r?token=s3cret\" }}\n"
        ));
        let output = deps.run("lock").code(1).says("https://127.0.0.1:1/r?…");
        assert!(!output.stderr.contains("s3cret"), "{output}");
    }
    // The name that everybody has is no secret, and git keeps its own.
    deps.manifest("r = { git = \"ssh://git@[::1]:1/r\" }\n");
    let mut command = deps.command("lock");
    command.env("GIT_SSH_COMMAND", "false");
    deps.project
        .run(command)
        .code(1)
        .says("`git fetch` ended with")
        .says("check that `git ls-remote ssh://[::1]:1/r");
    deps.run("lock --offline")
        .code(1)
        .says("network access is disabled");
}

#[cfg(unix)]
#[test]
fn a_link_of_a_repository_is_refused_and_its_hooks_are_not_run() {
    let deps = repository();
    let hooks = deps.project.path("hooks");
    std::fs::create_dir(&hooks).unwrap();
    for hook in ["reference-transaction", "post-checkout"] {
        let path = hooks.join(hook);
        let ran = deps.project.path("ran");
        std::fs::write(&path, format!("#!/bin/sh\ntouch '{}'\n", ran.display())).unwrap();
        crate::support::make_executable(&path);
    }
    let config = format!("[core]\n\thooksPath = {}\n", hooks.display());
    deps.project.write("home/.gitconfig", config);
    deps.manifest("r = { git = \"../repo\" }\n")
        .run("lock")
        .ok();
    assert!(!deps.project.has("ran"));
    let before = deps.contents();
    std::os::unix::fs::symlink("/etc/passwd", deps.project.path("repo/wit/s.wit")).unwrap();
    git(&deps, "add .");
    git(&deps, "commit -q -m link");
    deps.run("update")
        .code(1)
        .says("the entry `wit/s.wit` is refused")
        .says("it is a symbolic link");
    assert_eq!(deps.contents(), before);
}

/// A package in its binary form.
fn package(text: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let groups = wit_parser::UnresolvedPackageGroup::parse("p.wit", text).unwrap();
    let id = resolve.push_group(groups).unwrap();
    wit_component::encode(&resolve, id, false).unwrap()
}

#[test]
fn packages_and_artifacts_are_written_as_text() {
    let text = "package my:types@1.0.0;\n\
                interface i { use my:base/b@0.2.0.{t}; f: func() -> t; }\n\
                package my:base@0.2.0 { interface b { type t = u32; } }\n";
    let registry = SmallRegistry::start(Access::Open);
    let bytes = package(text);
    registry.package("my/types", "1.0.0", &bytes);
    let deps = Deps::new();
    deps.project.write("registry/my/types/1.0.0.wasm", &bytes);
    let config = format!(
        "default_registry = \"near\"\n[registry.near.local]\nroot = '{}'\n",
        deps.project.path("registry").display()
    );
    deps.project.write("config.toml", config);
    let run = |line: &str| {
        let mut command = deps.command(line);
        command.env(
            "CARGO_COMPONENT_CONFIG_FILE",
            deps.project.path("config.toml"),
        );
        deps.project.run(command)
    };
    deps.manifest(&format!(
        "oci = {{ oci = \"{}/my/types:1.0.0\" }}\ntypes = {{ package = \"my:types\", version = \"1\" }}\n",
        registry.host()
    ));
    run("lock").ok();
    let lock = deps.project.read("wit/deps.lock");
    assert!(
        lock.contains("release = \"1.0.0\"\ndigest = \"sha256:"),
        "{lock}"
    );
    assert!(lock.contains("package = \"my:types\"\nversion = \"^1\"\n"));
    assert_eq!(lock.matches("deps = [\"base\"]").count(), 2);
    for id in ["oci", "types"] {
        let text = deps.project.read(&format!("wit/deps/{id}/package.wit"));
        assert!(text.starts_with("package my:types@1.0.0;"), "{text}");
    }
    assert!(
        deps.project
            .read("wit/deps/base/package.wit")
            .contains("type t = u32")
    );
    // A newer version is taken by `update`, and a moved tag.
    let newer = package(&text.replace("my:types@1.0.0", "my:types@1.1.0"));
    deps.project.write("registry/my/types/1.1.0.wasm", &newer);
    let asked = registry.requests().len();
    run("lock --frozen").ok();
    std::fs::remove_dir_all(deps.project.path("wit/deps")).unwrap();
    run("lock --frozen").ok();
    assert_eq!(registry.requests().len(), asked);
    assert_eq!(deps.project.read("wit/deps.lock"), lock);
    run("update").ok();
    assert!(
        deps.project
            .read("wit/deps.lock")
            .contains("release = \"1.1.0\"")
    );
    run("check").ok();
}

#[test]
fn a_build_script_locks_and_is_run_again_when_it_must_be() {
    let ours = env!("CARGO_MANIFEST_DIR");
    let deps = Deps::new();
    deps.server
        .put("/http.tar.gz", http("package wasi:http;\n"));
    deps.manifest("http = \"$/http.tar.gz\"\nmine = \"../shared\"\n");
    // Both forms, the second without a runtime of its own kind.
    let script = r#"
        use std::task::{Context, Poll, Waker};
        fn main() -> cargo_component::error::Result<()> {
            cargo_component::lock_sync!()?;
            let mut second = std::pin::pin!(cargo_component::lock!("wit"));
            let mut context = Context::from_waker(Waker::noop());
            loop {
                match second.as_mut().poll(&mut context) {
                    Poll::Ready(result) => return result,
                    Poll::Pending => std::thread::yield_now(),
                }
            }
        }
    "#;
    let manifest = format!(
        "[package]\nname = \"locks\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [build-dependencies]\n\
         cargo-component = {{ path = '{ours}', default-features = false, features = [\"lock\"] }}\n"
    );
    let lock = std::fs::read(Path::new(ours).join("Cargo.lock")).unwrap();
    deps.project
        .write("Cargo.toml", manifest)
        .write("Cargo.lock", lock)
        .write("build.rs", script)
        .write("src/lib.rs", "")
        .write("shared/m.wit", "package my:own;\n");
    // Not the directory of other tests, which would wait for what this compiles.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deps");
    let build_with = |offline: &str| {
        let mut command = deps.project.clean("cargo");
        command
            .args(["build", "-v", "--target-dir"])
            .arg(&target)
            .env_remove("CARGO_BUILD_BUILD_DIR")
            .env("CARGO_COMPONENT_CACHE_DIR", deps.project.path("cache"))
            .env("HTTP_PROXY", "");
        if offline == "true" {
            command.env("CARGO_NET_OFFLINE", offline);
        }
        deps.project.run(command)
    };
    let build = || build_with("");
    build_with("true")
        .code(101)
        .says("network access is disabled");
    assert!(deps.server.asked().is_empty());
    build().ok();
    assert_eq!(deps.server.asked(), ["/http.tar.gz"]);
    deps.run("check").ok();
    let before = deps.snapshot();
    // What the script wrote does not make it run again.
    build().ok().says("Fresh locks");
    assert_eq!(deps.snapshot(), before);
    deps.project.write("shared/m.wit", "package my:other;\n");
    build().ok();
    assert_eq!(
        deps.project.read("wit/deps/mine/m.wit"),
        "package my:other;\n"
    );
    std::fs::remove_dir_all(deps.project.path("wit/deps/http")).unwrap();
    build().ok();
    assert!(deps.project.has("wit/deps/http/types.wit"));
    assert!(deps.server.asked().is_empty());
    deps.manifest("http = { oci = \"h/r:1\" }\n");
    build()
        .code(101)
        .says("failed to lock `http`")
        .says("wit/deps.toml:1:1")
        .says("need the feature `cli`");
}

#[test]
fn the_standard_variables_name_proxies() {
    let deps = Deps::new();
    let address = "http://archives.example/x.tar.gz";
    let entries = [
        ("top-1/proposals/x/x.wit", "package a:x;\n"),
        ("top-1/wit/no.wit", "no"),
    ];
    deps.server.put(address, files(&entries));
    // The key of `wit-deps` 0.5, too.
    deps.manifest(&format!(
        "x = {{ url = \"{address}\", subdir = \"proposals/x\" }}\n"
    ));
    let run = |no_proxy: &str| {
        let mut command = deps.command("update");
        for name in [
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "ALL_PROXY",
            "no_proxy",
        ] {
            command.env_remove(name);
        }
        command
            .env("HTTP_PROXY", deps.server.url(""))
            .env("NO_PROXY", no_proxy);
        deps.project.run(command)
    };
    run("").ok();
    assert_eq!(deps.server.asked(), [address]);
    assert_eq!(deps.project.read("wit/deps/x/x.wit"), "package a:x;\n");
    assert!(!deps.project.has("wit/deps/x/no.wit"));
    assert!(
        deps.project
            .read("wit/deps.lock")
            .contains("subdir = \"proposals/x\"\n")
    );
    run("archives.example")
        .code(1)
        .says(&format!("failed to fetch `{address}`"));
    assert!(deps.server.asked().is_empty());
}

#[test]
fn two_runs_at_once_do_the_work_once() {
    let deps = Deps::new();
    deps.server
        .put("/http.tar.gz", http("package wasi:http;\n"));
    deps.manifest("http = \"$/http.tar.gz\"\n");
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let mut command = deps.command("lock");
            command.stderr(std::process::Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    assert_eq!(deps.server.asked(), ["/http.tar.gz"]);
    deps.run("check").ok();
}

#[test]
fn the_library_is_used_from_anywhere() {
    use cargo_component::env::Env;
    use cargo_component::wit_deps::{self, Listener, LockContext, NoPackages, Project};
    use std::cell::RefCell;

    #[derive(Default)]
    struct Heard(RefCell<Vec<String>>);
    impl Listener for Heard {
        fn status(&self, verb: &'static str, _: String) {
            self.0.borrow_mut().push(verb.to_owned());
        }
        fn detail(&self, _: &'static str, _: String) {}
        fn warn(&self, text: String) {
            self.0.borrow_mut().push(text);
        }
    }

    let deps = Deps::new();
    deps.server
        .put("/http.tar.gz", http("package wasi:http;\n"));
    deps.manifest("http = \"$/http.tar.gz\"\n");
    let at = |path: &str| deps.project.path(path);
    let project = Project::read(at("wit/deps.toml"), at("wit/deps.lock"), at("wit/deps")).unwrap();
    let heard = Heard::default();
    let around = LockContext {
        env: Env::default(),
        cache: at("cache"),
        ..LockContext::system(&heard, &NoPackages)
    };
    assert_eq!(wit_deps::check(&project, &around).unwrap().len(), 2);
    // Also within a runtime of whoever calls.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(async { wit_deps::lock(&project, &around) })
        .unwrap();
    assert_eq!(*heard.0.borrow(), ["Fetching", "Adding", "Adding"]);
    assert!(wit_deps::check(&project, &around).unwrap().is_empty());
    // What is in the project is enough to know whether it is as it was locked.
    assert!(wit_deps::drift(&project).unwrap().is_empty());
    let io = deps.project.read("wit/deps/io/io.wit");
    deps.project.write("wit/deps/io/io.wit", "package a:b;\n");
    let drift = wit_deps::drift(&project).unwrap();
    assert_eq!(drift, ["the directory `io` does not match the lock file"]);
    deps.project.write("wit/deps/io/io.wit", io);
    std::fs::remove_dir_all(at("wit/deps/http")).unwrap();
    let drift = wit_deps::drift(&project).unwrap();
    assert_eq!(drift, ["the directory `http` does not exist"]);
    assert!(!deps.project.has("wit/deps/http"));
    wit_deps::lock(&project, &around).unwrap();
    let stream = wit_deps::tar(&project, &around, "io").unwrap();
    assert!(stream.starts_with(b"wit/io.wit\0"));
    deps.run("check").ok();
}

#[test]
fn archives_that_differ_by_the_login_alone_are_not_mixed_up() {
    use std::sync::{Arc, Barrier};
    let count = 8;
    let barrier = Arc::new(Barrier::new(count));
    let port = crate::http::serve(move |stream| {
        let Some(request) = crate::http::read_request(&stream) else {
            return;
        };
        let login = request.header("authorization").unwrap_or_default();
        let login = login.trim_start_matches("Basic ");
        let login = String::from_utf8(STANDARD.decode(login).unwrap()).unwrap();
        let text = format!("package a:{};\n", login.trim_end_matches(":pw"));
        let whole = Answer::new(200).body(files(&[("x/wit/x.wit", &text)]));
        // All of them come at once.
        barrier.wait();
        crate::http::send(&stream, &whole.bytes(false));
    });
    let deps = Deps::new();
    let entries = (0..count).map(|at| format!("e{at} = \"http://u{at}:pw@127.0.0.1:{port}/x\"\n"));
    deps.manifest(&entries.collect::<String>());
    deps.run("lock").ok();
    for at in 0..count {
        let text = deps.project.read(&format!("wit/deps/e{at}/x.wit"));
        assert_eq!(text, format!("package a:u{at};\n"));
    }
    deps.run("check").ok();
}

#[test]
fn check_waits_for_the_cache_where_it_fetches() {
    use std::io::{BufRead as _, BufReader};
    let deps = locked();
    let pinned = sha256(&http("package wasi:http;\n"));
    deps.manifest(&format!(
        "http = {{ url = \"$/http.tar.gz\", sha256 = \"{pinned}\" }}\n"
    ));
    std::fs::remove_dir_all(deps.project.path("cache")).unwrap();
    deps.project.write("cache/wit-deps/.lock", "");
    let lock = std::fs::File::open(deps.project.path("cache/wit-deps/.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = deps.command("check");
    command.stderr(std::process::Stdio::piped());
    let mut check = command.spawn().unwrap();
    let mut said = BufReader::new(check.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().contains("Blocking"));
    assert!(deps.server.asked().is_empty());
    drop(lock);
    assert!(check.wait().unwrap().success());
    assert_eq!(deps.server.asked(), ["/http.tar.gz"]);
}

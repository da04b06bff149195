//! `doc --wit`: pages of HTML for WIT, from every place that WIT comes from, and as a real
//! browser shows them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::authoring::{copy, wasi_0_2, wasi_0_3};
use crate::page_links;
use crate::registry_local::publish_wit;
use crate::support::{Output, Project};

const UNITS: &str = "package demo:units@1.0.0;
/// Units of length.
interface units {
  /// Long or short.
  enum unit { metre, inch }
  /// Converts a length.
  convert: func(length: unit) -> unit;
}";

const APP: &str = "package my:app;
/// The whole.
world app { import demo:units/units@1.0.0; }
/// Not selected by anybody.
world other {
  @unstable(feature = soon)
  import later: func();
}
";

fn run(project: &Project, line: &str) -> Output {
    let mut command = project.command(line);
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    project.run(command)
}

/// All files of the pages, whose links lead somewhere.
fn pages(project: &Project, dir: &str) -> BTreeMap<String, String> {
    let root = project.path(dir);
    let mut files = BTreeMap::new();
    let mut open = vec![root.clone()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            files.insert(name.replace('\\', "/"), text);
        }
    }
    page_links::check(&files);
    files
}

/// The pages that describe something, without the assets.
fn names(pages: &BTreeMap<String, String>) -> Vec<&str> {
    let html = pages.keys().filter(|path| path.ends_with(".html"));
    html.map(String::as_str).collect()
}

/// A configuration with the directory `registry` as the registry of everything.
fn config(project: &Project) {
    let root = project.path("registry");
    let text = format!("default_registry = \"here\"\n[registry.here.local]\nroot = {root:?}\n");
    project.write("config.toml", text);
}

/// A workspace with two crates, of which one has WIT.
fn workspace(project: &Project) {
    publish_wit(project, &[UNITS]);
    project
        .write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"app\", \"plain\"]\nresolver = \"3\"\n\
             [workspace.metadata.component]\nregistries.default = \"file:registry\"\n",
        )
        .write(
            "app/Cargo.toml",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        )
        .write("app/src/lib.rs", "")
        .write("app/wit/world.wit", APP)
        .write(
            "plain/Cargo.toml",
            "[package]\nname = \"plain\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        )
        .write("plain/src/lib.rs", "");
}

#[test]
fn the_wit_of_crates_has_pages_in_the_target_directory() {
    let project = Project::empty();
    workspace(&project);
    let said = run(&project, "doc --wit -p app").ok();
    let index = Path::new("target").join("wit-doc").join("index.html");
    let said = said.says(&format!("   Generated {}", index.display()));
    said.silent_on("Documenting");
    assert!(!project.has("target/doc"));
    let all = pages(&project, "target/wit-doc");
    assert_eq!(
        names(&all),
        [
            "demo/units@1.0.0/index.html",
            "demo/units@1.0.0/interface.units.html",
            "index.html",
            "my/app/index.html",
            "my/app/world.app.html",
            "my/app/world.other.html",
        ]
    );
    assert!(all["demo/units@1.0.0/interface.units.html"].contains("Converts a length."));
    assert!(all["my/app/world.other.html"].contains("unstable: soon"));
    // What was locked is enough from then on.
    assert!(project.has("Cargo-component.lock"));
    run(&project, "doc --wit -p app --frozen").ok();
    assert_eq!(pages(&project, "target/wit-doc"), all);

    // Pages of what is gone are gone, and nothing else of the target directory.
    project.write("target/kept", "");
    let json = run(
        &project,
        "doc --wit -p app --no-deps -q --message-format json",
    )
    .ok();
    assert_eq!(json.stderr, "");
    assert_eq!(
        json.stdout,
        "{\"reason\":\"build-finished\",\"success\":true}\n"
    );
    let own = pages(&project, "target/wit-doc");
    assert_eq!(
        names(&own),
        [
            "index.html",
            "my/app/index.html",
            "my/app/world.app.html",
            "my/app/world.other.html"
        ]
    );
    assert!(project.has("target/kept"));
    run(&project, "doc --wit --workspace --target-dir elsewhere").ok();
    assert_eq!(pages(&project, "elsewhere/wit-doc"), all);

    run(&project, "doc --wit -p plain")
        .code(1)
        .says("none of the selected packages has WIT");
    project.write("plain/wit/world.wit", "package my:app;\nworld app { }\n");
    run(&project, "doc --wit --workspace")
        .code(1)
        .says("contradict each other in `my:app`")
        .says("-p <package>");
    project.write(
        "app/wit/world.wit",
        "package my:app;\nworld app { import a: }\n",
    );
    run(&project, "doc --wit -p app")
        .code(1)
        .says("world.wit:2:");
    assert_eq!(pages(&project, "elsewhere/wit-doc"), all);
}

#[test]
fn wit_without_a_crate_has_pages_as_well() {
    let project = Project::empty();
    publish_wit(&project, &[UNITS]);
    project.write("wit/world.wit", APP);
    config(&project);
    let mut command = project.command("doc --wit");
    command
        .env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"))
        .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"));
    project.run(command).ok().says("Generated target");
    let all = pages(&project, "target/wit-doc");
    assert!(all.contains_key("demo/units@1.0.0/interface.units.html"));
    assert!(project.has("target/CACHEDIR.TAG"));

    let project = Project::empty();
    run(&project, "doc --wit")
        .code(1)
        .says("no WIT was found in");
}

#[test]
fn a_source_on_the_command_line_has_pages() {
    let project = Project::empty();
    publish_wit(&project, &[UNITS]);
    project
        .write("one.wit", UNITS)
        .write(
            "many/wit/world.wit",
            "package my:app; world app { import demo:units/units@1.0.0; }",
        )
        .write("many/wit/deps/units.wit", UNITS)
        .write(
            "lacking/world.wit",
            "package my:app; world app { import demo:units/units@1.0.0; }",
        )
        .write("module.wasm", wat::parse_str("(module)").unwrap())
        .write(
            "component.wasm",
            wat::parse_str(
                r#"(component
                    (import "a:b/i@1.0.0" (instance (export "f" (func))))
                    (import "log" (func (param "text" string)))
                    (@custom "component-docs" "{\"a:b/i@1.0.0\":\"Said by the component.\"}"))"#,
            )
            .unwrap(),
        );
    let units = "demo/units@1.0.0/interface.units.html";
    for source in [
        "--wit one.wit",
        "--wit=many",
        "--wit many/wit",
        "--wit registry/demo/units/1.0.0.wasm",
    ] {
        run(&project, &format!("doc {source}")).ok();
        let all = pages(&project, "target/wit-doc");
        assert!(all[units].contains("Units of length."), "{source}");
    }
    run(&project, "doc --wit component.wasm").ok();
    let all = pages(&project, "target/wit-doc");
    assert!(all["a/b@1.0.0/interface.i.html"].contains("Said by the component."));
    assert!(all["index.html"].contains("<h1>component.wasm</h1>"));
    assert!(all["root/component/world.root.html"].contains("id=\"import.func.log\""));

    config(&project);
    run(
        &project,
        "doc --registry-config config.toml --wit demo:units@1",
    )
    .ok();
    assert!(pages(&project, "target/wit-doc")["index.html"].contains("<h1>demo:units@1.0.0</h1>"));

    for (source, problem, hint) in [
        (
            "module.wasm",
            "`module.wasm` is a core module, which has no WIT",
            "help: give a component",
        ),
        (
            "lacking",
            "failed to read the WIT in `lacking`",
            "help: put the package into `deps`",
        ),
        ("missing.wasm", "missing.wasm", "failed to read"),
        (
            "config.toml",
            "`config.toml` is neither WebAssembly nor WIT",
            "help: give a component",
        ),
        (
            "nothing",
            "the file `nothing` does not exist either",
            "help: use `namespace:name`",
        ),
    ] {
        let said = run(&project, &format!("doc --wit {source}")).code(1);
        said.says(problem).says(hint);
    }
    run(&project, "build --wit")
        .code(2)
        .says("`--wit` can only be used with `cargo component doc`");
    run(&project, "doc --wit one.wit two.wit")
        .code(2)
        .says("two.wit");
}

#[cfg(unix)]
#[test]
fn the_pages_are_opened_as_by_cargo() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::empty();
    project.write("one.wit", UNITS).write(
        "browse",
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > opened\nexit \"${CODE:-0}\"\n",
    );
    let browse = project.path("browse");
    std::fs::set_permissions(&browse, std::fs::Permissions::from_mode(0o755)).unwrap();
    let index = project.path("target/wit-doc/index.html");
    let open = |name: &str, value: String, code: &str| {
        let mut command = project.command("doc --wit one.wit --open");
        command.env(name, value).env("CODE", code);
        project.run(command).ok()
    };
    open("BROWSER", browse.display().to_string(), "0")
        .says("     Opening target/wit-doc/index.html");
    assert_eq!(project.read("opened"), format!("{}\n", index.display()));
    open(
        "CARGO_DOC_BROWSER",
        format!("{} --new", browse.display()),
        "0",
    );
    assert_eq!(
        project.read("opened"),
        format!("--new\n{}\n", index.display())
    );
    open("BROWSER", browse.display().to_string(), "3")
        .says("warning: the documentation was not opened");
    open("BROWSER", "no-such-browser".to_owned(), "0").says("`no-such-browser");
}

/// All packages of WASI 0.2 and 0.3 beside one that names all their interfaces.
fn wasi(project: &Project) {
    let mut named = String::new();
    for (from, to) in [(wasi_0_2(), "p2"), (wasi_0_3(), "p3")] {
        for entry in std::fs::read_dir(&from).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let folder = project.path(&format!("wit/deps/{stem}-{to}"));
            match path.is_dir() {
                true => copy(&path, &folder),
                false => {
                    std::fs::create_dir_all(&folder).unwrap();
                    let text = std::fs::read(&path).unwrap();
                    std::fs::write(folder.join("package.wit"), text).unwrap();
                }
            }
            let group = wit_parser::UnresolvedPackageGroup::parse_dir(&folder).unwrap();
            let name = &group.main.name;
            let version = name.version.as_ref().unwrap();
            for (_, interface) in group.main.interfaces.iter() {
                let Some(interface) = &interface.name else {
                    continue;
                };
                let own = format!("interface {interface} ");
                if std::fs::read_to_string(folder.join("package.wit"))
                    .unwrap()
                    .contains(&own)
                {
                    named += &format!("  import wasi:{}/{interface}@{version};\n", name.name);
                }
            }
        }
    }
    project.write(
        "wit/all.wit",
        format!("package my:all;\n/// All of WASI.\nworld all {{\n{named}}}\n"),
    );
}

#[test]
fn every_link_in_the_pages_of_wasi_leads_somewhere() {
    let project = Project::empty();
    wasi(&project);
    run(&project, "doc --wit --offline").ok();
    let all = pages(&project, "target/wit-doc");
    let of = |prefix: &str| names(&all).iter().any(|name| name.starts_with(prefix));
    assert!(
        of("wasi/http@0.2.") && of("wasi/http@0.3."),
        "{:?}",
        names(&all)
    );
    assert!(all.len() > 60, "{:?}", names(&all));
}

/// The browser that is installed, if there is one.
fn browser() -> Option<&'static str> {
    let is_there = |name: &&str| {
        let asked = Command::new(name).arg("--version").output();
        asked.is_ok_and(|output| output.status.success())
    };
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(is_there)
}

/// The page as the browser has it when all its scripts ran. It must have had no complaint.
fn shown(project: &Project, browser: &str, address: &str, options: &[&str]) -> String {
    let mut command = Command::new(browser);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--v=0",
        ])
        .arg(format!(
            "--user-data-dir={}",
            project.path("profile").display()
        ))
        .args(options)
        .arg("--dump-dom")
        .arg(format!(
            "file://{}/{address}",
            project.path("target/wit-doc").display()
        ));
    let output = project.run(command).ok();
    let complaints: Vec<&str> = output
        .stderr
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(complaints.is_empty(), "{address}: {complaints:?}");
    output.stdout
}

/// What a script adds to the page about how it is shown, behind the real one.
const PROBE: &str = "
addEventListener('load', () => {
  const body = document.body;
  const press = (key) => document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const light = (text) => text.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) > 380;
  body.dataset.back = light(getComputedStyle(body).backgroundColor) ? 'light' : 'dark';
  body.dataset.text = light(getComputedStyle(body).color) ? 'light' : 'dark';
  body.dataset.overflow = document.documentElement.scrollWidth > innerWidth ? 'yes' : 'no';
  const results = document.getElementById('results');
  const input = document.querySelector('#search input');
  press('/');
  body.dataset.slash = document.activeElement === input;
  input.value = 'datetime';
  input.dispatchEvent(new Event('input'));
  body.dataset.found = !results.hidden && results.querySelectorAll('a').length > 0;
  body.dataset.asked = new URL(location.href).searchParams.get('search');
  press('ArrowDown');
  body.dataset.down = document.activeElement === results.querySelector('a');
  press('ArrowUp');
  body.dataset.up = document.activeElement === input;
  press('Escape');
  body.dataset.escape = results.hidden && !document.getElementById('main').hidden;
});
";

#[test]
fn a_browser_shows_the_pages_and_searches_them() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no chromium");
        return;
    };
    let project = Project::empty();
    wasi(&project);
    run(&project, "doc --wit --offline").ok();
    // A search in the address is made when the page is opened, also from a page below.
    let all = pages(&project, "target/wit-doc");
    let is_clock =
        |name: &&str| name.starts_with("wasi/clocks@0.3") && name.contains("system-clock");
    let page = names(&all).into_iter().find(is_clock).unwrap().to_owned();
    for from in ["index.html", page.as_str()] {
        let dom = shown(
            &project,
            browser,
            &format!("{from}?search=input-stream%20read"),
            &[],
        );
        let link = "interface.streams.html#method.input-stream.read\"";
        assert!(dom.contains(link), "{from}: {dom}");
        assert!(dom.contains("<main id=\"main\" hidden"), "{from}");
        let none = shown(
            &project,
            browser,
            &format!("{from}?search=%3Cimg%20src%3Dx%3E"),
            &[],
        );
        assert!(
            none.contains("Nothing found") && !none.contains("<img"),
            "{none}"
        );
        let plain = shown(&project, browser, from, &[]);
        assert!(plain.contains("<section id=\"results\" aria-label=\"Search results\" hidden"));
        assert!(!plain.contains("role=\"search\" hidden"), "{from}");
    }
    // How it is shown, and the keys.
    let script = project.read("target/wit-doc/search.js");
    project.write("target/wit-doc/search.js", script + PROBE);
    for (scheme, back, text) in [(0, "dark", "light"), (1, "light", "dark")] {
        for size in ["1280,900", "500,900"] {
            let options = [
                &format!("--blink-settings=preferredColorScheme={scheme}"),
                &format!("--window-size={size}"),
            ];
            let dom = shown(&project, browser, &page, &options.map(String::as_str));
            for expected in [
                &format!("data-back=\"{back}\""),
                &format!("data-text=\"{text}\""),
                "data-overflow=\"no\"",
                "data-slash=\"true\"",
                "data-found=\"true\"",
                "data-asked=\"datetime\"",
                "data-down=\"true\"",
                "data-up=\"true\"",
                "data-escape=\"true\"",
            ] {
                let body = dom.lines().find(|line| line.contains("<body")).unwrap();
                assert!(
                    body.contains(expected),
                    "{scheme} {size}: {expected}: {body}"
                );
            }
        }
    }
}

//! WASI's own packages: built from their text, published to an OCI registry,
//! fetched back, and the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_component::WitPrinter;
use wit_parser::{Resolve, UnresolvedPackageGroup};

use crate::authoring::{wasi_0_2, wasi_0_3};
use crate::registry_servers::FerroRegistry;
use crate::support::{Output, Project};

/// The packages in a directory of files, or of directories of files.
fn groups(dir: &Path) -> Vec<UnresolvedPackageGroup> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let parse = |path: PathBuf| match path.is_dir() {
        true => UnresolvedPackageGroup::parse_dir(&path).unwrap(),
        false => UnresolvedPackageGroup::parse(
            path.display().to_string(),
            &std::fs::read_to_string(&path).unwrap(),
        )
        .unwrap(),
    };
    paths.into_iter().map(parse).collect()
}

/// The text of every package in a directory, resolved together, by name.
fn texts(dir: &Path) -> BTreeMap<String, String> {
    let main = UnresolvedPackageGroup::parse("main.wit", "package the:main;").unwrap();
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    resolve.push_groups(main, groups(dir)).unwrap();
    let mut all = BTreeMap::new();
    for (id, package) in resolve.packages.iter() {
        let mut printer = WitPrinter::default();
        printer.print(&resolve, id, &[]).unwrap();
        all.insert(package.name.to_string(), printer.output.to_string());
    }
    all.remove("the:main");
    all
}

fn wit(project: &Project, dir: &str, line: &str) -> Output {
    let mut command = project.command(&format!("wit {line}"));
    command
        .current_dir(project.path(dir))
        .env(
            "CARGO_COMPONENT_CACHE_DIR",
            project.path(&format!("cache-{dir}")),
        )
        .env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"));
    project.run(command)
}

/// Publishes the packages in `from` as a workspace, and gets them back where
/// all their interfaces and worlds are named.
fn there_and_back(from: &Path) {
    let registry = FerroRegistry::start();
    let project = Project::empty();
    let host = registry.host();
    project.write(
        "config.toml",
        format!(
            "[namespace_registries]\nwasi = {{ registry = \"r\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{host}\", namespacePrefix = \"team/\" }} }} }}\n"
        ),
    );
    project.write("theirs/wkg.toml", "[workspace]\nmembers = [\"*\"]\n");
    let mut named = String::new();
    let mut count = 0;
    for group in groups(from) {
        let name = &group.main.name;
        let path = from.join(format!("{}.wit", name.name));
        let text = std::fs::read_to_string(&path).unwrap();
        project.write(&format!("theirs/{}/package.wit", name.name), text);
        let version = name.version.as_ref().unwrap();
        for interface in group
            .main
            .interfaces
            .iter()
            .filter_map(|(_, i)| i.name.clone())
        {
            named.push_str(&format!(
                "  import wasi:{}/{interface}@{version};\n",
                name.name
            ));
        }
        count += 1;
    }
    let said = wit(&project, "theirs", "publish").ok().stderr;
    assert_eq!(
        said.matches("Published package `wasi:").count(),
        count,
        "{said}"
    );
    project.write(
        "ours/wit/all.wit",
        format!("package my:all;\nworld all {{\n{named}}}\n"),
    );
    wit(&project, "ours", "fetch").ok();
    assert_eq!(texts(&project.path("ours/wit/deps")), texts(from));
    // Unchanged, it is what the cache already has: a second time nothing is sent.
    wit(&project, "theirs", "publish --skip-existing --frozen").code(1);
    wit(&project, "theirs", "publish --skip-existing")
        .ok()
        .silent_on("Published");
    // What was fetched builds the same package as what was published.
    drop(registry);
    wit(&project, "ours", "build --frozen -o a.wasm").ok();
    std::fs::remove_dir_all(project.path("ours/wit/deps")).unwrap();
    wit(&project, "ours", "build --frozen -o b.wasm").ok();
    assert_eq!(project.bytes("ours/a.wasm"), project.bytes("ours/b.wasm"));
}

#[test]
fn wasi_0_2_goes_there_and_back() {
    there_and_back(&wasi_0_2());
}

#[test]
fn wasi_0_3_goes_there_and_back() {
    there_and_back(&wasi_0_3());
}

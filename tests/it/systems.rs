//! What differs between systems: lengths of paths, drives, devices.

use crate::compose::{adder, app, go, place};
use crate::registry_verbs::run;
use crate::support::Project;

/// A component that links another one, in the directory `dir` of a project.
fn linkable(dir: &str) -> Project {
    let project = Project::empty();
    project.write("config.toml", "");
    project.write(&format!("{dir}/app.wasm"), app("\"adder\""));
    project.write(&format!("{dir}/adder.wasm"), adder("i32.add"));
    project
}

#[test]
fn a_path_is_longer_than_windows_takes_without_a_prefix() {
    let dir = ["long".repeat(30), "longer".repeat(20), "longest".repeat(15)].join("/");
    assert!(dir.len() > 260);
    let project = linkable(&dir);
    let line =
        format!("compose {dir}/app.wasm --with adder={dir}/adder.wasm -o {dir}/made/linked.wasm");
    for _ in 0..2 {
        run(&project, &line).ok();
        go(&project, &format!("{dir}/made/linked.wasm")).prints("42");
    }
}

#[test]
fn a_directory_of_packages_is_named_by_its_url() {
    let project = place();
    let root = project.path("registry").display().to_string();
    // That of a path with a drive has one more slash.
    let root = root.replace('\\', "/");
    for url in [
        format!("file://{}{root}", if cfg!(windows) { "/" } else { "" }),
        format!("file:{root}"),
        "./registry".to_owned(),
        root,
    ] {
        run(
            &project,
            &format!("registry versions test:adder --registry {url}"),
        )
        .ok()
        .prints("1.1.0");
    }
}

#[cfg(windows)]
#[test]
fn the_device_nul_takes_what_is_written() {
    let project = linkable("in");
    let compose = "compose in/app.wasm --with adder=in/adder.wasm -o";
    run(&project, &format!("{compose} NUL")).ok();
    run(&project, &format!("{compose} in/nul")).ok();
    let entries = std::fs::read_dir(project.path("in")).unwrap();
    assert_eq!(entries.count(), 2);
}

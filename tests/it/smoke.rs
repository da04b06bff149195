//! From an empty folder to a running component.

use crate::support::Project;

#[test]
fn a_new_command_runs() {
    let project = Project::new("", "hello");
    project
        .component("run -- a b")
        .ok()
        .says("    Creating component target/wasm32-wasip1/debug/hello.wasm")
        .says("     Running `target/wasm32-wasip1/debug/hello.wasm a b`")
        .prints("Hello, world!");
    project.component("run").ok().silent_on("Creating");
}

#[test]
fn a_new_library_is_called() {
    let project = Project::new("--lib", "hello");
    project
        .component("run --invoke 'hello-world()'")
        .ok()
        .prints("\"Hello, World!\"\n");
}

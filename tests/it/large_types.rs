//! WIT of a few lines that stands for millions of types.

use crate::components::made;
use crate::registry_local::{library, publish_wit};
use crate::support::Project;
use crate::wit_authoring::{project, wit};

/// Records that each have the one before four times.
fn nested(package: &str, depth: usize) -> String {
    let mut text = format!("package {package};\ninterface i {{ record t0 {{ a: u8 }}\n");
    for at in 1..=depth {
        let t = format!("t{}", at - 1);
        text += &format!("record t{at} {{ a: {t}, b: {t}, c: {t}, d: {t} }}\n");
    }
    text + &format!("f: func(a: t{depth}); }}\nworld w {{ export i; }}\n")
}

#[test]
fn types_that_unfold_are_refused_before_anything_is_written() {
    let project = Project::empty();
    library(&project, "", "mod bindings;\n");
    for depth in [10, 30] {
        project.write("wit/world.wit", nested("my:app", depth));
        for verb in ["bindings", "build"] {
            project
                .component(verb)
                .code(1)
                .says("the type `t10` of `my:app/i` is too large")
                .says("WebAssembly's limit is 1000000")
                .says("wit/world.wit:12:8")
                .says("help: ");
            assert!(!project.has("src/bindings.rs") && !project.has("target"));
        }
    }
    // All of them together are too much where each would do.
    project.write("wit/world.wit", nested("my:app", 9));
    project
        .component("bindings")
        .code(1)
        .says("the interface `my:app/i` is too large")
        .says("the type `t9`")
        .says("wit/world.wit:11:8");
    // What is valid may still be more than anybody would compile.
    project.write("wit/world.wit", nested("my:app", 8));
    project
        .component("bindings")
        .code(1)
        .says("the world `my:app/w` is too large")
        .says("the type `t8` of `my:app/i`")
        .says("wit/world.wit:10:8");
    assert!(!project.has("src/bindings.rs"));
    project.write("wit/world.wit", nested("my:app", 4));
    project.component("bindings").ok();
}

#[test]
fn no_verb_of_wit_takes_or_publishes_them() {
    let project = project();
    project.write("app/wit/app.wit", nested("demo:app@0.1.0", 30));
    for line in ["check", "build", "publish", "fetch"] {
        wit(&project, "app", line)
            .code(1)
            .says("the type `t10` of `demo:app/i@0.1.0` is too large")
            .says("app.wit:12:8");
    }
    assert!(!project.has("registry/demo/app") && !project.has("app/wkg.lock"));
    assert!(!project.has("app/wit/deps") && !project.has("app/demo:app@0.1.0.wasm"));
    // Nor where somebody else has published one, by a tool that takes it.
    publish_wit(&project, &[&nested("demo:bomb@1.0.0", 30)]);
    project.write(
        "app/wit/app.wit",
        "package demo:app@0.1.0;\nworld app { import demo:bomb/i@1.0.0; }\n",
    );
    for line in ["fetch", "check", "build"] {
        wit(&project, "app", line)
            .code(1)
            .says("effective type size exceeds the limit");
    }
    let line = "publish ../registry/demo/bomb/1.0.0.wasm";
    wit(&project, "app", line)
        .code(1)
        .says("effective type size exceeds the limit");
    assert!(!project.has("app/wit/deps") && !project.has("app/wkg.lock"));
    // What is valid passes, and every verb takes it.
    project.write("app/wit/app.wit", nested("demo:app@0.1.0", 8));
    wit(&project, "app", "check").ok();
    wit(&project, "app", "build").ok();
}

#[test]
fn a_component_that_exports_them_is_no_dependency() {
    let module = "(module (memory (export \"memory\") 1)
        (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 8))
        (func (export \"demo:dep/i#f\") (param i32)))";
    let project = Project::empty();
    project.write("dep.wasm", made(&nested("demo:dep", 8), module));
    library(
        &project,
        "[package.metadata.component.dependencies]\n\"demo:dep\" = { path = \"dep.wasm\" }\n",
        "mod bindings;\n",
    );
    project.write("wit/world.wit", "package my:app;\nworld w { }\n");
    project
        .component("bindings")
        .code(1)
        .says("the type `t8` of `demo:dep/i`")
        .says("help: ");
    assert!(!project.has("src/bindings.rs"));
}

//! The note on hints, which some tools cannot read.

use super::fixture::{Run, Sandbox, built, of};
use super::samples::{args, component, module};
use crate::ops::cargo::cargo_verb;

const BASE: &str = "package t:base@1.0.0; interface b { g: func(); } world base { export b; }";

/// Builds a package that depends on the component `t:base`; its module has this world.
fn build(sandbox: &Sandbox, world: &str) -> Run {
    let app = built(sandbox, "debug", &[("", "app", module(&[world]))]);
    let line = args("build");
    let answers = match sandbox.read("Cargo-component.lock") {
        None => vec![sandbox.metadata(), sandbox.toolchain(), app],
        Some(_) => vec![app],
    };
    sandbox.run(answers, |ctx| cargo_verb(ctx, &line)).ok()
}

#[test]
fn hints_are_noted_once_and_only_where_the_component_has_the_imports() {
    let section = "[package.metadata.component]\npackage = \"t:app\"\n\n[package.metadata.component.dependencies]\n\"t:base\" = \"1\"\n";
    let sandbox = Sandbox::package(section, "package t:app; world w {}");
    let version = "1.0.0".parse().unwrap();
    sandbox
        .memory
        .insert(of("t:base"), version, component(&[BASE]));
    let note = |run: &Run| {
        let messages = run.messages.iter();
        let notes = messages.filter(|message| message.contains("has hints that say where"));
        notes.count()
    };
    // The compiler leaves out imports that nothing calls.
    let run = build(&sandbox, "package t:app; world w {}");
    assert_eq!(note(&run), 0, "{:#?}", run.messages);
    let bound = "package t:app; world w { import t:base/b@1.0.0; }
package t:base@1.0.0 { interface b { g: func(); } }";
    let run = build(&sandbox, bound);
    assert_eq!(note(&run), 1, "{:#?}", run.messages);
    assert!(run.messages.iter().any(|m| m.contains("`app` has hints")));
    let run = build(&sandbox, bound);
    assert_eq!(note(&run), 0, "{:#?}", run.messages);
}

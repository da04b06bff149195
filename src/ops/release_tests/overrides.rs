//! A component that the build itself makes and that overrides an import of another one.

use super::fixture::{Ran, Workshop};
use crate::ops::cargo::cargo_verb;
use crate::ops::tests::samples::{args, component, module};

const APP: &str = "package t:app; world app { import t:dep/api; }
package t:dep { interface api { f: func(); } }";
const DEP: &str = "package t:dep; interface api { f: func(); } world dep { export api; }";
const FILE: &str = "target/wasm32-wasip1/release/dep.wasm";

/// Builds both packages, the first with the component of the second one, whose module is
/// now that of another world.
fn build(before: &str, now: &str) -> Ran<()> {
    let section = |name: &str| format!("[package.metadata.component]\npackage = \"t:{name}\"\n");
    let (app, dep) = (section("app"), section("dep"));
    let workshop = Workshop::with_members(&[["app", "0.1.0", &app], ["dep", "1.0.0", &dep]]);
    workshop.write("app/wit/app.wit", APP);
    workshop.write("dep/wit/dep.wit", now);
    workshop.write(FILE, component(&[before]));
    let modules = [("app", module(&[APP])), ("dep", module(&[now]))];
    let answers = vec![
        workshop.metadata(),
        workshop.sysroot(),
        workshop.built(&modules),
    ];
    let line = format!("build --workspace --release --compose --with t:dep/api={FILE}");
    workshop.run(answers, |ctx| cargo_verb(ctx, &args(&line)))
}

#[test]
fn a_component_whose_imports_the_build_changes_is_linked_by_the_next_run() {
    let changed = "the build changed the imports of `target/wasm32-wasip1/release/dep.wasm`";
    let more = "package t:dep; interface api { f: func(); } interface log { g: func(); }
world dep { import log; export api; }";
    let ran = build(DEP, more);
    assert!(ran.text().contains(changed), "{}", ran.text());
    let ran = build(more, more);
    assert!(!ran.text().contains(changed), "{}", ran.text());
    assert!(ran.text().contains("with 1 component"), "{}", ran.text());
    // The second package has no such import.
    let message = ran.error().message();
    assert!(
        message.contains("no import matches `t:dep/api`"),
        "{message}"
    );
}

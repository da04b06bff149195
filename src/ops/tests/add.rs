//! What `add` says of the crate that it adds to.

use super::fixture::Sandbox;
use super::samples::args;
use crate::ops::add::{AddOptions, add};
use crate::pipeline::project::manifest_write::ManifestWrite;

const SECTION: &str = "[package.metadata.component]\npackage = \"t:app\"\n";

const TYPES: &str = "package t:types@1.0.0; interface types { type id = u32; }";

#[test]
fn a_crate_without_the_module_of_the_bindings_is_told_of_it() {
    let sandbox = Sandbox::package(SECTION, "package t:app; world w { }");
    sandbox.publish_wit(&[TYPES]);
    let options = AddOptions {
        package: Some("t:types".parse().unwrap()),
        requirement: None,
        name: None,
        registry: None,
        path: None,
        oci: None,
        table: None,
        allow: None,
        write: ManifestWrite::Real,
    };
    let added = || {
        sandbox.run([sandbox.metadata()], |ctx| {
            add(ctx, &args("add"), std::slice::from_ref(&options))
        })
    };
    let note = "note: the bindings are written to `src/bindings.rs`: to use them, add `mod bindings;` to the crate root";
    sandbox.write("src/lib.rs", "pub fn f() {}\n");
    added().ok().says(note);
    sandbox.write("src/lib.rs", "mod bindings;\n");
    let run = added().ok();
    assert!(!run.messages.iter().any(|message| message == note));
}

//! What `yank` withdraws, and what it says where that is not possible.

use super::fixture::{Ran, Workshop, insert};
use crate::ops::tests::samples::wit;
use crate::ops::yank::yank;
use crate::pipeline::fetch::access::AccessOptions;

const WIT: &str = "package t:types@1.2.0; interface i { f: func(); }";

fn yanked(workshop: &Workshop, package: &str, version: &str, registry: Option<&str>) -> Ran<()> {
    let options = AccessOptions {
        registry: registry.map(str::to_owned),
        ..AccessOptions::default()
    };
    workshop.run(Vec::new(), |ctx| {
        let package = package.parse().unwrap();
        yank(ctx, &package, &version.parse().unwrap(), &options)
    })
}

fn workshop() -> Workshop {
    let workshop = Workshop::new();
    insert(&workshop.registry, "t:types@1.2.0", wit(&[WIT]));
    workshop
}

#[test]
fn a_version_is_withdrawn_once() {
    let workshop = workshop();
    let text = yanked(&workshop, "t:types", "1.2.0", None)
        .succeeded()
        .text();
    assert_eq!(text, "        Yank `t:types@1.2.0`");
    let again = yanked(&workshop, "t:types", "1.2.0", None)
        .succeeded()
        .text();
    assert_eq!(
        again,
        "    Skipping `t:types@1.2.0`, which was withdrawn before"
    );
}

#[test]
fn what_is_not_there_is_named() {
    let workshop = workshop();
    let ran = yanked(&workshop, "t:types", "2.0.0", None);
    assert_eq!(
        ran.error().message(),
        "the package `t:types` has no version `2.0.0`"
    );
    let ran = yanked(&workshop, "t:type", "1.2.0", None);
    assert_eq!(ran.error().message(), "the package `t:type` was not found");
    assert_eq!(ran.error().advice(), Some("did you mean `t:types`?"));
}

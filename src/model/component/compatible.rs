//! Whether a release of a package is compatible with an earlier one.

use wit_parser::{PackageId, Resolve};

use super::decode::{decode, types};
use super::subtype::Subtyping;
use super::targets::find;
use crate::base::error::Result;
use crate::model::wit::compare::{Compared, Comparison};
use crate::model::wit::types::TypedComponent;

/// The first item of the package `old` that the package `new` lacks or has with
/// another structure, as a sentence; `None` if there is none. Both are bytes of
/// wasm.
///
/// Of a component, the exports count. Of a WIT package, the interfaces count,
/// and that an implementation of each old world is one of the new world, too:
/// the new one imports no less and exports no more.
pub fn first_incompatibility(old: &[u8], new: &[u8]) -> Result<Option<String>> {
    let (left, right) = (types(old)?, types(new)?);
    match (left.is_wit(), right.is_wit()) {
        (false, false) => Ok(sentence(exports(&left, &right))),
        (true, true) => {
            let (l, r) = (decode(old)?, decode(new)?);
            packages(l.resolve(), l.package(), r.resolve(), r.package())
        }
        (false, true) => Ok(Some(
            "it was a component and is now a WIT package".to_owned(),
        )),
        (true, false) => Ok(Some(
            "it was a WIT package and is now a component".to_owned(),
        )),
    }
}

/// Checks that the new component has all exports of the old one. Types are
/// compared and not WIT, which cannot express some valid components.
fn exports(old: &TypedComponent, new: &TypedComponent) -> Compared {
    // The shared imports determine which resources are the same; a changed
    // import is not incompatible by itself.
    let mut imports = Subtyping::new(new, old);
    for (name, item) in &new.imports {
        if let Some(other) = find(&item.full_name(name), &old.imports) {
            let _ = imports.item(name, item, Some(other));
        }
    }
    let mut comparison = imports.reversed(&old.imports);
    for (name, item) in &old.exports {
        let name = item.full_name(name);
        comparison.item(&name, item, find(&name, &new.exports))?;
    }
    Ok(())
}

fn sentence(compared: Compared) -> Option<String> {
    compared.err().map(|difference| difference.to_string())
}

fn packages(
    old_resolve: &Resolve,
    old: PackageId,
    new_resolve: &Resolve,
    new: PackageId,
) -> Result<Option<String>> {
    let (old, new) = (&old_resolve.packages[old], &new_resolve.packages[new]);
    let mut forward = Comparison::new(old_resolve, new_resolve);
    for (name, id) in &old.interfaces {
        let compared = match new.interfaces.get(name) {
            None => return Ok(Some(format!("the interface `{name}` is missing"))),
            Some(other) => forward.interfaces(*id, *other),
        };
        if let Some(difference) = sentence(compared) {
            return Ok(Some(format!("interface `{name}`: {difference}")));
        }
    }
    let mut backward = Comparison::new(new_resolve, old_resolve);
    for (name, id) in &old.worlds {
        let Some(other) = new.worlds.get(name) else {
            return Ok(Some(format!("the world `{name}` is missing")));
        };
        if let Some(difference) = sentence(forward.imports(*id, *other)) {
            return Ok(Some(format!("imports of the world `{name}`: {difference}")));
        }
        // The new world must not require an export that the old one did not.
        if let Some(difference) = sentence(backward.exports(*other, *id)) {
            return Ok(Some(format!(
                "exports of the world `{name}`, compared with the newer version: {difference}"
            )));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let text = format!("package a:b; {text}");
        let id = resolve.push_source("x.wit", &text).unwrap();
        wit_component::encode(&resolve, id, false).unwrap()
    }

    #[test]
    fn a_wit_package_keeps_its_interfaces_and_worlds() {
        let old =
            package("interface i { f: func(); } world w { import i; export g: func() -> u8; }");
        for (new, expected) in [
            (
                "interface i { f: func(); h: func(); } interface j { } world w { import i; import j; export g: func() -> u8; }",
                None,
            ),
            ("interface i { f: func(); } world w { import i; }", None),
            (
                "interface i { } world w { import i; }",
                Some("interface `i`: there is no function `f`"),
            ),
            (
                "interface i { f: func(); }",
                Some("the world `w` is missing"),
            ),
            (
                "interface i { f: func(); } world w { export g: func() -> u8; }",
                Some("imports of the world `w`: there is no interface `a:b/i`"),
            ),
            (
                "interface i { f: func(); } world w { import i; export g: func() -> u8; export k: func(); }",
                Some(
                    "exports of the world `w`, compared with the newer version: there is no function `k`",
                ),
            ),
        ] {
            assert_eq!(
                first_incompatibility(&old, &package(new))
                    .unwrap()
                    .as_deref(),
                expected,
                "{new}"
            );
        }
    }

    #[test]
    fn a_package_stays_what_it_is() {
        let wit = package("interface i { }");
        let component = wat::parse_str("(component)").unwrap();
        assert!(first_incompatibility(&wit, &component).unwrap().is_some());
        assert!(first_incompatibility(&component, &wit).unwrap().is_some());
        assert!(first_incompatibility(&component, b"x").is_err());
    }
}

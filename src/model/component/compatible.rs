//! Whether one release of a package keeps what another one promised.

use wit_parser::{PackageId, Resolve};

use super::subtype::Subtyping;
use super::targets::find;
use super::{decode, types};
use crate::base::error::Result;
use crate::model::wit::compare::{Compared, Comparison};
use crate::model::wit::types::Typed;

/// The first thing the package `old` has that the package `new` lacks or has
/// of another structure, as a sentence; `None` if there is none. Both are
/// bytes of wasm.
///
/// A component promises its exports. A WIT package promises its interfaces,
/// and of each world that who implements it fits the newer one: it imports no
/// less, and exports no more.
pub fn broken(old: &[u8], new: &[u8]) -> Result<Option<String>> {
    let (left, right) = (types(old)?, types(new)?);
    match (left.is_wit(), right.is_wit()) {
        (false, false) => Ok(told(exports(&left, &right))),
        (true, true) => {
            let (l, r) = (decode(old)?, decode(new)?);
            packages((l.resolve(), l.package()), (r.resolve(), r.package()))
        }
        (false, true) => Ok(Some(
            "it was a component and is now a WIT package".to_owned(),
        )),
        (true, false) => Ok(Some(
            "it was a WIT package and is now a component".to_owned(),
        )),
    }
}

/// Everything the old component exports, the new one exports too. Types are
/// compared, not WIT, which has no words for some valid components.
fn exports(old: &Typed, new: &Typed) -> Compared {
    // Which imports they share decides which of their resources are the same;
    // an import that changed breaks no promise by itself.
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

fn told(compared: Compared) -> Option<String> {
    compared.err().map(|difference| difference.to_string())
}

fn packages(
    (l, left): (&Resolve, PackageId),
    (r, right): (&Resolve, PackageId),
) -> Result<Option<String>> {
    let (left, right) = (&l.packages[left], &r.packages[right]);
    let mut forth = Comparison::new(l, r);
    for (name, id) in &left.interfaces {
        let compared = match right.interfaces.get(name) {
            None => return Ok(Some(format!("the interface `{name}` is missing"))),
            Some(other) => forth.interfaces(*id, *other),
        };
        if let Some(told) = told(compared) {
            return Ok(Some(format!("interface `{name}`: {told}")));
        }
    }
    let mut back = Comparison::new(r, l);
    for (name, id) in &left.worlds {
        let Some(other) = right.worlds.get(name) else {
            return Ok(Some(format!("the world `{name}` is missing")));
        };
        if let Some(told) = told(forth.imports(*id, *other)) {
            return Ok(Some(format!("imports of the world `{name}`: {told}")));
        }
        // What the newer one asks for must have been asked for before.
        if let Some(told) = told(back.exports(*other, *id)) {
            return Ok(Some(format!(
                "exports of the world `{name}`, compared with the newer version: {told}"
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
        for (new, told) in [
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
                broken(&old, &package(new)).unwrap().as_deref(),
                told,
                "{new}"
            );
        }
    }

    #[test]
    fn a_package_stays_what_it_is() {
        let wit = package("interface i { }");
        let component = wat::parse_str("(component)").unwrap();
        assert!(broken(&wit, &component).unwrap().is_some());
        assert!(broken(&component, &wit).unwrap().is_some());
        assert!(broken(&component, b"x").is_err());
    }
}

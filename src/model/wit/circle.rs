//! Packages that refer to each other in a circle: WIT does not have them, but
//! a component can, and a world made of several components. The WIT library
//! looks for an order of packages until its stack overflows, so that circles have
//! to be found before it is called.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wasmparser::types::TypesRef;

use super::types::TypedComponent;

/// The nodes that remain when all that refer to nothing, or that nothing refers
/// to, are removed again and again; none where there is no circle.
pub(crate) fn circle<T: Ord + Clone>(mut refers: BTreeMap<T, BTreeSet<T>>) -> Vec<T> {
    loop {
        let left: BTreeSet<T> = refers.keys().cloned().collect();
        let named: BTreeSet<T> = refers.values().flatten().cloned().collect();
        refers.retain(|node, others| named.contains(node) && !others.is_disjoint(&left));
        if refers.len() == left.len() {
            return left.into_iter().collect();
        }
    }
}

/// How many packages may refer to others; the library follows them by
/// recursion.
const MANY: usize = 1000;

/// The packages that refer to each other in a circle by the imports and
/// exports of a component, or of the component types that WIT in its binary
/// form consists of. An error if it refers to more packages than anybody has.
pub(super) fn of_component(component: &TypedComponent) -> Result<Vec<String>, String> {
    let mut references = References::new(component.types.as_ref());
    for (name, item) in component.imports.iter().chain(&component.exports) {
        references.item(name, item, 0);
    }
    if references.refers.len() > MANY {
        return Err(format!(
            "more than {MANY} of its packages refer to other packages"
        ));
    }
    Ok(circle(references.refers))
}

/// Which package takes types from which others.
struct References<'a> {
    types: TypesRef<'a>,
    owners: HashMap<ComponentAnyTypeId, String>,
    refers: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> References<'a> {
    fn new(types: TypesRef<'a>) -> Self {
        References {
            types,
            owners: HashMap::new(),
            refers: BTreeMap::new(),
        }
    }

    fn item(&mut self, name: &str, item: &ComponentItem, depth: usize) {
        let types = self.types;
        let name = item.implements.as_deref().unwrap_or(name);
        match item.ty {
            ComponentEntityType::Instance(instance) => {
                if let Some(package) = package(name, item.version_suffix.as_deref()) {
                    let exports = types[instance].exports.values();
                    exports.for_each(|export| self.export(&package, export));
                }
            }
            // WIT holds a component type for each interface and world, and in
            // that of a world is another one.
            ComponentEntityType::Component(id)
            | ComponentEntityType::Type {
                created: ComponentAnyTypeId::Component(id),
                ..
            } if depth < 3 => {
                let component = &types[id];
                for (name, item) in component.imports.iter().chain(&component.exports) {
                    self.item(name, item, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn export(&mut self, package: &str, export: &ComponentItem) {
        let ComponentEntityType::Type {
            referenced,
            created,
        } = export.ty
        else {
            return;
        };
        let mut source = Some(referenced);
        while let Some(ty) = source {
            if let Some(owner) = self.owners.get(&ty) {
                if owner != package {
                    let others = self.refers.entry(package.to_owned()).or_default();
                    others.insert(owner.clone());
                }
                break;
            }
            source = self.types.peel_alias(ty);
        }
        self.owners.insert(created, package.to_owned());
    }
}

/// The package in the name of an interface.
fn package(name: &str, suffix: Option<&str>) -> Option<String> {
    let (package, interface) = name.split_once('/')?;
    let suffix = suffix.unwrap_or_default();
    Some(match interface.split_once('@') {
        Some((_, version)) => format!("{package}@{version}{suffix}"),
        None => package.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wit::types::typed;

    fn found(text: &str) -> Vec<String> {
        of_component(&typed(&wat::parse_str(text).unwrap()).unwrap()).unwrap()
    }

    /// Two interfaces with a type each, and two that take one from the other's
    /// package.
    fn crossing(second: &str) -> String {
        format!(
            r#"(component
                 (import "b:b/y@1.0.0" (instance $y
                   (type $r (record (field "x" u32))) (export "r" (type (eq $r)))))
                 (alias export $y "r" (type $yr))
                 (import "a:a/w" (instance $w
                   (type $r (record (field "x" u32))) (export "r" (type (eq $r)))))
                 (alias export $w "r" (type $wr))
                 (import "a:a/x" (instance (export "r" (type (eq $yr)))))
                 (import "{second}" (instance (export "r" (type (eq $wr)))))
                 (import "f" (func $f))
                 (export "g" (func $f)))"#
        )
    }

    #[test]
    fn circles_are_found_and_what_is_none_is_not() {
        assert_eq!(found(&crossing("b:b/z@1.0.0")), ["a:a", "b:b@1.0.0"]);
        assert_eq!(found(&crossing("b:b/z@2.0.0")), [""; 0]);
        assert_eq!(found(&crossing("a:a/z")), [""; 0]);
        assert_eq!(found("(component)"), [""; 0]);
        assert!(typed(b"\0asm\x0d\0\x01\0\xff").is_err());
    }

    /// WIT in its binary form, in which two packages take types from one
    /// another.
    #[test]
    fn circles_are_found_in_wit() {
        let types = |first: &str, second: &str| {
            format!(
                r#"(import "{first}/y" (instance $y
                     (type $r (record (field "x" u32))) (export "r" (type (eq $r)))))
                   (alias export $y "r" (type $r))
                   (import "{second}/z" (instance
                     (alias outer 1 $r (type $t)) (export "r" (type (eq $t)))))"#
            )
        };
        let interface = |name: &str, first: &str, second: &str| {
            format!(
                r#"(type ${name} (component {} (export "own:own/{name}" (instance))))
                   (export "{name}" (type ${name}))"#,
                types(first, second)
            )
        };
        let wit = |first: &str, second: &str| {
            format!(
                "(component {} {})",
                interface("one", "a:a", "b:b"),
                interface("two", first, second)
            )
        };
        assert_eq!(found(&wit("b:b", "a:a")), ["a:a", "b:b"]);
        assert_eq!(found(&wit("b:b", "c:c")), [""; 0]);
    }

    #[test]
    fn packages_are_not_followed_without_an_end() {
        let chain = |length: usize| {
            let mut text = String::from(
                r#"(component (import "a:a0/i" (instance $i0
                     (type $r (record (field "x" u32))) (export "r" (type (eq $r)))))"#,
            );
            for at in 1..=length {
                let before = at - 1;
                text += &format!(
                    r#"(alias export $i{before} "r" (type $r{at}))
                       (import "a:a{at}/i" (instance $i{at} (export "r" (type (eq $r{at})))))"#
                );
            }
            of_component(&typed(&wat::parse_str(text + ")").unwrap()).unwrap())
        };
        assert_eq!(chain(1000), Ok(vec![]));
        assert!(chain(1001).is_err());
    }

    #[test]
    fn only_a_circle_is_left() {
        let refers = |list: &[(u8, &[u8])]| {
            let set = |(one, others): &(u8, &[u8])| (*one, others.iter().copied().collect());
            circle(list.iter().map(set).collect())
        };
        assert_eq!(refers(&[(1, &[2]), (2, &[3]), (4, &[1, 2])]), [0; 0]);
        let circle = refers(&[(1, &[2]), (2, &[3]), (3, &[1, 7]), (5, &[6]), (6, &[1])]);
        assert_eq!(circle, [1, 2, 3]);
    }
}

//! Packages that refer to each other in a circle: WIT does not have them, but
//! a component can, and a world made of several components. The WIT library
//! looks for an order of packages until its stack is used up, so that they
//! have to be found before it is asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wasmparser::types::TypesRef;
use wasmparser::{BinaryReaderError, Parser, Payload, ValidPayload, Validator, WasmFeatures};

/// What is left of what refers to each other when all that refers to nothing,
/// or that nothing refers to, is taken away; empty where there is no circle.
pub(super) fn circle<T: Ord + Clone>(mut refers: BTreeMap<T, BTreeSet<T>>) -> Vec<T> {
    loop {
        let left: BTreeSet<T> = refers.keys().cloned().collect();
        let named: BTreeSet<T> = refers.values().flatten().cloned().collect();
        refers.retain(|one, others| named.contains(one) && !others.is_disjoint(&left));
        if refers.len() == left.len() {
            return left.into_iter().collect();
        }
    }
}

/// The packages that refer to each other in a circle by the imports and
/// exports of a component. An error if it is not valid, as far as that can be
/// seen without its code.
pub(super) fn of_component(bytes: &[u8]) -> Result<Vec<String>, BinaryReaderError> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut depth = 0;
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section.clone() {
                    imports.push(import?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.clone() {
                    exports.push(export?.name.name);
                }
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
        if let ValidPayload::End(types) = validator.payload(&payload)?
            && depth < 0
        {
            let types = types.as_ref();
            let imports = imports
                .iter()
                .map(|name| (*name, types.component_item_for_import(name)));
            let exports = exports
                .iter()
                .map(|name| (*name, types.component_item_for_export(name)));
            return Ok(circle(references(types, imports.chain(exports))));
        }
    }
    Ok(Vec::new())
}

/// Which package takes types from which others.
fn references<'a>(
    types: TypesRef<'_>,
    items: impl Iterator<Item = (&'a str, Option<&'a ComponentItem>)>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut owners: HashMap<ComponentAnyTypeId, String> = HashMap::new();
    let mut refers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, item) in items {
        let Some(item) = item else { continue };
        let name = item.implements.as_deref().unwrap_or(name);
        let (ComponentEntityType::Instance(instance), Some(package)) =
            (item.ty, package(name, item.version_suffix.as_deref()))
        else {
            continue;
        };
        for export in types[instance].exports.values() {
            let ComponentEntityType::Type {
                referenced,
                created,
            } = export.ty
            else {
                continue;
            };
            let mut source = Some(referenced);
            while let Some(ty) = source {
                if let Some(owner) = owners.get(&ty) {
                    if *owner != package {
                        let others = refers.entry(package.clone()).or_default();
                        others.insert(owner.clone());
                    }
                    break;
                }
                source = types.peel_alias(ty);
            }
            owners.insert(created, package.clone());
        }
    }
    refers
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

    fn found(text: &str) -> Vec<String> {
        of_component(&wat::parse_str(text).unwrap()).unwrap()
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
        assert!(of_component(b"\0asm\x0d\0\x01\0\xff").is_err());
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

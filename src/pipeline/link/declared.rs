//! Links imports without hints with declared components. Components of other
//! toolchains have no hints, so that only the names of their imports show which of
//! them they need.

use std::collections::BTreeSet;

use super::files::ComponentFiles;
use super::part::{Part, PartLink};
use crate::base::error::Result;
use crate::model::component::compose::compatible;
use crate::model::component::hint::Hint;
use crate::model::component::names::Name;

/// Links imports that have neither a link, a stub nor a hint with the only one of the
/// `declared` parts that exports them: a compatible version of the interface, or a
/// plain name. An import stays open if several parts export it, or the link would
/// close a cycle.
pub(super) fn answer_from_declared(
    parts: &mut [Part],
    declared: &BTreeSet<usize>,
    files: &ComponentFiles,
) -> Result<()> {
    if declared.is_empty() {
        return Ok(());
    }
    let mut exports = Vec::new();
    for at in declared {
        exports.push((*at, files.exports(&parts[*at].file)?));
    }
    for here in 0..parts.len() {
        let imports = files.imports(&parts[here].file)?;
        for import in imports {
            if !is_open(&parts[here], &import) {
                continue;
            }
            let mut exporting = exports
                .iter()
                .filter(|(at, _)| *at != here)
                .filter_map(|(at, exports)| Some((*at, answering(&import, exports)?)));
            let (Some((part, item)), None) = (exporting.next(), exporting.next()) else {
                continue;
            };
            if !reaches(parts, part, here) {
                let answer = PartLink { part, item };
                parts[here].links.insert(import.name, answer);
            }
        }
    }
    Ok(())
}

fn is_open(part: &Part, import: &Name) -> bool {
    let hint = import.external_id.as_deref().map(Hint::parse);
    !part.links.contains_key(&import.name)
        && !part.keep.contains(&import.name)
        && !part.stubs.contains(&import.name)
        && hint.is_none_or(|hint| hint.known().is_none())
}

/// How exports satisfy an import: `None` if they do not, `Some(None)` by an
/// interface, otherwise by the export with the given plain name.
fn answering(import: &Name, exports: &[Name]) -> Option<Option<String>> {
    match import.interface() {
        Some(imported) => exports
            .iter()
            .filter_map(Name::interface)
            .any(|interface| compatible(interface, imported))
            .then_some(None),
        None => exports
            .iter()
            .any(|export| export.name == import.name)
            .then(|| Some(import.name.clone())),
    }
}

/// Whether a part needs another one, directly or through others.
fn reaches(parts: &[Part], from: usize, to: usize) -> bool {
    let mut visited = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(part) = open.pop() {
        if part == to {
            return true;
        }
        let next = parts[part].links.values().map(|answer| answer.part);
        open.extend(next.filter(|next| visited.insert(*next)));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn one_that_exports_it_answers_and_neither_two_nor_a_circle_do() {
        let dir = tempfile::tempdir().unwrap();
        let part = |name: &str, imports: &[&str], exports: &[&str]| {
            let import = |name: &&str| format!("(import \"{name}\" (instance))");
            let export = |name: &&str| format!("(export \"{name}\" (instance $e))");
            let text = format!(
                "(component (instance $e) {} {})",
                imports.iter().map(import).collect::<String>(),
                exports.iter().map(export).collect::<String>()
            );
            Part::written(dir.path(), name, &text)
        };
        let mut parts = [
            part("leaf", &["a:b/top@1.0.0"], &["a:b/leaf@1.2.0", "plain"]),
            part(
                "mid",
                &["a:b/leaf@1.0.0", "plain", "a:b/two"],
                &["a:b/top@1.0.0"],
            ),
            part("one", &[], &["a:b/two"]),
            part("other", &[], &["a:b/two"]),
            part("free", &["a:b/leaf@2.0.0", "a:b/top@1.0.1"], &[]),
        ];
        answer_from_declared(&mut parts, &(0..4).collect(), &ComponentFiles::default()).unwrap();
        let links = |at: usize| -> Vec<(String, usize, Option<String>)> {
            let links: &BTreeMap<String, PartLink> = &parts[at].links;
            links
                .iter()
                .map(|(name, answer)| (name.clone(), answer.part, answer.item.clone()))
                .collect()
        };
        // The first of two that need each other is served, the other is not.
        assert_eq!(links(0), [("a:b/top@1.0.0".to_owned(), 1, None)]);
        assert_eq!(links(1), []);
        assert_eq!(links(4), [("a:b/top@1.0.1".to_owned(), 1, None)]);
        parts[0].links.clear();
        parts[0].keep.insert("a:b/top@1.0.0".to_owned());
        answer_from_declared(&mut parts, &(0..4).collect(), &ComponentFiles::default()).unwrap();
        let plain = Some("plain".to_owned());
        let links = &parts[1].links;
        assert_eq!(
            links["a:b/leaf@1.0.0"],
            PartLink {
                part: 0,
                item: None
            }
        );
        assert_eq!(
            links["plain"],
            PartLink {
                part: 0,
                item: plain
            }
        );
        assert!(!links.contains_key("a:b/two"));
    }
}

//! Links imports without hints with declared components. Components of other
//! toolchains have no hints, so that only the names of their imports show which of
//! them they need.

use std::collections::{BTreeSet, HashMap};

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
    let exports = DeclaredExports::new(parts, declared, files)?;
    for here in 0..parts.len() {
        let imports = files.imports(&parts[here].file)?;
        for import in imports {
            if !is_open(&parts[here], &import) {
                continue;
            }
            let Some(link) = exports.only_link(&import, here) else {
                continue;
            };
            if !reaches(parts, link.part, here) {
                parts[here].links.insert(import.name, link);
            }
        }
    }
    Ok(())
}

/// What the declared parts export: the index of each part and the name, by what an import
/// that it satisfies has in common with it.
struct DeclaredExports(HashMap<String, Vec<(usize, Name)>>);

impl DeclaredExports {
    fn new(parts: &[Part], declared: &BTreeSet<usize>, files: &ComponentFiles) -> Result<Self> {
        let mut exports: HashMap<String, Vec<_>> = HashMap::new();
        for at in declared {
            for export in files.exports(&parts[*at].file)? {
                // A label that implements an interface is found by both.
                let label = export.implements.as_ref().map(|_| export.name.as_str());
                for key in std::iter::once(common_name(&export)).chain(label) {
                    let known = exports.entry(key.to_owned()).or_default();
                    known.push((*at, export.clone()));
                }
            }
        }
        Ok(DeclaredExports(exports))
    }

    /// The link of an import of the part `here`, if just one other part exports it.
    fn only_link(&self, import: &Name, here: usize) -> Option<PartLink> {
        let exports = self.0.get(common_name(import))?.iter();
        let mut exporting = exports
            .filter(|(at, export)| *at != here && satisfies(export, import))
            .map(|(at, _)| *at);
        let part = exporting.next()?;
        let is_plain = import.interface().is_none();
        exporting.all(|other| other == part).then(|| PartLink {
            part,
            item: is_plain.then(|| import.name.clone()),
        })
    }
}

/// What an import has in common with each export that satisfies it: the interface without its
/// version, or the plain name.
fn common_name(name: &Name) -> &str {
    let full = name.interface().unwrap_or(&name.name);
    full.split_once('@').map_or(full, |(base, _)| base)
}

/// Whether an export satisfies an import by a compatible version of the interface, or by the
/// same plain name.
fn satisfies(export: &Name, import: &Name) -> bool {
    match (export.interface(), import.interface()) {
        (Some(exported), Some(imported)) => compatible(exported, imported),
        (_, None) => export.name == import.name,
        (None, Some(_)) => false,
    }
}

fn is_open(part: &Part, import: &Name) -> bool {
    let hint = import.external_id.as_deref().map(Hint::parse);
    !part.links.contains_key(&import.name)
        && !part.keep.contains(&import.name)
        && !part.stubs.contains(&import.name)
        && hint.is_none_or(|hint| hint.known().is_none())
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

    #[test]
    fn a_label_satisfies_by_its_name_and_by_its_interface() {
        let named = |name: &str, implements: Option<&str>| Name {
            name: name.to_owned(),
            implements: implements.map(str::to_owned),
            external_id: None,
        };
        let label = named("store", Some("a:b/kv@1.2.0"));
        for (import, fits) in [
            (named("store", None), true),
            (named("a:b/kv@1.0.0", None), true),
            (named("other", Some("a:b/kv@1.1.0")), true),
            (named("a:b/kv@2.0.0", None), false),
            (named("stores", None), false),
        ] {
            assert_eq!(satisfies(&label, &import), fits, "{import:?}");
            let found = [common_name(&label), &label.name].contains(&common_name(&import));
            assert!(found || !fits, "{import:?}");
        }
    }
}

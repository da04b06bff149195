//! Imports that a generated stub answers in the place of the host, as entries of a manifest
//! say with `stub`.

use std::collections::{BTreeMap, BTreeSet};

use super::capabilities::reached;
use super::part::Part;
use crate::base::error::Result;
use crate::model::component::compose::{Link, Node, compatible};
use crate::model::component::hint::Hint;
use crate::model::component::names;
use crate::model::component::names::Name;
use crate::model::component::pure::stub_of;
use crate::model::manifest::Manifest;
use crate::system::fs;

/// Chooses the imports that stubs answer: those that no other component answers, of the
/// components of entries with `stub` and of everything that these need. `entries` are keys
/// with the indices of their components among the parts. Returns a note for each pattern
/// that stands for no import.
pub(super) fn stub_imports<'k>(
    manifest: &Manifest,
    parts: &mut [Part],
    entries: impl IntoIterator<Item = (&'k str, usize)>,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for (key, place) in entries {
        let rules = manifest
            .dependencies
            .get(key)
            .map(|entry| &entry.capabilities);
        let Some(rules) = rules.filter(|rules| !rules.stub.is_empty()) else {
            continue;
        };
        let mut used = BTreeSet::new();
        for place in reached(parts, place) {
            let part = &mut parts[place];
            for import in names::imports(&fs::read(&part.file)?)? {
                let name = import.interface().unwrap_or(&import.name);
                let patterns: Vec<String> = rules.stubbing(name).map(ToString::to_string).collect();
                if !patterns.is_empty() && is_open(part, &import) {
                    part.stubs.insert(import.name);
                    used.extend(patterns);
                }
            }
        }
        let patterns = rules.stub.iter().map(ToString::to_string);
        for pattern in patterns.filter(|pattern| !used.contains(pattern)) {
            notes.push(format!(
                "`stub` of `{key}` has `{pattern}`, but nothing that it is linked with imports that from outside"
            ));
        }
    }
    Ok(notes)
}

fn is_open(part: &Part, import: &Name) -> bool {
    let hint = import.external_id.as_deref().map(Hint::parse);
    !part.links.contains_key(&import.name)
        && !part.keep.contains(&import.name)
        && hint.is_none_or(|hint| hint.known().is_none())
}

/// Adds a node with the stub of each part that has one, and links the part with it. `files`
/// are the bytes of the parts, whose nodes these are.
///
/// # Errors
///
/// If a component cannot be read, or no stub can stand for one of its imports.
pub(super) fn add_stubs(
    parts: &[Part],
    files: &[Vec<u8>],
    nodes: &mut Vec<Node<'_>>,
) -> Result<()> {
    let mut stubbed: BTreeSet<&str> = BTreeSet::new();
    for (at, part) in parts.iter().enumerate() {
        let open = part.stubs.iter().map(String::as_str);
        let names: BTreeSet<&str> = open
            .filter(|name| !part.links.contains_key(*name))
            .collect();
        if names.is_empty() {
            continue;
        }
        let bytes = stub_of(&part.name, &files[at], &names)?;
        // The types that both import are those of one component.
        let mut links = BTreeMap::new();
        for import in names::imports(&bytes)? {
            if let Some(link) = nodes[at].links.get(&import.name) {
                links.insert(import.name, link.clone());
            }
        }
        let node = nodes.len();
        for name in &names {
            let item = Some((*name).to_owned());
            nodes[at]
                .links
                .insert((*name).to_owned(), Link { node, item });
        }
        nodes.push(Node {
            name: format!("stub of {}", part.name),
            bytes: bytes.into(),
            links,
            keep: BTreeSet::new(),
        });
        stubbed.extend(names);
    }
    if stubbed.is_empty() {
        return Ok(());
    }
    // What one component is denied, another one still gets from outside.
    for (node, file) in nodes.iter_mut().zip(files) {
        for import in names::imports(file)? {
            let same = |name: &&str| compatible(name, &import.name);
            if stubbed.iter().any(same) && !node.links.contains_key(&import.name) {
                node.keep.insert(import.name);
            }
        }
    }
    Ok(())
}

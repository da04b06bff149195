//! A composition that is decided but not yet written.

use std::collections::{BTreeMap, BTreeSet};

use super::matching::ProvidedPart;
use super::parsed::{ItemKind, ParsedComponent, RootItem};
use super::plan::Plan;
use super::wiring::{Provider, Wiring};
use crate::model::component::names;
use crate::model::component::names::Name;

/// The components of a composition and the providers of their imports.
pub(super) struct Composition<'a> {
    pub plan: &'a Plan<'a>,
    pub order: &'a [usize],
    pub parts: &'a BTreeMap<usize, ParsedComponent<'a>>,
    pub wired: &'a Wiring,
}

/// An import that stays open.
pub(super) struct OpenImport {
    /// The name that the composition imports it under.
    pub name: Name,
    /// The position of the node that has the import.
    pub node: usize,
}

impl<'a> Composition<'a> {
    /// The component whose exports the composition has.
    pub fn root(&self) -> &'a ParsedComponent<'a> {
        &self.parts[&self.plan.root]
    }

    /// The imports that stay open, those of the root first.
    pub fn open(&self) -> Vec<OpenImport> {
        let labels = self.labels();
        let mut open = Vec::new();
        for &node in self.order.iter().rev() {
            for import in self.open_of(node) {
                let label = labels
                    .get(&node)
                    .and_then(|labels| names::relabelled(&import.name.name, labels));
                let name = Name {
                    name: label.unwrap_or_else(|| import.name.name.clone()),
                    ..import.name.clone()
                };
                open.push(OpenImport { name, node });
            }
        }
        open
    }

    fn open_of(&self, node: usize) -> impl Iterator<Item = &'a RootItem> + '_ {
        let lifted = self.is_lifted(node);
        let given = &self.wired[&node];
        let imports = self.parts[&node].imports.iter();
        imports
            .filter(move |import| !(lifted && import.kind == ItemKind::Type))
            .filter(move |import| !given.contains_key(&import.name.name))
    }

    /// New labels for open imports whose labels are those of another node as well,
    /// by node and present label.
    pub fn labels(&self) -> BTreeMap<usize, BTreeMap<String, String>> {
        let mut used = BTreeSet::new();
        let mut labels: BTreeMap<usize, BTreeMap<String, String>> = BTreeMap::new();
        // The root is last in the order, and its labels stay.
        for &node in self.order.iter().rev() {
            for import in self.open_of(node) {
                let name = &import.name.name;
                if import.name.name.contains(['/', '[']) || used.insert(name.clone()) {
                    continue;
                }
                let package = self.parts[&node].name;
                let stem = package.split(['@', '?', '#']).next().unwrap_or(package);
                let stem = stem.rsplit(['/', '\\', ':']).next().unwrap_or(stem);
                let stem = stem.strip_suffix(".wasm").unwrap_or(stem);
                let prefix = names::label(stem).unwrap_or_else(|| "component".to_owned());
                let label = names::unused_label(&format!("{prefix}-{name}"), &mut used);
                labels.entry(node).or_default().insert(name.clone(), label);
            }
        }
        labels
    }

    /// Whether the root of a node provides some import and uses types, which the
    /// node imports.
    pub fn is_lifted(&self, node: usize) -> bool {
        let by_root = |source: &Provider| source.node == node && source.part == ProvidedPart::Root;
        let is_type = |item: &RootItem| item.kind == ItemKind::Type;
        self.parts[&node].imports.iter().any(is_type)
            && self.wired.values().flat_map(BTreeMap::values).any(by_root)
    }
}

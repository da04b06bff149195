//! One component written from parts and what they are given.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use wac_graph::{CompositionGraph, EncodeOptions, NodeId, types::Package};
use wasmparser::Validator;
use wit_parser::{InterfaceId, Resolve, WorldItem, WorldKey};

use super::answer::{Answer, compatible};
use super::part::{Item, Part, Sort, check_code, features};
use super::wiring::{Source, Wired};
use super::{Plan, diagnose, guarded, lift};
use crate::base::error::{Error, Result};
use crate::model::component::names;
use crate::model::component::names::{Name, Side};

/// How many modules and components one file may hold for validators.
pub(super) const LIMIT: usize = 1000;

/// Everything known about what is to be written.
pub(super) struct Composition<'a> {
    pub plan: &'a Plan,
    pub order: &'a [usize],
    pub parts: &'a BTreeMap<usize, Part<'a>>,
    pub wired: &'a Wired,
}

/// Imports that stay open, by the name the composition has them under, with
/// the node each is of.
pub(super) type Open = Vec<(Name, usize)>;

impl<'a> Composition<'a> {
    fn root(&self) -> &'a Part<'a> {
        &self.parts[&self.plan.root]
    }

    /// The composition; valid.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        self.fits()?;
        let written = self.written()?;
        let open = self.open();
        let exports = &self.root().exports;
        let bytes = names::with_attributes(&written, &|side, name| match side {
            Side::Import => {
                // Of those that became one import, the first that has a hint.
                let same = open.iter().map(|(known, _)| known);
                let same = same.filter(|known| compatible(&known.name, name));
                let known = same
                    .rev()
                    .max_by_key(|known| (known.external_id.is_some(), known.name == name))?;
                Some(Name {
                    name: name.to_owned(),
                    ..known.clone()
                })
            }
            Side::Export => {
                let own = exports.iter().find(|export| export.name.name == name);
                own.map(|export| export.name.clone())
            }
        })?;
        let valid = guarded(
            "wasmparser",
            ("validate the composition of", self.root().name),
            || Validator::new_with_features(features()).validate_all(&bytes),
        )?;
        match valid {
            Ok(_) => Ok(bytes),
            Err(e) => {
                for node in self.order {
                    let part = &self.parts[node];
                    check_code(part.name, &part.bytes)?;
                }
                Err(diagnose::refused(self, &e.to_string()))
            }
        }
    }

    /// Whether the file will not hold more than validators allow.
    fn fits(&self) -> Result<()> {
        let wrapped = |node: &usize| usize::from(self.is_lifted(*node));
        let sizes = self
            .order
            .iter()
            .map(|node| self.parts[node].size + wrapped(node));
        let size = 1 + sizes.sum::<usize>();
        if size <= LIMIT {
            return Ok(());
        }
        Err(
            Error::input(format!("failed to link `{}`", self.root().name))
                .because(format!(
                    "with its {} components, the file would contain {size} modules and components, but no more than {LIMIT} are allowed",
                    self.order.len()
                ))
                .hint("leave some imports open with `--keep`"),
        )
    }

    /// Whether a node answers some import as a whole and has types at its
    /// root, which it takes as imports.
    fn is_lifted(&self, node: usize) -> bool {
        let whole = |source: &Source| source.node == node && source.answer == Answer::Whole;
        let types = |item: &Item| item.sort == Sort::Type;
        self.parts[&node].imports.iter().any(types)
            && self.wired.values().flat_map(BTreeMap::values).any(whole)
    }

    /// New labels for open imports of a node whose labels are taken.
    fn labels(&self) -> BTreeMap<usize, BTreeMap<String, String>> {
        let mut taken = BTreeSet::new();
        let mut labels: BTreeMap<usize, BTreeMap<String, String>> = BTreeMap::new();
        // The root is last, and its labels stay.
        for &node in self.order.iter().rev() {
            for import in self.open_of(node) {
                let name = &import.name.name;
                if import.name.name.contains(['/', '[']) || taken.insert(name.clone()) {
                    continue;
                }
                let package = self.parts[&node].name;
                let bare = package.split(['@', '?', '#']).next().unwrap_or(package);
                let bare = bare.rsplit(['/', '\\', ':']).next().unwrap_or(bare);
                let bare = bare.strip_suffix(".wasm").unwrap_or(bare);
                let front = names::label(bare).unwrap_or_else(|| "component".to_owned());
                let label = names::free(&format!("{front}-{name}"), &mut taken);
                labels.entry(node).or_default().insert(name.clone(), label);
            }
        }
        labels
    }

    fn open_of(&self, node: usize) -> impl Iterator<Item = &'a Item> + '_ {
        let lifted = self.is_lifted(node);
        let given = &self.wired[&node];
        let imports = self.parts[&node].imports.iter();
        imports
            .filter(move |import| !(lifted && import.sort == Sort::Type))
            .filter(move |import| !given.contains_key(&import.name.name))
    }

    /// What stays open, the root's first.
    pub fn open(&self) -> Open {
        let labels = self.labels();
        let mut open = Open::new();
        for &node in self.order.iter().rev() {
            for import in self.open_of(node) {
                let label = labels
                    .get(&node)
                    .and_then(|labels| names::relabelled(&import.name.name, labels));
                let name = Name {
                    name: label.unwrap_or_else(|| import.name.name.clone()),
                    ..import.name.clone()
                };
                open.push((name, node));
            }
        }
        open
    }

    /// The composition as the library writes it.
    fn written(&self) -> Result<Vec<u8>> {
        let labels = self.labels();
        let mut graph = CompositionGraph::new();
        let mut instances = BTreeMap::new();
        for &node in self.order {
            let part = &self.parts[&node];
            let none = BTreeMap::new();
            let labels = labels.get(&node).unwrap_or(&none);
            let mut bytes = names::without_attributes(&part.bytes)?;
            if !labels.is_empty() {
                bytes = names::renamed(&bytes, labels)?;
            }
            let lifted = self.is_lifted(node);
            if lifted {
                bytes = lift::lifted(part.name, &bytes)?;
            }
            let instance = self
                .in_library(part.name, || instantiate(&mut graph, node, bytes))?
                .map_err(|e| failed(part.name, e))?;
            for (import, source) in &self.wired[&node] {
                // The wrapper takes no types.
                if lifted && matches!(source.answer, Answer::Type(..)) {
                    continue;
                }
                let provider = instances[&source.node];
                let set = || argument(&mut graph, (instance, import), (provider, &source.answer));
                self.in_library(part.name, set)?
                    .map_err(|e| diagnose::misfit(self, node, (import, source), &e))?;
            }
            instances.insert(node, instance);
        }
        let root = self.root();
        let reexported = self.reexported()?;
        let encoded = self.in_library(root.name, || {
            for (name, source) in &reexported {
                export(&mut graph, instances[&source.node], &source.answer, name)?;
            }
            for item in &root.exports {
                let name = &item.name.name;
                let answer = Answer::Export(name.clone());
                export(&mut graph, instances[&self.plan.root], &answer, name)?;
            }
            let options = EncodeOptions {
                validate: false,
                ..EncodeOptions::default()
            };
            graph.encode(options).map_err(told)
        })?;
        encoded.map_err(|e| diagnose::refused(self, &e))
    }

    /// Runs a step of the graph library on a part. Where the library gives up, the
    /// reason is often one that its own checks find only in other forms.
    fn in_library<T>(&self, part: &str, step: impl FnOnce() -> T) -> Result<T> {
        guarded("wac-graph", ("link", part), step)
            .map_err(|gave_up| diagnose::misfit_between(self).unwrap_or(gave_up))
    }

    /// Interfaces that the root imports, gets from another component, and
    /// takes types from for its exports: they have to be exported with these.
    fn reexported(&self) -> Result<BTreeMap<String, Source>> {
        let given = &self.wired[&self.plan.root];
        let interface = |name: &&String| name.contains('/');
        if !given.keys().any(|name| interface(&name)) {
            return Ok(BTreeMap::new());
        }
        let (resolve, world) = self.root().decoded()?;
        let world = &resolve.worlds[world];
        let mut needed = BTreeSet::new();
        for (key, item) in &world.exports {
            match item {
                WorldItem::Interface { id, .. } => dependencies(&resolve, *id, &mut needed),
                WorldItem::Function(function) => {
                    for ty in function.parameter_and_result_types() {
                        needed.extend(owners(&resolve, &ty));
                    }
                }
                WorldItem::Type { .. } => {}
            }
            if let WorldKey::Interface(id) = key {
                needed.remove(id);
            }
        }
        for id in needed.clone() {
            dependencies(&resolve, id, &mut needed);
        }
        let names = needed.iter().filter_map(|id| resolve.id_of(*id));
        let exported = |name: &String| root_exports(self.root(), name);
        Ok(names
            .filter(|name| !exported(name))
            .filter_map(|name| given.get_key_value(&name))
            .map(|(name, source)| (name.clone(), source.clone()))
            .collect())
    }
}

fn root_exports(root: &Part<'_>, name: &str) -> bool {
    root.exports.iter().any(|export| export.name.name == name)
}

/// The interfaces that an interface takes types from, and those from which
/// these take theirs.
fn dependencies(resolve: &Resolve, id: InterfaceId, found: &mut BTreeSet<InterfaceId>) {
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        for next in resolve.interface_direct_deps(id) {
            if found.insert(next) {
                open.push(next);
            }
        }
    }
}

/// The interfaces whose types a type is made of.
fn owners(resolve: &Resolve, ty: &wit_parser::Type) -> BTreeSet<InterfaceId> {
    let mut found = BTreeSet::new();
    let mut open = vec![*ty];
    let mut seen = BTreeSet::new();
    while let Some(ty) = open.pop() {
        let wit_parser::Type::Id(id) = ty else {
            continue;
        };
        if !seen.insert(id) {
            continue;
        }
        if let wit_parser::TypeOwner::Interface(owner) = resolve.types[id].owner {
            found.insert(owner);
        }
        open.extend(diagnose::parts_of(resolve, id));
    }
    found
}

fn failed(name: &str, cause: impl Display) -> Error {
    Error::input(format!("failed to link `{name}`"))
        .because(cause)
        .hint("report this as a bug, with the component")
}

/// An error of the library with its causes.
fn told(e: impl std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(e) = cause {
        text.push_str(": ");
        text.push_str(&e.to_string());
        cause = e.source();
    }
    text
}

fn instantiate(
    graph: &mut CompositionGraph,
    node: usize,
    bytes: Vec<u8>,
) -> Result<NodeId, String> {
    let package = Package::from_bytes(&format!("n{node}"), None, bytes, graph.types_mut());
    let package = package.map_err(|e| format!("{e:#}"))?;
    let id = graph.register_package(package).map_err(told)?;
    Ok(graph.instantiate(id))
}

fn answered(
    graph: &mut CompositionGraph,
    instance: NodeId,
    answer: &Answer,
) -> Result<NodeId, String> {
    match answer {
        Answer::Whole => Ok(instance),
        Answer::Export(name) => graph.alias_instance_export(instance, name).map_err(told),
        Answer::Type(export, name) => {
            let interface = graph.alias_instance_export(instance, export);
            let interface = interface.map_err(told)?;
            graph.alias_instance_export(interface, name).map_err(told)
        }
    }
}

fn argument(
    graph: &mut CompositionGraph,
    (instance, import): (NodeId, &str),
    (provider, answer): (NodeId, &Answer),
) -> Result<(), String> {
    let argument = answered(graph, provider, answer)?;
    graph
        .set_instantiation_argument(instance, import, argument)
        .map_err(told)
}

fn export(
    graph: &mut CompositionGraph,
    instance: NodeId,
    answer: &Answer,
    name: &str,
) -> Result<(), String> {
    let node = answered(graph, instance, answer)?;
    graph.export(node, name).map_err(told)
}

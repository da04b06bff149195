//! Writing one component from the components of a composition.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use wac_graph::{CompositionGraph, EncodeOptions, NodeId, types::Package};
use wit_parser::{InterfaceId, Resolve, WorldItem, WorldKey};

use super::composition::Composition;
use super::library::call_library;
use super::matching::{ProvidedPart, compatible};
use super::parsed::{ParsedComponent, features};
use super::wiring::Provider;
use super::{diagnose, lift};
use crate::base::error::{Error, Result};
use crate::base::parallel;
use crate::model::component::names;
use crate::model::component::names::{Name, Side};
use crate::model::component::validation::validate_structure;

/// The highest number of modules and components in one file that validators
/// accept.
pub(super) const MAX_COMPONENTS: usize = 1000;

impl Composition<'_> {
    /// The bytes of the composed component, which is valid if the code of its components is.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        self.check_size()?;
        let written = self.written()?;
        let bytes = self.with_attributes(written)?;
        let valid = call_library(
            "wasmparser",
            "validate the composition of",
            self.root().name,
            || validate_structure(&bytes, features()),
        )?;
        match valid {
            Ok(_) => Ok(bytes),
            Err(e) => Err(diagnose::refused(self, &e.to_string())),
        }
    }

    /// The composition with the attributes of the open imports and of the exports.
    fn with_attributes(&self, written: Vec<u8>) -> Result<Vec<u8>> {
        let open = self.open();
        let exports = &self.root().exports;
        let imported = open.iter().map(|import| &import.name);
        let mut known = imported.chain(exports.iter().map(|export| &export.name));
        // Without any, a large component needs no copy. The library writes some by itself, where
        // imports share a type.
        if known.all(Name::is_plain) && names::imports(&written)?.iter().all(Name::is_plain) {
            return Ok(written);
        }
        names::with_attributes(&written, &|side, name| match side {
            Side::Import => {
                // Of the imports that became one, the first with a hint.
                let same = open.iter().map(|import| &import.name);
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
        })
    }

    /// Fails if the file would contain more components than validators accept.
    fn check_size(&self) -> Result<()> {
        let wrapper = |node: &usize| usize::from(self.is_lifted(*node));
        let sizes = self
            .order
            .iter()
            .map(|node| self.parts[node].size + wrapper(node));
        let size = 1 + sizes.sum::<usize>();
        if size <= MAX_COMPONENTS {
            return Ok(());
        }
        Err(
            Error::input(format!("failed to link `{}`", self.root().name))
                .with_cause(format!(
                    "with its {} components, the file would contain {size} modules and components, but no more than {MAX_COMPONENTS} are allowed",
                    self.order.len()
                ))
                .hint("leave some imports open with `--keep`"),
        )
    }

    /// The composition as the library `wac-graph` writes it.
    fn written(&self) -> Result<Vec<u8>> {
        let labels = self.labels();
        let mut graph = CompositionGraph::new();
        let mut instances = BTreeMap::new();
        let files = self.order.iter().map(|node| self.parts[node].bytes);
        let size = files.clone().map(<[u8]>::len).sum();
        let plain = parallel::compute_sized(size, files.collect(), names::without_attributes);
        for (&node, plain) in self.order.iter().zip(plain) {
            let part = &self.parts[&node];
            let none = BTreeMap::new();
            let labels = labels.get(&node).unwrap_or(&none);
            let mut bytes = plain?;
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
                // The wrapper does not import types.
                if lifted && matches!(source.part, ProvidedPart::Type(..)) {
                    continue;
                }
                let provider = instances[&source.node];
                let set = || set_argument(&mut graph, instance, import, provider, &source.part);
                self.in_library(part.name, set)?
                    .map_err(|e| diagnose::mismatch(self, node, import, source, &e))?;
            }
            instances.insert(node, instance);
        }
        let root = self.root();
        let reexported = self.reexported()?;
        let encoded = self.in_library(root.name, || {
            for (name, source) in &reexported {
                export(&mut graph, instances[&source.node], &source.part, name)?;
            }
            for item in &root.exports {
                let name = &item.name.name;
                let answer = ProvidedPart::Export(name.clone());
                export(&mut graph, instances[&self.plan.root], &answer, name)?;
            }
            let options = EncodeOptions {
                validate: false,
                ..EncodeOptions::default()
            };
            graph.encode(options).map_err(with_sources)
        })?;
        encoded.map_err(|e| diagnose::refused(self, &e))
    }

    /// Calls the graph library for one component. If it panics, the reason is often
    /// a mismatch that its own checks find only in other cases.
    fn in_library<T>(&self, part: &str, step: impl FnOnce() -> T) -> Result<T> {
        call_library("wac-graph", "link", part, step)
            .map_err(|panic| diagnose::find_mismatch(self).unwrap_or(panic))
    }

    /// The providers of interfaces that the root imports from another component
    /// and whose types its exports use: they have to be exported as well.
    fn reexported(&self) -> Result<BTreeMap<String, Provider>> {
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

fn root_exports(root: &ParsedComponent<'_>, name: &str) -> bool {
    root.exports.iter().any(|export| export.name.name == name)
}

/// Adds the interfaces that an interface uses types of, and those that these
/// use, recursively.
fn dependencies(resolve: &Resolve, id: InterfaceId, found: &mut BTreeSet<InterfaceId>) {
    let mut pending = vec![id];
    while let Some(id) = pending.pop() {
        for next in resolve.interface_direct_deps(id) {
            if found.insert(next) {
                pending.push(next);
            }
        }
    }
}

/// The interfaces of all types that a type consists of.
fn owners(resolve: &Resolve, ty: &wit_parser::Type) -> BTreeSet<InterfaceId> {
    let mut found = BTreeSet::new();
    let mut pending = vec![*ty];
    let mut visited = BTreeSet::new();
    while let Some(ty) = pending.pop() {
        let wit_parser::Type::Id(id) = ty else {
            continue;
        };
        if !visited.insert(id) {
            continue;
        }
        if let wit_parser::TypeOwner::Interface(owner) = resolve.types[id].owner {
            found.insert(owner);
        }
        pending.extend(diagnose::parts_of(resolve, id));
    }
    found
}

fn failed(name: &str, cause: impl Display) -> Error {
    Error::input(format!("failed to link `{name}`"))
        .with_cause(cause)
        .hint("report this as a bug, with the component")
}

/// The text of an error of the library with its sources.
fn with_sources(e: impl std::error::Error) -> String {
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
    let id = graph.register_package(package).map_err(with_sources)?;
    Ok(graph.instantiate(id))
}

fn provided(
    graph: &mut CompositionGraph,
    instance: NodeId,
    part: &ProvidedPart,
) -> Result<NodeId, String> {
    match part {
        ProvidedPart::Root => Ok(instance),
        ProvidedPart::Export(name) => graph
            .alias_instance_export(instance, name)
            .map_err(with_sources),
        ProvidedPart::Type(export, name) => {
            let interface = graph.alias_instance_export(instance, export);
            let interface = interface.map_err(with_sources)?;
            graph
                .alias_instance_export(interface, name)
                .map_err(with_sources)
        }
    }
}

fn set_argument(
    graph: &mut CompositionGraph,
    instance: NodeId,
    import: &str,
    provider: NodeId,
    part: &ProvidedPart,
) -> Result<(), String> {
    let argument = provided(graph, provider, part)?;
    graph
        .set_instantiation_argument(instance, import, argument)
        .map_err(with_sources)
}

fn export(
    graph: &mut CompositionGraph,
    instance: NodeId,
    part: &ProvidedPart,
    name: &str,
) -> Result<(), String> {
    let node = provided(graph, instance, part)?;
    graph.export(node, name).map_err(with_sources)
}

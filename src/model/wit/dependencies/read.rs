//! What a dependency offers: the exports of a component, read from its bytes.

use std::collections::BTreeMap;

use wasmparser::Parser;
use wit_component::DecodedWasm;
use wit_parser::{InterfaceId, PackageName, Resolve, TypeDefKind, WorldId, WorldItem, WorldKey};

use super::dependency::ComponentDependency;
use crate::base::error::{Error, Result};
use crate::model::wit;

/// A dependency with what was read from its component.
pub(super) struct Offer<'a> {
    /// The dependency that was read.
    pub dependency: &'a ComponentDependency,
    /// Its index in the list of dependencies.
    pub index: usize,
    /// The WIT of the component.
    pub resolve: Resolve,
    /// The world of the component.
    pub world: WorldId,
    /// Whether it exports functions at its root.
    pub root: bool,
    /// The interfaces it exports under plain names.
    pub inline: Vec<(String, InterfaceId)>,
    /// The interfaces it exports under their own names, one for each track.
    pub interfaces: Vec<InterfaceId>,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}

impl Offer<'_> {
    /// The track of an interface: its name without what a compatible version may
    /// change.
    pub fn track(&self, interface: InterfaceId) -> String {
        track(&self.resolve, interface)
    }

    /// The interface it exports on this track.
    pub fn exported(&self, track: &str) -> Option<InterfaceId> {
        let mut interfaces = self.interfaces.iter();
        interfaces.find(|id| self.track(**id) == track).copied()
    }

    /// The names of the functions it exports at its root.
    pub fn functions(&self) -> Vec<&String> {
        let exports = self.resolve.worlds[self.world].exports.iter();
        let functions = exports.filter_map(|(key, item)| match (key, item) {
            (WorldKey::Name(name), WorldItem::Function(_)) => Some(name),
            _ => None,
        });
        functions.collect()
    }

    /// An error about this dependency.
    pub fn error(&self, cause: impl Into<String>) -> Error {
        failed(self.dependency).with_cause(cause.into())
    }
}

/// The track of a named interface: its name without what a compatible version
/// may change; empty for one without a name.
pub(super) fn track(resolve: &Resolve, interface: InterfaceId) -> String {
    resolve.canonicalized_id_of(interface).unwrap_or_default()
}

/// The package of an interface.
pub(super) fn package_name(resolve: &Resolve, interface: InterfaceId) -> Option<&PackageName> {
    let package = resolve.interfaces[interface].package?;
    Some(&resolve.packages[package].name)
}

fn failed(dependency: &ComponentDependency) -> Error {
    Error::input(format!(
        "failed to import the dependency `{}`",
        dependency.key
    ))
}

/// Reads the exports of a dependency.
pub(super) fn read(index: usize, dependency: &ComponentDependency) -> Result<Offer<'_>> {
    let bytes = &dependency.bytes;
    if Parser::is_core_wasm(bytes) {
        return Err(failed(dependency)
            .with_cause("it is a core module, not a component")
            .hint("build it with `cargo component build`, and depend on the resulting component"));
    }
    if !Parser::is_component(bytes) {
        return Err(failed(dependency)
            .with_cause("it is not a WebAssembly component")
            .hint("a dependency must be a component in binary form"));
    }
    let decoded = wit::decode(bytes).map_err(|e| {
        let error = e.into_error(failed(dependency).message());
        match &dependency.file {
            Some(file) => error.with_cause(format!("its file is `{}`", file.display())),
            None => error,
        }
    })?;
    let (resolve, world) = match decoded {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(resolve, package) => {
            let name = &resolve.packages[package].name;
            return Err(failed(dependency)
                .with_cause(format!("it is the WIT package `{name}`, not a component"))
                .hint("move it to `[package.metadata.component.target.dependencies]`"));
        }
    };
    let mut offer = Offer {
        dependency,
        index,
        resolve,
        world,
        root: false,
        inline: Vec::new(),
        interfaces: Vec::new(),
        notes: Vec::new(),
    };
    exports(&mut offer);
    refuse_useless(&offer)?;
    Ok(offer)
}

fn exports(offer: &mut Offer<'_>) {
    let mut tracks: BTreeMap<String, InterfaceId> = BTreeMap::new();
    let mut order = Vec::new();
    let exports = &offer.resolve.worlds[offer.world].exports;
    for (key, item) in exports {
        match (key, item) {
            (_, WorldItem::Function(_)) => offer.root = true,
            (WorldKey::Name(name), WorldItem::Interface { id, .. }) => {
                offer.inline.push((name.clone(), *id));
            }
            (WorldKey::Interface(id), _) => {
                let track = offer.track(*id);
                let version = |id| package_name(&offer.resolve, id)?.version.clone();
                let known = tracks.get(&track).copied();
                if known.is_none() {
                    order.push(track.clone());
                }
                if known.is_none_or(|known| version(known) < version(*id)) {
                    tracks.insert(track, *id);
                }
            }
            (_, WorldItem::Type { .. }) => {}
        }
    }
    let older = exports.keys().filter_map(|key| match key {
        WorldKey::Interface(id) if tracks[&offer.track(*id)] != *id => offer.resolve.id_of(*id),
        _ => None,
    });
    let notes = older.map(|name| {
        format!(
            "`{}` also exports `{name}` in a later compatible version, which is the one that is imported",
            offer.dependency.key
        )
    });
    offer.notes = notes.collect();
    offer.interfaces = order.iter().map(|track| tracks[track]).collect();
}

/// Refuses a component that cannot be a dependency of any world.
fn refuse_useless(offer: &Offer<'_>) -> Result<()> {
    if !offer.root && offer.inline.is_empty() && offer.interfaces.is_empty() {
        return Err(offer.error("it has no exports").hint(format!(
            "remove `{}` from `[package.metadata.component.dependencies]`, or export something from it",
            offer.dependency.key
        )));
    }
    let resolve = &offer.resolve;
    let imports = resolve.worlds[offer.world].imports.iter();
    for (key, item) in imports {
        if let WorldItem::Type { id, .. } = item
            && let TypeDefKind::Resource = resolve.types[*id].kind
        {
            return Err(offer
                .error(format!(
                    "it defines the resource `{}` in its world, which cannot be provided from outside",
                    resolve.name_world_key(key)
                ))
                .hint("define the resource in an interface that the dependency exports"));
        }
    }
    let mut functions = resolve.worlds[offer.world].exports.values();
    let member = functions.find_map(|item| match item {
        WorldItem::Function(function) if function.kind.resource().is_some() => Some(&function.name),
        _ => None,
    });
    match member {
        None => Ok(()),
        Some(name) => Err(offer
            .error(format!("it exports `{name}` of a resource at its root"))
            .hint("define the resource in an interface that the dependency exports")),
    }
}

//! The imports of a world that components satisfy: their names, hints and
//! attributes.

use std::collections::BTreeMap;

use super::component::{ProvidedComponent, hints_of};
use super::part::{Part, PartLink};
use crate::base::error::Result;
use crate::base::package::is_label;
use crate::model::component::attributes::Attributes;
use crate::model::manifest::HintPolicy;
use crate::model::wit::World;
use crate::model::wit::dependencies;
use crate::model::wit::dependencies::aliases::Alias;
use crate::model::wit::dependencies::{Bound, BoundImport, ComponentDependency};
use crate::system::context::Context;

/// The imports that components satisfy, with their attributes and links.
pub(crate) struct Imports {
    aliases: Vec<Alias>,
    /// The notes for the user.
    pub notes: Vec<String>,
    /// The attributes of the imports.
    pub attributes: BTreeMap<String, Attributes>,
    /// The index of the component that satisfies an import, and the name of the
    /// export, by import.
    links: BTreeMap<String, (usize, Option<String>)>,
    /// Imports that are equal to an import of a component: the index of the
    /// component, and the import's name there.
    shared: BTreeMap<String, (usize, String)>,
}

impl Imports {
    /// Adds aliases to bindings, so that the Rust paths of version 0.21.1 still
    /// work.
    pub fn alias(&self, ctx: &Context, bindings: &str) -> Result<String> {
        let (bindings, notes) = dependencies::aliases::insert(bindings, &self.aliases)?;
        notes.into_iter().for_each(|note| ctx.shell.note(note));
        Ok(bindings)
    }

    /// The links of the imports to the parts of a composition; `places` are the
    /// indices of the components among the parts.
    pub fn links(&self, parts: &[Part], places: &[usize]) -> BTreeMap<String, PartLink> {
        let mut links = BTreeMap::new();
        for (name, (component, item)) in &self.links {
            let link = PartLink {
                part: places[*component],
                item: item.clone(),
            };
            links.insert(name.clone(), link);
        }
        for (name, (component, there)) in &self.shared {
            if let Some(link) = parts[places[*component]].links.get(there) {
                links.insert(name.clone(), link.clone());
            }
        }
        links
    }
}

/// Adds the exports of components to the imports of a world.
pub(crate) fn bind(
    world: Option<World>,
    provided: &[ProvidedComponent],
    policy: HintPolicy,
) -> Result<(World, Imports)> {
    let mut components = Vec::new();
    for one in provided {
        let bytes = one.bytes()?;
        components.push(ComponentDependency {
            key: one.key.clone(),
            package: one.package.clone(),
            version: one.version.clone(),
            label: is_label(&one.key).then(|| one.key.clone()),
            file: Some(one.file.clone()),
            hints_of_imports: hints_of(&bytes)?,
            bytes,
        });
    }
    let Bound {
        world,
        bound,
        followed: shared,
        aliases,
        notes,
    } = dependencies::bind(world, &components)?;
    let mut notes = notes;
    notes.extend(label_notes(provided, &bound));
    let mut imports = Imports {
        aliases,
        notes,
        attributes: BTreeMap::new(),
        links: BTreeMap::new(),
        shared: BTreeMap::new(),
    };
    let said = policy != HintPolicy::None;
    for import in bound {
        let hint = provided[import.dependency].hint(policy, import.item.as_deref());
        let here = Attributes {
            implements: import.implements.filter(|_| said),
            external_id: hint,
        };
        if here != Attributes::default() {
            imports.attributes.insert(import.name.clone(), here);
        }
        let link = (import.dependency, import.item);
        imports.links.insert(import.name, link);
    }
    for import in shared {
        let hints = &components[import.dependency].hints_of_imports;
        let mut there = hints.iter().filter(|(_, hint)| **hint == import.hint);
        if let Some((there, _)) = there.next() {
            let at = (import.dependency, there.clone());
            imports.shared.insert(import.name.clone(), at);
        }
        if said {
            let here = Attributes {
                implements: None,
                external_id: Some(import.hint),
            };
            imports.attributes.insert(import.name, here);
        }
    }
    Ok((world, imports))
}

/// Notes about interfaces that several components export: the bindings have one
/// import per component, under its label.
pub(crate) fn label_notes(provided: &[ProvidedComponent], bound: &[BoundImport]) -> Vec<String> {
    let mut several: BTreeMap<&str, Vec<&BoundImport>> = BTreeMap::new();
    for import in bound {
        if let Some(interface) = &import.implements {
            // Compatible versions are one interface.
            let name = interface.split('@').next().unwrap_or(interface);
            several.entry(name).or_default().push(import);
        }
    }
    let note = |(interface, imports): (&str, Vec<&BoundImport>)| {
        let list = |text: &dyn Fn(&BoundImport) -> String| {
            let quoted: Vec<_> = imports
                .iter()
                .map(|one| format!("`{}`", text(one)))
                .collect();
            quoted.join(" and ")
        };
        format!(
            "{} export `{interface}`: it is imported as {}",
            list(&|one| provided[one.dependency].key.clone()),
            list(&|one| one.name.clone()),
        )
    };
    let several = several.into_iter().filter(|(_, imports)| imports.len() > 1);
    several.map(note).collect()
}

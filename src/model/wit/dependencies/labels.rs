//! The plain names of imports, and the Rust modules they become.

use std::collections::{BTreeMap, BTreeSet};

use wit_bindgen_rust::to_rust_ident;
use wit_parser::{PackageName, WorldKey};

use super::import::{ImportedItem, PlannedItem};
use super::read::{Offer, package_name};
use crate::base::error::Result;
use crate::model::wit::World;

/// Modules that generated bindings have at their root, and crates they name
/// there.
const RESERVED: [&str; 9] = [
    "_rt",
    "alloc",
    "core",
    "exports",
    "std",
    "wit_bindgen",
    "wit_bindgen_rt",
    "wit_future",
    "wit_stream",
];

/// The names that no import can have, each as a Rust module, with the reason.
pub(super) struct ReservedNames(BTreeMap<String, String>);

impl ReservedNames {
    /// The names in the target world, and the namespaces of these packages.
    pub fn new<'a>(target: &World, packages: impl Iterator<Item = &'a PackageName>) -> Self {
        let mut names = BTreeMap::new();
        for name in RESERVED {
            names.insert(name.to_owned(), "the bindings use it".to_owned());
        }
        let mut namespace = |package: &PackageName| {
            names.insert(
                to_rust_ident(&package.namespace),
                format!("it is the namespace of `{package}`"),
            );
        };
        packages.for_each(&mut namespace);
        let world = &target.resolve.worlds[target.id];
        for key in world.imports.keys() {
            if let WorldKey::Interface(id) = key
                && let Some(package) = package_name(&target.resolve, *id)
            {
                namespace(package);
            }
        }
        for key in world.imports.keys().chain(world.exports.keys()) {
            if let WorldKey::Name(name) = key {
                names.insert(to_rust_ident(name), "the target world uses it".to_owned());
            }
        }
        ReservedNames(names)
    }
}

/// The texts behind the label in the names of one dependency; empty for its
/// root.
struct Suffixes(Vec<String>);

impl Suffixes {
    fn of(offer: &Offer<'_>, items: &[PlannedItem]) -> Result<Self> {
        let labelled = || {
            let labelled = items.iter().filter(|planned| planned.labelled);
            labelled.map(|planned| &planned.item)
        };
        let short = |item: &ImportedItem| match item {
            ImportedItem::Root | ImportedItem::Function => String::new(),
            ImportedItem::Inline(name, _) => name.clone(),
            ImportedItem::Interface(id) => offer.resolve.interfaces[*id]
                .name
                .clone()
                .unwrap_or_default(),
        };
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for item in labelled() {
            *count.entry(to_rust_ident(&short(item))).or_default() += 1;
        }
        let mut idents = BTreeSet::new();
        let mut suffixes = Vec::new();
        for item in labelled() {
            let mut suffix = short(item);
            if let ImportedItem::Interface(id) = item
                && count[&to_rust_ident(&suffix)] > 1
                && let Some(package) = package_name(&offer.resolve, *id)
            {
                suffix = format!("{}-{}-{suffix}", package.namespace, package.name);
            }
            if !idents.insert(to_rust_ident(&suffix)) {
                return Err(offer
                    .error(format!(
                        "it would have two imports with the name `{suffix}`"
                    ))
                    .hint("export only one interface with that name"));
            }
            suffixes.push(suffix);
        }
        Ok(Suffixes(suffixes))
    }

    fn names(&self, label: &str) -> Vec<String> {
        let name = |suffix: &String| match suffix.as_str() {
            "" => label.to_owned(),
            suffix => format!("{label}-{suffix}"),
        };
        self.0.iter().map(name).collect()
    }
}

/// The plain names of all imports that have one, in the order of the offers
/// and their items.
pub(super) fn names(
    offers: &[Offer<'_>],
    items: &[Vec<PlannedItem>],
    reserved: &ReservedNames,
) -> Result<Vec<String>> {
    let mut suffixes = Vec::new();
    for (offer, items) in offers.iter().zip(items) {
        suffixes.push(Suffixes::of(offer, items)?);
    }
    let preferred: Vec<Option<String>> = offers.iter().map(preferred_label).collect();
    let names = |label: &Option<String>, at: usize| -> Vec<String> {
        let label = label.as_deref();
        label.map_or(Vec::new(), |label| suffixes[at].names(label))
    };
    let owners = owners(preferred.iter().enumerate().map(|(at, l)| names(l, at)));
    let mut labels = Vec::new();
    for (at, offer) in offers.iter().enumerate() {
        let is_explicit = |at: usize| offers[at].dependency.label.is_some();
        let free = |name: &String| {
            let ident = to_rust_ident(name);
            // A label that was written down wins over one that was derived.
            let mut others = owners[&ident].iter().filter(|other| **other != at);
            !reserved.0.contains_key(&ident)
                && others.all(|other| is_explicit(at) && !is_explicit(*other))
        };
        let is_free = names(&preferred[at], at).iter().all(free);
        labels.push(match is_free {
            true => preferred[at].clone(),
            false => qualified_label(offer),
        });
    }
    let chosen: Vec<Vec<String>> = (0..offers.len()).map(|at| names(&labels[at], at)).collect();
    let owners = self::owners(chosen.iter().cloned());
    for (at, offer) in offers.iter().enumerate() {
        if labels[at].is_none() && !suffixes[at].0.is_empty() {
            return Err(no_label(offer, "it has no package name for its imports"));
        }
        for name in &chosen[at] {
            let ident = to_rust_ident(name);
            let other = owners[&ident].iter().find(|other| **other != at);
            let reason = match (reserved.0.get(&ident), other) {
                (Some(reason), _) => reason.clone(),
                (None, Some(other)) => {
                    format!(
                        "the dependency `{}` needs it too",
                        offers[*other].dependency.key
                    )
                }
                (None, None) => continue,
            };
            let reason = format!("the import name `{name}` cannot be used: {reason}");
            return Err(no_label(offer, &reason));
        }
    }
    Ok(chosen.into_iter().flatten().collect())
}

/// The offers that would have each name, as a Rust module.
fn owners(names: impl Iterator<Item = Vec<String>>) -> BTreeMap<String, BTreeSet<usize>> {
    let mut owners: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, names) in names.enumerate() {
        for name in names {
            owners.entry(to_rust_ident(&name)).or_default().insert(at);
        }
    }
    owners
}

/// The preferred label: the one given, or the package's bare name.
pub(super) fn preferred_label(offer: &Offer<'_>) -> Option<String> {
    let dependency = offer.dependency;
    let package = dependency.package.as_ref();
    let bare = || package.map(|package| package.name().to_owned());
    dependency.label.clone().or_else(bare)
}

/// The label where the preferred one is not free: namespace and name of the
/// package.
fn qualified_label(offer: &Offer<'_>) -> Option<String> {
    let package = offer.dependency.package.as_ref();
    let full = package.map(|package| format!("{}-{}", package.namespace(), package.name()));
    full.or_else(|| preferred_label(offer))
}

fn no_label(offer: &Offer<'_>, reason: &str) -> crate::base::error::Error {
    let dependency = offer.dependency;
    let rest = match &dependency.package {
        Some(package) => format!("package = \"{package}\", …"),
        None => "path = …".to_owned(),
    };
    offer.error(reason).hint(format!(
        "set a label for the dependency, as in `my-{} = {{ {rest} }}`",
        preferred_label(offer).unwrap_or_else(|| "label".to_owned())
    ))
}

//! The plain names of imports, and the Rust modules they become.

use std::collections::{BTreeMap, BTreeSet};

use wit_bindgen_rust::to_rust_ident;
use wit_parser::{PackageName, WorldKey};

use super::plan::Item;
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

/// The names that are no longer free, each as a Rust module, with who has it.
pub(super) struct Taken(BTreeMap<String, String>);

impl Taken {
    /// What the target world has, and the namespaces of these packages.
    pub fn new<'a>(target: &World, packages: impl Iterator<Item = &'a PackageName>) -> Self {
        let mut taken = BTreeMap::new();
        for name in RESERVED {
            taken.insert(name.to_owned(), "the bindings use it".to_owned());
        }
        let mut namespace = |package: &PackageName| {
            taken.insert(
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
                taken.insert(to_rust_ident(name), "the target world uses it".to_owned());
            }
        }
        Taken(taken)
    }
}

/// What comes behind the label in the names of one dependency; empty for its
/// root.
struct Suffixes(Vec<String>);

impl Suffixes {
    fn of(offer: &Offer<'_>, items: &[(Item, bool)]) -> Result<Self> {
        let labelled = || items.iter().filter(|(_, labelled)| *labelled);
        let short = |item: &Item| match item {
            Item::Root | Item::Function => String::new(),
            Item::Inline(name, _) => name.clone(),
            Item::Interface(id) => offer.resolve.interfaces[*id]
                .name
                .clone()
                .unwrap_or_default(),
        };
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for (item, _) in labelled() {
            *count.entry(to_rust_ident(&short(item))).or_default() += 1;
        }
        let mut seen = BTreeSet::new();
        let mut suffixes = Vec::new();
        for (item, _) in labelled() {
            let mut suffix = short(item);
            if let Item::Interface(id) = item
                && count[&to_rust_ident(&suffix)] > 1
                && let Some(package) = package_name(&offer.resolve, *id)
            {
                suffix = format!("{}-{}-{suffix}", package.namespace, package.name);
            }
            if !seen.insert(to_rust_ident(&suffix)) {
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
    items: &[Vec<(Item, bool)>],
    taken: &Taken,
) -> Result<Vec<String>> {
    let mut suffixes = Vec::new();
    for (offer, items) in offers.iter().zip(items) {
        suffixes.push(Suffixes::of(offer, items)?);
    }
    let first: Vec<Option<String>> = offers.iter().map(nearest).collect();
    let names = |label: &Option<String>, at: usize| -> Vec<String> {
        let label = label.as_deref();
        label.map_or(Vec::new(), |label| suffixes[at].names(label))
    };
    let owners = owners(first.iter().enumerate().map(|(at, l)| names(l, at)));
    let mut labels = Vec::new();
    for (at, offer) in offers.iter().enumerate() {
        let given = |at: usize| offers[at].dependency.label.is_some();
        let free = |name: &String| {
            let ident = to_rust_ident(name);
            // A label that was written down wins over one that was derived.
            let mut others = owners[&ident].iter().filter(|other| **other != at);
            !taken.0.contains_key(&ident) && others.all(|other| given(at) && !given(*other))
        };
        let stays = names(&first[at], at).iter().all(free);
        labels.push(match stays {
            true => first[at].clone(),
            false => full(offer),
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
            let reason = match (taken.0.get(&ident), other) {
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

/// Who would have each name.
fn owners(names: impl Iterator<Item = Vec<String>>) -> BTreeMap<String, BTreeSet<usize>> {
    let mut owners: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, names) in names.enumerate() {
        for name in names {
            owners.entry(to_rust_ident(&name)).or_default().insert(at);
        }
    }
    owners
}

/// The label in the first place: the one given, or the package's bare name.
pub(super) fn nearest(offer: &Offer<'_>) -> Option<String> {
    let dependency = offer.dependency;
    let package = dependency.package.as_ref();
    let bare = || package.map(|package| package.name().to_owned());
    dependency.label.clone().or_else(bare)
}

/// The label in the second place: namespace and name of the package.
fn full(offer: &Offer<'_>) -> Option<String> {
    let package = offer.dependency.package.as_ref();
    let full = package.map(|package| format!("{}-{}", package.namespace(), package.name()));
    full.or_else(|| nearest(offer))
}

fn no_label(offer: &Offer<'_>, reason: &str) -> crate::base::error::Error {
    let dependency = offer.dependency;
    let rest = match &dependency.package {
        Some(package) => format!("package = \"{package}\", …"),
        None => "path = …".to_owned(),
    };
    offer.error(reason).hint(format!(
        "set a label for the dependency, as in `my-{} = {{ {rest} }}`",
        nearest(offer).unwrap_or_else(|| "label".to_owned())
    ))
}

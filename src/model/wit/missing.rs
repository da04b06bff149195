//! The packages that the WIT at hand names and does not have.

use wit_parser::PackageName;

use super::group::{Group, Rank};
use super::load::{LoadedSources, ParsedSources, parse};
use super::request::Request;
use crate::base::error::{Excerpt, Result};

/// A package that is named, but that no source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPackage {
    /// The name, with the version of the reference.
    pub name: PackageName,
    /// The package that names it, in quotes.
    pub by: String,
    /// Where a file of the project names it.
    pub at: Option<Excerpt>,
}

/// The packages that must be fetched before the world can be loaded, each once.
///
/// A package the project itself names counts as missing where only a copy
/// inside a fetched package has it: such copies lack what their owner does not
/// use. What the manifest's table would have to declare is left for
/// [`super::load`] to refuse.
pub fn missing_packages(request: &Request<'_>) -> Result<Vec<MissingPackage>> {
    Ok(parse(request)?.missing_packages(request))
}

impl ParsedSources {
    /// As [`missing_packages`], for the request that these sources are of.
    pub fn missing_packages(&self, request: &Request<'_>) -> Vec<MissingPackage> {
        missing(&self.loaded, request)
    }
}

fn missing(loading: &LoadedSources, request: &Request<'_>) -> Vec<MissingPackage> {
    let groups = &loading.groups;
    let mut missing: Vec<MissingPackage> = Vec::new();
    for group in groups {
        let own = group.rank == Rank::Main;
        if own && request.declared {
            continue;
        }
        for package in group.packages() {
            for (named, items) in &package.foreign_deps {
                let name = &request.effective_name(named);
                let met = match strongest(groups, name) {
                    Some(Rank::Enclosed) if own => {
                        items.keys().all(|item| offers(groups, name, item))
                    }
                    Some(rank) => !own || rank < Rank::Embedded,
                    None => false,
                };
                if met || missing.iter().any(|known| known.name == *name) {
                    continue;
                }
                let by = format!("`{}`", package.name);
                missing.push(MissingPackage {
                    name: name.clone(),
                    by,
                    at: loading.texts.reference(group, named).filter(|_| own),
                });
            }
        }
    }
    missing
}

/// The packages that the WIT at hand names and that neither the project itself
/// nor one of its overrides has, each once.
pub fn overridable_packages(request: &Request<'_>) -> Result<Vec<PackageName>> {
    let loading = parse(request)?.loaded;
    let groups = &loading.groups;
    let mut names: Vec<PackageName> = Vec::new();
    let packages = groups.iter().flat_map(Group::packages);
    for name in packages.flat_map(|package| package.foreign_deps.keys()) {
        let is_overridable = strongest(groups, name).is_none_or(|rank| rank > Rank::Override);
        if is_overridable && !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

/// The strongest source of a package; any version does for a name without.
fn strongest(groups: &[Group], name: &PackageName) -> Option<Rank> {
    let having = groups
        .iter()
        .filter(|group| group.packages().any(|p| same(&p.name, name)));
    having.map(|group| group.rank).min()
}

/// Whether a package has the interface or world of this name.
fn offers(groups: &[Group], name: &PackageName, item: &str) -> bool {
    let packages = groups.iter().flat_map(Group::packages);
    packages.filter(|p| same(&p.name, name)).any(|p| {
        let mut interfaces = p.interfaces.iter().filter_map(|(_, i)| i.name.as_deref());
        let mut worlds = p.worlds.iter().map(|(_, w)| w.name.as_str());
        interfaces.any(|i| i == item) || worlds.any(|w| w == item)
    })
}

fn same(known: &PackageName, name: &PackageName) -> bool {
    known == name
        || (name.version.is_none() && known.namespace == name.namespace && known.name == name.name)
}

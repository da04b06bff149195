//! The packages that the WIT at hand names and does not have.

use wit_parser::PackageName;

use super::group::{Group, Rank};
use super::load::parse;
use super::request::Request;
use crate::base::error::{Excerpt, Result};

/// A package that is named and not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Its name, with the version that was named.
    pub name: PackageName,
    /// The package that names it, in quotes.
    pub by: String,
    /// Where it is named, in a file of the project.
    pub at: Option<Excerpt>,
}

/// The packages that must be fetched before the world can be loaded, each once.
///
/// A package the project itself names counts as missing where only a copy
/// inside a fetched package has it: such copies lack what their owner does not
/// use. What the manifest's table would have to declare is left for
/// [`super::load`] to refuse.
pub fn unmet(request: &Request<'_>) -> Result<Vec<Unmet>> {
    let (_, loading) = parse(request)?;
    let groups = &loading.groups;
    let mut unmet: Vec<Unmet> = Vec::new();
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
                if met || unmet.iter().any(|known| known.name == *name) {
                    continue;
                }
                let by = format!("`{}`", package.name);
                unmet.push(Unmet {
                    name: name.clone(),
                    by,
                    at: loading.texts.reference(group, named).filter(|_| own),
                });
            }
        }
    }
    Ok(unmet)
}

/// The packages that the WIT at hand names and that neither the project itself
/// nor one of its overrides has, each once.
pub fn replaceable(request: &Request<'_>) -> Result<Vec<PackageName>> {
    let (_, loading) = parse(request)?;
    let groups = &loading.groups;
    let mut names: Vec<PackageName> = Vec::new();
    let packages = groups.iter().flat_map(Group::packages);
    for name in packages.flat_map(|package| package.foreign_deps.keys()) {
        let open = strongest(groups, name).is_none_or(|rank| rank > Rank::Override);
        if open && !names.contains(name) {
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

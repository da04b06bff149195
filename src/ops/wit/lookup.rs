//! The search for a package to add: its location and its declared_interfaces.

use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use wit_parser::PackageName;

use super::project::WitMember;
use super::resolver::WitResolver;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::component::WasmKind;
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit::{Entry, declared_interfaces};
use crate::pipeline::fetch::packages::PackageRequest;
use crate::system::fs;
use crate::system::source;

/// A package to search for.
pub(super) struct PackageQuery<'s> {
    /// The name of the package.
    pub package: &'s PackageRef,
    /// The versions that are allowed; `None` allows all.
    pub requirement: Option<VersionReq>,
    /// The name of its registry; `None` for the configured one.
    pub registry: Option<String>,
    /// The path of the package instead of a registry.
    pub path: Option<PathBuf>,
}

/// A package that a search found.
#[derive(Clone, Debug)]
pub(super) struct LocatedPackage {
    /// The version that WIT names the package with.
    pub version: Option<Version>,
    /// The version of the release; `None` for a package on disk.
    pub release: Option<Version>,
    /// The declared_interfaces of the package; none for a component.
    pub declared_interfaces: Vec<String>,
    /// The path of the package on disk.
    pub path: Option<PathBuf>,
}

/// Finds a package: at its path, among the packages of the project, in its
/// registry, or in `deps` where no registry is configured for it; the locked
/// version, or else the highest allowed one.
pub(super) fn locate(
    resolver: &mut WitResolver<'_>,
    member: &WitMember,
    query: &PackageQuery<'_>,
) -> Result<LocatedPackage> {
    let (ctx, project) = (resolver.ctx, resolver.project);
    if let Some(path) = &query.path {
        let entry = source::read(path)?.main;
        let found = highest(std::slice::from_ref(&entry), query);
        return found.ok_or_else(|| {
            Error::input(format!(
                "`{}` does not exist in `{}`",
                query.package,
                ctx.display(path)
            ))
            .hint("give the directory or file of the package")
        });
    }
    let others = project.all.iter().filter(|other| other.wit != member.wit);
    let others = others.map(|other| Ok(source::read(&other.wit)?.main));
    if let Some(found) = highest(&others.collect::<Result<Vec<_>>>()?, query) {
        return Ok(found);
    }
    let wanted = Requirement {
        source: PackageSource {
            package: query.package.clone(),
            registry: query.registry.clone(),
            address: None,
        },
        version_req: query.requirement.clone().unwrap_or(VersionReq::STAR),
        required_by: vec!["the command line".to_owned()],
        excerpt: None,
    };
    let lock = resolver.reusable_entries();
    let (packages, named) = resolver.registries(member)?;
    if !packages.has_route(&wanted, &named)
        && let Some(found) = highest(&source::read(&member.wit)?.deps, query)
    {
        return Ok(found);
    }
    let found = packages.fetch(&PackageRequest {
        requirements: std::slice::from_ref(&wanted),
        named: &named,
        lock: &lock,
        locked: None,
    })?;
    let found = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let bytes = fs::read(&found.file)?;
    if crate::model::component::kind(&bytes) != Some(WasmKind::Component) {
        return Err(Error::input(format!(
            "`{}@{}` is neither a WIT package nor a component",
            found.package, found.version
        ))
        .hint("ask the publisher of the package"));
    }
    let entry = found.entry()?;
    let of = declared_interfaces(&entry);
    Ok(LocatedPackage {
        version: found.name()?.version,
        release: Some(found.version.clone()),
        declared_interfaces: of.into_iter().flat_map(|(_, names)| names).collect(),
        path: None,
    })
}

/// The highest allowed version of the package among some entries.
fn highest(entries: &[Entry], query: &PackageQuery<'_>) -> Option<LocatedPackage> {
    let is = |name: &PackageName| {
        let same = name.namespace == query.package.namespace() && name.name == query.package.name();
        let fits = match (&query.requirement, &name.version) {
            (Some(requirement), Some(version)) => requirement.matches(version),
            _ => true,
        };
        same && fits
    };
    let found = entries.iter().flat_map(|entry| {
        let all = declared_interfaces(entry).into_iter();
        all.map(|(name, declared_interfaces)| (name, declared_interfaces, entry.path()))
    });
    let found = found.filter(|(name, ..)| is(name));
    let (name, declared_interfaces, path): (_, _, &Path) =
        found.max_by(|(a, ..), (b, ..)| a.version.cmp(&b.version))?;
    Some(LocatedPackage {
        version: name.version,
        release: None,
        declared_interfaces,
        path: Some(path.to_owned()),
    })
}

impl LocatedPackage {
    /// Refuses an interface that the package does not have.
    pub fn refuse_unknown(&self, package: &PackageRef, interface: &str) -> Result<()> {
        if self
            .declared_interfaces
            .iter()
            .any(|name| name == interface)
        {
            return Ok(());
        }
        let version = self.release.as_ref().or(self.version.as_ref());
        let shown = match version {
            Some(version) => format!("{package}@{version}"),
            None => package.to_string(),
        };
        let error = Error::input(format!("`{shown}` has no interface `{interface}`"));
        let Some(first) = self.declared_interfaces.first() else {
            return Err(error.hint("omit the interface to add only the package"));
        };
        let near = nearest(
            interface,
            self.declared_interfaces.iter().map(String::as_str),
        );
        let near = near.unwrap_or(first);
        Err(error
            .with_cause(format!(
                "its interfaces are {}",
                listed(&self.declared_interfaces)
            ))
            .hint(format!("write `{package}/{near}`")))
    }
}

/// A list of names in backquotes, with commas.
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

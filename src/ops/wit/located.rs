//! A package that is to be added: where it is, and what is in it.

use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use wit_parser::PackageName;

use super::project::{Member, Project};
use super::resolve::Session;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::component::Kind;
use crate::model::resolver::{Source, Wanted};
use crate::model::wit::{Entry, interfaces};
use crate::pipeline::fetch::packages::Request;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// What is looked for.
pub(super) struct Sought<'s> {
    /// The package.
    pub package: &'s PackageRef,
    /// The versions that will do.
    pub requirement: Option<VersionReq>,
    /// The registry it is in.
    pub registry: Option<String>,
    /// Where it is instead.
    pub path: Option<PathBuf>,
}

/// A package that was found.
#[derive(Clone, Debug)]
pub(super) struct Located {
    /// The version that WIT names it with.
    pub version: Option<Version>,
    /// The version of the release; none for what is on disk.
    pub release: Option<Version>,
    /// Its interfaces; none for a component.
    pub interfaces: Vec<String>,
    /// Where it is on disk.
    pub path: Option<PathBuf>,
}

/// Finds a package: at its path, among the packages of the project, in its
/// registry, or in `deps` where no registry is configured for it; the locked
/// version, or else the highest one that will do.
pub(super) fn locate(
    ctx: &Context,
    (project, member): (&Project, &Member),
    session: &mut Session<'_>,
    sought: &Sought<'_>,
) -> Result<Located> {
    if let Some(path) = &sought.path {
        let entry = source::read(path)?.main;
        let found = highest(std::slice::from_ref(&entry), sought);
        return found.ok_or_else(|| {
            Error::input(format!(
                "`{}` does not exist in `{}`",
                sought.package,
                ctx.display(path)
            ))
            .hint("give the directory or file of the package")
        });
    }
    let others = project.all.iter().filter(|other| other.wit != member.wit);
    let others = others.map(|other| Ok(source::read(&other.wit)?.main));
    if let Some(found) = highest(&others.collect::<Result<Vec<_>>>()?, sought) {
        return Ok(found);
    }
    let wanted = Wanted {
        source: Source {
            package: sought.package.clone(),
            registry: sought.registry.clone(),
            address: None,
        },
        requirement: sought.requirement.clone().unwrap_or(VersionReq::STAR),
        by: vec!["the command line".to_owned()],
        at: None,
    };
    let lock = session.answers();
    let (packages, named) = session.registries(member)?;
    if !packages.has_route(&wanted, &named)
        && let Some(found) = highest(&source::read(&member.wit)?.deps, sought)
    {
        return Ok(found);
    }
    let found = packages.fetch(&Request {
        asked: std::slice::from_ref(&wanted),
        named: &named,
        lock: &lock,
        locked: None,
    })?;
    let found = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let bytes = fs::read(&found.file)?;
    if crate::model::component::kind(&bytes) != Some(Kind::Component) {
        return Err(Error::input(format!(
            "`{}@{}` is neither a WIT package nor a component",
            found.package, found.version
        ))
        .hint("ask the publisher of the package"));
    }
    let entry = found.entry()?;
    let of = interfaces(&entry);
    Ok(Located {
        version: found.name()?.version,
        release: Some(found.version.clone()),
        interfaces: of.into_iter().flat_map(|(_, names)| names).collect(),
        path: None,
    })
}

/// The highest version of the package among these.
fn highest(entries: &[Entry], sought: &Sought<'_>) -> Option<Located> {
    let is = |name: &PackageName| {
        let same =
            name.namespace == sought.package.namespace() && name.name == sought.package.name();
        let fits = match (&sought.requirement, &name.version) {
            (Some(requirement), Some(version)) => requirement.matches(version),
            _ => true,
        };
        same && fits
    };
    let found = entries.iter().flat_map(|entry| {
        let all = interfaces(entry).into_iter();
        all.map(|(name, interfaces)| (name, interfaces, entry.path()))
    });
    let found = found.filter(|(name, ..)| is(name));
    let (name, interfaces, path): (_, _, &Path) =
        found.max_by(|(a, ..), (b, ..)| a.version.cmp(&b.version))?;
    Some(Located {
        version: name.version,
        release: None,
        interfaces,
        path: Some(path.to_owned()),
    })
}

impl Located {
    /// Refuses an interface it does not have.
    pub fn refuse_unknown(&self, package: &PackageRef, interface: &str) -> Result<()> {
        if self.interfaces.iter().any(|name| name == interface) {
            return Ok(());
        }
        let version = self.release.as_ref().or(self.version.as_ref());
        let shown = match version {
            Some(version) => format!("{package}@{version}"),
            None => package.to_string(),
        };
        let error = Error::input(format!("`{shown}` has no interface `{interface}`"));
        let Some(first) = self.interfaces.first() else {
            return Err(error.hint("omit the interface to add only the package"));
        };
        let near = nearest(interface, self.interfaces.iter().map(String::as_str));
        let near = near.unwrap_or(first);
        Err(error
            .because(format!("its interfaces are {}", listed(&self.interfaces)))
            .hint(format!("write `{package}/{near}`")))
    }
}

/// Names, quoted, with commas.
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

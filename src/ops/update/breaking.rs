//! Requirements of manifests that are raised to the newest versions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use semver::{Op, Version, VersionReq};

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::edit::{DependencyTable, ManifestEdit};
use crate::model::manifest::{Dependency, DependencySource, Manifest, Target};
use crate::model::resolver::{ListedVersion, PackageSource, Requirement};
use crate::pipeline::fetch::packages::Packages;
use crate::pipeline::project::manifests::{Project, named_registries};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::registry::routes::ManifestRegistries;

/// A requirement of a manifest that is raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RaisedRequirement {
    /// The package whose newest version the requirement did not allow.
    pub package: PackageRef,
    /// The requirement as it was.
    pub before: VersionReq,
    /// The requirement as it is written, with as many numbers as before: `2`, `0.3`.
    pub now: String,
    file: PathBuf,
    table: DependencyTable,
    key: String,
}

/// The requirements on packages of registries that do not allow the newest version of their
/// package: of all packages, or of the named ones. Only plain requirements count, such as
/// `1.2`; one like `=1.2.3` was chosen deliberately.
pub(super) fn outgrown_requirements(
    ctx: &Context,
    project: &Rc<Project>,
    named: &[PackageRef],
) -> Result<Vec<RaisedRequirement>> {
    let mut found: Vec<(RaisedRequirement, Requirement, ManifestRegistries)> = Vec::new();
    let mut packages = Packages::new(ctx, &project.workspace().root, project.mode)?;
    for manifest in project.component_manifests(ctx)? {
        let registries = named_registries(&manifest);
        for (table, key, entry) in entries(&manifest) {
            let (
                Some(package),
                DependencySource::Registry {
                    requirement,
                    registry,
                },
            ) = (&entry.package, &entry.source)
            else {
                continue;
            };
            let raised = RaisedRequirement {
                package: package.clone(),
                before: requirement.clone(),
                now: String::new(),
                file: entry.file.path.clone(),
                table,
                key: key.clone(),
            };
            let is_selected = named.is_empty() || named.contains(package);
            if !is_selected || found.iter().any(|(other, ..)| *other == raised) {
                continue;
            }
            let address = packages.address(package, registry.as_deref(), &registries);
            let requirement = Requirement {
                source: PackageSource {
                    package: package.clone(),
                    registry: registry.clone(),
                    address,
                },
                version_req: requirement.clone(),
                required_by: vec![ctx.display(&entry.file.path).to_string()],
                excerpt: Some(entry.file.excerpt(entry.span.clone())),
            };
            found.push((raised, requirement, registries.clone()));
        }
    }
    refuse_unrequired(named, &found)?;
    let requests = found
        .iter()
        .map(|(_, requirement, named)| (requirement, named));
    let catalog = packages.versions(requests.collect())?;
    let raised = found.into_iter().filter_map(|(raised, requirement, _)| {
        let versions = catalog.versions(&requirement.source).unwrap_or_default();
        let now = outgrown(&raised.before, versions)?;
        Some(RaisedRequirement { now, ..raised })
    });
    Ok(raised.collect())
}

/// The entries of both tables of dependencies, with their keys.
fn entries(manifest: &Manifest) -> impl Iterator<Item = (DependencyTable, &String, &Dependency)> {
    let target = match &manifest.target {
        Target::Local(local) => local.dependencies.as_ref(),
        _ => None,
    };
    let components = manifest.dependencies.iter();
    let components = components.map(|(key, entry)| (DependencyTable::Component, key, entry));
    let wit = target.into_iter().flatten();
    components.chain(wit.map(|(key, entry)| (DependencyTable::Target, key, entry)))
}

fn refuse_unrequired(
    named: &[PackageRef],
    found: &[(RaisedRequirement, Requirement, ManifestRegistries)],
) -> Result<()> {
    let is_required = |package: &PackageRef| found.iter().any(|(r, ..)| r.package == *package);
    match named.iter().find(|package| !is_required(package)) {
        None => Ok(()),
        Some(package) => Err(Error::input(format!(
            "no Cargo.toml of the workspace requires a version of `{package}`"
        ))
        .hint("name no package to raise all requirements")),
    }
}

/// The requirement that allows the newest version, if this one is older.
fn outgrown(requirement: &VersionReq, versions: &[ListedVersion]) -> Option<String> {
    let [only] = requirement.comparators.as_slice() else {
        return None;
    };
    let released = versions.iter().filter(|listed| !listed.yanked);
    let released = released
        .map(|listed| &listed.version)
        .filter(|v| v.pre.is_empty());
    let newest = released.max()?;
    let lowest = Version::new(
        only.major,
        only.minor.unwrap_or_default(),
        only.patch.unwrap_or_default(),
    );
    if only.op != Op::Caret || requirement.matches(newest) || *newest < lowest {
        return None;
    }
    Some(match (only.minor, only.patch) {
        (None, _) if newest.major > 0 => newest.major.to_string(),
        (_, None) => format!("{}.{}", newest.major, newest.minor),
        _ => newest.to_string(),
    })
}

/// The manifests with raised requirements, as they were and as they are to be.
pub(super) struct RaisedManifests(BTreeMap<PathBuf, (String, String)>);

impl RaisedManifests {
    /// The manifests as they are now, with the requirements raised. Nothing is written.
    pub fn read(raised: &[RaisedRequirement]) -> Result<Self> {
        let mut manifests = BTreeMap::new();
        for one in raised {
            let (_, new) = match manifests.entry(one.file.clone()) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let old = fs::read_text(&one.file)?;
                    entry.insert((old.clone(), old))
                }
            };
            *new = with_requirement(&one.file, new, one)?;
        }
        Ok(RaisedManifests(manifests))
    }

    /// Writes all of them, or none.
    pub fn write(&self) -> Result<()> {
        self.replace(|(old, new)| (old, new))
    }

    /// Brings back what was there before, unless somebody changed it meanwhile.
    pub fn take_back(&self) -> Result<()> {
        self.replace(|(old, new)| (new, old))
    }

    fn replace(&self, texts: impl Fn(&(String, String)) -> (&String, &String)) -> Result<()> {
        let mut change = Change::new();
        for (path, both) in &self.0 {
            let (from, to) = texts(both);
            change.write_text(path, Some(from.as_str()), to);
        }
        change.commit()
    }
}

fn with_requirement(path: &Path, text: &str, raised: &RaisedRequirement) -> Result<String> {
    let mut edit = ManifestEdit::new(path, text)?;
    // The root manifest may be that of a package as well, which inherits from it.
    let written = [raised.table, DependencyTable::Workspace]
        .into_iter()
        .any(|table| edit.set_requirement(table, &raised.key, &raised.now));
    match written {
        true => Ok(edit.text()),
        false => Err(Error::input(format!(
            "the requirement of `{}` in `{}` cannot be changed",
            raised.key,
            path.display()
        ))
        .hint(format!("require `{}` there", raised.now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_requirement_is_raised_with_as_many_numbers() {
        let listed = |text: &&str| ListedVersion {
            version: text.trim_start_matches('!').parse().unwrap(),
            yanked: text.starts_with('!'),
        };
        let versions = ["1.0.0", "2.3.4", "!3.0.0", "4.0.0-rc.1"];
        let versions: Vec<_> = versions.iter().map(listed).collect();
        for (requirement, raised) in [
            ("1", Some("2")),
            ("1.0", Some("2.3")),
            ("1.0.0", Some("2.3.4")),
            ("0.1", Some("2.3")),
            ("2", None),
            ("=1.0.0", None),
            ("~1.0", None),
            (">=1, <2", None),
            ("*", None),
            // The registry lost what is required.
            ("3", None),
        ] {
            let found = outgrown(&requirement.parse().unwrap(), &versions);
            assert_eq!(found.as_deref(), raised, "{requirement}");
        }
        let small: Vec<_> = ["0.3.1"].iter().map(listed).collect();
        let found = outgrown(&"0.2".parse().unwrap(), &small);
        assert_eq!(found.as_deref(), Some("0.3"));
    }
}

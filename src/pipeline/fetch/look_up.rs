//! Which versions of a package exist, as far as a choice depends on it.

use std::sync::Arc;

use semver::Version;

use crate::base::error::{Error, ErrorKind, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::resolver::{AskedRegistry, ListedVersion, PackageSource, Requirement};
use crate::system::registry::{PackageList, Registry, Release};

/// The registry of a package, with the setting that selects it.
pub(super) struct PackageRegistry {
    /// The registry that has the package.
    pub registry: Arc<dyn Registry>,
    /// Its address without credentials.
    pub address: String,
    /// The setting that selects it, for messages.
    pub with_route: String,
}

impl PackageRegistry {
    /// Adds the setting to an error of the registry.
    pub fn explain(&self, error: Error) -> Error {
        error.with_cause(format!("the registry is set in {}", self.with_route))
    }
}

/// A question about the versions of a package.
pub(super) struct LookUp<'r> {
    /// The requirement that errors name.
    pub requirement: &'r Requirement,
    /// The registry that is asked.
    pub registry_entry: PackageRegistry,
    /// The only versions that matter; none where the list is needed.
    pub exact: Vec<Version>,
}

/// The answer of a registry.
pub(super) enum Answer {
    /// All versions of the package, none where it is not there, and the registry that
    /// listed them.
    Versions(Vec<ListedVersion>, AskedRegistry),
    /// The exact versions, all of which exist.
    Releases(Vec<Release>),
}

impl<'r> LookUp<'r> {
    /// The question for the list of versions.
    pub fn of_list(requirement: &'r Requirement, registry_entry: PackageRegistry) -> Self {
        LookUp {
            requirement,
            registry_entry,
            exact: Vec::new(),
        }
    }

    /// Asks the registry, and returns its answer.
    pub fn run(self) -> Result<(PackageSource, Answer)> {
        let (source, registry) = (&self.requirement.source, &self.registry_entry.registry);
        let explain = |e| self.requirement.explain(self.registry_entry.explain(e));
        let exact = self.exact.iter();
        let releases = exact.map(|version| registry.release(&source.package, version));
        match releases.collect::<Result<Option<Vec<_>>>>() {
            Ok(Some(releases)) if !releases.is_empty() => {
                return Ok((source.clone(), Answer::Releases(releases)));
            }
            // The error of a list says more about a package that is not there, or to
            // which there is no access.
            Err(e) if e.kind() == ErrorKind::Io => return Err(explain(e)),
            _ => {}
        }
        let versions = registry.versions(&source.package).map_err(explain)?;
        let versions = versions.unwrap_or_default();
        let asked = AskedRegistry {
            location: registry.location(&source.package),
            chosen_by: self.registry_entry.with_route.clone(),
            similar: match versions.is_empty() {
                true => similar(&**registry, &source.package),
                false => None,
            },
        };
        Ok((source.clone(), Answer::Versions(versions, asked)))
    }
}

/// The package of a registry whose name is the most similar one; none where nothing is
/// similar, or the registry does not list its packages.
pub(super) fn similar(registry: &dyn Registry, package: &PackageRef) -> Option<PackageRef> {
    // It is only a suggestion.
    let Ok(PackageList::Names(packages)) = registry.packages() else {
        return None;
    };
    let names: Vec<String> = packages.iter().map(ToString::to_string).collect();
    nearest(&package.to_string(), names.iter().map(String::as_str))?
        .parse()
        .ok()
}

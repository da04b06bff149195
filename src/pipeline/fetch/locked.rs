//! The entries of a workspace's lock file with their registries, for commands about
//! the lock file itself.

use std::path::PathBuf;
use std::rc::Rc;

use super::worlds::WorldResolver;
use crate::base::error::{Error, Result};
use crate::model::lockfile::{Locked, Lockfile};
use crate::model::resolver::{PackageSource, Requirement};
use crate::pipeline::fetch::lock_session::LOCK_FILE;
use crate::pipeline::project::manifests::{Project, named_registries};
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::registry::Registries;
use crate::system::registry::address::address;
use crate::system::registry::routes::{ManifestRegistries, Route};

/// Every locked release once, sorted by package and version.
pub(crate) fn locked_releases(lock: &Lockfile) -> Vec<&Locked> {
    let mut releases: Vec<&Locked> = Vec::new();
    for entry in lock.entries() {
        let same = |old: &&Locked| {
            let id = |of: &Locked| {
                let Locked {
                    package, registry, ..
                } = of;
                (package.clone(), registry.clone(), of.address.clone())
            };
            id(old) == id(entry) && (&old.version, &old.digest) == (&entry.version, &entry.digest)
        };
        if !releases.iter().any(same) {
            releases.push(entry);
        }
    }
    releases.sort_by(|a, b| (&a.package, &a.version).cmp(&(&b.package, &b.version)));
    releases
}

/// Finds the registries of locked packages by the manifests that name them.
pub(crate) struct RegistryFinder {
    /// The registries each member names.
    named: Vec<ManifestRegistries>,
    /// The directory that paths in the lock file start from.
    root: PathBuf,
}

impl RegistryFinder {
    /// Reads the manifests of a workspace.
    pub fn new(ctx: &Context, project: &Project) -> Result<Self> {
        let mut manifests = project.component_manifests(ctx)?;
        manifests.extend(project.embedding_manifests(ctx)?);
        Ok(RegistryFinder {
            named: manifests.iter().map(|one| named_registries(one)).collect(),
            root: project.workspace().root.clone(),
        })
    }

    /// The registries of the first member that has a route to a locked package, with
    /// that route. It leads to the locked address, or where the configuration says.
    pub fn find(
        &self,
        locked: &Locked,
        access: &Registries<'_>,
    ) -> Result<(&ManifestRegistries, Route)> {
        let mut first = None;
        let (package, registry) = (&locked.package, locked.registry.as_deref());
        for named in &self.named {
            let address = address(package, registry, named, access.layers(), &self.root);
            if address.is_some() && address != locked.address {
                continue;
            }
            match access.route(&locked.package, locked.registry.as_deref(), named) {
                Ok(route) => return Ok((named, route)),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or_else(|| {
            let from = locked.address.as_deref();
            let from = from.map_or(String::new(), |address| format!(" from `{address}`"));
            Error::input(format!(
                "`{}`{from} is locked, but no package of the workspace requires it",
                locked.package
            ))
            .hint("remove the entry with `cargo component update`")
        }))
    }
}

/// The requirement of a locked release.
pub(crate) fn requirement_of(locked: &Locked) -> Requirement {
    Requirement {
        source: PackageSource {
            package: locked.package.clone(),
            registry: locked.registry.clone(),
            address: locked.address.clone(),
        },
        version_req: locked.requirement.clone(),
        required_by: vec![format!("`{LOCK_FILE}`")],
        excerpt: None,
    }
}

/// The lock file of a workspace, for reading.
pub(crate) fn read_lock(ctx: &Context, project: &Rc<Project>) -> Result<(PathBuf, Lockfile)> {
    let mut worlds = WorldResolver::with_mode(ctx, project, LockMode::default())?;
    // Entries of old get their addresses.
    worlds.packages()?;
    Ok((worlds.session().path().to_owned(), worlds.lock().clone()))
}

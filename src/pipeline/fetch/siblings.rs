//! The WIT packages of a workspace's members, for the other members.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;

use wit_parser::PackageName;

use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::model::wit::{Request, Sources, declared_packages, overridable_packages};
use crate::pipeline::project::manifests::{Project, is_component, named_registries};
use crate::system::context::Context;
use crate::system::registry::routes::ManifestRegistries;
use crate::system::source::{LocalSources, TargetSources, collect_sources};

/// The WIT packages of all members, which are read when first needed.
pub(crate) struct Siblings<'a> {
    ctx: &'a Context,
    project: Rc<Project>,
    packages: OnceCell<Vec<Sibling>>,
}

/// The WIT package of one member.
struct Sibling {
    name: PackageName,
    sources: Sources,
    watched: Vec<PathBuf>,
}

impl<'a> Siblings<'a> {
    /// The packages of a workspace, none of which is read yet.
    pub fn of(ctx: &'a Context, project: &Rc<Project>) -> Self {
        Siblings {
            ctx,
            project: project.clone(),
            packages: OnceCell::new(),
        }
    }

    /// The registries that each member with components names. A member whose
    /// manifest cannot be read names none here.
    pub fn registries(&self) -> Vec<ManifestRegistries> {
        let members = self.project.workspace().members.iter();
        let named = |member| {
            let manifest = self.project.manifest(self.ctx, member).ok()?;
            is_component(&manifest, member).then(|| named_registries(&manifest))
        };
        members.filter_map(named).collect()
    }

    /// Reads the packages. A member whose manifest or WIT cannot be read has none
    /// here; its error is reported when that member is analyzed.
    fn read(&self) -> Vec<Sibling> {
        let read = |member| {
            let manifest = self.project.manifest(self.ctx, member).ok()?;
            let Ok(TargetSources::Local(local)) = collect_sources(&manifest) else {
                return None;
            };
            let LocalSources {
                request, watched, ..
            } = *local;
            let Request {
                mut sources,
                overrides,
                ..
            } = request;
            let beside = |over: Sources| std::iter::once(over.main).chain(over.deps);
            sources.deps.extend(overrides.into_iter().flat_map(beside));
            let own = declared_packages(std::slice::from_ref(&sources.main));
            Some(Sibling {
                name: own.into_iter().next()?,
                sources,
                watched,
            })
        };
        self.project
            .workspace()
            .members
            .iter()
            .filter_map(read)
            .collect()
    }

    /// Adds to a request the packages that its WIT names, directly or through
    /// others, except those with an entry in the manifest. Returns the paths that
    /// they depend on.
    pub fn provide(
        &self,
        request: &mut Request<'_>,
        entries: &[&PackageRef],
    ) -> Result<Vec<PathBuf>> {
        let has = |entry: &&PackageRef, name: &PackageName| {
            entry.namespace() == name.namespace && entry.name() == name.name
        };
        let (mut watched, mut given) = (Vec::new(), Vec::new());
        while self.project.workspace().members.len() > 1 {
            let named = overridable_packages(request)?;
            if named.is_empty() {
                break;
            }
            let meant = |sibling: &&Sibling| {
                let is = |name: &PackageName| {
                    *name == sibling.name
                        || (name.version.is_none()
                            && name.namespace == sibling.name.namespace
                            && name.name == sibling.name.name)
                };
                let entry = entries.iter().any(|entry| has(entry, &sibling.name));
                !entry && !given.contains(&sibling.name) && named.iter().any(is)
            };
            let Some(sibling) = self.packages.get_or_init(|| self.read()).iter().find(meant) else {
                break;
            };
            given.push(sibling.name.clone());
            request.overrides.push(sibling.sources.clone());
            watched.extend(sibling.watched.iter().cloned());
        }
        Ok(watched)
    }
}

//! The WIT packages of a workspace's members, for the other members.

use std::path::PathBuf;

use wit_parser::PackageName;

use super::bindings::read_manifest;
use crate::advice::Result;
use crate::cargo::workspace::Workspace;
use crate::context::Context;
use crate::package::PackageRef;
use crate::source::{Gathered, Local, gather};
use crate::wit::{Request, Sources, declared_packages, replaceable};

/// The WIT packages of all members.
#[derive(Default)]
pub(super) struct Siblings(Vec<Sibling>);

/// The WIT package of one member.
struct Sibling {
    name: PackageName,
    sources: Sources,
    watched: Vec<PathBuf>,
}

impl Siblings {
    /// Reads them. A member whose manifest or WIT cannot be read has none
    /// here: the error is told where that member is looked at.
    pub fn read(ctx: &Context, workspace: &Workspace) -> Self {
        let read = |member| {
            let (manifest, _) = read_manifest(ctx, workspace, member).ok()?;
            let Ok(Gathered::Local(local)) = gather(&manifest) else {
                return None;
            };
            let Local {
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
        Siblings(match workspace.members.as_slice() {
            [_] => Vec::new(),
            members => members.iter().filter_map(read).collect(),
        })
    }

    /// Gives a request the packages its WIT names, and those they name in
    /// turn, except those an entry of the manifest has; the paths whose change
    /// can change them.
    pub fn provide(
        &self,
        request: &mut Request<'_>,
        entries: &[&PackageRef],
    ) -> Result<Vec<PathBuf>> {
        let has = |entry: &&PackageRef, name: &PackageName| {
            entry.namespace() == name.namespace && entry.name() == name.name
        };
        let (mut watched, mut given) = (Vec::new(), Vec::new());
        while !self.0.is_empty() {
            let named = replaceable(request)?;
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
            let Some(sibling) = self.0.iter().find(meant) else {
                break;
            };
            given.push(sibling.name.clone());
            request.overrides.push(sibling.sources.clone());
            watched.extend(sibling.watched.iter().cloned());
        }
        Ok(watched)
    }
}

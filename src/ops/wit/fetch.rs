//! `cargo component wit fetch`: the dependencies of WIT packages, in `deps`.

use std::path::Path;

use super::deps_folder::{DepsFormat, plan, write};
use super::discover::find;
use super::project::{ProjectKind, WitOptions, WitProject, deps_files};
use super::resolver::WitResolver;
use crate::base::error::{Error, Result};
use crate::ops::wit_deps;
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// What is done where `deps` or the lock file are not up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drift {
    /// Both are brought up to date.
    #[default]
    Write,
    /// That is an error, and nothing is written.
    Refuse,
}

/// Brings `deps` up to date with everything that the selected packages need.
///
/// Entries that `fetch` did not write, or that were changed since, stay as they
/// are and count as a part of the project; one that has the name of a new entry
/// is an error. The new folder replaces the old one in one step; nothing is
/// written where nothing changes.
pub fn fetch(ctx: &Context, options: &WitOptions, format: DepsFormat, drift: Drift) -> Result<()> {
    let project = find(ctx, options)?;
    fs::retry_if_changed(|| fetch_for(ctx, &project, format, drift))
}

fn fetch_for(ctx: &Context, project: &WitProject, format: DepsFormat, drift: Drift) -> Result<()> {
    if matches!(project.kind, ProjectKind::Deps(_)) && format == DepsFormat::Wasm {
        return Err(
            Error::usage("the entries of a `deps.toml` can be fetched as text only")
                .hint("remove `--type`"),
        );
    }
    for deps in deps_files(project) {
        match drift {
            Drift::Write => wit_deps::lock(ctx, &deps)?,
            Drift::Refuse => wit_deps::check(ctx, &deps)?,
        }
    }
    if let ProjectKind::Deps(_) = &project.kind {
        return Ok(());
    }
    let mut resolver = WitResolver::new(ctx, project)?;
    let folders = plan(ctx, project, &mut resolver, Some(format))?;
    if drift == Drift::Refuse {
        return match (
            folders.iter().find(|folder| !folder.is_current),
            resolver.changed_lock(),
        ) {
            (Some(folder), _) => Err(drifted(ctx, folder.deps)),
            (None, Some(_)) => Err(drifted(ctx, &project.lock_file)),
            (None, None) => Ok(()),
        };
    }
    if project.mode.is_locked() && resolver.changed_lock().is_some() {
        return Err(must_not_change(&project.lock_file));
    }
    write(ctx, resolver, folders, Change::new())
}

fn drifted(ctx: &Context, path: &Path) -> Error {
    Error::input(format!("`{}` is out of date", ctx.display(path)))
        .hint("run `cargo component wit fetch` without `--check`")
}

//! What `cargo component wit update` does.

use super::deps_folder::{plan, write};
use super::discover::find;
use super::project::{ProjectKind, WitOptions, WitProject, deps_files};
use super::resolver::WitResolver;
use crate::base::error::{Error, Result};
use crate::ops::wit_deps;
use crate::pipeline::fetch::packages::must_not_change;
use crate::pipeline::link::update::{
    LockComparison, NewerVersions, UpdateOptions, is_chosen_anew, refuse_reference, refuse_unknown,
    refuse_unused, report_changes, update_project,
};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// Chooses versions anew for a whole project, or for some packages, reports the
/// changes, and writes the lock file; `deps` folders that `fetch` wrote are
/// brought up to date.
pub fn update(ctx: &Context, options: &WitOptions, wanted: &UpdateOptions) -> Result<()> {
    let project = find(ctx, options)?.with_all_members();
    if let ProjectKind::Crate(crates) = &project.kind {
        update_project(ctx, crates, wanted)?;
        return match wanted.dry_run {
            true => Ok(()),
            false => bring_up_to_date(ctx, &project),
        };
    }
    if let ProjectKind::Deps(_) = &project.kind {
        if wanted.dry_run || wanted.precise.is_some() || !wanted.packages.is_empty() {
            return Err(Error::usage("a `deps.toml` can only be updated as a whole")
                .hint("remove the packages and options, or run `cargo component deps check` to see what differs"));
        }
        let all = deps_files(&project);
        return all.iter().try_for_each(|deps| wit_deps::update(ctx, deps));
    }
    fs::retry_if_changed(|| choose_anew(ctx, &project, wanted))
}

/// As [`update`], for a project that is no crate and has no `deps.toml`.
fn choose_anew(ctx: &Context, project: &WitProject, wanted: &UpdateOptions) -> Result<()> {
    let mut resolver = WitResolver::new(ctx, project)?;
    let old = resolver.locked_on_disk().clone();
    refuse_unknown(&wanted.packages, &old)?;
    if let (Some(version), [package]) = (&wanted.precise, wanted.packages.as_slice()) {
        refuse_reference(package, &old)?;
        resolver.pin(package, version)?;
    }
    resolver.forget(|entry| is_chosen_anew(entry, wanted, &old));
    let folders = plan(ctx, project, &mut resolver, None)?;
    let new = resolver.new_lock();
    refuse_unused(wanted, &new)?;
    match report_changes(ctx, &old, &new, &NewerVersions::new(), wanted.dry_run) {
        LockComparison::Reported => return Ok(()),
        LockComparison::Changes if project.mode.is_locked() => {
            return Err(must_not_change(&project.lock_file));
        }
        LockComparison::Nothing | LockComparison::Changes => {}
    }
    if wanted.dry_run {
        return Ok(());
    }
    let folders = folders.into_iter().filter(|folder| folder.has_own);
    write(ctx, resolver, folders.collect(), Change::new())
}

/// Brings the lock file up to date, and every `deps` that `fetch` wrote.
fn bring_up_to_date(ctx: &Context, project: &WitProject) -> Result<()> {
    fs::retry_if_changed(|| {
        let mut resolver = WitResolver::new(ctx, project)?;
        let mut folders = plan(ctx, project, &mut resolver, None)?;
        folders.retain(|folder| folder.has_own);
        write(ctx, resolver, folders, Change::new())
    })
}

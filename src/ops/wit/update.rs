//! What `cargo component wit update` does.

use super::deps_folder::{plan, write};
use super::discover::find;
use super::project::{ProjectKind, WitOptions, WitProject, deps_files};
use super::resolver::WitResolver;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::update::{self, LockComparison, UpdateOptions, refuse_unknown, report_changes};
use crate::ops::wit_deps;
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// Chooses versions anew for a whole project, or for some packages, reports the
/// changes, and writes the lock file; `deps` folders that `fetch` wrote are
/// brought up to date.
pub fn update(ctx: &Context, options: &WitOptions, wanted: &UpdateOptions) -> Result<()> {
    let project = find(ctx, options)?.with_all_members();
    if let ProjectKind::Crate(_) = project.kind {
        let mut args = CargoArgs::default();
        args.manifest_path = Some(project.root.join("Cargo.toml"));
        args.lock_mode = project.mode;
        update::update(ctx, &args, wanted)?;
        return match wanted.dry_run {
            true => Ok(()),
            false => bring_up_to_date(ctx, &project, |_| false),
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
    refuse_unknown(&wanted.packages, resolver.locked_on_disk())?;
    resolver.forget(|package| wanted.packages.is_empty() || wanted.packages.contains(package));
    if let (Some(version), [package]) = (&wanted.precise, wanted.packages.as_slice()) {
        resolver.pin(package, version)?;
    }
    let folders = plan(ctx, project, &mut resolver, None)?;
    let new = resolver.new_lock();
    match report_changes(ctx, resolver.locked_on_disk(), &new, wanted.dry_run) {
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

/// Brings the lock file up to date, with some packages chosen anew, and every
/// `deps` that `fetch` wrote.
fn bring_up_to_date(
    ctx: &Context,
    project: &WitProject,
    anew: impl Fn(&PackageRef) -> bool,
) -> Result<()> {
    fs::retry_if_changed(|| {
        let mut resolver = WitResolver::new(ctx, project)?;
        resolver.forget(&anew);
        let mut folders = plan(ctx, project, &mut resolver, None)?;
        folders.retain(|folder| folder.has_own);
        write(ctx, resolver, folders, Change::new())
    })
}

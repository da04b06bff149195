//! `cargo component wit update`.

use super::fetch::{deps_files, plan, write};
use super::project::{Kind, Project, WitOptions, find};
use super::resolve::Session;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::update::{self, Told, UpdateOptions, refuse_unknown, told};
use crate::ops::wit_deps;
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// Chooses versions anew for a whole project, or for some packages, tells what
/// changed, and writes the lock file; a `deps` that `fetch` wrote is brought up
/// to date.
pub fn update(ctx: &Context, options: &WitOptions, wanted: &UpdateOptions) -> Result<()> {
    let project = find(ctx, options)?.whole();
    if let Kind::Crate(_) = project.kind {
        let mut args = CargoArgs::default();
        args.manifest_path = Some(project.root.join("Cargo.toml"));
        args.lock_mode = project.mode;
        update::update(ctx, &args, wanted)?;
        return match wanted.dry_run {
            true => Ok(()),
            false => bring_up_to_date(ctx, &project, |_| false),
        };
    }
    if let Kind::Deps(_) = &project.kind {
        if wanted.dry_run || wanted.precise.is_some() || !wanted.packages.is_empty() {
            return Err(Error::usage("a `deps.toml` can only be updated as a whole")
                .hint("remove the packages and options, or run `cargo component deps check` to see what differs"));
        }
        let all = deps_files(&project);
        return all.iter().try_for_each(|deps| wit_deps::update(ctx, deps));
    }
    fs::again(|| choose_anew(ctx, &project, wanted))
}

/// As [`update`], for a project whose lock file is its own.
fn choose_anew(ctx: &Context, project: &Project, wanted: &UpdateOptions) -> Result<()> {
    let mut session = Session::new(ctx, project)?;
    refuse_unknown(&wanted.packages, session.before())?;
    session.forget(|package| wanted.packages.is_empty() || wanted.packages.contains(package));
    if let (Some(version), [package]) = (&wanted.precise, wanted.packages.as_slice()) {
        session.pin(package, version)?;
    }
    let places = plan(ctx, project, &mut session, None)?;
    let new = session.new_lock();
    match told(ctx, (session.before(), &new), wanted.dry_run) {
        Told::Tried => return Ok(()),
        Told::Changes if project.mode.is_locked() => {
            return Err(must_not_change(&project.lock_file));
        }
        Told::Nothing | Told::Changes => {}
    }
    if wanted.dry_run {
        return Ok(());
    }
    let places = places.into_iter().filter(|place| place.has_own);
    write(ctx, (session, places.collect()), Change::new())
}

/// Brings the lock file up to date, with some packages chosen anew, and every
/// `deps` that `fetch` wrote.
fn bring_up_to_date(
    ctx: &Context,
    project: &Project,
    anew: impl Fn(&PackageRef) -> bool,
) -> Result<()> {
    fs::again(|| {
        let mut session = Session::new(ctx, project)?;
        session.forget(&anew);
        let mut places = plan(ctx, project, &mut session, None)?;
        places.retain(|place| place.has_own);
        write(ctx, (session, places), Change::new())
    })
}

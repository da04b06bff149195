//! The packages that a command line selects, and cargo's view of their workspace.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::system::cargo::arguments::{CargoArgs, PackageSelection};
use crate::system::cargo::config::Config;
use crate::system::cargo::spec::PackageSpec;
use crate::system::cargo::workspace::Workspace;
use crate::system::cargo::workspace_cache::{Cached, FileStamp};
use crate::system::context::Context;
use crate::system::env;
use crate::system::fs;
use crate::system::process::Invocation;

/// Whether cargo finds a manifest to start from.
pub(crate) fn in_package(ctx: &Context, args: &CargoArgs) -> bool {
    start_manifest(&ctx.cwd, args).is_ok_and(|path| fs::exists(&path))
}

/// The manifest cargo starts from.
pub(crate) fn start_manifest(dir: &Path, args: &CargoArgs) -> Result<PathBuf> {
    if let Some(path) = &args.manifest_path {
        return Ok(dir.join(path));
    }
    let candidates = dir.ancestors().map(|dir| dir.join("Cargo.toml"));
    let mut existing = candidates.filter(|path| fs::exists(path));
    existing.next().ok_or_else(|| {
        Error::input(format!(
            "could not find `Cargo.toml` in `{}` or any parent directory",
            dir.display()
        ))
        .hint("run the command in a package, or create one with `cargo component new <path>`")
    })
}

/// A command that runs cargo in the current directory. For a toolchain on the
/// command line (`+name`) it is rustup's `cargo`, since only that supports the
/// argument.
pub(crate) fn cargo(ctx: &Context, args: &CargoArgs) -> Invocation {
    let given = ctx.env.get(env::CARGO).filter(|_| args.toolchain.is_none());
    Invocation::new(given.unwrap_or("cargo".as_ref())).dir(&ctx.cwd)
}

/// The workspace as `cargo metadata` describes it, with the stamps of the files that
/// it depends on.
pub(crate) fn workspace(
    ctx: &Context,
    args: &CargoArgs,
    config: &Config,
) -> Result<Cached<Workspace>> {
    let mut command = cargo(ctx, args).args(&args.toolchain);
    if let Some(directory) = &args.directory {
        command = command.arg("-C").arg(directory);
    }
    command = command.args(["metadata", "--no-deps", "--format-version=1"]);
    if let Some(path) = &args.manifest_path {
        command = command.arg("--manifest-path").arg(path);
    }
    for config in &args.config {
        command = command.arg("--config").arg(config);
    }
    for flag in &args.unstable {
        command = command.arg("-Z").arg(flag);
    }
    // A file that changes while it is read makes the view not hold, rather than hold
    // wrongly.
    let mut stamps: Vec<FileStamp> = config.files().iter().cloned().map(FileStamp::now).collect();
    let start = fs::clock();
    let workspace = Workspace::load(&*ctx.exec, command)?;
    let mut paths = workspace.watched_paths();
    paths.sort();
    paths.dedup();
    let paths = paths.into_iter();
    stamps.extend(paths.map(|path| FileStamp::read_since(path, start)));
    let files = workspace.target_files().into_iter();
    stamps.extend(files.map(|path| FileStamp::existence_since(path, start)));
    Ok(Cached {
        stamps,
        fact: workspace,
    })
}

/// The members that the command line selects, as indices.
pub(crate) fn select(workspace: &Workspace, args: &CargoArgs) -> Result<Vec<usize>> {
    let members = workspace.identities();
    let matching =
        |spec: &String| -> Result<Vec<usize>> { PackageSpec::parse(spec)?.select(&members) };
    match args.selection() {
        PackageSelection::Default => Ok(workspace.default_members.clone()),
        PackageSelection::Packages(specs) => {
            let mut found = Vec::new();
            for spec in specs {
                match matching(spec) {
                    Ok(some) => found.extend(some),
                    // Cargo builds dependencies as well, which are no
                    // business of ours.
                    Err(_) if workspace.has_locked(&PackageSpec::parse(spec)?) => {}
                    Err(error) => return Err(error),
                }
            }
            found.sort_unstable();
            found.dedup();
            Ok(found)
        }
        PackageSelection::Workspace { excludes } => {
            let mut excluded = Vec::new();
            for spec in excludes {
                // Cargo warns of what excludes nothing.
                excluded.extend(matching(spec).unwrap_or_default());
            }
            Ok((0..members.len())
                .filter(|index| !excluded.contains(index))
                .collect())
        }
    }
}

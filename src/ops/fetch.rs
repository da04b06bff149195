//! `cargo component fetch`: all that builds without the network need.

use std::path::PathBuf;
use std::rc::Rc;

use crate::base::error::Result;
use crate::model::manifest::{DependencySource, Manifest};
use crate::pipeline::build::split_command::with_trailing;
use crate::pipeline::fetch::lock_update::LockUpdate;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::launch::child::child;
use crate::pipeline::link::capabilities::refuse_denied;
use crate::pipeline::link::embedded::resolve_embedded;
use crate::pipeline::link::without_build::{DependenciesWithoutBuild, dependencies_without_build};
use crate::pipeline::project::manifests::{Project, with_tests};
use crate::pipeline::project::select::cargo;
use crate::system::cargo::arguments::{CargoArgs, KnownOption};
use crate::system::cargo::config::Config;
use crate::system::cargo::target::{Target, choose};
use crate::system::cargo::toolchain::Toolchain;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Invocation;

/// Resolves, locks and downloads what all members of the workspace need: WIT
/// packages and components here, crates as `cargo fetch` does, and the standard
/// libraries of the targets. Crates in other workspaces that make components for
/// these are fetched for as well.
pub fn fetch(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let mut fetched = FetchedWorkspaces::default();
    fetched.add_workspace(ctx, &Project::load(ctx, args)?)?;
    for lock in fetched.lock_updates {
        lock.write(ctx)?;
    }
    ensure_targets(ctx, args)?;
    child(ctx, &with_trailing(cargo_fetch(ctx, args, &[]), args))?;
    for manifest in fetched.other_manifests {
        let command = cargo_fetch(
            ctx,
            args,
            &[KnownOption::ManifestPath, KnownOption::Directory],
        );
        child(ctx, &command.arg("--manifest-path").arg(manifest))?;
    }
    Ok(())
}

fn cargo_fetch(ctx: &Context, args: &CargoArgs, without: &[KnownOption]) -> Invocation {
    cargo(ctx, args).args(args.cargo_args_for("fetch", without))
}

/// The workspaces whose packages were fetched.
#[derive(Default)]
struct FetchedWorkspaces {
    /// The updates of lock files that have to be written.
    lock_updates: Vec<LockUpdate>,
    /// The root manifests of the other workspaces.
    other_manifests: Vec<PathBuf>,
    /// The roots of all visited workspaces.
    visited: Vec<PathBuf>,
}

impl FetchedWorkspaces {
    /// Fetches the packages of one workspace, and of those with crates that it needs
    /// components of.
    fn add_workspace(&mut self, ctx: &Context, project: &Rc<Project>) -> Result<()> {
        let workspace = project.workspace();
        let root = fs::canonical(&workspace.root)?;
        if self.visited.contains(&root) {
            return Ok(());
        }
        if !self.visited.is_empty() {
            self.other_manifests.push(workspace.root.join("Cargo.toml"));
        }
        self.visited.push(root);
        let mut worlds = WorldResolver::new(ctx, project)?;
        let mut outside: Vec<PathBuf> = Vec::new();
        for manifest in project.component_manifests(ctx)? {
            worlds.resolve(&manifest)?;
            for manifest in with_tests(&manifest) {
                let dependencies_without_build =
                    dependencies_without_build(ctx, project, &mut worlds, &manifest)?;
                let DependenciesWithoutBuild { parts, .. } = &dependencies_without_build;
                refuse_denied(&manifest, parts, dependencies_without_build.places())?;
                outside.extend(dependencies_without_build.outside);
            }
        }
        for manifest in project.embedding_manifests(ctx)? {
            resolve_embedded(&mut worlds, &manifest)?;
            outside.extend(embedded_from_outside(project, &manifest)?);
        }
        self.lock_updates.extend(worlds.finish()?);
        for dir in outside {
            self.add_workspace(ctx, &project.outside(ctx, &dir)?)?;
        }
        Ok(())
    }
}

/// The directories of crates outside of a workspace whose components a host of it embeds.
fn embedded_from_outside(project: &Project, manifest: &Manifest) -> Result<Vec<PathBuf>> {
    let mut outside = Vec::new();
    for embedded in manifest.artifacts.values() {
        if let DependencySource::Path { path, .. } = &embedded.dependency.source
            && fs::is_dir(path)
            && project.member_at(path)?.is_none()
        {
            outside.push(path.clone());
        }
    }
    Ok(outside)
}

/// Installs the standard libraries of the wasm targets that builds use; does nothing
/// without network access.
fn ensure_targets(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let dir = match &args.directory {
        Some(directory) => ctx.absolute(directory),
        None => ctx.cwd.clone(),
    };
    let config = Config::load(&dir, &ctx.env, &args.config)?;
    let mode = config.lock_mode(args.lock_mode)?;
    if mode.is_offline() || args.builds_std() || config.builds_std() {
        return Ok(());
    }
    let targets = match args.targets.is_empty() {
        true => choose(&config.targets(&[])?)?,
        // Cargo fetches crates for any target, and judges the names.
        false => {
            let named = args.targets.iter().map(|name| Target::new(name));
            named.filter_map(Result::ok).collect()
        }
    };
    if targets.is_empty() {
        return Ok(());
    }
    let named = args.toolchain.as_ref().and_then(|name| name.to_str());
    let named = named.and_then(|name| name.strip_prefix('+'));
    let toolchain = Toolchain::find(&config.rustc()?, named, &dir, &*ctx.exec, &ctx.env)?;
    for target in &targets {
        toolchain.ensure(target, mode, &*ctx.exec, &*ctx.shell)?;
    }
    Ok(())
}

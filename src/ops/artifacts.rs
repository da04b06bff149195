//! `cargo component artifacts`: the components that a host embeds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::manifest::{DependencySource, EmbeddedComponent, Manifest};
use crate::pipeline::build::component_choice::artifact_of;
use crate::pipeline::build::hand_over::{ComponentForHost, HandedOver};
use crate::pipeline::build::ready::build;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::composition::link_parts;
use crate::pipeline::link::embedded::{ResolvedComponent, resolve_embedded};
use crate::pipeline::project::manifests::Project;
use crate::pipeline::project::select::start_manifest;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::arguments::dependency::DependencyPackage;
use crate::system::cargo::config::LockMode;
use crate::system::cargo::workspace::Member;
use crate::system::context::Context;
use crate::system::env;
use crate::system::fs;

/// Builds or fetches the components that a package embeds, copies them into a directory, and
/// prints the lines by which a build script tells cargo their paths and sources. Without a
/// directory, it is one in the target directory.
pub fn artifacts(ctx: &Context, args: &CargoArgs, out_dir: Option<&Path>) -> Result<()> {
    let mut args = args.clone();
    if ctx.env.text(env::CARGO_COMPONENT_LOCKED) == Some("true") {
        args.lock_mode = args.lock_mode.and(LockMode::Locked);
    }
    let out_dir = out_dir.map(|dir| ctx.absolute(dir));
    let project = Project::load(ctx, &args)?;
    if let Some(dir) = &out_dir {
        leave_build_directory(&project, dir, &mut args)?;
    }
    let member = host(ctx, &args, &project)?;
    let manifest = project.manifest(ctx, member)?;
    if manifest.artifacts.is_empty() {
        return Err(Error::input(format!(
            "the package `{}` embeds no components",
            member.name
        ))
        .hint("list them under `[package.metadata.component.artifacts]`: `adder = { path = \"../adder\" }`"));
    }
    let mut worlds = WorldResolver::new(ctx, &project)?;
    let mut resolved = resolve_embedded(&mut worlds, &manifest)?;
    let lock_file = worlds.session().path().to_owned();
    if let Some(update) = worlds.finish()? {
        update.write(ctx)?;
    }
    let out_dir = out_dir.unwrap_or_else(|| default_directory(&args, &project, member));
    let mut sources = BTreeSet::from([manifest.file.path.clone(), project.root_manifest()]);
    if !resolved.is_empty() {
        sources.insert(lock_file);
    }
    let handed = HandedOver::to_this_process(ctx, args.profile_of_dependencies());
    for (key, embedded) in &manifest.artifacts {
        let bytes = match resolved.remove(key) {
            Some(ResolvedComponent::File(file)) => fs::read(&file)?,
            Some(ResolvedComponent::Linked(composition)) => {
                link_parts(&composition)
                    .map_err(|e| {
                        e.context(format!("failed to link `{key}` with its dependencies"))
                    })?
                    .bytes
            }
            None => {
                let at = |e: Error| {
                    let entry = &embedded.dependency;
                    e.at(entry.file.excerpt(entry.span.clone()))
                };
                let dir = directory(key, embedded).map_err(at)?;
                let (bytes, files) = match handed.find(&dir, embedded.compose) {
                    Some(made) => (fs::read(&made.file)?, made.sources.clone()),
                    None => built(ctx, &args, &project, &dir, embedded.compose)?,
                };
                sources.extend(files);
                bytes
            }
        };
        let file = out_dir.join(format!("{}.wasm", key.replace(':', "_")));
        fs::write_if_changed(&file, &bytes)?;
        let variable = EmbeddedComponent::variable(key);
        let line = format!("cargo::rustc-env={variable}={}", file.display());
        ctx.shell.data(line);
    }
    sources.extend(files(&manifest));
    for source in sources.iter().filter(|source| fs::exists(source)) {
        let line = format!("cargo::rerun-if-changed={}", source.display());
        ctx.shell.data(line);
    }
    Ok(())
}

/// The package that embeds the components: that of the manifest.
fn host<'p>(ctx: &Context, args: &CargoArgs, project: &'p Project) -> Result<&'p Member> {
    let path = start_manifest(&ctx.cwd, args)?;
    match project.member_at(fs::parent(&path))? {
        Some(member) => Ok(&project.workspace().members[member]),
        None => Err(
            Error::input(format!("`{}` is not a package", ctx.display(&path)))
                .hint("give the manifest of the host with `--manifest-path`"),
        ),
    }
}

/// Has the components of a build script in `build.build-dir` of cargo's configuration built
/// in the target directory as a whole. Cargo has locked the build directory until the script
/// ends, and other workspaces may have it, too.
fn leave_build_directory(project: &Project, out_dir: &Path, args: &mut CargoArgs) -> Result<()> {
    let workspace = project.workspace();
    let build_directory = &workspace.build_directory;
    if *build_directory == workspace.target_directory || !out_dir.starts_with(build_directory) {
        return Ok(());
    }
    let dir = workspace.target_directory.join("cargo-component/artifacts");
    let text = dir.to_str().filter(|text| !text.contains(['{', '}']));
    let Some(text) = text else {
        return Err(
            Error::input(format!("cargo cannot build in `{}`", dir.display()))
                .with_cause("it takes braces in `build.build-dir` for variables, and only UTF-8")
                .hint("rename the directory, or build the host without `build.build-dir`"),
        );
    };
    let setting = format!("build.build-dir={}", toml_edit::Value::from(text));
    args.config.push(setting.into());
    args.target_dir = Some(dir);
    Ok(())
}

/// The directory for the components if the command line names none.
fn default_directory(args: &CargoArgs, project: &Project, host: &Member) -> PathBuf {
    let target_dir = &project.workspace().target_directory;
    target_dir
        .join("cargo-component")
        .join("embedded")
        .join(&host.name)
        .join(args.profile_of_dependencies())
}

/// The canonical path of the crate of an entry.
fn directory(key: &str, embedded: &EmbeddedComponent) -> Result<PathBuf> {
    let DependencySource::Path { path, .. } = &embedded.dependency.source else {
        return Err(Error::input(format!("the component `{key}` was not found")));
    };
    let path = fs::canonical(path)
        .map_err(|e| e.context(format!("failed to find the component `{key}`")))?;
    match fs::exists(&path.join("Cargo.toml")) {
        true => Ok(path),
        false => Err(Error::input(format!(
            "the directory of the component `{key}` has no `Cargo.toml`"
        ))
        .with_cause(format!("it is `{}`", path.display()))
        .hint("give the directory of a crate that builds a component, or a component file")),
    }
}

/// Builds the component of the crate in a directory; returns its bytes and sources.
fn built(
    ctx: &Context,
    args: &CargoArgs,
    project: &Project,
    dir: &Path,
    compose: bool,
) -> Result<(Vec<u8>, BTreeSet<PathBuf>)> {
    let outside;
    let (project, member, manifest) = match project.member_at(dir)? {
        Some(member) => (project, Some(member), project.root_manifest()),
        None => {
            outside = project.outside(ctx, dir)?;
            let member = outside.member_at(dir)?;
            (&*outside, member, dir.join("Cargo.toml"))
        }
    };
    let member = member.ok_or_else(|| {
        Error::input(format!("`{}` is not a package", ctx.display(dir)))
            .hint("give the directory of a member of the workspace")
    })?;
    let package = DependencyPackage::Member {
        id: project.workspace().members[member].id.clone(),
        manifest_path: Some(manifest),
    };
    let args = args.for_dependency(&package, project.mode);
    let output = build(ctx, &args)?;
    let prepared = &output.prepared;
    let artifact = artifact_of(ctx, prepared, &output.artifacts, dir)?;
    // Another host may build it now, and cargo put its module there for a moment.
    let lock = prepared.lock(ctx, args.profile_name());
    let made = ComponentForHost::of(ctx, prepared, artifact, compose)?;
    let bytes = fs::read(&made.file)?;
    drop(lock);
    Ok((bytes, made.sources))
}

/// The files among the components of a host.
fn files(manifest: &Manifest) -> impl Iterator<Item = PathBuf> {
    let entries = manifest.artifacts.values();
    entries.filter_map(|embedded| match &embedded.dependency.source {
        DependencySource::Path { path, .. } if !fs::is_dir(path) => Some(path.clone()),
        _ => None,
    })
}

//! `cargo component config`: the configuration of registries.

use std::path::PathBuf;

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::{Dependency, DependencySource, Manifest, ManifestFile, Target};
use crate::pipeline::project::manifests::Project;
use crate::pipeline::project::manifests::is_component;
use crate::pipeline::project::manifests::named_registries;
use crate::pipeline::project::select::in_package;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Registries;
use crate::system::registry::layers;
use crate::system::registry::layers::PROJECT;
use crate::system::registry::routes::{ManifestRegistries, default_registry as default_route};
use crate::system::registry::settings::{
    ConfigOwner, Setting, display_key, effective_settings, read_key, set as edit, settings_below,
};

/// Whether the file of each value is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OriginDisplay {
    /// Only values are shown.
    #[default]
    Hide,
    /// The file follows each value.
    Show,
}

/// Prints all settings that are in force.
pub fn list(ctx: &Context, args: &CargoArgs, origin: OriginDisplay) -> Result<()> {
    let (access, _) = access(ctx, args)?;
    for setting in effective_settings(access.layers()) {
        print(ctx, &setting, origin);
    }
    Ok(())
}

/// Prints the settings that are in force settings_below a key; for the name of a package,
/// its registry and the setting that chose it.
pub fn get(ctx: &Context, args: &CargoArgs, key: &str, origin: OriginDisplay) -> Result<()> {
    let (access, dir) = access(ctx, args)?;
    if let Ok(package) = key.parse::<PackageRef>() {
        return print_route(ctx, args, &package, &access, dir.is_some());
    }
    let settings = effective_settings(access.layers());
    for setting in settings_below(&settings, &read_key(key)?)? {
        print(ctx, setting, origin);
    }
    Ok(())
}

/// The path of the user's configuration file, or of the explicit one in its
/// place.
pub fn user_file(ctx: &Context) -> Result<PathBuf> {
    match &ctx.packages.config {
        Some(explicit) => Ok(ctx.absolute(explicit)),
        None => layers::user_file(&ctx.env).ok_or_else(|| {
            Error::input(
                "the path of the user's configuration file is unknown, since `HOME` is not set",
            )
            .hint("set a file with `--registry-config`")
        }),
    }
}

/// The name of the default registry, if one is configured.
pub fn default_registry(ctx: &Context) -> Result<Option<String>> {
    let access = ctx.registries(&ctx.cwd)?;
    let route = default_route(&ManifestRegistries::default(), access.layers())?;
    Ok(route.map(|route| route.name))
}

/// Sets a value in the user's configuration file, or the explicit one in its
/// place, or in that of the project.
pub fn set(
    ctx: &Context,
    args: &CargoArgs,
    key: &str,
    value: &str,
    whose: ConfigOwner,
) -> Result<()> {
    let key = read_key(key)?;
    let path = match whose {
        ConfigOwner::Project => match workspace_root(ctx, args)? {
            Some(root) => root.join(PROJECT),
            None => ctx.cwd.join(PROJECT),
        },
        ConfigOwner::User => user_file(ctx)?,
    };
    if whose == ConfigOwner::User {
        // It may hold secrets, now or later.
        fs::create_private_dir(fs::parent(&path))?;
    }
    let _guard = fs::lock_directories_of(&[&path], || {
        let text = format!("while accessing `{}`", ctx.display(&path));
        ctx.shell.status("Blocking", text);
    });
    let old = fs::read_text_if_exists(&path)?;
    let file = ManifestFile::new(&path, old.as_deref().unwrap_or_default());
    let text = edit(&file, &key, value, whose).map_err(|e| {
        let shown = ctx.display(&path);
        e.context(format!(
            "failed to set `{}` in `{shown}`",
            display_key(&key)
        ))
    })?;
    if old.as_ref() != Some(&text) {
        match whose {
            ConfigOwner::Project => fs::write_atomic(&path, text.as_bytes())?,
            ConfigOwner::User => fs::write_private(&path, text.as_bytes())?,
        }
    }
    let text = format!("`{}` in `{}`", display_key(&key), ctx.display(&path));
    ctx.shell.status("Set", text);
    Ok(())
}

/// The root of the current workspace, if there is one.
fn workspace_root(ctx: &Context, args: &CargoArgs) -> Result<Option<PathBuf>> {
    match in_package(ctx, args) || args.manifest_path.is_some() {
        true => Ok(Some(Project::load(ctx, args)?.workspace().root.clone())),
        false => Ok(None),
    }
}

/// The configuration for the current directory, and the root of the workspace.
fn access<'a>(ctx: &'a Context, args: &CargoArgs) -> Result<(Registries<'a>, Option<PathBuf>)> {
    let root = workspace_root(ctx, args)?;
    let access = ctx.registries(root.as_deref().unwrap_or(&ctx.cwd))?;
    Ok((access, root))
}

fn print(ctx: &Context, setting: &Setting, origin: OriginDisplay) {
    ctx.shell.data(match origin {
        OriginDisplay::Hide => setting.to_string(),
        OriginDisplay::Show => format!("{setting} # {}", setting.layer),
    });
}

/// Prints the route to a package, once for all selected members that share it.
fn print_route(
    ctx: &Context,
    args: &CargoArgs,
    package: &PackageRef,
    access: &Registries<'_>,
    in_workspace: bool,
) -> Result<()> {
    let mut requests: Vec<(String, Option<String>, ManifestRegistries)> = Vec::new();
    if in_workspace {
        let project = Project::load(ctx, args)?;
        for index in &project.selected {
            let member = &project.workspace().members[*index];
            let manifest = project.manifest(ctx, member)?;
            if is_component(&manifest, member) {
                let registry = requested_registry(&manifest, package);
                requests.push((member.name.clone(), registry, named_registries(&manifest)));
            }
        }
    }
    if requests.is_empty() {
        requests.push((String::new(), None, ManifestRegistries::default()));
    }
    let mut answers: Vec<(Vec<String>, String)> = Vec::new();
    for (member, registry, named) in requests {
        let route = access.route(package, registry.as_deref(), &named)?;
        let requested = registry.map(|name| format!("requested: `registry = \"{name}\"`\n"));
        let text = format!(
            "registry: {}\naddress: {}\n{}because: {}",
            route.name,
            route.backend,
            requested.unwrap_or_default(),
            route.chosen_by
        );
        match answers.iter_mut().find(|(_, known)| *known == text) {
            Some((members, _)) => members.push(member),
            None => answers.push((vec![member], text)),
        }
    }
    let several = answers.len() > 1;
    for (members, text) in answers {
        if several {
            ctx.shell.data(format!("for: {}", members.join(", ")));
        }
        text.lines()
            .for_each(|line| ctx.shell.data(line.to_owned()));
    }
    Ok(())
}

/// The name of the registry that a manifest's entry for the package requests.
fn requested_registry(manifest: &Manifest, package: &PackageRef) -> Option<String> {
    let of_tests = manifest.dev_dependencies.values();
    let mut entries: Vec<&Dependency> = manifest.dependencies.values().chain(of_tests).collect();
    match &manifest.target {
        Target::Registry(target) if target.package == *package => return target.registry.clone(),
        Target::Registry(_) | Target::Oci(_) => {}
        Target::Local(target) => {
            entries.extend(target.dependencies.iter().flat_map(|table| table.values()));
        }
    }
    let entry = entries
        .into_iter()
        .find(|d| d.package.as_ref() == Some(package))?;
    match &entry.source {
        DependencySource::Registry { registry, .. } | DependencySource::Path { registry, .. } => {
            registry.clone()
        }
        DependencySource::Oci { .. } => None,
    }
}

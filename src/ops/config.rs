//! `cargo component config`: the configuration of registries.

use std::path::PathBuf;

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::{Dependency, DependencySource, Manifest, ManifestFile, Target};
use crate::pipeline::build::bindings::{is_guest, read_manifest};
use crate::pipeline::build::prepare::{in_package, meant};
use crate::pipeline::fetch::worlds::registries;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Registries;
use crate::system::registry::layers;
use crate::system::registry::layers::PROJECT;
use crate::system::registry::routes::{Named, default_registry as default_route};
use crate::system::registry::settings::{
    Setting, Whose, in_force, read_key, set as edit, under, written,
};

/// Whether it is told where values are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Only the values.
    #[default]
    Hide,
    /// Behind each, the file.
    Show,
}

/// Prints everything that is in force.
pub fn list(ctx: &Context, args: &CargoArgs, origin: Origin) -> Result<()> {
    let (access, _) = access(ctx, args)?;
    for setting in in_force(access.layers()) {
        print(ctx, &setting, origin);
    }
    Ok(())
}

/// Prints what is in force under a key; for the name of a package, which
/// registry it is in and why.
pub fn get(ctx: &Context, args: &CargoArgs, key: &str, origin: Origin) -> Result<()> {
    let (access, dir) = access(ctx, args)?;
    if let Ok(package) = key.parse::<PackageRef>() {
        return route(ctx, args, (&package, &access, dir.is_some()));
    }
    let settings = in_force(access.layers());
    for setting in under(&settings, &read_key(key)?)? {
        print(ctx, setting, origin);
    }
    Ok(())
}

/// The user's file, or the explicit one that stands in its place.
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

/// The registry of packages that nothing else names one for.
pub fn default_registry(ctx: &Context) -> Result<Option<String>> {
    let access = ctx.registries(&ctx.cwd)?;
    let route = default_route(&Named::default(), access.layers())?;
    Ok(route.map(|route| route.name))
}

/// Sets a value in the user's file, or the explicit one that stands in its
/// place, or that of the project.
pub fn set(
    ctx: &Context,
    args: &CargoArgs,
    (key, value): (&str, &str),
    whose: Whose,
) -> Result<()> {
    let key = read_key(key)?;
    let path = match whose {
        Whose::Project => match root(ctx, args)? {
            Some(root) => root.join(PROJECT),
            None => ctx.cwd.join(PROJECT),
        },
        Whose::User => user_file(ctx)?,
    };
    if whose == Whose::User {
        // It may hold secrets, now or later.
        fs::create_private_dir(fs::parent(&path))?;
    }
    let _held = fs::hold(&[&path], || {
        let text = format!("while accessing `{}`", ctx.display(&path));
        ctx.shell.status("Blocking", text);
    });
    let old = fs::read_text_if_exists(&path)?;
    let file = ManifestFile::new(&path, old.as_deref().unwrap_or_default());
    let text = edit(&file, &key, value, whose).map_err(|e| {
        let shown = ctx.display(&path);
        e.context(format!("failed to set `{}` in `{shown}`", written(&key)))
    })?;
    if old.as_ref() != Some(&text) {
        match whose {
            Whose::Project => fs::write_atomic(&path, text.as_bytes())?,
            Whose::User => fs::write_private(&path, text.as_bytes())?,
        }
    }
    let text = format!("`{}` in `{}`", written(&key), ctx.display(&path));
    ctx.shell.status("Set", text);
    Ok(())
}

/// The root of the workspace, where there is one.
fn root(ctx: &Context, args: &CargoArgs) -> Result<Option<PathBuf>> {
    match in_package(ctx, args) || args.manifest_path.is_some() {
        true => Ok(Some(meant(ctx, args)?.workspace.root)),
        false => Ok(None),
    }
}

/// The configuration for where the user stands, and the workspace's root.
fn access<'a>(ctx: &'a Context, args: &CargoArgs) -> Result<(Registries<'a>, Option<PathBuf>)> {
    let root = root(ctx, args)?;
    let access = ctx.registries(root.as_deref().unwrap_or(&ctx.cwd))?;
    Ok((access, root))
}

fn print(ctx: &Context, setting: &Setting, origin: Origin) {
    ctx.shell.data(match origin {
        Origin::Hide => setting.to_string(),
        Origin::Show => format!("{setting} # {}", setting.layer),
    });
}

/// Prints the way to a package for each answer the selected members have.
fn route(
    ctx: &Context,
    args: &CargoArgs,
    (package, access, in_workspace): (&PackageRef, &Registries<'_>, bool),
) -> Result<()> {
    let mut asking: Vec<(String, Option<String>, Named)> = Vec::new();
    if in_workspace {
        let meant = meant(ctx, args)?;
        for index in meant.selected {
            let member = &meant.workspace.members[index];
            let (manifest, _) = read_manifest(ctx, &meant.workspace, member)?;
            if is_guest(&manifest, member) {
                let registry = asked(&manifest, package);
                asking.push((member.name.clone(), registry, registries(&manifest)));
            }
        }
    }
    if asking.is_empty() {
        asking.push((String::new(), None, Named::default()));
    }
    let mut answers: Vec<(Vec<String>, String)> = Vec::new();
    for (member, registry, named) in asking {
        let route = access.route(package, registry.as_deref(), &named)?;
        let asked = registry.map(|name| format!("requested: `registry = \"{name}\"`\n"));
        let text = format!(
            "registry: {}\naddress: {}\n{}because: {}",
            route.name,
            route.backend,
            asked.unwrap_or_default(),
            route.because
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

/// The registry a manifest asks for by name where it asks for the package.
fn asked(manifest: &Manifest, package: &PackageRef) -> Option<String> {
    let mut entries: Vec<&Dependency> = manifest.dependencies.values().collect();
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

//! `cargo component add` and `remove`.

use std::path::{Path, PathBuf};

use semver::VersionReq;

use super::bindings::read_manifest;
use super::packages::{Packages, Request};
use super::prepare::{Meant, meant};
use super::resolve::registries;
use crate::advice::{Error, Result, nearest};
use crate::cargo::arguments::CargoArgs;
use crate::component::{Kind, kind};
use crate::context::Context;
use crate::fs;
use crate::lockfile::Lockfile;
use crate::manifest::Manifest;
use crate::manifest::edit::{DependencyEntry, DependencyTable, ManifestEdit};
use crate::package::PackageRef;
use crate::resolver::{Source, Wanted};
use crate::source;

/// Whether the manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It is.
    Real,
    /// It is printed instead.
    Dry,
}

/// What to add.
#[derive(Clone, Debug)]
pub struct AddOptions {
    /// The package, with a requirement if one was given.
    pub package: PackageRef,
    /// The versions that will do; none takes the newest one.
    pub requirement: Option<VersionReq>,
    /// The key of the entry, where it is not the package's name.
    pub name: Option<String>,
    /// The registry it is in.
    pub registry: Option<String>,
    /// A path instead of a registry.
    pub path: Option<PathBuf>,
    /// The table; none lets the package decide.
    pub table: Option<DependencyTable>,
    /// See [`Write`].
    pub write: Write,
}

/// Adds an entry to the one selected package.
pub fn add(ctx: &Context, args: &CargoArgs, options: &AddOptions) -> Result<()> {
    let (meant, manifest) = one_package(ctx, args)?;
    let key = options
        .name
        .clone()
        .unwrap_or_else(|| options.package.to_string());
    let renamed = options.name.is_some();
    let mut entry = DependencyEntry {
        package: renamed.then(|| options.package.to_string()),
        version: None,
        registry: options.registry.clone(),
        path: None,
    };
    let (table, what) = match &options.path {
        Some(path) => {
            entry.path = Some(path.display().to_string());
            entry.package = None;
            let table = options.table.map_or_else(|| table_of_path(ctx, path), Ok)?;
            (table, format!("from path `{}`", path.display()))
        }
        None => {
            let (version, table) = look_up(ctx, (&meant, &manifest), options)?;
            entry.version = Some(version.clone());
            (
                options.table.unwrap_or(table),
                format!("with version `{version}`"),
            )
        }
    };
    let path = &manifest.file.path;
    let mut edit = ManifestEdit::new(path, &fs::read_text(path)?)?;
    edit.add_dependency(table, &key, &entry)?;
    finish(ctx, path, &edit, options.write)?;
    ctx.shell
        .status("Added", format!("dependency `{key}` {what}"));
    if options.table.is_none() {
        let kind = match table {
            DependencyTable::Component => "a component",
            DependencyTable::Target => "a WIT package",
        };
        ctx.shell
            .note(format!("it is {kind}, so it went to `[{}]`", table.name()));
    }
    Ok(())
}

/// Removes entries from the one selected package.
pub fn remove(ctx: &Context, args: &CargoArgs, keys: &[String], write: Write) -> Result<()> {
    let (_, manifest) = one_package(ctx, args)?;
    let path = &manifest.file.path;
    let mut edit = ManifestEdit::new(path, &fs::read_text(path)?)?;
    for key in keys {
        let mut found = false;
        for table in [DependencyTable::Component, DependencyTable::Target] {
            found |= edit.remove_dependency(table, key)?;
        }
        if !found {
            let error = Error::input(format!(
                "the dependency `{key}` could not be found in `{}`",
                ctx.display(path)
            ));
            let known = known_keys(&manifest);
            return Err(match nearest(key, known.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
    finish(ctx, path, &edit, write)?;
    for key in keys {
        ctx.shell.status("Removing", format!("dependency `{key}`"));
    }
    Ok(())
}

fn known_keys(manifest: &Manifest) -> Vec<String> {
    let target = match &manifest.target {
        crate::manifest::Target::Local(local) => local.dependencies.as_ref(),
        _ => None,
    };
    let target = target.into_iter().flat_map(|table| table.keys());
    manifest
        .dependencies
        .keys()
        .chain(target)
        .cloned()
        .collect()
}

/// The one package that is meant, with its manifest.
fn one_package(ctx: &Context, args: &CargoArgs) -> Result<(Meant, Manifest)> {
    let meant = meant(ctx, args)?;
    let [index] = meant.selected.as_slice() else {
        let names: Vec<_> = meant
            .selected
            .iter()
            .map(|index| format!("`{}`", meant.workspace.members[*index].name))
            .collect();
        return Err(
            Error::input("the command is about one package, and several are selected")
                .because(format!("they are {}", names.join(", ")))
                .hint("name one by `--package`"),
        );
    };
    let workspace = &meant.workspace;
    let (manifest, _) = read_manifest(ctx, workspace, &workspace.members[*index])?;
    Ok((meant, manifest))
}

fn finish(ctx: &Context, path: &Path, edit: &ManifestEdit, write: Write) -> Result<()> {
    match write {
        Write::Real => fs::write_atomic(path, edit.text().as_bytes()),
        Write::Dry => ctx.shell.write_data(edit.text().as_bytes()),
    }
}

/// The version to write, and the table the newest release that fits belongs
/// to.
fn look_up(
    ctx: &Context,
    (meant, manifest): (&Meant, &Manifest),
    options: &AddOptions,
) -> Result<(String, DependencyTable)> {
    let mut packages = Packages::new(ctx, &meant.workspace.root, meant.mode)?;
    let wanted = Wanted {
        source: Source {
            package: options.package.clone(),
            registry: options.registry.clone(),
        },
        requirement: options.requirement.clone().unwrap_or(VersionReq::STAR),
        by: vec!["the command line".to_owned()],
        at: None,
    };
    let found = packages.fetch(&Request {
        asked: std::slice::from_ref(&wanted),
        named: &registries(manifest),
        lock: &Lockfile::default(),
        locked: None,
    })?;
    let found = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let version = match &options.requirement {
        // As cargo writes it: the caret is what a bare version means.
        Some(requirement) => requirement.to_string().trim_start_matches('^').to_owned(),
        None => found.version.to_string(),
    };
    Ok((version, table_of(&found.file)?))
}

/// The table a wasm file belongs to, by what it is.
fn table_of(file: &Path) -> Result<DependencyTable> {
    let bytes = fs::read(file)?;
    if kind(&bytes) != Some(Kind::Component) {
        return Err(
            Error::input("the package is neither a component nor a WIT package")
                .because(format!("its bytes are in `{}`", file.display()))
                .hint("ask whoever published it"),
        );
    }
    Ok(match crate::component::is_wit_package(&bytes)? {
        true => DependencyTable::Target,
        false => DependencyTable::Component,
    })
}

/// The table a path belongs to: WIT, or a component or the crate of one.
fn table_of_path(ctx: &Context, path: &Path) -> Result<DependencyTable> {
    let path = ctx.absolute(path);
    if fs::exists(&path.join("Cargo.toml")) {
        return Ok(DependencyTable::Component);
    }
    match source::read(&path)?.main {
        crate::wit::Entry::Text { .. } => Ok(DependencyTable::Target),
        crate::wit::Entry::Wasm { path, .. } => table_of(&path),
    }
}

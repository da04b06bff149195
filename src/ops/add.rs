//! `cargo component add` and `remove`.

use std::path::{Path, PathBuf};

use semver::VersionReq;

use super::new::target::relative;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::component::names::modern;
use crate::model::component::outline::{Outline, outline};
use crate::model::component::{Kind, kind};
use crate::model::lockfile::Lockfile;
use crate::model::manifest::Manifest;
use crate::model::manifest::edit::{DependencyEntry, DependencyTable, ManifestEdit};
use crate::model::resolver::{Source, Wanted};
use crate::model::wit::{Entry, TextFile, declared_packages, syntax_errors};
use crate::pipeline::build::bindings::read_manifest;
use crate::pipeline::build::prepare::{Meant, meant};
use crate::pipeline::fetch::artifacts::WantedArtifact;
use crate::pipeline::fetch::packages::{Packages, Request};
use crate::pipeline::fetch::worlds::registries;
use crate::pipeline::link::label_changes::moved;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::source;

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
    /// The package; none for that of the path or artifact.
    pub package: Option<PackageRef>,
    /// The versions that will do; none takes the newest one.
    pub requirement: Option<VersionReq>,
    /// The key of the entry, where it is not the package's name.
    pub name: Option<String>,
    /// The registry it is in.
    pub registry: Option<String>,
    /// A path instead of a registry, relative to where the user stands.
    pub path: Option<PathBuf>,
    /// An OCI artifact instead of a registry.
    pub oci: Option<String>,
    /// The table; none lets the package decide.
    pub table: Option<DependencyTable>,
    /// See [`Write`].
    pub write: Write,
}

/// What is to be written, and where.
struct Addition {
    key: String,
    entry: DependencyEntry,
    table: DependencyTable,
    /// Where it comes from, to show.
    from: String,
    /// Its bytes, where they are there.
    file: Option<PathBuf>,
}

/// Adds an entry to the one selected package.
pub fn add(ctx: &Context, args: &CargoArgs, options: &AddOptions) -> Result<()> {
    let (meant, manifest) = one_package(ctx, args)?;
    let Addition {
        key,
        entry,
        table,
        from,
        file,
    } = match (&options.path, &options.oci) {
        (Some(path), _) => by_path(ctx, &manifest, (options, path))?,
        (_, Some(reference)) => by_reference(ctx, &meant, (options, reference))?,
        _ => by_name(ctx, (&meant, &manifest), options)?,
    };
    change(ctx, (&manifest.file.path, options.write), |edit| {
        edit.add_dependency(table, &key, &entry)
    })?;
    ctx.shell
        .status("Added", format!("dependency `{key}` {from}"));
    if options.table.is_none() {
        let kind = match table {
            DependencyTable::Component => "a component",
            _ => "a WIT package",
        };
        ctx.shell.note(format!(
            "the package is {kind}, so the entry was added to `[{}]`",
            table.name()
        ));
    }
    if let (DependencyTable::Component, Some(file)) = (table, file) {
        if let Err(e) = crate::model::wit::decode(&modern(&fs::read(&file)?)?) {
            ctx.shell.warn(format!(
                "the bindings of `{key}` cannot be generated, and builds will fail: {e}"
            ));
        }
        let notes = moved(ctx, (&meant, &manifest), (&key, &file))?;
        notes.into_iter().for_each(|note| ctx.shell.note(note));
    }
    Ok(())
}

/// Removes entries from the one selected package.
pub fn remove(ctx: &Context, args: &CargoArgs, keys: &[String], write: Write) -> Result<()> {
    let (_, manifest) = one_package(ctx, args)?;
    let path = &manifest.file.path;
    change(ctx, (path, write), |edit| {
        for key in keys {
            let mut found = false;
            for table in [DependencyTable::Component, DependencyTable::Target] {
                found |= edit.remove_dependency(table, key)?;
            }
            if !found {
                return Err(unknown((ctx, path), &manifest, key));
            }
        }
        Ok(())
    })?;
    for key in keys {
        ctx.shell.status("Removing", format!("dependency `{key}`"));
    }
    Ok(())
}

fn unknown((ctx, path): (&Context, &Path), manifest: &Manifest, key: &str) -> Error {
    let error = Error::input(format!(
        "the dependency `{key}` could not be found in `{}`",
        ctx.display(path)
    ));
    let known = known_keys(manifest);
    match nearest(key, known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

fn known_keys(manifest: &Manifest) -> Vec<String> {
    let target = match &manifest.target {
        crate::model::manifest::Target::Local(local) => local.dependencies.as_ref(),
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
            Error::input("the command works on one package, but several are selected")
                .because(format!("the selected packages are {}", names.join(", ")))
                .hint("select one with `--package`"),
        );
    };
    let workspace = &meant.workspace;
    let (manifest, _) = read_manifest(ctx, workspace, &workspace.members[*index])?;
    Ok((meant, manifest))
}

/// Edits a manifest as it is now, which nobody else changes meanwhile.
fn change(
    ctx: &Context,
    (path, write): (&Path, Write),
    edit: impl Fn(&mut ManifestEdit) -> Result<()>,
) -> Result<()> {
    fs::again(|| {
        let old = fs::read_text(path)?;
        let mut new = ManifestEdit::new(path, &old)?;
        edit(&mut new)?;
        match write {
            Write::Dry => ctx.shell.write_data(new.text().as_bytes()),
            Write::Real => {
                let mut change = Change::new();
                change.text(path, Some(&old), &new.text());
                change.commit()
            }
        }
    })
}

/// The key of an entry, and the `package` it needs beside that.
fn keyed(options: &AddOptions, package: Option<&PackageRef>) -> Result<(String, Option<String>)> {
    let package = package.map(ToString::to_string);
    match (&options.name, package) {
        (Some(name), package) => Ok((name.clone(), package)),
        (None, Some(package)) => Ok((package, None)),
        (None, None) => Err(Error::usage("the name of the package is not known")
            .hint("give its name as `namespace:name`, or set a label with `--name`")),
    }
}

/// The entry of a file or directory.
fn by_path(
    ctx: &Context,
    manifest: &Manifest,
    (options, path): (&AddOptions, &Path),
) -> Result<Addition> {
    let there = ctx.absolute(path);
    if !fs::exists(&there) {
        return Err(Error::input(format!(
            "the path `{}` does not exist",
            ctx.display(&there)
        )));
    }
    let found = match fs::exists(&there.join("Cargo.toml")) {
        true => Local::Crate(package_of_crate(ctx, &there)?),
        false => local_of_path(&there)?,
    };
    let own = match &found {
        Local::Crate(package) | Local::Wit(package) => package.as_ref(),
        Local::Component => None,
    };
    if let (Some(asked), Some(own)) = (&options.package, own)
        && asked != own
    {
        return Err(Error::input(format!(
            "`{}` contains the package `{own}`, not `{asked}`",
            ctx.display(&there)
        ))
        .hint(format!("use `{own}`, or set a label with `--name`")));
    }
    let (key, package) = keyed(options, options.package.as_ref().or(own))?;
    let dir = fs::canonical(manifest.file.dir())?;
    let entry = DependencyEntry {
        package: package.filter(|_| own.is_none()),
        version: None,
        registry: None,
        path: Some(relative(&dir, &fs::canonical(&there)?)),
        oci: None,
    };
    let file = matches!(found, Local::Component).then_some(there);
    let table = match found {
        Local::Wit(_) => DependencyTable::Target,
        Local::Crate(_) | Local::Component => DependencyTable::Component,
    };
    Ok(Addition {
        key,
        entry,
        table: options.table.unwrap_or(table),
        from: format!("from path `{}`", path.display()),
        file,
    })
}

/// The entry of an OCI artifact.
fn by_reference(
    ctx: &Context,
    meant: &Meant,
    (options, reference): (&AddOptions, &str),
) -> Result<Addition> {
    let wanted = WantedArtifact::of_command_line(reference, options.package.as_ref())?;
    let packages = Packages::new(ctx, &meant.workspace.root, meant.mode)?;
    let found = packages.artifacts(&[wanted], &Lockfile::default(), None)?;
    let found = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let (key, package) = keyed(options, Some(&found.package))?;
    let is = table_of(&found.file)?;
    let table = options.table.unwrap_or(is);
    // A component under a label needs no other name than that of its repository,
    // which is known without the entry.
    let says = options.package.is_some() || table == DependencyTable::Target;
    Ok(Addition {
        key,
        entry: DependencyEntry {
            package: package.filter(|_| says),
            version: None,
            registry: None,
            path: None,
            oci: Some(reference.to_owned()),
        },
        table,
        from: format!("from `{reference}`"),
        file: Some(found.file.clone()),
    })
}

/// The entry of a package of a registry: its version, and the table the newest
/// release that fits belongs to.
fn by_name(
    ctx: &Context,
    (meant, manifest): (&Meant, &Manifest),
    options: &AddOptions,
) -> Result<Addition> {
    let Some(package) = &options.package else {
        return Err(Error::usage("no dependency to add was given")
            .hint("give a package, `namespace:name`, or `--path` or `--oci`"));
    };
    let mut packages = Packages::new(ctx, &meant.workspace.root, meant.mode)?;
    let wanted = Wanted {
        source: Source {
            package: package.clone(),
            registry: options.registry.clone(),
            address: None,
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
    let table = table_of(&found.file)?;
    let (key, package) = keyed(options, Some(package))?;
    Ok(Addition {
        key,
        from: format!("with version `{version}`"),
        file: Some(found.file.clone()),
        entry: DependencyEntry {
            package,
            version: Some(version),
            registry: options.registry.clone(),
            path: None,
            oci: None,
        },
        table: options.table.unwrap_or(table),
    })
}

/// The table a wasm file belongs to, by what it is.
fn table_of(file: &Path) -> Result<DependencyTable> {
    let bytes = fs::read(file)?;
    if kind(&bytes) != Some(Kind::Component) {
        return Err(
            Error::input("the package is neither a component nor a WIT package")
                .because(format!("its file is `{}`", file.display()))
                .hint("ask the publisher of the package"),
        );
    }
    Ok(match crate::model::component::is_wit_package(&bytes)? {
        true => DependencyTable::Target,
        false => DependencyTable::Component,
    })
}

/// What is at a path.
enum Local {
    /// The crate of a component, with its package if it says one.
    Crate(Option<PackageRef>),
    /// A package of WIT.
    Wit(Option<PackageRef>),
    /// A component, which has no name.
    Component,
}

fn local_of_path(path: &Path) -> Result<Local> {
    let (bytes, path) = match source::read(path)?.main {
        Entry::Text { path, files } => {
            return Ok(Local::Wit(package_of_text(&path, files)?));
        }
        Entry::Wasm { path, bytes } => (bytes, path),
    };
    if table_of(&path)? == DependencyTable::Component {
        return Ok(Local::Component);
    }
    Ok(Local::Wit(match outline(&bytes)? {
        Outline::Wit { package, .. } => Some(package),
        _ => None,
    }))
}

/// The package that WIT is of by its header. An error of its syntax is told
/// here, before it stands in a manifest.
fn package_of_text(path: &Path, files: Vec<TextFile>) -> Result<Option<PackageRef>> {
    if let Some(error) = syntax_errors(&files).into_iter().next() {
        return Err(error);
    }
    let path = path.to_owned();
    let shown = path.display().to_string();
    let names = declared_packages(&[Entry::Text { path, files }]);
    match names.first() {
        Some(name) => Ok(format!("{}:{}", name.namespace, name.name).parse().ok()),
        None => Err(Error::input(format!("there is no WIT in `{shown}`"))
            .hint("give a directory or file that contains `package namespace:name;`")),
    }
}

/// The package that the crate in a directory is published as.
fn package_of_crate(ctx: &Context, dir: &Path) -> Result<Option<PackageRef>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(dir.join("Cargo.toml"));
    Ok(one_package(ctx, &args)?.1.package)
}

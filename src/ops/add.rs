//! `cargo component add` and `remove`.

mod capabilities;
mod existing;
mod keys;
mod path;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use semver::VersionReq;

use self::capabilities::NewComponent;
use self::existing::{ExistingEntry, entry_key};
use self::keys::Keys;
use self::path::{PathDependency, read_path_dependency, table_of};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::capabilities::{CapabilityPattern, HostImports};
use crate::model::component::names::with_current_names;
use crate::model::lockfile::Lockfile;
use crate::model::manifest::edit::{DependencyEntry, DependencyTable, EntryChange};
use crate::model::manifest::{DependencySource, Manifest};
use crate::model::resolver::{PackageSource, Requirement};
use crate::pipeline::build::bindings::unused_bindings;
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::packages::{PackageRequest, Packages};
use crate::pipeline::link::label_changes::import_renames;
use crate::pipeline::project::manifest_write::{ManifestWrite, edit_manifest};
use crate::pipeline::project::manifests::{Project, named_registries};
use crate::pipeline::project::relative_path::relative_path;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// The options of `cargo component add`.
#[derive(Clone, Debug)]
pub struct AddOptions {
    /// The package; `None` takes that of the path or artifact.
    pub package: Option<PackageRef>,
    /// The versions that are allowed; `None` takes the newest one.
    pub requirement: Option<VersionReq>,
    /// The key of the entry; `None` takes the name of the package.
    pub name: Option<String>,
    /// The name of its registry; `None` for the configured one.
    pub registry: Option<String>,
    /// A path instead of a registry, relative to the current directory.
    pub path: Option<PathBuf>,
    /// An OCI artifact instead of a registry.
    pub oci: Option<String>,
    /// The table; `None` takes the one that fits the package.
    pub table: Option<DependencyTable>,
    /// What the component may import from outside; everything if none.
    pub allow: Option<Vec<CapabilityPattern>>,
    /// Whether the manifest is written.
    pub write: ManifestWrite,
}

/// An entry with the table that it is added to.
struct Addition {
    key: String,
    entry: DependencyEntry,
    table: DependencyTable,
    /// Where the package comes from, as messages say it.
    origin: String,
    /// The file of the package, if it is one.
    file: Option<PathBuf>,
    /// The release that the file contains, if it is one.
    release: Option<Fetched>,
    /// What the component imports from outside, if that is known.
    imports: Option<HostImports>,
    /// Whether the command line chose the table.
    is_table_chosen: bool,
}

impl AddOptions {
    /// Whether anything but the name of the package is given.
    fn requests_more(&self) -> bool {
        self.requirement.is_some()
            || self.registry.is_some()
            || self.path.is_some()
            || self.oci.is_some()
            || self.allow.is_some()
    }

    /// The entry that is there for the package.
    fn existing_entry<'m>(&self, manifest: &'m Manifest) -> Option<ExistingEntry<'m>> {
        let package = self.package.as_ref()?;
        let key = self.name.clone().unwrap_or_else(|| package.to_string());
        let found = ExistingEntry::find(manifest, key, self.table)?;
        (found.package == self.package.as_ref()).then_some(found)
    }

    /// The same options where only a part of the source is given: the other part is that of
    /// the entry that is there.
    fn completed(&self, existing: &DependencySource) -> Self {
        let mut options = self.clone();
        let another = self.requirement.is_some() || self.registry.is_some();
        match existing {
            _ if self.path.is_some() || self.oci.is_some() => {}
            DependencySource::Registry {
                requirement,
                registry,
            } => {
                options
                    .requirement
                    .get_or_insert_with(|| requirement.clone());
                options.registry = options.registry.or_else(|| registry.clone());
            }
            _ if another => {}
            DependencySource::Oci { reference } => options.oci = Some(reference.clone()),
            DependencySource::Path { path, .. } => options.path = Some(path.clone()),
        }
        options
    }
}

impl Addition {
    /// What the component imports from outside; none for a package of WIT and for a
    /// crate, which is not built. Fails if that is not allowed.
    fn imports(
        &self,
        ctx: &Context,
        project: &Rc<Project>,
        manifest: &Manifest,
        options: &AddOptions,
    ) -> Result<Option<HostImports>> {
        if !matches!(
            self.table,
            DependencyTable::Component | DependencyTable::Dev
        ) {
            return match options.allow {
                None => Ok(None),
                Some(_) => Err(
                    Error::usage("`--allow` has no meaning for a package of WIT")
                        .hint("remove it: only components can do anything"),
                ),
            };
        }
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let release = self.release.as_ref();
        let name = release.map(|found| format!("{} {}", found.package, found.version));
        let new = NewComponent {
            name: name.as_deref().unwrap_or(&self.key),
            package: release.map(|found| &found.package),
            bytes: &fs::read(file)?,
            allow: options.allow.as_deref(),
        };
        new.imports(ctx, project, manifest).map(Some)
    }
}

/// Adds entries to the one selected package, or changes those that are there. All of them
/// are written together; a package that has the entry already, and of which nothing else is
/// requested, stays as it is.
pub fn add(ctx: &Context, args: &CargoArgs, packages: &[AddOptions]) -> Result<()> {
    let (project, manifest, member) = one_package(ctx, args)?;
    let mut additions = Vec::new();
    for options in packages {
        let existing = options.existing_entry(&manifest);
        if let Some(existing) = existing.as_ref().filter(|_| !options.requests_more()) {
            report_unchanged(ctx, &existing.key, existing.table);
            continue;
        }
        let options = match &existing {
            Some(existing) => options.completed(existing.source),
            None => options.clone(),
        };
        let mut addition = match (&options.path, &options.oci) {
            (Some(path), _) => by_path(ctx, &manifest, &options, path)?,
            (_, Some(reference)) => by_reference(ctx, &project, &options, reference)?,
            _ => by_name(ctx, &project, &manifest, &options)?,
        };
        let allow = options.allow.as_deref();
        let words = allow.map(|allow| allow.iter().map(ToString::to_string).collect());
        addition.entry.allow = words;
        addition.imports = addition.imports(ctx, &project, &manifest, &options)?;
        addition.is_table_chosen = options.table.is_some();
        additions.push(addition);
    }
    let write = packages.first().map(|options| options.write);
    let write = write.filter(|write| *write == ManifestWrite::Dry || !additions.is_empty());
    if let Some(write) = write {
        let changes = edit_manifest(ctx, &manifest.file.path, write, |edit| {
            let changes = additions.iter().map(|addition| {
                edit.add_dependency(addition.table, &addition.key, &addition.entry)
            });
            changes.collect::<Result<Vec<_>>>()
        })?;
        for (addition, change) in additions.into_iter().zip(changes) {
            report(ctx, &project, &manifest, addition, change)?;
        }
    }
    let member = &project.workspace().members[member];
    if let Some(file) = unused_bindings(&manifest, member) {
        ctx.shell.note(format!(
            "the bindings are written to `{}`: to use them, add `mod bindings;` to the crate root",
            ctx.display(&file)
        ));
    }
    Ok(())
}

fn report_unchanged(ctx: &Context, key: &str, table: DependencyTable) {
    let text = format!("dependency `{key}`, which is in `[{}]`", table.name());
    ctx.shell.status("Unchanged", text);
}

/// Reports what became of an entry, and what its package imports.
fn report(
    ctx: &Context,
    project: &Rc<Project>,
    manifest: &Manifest,
    addition: Addition,
    change: EntryChange,
) -> Result<()> {
    let Addition {
        key, table, origin, ..
    } = &addition;
    match change {
        EntryChange::Added => {
            let text = format!("dependency `{key}` {origin}");
            ctx.shell.status("Added", text);
        }
        EntryChange::Changed => {
            let text = format!("dependency `{key}`, now {origin}");
            ctx.shell.status("Changed", text);
        }
        EntryChange::Unchanged => report_unchanged(ctx, key, *table),
    }
    if change == EntryChange::Added && !addition.is_table_chosen {
        let kind = match table {
            DependencyTable::Component | DependencyTable::Dev => "a component",
            _ => "a WIT package",
        };
        ctx.shell.note(format!(
            "the package is {kind}, so the entry was added to `[{}]`",
            table.name()
        ));
    }
    if let (DependencyTable::Component, Some(file)) = (table, &addition.file) {
        if let Err(e) = crate::model::wit::decode(&with_current_names(&fs::read(file)?)?) {
            ctx.shell.warn(format!(
                "the bindings of `{key}` cannot be generated, and builds will fail: {e}"
            ));
        }
        let notes = import_renames(ctx, project, manifest, key, file)?;
        notes.into_iter().for_each(|note| ctx.shell.note(note));
    }
    if let Some(imports) = &addition.imports {
        ctx.shell
            .note(format!("`{key}` imports from outside: {imports}"));
    }
    Ok(())
}

/// Removes entries of these tables from the one selected package.
pub fn remove(
    ctx: &Context,
    args: &CargoArgs,
    keys: &[String],
    tables: &[DependencyTable],
    write: ManifestWrite,
) -> Result<()> {
    let (_, manifest, _) = one_package(ctx, args)?;
    let path = &manifest.file.path;
    edit_manifest(ctx, path, write, |edit| {
        for key in keys {
            let mut found = false;
            for table in tables {
                found |= edit.remove_dependency(*table, key)?;
            }
            if !found {
                let keys = Keys::of(&manifest, tables);
                return Err(keys.unknown(key, &ctx.display(path).to_string()));
            }
        }
        Ok(())
    })?;
    for key in keys {
        ctx.shell.status("Removing", format!("dependency `{key}`"));
    }
    Ok(())
}

/// The one selected package: its workspace, its manifest and its index among the members.
/// It is an error if several are selected.
fn one_package(ctx: &Context, args: &CargoArgs) -> Result<(Rc<Project>, Rc<Manifest>, usize)> {
    let project = Project::load(ctx, args)?;
    let members = &project.workspace().members;
    let [index] = project.selected.as_slice() else {
        let names: Vec<_> = project
            .selected
            .iter()
            .map(|index| format!("`{}`", members[*index].name))
            .collect();
        return Err(
            Error::input("the command works on one package, but several are selected")
                .with_cause(format!("the selected packages are {}", names.join(", ")))
                .hint("select one with `--package`"),
        );
    };
    let manifest = project.manifest(ctx, &members[*index])?;
    let index = *index;
    Ok((project, manifest, index))
}

/// The table of an entry: the one of the options, or else the one that fits.
fn chosen_table(options: &AddOptions, fitting: DependencyTable) -> Result<DependencyTable> {
    match (options.table, fitting) {
        (Some(DependencyTable::Dev), DependencyTable::Target) => Err(Error::usage(
            "the package is WIT, and `--dev` adds components",
        )
        .hint("remove `--dev`, or use `--target`")),
        (chosen, fitting) => Ok(chosen.unwrap_or(fitting)),
    }
}

/// The entry for a file or directory.
fn by_path(
    ctx: &Context,
    manifest: &Manifest,
    options: &AddOptions,
    path: &Path,
) -> Result<Addition> {
    let target = ctx.absolute(path);
    if !fs::exists(&target) {
        return Err(Error::input(format!(
            "the path `{}` does not exist",
            ctx.display(&target)
        )));
    }
    let found = match fs::exists(&target.join("Cargo.toml")) {
        true => PathDependency::Crate(package_of_crate(ctx, &target)?),
        false => read_path_dependency(&target)?,
    };
    let own = match &found {
        PathDependency::Crate(package) | PathDependency::Wit(package) => package.as_ref(),
        PathDependency::Component => None,
    };
    if let (Some(requested), Some(own)) = (&options.package, own)
        && requested != own
        && options.table != Some(DependencyTable::Dev)
    {
        return Err(Error::input(format!(
            "`{}` contains the package `{own}`, not `{requested}`",
            ctx.display(&target)
        ))
        .hint(format!("use `{own}`, or set a label with `--name`")));
    }
    let (key, package) = entry_key(options.name.as_deref(), options.package.as_ref().or(own))?;
    let dir = fs::canonical(manifest.file.dir())?;
    let entry = DependencyEntry {
        package: package.filter(|_| own.is_none()),
        version: None,
        registry: None,
        path: Some(relative_path(&dir, &fs::canonical(&target)?)),
        oci: None,
        allow: None,
    };
    let file = matches!(found, PathDependency::Component).then_some(target);
    let table = match found {
        PathDependency::Wit(_) => DependencyTable::Target,
        PathDependency::Crate(_) | PathDependency::Component => DependencyTable::Component,
    };
    Ok(Addition {
        key,
        entry,
        table: chosen_table(options, table)?,
        origin: format!("from path `{}`", path.display()),
        file,
        release: None,
        imports: None,
        is_table_chosen: false,
    })
}

/// The entry for an OCI artifact.
fn by_reference(
    ctx: &Context,
    project: &Project,
    options: &AddOptions,
    reference: &str,
) -> Result<Addition> {
    let artifact = RequestedArtifact::of_command_line(reference, options.package.as_ref())?;
    let packages = Packages::new(ctx, &project.workspace().root, project.mode)?;
    let found = packages.artifacts(&[artifact], &Lockfile::default(), None)?;
    let found = found
        .first()
        .ok_or_else(|| Error::input("nothing was fetched"))?;
    let (key, package) = entry_key(options.name.as_deref(), Some(&found.package))?;
    let fitting = table_of(&found.file)?;
    let table = chosen_table(options, fitting)?;
    // A component under a label has the name of its repository, which is known
    // without the entry.
    let names_package = options.package.is_some() || table == DependencyTable::Target;
    Ok(Addition {
        key,
        entry: DependencyEntry {
            package: package.filter(|_| names_package),
            version: None,
            registry: None,
            path: None,
            oci: Some(reference.to_owned()),
            allow: None,
        },
        table,
        origin: format!("from `{reference}`"),
        file: Some(found.file.clone()),
        release: Some(found.clone()),
        imports: None,
        is_table_chosen: false,
    })
}

/// The entry for a package of a registry: with its version, in the table that
/// fits the newest allowed release.
fn by_name(
    ctx: &Context,
    project: &Project,
    manifest: &Manifest,
    options: &AddOptions,
) -> Result<Addition> {
    let Some(package) = &options.package else {
        return Err(Error::usage("no dependency to add was given")
            .hint("give a package, `namespace:name`, or `--path` or `--oci`"));
    };
    let mut packages = Packages::new(ctx, &project.workspace().root, project.mode)?;
    let requirement = Requirement {
        source: PackageSource {
            package: package.clone(),
            registry: options.registry.clone(),
            address: None,
        },
        version_req: options.requirement.clone().unwrap_or(VersionReq::STAR),
        required_by: vec!["the command line".to_owned()],
        excerpt: None,
    };
    let found = packages.fetch(&PackageRequest {
        requirements: std::slice::from_ref(&requirement),
        named: &named_registries(manifest),
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
    let (key, package) = entry_key(options.name.as_deref(), Some(package))?;
    Ok(Addition {
        key,
        origin: format!("with version `{version}`"),
        file: Some(found.file.clone()),
        release: Some(found.clone()),
        entry: DependencyEntry {
            package,
            version: Some(version),
            registry: options.registry.clone(),
            path: None,
            oci: None,
            allow: None,
        },
        table: chosen_table(options, table)?,
        imports: None,
        is_table_chosen: false,
    })
}

/// The package name that the crate in a directory is published under.
fn package_of_crate(ctx: &Context, dir: &Path) -> Result<Option<PackageRef>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(dir.join("Cargo.toml"));
    Ok(one_package(ctx, &args)?.1.package.clone())
}

//! `cargo component add` and `remove`.

mod capabilities;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use semver::VersionReq;

use self::capabilities::NewComponent;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::capabilities::{CapabilityPattern, HostImports};
use crate::model::component::names::with_current_names;
use crate::model::component::outline::{Outline, outline};
use crate::model::component::{WasmKind, kind};
use crate::model::lockfile::Lockfile;
use crate::model::manifest::edit::{DependencyEntry, DependencyTable};
use crate::model::manifest::{Manifest, Target};
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit::{Entry, TextFile, WasmFile, declared_packages, syntax_errors};
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::packages::{PackageRequest, Packages};
use crate::pipeline::link::label_changes::import_renames;
use crate::pipeline::project::manifest_write::{ManifestWrite, edit_manifest};
use crate::pipeline::project::manifests::Project;
use crate::pipeline::project::manifests::named_registries;
use crate::pipeline::project::relative_path::relative_path;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

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

/// Adds an entry to the one selected package.
pub fn add(ctx: &Context, args: &CargoArgs, options: &AddOptions) -> Result<()> {
    let (project, manifest) = one_package(ctx, args)?;
    let mut addition = match (&options.path, &options.oci) {
        (Some(path), _) => by_path(ctx, &manifest, options, path)?,
        (_, Some(reference)) => by_reference(ctx, &project, options, reference)?,
        _ => by_name(ctx, &project, &manifest, options)?,
    };
    let allow = options.allow.as_deref();
    let words = allow.map(|allow| allow.iter().map(ToString::to_string).collect());
    addition.entry.allow = words;
    let imports = addition.imports(ctx, &project, &manifest, options)?;
    let Addition {
        key,
        entry,
        table,
        origin,
        file,
        ..
    } = addition;
    edit_manifest(ctx, &manifest.file.path, options.write, |edit| {
        edit.add_dependency(table, &key, &entry)
    })?;
    ctx.shell
        .status("Added", format!("dependency `{key}` {origin}"));
    if options.table.is_none() {
        let kind = match table {
            DependencyTable::Component | DependencyTable::Dev => "a component",
            _ => "a WIT package",
        };
        ctx.shell.note(format!(
            "the package is {kind}, so the entry was added to `[{}]`",
            table.name()
        ));
    }
    if let (DependencyTable::Component, Some(file)) = (table, file) {
        if let Err(e) = crate::model::wit::decode(&with_current_names(&fs::read(&file)?)?) {
            ctx.shell.warn(format!(
                "the bindings of `{key}` cannot be generated, and builds will fail: {e}"
            ));
        }
        let notes = import_renames(ctx, &project, &manifest, &key, &file)?;
        notes.into_iter().for_each(|note| ctx.shell.note(note));
    }
    if let Some(imports) = imports {
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
    let (_, manifest) = one_package(ctx, args)?;
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

/// The keys of a manifest's entries.
struct Keys<'m> {
    /// Those of the tables from which entries are removed.
    here: Vec<&'m str>,
    /// Whether that is the table of tests.
    dev: bool,
    /// Those of the other tables.
    elsewhere: Vec<&'m str>,
}

impl<'m> Keys<'m> {
    fn of(manifest: &'m Manifest, tables: &[DependencyTable]) -> Self {
        let target = match &manifest.target {
            Target::Local(local) => local.dependencies.as_ref(),
            _ => None,
        };
        let target = target.into_iter().flat_map(|table| table.keys());
        let of_builds = manifest.dependencies.keys().chain(target);
        let of_builds = of_builds.map(String::as_str).collect();
        let of_tests = manifest.dev_dependencies.keys().map(String::as_str);
        let of_tests = of_tests.collect();
        let dev = tables.contains(&DependencyTable::Dev);
        let (here, elsewhere) = match dev {
            true => (of_tests, of_builds),
            false => (of_builds, of_tests),
        };
        Keys {
            here,
            dev,
            elsewhere,
        }
    }

    /// The error for a key that the tables do not have, of the manifest at a path.
    fn unknown(&self, key: &str, path: &str) -> Error {
        let error = Error::input(format!(
            "the dependency `{key}` could not be found in `{path}`"
        ));
        if self.elsewhere.contains(&key) {
            return error.hint(match self.dev {
                true => "it is an entry of `dependencies`: remove it without `--dev`",
                false => "it is an entry of `dev-dependencies`: remove it with `--dev`",
            });
        }
        match nearest(key, self.here.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    }
}

/// The one selected package, with its manifest; an error where there are
/// several.
fn one_package(ctx: &Context, args: &CargoArgs) -> Result<(Rc<Project>, Rc<Manifest>)> {
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
    Ok((project, manifest))
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

/// The key of an entry, and the `package` it needs beside that.
fn entry_key(
    options: &AddOptions,
    package: Option<&PackageRef>,
) -> Result<(String, Option<String>)> {
    let package = package.map(ToString::to_string);
    match (&options.name, package) {
        (Some(name), package) => Ok((name.clone(), package)),
        (None, Some(package)) => Ok((package, None)),
        (None, None) => Err(Error::usage("the name of the package is not known")
            .hint("give its name as `namespace:name`, or set a label with `--name`")),
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
    let (key, package) = entry_key(options, options.package.as_ref().or(own))?;
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
    let (key, package) = entry_key(options, Some(&found.package))?;
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
    let (key, package) = entry_key(options, Some(package))?;
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
    })
}

/// The table for a wasm file: of components or of WIT packages.
fn table_of(file: &Path) -> Result<DependencyTable> {
    let bytes = fs::read(file)?;
    if kind(&bytes) != Some(WasmKind::Component) {
        return Err(
            Error::input("the package is neither a component nor a WIT package")
                .with_cause(format!("its file is `{}`", file.display()))
                .hint("ask the publisher of the package"),
        );
    }
    Ok(match crate::model::component::is_wit_package(&bytes)? {
        true => DependencyTable::Target,
        false => DependencyTable::Component,
    })
}

/// The kind of dependency that a path leads to.
enum PathDependency {
    /// The crate of a component, with its package if its manifest names one.
    Crate(Option<PackageRef>),
    /// A package of WIT, with its name if it has one.
    Wit(Option<PackageRef>),
    /// A component, which has no name.
    Component,
}

fn read_path_dependency(path: &Path) -> Result<PathDependency> {
    let (bytes, path) = match source::read(path)?.main {
        Entry::Text { path, files } => {
            return Ok(PathDependency::Wit(package_of_text(&path, files)?));
        }
        Entry::Wasm(WasmFile { path, bytes, .. }) => (bytes, path),
    };
    if table_of(&path)? == DependencyTable::Component {
        return Ok(PathDependency::Component);
    }
    Ok(PathDependency::Wit(match outline(&bytes)? {
        Outline::Wit { package, .. } => Some(package),
        _ => None,
    }))
}

/// The package that the header of WIT names. A syntax error is reported here,
/// before the manifest has an entry for it.
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

/// The package name that the crate in a directory is published under.
fn package_of_crate(ctx: &Context, dir: &Path) -> Result<Option<PackageRef>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(dir.join("Cargo.toml"));
    Ok(one_package(ctx, &args)?.1.package.clone())
}

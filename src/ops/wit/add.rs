//! What `cargo component wit add` does.

use std::collections::BTreeSet;
use std::path::PathBuf;

use semver::{Version, VersionReq};

use super::discover::find;
use super::edits::{ManifestEntry, ManifestTable, OriginalTexts, check_edits, wit_files};
use super::lookup::{LocatedPackage, PackageQuery, listed, locate};
use super::project::{WitMember, WitOptions};
use super::resolver::{FileTexts, WitResolver};
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::manifest::edit::{DependencyEntry, DependencyTable, EntryChange};
use crate::model::wit::declared_packages;
use crate::model::wit::text::{WorldImport, insert_import, named_versions, worlds};
use crate::pipeline::fetch::requirement::exactly;
use crate::pipeline::project::manifest_write::ManifestWrite;
use crate::pipeline::project::relative_path::relative_path;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// The options of `cargo component wit add`.
#[derive(Clone, Debug)]
pub struct AddOptions {
    /// The project that is changed.
    pub project: WitOptions,
    /// The package to add.
    pub package: PackageRef,
    /// The interface of the package that a world is to import.
    pub interface: Option<String>,
    /// The versions that are allowed; `None` takes the newest one.
    pub requirement: Option<VersionReq>,
    /// The world that gets the import; `None` for the only one.
    pub world: Option<String>,
    /// The key of the entry; `None` takes the name of the package.
    pub name: Option<String>,
    /// The name of its registry; `None` for the configured one.
    pub registry: Option<String>,
    /// A path instead of a registry, relative to the current directory.
    pub path: Option<PathBuf>,
    /// Whether the files are written.
    pub write: ManifestWrite,
}

/// Adds an entry to the manifest of the project, and an import to a world if an
/// interface is named_versions. The result is loaded before anything is written; the
/// lock file and `deps` stay as they are.
pub fn add(ctx: &Context, options: &AddOptions) -> Result<()> {
    fs::retry_if_changed(|| add_once(ctx, options))
}

/// As [`add`]; an error if the files are changed meanwhile.
fn add_once(ctx: &Context, options: &AddOptions) -> Result<()> {
    let project = find(ctx, &options.project)?;
    let member = project.only_member()?;
    let before = OriginalTexts::read(&project, std::slice::from_ref(member))?;
    refuse_own(member, options)?;
    let table = ManifestTable::of(&project, member)?;
    let known = table.find(&options.package);
    refuse_conflict(options, &table, known)?;
    let differs = known.is_some_and(|known| differs(options, known));
    if let (Some(known), false, None) = (known, differs, &options.interface) {
        let (key, path) = (&known.key, ctx.display(&table.path));
        let text = format!("dependency `{key}`, which is in `{path}`");
        ctx.shell.status("Unchanged", text);
        return Ok(());
    }
    let named_versions = match (&options.interface, known) {
        (Some(_), None) => named_already(member, options)?,
        _ => None,
    };
    let query = PackageQuery {
        package: &options.package,
        requirement: match (&options.requirement, &named_versions) {
            (Some(requirement), _) => Some(requirement.clone()),
            (None, Some(version)) => Some(exactly(version)),
            (None, None) => known.and_then(|known| known.requirement.clone()),
        },
        registry: options.registry.clone().or_else(|| known?.registry.clone()),
        path: path_of(ctx, options, known.filter(|_| !differs)),
    };
    let mut resolver = WitResolver::new(ctx, &project)?;
    let found = locate(&mut resolver, member, &query)?;
    if let Some(interface) = &options.interface {
        found.refuse_unknown(&options.package, interface)?;
    }
    let mut texts = FileTexts::new();
    let entry = match named_versions {
        // The WIT names the version already.
        Some(_) => None,
        None if known.is_some() && !differs => None,
        None => entry(options, &table, known, &found)?,
    };
    if let Some(NewEntry { key, entry, .. }) = &entry {
        let mut edit = table.edit()?;
        edit.add_dependency(table.kind, key, entry)?;
        texts.insert(table.path.clone(), edit.text());
    }
    let mut messages = Vec::new();
    if let Some(interface) = &options.interface {
        let import = WorldImport {
            package: options.package.clone(),
            interface: interface.clone(),
            version: found.version.clone(),
        };
        match imported(ctx, member, options, &import)? {
            Imported::Already(world) => ctx
                .shell
                .note(format!("the world `{world}` already imports `{import}`")),
            Imported::New { world, path, text } => {
                let message = format!("import `{import}` to world `{world}`");
                messages.push((EntryChange::Added, message));
                texts.insert(path, text);
            }
        }
        let members = std::slice::from_ref(member);
        check_edits(ctx, &project, members, &texts, |_| false)?;
    }
    if let Some(entry) = &entry {
        messages.insert(0, entry.message(known));
    }
    if options.write == ManifestWrite::Real {
        before.write(&texts)?;
    }
    report_added(ctx, options, messages, &found, entry.is_some());
    Ok(())
}

/// Reports what was added, and what can be added next.
fn report_added(
    ctx: &Context,
    options: &AddOptions,
    done: Vec<(EntryChange, String)>,
    found: &LocatedPackage,
    entered: bool,
) {
    for (change, text) in done {
        let (verb, would) = match change {
            EntryChange::Added => ("Added", "Would add"),
            EntryChange::Changed | EntryChange::Unchanged => ("Changed", "Would change"),
        };
        match options.write {
            ManifestWrite::Real => ctx.shell.status(verb, text),
            ManifestWrite::Dry => ctx.shell.status(would, format!("{text} (dry run)")),
        }
    }
    let package = &options.package;
    if let (false, Some(path), None) = (entered, &found.path, &options.interface) {
        ctx.shell.note(format!(
            "`{package}` was found in `{}`, so no manifest entry is needed",
            ctx.display(path)
        ));
    }
    if options.interface.is_none() && !found.declared_interfaces.is_empty() {
        ctx.shell.note(format!(
            "`{package}` has the interfaces {}; to import one, add `{package}/{}`",
            listed(&found.declared_interfaces),
            found.declared_interfaces[0]
        ));
    }
}

/// The version that the project's own WIT names the package with, if it is a
/// single one and the options request nothing else.
fn named_already(member: &WitMember, options: &AddOptions) -> Result<Option<Version>> {
    let asked = options.requirement.is_some()
        || options.registry.is_some()
        || options.path.is_some()
        || options.name.is_some();
    let mut versions = BTreeSet::new();
    for file in wit_files(member)?.iter().filter(|_| !asked) {
        let package = &options.package;
        for (name, _) in named_versions(&file.text) {
            if name.namespace == package.namespace() && name.name == package.name() {
                versions.extend(name.version);
            }
        }
    }
    match versions.len() {
        1 => Ok(versions.pop_first()),
        _ => Ok(None),
    }
}

fn refuse_own(member: &WitMember, options: &AddOptions) -> Result<()> {
    let own = declared_packages(&[source::read(&member.wit)?.main]);
    let package = &options.package;
    let is = |name: &wit_parser::PackageName| {
        name.namespace == package.namespace() && name.name == package.name()
    };
    match own.iter().any(is) {
        false => Ok(()),
        true => Err(
            Error::input(format!("`{package}` cannot be added to itself"))
                .hint("within a package, write only the interface: `import name;`"),
        ),
    }
}

/// Refuses what the manifest cannot say, and another name for an entry that is there.
fn refuse_conflict(
    options: &AddOptions,
    table: &ManifestTable,
    known: Option<&ManifestEntry>,
) -> Result<()> {
    let wkg = table.kind == DependencyTable::Overrides;
    if wkg && (options.registry.is_some() || options.name.is_some()) {
        return Err(
            Error::usage("an override can have neither a registry nor another name")
                .hint("use `cargo component config` to set the registry of a package or namespace"),
        );
    }
    let key = known.map(|known| &known.key);
    if options.name.is_none() || known.is_none() || options.name.as_ref() == key {
        return Ok(());
    }
    Err(conflict(&options.package.to_string(), table))
}

/// The error for an entry that is there for something else, or under another name.
fn conflict(name: &str, table: &ManifestTable) -> Error {
    Error::input(format!(
        "cannot add dependency `{name}` as it conflicts with an existing dependency"
    ))
    .with_cause(format!(
        "it is in `[{}]` of `{}`",
        table.kind.name(),
        table.path.display()
    ))
    .hint("change the entry there, or remove it first")
}

/// Whether the options request something else than the entry that is there says.
fn differs(options: &AddOptions, known: &ManifestEntry) -> bool {
    let other = |asked: Option<String>, known: Option<String>| asked.is_some() && asked != known;
    let text = |requirement: &Option<VersionReq>| requirement.as_ref().map(ToString::to_string);
    options.path.is_some()
        || other(options.registry.clone(), known.registry.clone())
        || other(text(&options.requirement), text(&known.requirement))
}

/// An entry that is added to a manifest.
struct NewEntry {
    key: String,
    entry: DependencyEntry,
    /// Where the package comes from, as messages say it.
    origin: String,
}

impl NewEntry {
    /// What is done with the entry, where `known` is the one that is there.
    fn message(&self, known: Option<&ManifestEntry>) -> (EntryChange, String) {
        let NewEntry { key, origin, .. } = self;
        match known {
            None => (EntryChange::Added, format!("dependency `{key}` {origin}")),
            Some(_) => (
                EntryChange::Changed,
                format!("dependency `{key}`, now {origin}"),
            ),
        }
    }
}

/// The path of the options, or that of the entry that is there.
fn path_of(ctx: &Context, options: &AddOptions, known: Option<&ManifestEntry>) -> Option<PathBuf> {
    match &options.path {
        Some(path) => Some(ctx.absolute(path)),
        None => known.and_then(|known| known.path.clone()),
    }
}

/// The entry to add; `None` where the manifest need not name the package.
fn entry(
    options: &AddOptions,
    table: &ManifestTable,
    known: Option<&ManifestEntry>,
    found: &LocatedPackage,
) -> Result<Option<NewEntry>> {
    let package = options.package.to_string();
    let deps = table.kind == DependencyTable::Deps;
    let (key, package) = match &options.name {
        None if known.is_some_and(|known| known.key != package) => {
            let key = known.map(|known| known.key.clone());
            (key.unwrap_or_default(), Some(package))
        }
        Some(name) => (name.clone(), Some(package)),
        // The key becomes a directory, whose name cannot have a colon.
        None if deps => (options.package.name().to_owned(), Some(package)),
        None => (package, None),
    };
    let package = package.filter(|_| !deps || options.path.is_none());
    let mut entry = DependencyEntry {
        package,
        version: None,
        registry: options.registry.clone(),
        path: None,
        oci: None,
        allow: None,
    };
    if known.is_none() && table.entries().iter().any(|entry| entry.key == key) {
        return Err(conflict(&key, table));
    }
    if let (Some(path), Some(there)) = (&options.path, &found.path) {
        let dir = fs::canonical(fs::parent(&table.path))?;
        entry.path = Some(relative_path(&dir, &fs::canonical(there)?));
        let origin = format!("from path `{}`", path.display());
        return Ok(Some(NewEntry { key, entry, origin }));
    }
    let Some(release) = &found.release else {
        return Ok(None);
    };
    // A new table of target dependencies would have to name all packages; those
    // that WIT names are found without one.
    let asked = options.requirement.is_some() || options.registry.is_some();
    if !table.exists && options.interface.is_some() && !asked {
        return Ok(None);
    }
    let version = match &options.requirement {
        // As cargo writes it: the caret is what a bare version means.
        Some(requirement) => requirement.to_string().trim_start_matches('^').to_owned(),
        None => release.to_string(),
    };
    entry.version = Some(version.clone());
    let origin = format!("with version `{version}`");
    Ok(Some(NewEntry { key, entry, origin }))
}

/// The outcome of adding an import to a world.
enum Imported {
    /// The world of this name has it.
    Already(String),
    /// The world gets it, by a new text of its file.
    New {
        world: String,
        path: PathBuf,
        text: String,
    },
}

/// Adds an import to the selected world.
fn imported(
    ctx: &Context,
    member: &WitMember,
    options: &AddOptions,
    import: &WorldImport,
) -> Result<Imported> {
    let files = wit_files(member)?;
    let all: Vec<_> = files
        .iter()
        .flat_map(|file| worlds(&file.text).into_iter().map(move |w| (file, w)))
        .collect();
    let names: Vec<String> = all.iter().map(|(_, world)| world.name.clone()).collect();
    let found = match &options.world {
        Some(name) => all.iter().find(|(_, world)| world.name == *name),
        None if all.len() == 1 => all.first(),
        None => None,
    };
    let Some((file, world)) = found else {
        return Err(no_world(ctx, member, options.world.as_deref(), &names));
    };
    // Another version is imported beside it only where it is requested.
    let fits = |known: &WorldImport| match (&options.requirement, &known.version) {
        (Some(requirement), Some(version)) => requirement.matches(version),
        _ => true,
    };
    let same = |known: &&WorldImport| {
        known.package == import.package && known.interface == import.interface && fits(known)
    };
    if world.imports.iter().any(|known| same(&known)) {
        return Ok(Imported::Already(world.name.clone()));
    }
    let text = insert_import(&file.text, &world.name, &import.statement());
    let text = text.ok_or_else(|| no_world(ctx, member, Some(&world.name), &names))?;
    Ok(Imported::New {
        world: world.name.clone(),
        path: file.path.clone(),
        text,
    })
}

fn no_world(ctx: &Context, member: &WitMember, asked: Option<&str>, names: &[String]) -> Error {
    let dir = match ctx.display(&member.wit).to_string() {
        here if here.is_empty() => ".".to_owned(),
        shown => shown,
    };
    if names.is_empty() {
        return Error::input(format!("there is no world in `{dir}` to add the import to"))
            .hint("add one: `world name { }`");
    }
    let Some(asked) = asked else {
        return Error::input(format!("`{dir}` has several worlds"))
            .with_cause(format!("the worlds are {}", listed(names)))
            .hint("select one with `--world`");
    };
    let error = Error::input(format!("the world `{asked}` does not exist in `{dir}`"))
        .with_cause(format!("the worlds are {}", listed(names)));
    match nearest(asked, names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("select one of these with `--world`"),
    }
}

//! `cargo component wit add`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use semver::{Version, VersionReq};

use super::edited::{Before, Known, Table, check, own_texts};
use super::located::{Located, Sought, listed, locate};
use super::project::{Member, WitOptions, find};
use super::resolve::{Session, Texts};
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::manifest::edit::{DependencyEntry, DependencyTable};
use crate::model::wit::declared_packages;
use crate::model::wit::text::{Import, insert_import, named, worlds};
use crate::ops::add::Write;
use crate::ops::new::target::relative;
use crate::pipeline::fetch::requirement::exactly;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// What to add, and to what.
#[derive(Clone, Debug)]
pub struct AddOptions {
    /// The project.
    pub project: WitOptions,
    /// The package.
    pub package: PackageRef,
    /// The interface of it that a world is to import.
    pub interface: Option<String>,
    /// The versions that will do; none takes the newest one.
    pub requirement: Option<VersionReq>,
    /// The world; none for the only one.
    pub world: Option<String>,
    /// The key of the entry, where it is not the package's name.
    pub name: Option<String>,
    /// The registry it is in.
    pub registry: Option<String>,
    /// A path instead of a registry, relative to where the user stands.
    pub path: Option<PathBuf>,
    /// See [`Write`].
    pub write: Write,
}

/// Adds an entry to the manifest of the project, and an import to a world if an
/// interface is named. The result is loaded before anything is written; the
/// lock file and `deps` are left alone.
pub fn add(ctx: &Context, options: &AddOptions) -> Result<()> {
    fs::again(|| add_once(ctx, options))
}

/// The same, unless somebody changes the files meanwhile.
fn add_once(ctx: &Context, options: &AddOptions) -> Result<()> {
    let project = find(ctx, &options.project)?;
    let member = project.only_member()?;
    let before = Before::read(&project, std::slice::from_ref(member))?;
    refuse_own(member, options)?;
    let table = Table::of(&project, member)?;
    let known = table.find(&options.package);
    refuse_conflict(options, &table, known)?;
    let named = match (&options.interface, known) {
        (Some(_), None) => named_already(member, options)?,
        _ => None,
    };
    let sought = Sought {
        package: &options.package,
        requirement: match (&options.requirement, &named) {
            (Some(requirement), _) => Some(requirement.clone()),
            (None, Some(version)) => Some(exactly(version)),
            (None, None) => known.and_then(|known| known.requirement.clone()),
        },
        registry: options.registry.clone().or_else(|| known?.registry.clone()),
        path: match &options.path {
            Some(path) => Some(ctx.absolute(path)),
            None => known.and_then(|known| known.path.clone()),
        },
    };
    let mut session = Session::new(ctx, &project)?;
    let found = locate(ctx, (&project, member), &mut session, &sought)?;
    if let Some(interface) = &options.interface {
        found.refuse_unknown(&options.package, interface)?;
    }
    let mut texts = Texts::new();
    let entry = match named {
        // The WIT says it already.
        Some(_) => None,
        None => entry(options, (&table, known), &found)?,
    };
    if let Some((key, entry, _)) = &entry {
        let mut edit = table.edit()?;
        edit.add_dependency(table.which, key, entry)?;
        texts.insert(table.path.clone(), edit.text());
    }
    let mut said = Vec::new();
    if let Some(interface) = &options.interface {
        let import = Import {
            package: options.package.clone(),
            interface: interface.clone(),
            version: found.version.clone(),
        };
        match imported(ctx, member, (options, &import))? {
            Imported::Already(world) => ctx
                .shell
                .note(format!("the world `{world}` already imports `{import}`")),
            Imported::New(world, path, text) => {
                said.push(format!("import `{import}` to world `{world}`"));
                texts.insert(path, text);
            }
        }
        check(
            ctx,
            (&project, std::slice::from_ref(member)),
            &texts,
            |_| false,
        )?;
    }
    if let Some((key, _, from)) = &entry {
        said.insert(0, format!("dependency `{key}` {from}"));
    }
    if options.write == Write::Real {
        before.write(&texts)?;
    }
    tell(ctx, (options, said), &found, entry.is_some());
    Ok(())
}

/// Tells what was done, and what the user may want to know next.
fn tell(
    ctx: &Context,
    (options, done): (&AddOptions, Vec<String>),
    found: &Located,
    entered: bool,
) {
    for text in done {
        match options.write {
            Write::Real => ctx.shell.status("Added", text),
            Write::Dry => ctx.shell.status("Would add", format!("{text} (dry run)")),
        }
    }
    let package = &options.package;
    if let (false, Some(path), None) = (entered, &found.path, &options.interface) {
        ctx.shell.note(format!(
            "`{package}` was found in `{}`, so no manifest entry is needed",
            ctx.display(path)
        ));
    }
    if options.interface.is_none() && !found.interfaces.is_empty() {
        ctx.shell.note(format!(
            "`{package}` has the interfaces {}; to import one, add `{package}/{}`",
            listed(&found.interfaces),
            found.interfaces[0]
        ));
    }
}

/// The version that the package's own WIT names the other one with, where that
/// is one, and nothing else is asked for.
fn named_already(member: &Member, options: &AddOptions) -> Result<Option<Version>> {
    let asked = options.requirement.is_some()
        || options.registry.is_some()
        || options.path.is_some()
        || options.name.is_some();
    let mut versions = BTreeSet::new();
    for file in own_texts(member)?.iter().filter(|_| !asked) {
        let package = &options.package;
        for (name, _) in named(&file.text) {
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

fn refuse_own(member: &Member, options: &AddOptions) -> Result<()> {
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

/// Refuses to add what is there with something else.
fn refuse_conflict(options: &AddOptions, table: &Table, known: Option<&Known>) -> Result<()> {
    let wkg = table.which == DependencyTable::Overrides;
    if wkg && (options.registry.is_some() || options.name.is_some()) {
        return Err(
            Error::usage("an override can have neither a registry nor another name")
                .hint("use `cargo component config` to set the registry of a package or namespace"),
        );
    }
    let Some(known) = known else {
        return Ok(());
    };
    let other = |asked: Option<String>, known: Option<String>| asked.is_some() && asked != known;
    let requirement = options.requirement.as_ref().map(ToString::to_string);
    let differs = options.path.is_some()
        || options.name.as_ref().is_some_and(|name| *name != known.key)
        || other(options.registry.clone(), known.registry.clone())
        || other(
            requirement,
            known.requirement.as_ref().map(ToString::to_string),
        );
    match options.interface.is_none() || differs {
        false => Ok(()),
        true => Err(Error::input(format!(
            "cannot add dependency `{}` as it conflicts with an existing dependency",
            options.package
        ))
        .because(format!(
            "it is in `[{}]` of `{}`",
            table.which.name(),
            table.path.display()
        ))
        .hint("change the entry there, or remove it first")),
    }
}

/// The entry that is to be made, with its key and where it comes from, to show;
/// none where nothing has to be said.
fn entry(
    options: &AddOptions,
    (table, known): (&Table, Option<&Known>),
    found: &Located,
) -> Result<Option<(String, DependencyEntry, String)>> {
    let package = options.package.to_string();
    let deps = table.which == DependencyTable::Deps;
    let (key, package) = match &options.name {
        Some(name) => (name.clone(), Some(package)),
        // What becomes a directory has no colon in it.
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
    };
    if known.is_some() {
        return Ok(None);
    }
    if let (Some(path), Some(there)) = (&options.path, &found.path) {
        let dir = fs::canonical(fs::parent(&table.path))?;
        entry.path = Some(relative(&dir, &fs::canonical(there)?));
        return Ok(Some((
            key,
            entry,
            format!("from path `{}`", path.display()),
        )));
    }
    let Some(release) = &found.release else {
        return Ok(None);
    };
    // A table of target dependencies has to name everything; what WIT names
    // is found without it.
    let asked = options.requirement.is_some() || options.registry.is_some();
    if !table.is_there && options.interface.is_some() && !asked {
        return Ok(None);
    }
    let version = match &options.requirement {
        // As cargo writes it: the caret is what a bare version means.
        Some(requirement) => requirement.to_string().trim_start_matches('^').to_owned(),
        None => release.to_string(),
    };
    entry.version = Some(version.clone());
    Ok(Some((key, entry, format!("with version `{version}`"))))
}

/// What became of an import.
enum Imported {
    /// This world has it.
    Already(String),
    /// This world gets it, by this text of this file.
    New(String, PathBuf, String),
}

/// Puts an import into the world that is meant.
fn imported(
    ctx: &Context,
    member: &Member,
    (options, import): (&AddOptions, &Import),
) -> Result<Imported> {
    let files = own_texts(member)?;
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
        return Err(no_world((ctx, member), options.world.as_deref(), &names));
    };
    // Another version beside it is meant only where it is asked for.
    let fits = |known: &Import| match (&options.requirement, &known.version) {
        (Some(requirement), Some(version)) => requirement.matches(version),
        _ => true,
    };
    let same = |known: &&Import| {
        known.package == import.package && known.interface == import.interface && fits(known)
    };
    if world.imports.iter().any(|known| same(&known)) {
        return Ok(Imported::Already(world.name.clone()));
    }
    let text = insert_import(&file.text, &world.name, &import.statement());
    let text = text.ok_or_else(|| no_world((ctx, member), Some(&world.name), &names))?;
    Ok(Imported::New(world.name.clone(), file.path.clone(), text))
}

fn no_world((ctx, member): (&Context, &Member), asked: Option<&str>, names: &[String]) -> Error {
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
            .because(format!("the worlds are {}", listed(names)))
            .hint("select one with `--world`");
    };
    let error = Error::input(format!("the world `{asked}` does not exist in `{dir}`"))
        .because(format!("the worlds are {}", listed(names)));
    match nearest(asked, names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("select one of these with `--world`"),
    }
}

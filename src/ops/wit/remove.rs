//! What `cargo component wit remove` does.

use super::discover::find;
use super::edits::{ManifestEntry, ManifestTable, OriginalTexts, wit_files};
use super::lookup::listed;
use super::project::{WitMember, WitOptions};
use super::resolver::FileTexts;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::wit::text::{WorldImport, remove_imports, worlds};
use crate::model::wit::{Entry, TextFile, referenced_packages, syntax_errors};
use crate::pipeline::project::manifest_write::ManifestWrite;
use crate::system::context::Context;
use crate::system::fs;

/// The options of `cargo component wit remove`.
#[derive(Clone, Debug)]
pub struct RemoveOptions {
    /// The project that is changed.
    pub project: WitOptions,
    /// The package, or the key of its entry.
    pub key: String,
    /// The interface of the package whose imports are removed.
    pub interface: Option<String>,
    /// The world that loses the import; `None` for all worlds.
    pub world: Option<String>,
    /// Whether the files are written.
    pub write: ManifestWrite,
}

/// Removes the entry of a package from the manifest; with an interface its
/// imports instead, and the entry only where nothing else names the package.
pub fn remove(ctx: &Context, options: &RemoveOptions) -> Result<()> {
    fs::retry_if_changed(|| remove_once(ctx, options))
}

/// As [`remove`]; an error if the files are changed meanwhile.
fn remove_once(ctx: &Context, options: &RemoveOptions) -> Result<()> {
    let project = find(ctx, &options.project)?;
    let member = project.only_member()?;
    let before = OriginalTexts::read(&project, std::slice::from_ref(member))?;
    let table = ManifestTable::of(&project, member)?;
    let (mut texts, mut messages) = (FileTexts::new(), Vec::new());
    let mut named_still = false;
    if let Some(interface) = &options.interface {
        let package: PackageRef = options.key.parse()?;
        let mut files = wit_files(member)?;
        for (path, text) in without_import(&mut files, &package, interface, options)? {
            texts.insert(path, text);
        }
        messages.push(format!("import `{package}/{interface}`"));
        named_still = names(&files, &package);
    }
    let is = |known: &&ManifestEntry| {
        let package = known.package.as_ref().map(ToString::to_string);
        known.key == options.key || package.as_deref() == Some(&options.key)
    };
    match table.entries().iter().find(is) {
        Some(known) if !named_still => {
            let mut edit = table.edit()?;
            edit.remove_dependency(table.kind, &known.key)?;
            texts.insert(table.path.clone(), edit.text());
            messages.push(format!("dependency `{}`", known.key));
        }
        None if options.interface.is_none() => {
            return Err(unknown(ctx, &table, member, &options.key));
        }
        _ => {}
    }
    if options.write == ManifestWrite::Real {
        before.write(&texts)?;
    }
    for text in messages {
        match options.write {
            ManifestWrite::Real => ctx.shell.status("Removed", text),
            ManifestWrite::Dry => ctx
                .shell
                .status("Would remove", format!("{text} (dry run)")),
        }
    }
    Ok(())
}

/// Removes imports from `files`; the texts that change.
fn without_import(
    files: &mut [TextFile],
    package: &PackageRef,
    interface: &str,
    options: &RemoveOptions,
) -> Result<FileTexts> {
    let is = |world: &str, import: &WorldImport| {
        let meant = options.world.as_ref().is_none_or(|name| name == world);
        meant && import.package == *package && import.interface == interface
    };
    let mut texts = FileTexts::new();
    for file in files.iter_mut() {
        if let Some(text) = remove_imports(&file.text, is) {
            file.text = text.clone();
            texts.insert(file.path.clone(), text);
        }
    }
    if texts.is_empty() {
        return Err(not_imported(files, package, interface));
    }
    match syntax_errors(files).into_iter().next() {
        Some(error) => {
            Err(error.context("nothing was written, since the resulting WIT would be invalid"))
        }
        None => Ok(texts),
    }
}

/// Whether files still name anything of the package.
fn names(files: &[TextFile], package: &PackageRef) -> bool {
    let main = Entry::Text {
        path: Default::default(),
        files: files.to_vec(),
    };
    let is = |name: &wit_parser::PackageName| {
        name.namespace == package.namespace() && name.name == package.name()
    };
    referenced_packages(&main).iter().any(is)
}

fn not_imported(files: &[TextFile], package: &PackageRef, interface: &str) -> Error {
    let error = Error::input(format!("no world imports `{package}/{interface}`"));
    let all = files.iter().flat_map(|file| worlds(&file.text));
    let imports = all.flat_map(|world| world.imports);
    let mut known: Vec<String> = imports
        .map(|import| format!("{}/{}", import.package, import.interface))
        .collect();
    known.sort();
    known.dedup();
    if known.is_empty() {
        return error.hint("omit the interface to remove the manifest entry");
    }
    let asked = format!("{package}/{interface}");
    let near = nearest(&asked, known.iter().map(String::as_str));
    let near = near.map(|near| format!("did you mean `{near}`?"));
    let error = error.with_cause(format!("the imports are {}", listed(&known)));
    error.hint(near.unwrap_or_else(|| "use one of these".to_owned()))
}

fn unknown(ctx: &Context, table: &ManifestTable, member: &WitMember, key: &str) -> Error {
    let error = Error::input(format!(
        "the dependency `{key}` could not be found in `{}`",
        ctx.display(&table.path)
    ));
    let keys = table.entries().iter().map(|known| known.key.as_str());
    if let Some(near) = nearest(key, keys) {
        return error.hint(format!("did you mean `{near}`?"));
    }
    let imported = wit_files(member).unwrap_or_default();
    let mut imports = imported
        .iter()
        .flat_map(|file| worlds(&file.text))
        .flat_map(|world| world.imports);
    match imports.find(|import| import.package.to_string() == key) {
        Some(import) => error.hint(format!(
            "the WIT imports it: `cargo component wit remove {key}/{}`",
            import.interface
        )),
        None => error,
    }
}

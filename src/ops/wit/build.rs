//! `cargo component wit build`: a WIT package as one file.

use std::path::{Path, PathBuf};

use wit_parser::PackageName;

use super::discover::find;
use super::project::{WitMember, WitOptions, WitProject};
use super::resolver::WitResolver;
use crate::base::error::{Error, Result};
use crate::model::component::metadata;
use crate::model::component::metadata::Metadata;
use crate::model::lockfile::LockForm;
use crate::model::wit::write::encode;
use crate::model::wit::{Origin, Package};
use crate::system::context::Context;
use crate::system::fs;

/// A WIT package in its binary form.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The name of the package, with its version if it has one.
    pub name: PackageName,
    /// The bytes of the package.
    pub bytes: Vec<u8>,
    /// The packages that its own WIT names.
    pub needs: Vec<PackageName>,
}

/// Builds the selected packages, each into a file in the current directory, or
/// the only one into `output`; the paths of the files.
///
/// A file is not written where its content would not change.
pub fn build(ctx: &Context, options: &WitOptions, output: Option<&Path>) -> Result<Vec<PathBuf>> {
    let project = find(ctx, options)?;
    if output.is_some() {
        project.only_member()?;
    }
    let all = encode_all(ctx, &project)?;
    let mut written = Vec::new();
    for one in all {
        let path = match output {
            Some(path) => ctx.absolute(path),
            None => ctx.cwd.join(file_name(project.lock_form(), &one.name)),
        };
        fs::write_if_changed(&path, &one.bytes)?;
        let shown = ctx.display(&path);
        ctx.shell.status("Created", format!("package `{shown}`"));
        written.push(path);
    }
    Ok(written)
}

/// The packages of a project in their binary form; its lock file is brought up
/// to date.
pub fn encode_all(ctx: &Context, project: &WitProject) -> Result<Vec<Encoded>> {
    let mut resolver = WitResolver::refusing_drift(ctx, project)?;
    let mut all = Vec::new();
    for member in &project.members {
        all.push(encoded(ctx, project, &mut resolver, member)?);
    }
    resolver.finish()?;
    Ok(all)
}

/// The packages of a project with everything they need; its lock file is brought
/// up to date.
pub fn resolve_all(ctx: &Context, project: &WitProject) -> Result<Vec<Package>> {
    let mut resolver = WitResolver::refusing_drift(ctx, project)?;
    let mut all = Vec::new();
    for member in &project.members {
        all.push(resolver.resolve(member, &|_| false)?.package);
    }
    resolver.finish()?;
    Ok(all)
}

/// The name of the file of a package, as `wkg` or the `wit` CLI calls it.
fn file_name(form: LockForm, name: &PackageName) -> String {
    match form {
        LockForm::Wit => format!("{}.wasm", name.name),
        // Names of files on Windows cannot have a colon.
        _ if cfg!(windows) => format!("{name}.wasm").replace(':', "-"),
        _ => format!("{name}.wasm"),
    }
}

/// Encodes a package, with the metadata of its manifest.
pub(super) fn encoded(
    ctx: &Context,
    project: &WitProject,
    resolver: &mut WitResolver<'_>,
    member: &WitMember,
) -> Result<Encoded> {
    let resolved = resolver.resolve(member, &|_| false)?;
    let package = resolved.package;
    for note in &package.notes {
        ctx.shell.note(note.clone());
    }
    let name = package.name().clone();
    let about = project.about();
    let facts = Metadata {
        name: format!("{}:{}", name.namespace, name.name),
        version: name.version.as_ref().map(ToString::to_string),
        authors: about.authors,
        description: about.description,
        licenses: about.licenses,
        source: about.source,
        homepage: about.homepage,
        revision: about.revision,
    };
    let (bytes, ignored) = metadata::add_to_wit(&encode(&package)?, &facts)?;
    if let Some(key) = ignored.first() {
        let file = project.manifest().map(|path| ctx.display(path).to_string());
        return Err(
            Error::input(format!("the metadata `{key}` of `{name}` is invalid"))
                .with_cause(format!("it is set in `{}`", file.unwrap_or_default()))
                .hint("use an SPDX expression for a license, and full URLs with `https://`"),
        );
    }
    let own = package.parts.into_iter();
    let own = own.filter(|part| part.origin == Origin::Main);
    Ok(Encoded {
        name,
        bytes,
        needs: own.flat_map(|part| part.needs).collect(),
    })
}

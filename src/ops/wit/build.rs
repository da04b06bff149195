//! `cargo component wit build`: a WIT package as one file.

use std::path::{Path, PathBuf};

use wit_parser::PackageName;

use super::project::{Member, Project, WitOptions, find};
use super::resolve::Session;
use crate::base::error::{Error, Result};
use crate::model::component::metadata;
use crate::model::component::metadata::Metadata;
use crate::model::lockfile::Form;
use crate::model::wit::write::encode;
use crate::model::wit::{Origin, Package};
use crate::system::context::Context;
use crate::system::fs;

/// A WIT package in its binary form.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// Its name, with its version where it has one.
    pub name: PackageName,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The packages its own WIT names.
    pub needs: Vec<PackageName>,
}

/// Builds the packages meant, each into a file in the current directory, or the
/// one into `output`; the files written.
///
/// A file that holds the same already is not written.
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
            None => ctx.cwd.join(file_name(project.form(), &one.name)),
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
pub fn encode_all(ctx: &Context, project: &Project) -> Result<Vec<Encoded>> {
    let mut session = Session::settled(ctx, project)?;
    let mut all = Vec::new();
    for member in &project.members {
        all.push(encoded(ctx, project, &mut session, member)?);
    }
    session.finish()?;
    Ok(all)
}

/// The packages of a project with everything they need; its lock file is brought
/// up to date.
pub fn resolve_all(ctx: &Context, project: &Project) -> Result<Vec<Package>> {
    let mut session = Session::settled(ctx, project)?;
    let mut all = Vec::new();
    for member in &project.members {
        all.push(session.resolve(member, &|_| false)?.package);
    }
    session.finish()?;
    Ok(all)
}

/// The name of the file of a package: as `wkg` has it, or the `wit` CLI.
fn file_name(form: Form, name: &PackageName) -> String {
    match form {
        Form::Wit => format!("{}.wasm", name.name),
        // A colon cannot be in a file name there.
        _ if cfg!(windows) => format!("{name}.wasm").replace(':', "-"),
        _ => format!("{name}.wasm"),
    }
}

/// A package with what it says about itself.
pub(super) fn encoded(
    ctx: &Context,
    project: &Project,
    session: &mut Session<'_>,
    member: &Member,
) -> Result<Encoded> {
    let resolved = session.resolve(member, &|_| false)?;
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
    let (bytes, left_out) = metadata::add_to_wit(&encode(&package)?, &facts)?;
    if let Some(key) = left_out.first() {
        let file = project.manifest().map(|path| ctx.display(path).to_string());
        return Err(
            Error::input(format!("the metadata `{key}` of `{name}` is invalid"))
                .because(format!("it is set in `{}`", file.unwrap_or_default()))
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

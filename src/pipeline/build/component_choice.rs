//! The one component of a package that others mean by its directory.

use std::path::Path;

use super::componentize::ComponentArtifact;
use super::prepare::Prepared;
use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::fs;

/// The component of the package in a directory, whose path is canonical: that of its
/// library, or else of its only program.
pub(crate) fn artifact_of<'a>(
    ctx: &Context,
    prepared: &Prepared,
    artifacts: &'a [ComponentArtifact],
    dir: &Path,
) -> Result<&'a ComponentArtifact> {
    let workspace = prepared.workspace();
    let here = |artifact: &&ComponentArtifact| {
        let member = &workspace.members[artifact.member];
        let example = artifact
            .cargo_artifact
            .kinds
            .iter()
            .any(|kind| kind == "example");
        fs::canonical(member.dir()).is_ok_and(|path| path == dir)
            && artifact.component.is_some()
            && !artifact.cargo_artifact.test
            && !example
    };
    let all: Vec<_> = artifacts.iter().filter(here).collect();
    let library = all
        .iter()
        .find(|artifact| !artifact.cargo_artifact.is_program());
    let shown = ctx.display(dir);
    match (library, all.as_slice()) {
        (Some(library), _) => Ok(*library),
        (None, [one]) => Ok(*one),
        (None, []) => Err(Error::input(format!("`{shown}` builds no component")).hint(
            "add `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml, or a `main` function",
        )),
        (None, many) => Err(Error::input(format!(
            "`{shown}` has {} programs, but a dependency must be exactly one component",
            many.len()
        ))
        .hint("keep one component in the package, or give the path of a component file")),
    }
}

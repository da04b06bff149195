//! The part of WASI that a component gets: its adapter, or none.

use super::recipe::Recipe;
use crate::base::error::{Error, Result};
use crate::model::component::encode::{Adapter, validate_adapter};
use crate::model::component::pure;
use crate::model::manifest::KeptWasi;
use crate::system::cargo::build::BuiltArtifact;
use crate::system::fs;

/// Whether the artifact is an executable of tests or benches.
pub(super) fn is_test(cargo_artifact: &BuiltArtifact) -> bool {
    cargo_artifact.test
        || cargo_artifact
            .kinds
            .iter()
            .any(|k| k == "test" || k == "bench")
}

/// Fails for a program of a package without WASI: its entry point is a part of WASI.
/// Tests and examples have all of WASI.
pub(super) fn refuse_program(recipe: &Recipe, artifact: &BuiltArtifact) -> Result<()> {
    let is_bin = artifact.kinds.iter().any(|kind| kind == "bin");
    if recipe.wasi.is_none() || !is_bin || is_test(artifact) {
        return Ok(());
    }
    Err(Error::input(
        "`wasi` in `package.metadata.component` is for libraries, but this is a program",
    )
    .hint("remove `wasi`, or move the program to a package of its own: its arguments, its output and its exit code are WASI"))
}

/// The adapter for a module of the package, and a warning about a setting that is ignored.
pub(super) fn adapter(
    recipe: &Recipe,
    artifact: &BuiltArtifact,
    module: &[u8],
) -> Result<(Adapter, Option<&'static str>)> {
    let program = artifact.is_program();
    if let (Some(policy), false) = (recipe.wasi, program) {
        return Ok((Adapter::Pure(pure::adapter(module, policy)?), None));
    }
    if let Some((path, _)) = &recipe.adapter {
        let bytes = fs::read(path)?;
        validate_adapter(&bytes)
            .map_err(|e| e.context(format!("cannot use the adapter `{}`", path.display())))?;
        let ignored =
            "ignoring `proxy` setting due to `adapter` setting being present in `Cargo.toml`";
        return Ok((Adapter::Custom(bytes), recipe.proxy.then_some(ignored)));
    }
    Ok(match (program, recipe.proxy) {
        (true, true) if !artifact.test => {
            let ignored = "ignoring `proxy` setting in `Cargo.toml` for command component";
            (Adapter::Command, Some(ignored))
        }
        (true, _) => (Adapter::Command, None),
        (false, true) => (Adapter::Proxy, None),
        (false, false) => (Adapter::Reactor, None),
    })
}

/// The component that the linker made, without WASI if the package asks for that.
pub(super) fn linked(recipe: &Recipe, artifact: &BuiltArtifact, bytes: &[u8]) -> Result<Vec<u8>> {
    let pure = match (recipe.wasi, artifact.is_program()) {
        (Some(policy), false) if policy.kept == KeptWasi::Stderr => {
            let message =
                "the component that the linker made cannot be reduced to `wasi = \"stderr\"`";
            return Err(Error::unsupported(message)
                .hint("build for `wasm32-wasip1`, or set `wasi = \"none\"`"));
        }
        (Some(policy), false) => pure::without_wasi(bytes, &recipe.world_imports, policy)?,
        _ => None,
    };
    Ok(pure.unwrap_or_else(|| bytes.to_vec()))
}

//! The files that the analysis of packages has to write. They are written once nothing can
//! be refused any more.

use std::path::{Path, PathBuf};

use super::generated_world::GeneratedWorld;
use crate::base::error::{Error, Result};
use crate::pipeline::fetch::lock_update::LockUpdate;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::shell::report;

/// The treatment of bindings that are out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleBindings {
    /// Stale bindings are written again.
    Write,
    /// They are written; the features of the runtime crate that they need are added
    /// afterwards.
    WriteFirst,
    /// They are an error, and nothing is written.
    Refuse,
}

/// The bindings that were generated for a package.
#[derive(Debug)]
pub(crate) struct GeneratedBindings {
    /// The name of the package.
    pub package: String,
    /// The path of the bindings file.
    pub path: PathBuf,
    /// The whole text of the file.
    pub content: String,
}

impl GeneratedBindings {
    fn is_stale(&self) -> bool {
        !fs::has_text(&self.path, &self.content)
    }
}

/// The files that have to be written.
#[derive(Debug, Default)]
pub(crate) struct PendingWrites {
    /// The bindings of the analyzed packages, in their order.
    pub bindings: Vec<GeneratedBindings>,
    /// The worlds of the analyzed packages as WIT, in their order.
    pub worlds: Vec<GeneratedWorld>,
    /// The lock file of the workspace.
    pub lock: Option<LockUpdate>,
}

impl PendingWrites {
    /// The paths of the files.
    pub fn paths(&self) -> Vec<PathBuf> {
        let bindings = self.bindings.iter().map(|bindings| bindings.path.clone());
        let worlds = self.worlds.iter().flat_map(GeneratedWorld::paths);
        let lock = self.lock.iter().map(|lock| lock.path.clone());
        bindings.chain(worlds).chain(lock).collect()
    }

    /// Writes the files that are out of date, or refuses them; returns the written paths.
    pub fn write(self, ctx: &Context, stale: StaleBindings) -> Result<Vec<PathBuf>> {
        let mut bindings = self.bindings;
        bindings.retain(GeneratedBindings::is_stale);
        let mut worlds = self.worlds;
        worlds.retain(GeneratedWorld::is_stale);
        for world in &worlds {
            world.check_directory(ctx)?;
        }
        if stale == StaleBindings::Refuse {
            return refuse(ctx, &bindings, &worlds);
        }
        let mut written = Vec::new();
        if let Some(lock) = self.lock {
            written.push(lock.path.clone());
            lock.write(ctx)?;
        }
        for world in worlds {
            written.extend(world.write(ctx)?);
        }
        for bindings in bindings {
            ctx.shell.status(
                "Generating",
                format!(
                    "bindings for {} ({})",
                    bindings.package,
                    ctx.display(&bindings.path)
                ),
            );
            fs::write_atomic(&bindings.path, bindings.content.as_bytes())?;
            written.push(bindings.path);
        }
        Ok(written)
    }
}

/// Reports every package whose bindings, or world as WIT, are out of date.
fn refuse(
    ctx: &Context,
    bindings: &[GeneratedBindings],
    worlds: &[GeneratedWorld],
) -> Result<Vec<PathBuf>> {
    let error = |what: &str, package: &str, path: &Path| {
        let shown = ctx.display(path);
        Error::input(format!(
            "the {what} of `{package}` in `{shown}` are out of date"
        ))
    };
    let of_bindings = bindings
        .iter()
        .map(|bindings| error("bindings", &bindings.package, &bindings.path));
    let of_worlds = worlds
        .iter()
        .map(|world| error("WIT files", &world.package, &world.dir));
    let mut errors: Vec<Error> = of_bindings.chain(of_worlds).collect();
    let Some(last) = errors.pop() else {
        return Ok(Vec::new());
    };
    for error in errors {
        report(&*ctx.shell, &error.relative_to(&ctx.cwd));
    }
    Err(last.hint("run `cargo component bindings`"))
}

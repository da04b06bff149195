//! What a look at the packages found to be written. It waits until nothing is
//! left that could be refused.

use std::path::PathBuf;

use crate::base::error::{Error, Result};
use crate::pipeline::fetch::lock_update::LockUpdate;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::shell::report;

/// What is done with bindings that are not up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleBindings {
    /// Stale bindings are written again.
    Write,
    /// They are written; the features of the runtime crate they need are
    /// seen to afterwards.
    WriteFirst,
    /// They are an error, and nothing is written.
    Refuse,
}

/// The bindings a package should have.
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
        !fs::read_text_if_exists(&self.path).is_ok_and(|old| old.as_deref() == Some(&*self.content))
    }
}

/// Files that are to be written.
#[derive(Debug, Default)]
pub(crate) struct PendingWrites {
    /// Of the packages that were looked at, in their order.
    pub bindings: Vec<GeneratedBindings>,
    /// The lock file of their WIT.
    pub lock: Option<LockUpdate>,
}

impl PendingWrites {
    /// Writes what is not up to date, or refuses it; the paths written.
    pub fn write(self, ctx: &Context, stale: StaleBindings) -> Result<Vec<PathBuf>> {
        let outdated: Vec<GeneratedBindings> = self
            .bindings
            .into_iter()
            .filter(GeneratedBindings::is_stale)
            .collect();
        if stale == StaleBindings::Refuse {
            return refuse(ctx, &outdated);
        }
        let mut written = Vec::new();
        if let Some(lock) = self.lock {
            written.push(lock.path.clone());
            lock.write(ctx)?;
        }
        for bindings in outdated {
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

/// Tells every package that is behind.
fn refuse(ctx: &Context, outdated: &[GeneratedBindings]) -> Result<Vec<PathBuf>> {
    let error = |bindings: &GeneratedBindings| {
        Error::input(format!(
            "the bindings of `{}` in `{}` are out of date",
            bindings.package,
            ctx.display(&bindings.path)
        ))
    };
    let Some((last, others)) = outdated.split_last() else {
        return Ok(Vec::new());
    };
    for bindings in others {
        report(&*ctx.shell, &error(bindings).relative_to(&ctx.cwd));
    }
    Err(error(last).hint("run `cargo component bindings`"))
}

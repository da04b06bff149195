//! The directory `wit/deps` as `deps.toml` describes it: what `wit-deps` 0.6
//! does, as a library.
//!
//! ```no_run
//! use cargo_component::wit_deps::{LockContext, NoPackages, Project, Quiet, lock};
//!
//! # fn main() -> cargo_component::error::Result<()> {
//! let project = Project::read("wit/deps.toml", "wit/deps.lock", "wit/deps")?;
//! lock(&project, &LockContext::system(&Quiet, &NoPackages))?;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is fetched unless it must be, and nothing is written unless it
//! changes. A directory that `deps.lock` does not know is the user's.
//!
//! Build scripts have [`lock!`](crate::lock!) and
//! [`lock_sync!`](crate::lock_sync!).

mod archives;
mod checksums;
mod context;
mod directories;
mod fetch;
mod plan;
mod present;
mod project;
mod restored;
mod run;
pub mod script;
mod status;

pub use crate::system::source::extraction::Tree;
pub use archives::forget;
pub use context::{Listener, LockContext, NoPackages, Packages, Quiet, Rules};
// The names of earlier releases, which build scripts may use.
#[doc(hidden)]
pub use context::{LockContext as Surroundings, NoPackages as Refused};
pub use project::Project;
pub use run::{check, drift, lock, tar, update};

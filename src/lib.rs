//! The library under `cargo component`.
//!
//! Six folders, each importing only from those before it (`tests/tidy.rs` holds
//! the table):
//!
//! * [`base`]: packages, errors, progress, retries;
//! * [`model`]: manifests, lock files, the resolver, WIT and components, pure and
//!   synchronous;
//! * [`system`]: the outside, one door each: files, variables, processes (seam
//!   `Exec`), the terminal (seam `Shell`), registries (seam `Registry`), sources
//!   of WIT, cargo, engines;
//! * [`pipeline`]: what verbs share, in the order in which data passes;
//! * [`ops`]: the verbs;
//! * [`cli`]: arguments in, exit code out.
//!
//! [`build_script`] is the entry for build scripts, [`embed`] the one for programs
//! that take this in as a library.
//!
//! The path of data of `cargo component build`: arguments, the
//! [`context`], the workspace, manifests, worlds ([`wit`]), bindings, cargo's
//! artifacts, components ([`component`]). Everything after the arguments is a
//! plain value passed forward.

pub mod base;
#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod model;
pub mod system;

#[cfg(feature = "lock")]
pub mod pipeline;

#[cfg(feature = "cli")]
pub mod ops;

#[cfg(feature = "cli")]
pub mod cli;

pub mod build_script;
#[cfg(feature = "cli")]
pub mod embed;

#[cfg(all(test, feature = "bindings"))]
#[path = "../tests/golden/mod.rs"]
mod golden;

// The names under which build scripts and programs that embed this know them.
#[doc(hidden)]
pub use base::error as advice;
#[cfg(feature = "cli")]
pub use base::progress;
pub use base::{error, package};
#[cfg(any(feature = "bindings", feature = "lock"))]
pub use model::manifest;
#[cfg(feature = "bindings")]
pub use model::wit;
#[cfg(feature = "cli")]
pub use model::{component, lockfile};
#[cfg(feature = "lock")]
pub use pipeline::wit_deps;
#[cfg(feature = "cli")]
pub use system::{context, registry, shell};
pub use system::{env, process};

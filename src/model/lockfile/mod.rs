//! Lock files: which version of which package a requirement was resolved to.
//!
//! [`parse`] reads `Cargo-component.lock` of cargo-component 0.21.1, `wkg.lock`
//! and `wit.lock` (formats of version 1), in whatever order their entries are;
//! [`print_as`] writes them, sorted as their readers expect.

pub mod deps;
mod diff;
mod entries;
mod format;
pub mod tree;
#[cfg(feature = "cli")]
pub mod wasm_lock;

pub use diff::{ImportChange, LockChange, diff, import_changes};
pub use entries::{Locked, Lockfile};
pub use format::{LockForm, parse, print, print_as};

//! The library under `cargo component`.
//!
//! Verbs stand over nouns; the outside world is reached through three seams.
//! Modules in reading order, each floor importing only from the floors below
//! it (`tests/tidy.rs` holds the table):
//!
//! * vocabulary: [`package`], [`advice`], [`progress`];
//! * domain, pure and synchronous: [`manifest`], [`wit`], [`component`];
//! * world: [`fs`], [`mod@env`], [`patience`], [`process`] (seam `Exec`), [`shell`] (seam
//!   `Shell`), [`source`], [`cargo`], [`runtime`], [`context`];
//! * operations: [`ops`], [`build_script`], [`wit_deps`];
//! * user: [`cli`], and [`embed`] for programs that take this in as a library.
//!
//! The path of data of `cargo component build`: arguments, [`context`], the
//! workspace ([`cargo`]), manifests, worlds ([`wit`]), bindings, cargo's
//! artifacts, components ([`component`]). Everything after the arguments is a
//! plain value passed forward.

pub mod advice;
pub mod package;
#[cfg(feature = "cli")]
pub mod progress;

#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod manifest;
#[cfg(feature = "bindings")]
pub mod wit;

#[cfg(feature = "cli")]
pub mod component;
#[cfg(feature = "lock")]
pub mod lockfile;
#[cfg(feature = "cli")]
pub mod resolver;

#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod env;
#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod fs;
#[cfg(feature = "lock")]
pub mod patience;
#[cfg(feature = "lock")]
pub mod process;
#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod source;

#[cfg(feature = "cli")]
pub mod cargo;
#[cfg(feature = "cli")]
pub mod context;
#[cfg(feature = "cli")]
pub mod registry;
#[cfg(feature = "cli")]
pub mod runtime;
#[cfg(feature = "cli")]
pub mod shell;

#[cfg(feature = "bindings")]
pub mod build_script;
#[cfg(feature = "cli")]
pub mod ops;
#[cfg(feature = "lock")]
pub mod wit_deps;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod embed;

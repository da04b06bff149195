//! The executable, driven against real parts: real cargo, real wasm, the real
//! engine. Each test works in a temporary directory of its own.
//!
//! A test says what it is about by its name and reads top to bottom: make a
//! [`support::Project`], run command lines in it, look at what came of it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that panics or speaks is no program that does"
)]

mod bad_builds;
mod freshness;
mod messages;
mod metadata;
mod observe;
mod passthrough;
mod smoke;
mod support;
mod targets;
mod workspaces;
mod world_check;

//! What cargo knows and does.
//!
//! * [`spec`]: which packages of the workspace are meant;
//! * [`target`]: what is built for, and which of it is WebAssembly;
//! * [`config`]: the part of cargo's configuration that concerns us;
//! * [`toolchain`]: the standard library a target needs.

pub mod config;
pub mod spec;
pub mod target;
pub mod toolchain;

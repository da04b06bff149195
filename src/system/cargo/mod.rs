//! What cargo knows and does.
//!
//! * [`arguments`]: a command line that belongs to cargo;
//! * [`workspace`]: the packages there are;
//! * [`manifests`]: the same by their manifests alone, where cargo does not work;
//! * [`spec`]: which of them are meant;
//! * [`target`]: what is built for, and which of it is WebAssembly;
//! * [`config`]: the part of cargo's configuration that concerns us;
//! * [`toolchain`]: the standard library a target needs;
//! * [`view`]: what was found out, kept for the next run;
//! * [`build`]: one run of cargo and what it made.

pub mod arguments;
pub mod build;
pub mod config;
pub mod manifests;
pub mod spec;
pub mod target;
pub mod toolchain;
pub mod verb;
pub mod view;
pub mod workspace;

//! The one door to cargo: its command line, its configuration and its runs.
//!
//! * [`arguments`]: command lines that belong to cargo;
//! * [`workspace`]: the packages of a workspace;
//! * [`manifests`]: the same from their manifests alone, without cargo;
//! * [`spec`]: package ID specifications;
//! * [`target`]: the targets that are built for;
//! * [`config`]: the part of cargo's configuration that this tool needs;
//! * [`toolchain`]: the standard library that a target needs;
//! * [`workspace_cache`]: facts about a workspace, cached for the next run;
//! * [`build`]: one run of cargo and what it built.

pub mod arguments;
pub mod build;
pub mod config;
pub mod manifests;
pub mod spec;
pub mod target;
pub mod toolchain;
pub mod verb;
pub mod workspace;
pub mod workspace_cache;

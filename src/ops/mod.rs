//! The verbs. Each is a function from a [`crate::context::Context`] and plain
//! values to an outcome; what it says goes to the shell.

pub mod add;
mod artifacts;
pub mod bindings;
pub mod build;
pub mod cache;
mod componentize;
mod components;
pub mod config;
mod due;
pub mod init;
pub mod libtest;
mod link;
mod locked;
pub mod login;
pub mod new;
pub mod outdated;
mod packages;
mod prepare;
pub mod publish;
mod recipe;
pub mod registry_access;
pub mod registry_get;
pub mod registry_info;
pub mod registry_push;
pub mod registry_versions;
pub mod resolve;
pub mod run;
mod runner;
mod runtime_crate;
mod share;
mod siblings;
pub mod test;
pub mod tree;
pub mod update;
pub mod vendor;
pub mod verify;

//! The verbs. Each is a function from a [`crate::context::Context`] and plain
//! values to an outcome; what it says goes to the shell.

pub mod add;
mod artifacts;
pub mod bindings;
pub mod build;
mod componentize;
mod due;
pub mod init;
pub mod libtest;
pub mod login;
pub mod new;
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
pub mod test;
pub mod update;

//! `cargo component wit`: packages of WIT, whatever project they are in.

pub mod add;
pub mod build;
pub mod check;
mod edited;
pub mod fetch;
mod found;
pub mod init;
mod located;
mod lock;
mod overrides;
pub mod project;
pub mod publish;
pub mod remove;
mod resolve;
mod siblings;
pub mod tree;
pub mod update;
pub mod upgrade;
mod written;

pub use project::{Kind, Project, Whose, WitOptions, find};

//! `cargo component wit`: packages of WIT, whatever project they are in.

pub mod build;
pub mod check;
pub mod fetch;
pub mod project;
pub mod publish;
mod resolve;
mod written;

pub use project::{Kind, Project, Whose, WitOptions, find};

//! Lenient reading of a command line that belongs to cargo.
//!
//! The arguments are passed on to cargo as they are, which validates them. The
//! reader only finds what the tool must know, and removes the tool's own options.
//! An unknown option is passed on and is no error. Cargo's grammar is
//! `--option value`, `--option=value`, clustered shorts with a value at their
//! end, and `--` before what is not for cargo.

mod cargo_args;
pub mod dependency;
mod options;
mod reader;
#[cfg(test)]
mod tests;

pub use cargo_args::{CargoArgs, OwnOptions, PackageSelection, TargetChoice, WitSource};
pub use options::{KnownOption, OWN_OPTIONS, OwnOption};
pub(crate) use reader::VERBS;

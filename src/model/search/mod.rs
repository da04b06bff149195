//! The search for packages: what is searched for, what a file offers to it, and how the
//! packages that were found are printed.

pub mod content;
pub mod found;
pub mod interface_pattern;
pub mod query;

//! Edits of WIT as text: what is not edited stays as it is, with its comments,
//! order and line ends.
//!
//! Only as much of the grammar is known here as an edit needs, since the parser
//! keeps no positions of versions and worlds. Callers load the result before they
//! write it.

mod imports;
mod tokens;
mod versions;

pub use imports::{WorldImport, WorldText, insert_import, remove_imports, worlds};
pub use versions::{named_versions, replace_versions};

//! Edits of WIT as text: what is not edited stays as it is, with its comments,
//! order and line ends.
//!
//! Only as much of the grammar is known here as an edit needs, since the parser
//! keeps no places of versions and worlds. Whoever edits loads the result
//! before writing it.

mod imports;
mod tokens;
mod versions;

pub use imports::{Import, WorldText, insert_import, remove_imports, worlds};
pub use versions::{named, raise};

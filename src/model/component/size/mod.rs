//! Which part of a component its bytes are, whose code it is, and why it imports what it does.

mod calls;
mod crates;
mod imports;
mod parts;
mod report;
mod section_kind;

pub use crates::CrateSize;
pub use imports::{Caller, ImportUse};
pub use parts::PartSize;
pub use report::SizeReport;
pub use section_kind::SectionKind;

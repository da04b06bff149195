//! Where a component failed: the frames of its stack, with files and lines.
//!
//! The engine runs a component without its debug information. It says which byte of that
//! file a frame was at; files and lines are looked up only after a failure.

mod frame;
mod short;
mod symbols;
mod text;

pub(super) use short::short;
pub(super) use symbols::Symbols;
pub(super) use text::text;

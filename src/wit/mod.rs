//! (under construction)

#[cfg(feature = "cli")]
pub mod scaffold;

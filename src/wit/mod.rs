//! (under construction)

#[cfg(feature = "cli")]
pub mod scaffold;
#[cfg(feature = "cli")]
pub mod template;

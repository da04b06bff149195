//! What every module speaks of: packages and versions, errors with their
//! hints, progress, and how long to try again.

pub mod error;
pub mod package;
#[cfg(feature = "cli")]
pub mod progress;
#[cfg(feature = "lock")]
pub mod retry;

//! Packages of a Warg registry: a log a package, signed and proven, content by
//! its digest.
//!
//! The protocol with its proofs is warg-client's; this module gives it a place
//! to remember things, time limits, keys, and words for what goes wrong.
//! Nothing outside of it knows that there is such a client.

mod address;
mod context;
mod error;
mod secrets;
mod settings;
mod storage;
mod warg_registry;

pub use context::{TimeLimits, WargContext};
pub use warg_registry::{WargRegistry, open};

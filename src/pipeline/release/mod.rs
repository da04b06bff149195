//! What publishing components and WIT share: the check of what is published
//! already, the order, the upload, and reading it back.

pub(crate) mod compatible;
mod destination;
mod options;
pub(crate) mod order;
mod ready;
mod upload;

pub(crate) use destination::Destination;
pub use options::{BreakingChange, ExistingRelease, PublishMode};
pub(crate) use ready::ReadyRelease;
pub(crate) use upload::upload;

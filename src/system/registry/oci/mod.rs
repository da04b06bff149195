//! Packages as artifacts in an OCI registry: one repository a package, one tag
//! a version, one layer with the bytes.
//!
//! All of it is done with plain requests: what is needed of the protocol
//! (pages of tags, uploads that go on where they broke off, identity tokens)
//! lies in headers and requests that the client libraries keep to themselves.

mod artifact;
mod catalog;
pub(super) mod client;
mod client_context;
mod credentials;
mod describe;
mod discover;
pub(super) mod error_body;
pub(super) mod headers;
pub(super) mod http;
mod login;
mod oci_registry;
mod public_only;
mod pull;
mod push;
pub mod reference;
mod scope;
mod session;
pub(super) mod settings;
pub(super) mod stack;
mod store;
mod token;
mod transport_error;
mod warnings;

pub use crate::base::retry::RetryPolicy;
pub use artifact::{Artifact, Blob};
pub use client_context::ClientContext;
pub use discover::{Document, discover};
pub use oci_registry::OciRegistry;
pub use push::Upload;
pub use warnings::WarningLog;

//! The domain: what manifests, lock files, WIT and components say. Pure and
//! synchronous; it reads no file and opens no connection.

#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod capabilities;
#[cfg(feature = "cli")]
pub mod component;
#[cfg(feature = "cli")]
pub mod doc;
#[cfg(feature = "lock")]
pub mod lockfile;
#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod manifest;
#[cfg(feature = "cli")]
pub mod resolver;
#[cfg(feature = "cli")]
pub mod search;
#[cfg(feature = "cli")]
pub mod url_protocol;
#[cfg(feature = "bindings")]
pub mod wit;

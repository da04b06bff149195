//! The outside, with one door each: cargo, registries, sources of WIT, engines,
//! processes, files, variables and the terminal.

#[cfg(feature = "cli")]
pub mod cargo;
#[cfg(feature = "cli")]
pub mod context;
pub mod env;
#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod fs;
#[cfg(feature = "lock")]
pub mod http_retry;
pub mod process;
#[cfg(feature = "cli")]
pub mod registry;
#[cfg(feature = "cli")]
pub mod runtime;
#[cfg(feature = "cli")]
pub mod shell;
#[cfg(any(feature = "bindings", feature = "lock"))]
pub mod source;
#[cfg(feature = "cli")]
pub mod stop;
#[cfg(feature = "cli")]
pub mod watch;

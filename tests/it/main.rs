//! The executable, driven against real parts: real cargo, real wasm, the real
//! engine. Each test works in a temporary directory of its own.
//!
//! A test says what it is about by its name and reads top to bottom: make a
//! [`support::Project`], run command lines in it, look at what came of it.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test may")]

mod fault_proxy;
mod http;
mod oci;
mod registry_servers;
mod small_registry;
mod smoke;
mod support;

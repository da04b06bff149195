//! The executable, driven against real parts: real cargo, real wasm, the real
//! engine. Each test works in a temporary directory of its own.
//!
//! A test says what it is about by its name and reads top to bottom: make a
//! [`support::Project`], run command lines in it, look at what came of it.

#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]
#![allow(clippy::disallowed_methods, reason = "tests stand outside the doors")]

mod examples;
mod run;
#[cfg(unix)]
mod runner;
#[cfg(unix)]
mod serve;
mod smoke;
mod support;
mod test_verb;

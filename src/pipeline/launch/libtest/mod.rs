//! Drives a test or bench executable that was made a component.
//!
//! A panic ends a wasm instance, and with it everything libtest has in memory.
//! So all tests start in one instance. If that crashes, the test that ran has
//! failed, and every remaining test runs in an instance of its own, so that each
//! is reported once. The captured output of failed tests is lost with the
//! instance: those that failed in the first one run again, alone and uncaptured,
//! to print their message; their verdict stays.
//!
//! The line `test result:` comes once, at the end; the exit code is libtest's
//! 101 after a failure. `#[should_panic]` is reported as ignored by libtest
//! itself, which cannot catch a panic on wasm.
//!
//! An executable with another harness is only run, with its exit code. So is
//! libtest for a list, for help, or for output that programs read
//! (`--format json`); there the tests after a crash do not run.

mod harness;
mod options;
mod transcript;

pub use harness::run;

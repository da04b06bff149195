//! Components without WASI: functions that answer in its place, inside the component.
//!
//! The functions that a module imports from WASI become exports of small modules that
//! are generated for it. The answers are those of an empty host: no arguments, no
//! environment, no directories, and output that nobody reads. What cannot be answered,
//! such as the time, traps in a function whose name says so, which every engine shows.
//!
//! A stub is the same for single imports of any finished component: a component of its own
//! that is linked with it.

mod answer;
mod body;
mod function;
mod interfaces;
mod preview1;
mod preview2;
mod stub;
#[cfg(test)]
mod tests;

pub use interfaces::{STUBBED, stub_of};
pub use preview1::adapter;
pub use preview2::{kept_imports, without_wasi};
pub use stub::WITHOUT_WASI;

//! What build scripts call, with `cargo-component` as a build dependency.
//!
//! [`artifacts`] builds the components that a host embeds. It needs no feature, so that
//! with `default-features = false` this crate alone is compiled:
//!
//! ```no_run
//! fn main() -> cargo_component::error::Result<()> {
//!     cargo_component::build_script::artifacts()?;
//!     Ok(())
//! }
//! ```
//!
//! The code of the host gets the path of a component from a variable:
//!
//! ```ignore
//! const ADDER: &str = env!("COMPONENT_ADDER");
//! ```
//!
//! `generate_bindings` generates the bindings of a component. With `default-features =
//! false, features = ["bindings"]` and a `build.rs` that calls it, the crate takes its
//! bindings from `OUT_DIR`:
//!
//! ```ignore
//! mod bindings {
//!     include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
//! }
//! ```

mod artifacts;
#[cfg(feature = "bindings")]
mod bindings;
mod variables;

pub use artifacts::artifacts;
#[cfg(feature = "bindings")]
pub use bindings::generate_bindings;

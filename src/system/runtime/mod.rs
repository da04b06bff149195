//! Runs components: one interface over the embedded engine and the runner that is
//! configured in cargo.
//!
//! A component gets its standard streams, what its [`Permissions`] grant, and
//! nothing else: no file, no variable, no request, no socket. The caller decides
//! who may send HTTP requests, which 0.21.1 granted to every component.
//!
//! Exit codes: 0 where `run` returns ok, 1 where it returns an error, the code
//! given to `wasi:cli/exit` (0.2 knows only 0 and 1 in its stable part), and
//! [`TRAPPED`] where the component trapped. A configured runner decides for
//! itself; its code is passed on.
//!
//! The engine compiles components to machine code, quickly or to fast code as
//! [`Optimization`] has it, and keeps the result in wasmtime's cache.
//!
//! The engine is behind the feature `runtime`. Without it a configured runner
//! still works, and everything else says which feature is missing.

mod component_file;
mod exports;
mod outcome;
mod permissions;
mod profile_output;
mod program;
mod runner;
mod trace_options;

#[cfg(feature = "runtime")]
mod embedded;
#[cfg(not(feature = "runtime"))]
#[path = "absent.rs"]
mod embedded;

pub use component_file::{ComponentFile, Optimization};
pub use embedded::available;
pub use exports::{
    EntryPoint, Function, WasiVersion, entry_point, entry_point_of, functions, needs, resolve,
};
pub use outcome::{CallOutcome, CapturedOutput, EventHandler, ExitStatus, ServerEvent, TRAPPED};
pub use permissions::{Interrupts, MAX_MEMORY, Network, Permissions, Preopen, Refusal, sends_http};
pub use profile_output::{ProfileFormat, ProfileOutput};
pub use program::{Program, Server, invoke};
pub use runner::Runner;
pub use trace_options::{TraceOptions, TraceStyle};

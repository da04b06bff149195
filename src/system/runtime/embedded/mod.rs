//! The engine: the wasmtime libraries with WASI 0.2, WASI 0.3 and `wasi:http`.
//!
//! Everything async stays in here: each operation starts its own tokio
//! runtime and blocks the caller until the component ends.

mod backtrace;
mod compiled;
mod engine;
mod fault;
mod host;
mod invoke;
mod profile;
mod refusals;
mod request_handler;
mod run;
mod serve;
mod wave;

pub use compiled::Compiled;
pub use engine::available;
pub use serve::RunningServer;

//! How runs, calls and servers of components report what happened.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::error::Error;

/// The exit code of a component that trapped, as the wasmtime command line has
/// it on unix (128 and the number of SIGABRT); here on every system.
pub const TRAPPED: i32 = 134;

/// How the run of a component ended.
#[derive(Clone, Debug, Default)]
pub struct ExitStatus {
    /// The exit code of the run.
    pub code: i32,
    /// Why it trapped; `code` is [`TRAPPED`] then. The component has usually
    /// written more to its standard error. A configured runner reports traps
    /// itself.
    pub fault: Option<Error>,
    /// What it was refused although it ended well, and the remedy.
    pub refusals: Option<String>,
}

/// Which output of a component is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapturedOutput {
    /// Standard output; standard error is inherited.
    Stdout,
    /// Standard output and standard error, in the order they are written. Of a
    /// configured runner only standard output is captured.
    Both,
}

/// How the call of an exported function ended.
#[derive(Clone, Debug)]
pub enum CallOutcome {
    /// The function returned its results.
    Returned {
        /// The result in WAVE; empty where the function has none.
        values: Vec<String>,
        /// What it was refused, and the remedy.
        refusals: Option<String>,
    },
    /// It ended the program by `wasi:cli/exit` or a trap.
    Exited(ExitStatus),
}

/// An event of a running server.
#[derive(Clone, Debug)]
pub enum ServerEvent {
    /// The server accepts connections at this address.
    Listening(SocketAddr),
    /// A request failed; the client got status 500, or 504 after a timeout.
    Failed(Error),
    /// The client of this request closed the connection before the response was
    /// complete, which ended the instance.
    ClientLeft(String),
    /// A request was answered by an instance that was refused something; reported
    /// once.
    Refused(String),
    /// The user pressed Ctrl-C.
    Interrupted,
}

/// Receives the events of a server, in any of its threads.
pub type EventHandler = Arc<dyn Fn(ServerEvent) + Send + Sync>;

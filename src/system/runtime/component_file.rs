//! What is run, and how the embedded engine compiles it.

use std::path::PathBuf;

use super::profile_output::ProfileOutput;
use super::trace_options::TraceOptions;

/// A component on disk that is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFile {
    /// The path of the component.
    pub path: PathBuf,
    /// How the embedded engine compiles it; without a meaning for other runners.
    pub optimization: Optimization,
    /// How the embedded engine shows where it failed.
    pub trace: TraceOptions,
    /// Where the embedded engine writes which functions ran, if that is requested.
    pub profile: Option<ProfileOutput>,
}

/// How the embedded engine compiles a component to machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optimization {
    /// As quickly as possible. The machine code is slower, as that of a profile that
    /// does not optimize.
    None,
    /// To fast machine code, which takes several times as long.
    Full,
}

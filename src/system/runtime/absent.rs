//! Replaces the engine in a build without the feature `runtime`: every function
//! fails with an error that names the feature.

use super::component_file::ComponentFile;
use super::outcome::{CallOutcome, CapturedOutput, EventHandler, ExitStatus};
use super::permissions::{Interrupts, Permissions};
use crate::base::error::{Error, Result};
use crate::system::shell::Shell;
use crate::system::stop::StopSignal;
use std::convert::Infallible;

/// Fails, since this build has no engine.
pub fn available() -> Result<()> {
    Err(no_engine())
}

fn no_engine() -> Error {
    Error::unsupported("this build of the tool has no engine, since it lacks the feature `runtime`")
}

/// A compiled component, of which there is none in this build.
pub struct Compiled(Infallible);

impl Compiled {
    /// Fails, since this build has no engine.
    pub fn open(
        _file: &ComponentFile,
        _interrupts: Interrupts,
        _shell: &dyn Shell,
    ) -> Result<Self> {
        Err(no_engine())
    }

    /// Is never called, since there is no value of this type.
    pub fn run(&self, _permissions: &Permissions) -> Result<ExitStatus> {
        match self.0 {}
    }

    /// Is never called, since there is no value of this type.
    pub fn run_until(
        &self,
        _permissions: &Permissions,
        _stop: StopSignal,
    ) -> Result<Option<ExitStatus>> {
        match self.0 {}
    }

    /// Is never called, since there is no value of this type.
    pub fn lines(
        &self,
        _permissions: &Permissions,
        _captured: CapturedOutput,
        _each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<ExitStatus> {
        match self.0 {}
    }

    /// Is never called, since there is no value of this type.
    pub fn invoke(&self, _call: &str, _permissions: &Permissions) -> Result<CallOutcome> {
        match self.0 {}
    }

    /// Is never called, since there is no value of this type.
    pub fn serve(
        &self,
        _addr: &str,
        _permissions: &Permissions,
        _on_event: EventHandler,
    ) -> Result<RunningServer> {
        match self.0 {}
    }
}

/// A running server, of which there is none in this build.
pub struct RunningServer(Infallible);

impl RunningServer {
    /// Is never called, since there is no value of this type.
    pub fn replace(&self, _compiled: &Compiled, _permissions: &Permissions) -> Result<()> {
        match self.0 {}
    }
}

//! Stands where the engine would, in a build without the feature `runtime`.

use std::convert::Infallible;
use std::path::Path;

use super::{Called, Captured, Ended, Event, Grant, Interrupts};
use crate::base::error::{Error, Result};

/// Says what is missing.
pub fn available() -> Result<()> {
    Err(missing())
}

fn missing() -> Error {
    Error::unsupported("this build of the tool has no engine, since it lacks the feature `runtime`")
}

/// Never made: there is nothing to compile with.
pub struct Compiled(Infallible);

impl Compiled {
    /// Says what is missing.
    pub fn open(_path: &Path, _interrupts: Interrupts) -> Result<Self> {
        Err(missing())
    }

    /// Unreachable.
    pub fn run(&self, _grant: &Grant) -> Result<Ended> {
        match self.0 {}
    }

    /// Unreachable.
    pub fn lines(
        &self,
        _grant: &Grant,
        _captured: Captured,
        _each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<Ended> {
        match self.0 {}
    }

    /// Unreachable.
    pub fn invoke(&self, _call: &str, _grant: &Grant) -> Result<Called> {
        match self.0 {}
    }

    /// Unreachable.
    pub fn serve(
        &self,
        _addr: &str,
        _grant: &Grant,
        _on: &mut dyn FnMut(Event) -> Result<()>,
    ) -> Result<i32> {
        match self.0 {}
    }
}

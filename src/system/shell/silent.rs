//! The shell of programs that take this in as a library.

use super::interface::Shell;
use super::message::Message;
use super::options::{ColorChoice, Verbosity};
use crate::base::error::Result;

/// Prints nothing; for programs that print their own messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Shell for Silent {
    fn print(&self, _message: Message) {}

    fn verbosity(&self) -> Verbosity {
        Verbosity::Quiet
    }

    fn color(&self) -> ColorChoice {
        ColorChoice::Never
    }

    fn write_data(&self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }
}

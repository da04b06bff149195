//! The shell of programs that take this in as a library.

use std::fmt;
use std::sync::Arc;

use super::interface::Shell;
use super::message::Message;
use super::options::{ColorChoice, Verbosity};
use crate::base::error::Result;
use crate::base::progress::{NoProgress, Progress, ProgressSize};

/// Starts to display one piece of work: gets a word for it, as `Downloading`, and its size.
type ProgressFactory = dyn Fn(&'static str, ProgressSize) -> Box<dyn Progress> + Send + Sync;

/// Prints nothing, for programs that print their own messages, and leaves progress to them.
#[derive(Clone, Default)]
pub struct Silent {
    progress: Option<Arc<ProgressFactory>>,
}

impl Silent {
    /// A shell that calls this for each piece of work whose progress is to be displayed,
    /// perhaps from several threads.
    pub fn with_progress(
        begin: impl Fn(&'static str, ProgressSize) -> Box<dyn Progress> + Send + Sync + 'static,
    ) -> Self {
        Silent {
            progress: Some(Arc::new(begin)),
        }
    }
}

impl fmt::Debug for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Silent").finish_non_exhaustive()
    }
}

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

    fn progress(&self, verb: &'static str, size: ProgressSize) -> Box<dyn Progress> {
        match &self.progress {
            Some(begin) => begin(verb, size),
            None => Box::new(NoProgress),
        }
    }
}

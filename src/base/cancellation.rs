//! Cancelling work from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::{Error, Result};

/// A switch that ends work early. Clones share it, so that one thread can work while
/// another one cancels.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Ends the work at its next request, and a transfer at its next bytes. Cannot be undone.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work is to end.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Fails if the work is to end.
    pub fn check(&self) -> Result<()> {
        match self.is_cancelled() {
            true => Err(Error::input("the work was cancelled")),
            false => Ok(()),
        }
    }
}

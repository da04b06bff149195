//! The progress of long work: the interface between the code that does the work
//! and the code that displays it.

use std::fmt::Debug;

/// Receives the progress of one piece of work, which ends when this is dropped.
pub trait Progress: Debug + Send + Sync {
    /// Reports that one more item is done.
    fn item(&self);

    /// Reports that `count` more bytes were transferred.
    fn bytes(&self, count: u64);
}

/// The size of a piece of work, in the unit in which it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressSize {
    /// The number of items.
    Items(u64),
    /// The number of bytes.
    Bytes(u64),
}

/// A [`Progress`] that displays nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn item(&self) {}

    fn bytes(&self, _count: u64) {}
}

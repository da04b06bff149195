//! How far long work is: what those who do it report, and those who show it
//! are told.

use std::fmt::Debug;

/// A piece of work that takes long enough to be watched. It ends when it is
/// dropped.
pub trait Progress: Debug + Send + Sync {
    /// One more of the things it consists of is done.
    fn item(&self);

    /// So many more bytes went over the wire.
    fn bytes(&self, count: u64);
}

/// What a piece of work consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// So many things.
    Items(u64),
    /// So many bytes.
    Bytes(u64),
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unseen;

impl Progress for Unseen {
    fn item(&self) {}

    fn bytes(&self, _count: u64) {}
}

//! The access that tokens give.

/// The access that a token has to give.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// The repository that is accessed.
    pub repository: String,
    /// The operation on the repository.
    pub operation: Operation,
}

/// An operation on a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Reading tags, manifests and blobs.
    Pull,
    /// Writing, which begins with reading.
    Push,
}

//! The choices that publishing components and WIT share.

/// What is done when a version is published already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingRelease {
    /// The version is an error.
    Refuse,
    /// The version stays as it is.
    Skip,
}

/// What is done with a version that is not compatible with the versions that
/// its number promises to be compatible with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakingChange {
    /// The version is an error.
    Refuse,
    /// The version is published.
    Allow,
}

/// Whether releases are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishMode {
    /// The releases are really published.
    Real,
    /// Nothing is published; what would be is printed.
    Dry,
    /// Nothing is published, and nothing is printed.
    DrySilent,
}

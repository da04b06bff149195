//! The names of what this tool makes beside the files of its users.

/// The prefix of the names of temporary files.
pub(super) const TEMPORARY: &str = ".cargo-component-";

/// The file that lists what was vendored into a directory; no temporary file.
pub const VENDORED: &str = ".cargo-component-vendor";

/// The file with the journal of a change, in its temporary directory.
pub(super) const JOURNAL: &str = "journal";

/// The file in a temporary directory that its owner holds the lock of, on systems that cannot lock
/// a directory.
#[cfg(not(unix))]
pub(super) const OWNER: &str = "owner";

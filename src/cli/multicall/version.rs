//! The text that `--version` prints under the name of another tool.

/// The text that `--version` prints after a tool's name: the version of the tool it stands
/// in for, since scripts compare it, then that of this tool.
pub(super) fn version(theirs: &str) -> String {
    format!("{theirs} (cargo-component {})", env!("CARGO_PKG_VERSION"))
}

//! Paths in texts that tests compare.

/// A text as it is on other systems than Windows, which has `\` between the names of a path.
pub(crate) fn with_slashes(text: impl Into<String>) -> String {
    let text = text.into();
    match cfg!(windows) {
        true => text.replace('\\', "/"),
        false => text,
    }
}

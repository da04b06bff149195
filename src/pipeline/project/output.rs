//! Where commands write their results.

use std::path::{Path, PathBuf};

use crate::system::context::Context;
use crate::system::fs;

/// Where a command writes its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The result goes to standard output.
    Stdout,
    /// The result goes to a file, or into a folder if the path ends in a slash or is
    /// a folder.
    Path(PathBuf),
}

/// The file for a path of [`Output`]: the path itself, or `name` in the folder at
/// the path.
pub(crate) fn output_file(ctx: &Context, given: &Path, name: impl AsRef<Path>) -> PathBuf {
    let path = ctx.absolute(given);
    let text = given.as_os_str().to_string_lossy();
    match text.ends_with(std::path::is_separator) || fs::is_dir(&path) {
        true => path.join(name),
        false => path,
    }
}

//! Where commands write their results.

use std::path::{Path, PathBuf};

use crate::system::context::Context;
use crate::system::fs;

/// Where a command writes its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The result goes to standard output.
    Stdout,
    /// To a file, or into a folder where the path ends in a slash or is a folder
    /// already.
    Path(PathBuf),
}

/// The file that a path of [`Output`] stands for: the path itself, or `name` in
/// the folder that it is.
pub(crate) fn output_file(ctx: &Context, given: &Path, name: impl AsRef<Path>) -> PathBuf {
    let path = ctx.absolute(given);
    let text = given.as_os_str().to_string_lossy();
    match text.ends_with(std::path::is_separator) || fs::is_dir(&path) {
        true => path.join(name),
        false => path,
    }
}

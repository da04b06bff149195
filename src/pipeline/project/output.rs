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

/// Marks a target directory that is not there yet as cargo does, so that backups leave it
/// alone.
pub(crate) fn tag_new_directory(target_dir: &Path) {
    if !fs::exists(target_dir) {
        // Without it all works as well.
        let _ = fs::write_atomic(&target_dir.join("CACHEDIR.TAG"), CACHEDIR_TAG.as_bytes());
    }
}

/// The content of `CACHEDIR.TAG`, as <https://bford.info/cachedir/> defines it.
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by cargo component.
# For information about cache directory tags see https://bford.info/cachedir/
";

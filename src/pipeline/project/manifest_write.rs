//! Edits of a manifest, which are written or printed.

use std::path::Path;

use crate::base::error::Result;
use crate::model::manifest::edit::ManifestEdit;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// Whether the manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestWrite {
    /// The manifest is written.
    Real,
    /// Nothing is written, and the new manifest is printed.
    Dry,
}

/// Edits a manifest, and repeats that if another process changes it meanwhile; returns what
/// the edit returned last. With [`ManifestWrite::Dry`] the new manifest is printed instead.
pub(crate) fn edit_manifest<T>(
    ctx: &Context,
    path: &Path,
    write: ManifestWrite,
    edit: impl Fn(&mut ManifestEdit) -> Result<T>,
) -> Result<T> {
    fs::retry_if_changed(|| {
        let old = fs::read_text(path)?;
        let mut new = ManifestEdit::new(path, &old)?;
        let edited = edit(&mut new)?;
        match write {
            ManifestWrite::Dry => ctx.shell.write_data(new.text().as_bytes())?,
            ManifestWrite::Real => {
                let mut change = Change::new();
                change.write_text(path, Some(&old), &new.text());
                change.commit()?;
            }
        }
        Ok(edited)
    })
}

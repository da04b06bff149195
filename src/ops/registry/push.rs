//! What `cargo component registry push` does.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::error::Result;
use crate::base::progress::ProgressSize;
use crate::pipeline::fetch::access::{Access, AccessOptions};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Reference;

/// Pushes a file of WebAssembly under a tag; prints the reference and the
/// digest of the manifest.
pub fn push(
    ctx: &Context,
    reference: &Reference,
    file: &Path,
    annotations: &BTreeMap<String, String>,
    options: &AccessOptions,
) -> Result<()> {
    let access = Access::new(ctx, options)?;
    let path = ctx.absolute(file);
    let artifacts = access.artifacts(reference)?;
    ctx.shell.status(
        "Pushing",
        format!("`{}` to `{reference}`", ctx.display(&path)),
    );
    let size = fs::size(&path)?;
    let progress = ctx.shell.progress("Uploading", ProgressSize::Bytes(size));
    let digest = artifacts.push(reference, &path, annotations, &*progress)?;
    drop(progress);
    ctx.shell.data(format!("pushed: {reference}"));
    ctx.shell.data(format!("digest: {digest}"));
    Ok(())
}

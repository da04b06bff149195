//! The upload of a release, and reading it back.

use super::options::PublishMode;
use super::ready::ReadyRelease;
use crate::base::error::{Error, Result};
use crate::base::progress::ProgressSize;
use crate::model::component::adopted::unadopted;
use crate::model::component::names;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Publication;

/// Publishes a release, or prints what would be published; then reads it back.
pub(crate) fn upload(ctx: &Context, ready: &ReadyRelease, mode: PublishMode) -> Result<()> {
    let ReadyRelease {
        package, version, ..
    } = ready;
    if ready.published {
        let text = format!("`{package}` v{version}, which is already published");
        ctx.shell.status("Skipping", text);
        return Ok(());
    }
    warn_of_proposals(ctx, ready)?;
    if mode == PublishMode::DrySilent {
        return Ok(());
    }
    if mode == PublishMode::Dry {
        let shell = &ctx.shell;
        shell.data(format!("package: {package}"));
        shell.data(format!("version: {version}"));
        shell.data(format!("to: {}", ready.registry.location(package)));
        if let Some(url) = ready.registry.url(package, version) {
            shell.data(format!("reference: {url}"));
        }
        shell.data(format!("size: {} bytes", ready.size));
        shell.data(format!("digest: {}", ready.digest));
        for (key, value) in &ready.annotations {
            shell.data(format!("annotation {key}: {value}"));
        }
        let noun = ready.noun;
        shell.warn(format!(
            "not publishing {noun} to the registry due to the --dry-run option"
        ));
        return Ok(());
    }
    let shown = ctx.display(&ready.built_from);
    ctx.shell
        .status("Publishing", format!("{} {shown}", ready.noun));
    let progress = ctx
        .shell
        .progress("Uploading", ProgressSize::Bytes(ready.size));
    let published = ready.registry.publish(&Publication {
        package,
        version,
        content: &ready.file,
        digest: &ready.digest,
        annotations: &ready.annotations,
        progress: &*progress,
    });
    drop(progress);
    published.map_err(|e| publish_error(ready, e))?;
    read_back(ready)?;
    ctx.shell
        .status("Published", format!("package `{package}` v{version}"));
    Ok(())
}

/// Warns of proposals in a release that other tools may not know yet.
fn warn_of_proposals(ctx: &Context, ready: &ReadyRelease) -> Result<()> {
    let proposals = unadopted(&fs::read(&ready.file)?);
    if !proposals.is_empty() {
        ctx.shell.warn(format!(
            "`{}@{}` uses {}, which no adopted version of WASI has: other tools and engines may refuse it",
            ready.package, ready.version, proposals.join(" and ")
        ));
    }
    Ok(())
}

/// The error of a registry, with a hint where it cannot read the attributes of
/// imports of a component.
fn publish_error(ready: &ReadyRelease, error: Error) -> Error {
    // The message of readers of WebAssembly before 2026 for a name with attributes.
    if !error
        .to_string()
        .contains("invalid leading byte (0x2) for ")
    {
        return error;
    }
    let imports = fs::read(&ready.file).and_then(|bytes| names::imports(&bytes));
    let mut imports = imports.unwrap_or_default().into_iter();
    let has = |name: names::Name| name.external_id.is_some() || name.implements.is_some();
    if !imports.any(has) {
        return error;
    }
    let mut explained = Error::new(error.kind(), error.message());
    for cause in error.causes() {
        explained = explained.with_cause(cause);
    }
    explained.with_cause("the registry is from before 2026, and cannot read the hints of the component's imports")
        .hint("add `hints = \"none\"` under `[package.metadata.component]`, or publish the linked component with `--composed`")
}

/// Checks that the release is found by its name, with the same content.
fn read_back(ready: &ReadyRelease) -> Result<()> {
    let ReadyRelease {
        package, version, ..
    } = ready;
    let found = ready.registry.release(package, version).map_err(|e| {
        e.context(format!(
            "`{package}@{version}` was published, but could not be read back"
        ))
    })?;
    match found {
        Some(release) if release.digest == ready.digest => Ok(()),
        Some(release) => Err(Error::input(format!(
            "`{package}@{version}` was published, but has digest `{}` when read back, instead of `{}`",
            release.digest, ready.digest
        ))
        .with_cause(format!("its registry is {}", ready.registry.location(package)))
        .hint("somebody else may have published the same version; compare the two, and publish a new version")),
        None => Err(Error::input(format!(
            "`{package}@{version}` was published, but cannot be found by its name"
        ))
        .with_cause(format!("it was looked for in {}", ready.registry.location(package)))
        .hint("check how the registry maps the namespace, and that you have read access")),
    }
}

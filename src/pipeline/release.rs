//! What is done with every release, be it of a component or of WIT: the look at
//! what is there, the upload, and reading it back.

pub(crate) mod compatible;
pub(crate) mod order;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use semver::Version;

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::base::progress::Extent;
use crate::model::component::adopted::unadopted;
use crate::model::component::names;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::Named;
use crate::system::registry::{Publication, Registries, Registry};

/// What is done when a version is published already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is an error.
    Refuse,
    /// It is left as it is.
    Skip,
}

/// What is done with a version that is not compatible with those it should be
/// compatible with by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaking {
    /// It is an error.
    Refuse,
    /// It is published.
    Allow,
}

/// Whether anything leaves this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It does.
    Real,
    /// What would be published is printed.
    Dry,
    /// Nothing is printed either.
    DrySilent,
}

/// A release ready to go out.
pub(crate) struct Ready {
    /// What it is, in words.
    pub noun: &'static str,
    pub package: PackageRef,
    pub version: Version,
    pub file: PathBuf,
    pub digest: ContentDigest,
    pub size: u64,
    pub annotations: BTreeMap<String, String>,
    pub registry: Arc<dyn Registry>,
    /// Whether it is there already, and stays as it is.
    pub published: bool,
    /// The file it was made of, to show.
    pub made: PathBuf,
}

/// Where releases go.
pub(crate) struct Destination<'a> {
    pub registries: &'a Registries<'a>,
    /// The registry of the command line.
    pub asked: Option<&'a str>,
    /// The network must not be used.
    pub offline: bool,
    /// See [`Existing`].
    pub existing: Existing,
}

impl Destination<'_> {
    /// The registry of a package, and whether it has the version already.
    pub fn of(
        &self,
        (package, version): (&PackageRef, &Version),
        named: &Named,
    ) -> Result<(Arc<dyn Registry>, bool)> {
        let route = self.registries.route(package, self.asked, named)?;
        if self.offline && !route.backend.is_local() {
            return Err(Error::input(format!(
                "publishing `{package}` needs network access, which is disabled"
            ))
            .because(format!(
                "it would be published to the registry `{}`",
                route.name
            ))
            .hint("remove `--offline` or `--frozen`"));
        }
        let registry = self.registries.open(&route)?;
        let existing = registry
            .release(package, version)
            .map_err(|e| e.because(format!("the registry is set in {}", route.because)))?;
        if existing.is_some() && self.existing == Existing::Refuse {
            return Err(
                Error::input(format!("`{package}@{version}` is already published"))
                    .because(format!("its registry is {}", registry.location(package)))
                    .hint("increase the version, or skip it with `--skip-existing`"),
            );
        }
        Ok((registry, existing.is_some()))
    }
}

/// Publishes it, or says what would be; then it is read back.
pub(crate) fn upload(ctx: &Context, ready: &Ready, run: Run) -> Result<()> {
    let Ready {
        package, version, ..
    } = ready;
    if ready.published {
        let text = format!("`{package}` v{version}, which is already published");
        ctx.shell.status("Skipping", text);
        return Ok(());
    }
    warn_of_proposals(ctx, ready)?;
    if run == Run::DrySilent {
        return Ok(());
    }
    if run == Run::Dry {
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
    let shown = ctx.display(&ready.made);
    ctx.shell
        .status("Publishing", format!("{} {shown}", ready.noun));
    let progress = ctx.shell.progress("Uploading", Extent::Bytes(ready.size));
    let published = ready.registry.publish(&Publication {
        package,
        version,
        content: &ready.file,
        digest: &ready.digest,
        annotations: &ready.annotations,
        progress: &*progress,
    });
    drop(progress);
    published.map_err(|e| refused(ready, e))?;
    read_back(ready)?;
    ctx.shell
        .status("Published", format!("package `{package}` v{version}"));
    Ok(())
}

/// Says what of a release not every reader has to know yet.
fn warn_of_proposals(ctx: &Context, ready: &Ready) -> Result<()> {
    let proposals = unadopted(&fs::read(&ready.file)?);
    if !proposals.is_empty() {
        ctx.shell.warn(format!(
            "`{}@{}` uses {}, which no adopted version of WASI has: other tools and engines may refuse it",
            ready.package, ready.version, proposals.join(" and ")
        ));
    }
    Ok(())
}

/// The error of a registry, with what helps where it cannot read the attributes
/// that the imports of a component have.
fn refused(ready: &Ready, error: Error) -> Error {
    // So the readers of WebAssembly before 2026 call a name with attributes.
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
    let mut told = Error::new(error.kind(), error.message());
    for cause in error.causes() {
        told = told.because(cause);
    }
    told.because("the registry is from before 2026, and cannot read the hints of the component's imports")
        .hint("add `hints = \"none\"` under `[package.metadata.component]`, or publish the linked component with `--composed`")
}

/// What was published must be found by its name, with the same content.
fn read_back(ready: &Ready) -> Result<()> {
    let Ready {
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
        .because(format!("its registry is {}", ready.registry.location(package)))
        .hint("somebody else may have published the same version; compare the two, and publish a new version")),
        None => Err(Error::input(format!(
            "`{package}@{version}` was published, but cannot be found by its name"
        ))
        .because(format!("it was not found in {}", ready.registry.location(package)))
        .hint("check how the registry maps the namespace, and that you have read access")),
    }
}

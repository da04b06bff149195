//! The composition root: gives the operations access to packages. No other module of
//! this folder names a registry backend.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::error::{Error, Result};
use crate::system::cargo::config::Config;
use crate::system::context::PackageAccess;
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::System;
use crate::system::registry::local::Local;
use crate::system::registry::oci::{Heard, Oci, Patience, Surroundings, discover};
use crate::system::registry::routes;
use crate::system::registry::routes::{Backend, Discovered, Route};
use crate::system::registry::{Artifacts, Registry};
use crate::system::shell::{Shell as _, Terminal};

/// The access to packages that the options and the environment describe; warnings of
/// registries go to `shell`.
pub(super) fn packages(
    env: &Env,
    shell: &Terminal,
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
) -> PackageAccess {
    let shell = shell.clone();
    let path = |variable| env.get(variable).map(PathBuf::from);
    let cache = cache.or_else(|| path(env::CARGO_COMPONENT_CACHE_DIR));
    let around = Surroundings {
        env: Arc::new(env.clone()),
        exec: Arc::new(System),
        patience: Patience::default(),
        heard: Heard::new(move |text| shell.warn(text)),
    };
    // Cargo's configuration is read with the first request; most runs make none.
    let around = move || -> Result<Surroundings> {
        Ok(Surroundings {
            patience: patience(&around.env)?,
            ..around.clone()
        })
    };
    let artifacts_around = around.clone();
    let warg_cache = cache.as_ref().map(|cache| cache.join("warg"));
    PackageAccess {
        config: config.or_else(|| path(env::CARGO_COMPONENT_CONFIG_FILE)),
        cache: cache.unwrap_or_else(|| env.package_cache()),
        open: Box::new(move |route| match &route.backend {
            Backend::Local { root } => Ok(Arc::new(Local::new(root)) as Arc<dyn Registry>),
            _ => open(route, &around()?, warg_cache.as_deref()),
        }),
        artifacts: Box::new(move |route| {
            Ok(Arc::new(artifacts(route, &artifacts_around()?)?) as Arc<dyn Artifacts>)
        }),
    }
}

/// The timeouts and retries for registries: those that cargo's configuration, read from
/// the current directory, sets for cargo's own requests.
fn patience(env: &Env) -> Result<Patience> {
    Config::load(&fs::canonical(Path::new("."))?, env, &[])?.patience()
}

/// Opens the registry at the end of a route. `warg_cache` is the directory for the logs of
/// Warg registries; `None` means the default one.
fn open(
    route: &Route,
    around: &Surroundings,
    warg_cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    match resolve_backend(route, around)? {
        ResolvedBackend::Local(root) => Ok(Arc::new(Local::new(root))),
        ResolvedBackend::Oci(oci) => Ok(Arc::new(Oci::new(&oci, around.clone())?)),
        ResolvedBackend::Warg(found) => warg(&found, around, warg_cache),
    }
}

/// Opens the registry at the end of a route, which must be an OCI registry.
fn artifacts(route: &Route, around: &Surroundings) -> Result<Oci> {
    let what = match resolve_backend(route, around)? {
        ResolvedBackend::Oci(oci) => return Oci::new(&oci, around.clone()),
        ResolvedBackend::Local(root) => format!("the directory `{}`", root.display()),
        ResolvedBackend::Warg(_) => "a Warg registry".to_owned(),
    };
    Err(Error::input(format!(
        "the registry `{}` is {what}, not an OCI registry",
        route.name
    ))
    .hint("use the name of an OCI host, such as `ghcr.io`"))
}

/// The backend of a registry, after discovery.
enum ResolvedBackend {
    Local(PathBuf),
    Oci(routes::Oci),
    Warg(routes::Warg),
}

fn resolve_backend(route: &Route, around: &Surroundings) -> Result<ResolvedBackend> {
    Ok(match &route.backend {
        Backend::Local { root } => ResolvedBackend::Local(root.clone()),
        Backend::Oci(oci) => ResolvedBackend::Oci(oci.clone()),
        Backend::Warg(found) => ResolvedBackend::Warg(found.clone()),
        Backend::Discover { host, layers } => {
            let found = discover(host, layers, around.clone())?;
            match routes::discovered(host, found.metadata, found.own, layers) {
                Discovered::Oci(oci) => ResolvedBackend::Oci(oci),
                Discovered::Warg(warg) => ResolvedBackend::Warg(warg),
            }
        }
    })
}

#[cfg(feature = "warg")]
fn warg(
    found: &routes::Warg,
    around: &Surroundings,
    cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    use crate::system::registry::warg::{Limits, Surroundings, Warg};
    let around = Surroundings {
        env: around.env.clone(),
        cache: cache.map(Path::to_owned),
        limits: Limits::of(around.patience),
    };
    Ok(Arc::new(Warg::new(found, around)?))
}

#[cfg(not(feature = "warg"))]
fn warg(
    found: &routes::Warg,
    _around: &Surroundings,
    _cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    Err(Error::unsupported(format!(
        "`{}` is a Warg registry, but this build of the tool lacks the feature `warg`",
        found.name
    ))
    .hint("install the tool with its default features"))
}

#[cfg(all(test, not(feature = "warg")))]
mod tests {
    use super::*;
    use crate::system::shell::{ColorChoice, Verbosity};

    #[test]
    fn a_warg_registry_needs_the_feature() {
        let shell = Terminal::new(Verbosity::Quiet, ColorChoice::Never, true);
        let access = packages(&Env::default(), &shell, None, None);
        let route = Route {
            name: "w".to_owned(),
            backend: Backend::Warg(routes::Warg {
                name: "w.example".to_owned(),
                url: "https://w.example".to_owned(),
                ..routes::Warg::default()
            }),
            because: String::new(),
        };
        let error = (access.open)(&route).err().unwrap();
        assert!(error.message().contains("feature `warg`"), "{error}");
        assert!(error.advice().is_some());
    }
}

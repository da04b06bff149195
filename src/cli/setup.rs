//! The composition root: what the operations are given of the backends. No
//! other module names one.

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

/// How packages are reached, by options and environment.
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
    // Read when something is asked, which most runs do not.
    let around = move || -> Result<Surroundings> {
        Ok(Surroundings {
            patience: patience(&around.env)?,
            ..around.clone()
        })
    };
    let same = around.clone();
    let warg_cache = cache.as_ref().map(|cache| cache.join("warg"));
    PackageAccess {
        config: config.or_else(|| path(env::CARGO_COMPONENT_CONFIG_FILE)),
        cache: cache.unwrap_or_else(|| env.package_cache()),
        open: Box::new(move |route| match &route.backend {
            Backend::Local { root } => Ok(Arc::new(Local::new(root)) as Arc<dyn Registry>),
            _ => open(route, &around()?, warg_cache.as_deref()),
        }),
        artifacts: Box::new(move |route| {
            Ok(Arc::new(artifacts(route, &same()?)?) as Arc<dyn Artifacts>)
        }),
    }
}

/// How long to wait for a registry and how often to ask it again: what cargo's
/// configuration, seen from here, says for cargo's own requests.
fn patience(env: &Env) -> Result<Patience> {
    Config::load(&fs::canonical(Path::new("."))?, env, &[])?.patience()
}

/// Opens the registry at the end of a route. `warg_cache` is where the logs of
/// Warg registries are kept, if that is said.
fn open(
    route: &Route,
    around: &Surroundings,
    warg_cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    match settle(route, around)? {
        Settled::Local(root) => Ok(Arc::new(Local::new(root))),
        Settled::Oci(oci) => Ok(Arc::new(Oci::new(&oci, around.clone())?)),
        Settled::Warg(found) => warg(&found, around, warg_cache),
    }
}

/// The OCI registry at the end of a route.
fn artifacts(route: &Route, around: &Surroundings) -> Result<Oci> {
    let what = match settle(route, around)? {
        Settled::Oci(oci) => return Oci::new(&oci, around.clone()),
        Settled::Local(root) => format!("the directory `{}`", root.display()),
        Settled::Warg(_) => "a Warg registry".to_owned(),
    };
    Err(Error::input(format!(
        "the registry `{}` is {what}, not one of OCI artifacts",
        route.name
    ))
    .hint("name a host, such as `ghcr.io`"))
}

/// What a registry is, once it was asked where that is to be asked.
enum Settled {
    Local(PathBuf),
    Oci(routes::Oci),
    Warg(routes::Warg),
}

fn settle(route: &Route, around: &Surroundings) -> Result<Settled> {
    Ok(match &route.backend {
        Backend::Local { root } => Settled::Local(root.clone()),
        Backend::Oci(oci) => Settled::Oci(oci.clone()),
        Backend::Warg(found) => Settled::Warg(found.clone()),
        Backend::Discover { host, layers } => {
            let found = discover(host, layers, around.clone())?;
            match routes::discovered(host, found.metadata, found.own, layers) {
                Discovered::Oci(oci) => Settled::Oci(oci),
                Discovered::Warg(warg) => Settled::Warg(warg),
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
        "`{}` is a Warg registry, and this build lacks the feature `warg`",
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

//! The composition root: what the operations are given of the backends. No
//! other module names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::advice::Result;
use crate::context::PackageAccess;
use crate::env::{self, Env};
use crate::process::System;
use crate::registry::Registry;
use crate::registry::local::Local;
use crate::registry::oci::{Oci, Patience, Surroundings, discover};
use crate::registry::routes::{self, Backend, Route, preferred_protocol};

/// How packages are reached, by options and environment.
pub(super) fn packages(
    env: &Env,
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
) -> PackageAccess {
    let path = |variable| env.get(variable).map(PathBuf::from);
    let cache = cache.or_else(|| path(env::CARGO_COMPONENT_CACHE_DIR));
    let oci = Surroundings {
        env: Arc::new(env.clone()),
        exec: Arc::new(System),
        patience: Patience::default(),
    };
    let warg_cache = cache.as_ref().map(|cache| cache.join("warg"));
    PackageAccess {
        config: config.or_else(|| path(env::CARGO_COMPONENT_CONFIG_FILE)),
        cache: cache.unwrap_or_else(|| cache_dir(env)),
        open: Box::new(move |route| open(route, &oci, warg_cache.as_deref())),
    }
}

/// The directory wasm-pkg's tools share.
fn cache_dir(env: &Env) -> PathBuf {
    let home = || {
        env.get(env::HOME)
            .map(|home| Path::new(home).join(".cache"))
    };
    let base = match cfg!(windows) {
        true => env.get(env::LOCALAPPDATA).map(PathBuf::from),
        false => env
            .get(env::XDG_CACHE_HOME)
            .map(PathBuf::from)
            .or_else(home),
    };
    base.unwrap_or_default().join("wasm-pkg")
}

/// Opens the registry at the end of a route. `warg_cache` is where the logs of
/// Warg registries are kept, if that is said.
fn open(
    route: &Route,
    around: &Surroundings,
    warg_cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    match &route.backend {
        Backend::Local { root } => Ok(Arc::new(Local::new(root))),
        Backend::Oci(oci) => Ok(Arc::new(Oci::new(oci, around.clone())?)),
        Backend::Discover { host, settings } => {
            let of = |protocol: &str| settings.get(protocol).cloned().unwrap_or_default();
            let metadata = discover(host, &of("oci"), around.clone())?;
            if preferred_protocol(&metadata).as_deref() == Some("warg") {
                let address = metadata.warg_url.as_deref();
                let found = routes::Warg::new(host, address, of("warg"));
                return warg(&found, around, warg_cache);
            }
            let oci = routes::Oci {
                name: host.clone(),
                host: metadata.oci_registry.unwrap_or_else(|| host.clone()),
                prefix: metadata.oci_namespace_prefix.unwrap_or_default(),
                settings: of("oci"),
            };
            Ok(Arc::new(Oci::new(&oci, around.clone())?))
        }
        Backend::Warg(found) => warg(found, around, warg_cache),
    }
}

#[cfg(feature = "warg")]
fn warg(
    found: &routes::Warg,
    around: &Surroundings,
    cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    use crate::registry::warg::{Limits, Surroundings, Warg};
    let around = Surroundings {
        env: around.env.clone(),
        cache: cache.map(Path::to_owned),
        limits: Limits::default(),
    };
    Ok(Arc::new(Warg::new(found, around)?))
}

#[cfg(not(feature = "warg"))]
fn warg(
    found: &routes::Warg,
    _around: &Surroundings,
    _cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    Err(crate::advice::Error::unsupported(format!(
        "`{}` is a Warg registry, and this build lacks the feature `warg`",
        found.name
    ))
    .hint("install the tool with its default features"))
}

#[cfg(all(test, not(feature = "warg")))]
mod tests {
    use super::*;

    #[test]
    fn a_warg_registry_needs_the_feature() {
        let access = packages(&Env::default(), None, None);
        let route = Route {
            name: "w".to_owned(),
            backend: Backend::Warg(routes::Warg::new("w.example", None, Default::default())),
            because: String::new(),
        };
        let error = (access.open)(&route).err().unwrap();
        assert!(error.message().contains("feature `warg`"), "{error}");
        assert!(error.advice().is_some());
    }
}

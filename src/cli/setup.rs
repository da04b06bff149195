//! The composition root: what the operations are given of the backends. No
//! other module names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::advice::{Error, Result};
use crate::context::PackageAccess;
use crate::env::{self, Env};
use crate::registry::Registry;
use crate::registry::local::Local;
use crate::registry::routes::{Backend, Route};

/// How packages are reached, by options and environment.
pub(super) fn packages(
    env: &Env,
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
) -> PackageAccess {
    let path = |variable| env.get(variable).map(PathBuf::from);
    PackageAccess {
        config: config.or_else(|| path(env::CARGO_COMPONENT_CONFIG_FILE)),
        cache: cache
            .or_else(|| path(env::CARGO_COMPONENT_CACHE_DIR))
            .unwrap_or_else(|| cache_dir(env)),
        open: Box::new(open),
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

fn open(route: &Route) -> Result<Arc<dyn Registry>> {
    match &route.backend {
        Backend::Local { root } => Ok(Arc::new(Local::new(root))),
        Backend::Oci(_) | Backend::Discover { .. } => Err(unsupported("OCI")),
        Backend::Warg { .. } => Err(unsupported("Warg")),
    }
}

fn unsupported(kind: &str) -> Error {
    Error::unsupported(format!("{kind} registries are not supported yet"))
        .hint("use a local directory: `default = \"file:…\"` under `[package.metadata.component.registries]`")
}

//! The composition root: what the operations are given of the backends. No
//! other module names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::advice::{Error, Result};
use crate::cargo::config::Config;
use crate::context::PackageAccess;
use crate::env::{self, Env};
use crate::fs;
use crate::process::System;
use crate::registry::Artifacts;
use crate::registry::local::Local;
use crate::registry::oci::{Heard, Oci, Patience, Surroundings, discover};
use crate::registry::routes::{self, Backend, Route, preferred_protocol};
use crate::shell::{Shell as _, Terminal};

/// How packages are reached, by options and environment.
pub(super) fn packages(
    (env, shell): (&Env, &Terminal),
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
) -> PackageAccess {
    let shell = shell.clone();
    let path = |variable| env.get(variable).map(PathBuf::from);
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
    PackageAccess {
        config: config.or_else(|| path(env::CARGO_COMPONENT_CONFIG_FILE)),
        cache: cache
            .or_else(|| path(env::CARGO_COMPONENT_CACHE_DIR))
            .unwrap_or_else(|| cache_dir(env)),
        open: Box::new(move |route| match &route.backend {
            Backend::Local { root } => Ok(Arc::new(Local::new(root))),
            _ => Ok(Arc::new(oci(route, &around()?)?)),
        }),
        artifacts: Box::new(move |route| Ok(Arc::new(oci(route, &same()?)?) as Arc<dyn Artifacts>)),
    }
}

/// How long to wait for a registry and how often to ask it again: what cargo's
/// configuration, seen from here, says for cargo's own requests.
fn patience(env: &Env) -> Result<Patience> {
    let config = Config::load(&fs::canonical(Path::new("."))?, env, &[])?;
    let mut patience = Patience::default();
    let seconds = config.number(&["http", "timeout"], env::CARGO_HTTP_TIMEOUT, 1)?;
    if let Some(seconds) = seconds {
        patience.idle = Duration::from_secs(seconds.into());
    }
    if let Some(retries) = config.number(&["net", "retry"], env::CARGO_NET_RETRY, 0)? {
        patience.tries = retries.saturating_add(1);
    }
    Ok(patience)
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

/// The OCI registry at the end of a route.
fn oci(route: &Route, around: &Surroundings) -> Result<Oci> {
    match &route.backend {
        Backend::Local { root } => Err(Error::input(format!(
            "the registry `{}` is the directory `{}`, not one of OCI artifacts",
            route.name,
            root.display()
        ))
        .hint("name a host, such as `ghcr.io`")),
        Backend::Oci(oci) => Oci::new(oci, around.clone()),
        Backend::Discover { host, settings } => {
            let settings = settings.get("oci").cloned().unwrap_or_default();
            let metadata = discover(host, &settings, around.clone())?;
            if preferred_protocol(&metadata).as_deref() == Some("warg") {
                return Err(warg(host));
            }
            let oci = routes::Oci {
                name: host.clone(),
                host: metadata.oci_registry.unwrap_or_else(|| host.clone()),
                prefix: metadata.oci_namespace_prefix.unwrap_or_default(),
                settings,
            };
            Oci::new(&oci, around.clone())
        }
        Backend::Warg { url, .. } => Err(warg(url)),
    }
}

fn warg(registry: &str) -> Error {
    Error::unsupported(format!(
        "`{registry}` is a Warg registry, which this version cannot read yet"
    ))
    .hint("use an OCI registry, `oci://host/prefix`, or a directory, `file:…`")
}

//! The composition root: how the operations reach packages.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::error::Result;
use crate::system::cargo::config::Config;
use crate::system::context::PackageAccess;
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::System;
use crate::system::registry::oci::{ClientContext, RetryPolicy, WarningLog};
use crate::system::registry::open;
use crate::system::shell::{Message, Shell as _, Terminal};

/// How packages are reached from a directory, by options and environment.
pub(super) fn packages(
    env: &Env,
    shell: &Terminal,
    dir: &Path,
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
) -> PackageAccess {
    let (shell, waiting) = (shell.clone(), shell.clone());
    let path = |variable| env.get(variable).map(PathBuf::from);
    let cache = cache.or_else(|| path(env::CARGO_COMPONENT_CACHE_DIR));
    let around = ClientContext {
        env: Arc::new(env.clone()),
        exec: Arc::new(System),
        patience: RetryPolicy::default(),
        warnings: WarningLog::new(move |text| shell.warn(text))
            .with_waiting(move |text| waiting.print(Message::Waiting("Waiting", text))),
    };
    // Read when something is asked, which most runs do not.
    let dir = dir.to_owned();
    let around = move || -> Result<ClientContext> {
        Ok(ClientContext {
            patience: patience(&dir, &around.env)?,
            ..around.clone()
        })
    };
    let (same, for_index) = (around.clone(), around.clone());
    let backend_cache = cache.clone();
    PackageAccess {
        config: config.or_else(|| path(env::CARGO_COMPONENT_CONFIG_FILE)),
        cache: cache.unwrap_or_else(|| env.package_cache()),
        open: Box::new(move |route| open::registry(route, &around, backend_cache.as_deref())),
        artifacts: Box::new(move |route| open::artifacts(route, &same()?)),
        index: Box::new(move |route, url| open::index(route, url, &for_index()?)),
    }
}

/// How long to wait for a registry and how often to ask it again: what cargo's
/// configuration, seen from a directory, says for cargo's own requests.
fn patience(dir: &Path, env: &Env) -> Result<RetryPolicy> {
    Config::load(&fs::canonical(dir)?, env, &[])?.retry_policy()
}

//! Opens the registry at the end of a route: the one place that names every
//! backend.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;

use super::artifacts::Artifacts;
use super::index::IndexRoute;
use super::index_client;
use super::interface::Registry;
use super::local::LocalRegistry;
use super::oci::{ClientContext, OciRegistry, discover};
use super::routes;
use super::routes::{Backend, Discovered, OciRoute, Route};
use super::url_route::UrlRoute;
use crate::base::error::{Error, Result};

/// Opens the registry at the end of a route. `context` is called only where a
/// network is needed. `cache` is the directory below which backends keep files
/// of their own, if one is given.
pub fn registry(
    route: &Route,
    context: &dyn Fn() -> Result<ClientContext>,
    cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    if let Backend::Local { root } = &route.backend {
        return Ok(Arc::new(LocalRegistry::new(root)));
    }
    let context = context()?;
    match resolve(route, &context)? {
        Resolved::Local(root) => Ok(Arc::new(LocalRegistry::new(root))),
        Resolved::Oci(oci) => Ok(Arc::new(OciRegistry::new(&oci, context)?)),
        Resolved::Url(found) => by_url(&found, &context, cache),
    }
}

/// Opens the OCI registry at the end of a route, for its artifacts.
pub fn artifacts(route: &Route, context: &ClientContext) -> Result<Arc<dyn Artifacts>> {
    let what = match resolve(route, context)? {
        Resolved::Oci(oci) => return Ok(Arc::new(OciRegistry::new(&oci, context.clone())?)),
        Resolved::Local(root) => format!("the directory `{}`", root.display()),
        Resolved::Url(found) => format!("a {} registry", found.protocol.title),
    };
    Err(Error::input(format!(
        "the registry `{}` is {what}, not an OCI registry",
        route.name
    ))
    .hint("use the name of an OCI host, such as `ghcr.io`"))
}

/// Reads an address of an index of packages; `None` if it has nothing there.
pub fn index(route: &IndexRoute, url: &Url, context: &ClientContext) -> Result<Option<Vec<u8>>> {
    index_client::read(route, url, context)
}

/// A registry after its host was asked what it is, where that was necessary.
enum Resolved {
    Local(PathBuf),
    Oci(OciRoute),
    Url(UrlRoute),
}

fn resolve(route: &Route, context: &ClientContext) -> Result<Resolved> {
    Ok(match &route.backend {
        Backend::Local { root } => Resolved::Local(root.clone()),
        Backend::Oci(oci) => Resolved::Oci(oci.clone()),
        Backend::Url(found) => Resolved::Url(found.clone()),
        Backend::Discover { host, layers } => {
            let found = discover(host, layers, context.clone())?;
            match routes::discovered(host, found.metadata, found.own, layers) {
                Discovered::Oci(oci) => Resolved::Oci(oci),
                Discovered::Url(found) => Resolved::Url(found),
            }
        }
    })
}

/// Opens a registry that is named by a URL, with the backend for its protocol.
#[cfg_attr(
    not(feature = "warg"),
    expect(unused_variables, reason = "only backends take them")
)]
fn by_url(
    route: &UrlRoute,
    context: &ClientContext,
    cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    match route.protocol.name {
        #[cfg(feature = "warg")]
        "warg" => super::warg::open(route, context, cache),
        name => Err(Error::unsupported(format!(
            "`{}` is a {} registry, and this build lacks the feature `{name}`",
            route.name, route.protocol.title
        ))
        .hint(format!(
            "run `cargo install --locked cargo-component --features {name}`"
        ))),
    }
}

#[cfg(all(test, not(feature = "warg")))]
mod tests {
    use super::*;
    use crate::base::retry::RetryPolicy;
    use crate::model::url_protocol::UrlProtocol;
    use crate::system::env::Env;
    use crate::system::process::Scripted;
    use crate::system::registry::hosts::LocationSource;
    use crate::system::registry::layers::Layers;

    #[test]
    fn a_warg_registry_needs_the_feature() {
        let protocol = UrlProtocol::named("warg").unwrap();
        let (source, layers) = (LocationSource::Document, Layers::default());
        let url = UrlRoute::new(protocol, "w.example", None, source, &layers);
        let route = Route {
            name: "w".to_owned(),
            backend: Backend::Url(url),
            chosen_by: String::new(),
        };
        let context = || {
            Ok(ClientContext {
                env: Arc::new(Env::default()),
                exec: Arc::new(Scripted::new(Vec::new())),
                patience: RetryPolicy::default(),
                warnings: Default::default(),
            })
        };
        let error = registry(&route, &context, None).err().unwrap();
        assert!(error.message().contains("feature `warg`"), "{error}");
        let fix = "run `cargo install --locked cargo-component --features warg`";
        assert_eq!(error.advice(), Some(fix));
    }
}

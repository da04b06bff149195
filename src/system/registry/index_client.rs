//! Requests to an index of packages, with the certificates, proxies, limits and repetitions
//! that registries have.

use reqwest::{Method, Url};

use super::index::IndexRoute;
use super::oci::ClientContext;
use super::oci::client::wait_for;
use super::oci::error_body::error_summary;
use super::oci::http::{HttpClient, Request};
use super::oci::settings::Settings;
use super::oci::stack::Stack;
use super::routes;
use super::routes::Backend;
use crate::base::error::{Error, ErrorKind, Result};

/// Reads an address of an index: the body of its answer, `None` if it has nothing there. No
/// login is sent.
///
/// # Errors
///
/// If there is no answer, it is too large, or it is neither a success nor `404 Not Found`.
pub fn read(route: &IndexRoute, url: &Url, context: &ClientContext) -> Result<Option<Vec<u8>>> {
    let host = url.host_str().unwrap_or_default();
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let failed = |kind, why: String| {
        Error::new(kind, format!("failed to search the index `{}`", route.name))
            .with_cause(format!("`{url}`: {why}"))
            .with_cause(format!("the index is set in {}", route.chosen_by))
            .hint(format!(
                "check that `{}` can be reached, or remove the index",
                route.url
            ))
    };
    let registry = routes::host(&host, "", &route.layers);
    let Backend::Oci(oci) = &registry.backend else {
        return Ok(None);
    };
    let trust = Settings::read(&host, &oci.settings)?.trust;
    let http = HttpClient::new(Stack::new(url, &trust, oci, context), context);
    let request = Request::new(Method::GET, url.clone()).header("accept", "application/json");
    let reply = wait_for(async {
        let reply = http.exchange(&request).await;
        reply.map_err(|failure| failed(ErrorKind::Io, failure.message))
    })?;
    match reply.status.as_u16() {
        200 => Ok(Some(reply.body)),
        404 => Ok(None),
        _ => Err(failed(
            ErrorKind::Io,
            format!("it answered {}", error_summary(&reply)),
        )),
    }
}

//! The list of the repositories in a registry: `/v2/_catalog`, as the distribution
//! specification of docker has it. OCI leaves it out, and many registries refuse it.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::LINK;
use serde_json::Value;

use super::error_body::error_summary;
use super::headers::next_link;
use super::http::Request;
use super::scope::Scope;
use super::session::Session;
use super::transport_error::TransportError;
use crate::base::error::{ErrorKind, Result};
use crate::base::package::PackageRef;

/// The query for the number of repositories per page; some registries refuse more.
const PAGE: &str = "n=1000";

/// How many pages are read.
const PAGES: usize = 100;

/// How many repositories are listed.
const NAMES: usize = 1_000_000;

/// The longest name of a repository, in bytes.
const NAME_LENGTH: usize = 255;

/// The repositories of a registry, or why it does not list them, a fragment.
pub enum Catalog {
    /// The names of all of them, as far as whoever asks may see them.
    Repositories(BTreeSet<String>),
    /// The registry refuses to list them.
    Refused(String),
}

/// Reads the list of repositories, page by page.
///
/// # Errors
///
/// If the registry cannot be reached, or its answer is no list. A refusal is not one.
pub async fn repositories(session: &Session, error_message: &str) -> Result<Catalog> {
    let scope = Scope::catalog();
    let mut url = session.url(&scope, "_catalog");
    url.set_query(Some(PAGE));
    let mut names = BTreeSet::new();
    for page_number in 0..PAGES {
        let request = Request::new(Method::GET, url.clone()).header("accept", "application/json");
        let reply = match session.exchange(&scope, request, error_message).await {
            Ok(reply) => reply,
            // Its token server gives no token for this.
            Err(e) if page_number == 0 && e.kind() == ErrorKind::Input => {
                let why = e.causes().iter().skip(1).map(String::as_str);
                return Ok(Catalog::Refused(why.collect::<Vec<_>>().join(", ")));
            }
            Err(e) => return Err(e),
        };
        match reply.status.as_u16() {
            200 => {}
            400 | 401 | 403 | 404 | 405 | 410 | 501 if page_number == 0 => {
                let why = format!("`{}` answered {}", session.host(), error_summary(&reply));
                return Ok(Catalog::Refused(why));
            }
            _ => return Err(session.refusal(error_message, &reply)),
        }
        let wrong = |why: String| session.failed(error_message, &TransportError::permanent(why));
        let page: Value = serde_json::from_slice(&reply.body)
            .map_err(|e| wrong(format!("the list of repositories is not JSON: {e}")))?;
        let page = match page.get("repositories") {
            Some(Value::Array(names)) => names.as_slice(),
            Some(Value::Null) => &[],
            _ => return Err(wrong("the list has no `repositories`".to_owned())),
        };
        let before = names.len();
        let page = page.iter().filter_map(Value::as_str);
        let page = page.filter(|name| name.len() <= NAME_LENGTH);
        names.extend(page.map(str::to_owned));
        if names.len() > NAMES {
            return Err(wrong(format!("it lists more than {NAMES} repositories")));
        }
        let links = reply.headers.get_all(LINK);
        let next = next_link(links.iter().filter_map(|value| value.to_str().ok()));
        // A registry that ignores the page would give the same list for ever.
        let Some(next) = next.filter(|_| names.len() > before) else {
            return Ok(Catalog::Repositories(names));
        };
        let next = url.join(&next).ok().filter(|url| session.is_own(url));
        url = next.ok_or_else(|| {
            wrong("the list of repositories continues at another host".to_owned())
        })?;
    }
    let endless =
        format!("its list of repositories has more than {PAGES} pages, which is the limit");
    Err(session.failed(error_message, &TransportError::permanent(endless)))
}

/// The package that a repository with this prefix would hold; `None` for others.
pub fn package_in(prefix: &str, repository: &str) -> Option<PackageRef> {
    let (namespace, name) = repository.strip_prefix(prefix)?.split_once('/')?;
    format!("{namespace}:{name}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repositories_below_the_prefix_are_packages() {
        let package = |prefix: &str, repository: &str| {
            package_in(prefix, repository).map(|package| package.to_string())
        };
        assert_eq!(package("", "wasi/http").as_deref(), Some("wasi:http"));
        assert_eq!(package("team/", "team/a/b").as_deref(), Some("a:b"));
        for (prefix, repository) in [
            ("", "alone"),
            ("", "a/b/c"),
            ("", "a/b_c"),
            ("team/", "a/b"),
            ("team/", "teams/a/b"),
            ("team/", "team/a"),
        ] {
            assert_eq!(package(prefix, repository), None, "{prefix} {repository}");
        }
    }
}

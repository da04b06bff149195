//! The description that a host gives of itself:
//! `/.well-known/wasm-pkg/registry.json`.

use std::collections::BTreeMap;

use reqwest::{Method, Url};
use serde_json::Value;

use super::client::wait_for;
use super::client_context::ClientContext;
use super::error_body::error_summary;
use super::http::{HttpClient, Request};
use super::reference;
use super::settings::Settings;
use super::stack::Stack;
use crate::base::error::{Error, ErrorKind, Result};
use crate::model::url_protocol::URL_PROTOCOLS;
use crate::system::registry::config::Metadata;
use crate::system::registry::layers::{Layers, is_loopback};
use crate::system::registry::routes;
use crate::system::registry::routes::Backend;

const PATH: &str = ".well-known/wasm-pkg/registry.json";

/// The description that a host gives of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The metadata of the document; empty where there is none.
    pub metadata: Metadata,
    /// Whether it comes from the host itself, over a connection on which nobody
    /// could change it.
    pub own: bool,
}

/// Fetches the description of a host. The configuration's table for OCI gives
/// the scheme and the trusted certificates. Where there is no such document,
/// the metadata is empty; every other failure is an error that names it.
pub fn discover(host: &str, layers: &Layers, context: ClientContext) -> Result<Document> {
    let route = routes::host(host, "", layers);
    let Backend::Oci(oci) = &route.backend else {
        return Ok(Document::default());
    };
    let settings = Settings::read(host, &oci.settings)?;
    let address = format!("{}://{host}/{PATH}", settings.scheme_for(host));
    let failed = |kind, cause: String| {
        Error::new(
            kind,
            format!("failed to read the description of the registry `{host}`"),
        )
        .with_cause(format!("`{address}`: {cause}"))
    };
    let url = match reference::is_host(host) {
        true => Url::parse(&address).map_err(|e| failed(ErrorKind::Input, e.to_string()))?,
        false => return Err(failed(ErrorKind::Input, "this is not a host".to_owned())),
    };
    let http = HttpClient::new(Stack::new(&url, &settings.trust, oci, &context), &context);
    let request = Request::new(Method::GET, url.clone()).header("accept", "application/json");
    let reply = wait_for(async {
        let reply = http.exchange(&request).await;
        reply.map_err(|failure| {
            failed(ErrorKind::Io, failure.message)
                .hint(format!("check that `{host}` can be reached; for a registry without this document, use `oci://{host}`"))
        })
    })?;
    let hint = format!("if `{host}` is an OCI registry, use `oci://{host}`");
    let safe = match url.scheme() {
        "https" => !settings.trust.accept_invalid,
        _ => is_loopback(host),
    };
    match reply.status.as_u16() {
        200 => Ok(Document {
            metadata: parse(&reply.body)
                .map_err(|cause| failed(ErrorKind::Input, cause).hint(hint))?,
            own: safe && reply.url.origin() == url.origin(),
        }),
        404 | 410 => Ok(Document::default()),
        _ => Err(failed(ErrorKind::Io, error_summary(&reply)).hint(hint)),
    }
}

/// Reads the document. Members that are not known are ignored, those that are
/// must make sense. The error is a fragment.
pub fn parse(bytes: &[u8]) -> Result<Metadata, String> {
    let document: Value =
        serde_json::from_slice(bytes).map_err(|e| format!("the document is invalid: {e}"))?;
    if !document.is_object() {
        return Err("the document is invalid: it is not an object".to_owned());
    }
    let member = |object: &str, key: &str| -> Result<Option<String>, String> {
        let (display_key, value) = match object {
            "" => (key.to_owned(), document.get(key)),
            _ => match document.get(object) {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::Object(table)) => (format!("{object}.{key}"), table.get(key)),
                Some(_) => {
                    return Err(format!(
                        "the document is invalid: `{object}` is not an object"
                    ));
                }
            },
        };
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!(
                "the document is invalid: `{display_key}` is not a string"
            )),
        }
    };
    let mut urls = BTreeMap::new();
    for protocol in URL_PROTOCOLS {
        let legacy = protocol.legacy_url_member.map(|key| member("", key));
        let url = member(protocol.name, "url")?;
        if let Some(url) = legacy.transpose()?.flatten().or(url) {
            urls.insert(protocol.name, url);
        }
    }
    // The older members have the last word, as in wkg.
    let metadata = Metadata {
        preferred_protocol: member("", "preferredProtocol")?,
        oci_registry: member("", "ociRegistry")?.or(member("oci", "registry")?),
        oci_namespace_prefix: member("", "ociNamespacePrefix")?
            .or(member("oci", "namespacePrefix")?),
        urls,
    };
    let host = metadata.oci_registry.as_deref();
    match host.filter(|host| !reference::is_host(host)) {
        Some(host) => Err(format!("the document is invalid: `{host}` is not a host")),
        None => Ok(metadata),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_document_is_read() {
        let modern = parse(br#"{"$schema":"x","preferredProtocol":"oci","oci":{"registry":"ghcr.io","namespacePrefix":"webassembly/","more":1},"warg":{"url":"https://w"},"other":[1]}"#).unwrap();
        let legacy = parse(br#"{"preferredProtocol":"oci","ociRegistry":"ghcr.io","ociNamespacePrefix":"webassembly/","wargUrl":"https://w","oci":{"registry":"ignored"}}"#).unwrap();
        assert_eq!(modern, legacy);
        assert_eq!(modern.oci_registry.as_deref(), Some("ghcr.io"));
        assert_eq!(
            modern.urls.get("warg").map(String::as_str),
            Some("https://w")
        );
        assert_eq!(parse(b"{}").unwrap(), Metadata::default());
        assert_eq!(parse(br#"{"oci":null}"#).unwrap(), Metadata::default());
    }

    #[test]
    fn a_broken_document_is_an_error() {
        for (text, message) in [
            ("<!doctype html>", "invalid"),
            ("", "invalid"),
            ("[]", "not an object"),
            (r#"{"oci":"ghcr.io"}"#, "`oci` is not an object"),
            (
                r#"{"oci":{"registry":1}}"#,
                "`oci.registry` is not a string",
            ),
            (r#"{"preferredProtocol":{}}"#, "`preferredProtocol`"),
            (r#"{"ociRegistry":"https://ghcr.io/x"}"#, "is not a host"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}

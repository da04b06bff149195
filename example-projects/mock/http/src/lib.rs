//! Reads pages of the web with `wasi:http` 0.2.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, IncomingResponse, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

struct Component;

impl bindings::Guest for Component {
    fn get(url: String) -> Result<String, String> {
        let request = request(&url).ok_or(format!("{url} is not a URL"))?;
        let response = handle(request, None).map_err(|e| e.to_string())?;
        response.subscribe().block();
        match response.get() {
            Some(Ok(Ok(response))) => body(&response),
            Some(Ok(Err(error))) => Err(error.to_string()),
            _ => Err("there is no response".to_owned()),
        }
    }
}

/// The request for a URL; `None` if it is none.
fn request(url: &str) -> Option<OutgoingRequest> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return None,
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(host)).ok()?;
    request
        .set_path_with_query(Some(&format!("/{path}")))
        .ok()?;
    Some(request)
}

/// The whole body of a response, as text.
fn body(response: &IncomingResponse) -> Result<String, String> {
    let body = response.consume().expect("it is taken once");
    let stream = body.stream().expect("it is taken once");
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

bindings::export!(Component with_types_in bindings);

//! An HTTP service on WASI 0.2: greets, and sends back what is posted.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use bindings::wasi::io::streams::StreamError;

struct Component;

impl Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let (status, text) = match (request.method(), request.path_with_query().as_deref()) {
            (Method::Get, Some("/")) => (200, b"Hello from wasi:http 0.2\n".to_vec()),
            (Method::Post, Some("/echo")) => (200, body(&request)),
            _ => (404, b"there are only GET / and POST /echo\n".to_vec()),
        };
        respond(out, status, &text);
    }
}

/// Everything the client sends.
fn body(request: &IncomingRequest) -> Vec<u8> {
    let body = request.consume().expect("it is taken once");
    let stream = body.stream().expect("it is taken once");
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => return bytes,
            Err(error) => panic!("the client went away: {error}"),
        }
    }
}

fn respond(out: ResponseOutparam, status: u16, text: &[u8]) {
    let headers = Fields::new();
    headers
        .append("content-type", b"text/plain; charset=utf-8")
        .expect("the header is allowed");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("the status exists");
    let body = response.body().expect("it is taken once");
    // The response goes out first, its body follows.
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("it is taken once");
    for piece in text.chunks(4096) {
        stream
            .blocking_write_and_flush(piece)
            .expect("the client listens");
    }
    drop(stream);
    OutgoingBody::finish(body, None).expect("no length was promised");
}

bindings::export!(Component with_types_in bindings);

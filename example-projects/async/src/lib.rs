//! An HTTP service on WASI 0.3. `async fn` all the way: while one waits for the
//! clock or the client, the others go on.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::Guest;
use bindings::exports::wasi::http::handler::Guest as Handler;
use bindings::wasi::clocks::monotonic_clock::wait_for;
use bindings::wasi::http::types::{ErrorCode, Fields, Request, Response};
use bindings::{wit_future, wit_stream};

struct Component;

impl Handler for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let start = match path.trim_start_matches('/') {
            "" => 3,
            number => number
                .parse()
                .map_err(|_| ErrorCode::InternalError(Some("that is no number".to_owned())))?,
        };
        let (mut body, contents) = wit_stream::new();
        let (trailers, no_trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(Fields::new(), Some(contents), no_trailers);
        // The response goes out now; its body is written number by number.
        wit_bindgen::spawn_local(async move {
            for number in (1..=start).rev() {
                wait_for(1_000_000).await;
                let rest = body.write_all(format!("{number}\n").into_bytes()).await;
                if !rest.is_empty() {
                    return;
                }
            }
            drop(body);
            let _ = trailers.write(Ok(None)).await;
        });
        Ok(response)
    }
}

impl Guest for Component {
    async fn countdown(start: u32, pause: u32) -> Vec<u32> {
        let mut numbers = Vec::new();
        for number in (1..=start).rev() {
            wait_for(u64::from(pause) * 1_000_000).await;
            numbers.push(number);
        }
        numbers
    }
}

bindings::export!(Component with_types_in bindings);

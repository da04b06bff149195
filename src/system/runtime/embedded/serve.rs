//! A small HTTP/1 server around a handler of either generation.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::compiled::Compiled;
use super::engine::tokio_runtime;
use super::request_handler::{Connection, RequestHandler};
use crate::base::error::{Error, ErrorKind, Result};
use crate::system::runtime::outcome::{EventHandler, ServerEvent};
use crate::system::runtime::permissions::Permissions;

/// How long to wait after a connection could not be accepted, as when the system
/// is out of descriptors.
const ACCEPT_DELAY: Duration = Duration::from_millis(50);
/// How long the head of a request may take, from the end of the request before;
/// no longer than the timeout of the whole request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How many bytes the head of a request may have; it may have 100 fields.
const HEAD_BYTES: usize = 64 << 10;
/// How many connections are served at the same time; others wait.
const MAX_CONNECTIONS: usize = 256;

/// The handler of new requests. Each request keeps the handler that it began with.
struct CurrentHandler(RwLock<Arc<RequestHandler>>);

impl CurrentHandler {
    fn get(&self) -> Arc<RequestHandler> {
        let handler = self.0.read().unwrap_or_else(PoisonError::into_inner);
        handler.clone()
    }

    fn set(&self, handler: Arc<RequestHandler>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = handler;
    }
}

/// A server that runs in the background until it is dropped.
pub struct RunningServer {
    /// Has a value until it is dropped.
    runtime: Option<Runtime>,
    handler: Arc<CurrentHandler>,
    on_event: EventHandler,
}

impl RunningServer {
    /// Has another component answer all further requests.
    pub fn replace(&self, compiled: &Compiled, permissions: &Permissions) -> Result<()> {
        let handler = RequestHandler::new(compiled, permissions, self.on_event.clone())?;
        self.handler.set(Arc::new(handler));
        Ok(())
    }
}

impl Drop for RunningServer {
    /// Requests that are being answered are cut off.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Compiled {
    /// Serves requests until the server is dropped.
    pub fn serve(
        &self,
        addr: &str,
        permissions: &Permissions,
        on_event: EventHandler,
    ) -> Result<RunningServer> {
        let handler = RequestHandler::new(self, permissions, on_event.clone())?;
        let handler = Arc::new(CurrentHandler(RwLock::new(Arc::new(handler))));
        let runtime = tokio_runtime()?;
        let refused = |e: std::io::Error| {
            Error::new(ErrorKind::Io, format!("failed to listen on `{addr}`"))
                .with_cause(e)
                .hint(
                    "use a free address and port; port 0 selects a free port: `--addr 127.0.0.1:0`",
                )
        };
        let listener = runtime.block_on(TcpListener::bind(addr)).map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        report_interrupts(on_event.clone())?;
        on_event(ServerEvent::Listening(addr));
        runtime.spawn(accept(listener, handler.clone()));
        Ok(RunningServer {
            runtime: Some(runtime),
            handler,
            on_event,
        })
    }
}

/// Waits for Ctrl-C in a thread of its own, since handlers that compute without pause may
/// occupy all the others.
fn report_interrupts(on_event: EventHandler) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::unsupported("failed to wait for Ctrl-C").with_cause(e))?;
    std::thread::spawn(move || {
        // Where no handler can be installed, the signal ends the process.
        while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            on_event(ServerEvent::Interrupted);
        }
    });
    Ok(())
}

async fn accept(listener: TcpListener, handler: Arc<CurrentHandler>) {
    let free_connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&free_connections).acquire_owned().await else {
            return;
        };
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_DELAY).await;
            continue;
        };
        let handler = handler.clone();
        let task: Arc<OnceLock<_>> = Arc::default();
        let connection = Connection {
            peer,
            task: task.clone(),
        };
        let serving = tokio::spawn(async move {
            serve_connection(stream, connection, handler).await;
            drop(permit);
        });
        let _ = task.set(serving.abort_handle());
    }
}

/// Answers the requests of one connection.
async fn serve_connection(stream: TcpStream, connection: Connection, handler: Arc<CurrentHandler>) {
    let timeout = handler.get().timeout();
    let head = timeout.map_or(HEAD_TIMEOUT, |limit| limit.min(HEAD_TIMEOUT));
    let service = service_fn(move |request| {
        let (handler, connection) = (handler.get(), connection.clone());
        async move { Ok::<_, hyper::Error>(handler.answer(request, connection).await) }
    });
    // A closed connection is no event.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::SocketAddr;
    use std::sync::mpsc;

    use super::*;
    use crate::system::runtime::component_file::Optimization;
    use crate::system::runtime::embedded::fault::Faults;
    use crate::system::runtime::permissions::Interrupts;
    use crate::system::runtime::trace_options::TraceOptions;

    /// A 0.2 handler that never sets a response.
    const SILENT: &str = r#"(component
        (import "wasi:http/types@0.2.0" (instance $types
            (export "incoming-request" (type (sub resource)))
            (export "response-outparam" (type (sub resource)))))
        (alias export $types "incoming-request" (type $request))
        (alias export $types "response-outparam" (type $out))
        (core module $m (func (export "handle") (param i32 i32)))
        (core instance $i (instantiate $m))
        (type $own-request (own $request))
        (type $own-out (own $out))
        (func $handle (param "request" $own-request) (param "out" $own-out)
            (canon lift (core func $i "handle")))
        (instance $handler (export "handle" (func $handle)))
        (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#;

    fn compiled(text: &str) -> Compiled {
        let (optimization, interrupts) = (Optimization::None, Interrupts::Regular);
        let bytes = wat::parse_str(text).unwrap();
        let faults = Faults::new(bytes, TraceOptions::default(), interrupts);
        Compiled::new(faults, "test.wasm".to_string(), optimization, interrupts).unwrap()
    }

    /// A handler of events, and these.
    fn events() -> (EventHandler, mpsc::Receiver<ServerEvent>) {
        let (sender, received) = mpsc::channel();
        let on_event = move |event| {
            let _ = sender.send(event);
        };
        (Arc::new(on_event), received)
    }

    fn listening(events: &mpsc::Receiver<ServerEvent>) -> SocketAddr {
        match events.recv() {
            Ok(ServerEvent::Listening(addr)) => addr,
            other => panic!("{other:?}"),
        }
    }

    /// Sends a request on a connection that stays open, and reads the head of the answer.
    fn ask(stream: &mut std::net::TcpStream) -> String {
        stream
            .write_all(b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap();
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    #[test]
    fn a_handler_without_an_answer_is_reported_and_the_server_goes_on() {
        let (on_event, events) = events();
        let permissions = Permissions::default();
        let server = compiled(SILENT).serve("127.0.0.1:0", &permissions, on_event);
        let server = server.unwrap();
        let addr = listening(&events);
        for _ in 0..2 {
            let mut stream = std::net::TcpStream::connect(addr).unwrap();
            assert!(ask(&mut stream).starts_with("HTTP/1.1 500 "));
            let Ok(ServerEvent::Failed(error)) = events.recv() else {
                panic!("no failure was reported");
            };
            let error = error.to_string();
            assert!(
                error.contains("GET /x") && error.contains("set no response"),
                "{error}"
            );
        }
        drop(server);
    }

    #[test]
    fn another_component_answers_further_requests_of_an_open_connection() {
        let (on_event, events) = events();
        let permissions = Permissions::default();
        let server = compiled(SILENT).serve("127.0.0.1:0", &permissions, on_event);
        let server = server.unwrap();
        let mut stream = std::net::TcpStream::connect(listening(&events)).unwrap();
        let mut failure = || {
            ask(&mut stream);
            match events.recv() {
                Ok(ServerEvent::Failed(error)) => error.to_string(),
                other => panic!("{other:?}"),
            }
        };
        assert!(failure().contains("set no response"));
        let traps = SILENT.replace("(param i32 i32))", "(param i32 i32) (unreachable))");
        server.replace(&compiled(&traps), &permissions).unwrap();
        assert!(failure().contains("unreachable"));
        // What cannot be served changes nothing.
        let no_handler = server.replace(&compiled("(component)"), &permissions);
        assert!(no_handler.is_err());
        assert!(failure().contains("unreachable"));
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        let error = |text: &str, addr: &str| {
            let (on_event, _) = events();
            let server = compiled(text).serve(addr, &Permissions::default(), on_event);
            server.err().unwrap().to_string()
        };
        let no_handler = error("(component)", "127.0.0.1:0");
        assert!(no_handler.contains("incoming-handler"), "{no_handler}");
        let no_address = error(SILENT, "nowhere");
        assert!(no_address.contains("`nowhere`"), "{no_address}");
    }
}

//! A small HTTP/1 server around a handler of either generation.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

use super::compiled::Compiled;
use super::engine::tokio_runtime;
use super::request_handler::{Connection, RequestHandler};
use super::server_message::ServerMessage;
use crate::base::error::{Error, ErrorKind, Result};
use crate::system::runtime::outcome::ServerEvent;
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

impl Compiled {
    /// Serves requests until Ctrl-C ends the server.
    pub fn serve(
        &self,
        addr: &str,
        permissions: &Permissions,
        on_event: &mut dyn FnMut(ServerEvent) -> Result<()>,
    ) -> Result<i32> {
        self.serve_until(addr, permissions, on_event, async {
            // Where no handler can be installed, the signal ends the process.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn serve_until(
        &self,
        addr: &str,
        permissions: &Permissions,
        on_event: &mut dyn FnMut(ServerEvent) -> Result<()>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<i32> {
        let (sender, mut messages) = mpsc::unbounded_channel();
        let handler = Arc::new(RequestHandler::new(self, permissions, sender.clone())?);
        let runtime = tokio_runtime()?;
        stop_in_thread(stop, sender)?;
        let result = runtime.block_on(async {
            let refused = |e: std::io::Error| {
                Error::new(ErrorKind::Io, format!("failed to listen on `{addr}`"))
                    .with_cause(e)
                    .hint("use a free address and port; port 0 selects a free port: `--addr 127.0.0.1:0`")
            };
            let listener = TcpListener::bind(addr).await.map_err(refused)?;
            on_event(ServerEvent::Listening(
                listener.local_addr().map_err(refused)?,
            ))?;
            tokio::spawn(accept(listener, handler));
            while let Some(ServerMessage::Event(event)) = messages.recv().await {
                on_event(event)?;
            }
            Ok(0)
        });
        // Requests that are being answered are cut off.
        runtime.shutdown_background();
        result
    }
}

/// Waits for `stop` in a thread of its own, since handlers that compute without
/// pause may occupy all the others, and then sends the message to stop.
fn stop_in_thread(
    stop: impl Future<Output = ()> + Send + 'static,
    sender: mpsc::UnboundedSender<ServerMessage>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::unsupported("failed to wait for Ctrl-C").with_cause(e))?;
    std::thread::spawn(move || {
        runtime.block_on(stop);
        // Nobody receives it once the server has ended.
        let _ = sender.send(ServerMessage::Stop);
    });
    Ok(())
}

async fn accept(listener: TcpListener, handler: Arc<RequestHandler>) {
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
async fn serve_connection(stream: TcpStream, connection: Connection, handler: Arc<RequestHandler>) {
    let head = handler
        .timeout()
        .map_or(HEAD_TIMEOUT, |limit| limit.min(HEAD_TIMEOUT));
    let service = service_fn(move |request| {
        let (handler, connection) = (handler.clone(), connection.clone());
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

    use ::tokio::sync::oneshot;

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
        let faults = Faults {
            bytes: wat::parse_str(text).unwrap(),
            trace: TraceOptions::default(),
        };
        let (optimization, interrupts) = (Optimization::None, Interrupts::Regular);
        Compiled::new(faults, "test.wasm".to_string(), optimization, interrupts).unwrap()
    }

    #[test]
    fn a_handler_without_an_answer_is_reported_and_the_server_goes_on() {
        let (stop, stopped) = oneshot::channel::<()>();
        let mut stop = Some(stop);
        let mut failures = Vec::new();
        let code = compiled(SILENT).serve_until(
            "127.0.0.1:0",
            &Permissions::default(),
            &mut |event| {
                match event {
                    ServerEvent::Listening(addr) => {
                        std::thread::spawn(move || {
                            for _ in 0..2 {
                                let mut stream = std::net::TcpStream::connect(addr).unwrap();
                                stream
                                    .write_all(
                                        b"GET /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
                                    )
                                    .unwrap();
                                let mut answer = String::new();
                                stream.read_to_string(&mut answer).unwrap();
                                assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
                            }
                        });
                    }
                    ServerEvent::Refused(what) | ServerEvent::ClientLeft(what) => panic!("{what}"),
                    ServerEvent::Failed(error) => {
                        failures.push(error.to_string());
                        if failures.len() == 2 {
                            stop.take().map(|stop| stop.send(()));
                        }
                    }
                }
                Ok(())
            },
            async {
                let _ = stopped.await;
            },
        );
        assert_eq!(code.unwrap(), 0);
        assert!(failures[1].contains("GET /x") && failures[1].contains("set no response"));
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        let permissions = Permissions::default();
        let error = compiled("(component)")
            .serve_until("127.0.0.1:0", &permissions, &mut |_| Ok(()), async {})
            .unwrap_err();
        assert!(error.message().contains("incoming-handler"), "{error}");
        let error = compiled(SILENT)
            .serve_until("nowhere", &permissions, &mut |_| Ok(()), async {})
            .unwrap_err();
        assert!(error.message().contains("`nowhere`"), "{error}");
    }
}

//! A small HTTP/1 server around a handler of either generation.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p3::Request as Request3;
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

use super::host::{Host, Stdio};
use super::{Compiled, fault, tokio};
use crate::advice::{Error, ErrorKind, Result};
use crate::runtime::exports::{self, Entry, Wasi};
use crate::runtime::{Event, Grant};

/// How long accepting rests after it failed, which it does when the system is
/// out of descriptors.
const REST: Duration = Duration::from_millis(50);

/// What the threads of the server tell the one that started it.
enum News {
    Event(Event),
    Stop,
}

impl Compiled {
    /// Serves until Ctrl-C.
    pub fn serve(
        &self,
        addr: &str,
        grant: &Grant,
        on: &mut dyn FnMut(Event) -> Result<()>,
    ) -> Result<i32> {
        self.serve_until(addr, grant, on, async {
            // Where the signal cannot be listened to, its usual effect stays.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn serve_until(
        &self,
        addr: &str,
        grant: &Grant,
        on: &mut dyn FnMut(Event) -> Result<()>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<i32> {
        let (news, mut heard) = mpsc::unbounded_channel();
        let handler = Arc::new(self.handler(grant, news.clone())?);
        // Fails now rather than at every request.
        handler.store()?;
        let runtime = tokio()?;
        stop_by_itself(stop, news)?;
        let result = runtime.block_on(async {
            let refused = |e: std::io::Error| {
                Error::new(ErrorKind::Io, format!("failed to listen on `{addr}`"))
                    .because(e)
                    .hint("give a free address and port, port 0 takes any: `--addr 127.0.0.1:0`")
            };
            let listener = TcpListener::bind(addr).await.map_err(refused)?;
            on(Event::Listening(listener.local_addr().map_err(refused)?))?;
            tokio::spawn(accept(listener, handler));
            while let Some(News::Event(event)) = heard.recv().await {
                on(event)?;
            }
            Ok(0)
        });
        // Requests that are still answered are cut off.
        runtime.shutdown_background();
        result
    }

    fn handler(&self, grant: &Grant, news: mpsc::UnboundedSender<News>) -> Result<Handler> {
        let instance = self.link()?;
        let misfit = |e: wasmtime::Error| fault::error("its HTTP handler has an unknown shape", &e);
        let entry = match exports::entry(&self.bytes)? {
            // A command may have a handler as well, and this one is asked for.
            Entry::Command(_) => [Wasi::V0_3, Wasi::V0_2]
                .into_iter()
                .find(|wasi| match wasi {
                    Wasi::V0_2 => ProxyPre::new(instance.clone()).is_ok(),
                    Wasi::V0_3 => ServicePre::new(instance.clone()).is_ok(),
                }),
            Entry::Http(wasi) => Some(wasi),
            Entry::Library(_) => None,
        };
        let pre = match entry {
            Some(Wasi::V0_2) => Pre::V0_2(ProxyPre::new(instance).map_err(misfit)?),
            Some(Wasi::V0_3) => Pre::V0_3(ServicePre::new(instance).map_err(misfit)?),
            None => {
                return Err(Error::input(format!(
                    "`{}` exports neither `wasi:http/incoming-handler` nor `wasi:http/handler`",
                    self.name
                ))
                .hint("run it with `cargo component run`"));
            }
        };
        Ok(Handler {
            pre,
            engine: self.engine.clone(),
            name: self.name.clone(),
            grant: grant.clone(),
            news,
        })
    }
}

/// Waits for the end on a thread of its own: handlers that compute without
/// pause may occupy all the others.
fn stop_by_itself(
    stop: impl Future<Output = ()> + Send + 'static,
    news: mpsc::UnboundedSender<News>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::unsupported("failed to wait for Ctrl-C").because(e))?;
    std::thread::spawn(move || {
        runtime.block_on(stop);
        // Nobody listens when the server has ended already.
        let _ = news.send(News::Stop);
    });
    Ok(())
}

async fn accept(listener: TcpListener, handler: Arc<Handler>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let handler = handler.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let handler = handler.clone();
                async move { Ok::<_, hyper::Error>(handler.answer(request, peer).await) }
            });
            // A client that goes away is no event.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

enum Pre {
    V0_2(ProxyPre<Host>),
    V0_3(ServicePre<Host>),
}

struct Handler {
    pre: Pre,
    engine: wasmtime::Engine,
    name: String,
    grant: Grant,
    news: mpsc::UnboundedSender<News>,
}

/// What an instance sends back: the response, or why there is none.
type Answer = Result<Response<WasiBody>>;

impl Handler {
    /// The component's answer, or status 500 and the news of it.
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<WasiBody> {
        let line = format!("{} {}", request.method(), request.uri().path());
        match self.clone().handle(request).await {
            Ok(response) => response,
            Err(error) => {
                let error = error.context(format!("failed to answer `{line}` of {peer}"));
                // Nobody listens when the server has ended already.
                let _ = self.news.send(News::Event(Event::Failed(error)));
                let text = Bytes::from_static(b"the component failed to answer\n");
                let body = Full::new(text).map_err(|never| match never {});
                let mut response = Response::new(body.boxed_unsync());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }

    /// Answers one request. The instance goes on after it has answered, until
    /// its body is sent and the handler has returned.
    async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        let (sender, receiver) = oneshot::channel::<Answer>();
        tokio::spawn(async move {
            match &self.pre {
                Pre::V0_2(pre) => self.handle_0_2(pre, request, sender).await,
                Pre::V0_3(pre) => self.handle_0_3(pre, request, sender).await,
            }
        });
        receiver
            .await
            .unwrap_or_else(|_| Err(Error::input("the handler never set a response")))
    }

    /// Answers with the error, or tells of it where the answer is out already.
    fn fail(&self, error: Error, sender: Option<oneshot::Sender<Answer>>) {
        let Some(sender) = sender else {
            let error = error.context("the handler failed after it had answered");
            let _ = self.news.send(News::Event(Event::Failed(error)));
            return;
        };
        let _ = sender.send(Err(error));
    }

    fn store(&self) -> Result<wasmtime::Store<Host>> {
        Host::store(&self.engine, &self.name, &self.grant, Stdio::Inherited)
    }

    async fn handle_0_2(
        &self,
        pre: &ProxyPre<Host>,
        request: Request<Incoming>,
        sender: oneshot::Sender<Answer>,
    ) {
        // Whichever comes first goes out: the response, or a fault before it.
        let (first, set) = oneshot::channel();
        let handled = async {
            let mut store = self.store()?;
            let fault = |e: wasmtime::Error| fault::fault(&e);
            let request = store
                .data_mut()
                .http()
                .new_incoming_request(Scheme::Http, request)
                .map_err(fault)?;
            let out = store
                .data_mut()
                .http()
                .new_response_outparam(first)
                .map_err(fault)?;
            let proxy = pre.instantiate_async(&mut store).await.map_err(fault)?;
            let handler = proxy.wasi_http_incoming_handler();
            handler
                .call_handle(&mut store, request, out)
                .await
                .map_err(fault)
        };
        let sent = tokio::spawn(async move {
            match set.await {
                Ok(response) => {
                    let response = response.map_err(|code| refusal(&code));
                    let _ = sender.send(response);
                    None
                }
                Err(_) => Some(sender),
            }
        });
        let handled: Result<()> = handled.await;
        // The sender comes back unused where nothing was set.
        let unused = sent.await.ok().flatten();
        if let Err(error) = handled {
            self.fail(error, unused);
        }
    }

    async fn handle_0_3(
        &self,
        pre: &ServicePre<Host>,
        request: Request<Incoming>,
        sender: oneshot::Sender<Answer>,
    ) {
        let mut sender = Some(sender);
        let handled = async || -> Result<()> {
            let mut store = self.store()?;
            let fault = |e: wasmtime::Error| fault::fault(&e);
            let service = pre.instantiate_async(&mut store).await.map_err(fault)?;
            let (request, received) = Request3::from_http(store.data_mut().http().hooks, request);
            let sender = &mut sender;
            let run = store.run_concurrent(async |store| {
                let response = match service.handle(store, request).await.map_err(fault)? {
                    Ok(response) => response,
                    Err(code) => return Err(refusal(&code)),
                };
                let (done, sent) = oneshot::channel();
                let response = store
                    .with(|store| response.into_http(store, received))
                    .map_err(fault)?
                    .map(|body| Watched::new(body, done).boxed_unsync());
                if let Some(sender) = sender.take() {
                    let _ = sender.send(Ok(response));
                }
                // The body is produced by the instance; it is dropped once it
                // is sent, or once the client is gone.
                let _ = sent.await;
                Ok(())
            });
            run.await.map_err(fault)?
        };
        if let Err(error) = handled().await {
            self.fail(error, sender);
        }
    }
}

/// The error a handler answered with instead of a response.
fn refusal(code: &dyn std::fmt::Debug) -> Error {
    Error::input("the handler answered with an error").because(format!("{code:?}"))
}

/// A body that tells when it is dropped.
struct Watched {
    body: WasiBody,
    _done: oneshot::Sender<()>,
}

impl Watched {
    fn new(body: WasiBody, done: oneshot::Sender<()>) -> Self {
        Watched { body, _done: done }
    }
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::result::Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

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
        Compiled::new(wat::parse_str(text).unwrap(), "test.wasm".to_string()).unwrap()
    }

    #[test]
    fn a_handler_without_an_answer_is_reported_and_the_server_goes_on() {
        let (stop, stopped) = oneshot::channel::<()>();
        let mut stop = Some(stop);
        let mut failures = Vec::new();
        let code = compiled(SILENT).serve_until(
            "127.0.0.1:0",
            &Grant::default(),
            &mut |event| {
                match event {
                    Event::Listening(addr) => {
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
                    Event::Failed(error) => {
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
        assert!(failures[1].contains("GET /x") && failures[1].contains("never set a response"));
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        let grant = Grant::default();
        let error = compiled("(component)")
            .serve_until("127.0.0.1:0", &grant, &mut |_| Ok(()), async {})
            .unwrap_err();
        assert!(error.message().contains("incoming-handler"), "{error}");
        let error = compiled(SILENT)
            .serve_until("nowhere", &grant, &mut |_| Ok(()), async {})
            .unwrap_err();
        assert!(error.message().contains("`nowhere`"), "{error}");
    }
}

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
        let handler = Arc::new(self.handler(grant)?);
        // Fails now rather than at every request.
        Host::store(&self.engine, &self.name, grant, Stdio::Inherited)?;
        let (news, mut heard) = mpsc::unbounded_channel();
        let runtime = tokio()?;
        stop_by_itself(stop, news.clone())?;
        let result = runtime.block_on(async {
            let refused = |e: std::io::Error| {
                Error::new(ErrorKind::Io, format!("failed to listen on `{addr}`"))
                    .because(e)
                    .hint("give a free address and port, port 0 takes any: `--addr 127.0.0.1:0`")
            };
            let listener = TcpListener::bind(addr).await.map_err(refused)?;
            on(Event::Listening(listener.local_addr().map_err(refused)?))?;
            tokio::spawn(accept(listener, handler, news));
            while let Some(News::Event(event)) = heard.recv().await {
                on(event)?;
            }
            Ok(0)
        });
        // Requests that are still answered are cut off.
        runtime.shutdown_background();
        result
    }

    fn handler(&self, grant: &Grant) -> Result<Handler> {
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

async fn accept(listener: TcpListener, handler: Arc<Handler>, news: mpsc::UnboundedSender<News>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let (handler, news) = (handler.clone(), news.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let (handler, news) = (handler.clone(), news.clone());
                async move { Ok::<_, hyper::Error>(answer(handler, request, peer, &news).await) }
            });
            // A client that goes away is no event.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// The component's answer, or status 500 and the news of it.
async fn answer(
    handler: Arc<Handler>,
    request: Request<Incoming>,
    peer: SocketAddr,
    news: &mpsc::UnboundedSender<News>,
) -> Response<WasiBody> {
    let line = format!("{} {}", request.method(), request.uri().path());
    match handler.handle(request).await {
        Ok(response) => response,
        Err(error) => {
            let error = error.context(format!("failed to answer `{line}` of {peer}"));
            let _ = news.send(News::Event(Event::Failed(error)));
            let text = Bytes::from_static(b"the component failed to answer\n");
            let body = Full::new(text)
                .map_err(|never| match never {})
                .boxed_unsync();
            let mut response = Response::new(body);
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
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
}

/// What an instance sends back: the response, or why there is none.
type Answer = Result<Response<WasiBody>>;

impl Handler {
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
        if let (Err(error), Ok(Some(sender))) = (handled, sent.await) {
            let _ = sender.send(Err(error));
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
        if let (Err(error), Some(sender)) = (handled().await, sender) {
            let _ = sender.send(Err(error));
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

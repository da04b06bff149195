//! One request: an instance of its own answers it, for as long as there is time
//! and somebody who waits.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p3::Request as Request3;
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

use super::host::{Host, Stdio};
use super::missed::{Missed, within};
use super::serve::News;
use super::{Compiled, fault};
use crate::base::error::{Error, Result};
use crate::system::runtime::exports;
use crate::system::runtime::exports::{Entry, Wasi};
use crate::system::runtime::{Event, Grant};

/// How many instances there are at once; requests wait for one.
const INSTANCES: usize = 256;

enum Pre {
    V0_2(ProxyPre<Host>),
    V0_3(ServicePre<Host>),
}

/// What answers requests.
pub struct Handler {
    pre: Pre,
    engine: wasmtime::Engine,
    name: String,
    grant: Grant,
    news: mpsc::UnboundedSender<News>,
    turns: Semaphore,
    /// Whether it was told that something is missing.
    told: AtomicBool,
}

/// Where a request comes from.
#[derive(Clone)]
pub struct Connection {
    /// The client.
    pub peer: SocketAddr,
    /// What serves the connection, once that is known.
    pub task: Arc<OnceLock<AbortHandle>>,
}

/// Why a request has no answer of the component, and the status instead.
struct Failure {
    status: StatusCode,
    error: Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error,
        }
    }
}

/// What an instance sends back: the response, or why there is none.
type Answer = Result<Response<WasiBody>, Failure>;

/// The way back to the client, for one answer; clones lead to the same one.
#[derive(Clone)]
struct Reply(Arc<Mutex<Option<oneshot::Sender<Answer>>>>);

impl Reply {
    fn new() -> (Self, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        (Reply(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    /// Sends the answer; gives it back where one was sent before.
    fn send(&self, answer: Answer) -> Option<Answer> {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match sender {
            // A client that has gone is no failure.
            Some(sender) => {
                let _ = sender.send(answer);
                None
            }
            None => Some(answer),
        }
    }

    fn is_sent(&self) -> bool {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.is_none()
    }
}

impl Handler {
    /// The handler of a component; fails where no request could be answered.
    pub fn new(
        compiled: &Compiled,
        grant: &Grant,
        news: mpsc::UnboundedSender<News>,
    ) -> Result<Self> {
        let instance = compiled.link()?;
        let misfit = |e: wasmtime::Error| fault::error("its HTTP handler has an unknown type", &e);
        let entry = match exports::entry(&compiled.bytes)? {
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
                    compiled.name
                ))
                .hint("run it with `cargo component run`"));
            }
        };
        let handler = Handler {
            pre,
            engine: compiled.engine.clone(),
            name: compiled.name.clone(),
            grant: grant.clone(),
            news,
            turns: Semaphore::new(INSTANCES),
            told: AtomicBool::new(false),
        };
        // Fails now rather than at every request.
        handler.store()?;
        Ok(handler)
    }

    /// How long a request may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.grant.timeout
    }

    fn store(&self) -> Result<Store<Host>> {
        Host::store(&self.engine, &self.name, &self.grant, Stdio::Inherited)
    }

    /// Nobody listens when the server has ended already.
    fn tell(&self, event: Event) {
        let _ = self.news.send(News::Event(event));
    }

    /// The component's answer; status 500, or 504 where it takes too long, and
    /// the news of it. It ends with its future.
    pub async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        connection: Connection,
    ) -> Response<WasiBody> {
        let line = format!("{} {}", request.method(), request.uri().path());
        let peer = connection.peer;
        let (reply, answer) = Reply::new();
        let handler = self.clone();
        let bodiless = request.method() == Method::HEAD;
        let task = tokio::spawn(async move { handler.handle(request, reply, connection).await });
        let mut instance = Instance {
            task: Some(task.abort_handle()),
            handler: self.clone(),
            what: format!("`{line}` of {peer}"),
        };
        let answer = answer.await.unwrap_or_else(|_| Err(silent().into()));
        if bodiless || answer.is_err() {
            instance.task = None;
        }
        match answer {
            Ok(response) => response.map(|body| Sent { body, instance }.boxed_unsync()),
            Err(Failure { status, error }) => {
                let error = error.context(format!("failed to respond to `{line}` of {peer}"));
                self.tell(Event::Failed(error));
                let text = match status {
                    StatusCode::GATEWAY_TIMEOUT => "the component took too long to respond\n",
                    _ => "the component failed to respond\n",
                };
                let body = Full::new(Bytes::from_static(text.as_bytes()));
                let body = body.map_err(|never| match never {});
                let mut response = Response::new(body.boxed_unsync());
                *response.status_mut() = status;
                response
            }
        }
    }

    /// Answers one request. The instance goes on after it has answered, until
    /// its body is sent and the handler has returned, but not for longer than it
    /// may take.
    async fn handle(&self, request: Request<Incoming>, reply: Reply, connection: Connection) {
        let Ok(_turn) = self.turns.acquire().await else {
            return;
        };
        let store = match self.store() {
            Ok(store) => store,
            Err(error) => return self.fail(error.into(), &reply),
        };
        let missed = store.data().missed();
        let work = async {
            match &self.pre {
                Pre::V0_2(pre) => handle_0_2(pre, store, request, &reply).await,
                Pre::V0_3(pre) => handle_0_3(pre, store, request, &reply).await,
            }
        };
        match within(self.grant.timeout, work).await {
            Ok(Ok(())) => {
                if let Some(Err(_)) = reply.send(Err(missed.explain(silent()).into())) {
                    self.note(&missed);
                }
            }
            Ok(Err(error)) => self.fail(missed.explain(error).into(), &reply),
            Err(late) => {
                let status = StatusCode::GATEWAY_TIMEOUT;
                let error = missed.explain(late);
                let answered = reply.is_sent();
                self.fail(Failure { status, error }, &reply);
                // What it sent is cut off, even if nobody takes it.
                if answered && let Some(task) = connection.task.get() {
                    task.abort();
                }
            }
        }
    }

    /// Tells once what instances lack that answer all the same.
    fn note(&self, missed: &Missed) {
        if let Some(error) = missed.told()
            && !self.told.swap(true, Ordering::Relaxed)
        {
            self.tell(Event::Missed(error));
        }
    }

    /// Answers with the error, or tells of it where the answer is out already.
    fn fail(&self, failure: Failure, reply: &Reply) {
        if let Some(Err(failure)) = reply.send(Err(failure)) {
            let error = failure.error;
            let error = error.context("the handler failed after it had responded");
            self.tell(Event::Failed(error));
        }
    }
}

async fn handle_0_2(
    pre: &ProxyPre<Host>,
    mut store: Store<Host>,
    request: Request<Incoming>,
    reply: &Reply,
) -> Result<()> {
    let fault = |e: wasmtime::Error| fault::fault(&e);
    let request = store
        .data_mut()
        .http()
        .new_incoming_request(Scheme::Http, request)
        .map_err(fault)?;
    // The response goes out as soon as it is set; a fault may follow.
    let way = reply.clone();
    let set = move |response: Result<Response<WasiBody>, ErrorCode>| {
        let _ = way.send(response.map_err(|code| refusal(&code).into()));
    };
    let out = store
        .data_mut()
        .http()
        .new_response_outparam_from_callback(set)
        .map_err(fault)?;
    let proxy = pre.instantiate_async(&mut store).await.map_err(fault)?;
    let handler = proxy.wasi_http_incoming_handler();
    let handled = handler.call_handle(&mut store, request, out).await;
    handled.map_err(fault)
}

async fn handle_0_3(
    pre: &ServicePre<Host>,
    mut store: Store<Host>,
    request: Request<Incoming>,
    reply: &Reply,
) -> Result<()> {
    let fault = |e: wasmtime::Error| fault::fault(&e);
    let service = pre.instantiate_async(&mut store).await.map_err(fault)?;
    let (request, received) = Request3::from_http(store.data_mut().http().hooks, request);
    let run = store.run_concurrent(async |store| {
        let response = match service.handle(store, request).await.map_err(fault)? {
            Ok(response) => response,
            Err(code) => return Err(refusal(&code)),
        };
        let (done, sent) = oneshot::channel();
        let response = store
            .with(|store| response.into_http(store, received))
            .map_err(fault)?
            .map(|body| Watched { body, _done: done }.boxed_unsync());
        let _ = reply.send(Ok(response));
        // The body is produced by the instance; it is dropped once it is sent,
        // or once the client is gone.
        let _ = sent.await;
        Ok(())
    });
    run.await.map_err(fault)?
}

fn silent() -> Error {
    Error::input("the handler set no response")
}

/// The error a handler answered with instead of a response.
fn refusal(code: &dyn std::fmt::Debug) -> Error {
    Error::input("the handler returned an error").because(format!("{code:?}"))
}

/// The instance that answers; it ends with this, unless it was let go.
struct Instance {
    task: Option<AbortHandle>,
    handler: Arc<Handler>,
    /// The request, for messages.
    what: String,
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(task) = self.task.take().filter(|task| !task.is_finished()) {
            task.abort();
            self.handler
                .tell(Event::Left(std::mem::take(&mut self.what)));
        }
    }
}

/// The body of an answer. Where it is dropped before its end the client has
/// left, and so the instance ends.
struct Sent {
    body: WasiBody,
    instance: Instance,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.instance.task = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body that tells when it is dropped.
struct Watched {
    body: WasiBody,
    _done: oneshot::Sender<()>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! Answers requests, each by an instance of its own, which ends at the timeout or
//! when the client closes the connection.

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
use tokio::sync::{Semaphore, oneshot};
use tokio::task::AbortHandle;
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p3::Request as Request3;
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

use super::compiled::Compiled;
use super::fault;
use super::fault::Faults;
use super::host::{Host, Stdio};
use super::refusals::{RefusalLog, within};
use crate::base::error::{Error, Result};
use crate::system::runtime::exports::{EntryPoint, WasiVersion};
use crate::system::runtime::outcome::{EventHandler, ServerEvent};
use crate::system::runtime::permissions::Permissions;

/// How many instances run at the same time; further requests wait.
const MAX_INSTANCES: usize = 256;

enum HandlerPre {
    V0_2(ProxyPre<Host>),
    V0_3(ServicePre<Host>),
}

/// The HTTP handler of a component.
pub struct RequestHandler {
    pre: HandlerPre,
    engine: wasmtime::Engine,
    name: String,
    faults: Arc<Faults>,
    permissions: Permissions,
    on_event: EventHandler,
    free_instances: Semaphore,
    /// Whether a refusal has been reported.
    refusal_reported: AtomicBool,
}

/// The connection that a request comes from.
#[derive(Clone)]
pub struct Connection {
    /// The address of the client.
    pub peer: SocketAddr,
    /// The task that serves the connection, once it is known.
    pub task: Arc<OnceLock<AbortHandle>>,
}

/// Why a request has no response of the component, and the status to send.
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
type ResponseResult = Result<Response<WasiBody>, Failure>;

/// The channel for the one response to a request; clones share it.
#[derive(Clone)]
struct Reply(Arc<Mutex<Option<oneshot::Sender<ResponseResult>>>>);

impl Reply {
    fn new() -> (Self, oneshot::Receiver<ResponseResult>) {
        let (sender, receiver) = oneshot::channel();
        (Reply(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    /// Sends the response; returns it where one was sent before.
    fn send(&self, answer: ResponseResult) -> Option<ResponseResult> {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match sender {
            // A closed connection is no failure.
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

impl RequestHandler {
    /// The handler of a component; fails if that has none that the engine knows.
    pub fn new(
        compiled: &Compiled,
        permissions: &Permissions,
        on_event: EventHandler,
    ) -> Result<Self> {
        let instance = compiled.link()?;
        let unknown_shape =
            |e: wasmtime::Error| fault::error("its HTTP handler has an unknown type", &e);
        let entry = match &compiled.entry {
            // A command may have a handler as well, which is what is served.
            EntryPoint::Command(_) => {
                [WasiVersion::V0_3, WasiVersion::V0_2]
                    .into_iter()
                    .find(|wasi| match wasi {
                        WasiVersion::V0_2 => ProxyPre::new(instance.clone()).is_ok(),
                        WasiVersion::V0_3 => ServicePre::new(instance.clone()).is_ok(),
                    })
            }
            EntryPoint::Http(wasi) => Some(*wasi),
            EntryPoint::Library(_) => None,
        };
        let pre = match entry {
            Some(WasiVersion::V0_2) => {
                HandlerPre::V0_2(ProxyPre::new(instance).map_err(unknown_shape)?)
            }
            Some(WasiVersion::V0_3) => {
                HandlerPre::V0_3(ServicePre::new(instance).map_err(unknown_shape)?)
            }
            None => {
                return Err(Error::input(format!(
                    "`{}` exports neither `wasi:http/incoming-handler` nor `wasi:http/handler`",
                    compiled.name
                ))
                .hint("run it with `cargo component run`"));
            }
        };
        let handler = RequestHandler {
            pre,
            engine: compiled.engine.clone(),
            name: compiled.name.clone(),
            faults: compiled.faults.clone(),
            permissions: permissions.clone(),
            on_event,
            free_instances: Semaphore::new(MAX_INSTANCES),
            refusal_reported: AtomicBool::new(false),
        };
        // A store that cannot be made fails here, not at every request.
        handler.store()?;
        Ok(handler)
    }

    /// How long one request may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.permissions.timeout
    }

    fn store(&self) -> Result<Store<Host>> {
        Host::store(
            &self.engine,
            &self.name,
            &self.permissions,
            Stdio::Inherited,
        )
    }

    /// The response of the component. Where that fails, status 500, or 504 after a
    /// timeout, and an event. Dropping the future ends the instance.
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
            request: format!("`{line}` of {peer}"),
        };
        let answer = answer.await.unwrap_or_else(|_| Err(no_response().into()));
        if bodiless || answer.is_err() {
            instance.task = None;
        }
        match answer {
            Ok(response) => response.map(|body| {
                WatchedBody {
                    body,
                    watcher: instance,
                }
                .boxed_unsync()
            }),
            Err(Failure { status, error }) => {
                let error = error.context(format!("failed to respond to `{line}` of {peer}"));
                (self.on_event)(ServerEvent::Failed(error));
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

    /// Answers one request. The instance runs on after the response, until the
    /// body is sent and the handler has returned, but not beyond the timeout.
    async fn handle(&self, request: Request<Incoming>, reply: Reply, connection: Connection) {
        let Ok(_permit) = self.free_instances.acquire().await else {
            return;
        };
        let store = match self.store() {
            Ok(store) => store,
            Err(error) => return self.fail(error.into(), &reply),
        };
        let refusals = store.data().refusals();
        let work = async {
            match &self.pre {
                HandlerPre::V0_2(pre) => self.handle_0_2(pre, store, request, &reply).await,
                HandlerPre::V0_3(pre) => self.handle_0_3(pre, store, request, &reply).await,
            }
        };
        match within(self.permissions.timeout, work).await {
            Ok(Ok(())) => {
                if let Some(Err(_)) = reply.send(Err(refusals.explain(no_response()).into())) {
                    self.report_refusals(&refusals);
                }
            }
            Ok(Err(error)) => self.fail(refusals.explain(error).into(), &reply),
            Err(timeout) => {
                let status = StatusCode::GATEWAY_TIMEOUT;
                let error = refusals.explain(timeout);
                let answered = reply.is_sent();
                self.fail(Failure { status, error }, &reply);
                // The response is cut off, even if the client does not read it.
                if answered && let Some(task) = connection.task.get() {
                    task.abort();
                }
            }
        }
    }

    /// Reports once what was refused to instances that answer all the same.
    fn report_refusals(&self, refusals: &RefusalLog) {
        if let Some(error) = refusals.warning()
            && !self.refusal_reported.swap(true, Ordering::Relaxed)
        {
            (self.on_event)(ServerEvent::Refused(error));
        }
    }

    /// Answers with the error, or reports it where a response was sent before.
    fn fail(&self, failure: Failure, reply: &Reply) {
        if let Some(Err(failure)) = reply.send(Err(failure)) {
            let error = failure.error;
            let error = error.context("the handler failed after it had responded");
            (self.on_event)(ServerEvent::Failed(error));
        }
    }

    async fn handle_0_2(
        &self,
        pre: &ProxyPre<Host>,
        mut store: Store<Host>,
        request: Request<Incoming>,
        reply: &Reply,
    ) -> Result<()> {
        let fault = |e: wasmtime::Error| self.faults.trap(&e);
        let request = store
            .data_mut()
            .http()
            .new_incoming_request(Scheme::Http, request)
            .map_err(fault)?;
        // The response is sent as soon as it is set; a trap may follow.
        let response_reply = reply.clone();
        let set = move |response: Result<Response<WasiBody>, ErrorCode>| {
            let _ = response_reply.send(response.map_err(|code| refusal(&code).into()));
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
        &self,
        pre: &ServicePre<Host>,
        mut store: Store<Host>,
        request: Request<Incoming>,
        reply: &Reply,
    ) -> Result<()> {
        let fault = |e: wasmtime::Error| self.faults.trap(&e);
        let service = pre.instantiate_async(&mut store).await.map_err(fault)?;
        let (request, received) = Request3::from_http(store.data_mut().http().hooks, request);
        let run = store.run_concurrent(async |store| {
            let response = match service.handle(store, request).await.map_err(fault)? {
                Ok(response) => response,
                Err(code) => return Err(refusal(&code)),
            };
            let (done, body_dropped) = oneshot::channel();
            let response = store
                .with(|store| response.into_http(store, received))
                .map_err(fault)?
                .map(|body| {
                    WatchedBody {
                        body,
                        watcher: done,
                    }
                    .boxed_unsync()
                });
            let _ = reply.send(Ok(response));
            // The instance produces the body, which is dropped once it is sent or
            // the client closes the connection.
            let _ = body_dropped.await;
            Ok(())
        });
        run.await.map_err(fault)?
    }
}

fn no_response() -> Error {
    Error::input("the handler set no response")
}

/// The error a handler answered with instead of a response.
fn refusal(code: &dyn std::fmt::Debug) -> Error {
    Error::input("the handler returned an error").with_cause(format!("{code:?}"))
}

/// The task of an instance, which ends when this is dropped with a task.
struct Instance {
    task: Option<AbortHandle>,
    handler: Arc<RequestHandler>,
    /// The request and its client, for messages.
    request: String,
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(task) = self.task.take().filter(|task| !task.is_finished()) {
            task.abort();
            let request = std::mem::take(&mut self.request);
            (self.handler.on_event)(ServerEvent::ClientLeft(request));
        }
    }
}

/// What is told that a body ended, and dropped with the body: earlier where the client
/// has closed the connection.
trait AtEnd: Unpin {
    fn at_end(&mut self) {}
}

impl AtEnd for Instance {
    /// Lets the instance run to its own end.
    fn at_end(&mut self) {
        self.task = None;
    }
}

/// Closes its channel when it is dropped.
impl AtEnd for oneshot::Sender<()> {}

/// The body of a response with what depends on it.
struct WatchedBody<T> {
    body: WasiBody,
    watcher: T,
}

impl<T: AtEnd> Body for WatchedBody<T> {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.watcher.at_end();
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

//! The state of one instance: what the component sees of the outside.

use std::io;
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::refusals::{MemoryLimiter, RefusalLog, RequestSender};
use crate::base::error::{Error, Result};
use crate::system::runtime::permissions::{Network, Permissions};

/// Where the standard streams of an instance lead.
pub enum Stdio {
    /// All streams are those of this process.
    Inherited,
    /// Standard output is sent through this channel.
    Stdout(Sender<Bytes>),
    /// Standard output and standard error are sent through this channel.
    Both(Sender<Bytes>),
}

/// The host's state of one instance.
pub struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    requests: RequestSender,
    table: ResourceTable,
    limiter: MemoryLimiter,
    refusals: RefusalLog,
}

/// How many resources of the host an instance may hold; each takes memory of the
/// host.
const RESOURCES: usize = 1 << 20;

impl Host {
    /// A store for one instance of the component with the file name `name`. Where
    /// the engine interrupts code, the instance yields to others.
    pub fn store(
        engine: &Engine,
        name: &str,
        permissions: &Permissions,
        stdio: Stdio,
    ) -> Result<Store<Host>> {
        let mut builder = WasiCtx::builder();
        builder.inherit_stdio();
        match stdio {
            Stdio::Inherited => {}
            Stdio::Stdout(sender) => {
                builder.stdout(Sink(sender));
            }
            Stdio::Both(sender) => {
                builder.stdout(Sink(sender.clone())).stderr(Sink(sender));
            }
        }
        builder.arg(name).args(&permissions.args);
        for (index, (name, value)) in permissions.env.iter().enumerate() {
            // A component would see both of one name; the last one counts.
            if !permissions.env[index + 1..]
                .iter()
                .any(|(later, _)| later == name)
            {
                builder.env(name, value);
            }
        }
        for dir in &permissions.dirs {
            builder
                .preopened_dir(&dir.host, &dir.guest, FsPerms::ReadWrite)
                .map_err(|e| {
                    Error::usage(format!(
                        "failed to open the directory `{}`",
                        dir.host.display()
                    ))
                    .with_cause(e)
                    .hint("give an existing directory to `--dir`")
                })?;
        }
        let refusals = RefusalLog::new(permissions);
        builder.allow_tcp(true).allow_udp(true);
        if permissions.network == Network::Full {
            builder.inherit_network().allow_ip_name_lookup(true);
        } else {
            let refusals = refusals.clone();
            builder.socket_addr_check(move |_, _| {
                refusals.record_socket();
                Box::pin(async { false })
            });
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        let host = Host {
            wasi: builder.build(),
            http: WasiHttpCtx::new(),
            requests: RequestSender::new(permissions, refusals.clone()),
            table,
            limiter: MemoryLimiter::new(permissions, refusals.clone()),
            refusals,
        };
        let mut store = Store::new(engine, host);
        store.limiter(|host| &mut host.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        Ok(store)
    }

    /// The log of what the instance was refused, also in future.
    pub fn refusals(&self) -> RefusalLog {
        self.refusals.clone()
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.requests,
        }
    }
}

/// Whether the host provides the package of an import, in some version.
pub fn provides(import: &str) -> bool {
    const PACKAGES: [&str; 7] = [
        "cli",
        "clocks",
        "filesystem",
        "http",
        "io",
        "random",
        "sockets",
    ];
    import
        .strip_prefix("wasi:")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(package, _)| PACKAGES.contains(&package))
}

/// An output stream that sends every write at once, so that nothing is lost when
/// the instance ends.
#[derive(Clone)]
struct Sink(Sender<Bytes>);

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.send(bytes).map_err(|_| StreamError::Closed)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = self.0.send(Bytes::copy_from_slice(bytes));
        Poll::Ready(match sent {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

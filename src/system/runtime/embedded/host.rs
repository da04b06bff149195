//! What a component sees of the outside: the state of one instance.

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

use super::missed::{Limiter, Missed, Requests};
use crate::base::error::{Error, Result};
use crate::system::runtime::{Grant, Network};

/// Where the output of an instance goes: to ours, or in pieces to whoever
/// holds the other end.
pub enum Stdio {
    /// Everything to ours.
    Inherited,
    /// Standard output is handed over.
    Stdout(Sender<Bytes>),
    /// Standard error too.
    Both(Sender<Bytes>),
}

/// The state of one instance.
pub struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    requests: Requests,
    table: ResourceTable,
    limiter: Limiter,
    missed: Missed,
}

/// How many resources of the host an instance may hold, which take memory here.
const RESOURCES: usize = 1 << 20;

impl Host {
    /// A store for one instance of the component called `name`. Where the engine
    /// interrupts, the instance lets others run.
    pub fn store(engine: &Engine, name: &str, grant: &Grant, stdio: Stdio) -> Result<Store<Host>> {
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
        builder.arg(name).args(&grant.args);
        for (index, (name, value)) in grant.env.iter().enumerate() {
            // The last one counts; a component would see both.
            if !grant.env[index + 1..]
                .iter()
                .any(|(later, _)| later == name)
            {
                builder.env(name, value);
            }
        }
        for dir in &grant.dirs {
            builder
                .preopened_dir(&dir.host, &dir.guest, FsPerms::ReadWrite)
                .map_err(|e| {
                    Error::usage(format!(
                        "failed to open the directory `{}`",
                        dir.host.display()
                    ))
                    .because(e)
                    .hint("give an existing directory to `--dir`")
                })?;
        }
        let missed = Missed::new(grant);
        builder.allow_tcp(true).allow_udp(true);
        if grant.network == Network::Full {
            builder.inherit_network().allow_ip_name_lookup(true);
        } else {
            let missed = missed.clone();
            builder.socket_addr_check(move |_, _| {
                missed.socket();
                Box::pin(async { false })
            });
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        let host = Host {
            wasi: builder.build(),
            http: WasiHttpCtx::new(),
            requests: Requests::new(grant, missed.clone()),
            table,
            limiter: Limiter::new(grant, missed.clone()),
            missed,
        };
        let mut store = Store::new(engine, host);
        store.limiter(|host| &mut host.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        Ok(store)
    }

    /// What the instance was refused, now and later.
    pub fn missed(&self) -> Missed {
        self.missed.clone()
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

/// Whether the host has the package an import comes from, in some version.
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

/// Standard output that hands on every write at once, so that nothing is lost
/// when the instance dies.
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

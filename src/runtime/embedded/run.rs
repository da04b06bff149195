//! Commands: `wasi:cli/run` of both generations.

use std::sync::mpsc;

use bytes::Bytes;
use wasmtime::component::InstancePre;

use super::host::{Host, Stdio};
use super::{Compiled, fault, tokio};
use crate::advice::{Error, Result};
use crate::runtime::exports::{self, Entry, Wasi};
use crate::runtime::{Captured, Ended, Grant};

impl Compiled {
    /// Runs it with our standard streams.
    pub fn run(&self, grant: &Grant) -> Result<Ended> {
        let command = self.command()?;
        self.start(command, grant, Stdio::Inherited)
    }

    /// Runs it and hands over the lines of its standard output.
    pub fn lines(
        &self,
        grant: &Grant,
        captured: Captured,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<Ended> {
        let command = self.command()?;
        let (sender, receiver) = mpsc::channel();
        let stdio = match captured {
            Captured::Stdout => Stdio::Stdout(sender),
            Captured::Both => Stdio::Both(sender),
        };
        // `each` stays on this thread, it may hold what cannot leave it.
        std::thread::scope(|scope| {
            let running = scope.spawn(move || self.start(command, grant, stdio));
            let handed = hand_over(&receiver, each);
            let ended = running
                .join()
                .unwrap_or_else(|_| Err(Error::unsupported("the engine panicked")));
            handed.and(ended)
        })
    }

    fn command(&self) -> Result<Wasi> {
        match exports::entry(&self.bytes)? {
            Entry::Command(wasi) => Ok(wasi),
            Entry::Http(_) => Err(Error::input(format!(
                "`{}` is an HTTP handler, not a command",
                self.name
            ))
            .hint("serve it with `cargo component serve`")),
            Entry::Library(functions) => {
                let error = Error::input(format!(
                    "`{}` does not export `wasi:cli/run`, it is a library",
                    self.name
                ));
                Err(match functions.first() {
                    Some(function) => error.hint(format!(
                        "call one of its functions with `--invoke '{function}(…)'`"
                    )),
                    None => error,
                })
            }
        }
    }

    fn start(&self, command: Wasi, grant: &Grant, stdio: Stdio) -> Result<Ended> {
        let instance = self.link()?;
        let runtime = tokio()?;
        let result = runtime.block_on(self.drive(command, instance, grant, stdio));
        // A thread that still waits for input must not keep us.
        runtime.shutdown_background();
        result
    }

    async fn drive(
        &self,
        command: Wasi,
        instance: InstancePre<Host>,
        grant: &Grant,
        stdio: Stdio,
    ) -> Result<Ended> {
        let mut store = Host::store(&self.engine, &self.name, grant, stdio)?;
        let misfit =
            |e: wasmtime::Error| fault::error("its `wasi:cli/run` has an unknown shape", &e);
        let ended = match command {
            Wasi::V0_2 => {
                use wasmtime_wasi::p2::bindings::CommandPre;
                let command = CommandPre::new(instance).map_err(misfit)?;
                match command.instantiate_async(&mut store).await {
                    Ok(command) => command.wasi_cli_run().call_run(&mut store).await,
                    Err(e) => Err(e),
                }
            }
            Wasi::V0_3 => {
                use wasmtime_wasi::p3::bindings::CommandPre;
                let command = CommandPre::new(instance).map_err(misfit)?;
                match command.instantiate_async(&mut store).await {
                    Ok(command) => store
                        .run_concurrent(async |store| command.wasi_cli_run().call_run(store).await)
                        .await
                        .flatten(),
                    Err(e) => Err(e),
                }
            }
        };
        Ok(match ended {
            Ok(result) => Ended {
                code: i32::from(result.is_err()),
                fault: None,
            },
            Err(e) => fault::ended(&e),
        })
    }
}

/// Cuts what comes into lines.
fn hand_over(
    receiver: &mpsc::Receiver<Bytes>,
    each: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<()> {
    let mut pending: Vec<u8> = Vec::new();
    for bytes in receiver {
        pending.extend_from_slice(&bytes);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            each(line.trim_end_matches(['\n', '\r']))?;
        }
    }
    if !pending.is_empty() {
        each(&String::from_utf8_lossy(&pending))?;
    }
    Ok(())
}

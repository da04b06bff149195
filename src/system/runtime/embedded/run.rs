//! Runs commands: `wasi:cli/run` of WASI 0.2 and 0.3.

use std::sync::mpsc;

use bytes::Bytes;
use wasmtime::component::InstancePre;

use super::compiled::Compiled;
use super::engine::tokio_runtime;
use super::fault;
use super::host::{Host, Stdio};
use super::refusals::within;
use crate::base::error::{Error, Result};
use crate::system::runtime::exports::{EntryPoint, WasiVersion};
use crate::system::runtime::outcome::{CapturedOutput, ExitStatus};
use crate::system::runtime::permissions::Permissions;
use crate::system::stop::StopSignal;

impl Compiled {
    /// Runs it with the standard streams of this process.
    pub fn run(&self, permissions: &Permissions) -> Result<ExitStatus> {
        let ended = self.run_until(permissions, StopSignal::never())?;
        ended.ok_or_else(|| Error::unsupported("the component was stopped"))
    }

    /// As [`Compiled::run`], but ends it when the signal comes; `None` then.
    pub fn run_until(
        &self,
        permissions: &Permissions,
        stop: StopSignal,
    ) -> Result<Option<ExitStatus>> {
        let command = self.command()?;
        let ended = self.start(command, permissions, Stdio::Inherited, stop)?;
        if ended.is_some() {
            self.write_profile()?;
        }
        Ok(ended)
    }

    /// Runs it and calls `each` with every line of the captured output.
    pub fn lines(
        &self,
        permissions: &Permissions,
        captured: CapturedOutput,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<ExitStatus> {
        let command = self.command()?;
        let (sender, receiver) = mpsc::channel();
        let stdio = match captured {
            CapturedOutput::Stdout => Stdio::Stdout(sender),
            CapturedOutput::Both => Stdio::Both(sender),
        };
        // `each` stays on this thread, since it need not be `Send`.
        std::thread::scope(|scope| {
            let never = StopSignal::never();
            let running = scope.spawn(move || self.start(command, permissions, stdio, never));
            let lines_read = read_lines(receiver, each);
            let ended = running
                .join()
                .unwrap_or_else(|_| Err(Error::unsupported("the engine panicked")));
            lines_read.and(ended.map(Option::unwrap_or_default))
        })
    }

    fn command(&self) -> Result<WasiVersion> {
        match &self.entry {
            EntryPoint::Command(wasi) => Ok(*wasi),
            EntryPoint::Http(_) => Err(Error::input(format!(
                "`{}` is an HTTP handler, not a command",
                self.name
            ))
            .hint("serve it with `cargo component serve`")),
            EntryPoint::Library(functions) => {
                let error = Error::input(format!(
                    "`{}` is a library: it does not export `wasi:cli/run`",
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

    fn start(
        &self,
        command: WasiVersion,
        permissions: &Permissions,
        stdio: Stdio,
        stop: StopSignal,
    ) -> Result<Option<ExitStatus>> {
        let instance = self.link()?;
        let runtime = tokio_runtime()?;
        let work = self.drive(command, instance, permissions, stdio);
        let result = runtime.block_on(stop.or_stopped(work));
        // A thread that still waits for input must not delay the end.
        runtime.shutdown_background();
        result.transpose()
    }

    async fn drive(
        &self,
        command: WasiVersion,
        instance: InstancePre<Host>,
        permissions: &Permissions,
        stdio: Stdio,
    ) -> Result<ExitStatus> {
        let mut store = self.store(permissions, stdio)?;
        let refusals = store.data().refusals();
        let unknown_shape =
            |e: wasmtime::Error| fault::error("its `wasi:cli/run` has an unknown type", &e);
        let ended = match command {
            WasiVersion::V0_2 => {
                use wasmtime_wasi::p2::bindings::CommandPre;
                let command = CommandPre::new(instance).map_err(unknown_shape)?;
                let work = async {
                    let command = command.instantiate_async(&mut store).await?;
                    command.wasi_cli_run().call_run(&mut store).await
                };
                within(permissions.timeout, work).await
            }
            WasiVersion::V0_3 => {
                use wasmtime_wasi::p3::bindings::CommandPre;
                let command = CommandPre::new(instance).map_err(unknown_shape)?;
                let work = async {
                    let command = command.instantiate_async(&mut store).await?;
                    let run = store
                        .run_concurrent(async |store| command.wasi_cli_run().call_run(store).await);
                    run.await.flatten()
                };
                within(permissions.timeout, work).await
            }
        };
        Ok(refusals.add_to(match ended {
            Ok(Ok(result)) => ExitStatus {
                code: i32::from(result.is_err()),
                ..ExitStatus::default()
            },
            Ok(Err(e)) => self.faults.exit_status(&e),
            Err(timeout) => fault::stopped(timeout),
        }))
    }
}

/// Splits the received bytes into lines. An error closes the stream, so that
/// further writes of the component fail.
fn read_lines(
    receiver: mpsc::Receiver<Bytes>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::runtime::component_file::Optimization;
    use crate::system::runtime::embedded::fault::Faults;
    use crate::system::runtime::outcome::TRAPPED;
    use crate::system::runtime::permissions::Interrupts;
    use crate::system::runtime::trace_options::TraceOptions;

    fn compiled(text: &str) -> Compiled {
        let (optimization, interrupts) = (Optimization::None, Interrupts::Regular);
        let bytes = wat::parse_str(text).unwrap();
        let faults = Faults::new(bytes, TraceOptions::default(), interrupts);
        Compiled::new(faults, "test.wasm".to_string(), optimization, interrupts).unwrap()
    }

    /// A 0.2 command whose body is `body`, with `$print` at hand.
    fn command(body: &str) -> Compiled {
        let text = format!(
            r#"(component
                (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
                (alias export $error "error" (type $e))
                (import "wasi:io/streams@0.2.0" (instance $streams
                    (export "output-stream" (type $out (sub resource)))
                    (alias outer 1 $e (type $e2))
                    (export "error" (type $e3 (eq $e2)))
                    (type $failed (variant
                        (case "last-operation-failed" (own $e3)) (case "closed")))
                    (export "stream-error" (type $failed2 (eq $failed)))
                    (export "[method]output-stream.blocking-write-and-flush" (func
                        (param "self" (borrow $out)) (param "contents" (list u8))
                        (result (result (error $failed2)))))))
                (alias export $streams "output-stream" (type $out))
                (import "wasi:cli/stdout@0.2.0" (instance $stdout
                    (alias outer 1 $out (type $out2))
                    (export "output-stream" (type $out3 (eq $out2)))
                    (export "get-stdout" (func (result (own $out3))))))
                (core module $libc (memory (export "memory") 1))
                (core instance $libc (instantiate $libc))
                (core func $get (canon lower (func $stdout "get-stdout")))
                (core func $write (canon lower
                    (func $streams "[method]output-stream.blocking-write-and-flush")
                    (memory (core memory $libc "memory"))))
                (core module $m
                    (import "" "memory" (memory 1))
                    (import "" "get" (func $get (result i32)))
                    (import "" "write" (func $write (param i32 i32 i32 i32)))
                    (data (i32.const 64) "one\ntwo")
                    (func $print (call $write (call $get) (i32.const 64) (i32.const 7) (i32.const 0)))
                    (func (export "run") (result i32) {body}))
                (core instance $i (instantiate $m (with "" (instance
                    (export "memory" (memory $libc "memory"))
                    (export "get" (func $get))
                    (export "write" (func $write))))))
                (func $run (result (result)) (canon lift (core func $i "run")))
                (instance $run (export "run" (func $run)))
                (export "wasi:cli/run@0.2.0" (instance $run)))"#
        );
        compiled(&text)
    }

    fn lines(compiled: &Compiled) -> (Vec<String>, ExitStatus) {
        let mut lines = Vec::new();
        let ended = compiled.lines(
            &Permissions::default(),
            CapturedOutput::Stdout,
            &mut |line| {
                lines.push(line.to_string());
                Ok(())
            },
        );
        (lines, ended.unwrap())
    }

    #[test]
    fn ok_is_0_and_an_error_is_1() {
        let permissions = Permissions::default();
        assert_eq!(command("(i32.const 0)").run(&permissions).unwrap().code, 0);
        assert_eq!(command("(i32.const 1)").run(&permissions).unwrap().code, 1);
    }

    #[test]
    fn what_never_ends_is_stopped_when_its_time_is_over() {
        let permissions = Permissions {
            timeout: Some(std::time::Duration::from_millis(50)),
            ..Permissions::default()
        };
        let ended = command("(loop $on (br $on)) (i32.const 0)")
            .run(&permissions)
            .unwrap();
        assert_eq!(ended.code, TRAPPED);
        let fault = ended.fault.unwrap();
        assert_eq!(fault.message(), "the component took longer than 50ms");
        assert!(fault.advice().unwrap().contains("--timeout"));
    }

    #[test]
    fn memory_has_a_limit() {
        let grow = "(i32.eq (memory.grow (i32.const 16)) (i32.const -1))";
        let ended = command(grow).run(&Permissions::default()).unwrap();
        assert!(ended.code == 0 && ended.refusals.is_none());
        let permissions = |bytes| Permissions {
            max_memory: Some(bytes),
            ..Permissions::default()
        };
        let ended = command(grow).run(&permissions(16 << 16)).unwrap();
        assert_eq!(ended.code, 1);
        let fault = ended.fault.unwrap();
        assert!(
            fault.to_string().contains("more than 1 MiB of memory"),
            "{fault}"
        );
        assert_eq!(command(grow).run(&permissions(17 << 16)).unwrap().code, 0);
        // What it needs to begin with counts too.
        let ended = command(grow).run(&permissions(1 << 10)).unwrap();
        assert!(
            ended
                .fault
                .unwrap()
                .advice()
                .unwrap()
                .contains("--max-memory")
        );
    }

    #[test]
    fn what_was_written_before_a_trap_is_handed_over() {
        let (lines, ended) = lines(&command("(call $print) (unreachable)"));
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(ended.code, TRAPPED);
        let fault = ended.fault.unwrap();
        assert!(fault.to_string().contains("unreachable"), "{fault}");
    }

    #[test]
    fn a_trap_that_is_no_panic_tells_where() {
        let ended = command("(i32.div_u (i32.const 1) (i32.const 0))").run(&Permissions::default());
        let fault = ended.unwrap().fault.unwrap();
        assert!(
            fault.to_string().contains("divide by zero: in `"),
            "{fault}"
        );
    }

    #[test]
    fn an_error_of_the_receiver_ends_it() {
        let stop = |_: &str| Err(Error::input("enough"));
        let compiled = command("(call $print) (i32.const 0)");
        let result = compiled.lines(&Permissions::default(), CapturedOutput::Both, &mut { stop });
        assert_eq!(result.unwrap_err().message(), "enough");
    }

    #[test]
    fn what_nothing_provides_is_named() {
        let compiled = compiled(
            r#"(component
                (import "acme:db/store@1.0.0" (instance $db (export "get" (func))))
                (import "wasi:cli/environment@0.2.0" (instance (export "get-arguments" (func (result (list string))))))
                (core func $get (canon lower (func $db "get")))
                (core module $m (import "" "get" (func)) (func (export "run") (result i32) (i32.const 0)))
                (core instance $i (instantiate $m (with "" (instance (export "get" (func $get))))))
                (func $run (result (result)) (canon lift (core func $i "run")))
                (instance $run (export "run" (func $run)))
                (export "wasi:cli/run@0.2.0" (instance $run)))"#,
        );
        let error = compiled.run(&Permissions::default()).unwrap_err();
        assert_eq!(
            error.message(),
            "the component imports `acme:db/store@1.0.0`, which no component provides"
        );
    }

    #[test]
    fn a_library_is_no_command() {
        let error = compiled("(component)")
            .run(&Permissions::default())
            .unwrap_err();
        assert!(error.message().contains("`wasi:cli/run`"), "{error}");
    }
}

//! Running components, by the embedded engine or a configured runner.

use std::ffi::OsString;
use std::path::PathBuf;

use super::component_file::ComponentFile;
use super::embedded::{Compiled, RunningServer};
use super::outcome::{CallOutcome, CapturedOutput, EventHandler, ExitStatus};
use super::permissions::{Interrupts, Permissions};
use super::runner::{Runner, refuse_profile, refuse_unsupported};
use crate::base::error::Result;
use crate::system::process::{Exec, Invocation};
use crate::system::shell::Shell;
use crate::system::stop::StopSignal;

/// A component that one runner can run any number of times.
pub struct Program<'a> {
    exec: &'a dyn Exec,
    path: PathBuf,
    backend: Backend<'a>,
}

enum Backend<'a> {
    Embedded(Compiled),
    Configured {
        program: &'a OsString,
        args: &'a [OsString],
    },
}

impl<'a> Program<'a> {
    /// Prepares to run a component. The embedded engine compiles it now, and stores
    /// the result in wasmtime's cache; a configured runner is not started yet. With
    /// [`Interrupts::Never`] the timeout of the permissions has no effect.
    pub fn open(
        runner: &'a Runner,
        exec: &'a dyn Exec,
        file: &ComponentFile,
        interrupts: Interrupts,
        shell: &dyn Shell,
    ) -> Result<Self> {
        let backend = match runner {
            Runner::Embedded => Backend::Embedded(Compiled::open(file, interrupts, shell)?),
            Runner::Configured { program, args } => {
                refuse_profile(program, file)?;
                Backend::Configured { program, args }
            }
        };
        Ok(Program {
            exec,
            path: file.path.clone(),
            backend,
        })
    }

    /// Runs it as a command that inherits the standard streams.
    pub fn run(&self, permissions: &Permissions) -> Result<ExitStatus> {
        match &self.backend {
            Backend::Embedded(compiled) => compiled.run(permissions),
            Backend::Configured { program, args } => {
                let invocation = self.invocation(program, args, permissions)?;
                Ok(ExitStatus {
                    code: self.exec.run(&invocation)?,
                    ..ExitStatus::default()
                })
            }
        }
    }

    /// As [`Program::run`], but ends it when the signal comes, and returns `None` then: the
    /// embedded engine where the code yields, for which it needs [`Interrupts::Regular`]; a
    /// configured runner is killed.
    pub fn run_until(
        &self,
        permissions: &Permissions,
        stop: StopSignal,
    ) -> Result<Option<ExitStatus>> {
        match &self.backend {
            Backend::Embedded(compiled) => compiled.run_until(permissions, stop),
            Backend::Configured { program, args } => {
                let invocation = self.invocation(program, args, permissions)?;
                let code = self.exec.run_until(&invocation, stop)?;
                Ok(code.map(|code| ExitStatus {
                    code,
                    ..ExitStatus::default()
                }))
            }
        }
    }

    /// Runs it as a command that inherits standard input. Calls `each` with every
    /// line of the captured output, without the line end, as it arrives; the last
    /// one also where no line end follows.
    pub fn lines(
        &self,
        permissions: &Permissions,
        captured: CapturedOutput,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<ExitStatus> {
        match &self.backend {
            Backend::Embedded(compiled) => compiled.lines(permissions, captured, each),
            Backend::Configured { program, args } => {
                let invocation = self.invocation(program, args, permissions)?;
                Ok(ExitStatus {
                    code: self.exec.lines(&invocation, each)?,
                    ..ExitStatus::default()
                })
            }
        }
    }

    /// The command line of 0.21.1: `<runner> <its args> -- <component> <args>`.
    ///
    /// Variables are set for the runner; whether it passes them on is up to it.
    /// Directories and sockets have no common option, so they are an error.
    fn invocation(
        &self,
        program: &OsString,
        args: &[OsString],
        permissions: &Permissions,
    ) -> Result<Invocation> {
        refuse_unsupported(program, permissions)?;
        let mut invocation = Invocation::new(program)
            .args(args)
            .arg("--")
            .arg(&self.path)
            .args(&permissions.args);
        for (name, value) in &permissions.env {
            invocation = invocation.env(name, value);
        }
        Ok(invocation)
    }
}

/// Calls an exported function of a component in the embedded engine. `call` is its name, as [`resolve`](super::exports::resolve) reads it,
/// and its arguments in WAVE: `math.add(1, 2)`.
pub fn invoke(
    file: &ComponentFile,
    call: &str,
    permissions: &Permissions,
    shell: &dyn Shell,
) -> Result<CallOutcome> {
    Compiled::open(file, Interrupts::of(permissions), shell)?.invoke(call, permissions)
}

/// A server of HTTP handlers (0.2 or 0.3) in the embedded engine. It runs in the background
/// until it is dropped, which cuts off the requests that are being answered.
///
/// Every request gets an instance of its own, so no state is shared between them; one that
/// computes without pause takes turns with the others. A request ends at its timeout or
/// when its client closes the connection. HTTP/1 only.
pub struct Server(RunningServer);

impl Server {
    /// Starts to serve the handler of a component. `addr` is a host name or address and a
    /// port; port 0 takes a free one. The first event is [`ServerEvent::Listening`]; from
    /// then on Ctrl-C does not end the process, but is an event.
    ///
    /// [`ServerEvent::Listening`]: super::ServerEvent::Listening
    ///
    /// # Errors
    ///
    /// If the component has no handler or cannot be linked, or, with [`ErrorKind::Io`], if
    /// the address cannot be used.
    ///
    /// [`ErrorKind::Io`]: crate::base::error::ErrorKind::Io
    pub fn start(
        file: &ComponentFile,
        addr: &str,
        permissions: &Permissions,
        on_event: EventHandler,
        shell: &dyn Shell,
    ) -> Result<Self> {
        let compiled = Compiled::open(file, Interrupts::Regular, shell)?;
        compiled.serve(addr, permissions, on_event).map(Server)
    }

    /// Has the handler of another component answer all further requests, those of open
    /// connections, too. Requests that are being answered keep their component. After an
    /// error everything is as before.
    pub fn replace(
        &self,
        file: &ComponentFile,
        permissions: &Permissions,
        shell: &dyn Shell,
    ) -> Result<()> {
        let compiled = Compiled::open(file, Interrupts::Regular, shell)?;
        self.0.replace(&compiled, permissions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::{Output, Scripted};
    use crate::system::runtime::component_file::Optimization;
    use crate::system::runtime::permissions::Preopen;
    use crate::system::runtime::trace_options::TraceOptions;
    use crate::system::shell::Silent;

    fn runner() -> Runner {
        Runner::Configured {
            program: "wasmtime".into(),
            args: vec!["-S".into(), "http".into()],
        }
    }

    fn open<'a>(runner: &'a Runner, exec: &'a Scripted, path: &str) -> Result<Program<'a>> {
        let file = ComponentFile {
            path: path.into(),
            optimization: Optimization::Full,
            trace: TraceOptions::default(),
            profile: None,
        };
        Program::open(runner, exec, &file, Interrupts::Never, &Silent::default())
    }

    #[test]
    fn a_configured_runner_gets_the_command_line_of_0_21_1() {
        let exec = Scripted::new([Output {
            code: 3,
            ..Output::default()
        }]);
        let runner = runner();
        let program = open(&runner, &exec, "a b.wasm").unwrap();
        let permissions = Permissions {
            args: vec!["x".into()],
            env: vec![("K".into(), "V".into())],
            ..Permissions::default()
        };
        assert_eq!(program.run(&permissions).unwrap().code, 3);
        let asked = exec.invocations();
        assert_eq!(asked[0].to_string(), "wasmtime -S http -- \"a b.wasm\" x");
        assert_eq!(asked[0].env, [("K".into(), "V".into())]);
    }

    #[test]
    fn what_a_configured_runner_cannot_be_told_is_refused() {
        let exec = Scripted::default();
        let runner = runner();
        let program = open(&runner, &exec, "a.wasm").unwrap();
        let permissions = Permissions {
            dirs: vec![Preopen::parse("data::/data").unwrap()],
            ..Permissions::default()
        };
        assert!(program.run(&permissions).is_err());
        assert!(exec.invocations().is_empty());
    }

    #[cfg(not(feature = "runtime"))]
    #[test]
    fn without_the_engine_the_feature_is_named() {
        let exec = Scripted::default();
        let error = open(&Runner::Embedded, &exec, "a.wasm").err().unwrap();
        assert!(error.to_string().contains("`runtime`"), "{error}");
    }
}

//! The one door to other programs: the seam [`Exec`], the system behind it and
//! a scripted twin for tests.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::error::{Error, ErrorKind, Result};
#[cfg(feature = "cli")]
use crate::system::stop::StopSignal;

/// A program to run, with its arguments and surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The program, found on `PATH` if it is a bare name.
    pub program: OsString,
    /// The arguments, without the name of the program.
    pub args: Vec<OsString>,
    /// Variables set on top of the inherited environment.
    pub env: Vec<(OsString, OsString)>,
    /// The inherited variables that it does not get.
    pub without: Vec<OsString>,
    /// The directory it runs in; `None` is that of this process.
    pub dir: Option<PathBuf>,
    /// The standard input that [`Exec::output`] gives it.
    pub input: Input,
}

/// The standard input of a program. It may hold secrets, so `Debug` omits it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Input(pub Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Invocation {
    /// An invocation of a program without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Invocation {
            program: program.into(),
            ..Invocation::default()
        }
    }

    /// Appends one argument to the command line.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Appends arguments to the command line.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Takes away inherited variables.
    pub fn without(mut self, names: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.without.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets the directory it runs in.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Sets its standard input, which only [`Exec::output`] uses.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Input(input.into());
        self
    }
}

impl fmt::Display for Invocation {
    /// The command line as a person would type it; arguments with spaces are
    /// quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &OsStr| match text.to_string_lossy() {
            plain if plain.contains([' ', '\t', '"']) || plain.is_empty() => format!("{plain:?}"),
            plain => plain.into_owned(),
        };
        write!(f, "{}", quoted(&self.program))?;
        for arg in &self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// The exit code and the output of a program that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The exit code; 128 and the signal's number where a signal ended it.
    pub code: i32,
    /// The bytes it wrote to standard output.
    pub stdout: Vec<u8>,
    /// The bytes it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// Runs other programs; several threads may do so at the same time.
pub trait Exec: Send + Sync {
    /// Runs a program that inherits the standard streams; returns its exit code.
    fn run(&self, invocation: &Invocation) -> Result<i32>;

    /// Runs a program with the invocation's input and captures its output.
    fn output(&self, invocation: &Invocation) -> Result<Output>;

    /// Runs a program that inherits standard input and error. Calls `each` with
    /// every line of its standard output, without the line end, as it arrives;
    /// returns its exit code.
    fn lines(
        &self,
        invocation: &Invocation,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<i32>;

    /// As [`Exec::run`], but kills the program when the signal comes, and returns `None`
    /// then. An implementation that starts no program may run to the end.
    #[cfg(feature = "cli")]
    fn run_until(&self, invocation: &Invocation, stop: StopSignal) -> Result<Option<i32>> {
        drop(stop);
        self.run(invocation).map(Some)
    }
}

/// Runs programs of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl System {
    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    fn command(invocation: &Invocation) -> std::process::Command {
        let mut command = std::process::Command::new(&invocation.program);
        command.args(&invocation.args);
        for name in &invocation.without {
            command.env_remove(name);
        }
        command.envs(invocation.env.iter().map(|(k, v)| (k, v)));
        if let Some(dir) = &invocation.dir {
            command.current_dir(dir);
        }
        command
    }
}

/// The error for an invocation that could not be started.
fn not_started(invocation: &Invocation, cause: &std::io::Error) -> Error {
    let program = invocation.program.to_string_lossy();
    let message = format!("failed to start `{program}`");
    let error = Error::new(ErrorKind::Io, message).with_cause(cause);
    if cause.kind() == std::io::ErrorKind::NotFound {
        error.hint(format!("install `{program}` or put it on PATH"))
    } else {
        error
    }
}

fn code(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return 128 + signal;
        }
    }
    status.code().unwrap_or(1)
}

impl Exec for System {
    fn run(&self, invocation: &Invocation) -> Result<i32> {
        System::command(invocation)
            .status()
            .map(code)
            .map_err(|e| not_started(invocation, &e))
    }

    fn output(&self, invocation: &Invocation) -> Result<Output> {
        let failed = |e: std::io::Error| not_started(invocation, &e);
        let mut child = System::command(invocation)
            .stdin(match invocation.input.0.is_empty() {
                true => Stdio::null(),
                false => Stdio::piped(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read it all reports that by its exit code.
            let _ = stdin.write_all(&invocation.input.0);
        }
        let output = child.wait_with_output().map_err(failed)?;
        Ok(Output {
            code: code(output.status),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }

    fn lines(
        &self,
        invocation: &Invocation,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<i32> {
        let failed = |e: std::io::Error| not_started(invocation, &e);
        let mut child = System::command(invocation)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut result = Ok(());
        if let Some(stdout) = child.stdout.take() {
            let mut reader = BufReader::new(stdout);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 {
                let text = String::from_utf8_lossy(&line);
                // After an error the rest is drained, so that the child can end.
                if result.is_ok() {
                    result = each(text.trim_end_matches(['\n', '\r']));
                }
                line.clear();
            }
        }
        let status = child.wait().map_err(failed)?;
        result.map(|()| code(status))
    }

    #[cfg(feature = "cli")]
    fn run_until(&self, invocation: &Invocation, stop: StopSignal) -> Result<Option<i32>> {
        let failed = |e: std::io::Error| not_started(invocation, &e);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        runtime.block_on(async {
            let mut command = tokio::process::Command::from(System::command(invocation));
            let mut child = command.spawn().map_err(failed)?;
            match stop.or_stopped(child.wait()).await {
                Some(status) => status.map(|status| Some(code(status))).map_err(failed),
                None => child.kill().await.map(|()| None).map_err(failed),
            }
        })
    }
}

/// Returns scripted outputs and records the invocations; for tests.
#[derive(Debug, Default)]
pub struct Scripted {
    outputs: Mutex<VecDeque<Output>>,
    invocations: Mutex<Vec<Invocation>>,
}

/// The content of a lock whose last holder may have panicked.
fn unpoisoned<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scripted {
    /// Returns these outputs, one for each invocation, in order.
    pub fn new(outputs: impl IntoIterator<Item = Output>) -> Self {
        Scripted {
            outputs: Mutex::new(outputs.into_iter().collect()),
            invocations: Mutex::default(),
        }
    }

    /// The invocations so far, in order.
    pub fn invocations(&self) -> Vec<Invocation> {
        unpoisoned(&self.invocations).clone()
    }
}

impl Exec for Scripted {
    fn run(&self, invocation: &Invocation) -> Result<i32> {
        self.output(invocation).map(|output| output.code)
    }

    fn output(&self, invocation: &Invocation) -> Result<Output> {
        unpoisoned(&self.invocations).push(invocation.clone());
        unpoisoned(&self.outputs)
            .pop_front()
            .ok_or_else(|| Error::input(format!("no answer is scripted for `{invocation}`")))
    }

    fn lines(
        &self,
        invocation: &Invocation,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<i32> {
        let output = self.output(invocation)?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            each(line)?;
        }
        Ok(output.code)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_its_input_and_does_not_show_it() {
        let invocation = Invocation::new("cat").input(*b"secret");
        assert_eq!(System.output(&invocation).unwrap().stdout, b"secret");
        assert!(!format!("{invocation:?}").contains("secret"));
    }

    #[cfg(feature = "cli")]
    #[test]
    fn a_program_runs_until_it_ends_or_is_stopped() {
        let ends = Invocation::new("sh").args(["-c", "exit 3"]);
        let never = System.run_until(&ends, StopSignal::never());
        assert_eq!(never.unwrap(), Some(3));
        // It would wait for longer than any test.
        let waits = Invocation::new("sleep").arg("100000");
        let (stopper, stop) = crate::system::stop::stop_channel();
        stopper.stop();
        assert_eq!(System.run_until(&waits, stop).unwrap(), None);
    }
}

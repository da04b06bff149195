//! Runs components: one face over the embedded engine and the runner that is
//! configured in cargo.
//!
//! What runs gets its standard streams, what its [`Grant`] says, and nothing
//! else: no file, no variable, no request, no socket. Whoever calls decides who is
//! granted outgoing HTTP, which 0.21.1 gave to everybody.
//!
//! Exit codes: 0 where `run` returns ok, 1 where it returns an error, the code
//! given to `wasi:cli/exit` (0.2 knows only 0 and 1 in its stable part), and
//! [`TRAPPED`] where the component trapped. A configured runner decides for
//! itself; its code is passed on.
//!
//! The engine is behind the feature `runtime`. Without it a configured runner
//! still works, and everything else says which feature is missing.

mod exports;
mod permissions;

#[cfg(feature = "runtime")]
mod embedded;
#[cfg(not(feature = "runtime"))]
#[path = "absent.rs"]
mod embedded;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::system::process::{Exec, Invocation};

pub use exports::{Entry, Function, Wasi, entry, functions, needs, resolve};
pub use permissions::{Grant, Interrupts, MAX_MEMORY, Missing, Network, Preopen, sends_http};

/// The exit code of a component that trapped, as the wasmtime command line has
/// it on unix (128 and the number of SIGABRT); here on every system.
pub const TRAPPED: i32 = 134;

/// What runs components.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Runner {
    /// The engine inside this tool.
    #[default]
    Embedded,
    /// The program configured in cargo as the runner of the target.
    Configured {
        /// The program.
        program: OsString,
        /// What it is given before the `--`.
        args: Vec<OsString>,
    },
}

impl Runner {
    /// Fails if it cannot be told what is granted.
    pub fn takes(&self, grant: &Grant) -> Result<()> {
        match self {
            Runner::Embedded => Ok(()),
            Runner::Configured { program, .. } => refuse(program, grant),
        }
    }
}

/// Refuses what a configured runner cannot be told.
fn refuse(program: &OsString, grant: &Grant) -> Result<()> {
    let refused = if !grant.dirs.is_empty() {
        "directories"
    } else if grant.network == Network::Full {
        "network access"
    } else if grant.max_memory.is_some() {
        "a memory limit"
    } else if grant.timeout.is_some() {
        "a time limit"
    } else {
        return Ok(());
    };
    let program = program.to_string_lossy();
    Err(Error::usage(format!(
        "{refused} cannot be passed to the configured runner `{program}`"
    ))
    .hint(format!(
        "add the corresponding option of `{program}` to the runner's own arguments"
    )))
}

/// How a component ended.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Why it trapped. The component has usually said more on its standard
    /// error; `code` is [`TRAPPED`] then. A configured runner tells of traps
    /// itself.
    pub fault: Option<Error>,
    /// What it was refused where it ended well all the same, and what helps.
    pub missed: Option<String>,
}

/// What is captured of a component's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    /// Standard output; standard error is ours.
    Stdout,
    /// Standard output and standard error, in the order they are written. Of a
    /// configured runner only standard output is captured.
    Both,
}

/// A component made ready to be run any number of times by one runner.
pub struct Program<'a> {
    exec: &'a dyn Exec,
    path: PathBuf,
    how: How<'a>,
}

enum How<'a> {
    Embedded(embedded::Compiled),
    Configured {
        program: &'a OsString,
        args: &'a [OsString],
    },
}

impl<'a> Program<'a> {
    /// Makes the component at `path` ready. The embedded engine compiles it
    /// now and keeps the result in wasmtime's cache; a configured runner is
    /// not asked before it runs. Without `interrupts` no limit of time holds.
    pub fn open(
        runner: &'a Runner,
        exec: &'a dyn Exec,
        path: &Path,
        interrupts: Interrupts,
    ) -> Result<Self> {
        let how = match runner {
            Runner::Embedded => How::Embedded(embedded::Compiled::open(path, interrupts)?),
            Runner::Configured { program, args } => How::Configured { program, args },
        };
        Ok(Program {
            exec,
            path: path.to_owned(),
            how,
        })
    }

    /// Runs it as a command with our standard streams.
    pub fn run(&self, grant: &Grant) -> Result<Ended> {
        match &self.how {
            How::Embedded(compiled) => compiled.run(grant),
            How::Configured { program, args } => {
                let invocation = self.invocation(program, args, grant)?;
                Ok(Ended {
                    code: self.exec.run(&invocation)?,
                    ..Ended::default()
                })
            }
        }
    }

    /// Runs it as a command with our standard input, and hands over each line
    /// of what is captured (without the line end) as it comes; the last one
    /// also where no line end follows.
    pub fn lines(
        &self,
        grant: &Grant,
        captured: Captured,
        each: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<Ended> {
        match &self.how {
            How::Embedded(compiled) => compiled.lines(grant, captured, each),
            How::Configured { program, args } => {
                let invocation = self.invocation(program, args, grant)?;
                Ok(Ended {
                    code: self.exec.lines(&invocation, each)?,
                    ..Ended::default()
                })
            }
        }
    }

    /// The command line of 0.21.1: `<runner> <its args> -- <component> <args>`.
    ///
    /// Variables are set for the runner; whether it hands them on is its own
    /// business. Directories and sockets have no common spelling, so they are
    /// refused rather than forgotten.
    fn invocation(
        &self,
        program: &OsString,
        args: &[OsString],
        grant: &Grant,
    ) -> Result<Invocation> {
        refuse(program, grant)?;
        let mut invocation = Invocation::new(program)
            .args(args)
            .arg("--")
            .arg(&self.path)
            .args(&grant.args);
        for (name, value) in &grant.env {
            invocation = invocation.env(name, value);
        }
        Ok(invocation)
    }
}

/// Whether there is an engine: fails, naming the feature, in a build without.
pub fn available() -> Result<()> {
    embedded::available()
}

/// What a call of an exported function came to.
#[derive(Clone, Debug)]
pub enum Called {
    /// It returned.
    Returned {
        /// Its result as WAVE, empty where it has none.
        values: Vec<String>,
        /// What it was refused on the way.
        missed: Option<String>,
    },
    /// It ended the program by `wasi:cli/exit` or a trap.
    Ended(Ended),
}

/// Calls an exported function of the component at `path` in the embedded
/// engine: `call` is its name as [`resolve`] takes it, and its arguments
/// written in WAVE, as in `math.add(1, 2)`.
pub fn invoke(path: &Path, call: &str, grant: &Grant) -> Result<Called> {
    embedded::Compiled::open(path, Interrupts::of(grant))?.invoke(call, grant)
}

/// What a server has to tell.
#[derive(Clone, Debug)]
pub enum Event {
    /// It accepts connections at this address.
    Listening(SocketAddr),
    /// A request failed; the client got status 500, or 504 where it took too
    /// long.
    Failed(Error),
    /// The client of this request left before it was answered, which ended its
    /// instance.
    Left(String),
    /// A request was answered by an instance that was refused something; told
    /// once.
    Missed(String),
}

/// Serves the HTTP handler (0.2 or 0.3) of the component at `path` in the
/// embedded engine, until Ctrl-C ends it with code 0 or `on` returns an error.
///
/// `addr` is a host name or address and a port; port 0 takes a free one. Every
/// request gets an instance of its own, so nothing is kept between them; one
/// that computes without pause takes turns with the others. A request ends when
/// its time is over or its client leaves. HTTP/1 only.
pub fn serve(
    path: &Path,
    addr: &str,
    grant: &Grant,
    on: &mut dyn FnMut(Event) -> Result<()>,
) -> Result<i32> {
    embedded::Compiled::open(path, Interrupts::Regular)?.serve(addr, grant, on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::{Output, Scripted};

    fn runner() -> Runner {
        Runner::Configured {
            program: "wasmtime".into(),
            args: vec!["-S".into(), "http".into()],
        }
    }

    #[test]
    fn a_configured_runner_gets_the_command_line_of_0_21_1() {
        let exec = Scripted::new([Output {
            code: 3,
            ..Output::default()
        }]);
        let runner = runner();
        let program =
            Program::open(&runner, &exec, Path::new("a b.wasm"), Interrupts::Never).unwrap();
        let grant = Grant {
            args: vec!["x".into()],
            env: vec![("K".into(), "V".into())],
            ..Grant::default()
        };
        assert_eq!(program.run(&grant).unwrap().code, 3);
        let asked = exec.asked();
        assert_eq!(asked[0].to_string(), "wasmtime -S http -- \"a b.wasm\" x");
        assert_eq!(asked[0].env, [("K".into(), "V".into())]);
    }

    #[test]
    fn what_a_configured_runner_cannot_be_told_is_refused() {
        let exec = Scripted::default();
        let runner = runner();
        let program =
            Program::open(&runner, &exec, Path::new("a.wasm"), Interrupts::Never).unwrap();
        let grant = Grant {
            dirs: vec![Preopen::parse("data::/data").unwrap()],
            ..Grant::default()
        };
        assert!(program.run(&grant).is_err());
        assert!(exec.asked().is_empty());
    }

    #[cfg(not(feature = "runtime"))]
    #[test]
    fn without_the_engine_the_feature_is_named() {
        let exec = Scripted::default();
        let error = Program::open(
            &Runner::Embedded,
            &exec,
            Path::new("a.wasm"),
            Interrupts::Never,
        )
        .err()
        .unwrap();
        assert!(error.to_string().contains("`runtime`"), "{error}");
    }
}

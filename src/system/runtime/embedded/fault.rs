//! Errors of the engine, as errors of this tool.

use std::fmt::Display;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::backtrace::{Symbols, short, text};
use crate::base::error::Error;
use crate::model::component::debug::without_dwarf;
use crate::model::component::pure::{STUBBED, WITHOUT_WASI};
use crate::model::component::symbols::{is_of_std, without_hash};
use crate::system::fs;
use crate::system::runtime::exports;
use crate::system::runtime::outcome::{ExitStatus, TRAPPED};
use crate::system::runtime::trace_options::{TraceOptions, TraceStyle};

/// How many functions of a stack trace are shown; the rest is rarely read.
const FRAMES: usize = 8;

/// An error with this message, and the engine's error as its causes.
pub fn error(message: impl Into<String>, cause: &wasmtime::Error) -> Error {
    cause.chain().fold(Error::input(message), |error, cause| {
        error.with_cause(one_line(cause))
    })
}

/// What became of the message of a panic in a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PanicMessage {
    /// It is on standard error already.
    Printed,
    /// Nobody saw it, since the component does not import standard error.
    Dropped,
}

/// How a component ended that the host stopped with this error.
pub fn stopped(error: Error) -> ExitStatus {
    ExitStatus {
        code: TRAPPED,
        fault: Some(error),
        refusals: None,
    }
}

/// What it takes to describe how a component failed.
pub struct Faults {
    /// The bytes of its file.
    pub bytes: Vec<u8>,
    /// How its stack is shown.
    pub trace: TraceOptions,
}

impl Faults {
    /// How the component ended that `failed`: by its own exit, or by a trap.
    pub fn exit_status(&self, failed: &wasmtime::Error) -> ExitStatus {
        match failed.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => ExitStatus {
                code: *code,
                ..ExitStatus::default()
            },
            None => stopped(self.trap(failed)),
        }
    }

    /// The error of the component that trapped.
    pub fn trap(&self, failed: &wasmtime::Error) -> Error {
        let error = Error::input("the component trapped");
        let stack = failed.downcast_ref::<WasmBacktrace>();
        let trace = stack.and_then(|stack| self.backtrace(stack));
        let error = match failed.downcast_ref::<Trap>() {
            Some(code) => {
                let names = match (&trace, stack) {
                    (None, Some(stack)) => stack.to_string(),
                    _ => String::new(),
                };
                self.reason(error, *code, stack, &functions(&names))
            }
            None => failed
                .chain()
                .map(one_line)
                // This cause is the trace, many lines of addresses.
                .filter(|cause| !cause.starts_with("error while executing at wasm backtrace"))
                .fold(error, Error::with_cause),
        };
        match trace {
            Some(trace) => error.with_trace(trace),
            None => error,
        }
    }

    /// Adds why a component trapped, and where by the names of functions, if there are some.
    fn reason(
        &self,
        error: Error,
        code: Trap,
        stack: Option<&WasmBacktrace>,
        names: &[&str],
    ) -> Error {
        let innermost = stack.and_then(|stack| stack.frames().first()?.func_name());
        let missing = innermost.and_then(missing);
        let (error, shown) = match (missing, code == Trap::UnreachableCodeReached) {
            (Some((cause, hint)), true) => {
                let error = error.with_cause(cause).hint(hint);
                (error, of_user(names.get(1..).unwrap_or_default()))
            }
            (_, false) => (error.with_cause(code), names),
            // A panic ends in this trap. The innermost functions are those of the panic.
            (None, true) => match self.panic_message() {
                PanicMessage::Printed => (error.with_cause(code), [].as_slice()),
                PanicMessage::Dropped => (error.with_cause(code), of_user(names)),
            },
        };
        match described(shown) {
            Some(frames) => error.with_cause(frames),
            None => error,
        }
    }

    /// What became of the message if the component panicked.
    fn panic_message(&self) -> PanicMessage {
        let imports = exports::needs(&self.bytes).unwrap_or_default();
        let prints = |name: &String| name.starts_with("wasi:cli/stderr");
        match imports.iter().any(prints) {
            true => PanicMessage::Printed,
            false => PanicMessage::Dropped,
        }
    }

    /// The stack with files and lines, as far as they are wanted and known.
    fn backtrace(&self, stack: &WasmBacktrace) -> Option<String> {
        let full = match self.trace.style {
            TraceStyle::Names => return None,
            TraceStyle::Short => false,
            TraceStyle::Full => true,
        };
        let compiled = without_dwarf(&self.bytes);
        let compiled = compiled.as_deref().unwrap_or(&self.bytes);
        let debug_info = self.debug_info(compiled);
        let with_lines = debug_info.as_deref().unwrap_or(&self.bytes);
        let symbols = Symbols::read(compiled, with_lines, &self.trace.dir).ok()?;
        if !full && !symbols.has_lines() {
            return None;
        }
        let frames = match full {
            true => symbols.frames(stack),
            false => short(symbols.frames(stack)),
        };
        (!frames.is_empty()).then(|| text(&frames, full))
    }

    /// The file with the debug information of this component, unless it is of another one
    /// by now.
    fn debug_info(&self, compiled: &[u8]) -> Option<Vec<u8>> {
        let bytes = fs::read(self.trace.debug_info.as_ref()?).ok()?;
        (without_dwarf(&bytes)? == compiled).then_some(bytes)
    }
}

/// What a function that stands for one of the host says by its name, and what to do about
/// it; none for other functions.
fn missing(name: &str) -> Option<(String, &'static str)> {
    if let Some(function) = name.strip_suffix(WITHOUT_WASI) {
        let cause = format!("`{function}`{WITHOUT_WASI}");
        return Some((cause, instead_of(function)));
    }
    let function = name.strip_suffix(STUBBED)?;
    let hint = "do not call what needs it, or remove the interface from `stub` of the dependency in Cargo.toml";
    Some((format!("`{function}`{STUBBED}"), hint))
}

/// What to do about a function of WASI that the component was built without.
fn instead_of(function: &str) -> &'static str {
    match function.contains("random") || function.contains("insecure") {
        true => {
            "use `BTreeMap` instead of `HashMap`, or set `wasi = { mode = \"none\", randomness = \"fixed\" }` in `[package.metadata.component]`"
        }
        false => {
            "pass what the function needs as an argument, or import it in the world; or remove `wasi` from `[package.metadata.component]`"
        }
    }
}

/// The names of the functions in the text of a trace, innermost first.
///
/// Only the text has the names demangled: `0: 0x1a2b - module!function`.
fn functions(trace: &str) -> Vec<&str> {
    let mut names: Vec<&str> = trace
        .lines()
        .filter_map(|line| line.trim_start().split_once(" - "))
        .filter(|(address, _)| address.contains("0x"))
        .map(|(_, name)| name.split_once('!').map_or(name, |(_, name)| name))
        .map(without_hash)
        .collect();
    // An endless recursion is shown once.
    names.dedup();
    names
}

/// The functions from the innermost one that is not of the standard library; all of them
/// if there is none.
fn of_user<'a, 'b>(frames: &'a [&'b str]) -> &'a [&'b str] {
    let first = frames.iter().position(|name| !is_of_std(name));
    first.map_or(frames, |first| &frames[first..])
}

/// The functions that were running, innermost first; `None` if none is known.
fn described(frames: &[&str]) -> Option<String> {
    let (shown, rest) = frames.split_at(frames.len().min(FRAMES));
    if shown.is_empty() {
        return None;
    }
    let shown: Vec<String> = shown.iter().map(|name| format!("`{name}`")).collect();
    let more = match rest.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("in {}{more}", shown.join(", called by ")))
}

/// A message of several lines on one line.
fn one_line(text: impl Display) -> String {
    let text = text.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ").trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_status(failed: &wasmtime::Error) -> ExitStatus {
        let faults = Faults {
            bytes: Vec::new(),
            trace: TraceOptions::default(),
        };
        faults.exit_status(failed)
    }

    #[test]
    fn the_functions_of_the_user_come_first() {
        let trace = "error while executing at wasm backtrace:
    0:     0x1 - <unknown>!random_get needs WASI, which this component was built without
    1:     0x2 - <unknown>!adapt-wasi_snapshot_preview1-random_get
    2:     0x3 - m.wasm!__rustc[77]::rust_panic
    3:     0x4 - m.wasm!<std::hash::random::RandomState as core::default::Default>::default
    4:     0x5 - m.wasm!<m::Component as m::bindings::Guest>::f::h0123456789abcdef
    5:     0x6 - m.wasm!f";
        let names = functions(trace);
        assert_eq!(names.len(), 6, "{names:?}");
        assert!(names[0].ends_with(WITHOUT_WASI));
        let text = described(of_user(&names)).unwrap();
        assert_eq!(
            text,
            "in `<m::Component as m::bindings::Guest>::f`, called by `f`"
        );
        assert_eq!(of_user(&["abort", "f"]), ["abort", "f"]);
        assert_eq!(described(&[]), None);
    }

    #[test]
    fn an_exit_is_no_fault() {
        let status = exit_status(&wasmtime::Error::new(I32Exit(7)));
        assert_eq!(status.code, 7);
        assert!(status.fault.is_none());
    }

    #[test]
    fn what_is_no_trap_keeps_its_causes() {
        let failed = wasmtime::Error::msg("inner\n  more").context("outer");
        let status = exit_status(&failed);
        assert_eq!(status.code, TRAPPED);
        assert_eq!(
            status.fault.unwrap().to_string(),
            "the component trapped: outer: inner more"
        );
    }
}

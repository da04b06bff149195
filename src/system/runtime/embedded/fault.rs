//! Errors of the engine, as errors of this tool.

use std::fmt::Display;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::base::error::Error;
use crate::model::component::pure::{STUBBED, WITHOUT_WASI};
use crate::system::runtime::outcome::{ExitStatus, TRAPPED};

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
pub enum PanicMessage {
    /// It is on standard error already.
    Printed,
    /// Nobody saw it, since the component does not import standard error.
    Dropped,
}

/// How a component ended that `failed`: by its own exit, or by a trap.
pub fn exit_status(failed: &wasmtime::Error, panic: PanicMessage) -> ExitStatus {
    if let Some(I32Exit(code)) = failed.downcast_ref::<I32Exit>() {
        return ExitStatus {
            code: *code,
            ..ExitStatus::default()
        };
    }
    ExitStatus {
        code: TRAPPED,
        fault: Some(trap(failed, panic)),
        refusals: None,
    }
}

/// How a component ended that the host stopped with this error.
pub fn stopped(error: Error) -> ExitStatus {
    ExitStatus {
        code: TRAPPED,
        fault: Some(error),
        refusals: None,
    }
}

/// The error of a component that trapped.
pub fn trap(failed: &wasmtime::Error, panic: PanicMessage) -> Error {
    let error = Error::input("the component trapped");
    let Some(code) = failed.downcast_ref::<Trap>() else {
        return failed
            .chain()
            .map(one_line)
            // This cause is the trace, many lines of addresses.
            .filter(|cause| !cause.starts_with("error while executing at wasm backtrace"))
            .fold(error, Error::with_cause);
    };
    let trace = failed.downcast_ref::<WasmBacktrace>();
    let trace = trace.map(ToString::to_string).unwrap_or_default();
    let frames = functions(&trace);
    let unreachable = *code == Trap::UnreachableCodeReached;
    let missing = frames.first().and_then(|name| missing(name));
    let (error, shown) = match missing.filter(|_| unreachable) {
        Some((cause, hint)) => (error.with_cause(cause).hint(hint), of_user(&frames[1..])),
        None if !unreachable => (error.with_cause(code), &frames[..]),
        // A panic ends in this trap. The innermost functions are those of the panic.
        None => match panic {
            PanicMessage::Printed => (error.with_cause(code), [].as_slice()),
            PanicMessage::Dropped => (error.with_cause(code), of_user(&frames)),
        },
    };
    match described(shown) {
        Some(frames) => error.with_cause(frames),
        None => error,
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

/// The crates of Rust's standard library, as they appear in names.
const OF_STD: &[&str] = &[
    "__rustc",
    "alloc",
    "core",
    "dlmalloc",
    "hashbrown",
    "panic_abort",
    "panic_unwind",
    "std",
    "wasi",
    "wasip1",
    "wasip2",
    "wasip3",
];

/// Whether a function is one of Rust's standard library, of libc, or of an adapter.
fn is_of_std(name: &str) -> bool {
    let path = name.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
    let first = &path[..end.unwrap_or(path.len())];
    OF_STD.contains(&first) || !name.contains("::")
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

/// A function's name without the `::h0123456789abcdef` that rustc may append.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
            name
        }
        _ => name,
    }
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

    #[test]
    fn names_lose_the_hash_only() {
        assert_eq!(without_hash("a::b::h19802a56818de6d4"), "a::b");
        assert_eq!(without_hash("a::hello"), "a::hello");
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
        let status = exit_status(&wasmtime::Error::new(I32Exit(7)), PanicMessage::Printed);
        assert_eq!(status.code, 7);
        assert!(status.fault.is_none());
    }

    #[test]
    fn what_is_no_trap_keeps_its_causes() {
        let failed = wasmtime::Error::msg("inner\n  more").context("outer");
        let status = exit_status(&failed, PanicMessage::Printed);
        assert_eq!(status.code, TRAPPED);
        assert_eq!(
            status.fault.unwrap().to_string(),
            "the component trapped: outer: inner more"
        );
    }
}

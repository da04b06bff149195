//! Errors of the engine, as errors of this tool.

use std::fmt::Display;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::base::error::Error;
use crate::system::runtime::outcome::{ExitStatus, TRAPPED};

/// How many functions of a stack trace are shown; the rest is rarely read.
const FRAMES: usize = 8;

/// An error with this message, and the engine's error as its causes.
pub fn error(message: impl Into<String>, cause: &wasmtime::Error) -> Error {
    cause.chain().fold(Error::input(message), |error, cause| {
        error.with_cause(one_line(cause))
    })
}

/// How a component ended that `failed`: by its own exit, or by a trap.
pub fn exit_status(failed: &wasmtime::Error) -> ExitStatus {
    if let Some(I32Exit(code)) = failed.downcast_ref::<I32Exit>() {
        return ExitStatus {
            code: *code,
            ..ExitStatus::default()
        };
    }
    ExitStatus {
        code: TRAPPED,
        fault: Some(trap(failed)),
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
pub fn trap(failed: &wasmtime::Error) -> Error {
    let trace = failed.downcast_ref::<WasmBacktrace>();
    let error = Error::input("the component trapped");
    match failed.downcast_ref::<Trap>() {
        // A panic ends in this trap: its message is on standard error already, and
        // the trace would show the functions of the panic.
        Some(code @ Trap::UnreachableCodeReached) => error.with_cause(code),
        Some(code) => match trace.and_then(frames) {
            Some(frames) => error.with_cause(code).with_cause(frames),
            None => error.with_cause(code),
        },
        None => failed
            .chain()
            .map(one_line)
            // This cause is the trace, many lines of addresses.
            .filter(|cause| !cause.starts_with("error while executing at wasm backtrace"))
            .fold(error, Error::with_cause),
    }
}

/// The functions that were running, innermost first.
fn frames(trace: &WasmBacktrace) -> Option<String> {
    // Only its text has the names demangled: `0: 0x1a2b - module!function`.
    let text = trace.to_string();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_start().split_once(" - "))
        .filter(|(address, _)| address.contains("0x"))
        .map(|(_, name)| name.split_once('!').map_or(name, |(_, name)| name))
        .map(without_hash)
        .collect();
    // An endless recursion is shown once.
    names.dedup();
    let (shown, rest) = names.split_at(names.len().min(FRAMES));
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

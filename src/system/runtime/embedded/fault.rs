//! The engine's errors in our words.

use std::fmt::Display;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::base::error::Error;
use crate::system::runtime::{Ended, TRAPPED};

/// How many functions of a trace are told; the rest is rarely read.
const FRAMES: usize = 8;

/// An engine's error with its causes below `message`.
pub fn error(message: impl Into<String>, cause: &wasmtime::Error) -> Error {
    cause.chain().fold(Error::input(message), |error, cause| {
        error.with_cause(first_lines(cause))
    })
}

/// The end of a component that `failed`: its own exit, or a trap.
pub fn ended(failed: &wasmtime::Error) -> Ended {
    if let Some(I32Exit(code)) = failed.downcast_ref::<I32Exit>() {
        return Ended {
            code: *code,
            ..Ended::default()
        };
    }
    Ended {
        code: TRAPPED,
        fault: Some(fault(failed)),
        missed: None,
    }
}

/// The end of a component that was stopped for a reason of the host's.
pub fn stopped(error: Error) -> Ended {
    Ended {
        code: TRAPPED,
        fault: Some(error),
        missed: None,
    }
}

/// What went wrong inside a component.
pub fn fault(failed: &wasmtime::Error) -> Error {
    let trace = failed.downcast_ref::<WasmBacktrace>();
    let error = Error::input("the component trapped");
    match failed.downcast_ref::<Trap>() {
        // What a panic ends in: the message is on standard error already, and
        // the trace would show the panic machinery.
        Some(trap @ Trap::UnreachableCodeReached) => error.with_cause(trap),
        Some(trap) => match trace.and_then(frames) {
            Some(frames) => error.with_cause(trap).with_cause(frames),
            None => error.with_cause(trap),
        },
        None => failed
            .chain()
            .map(first_lines)
            // The trace, many lines of addresses.
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
    // A recursion without end is told once.
    names.dedup();
    let (told, rest) = names.split_at(names.len().min(FRAMES));
    if told.is_empty() {
        return None;
    }
    let told: Vec<String> = told.iter().map(|name| format!("`{name}`")).collect();
    let more = match rest.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("in {}{more}", told.join(", called by ")))
}

/// A function's name without the `::h0123456789abcdef` rustc may end it with.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
            name
        }
        _ => name,
    }
}

/// A message on one line.
fn first_lines(text: impl Display) -> String {
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
        let ended = ended(&wasmtime::Error::new(I32Exit(7)));
        assert_eq!(ended.code, 7);
        assert!(ended.fault.is_none());
    }

    #[test]
    fn what_is_no_trap_keeps_its_causes() {
        let failed = wasmtime::Error::msg("inner\n  more").context("outer");
        let ended = ended(&failed);
        assert_eq!(ended.code, TRAPPED);
        assert_eq!(
            ended.fault.unwrap().to_string(),
            "the component trapped: outer: inner more"
        );
    }
}

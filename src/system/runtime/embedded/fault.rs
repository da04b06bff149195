//! Errors of the engine, as errors of this tool.

use std::fmt::Display;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::backtrace::{Symbols, short, text};
use crate::base::error::Error;
use crate::model::component::debug::{without_dwarf, without_dwarf_and_names};
use crate::model::component::pure::{STUBBED, WITHOUT_WASI};
use crate::model::component::symbols::is_of_std;
use crate::system::fs;
use crate::system::runtime::exports;
use crate::system::runtime::outcome::{ExitStatus, TRAPPED};
use crate::system::runtime::permissions::Interrupts;
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
    bytes: Vec<u8>,
    /// What the engine gets instead of these, unless it is the same.
    lean: Option<Vec<u8>>,
    /// How its stack is shown.
    trace: TraceOptions,
}

impl Faults {
    /// Of the component with these bytes. The engine gets it without what has no meaning when
    /// it runs: that is most of what it would hash and keep in its cache. The names of
    /// functions stay if they are for samples.
    pub fn new(bytes: Vec<u8>, trace: TraceOptions, interrupts: Interrupts) -> Self {
        let lean = match interrupts {
            Interrupts::Samples => without_dwarf(&bytes),
            Interrupts::Never | Interrupts::Regular => without_dwarf_and_names(&bytes),
        };
        Faults { bytes, lean, trace }
    }

    /// The bytes of its file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the engine compiles.
    pub fn lean(&self) -> &[u8] {
        self.lean.as_deref().unwrap_or(&self.bytes)
    }

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
        let stack = stack
            .and_then(|stack| self.stack(stack))
            .unwrap_or_default();
        let error = match failed.downcast_ref::<Trap>() {
            Some(code) => self.reason(error, *code, &stack),
            None => failed
                .chain()
                .map(one_line)
                // This cause is the trace, many lines of addresses.
                .filter(|cause| !cause.starts_with("error while executing at wasm backtrace"))
                .fold(error, Error::with_cause),
        };
        match stack.trace {
            Some(trace) => error.with_trace(trace),
            None => error,
        }
    }

    /// Adds why a component trapped, and where by the names of functions, unless a trace
    /// says that.
    fn reason(&self, error: Error, code: Trap, stack: &Stack) -> Error {
        let names = match stack.trace {
            None => distinct(&stack.functions),
            Some(_) => Vec::new(),
        };
        let missing = stack.functions.first().and_then(|name| missing(name));
        let (error, shown) = match (missing, code == Trap::UnreachableCodeReached) {
            (Some((cause, hint)), true) => {
                let error = error.with_cause(cause).hint(hint);
                (error, of_user(names.get(1..).unwrap_or_default()))
            }
            (_, false) => (error.with_cause(code), &names[..]),
            // A panic ends in this trap. The innermost functions are those of the panic.
            (None, true) => match self.panic_message() {
                PanicMessage::Printed => (error.with_cause(code), [].as_slice()),
                PanicMessage::Dropped => (error.with_cause(code), of_user(&names)),
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

    /// What is known of the stack; `None` if the component cannot be read.
    fn stack(&self, stack: &WasmBacktrace) -> Option<Stack> {
        let debug_info = self.debug_info();
        let full = debug_info.as_deref().unwrap_or(&self.bytes);
        let symbols = Symbols::read(self.lean(), full, &self.trace.dir).ok()?;
        let frames = match self.trace.style {
            TraceStyle::Short if symbols.has_lines() => short(symbols.frames(stack)),
            TraceStyle::Full => symbols.frames(stack),
            TraceStyle::Short | TraceStyle::Names => Vec::new(),
        };
        let is_full = self.trace.style == TraceStyle::Full;
        Some(Stack {
            functions: symbols.functions(stack),
            trace: (!frames.is_empty()).then(|| text(&frames, is_full)),
        })
    }

    /// The file with the debug information of this component, unless it is of another one
    /// by now.
    fn debug_info(&self) -> Option<Vec<u8>> {
        if self.trace.style == TraceStyle::Names {
            return None;
        }
        let bytes = fs::read(self.trace.debug_info.as_ref()?).ok()?;
        (without_dwarf(&bytes)? == self.bytes).then_some(bytes)
    }
}

/// The functions that were running when a component failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stack {
    /// The names of those that the engine knows of, the innermost first.
    functions: Vec<String>,
    /// The lines that show them with files and lines, as far as that is wanted and known.
    trace: Option<String>,
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

/// The names, with those that follow each other once: an endless recursion has many.
fn distinct(names: &[String]) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
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
        let faults = Faults::new(Vec::new(), TraceOptions::default(), Interrupts::Never);
        faults.exit_status(failed)
    }

    #[test]
    fn the_functions_of_the_user_come_first() {
        let names = [
            "random_get needs WASI, which this component was built without",
            "adapt-wasi_snapshot_preview1-random_get",
            "__rustc[77]::rust_panic",
            "<std::hash::random::RandomState as core::default::Default>::default",
            "<m::Component as m::bindings::Guest>::f",
            "<m::Component as m::bindings::Guest>::f",
            "f",
        ]
        .map(str::to_owned);
        let names = distinct(&names);
        assert_eq!(names.len(), 6, "{names:?}");
        let text = described(of_user(&names)).unwrap();
        assert_eq!(
            text,
            "in `<m::Component as m::bindings::Guest>::f`, called by `f`"
        );
        assert_eq!(of_user(&["abort", "f"]), ["abort", "f"]);
        assert_eq!(described(&[]), None);
    }

    #[test]
    fn the_engine_gets_names_only_for_samples() {
        let text = |name: &str| {
            wat::parse_str(format!("(component (core module (func {name})))")).unwrap()
        };
        let lean = |interrupts| {
            let faults = Faults::new(text("$named"), TraceOptions::default(), interrupts);
            assert_eq!(faults.bytes(), text("$named"));
            faults.lean().to_vec()
        };
        assert_eq!(lean(Interrupts::Never), text(""));
        assert_eq!(lean(Interrupts::Regular), text(""));
        assert_eq!(lean(Interrupts::Samples), text("$named"));
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

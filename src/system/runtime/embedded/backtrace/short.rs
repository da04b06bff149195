//! The frames that are shown by default: those of the source, as Rust shows them.

use super::frame::Frame;

/// What separates the code that panicked from the code that reports it.
const END: &str = "__rust_end_short_backtrace";

/// What separates the code of the user from the code that starts it.
const BEGIN: &str = "__rust_begin_short_backtrace";

/// The functions that report a panic or an abort, or call WASI; with `:` or `_` at the end, all whose names
/// begin like that.
const REPORTING: &[&str] = &[
    "__rustc::",
    "__wasi_",
    "abort",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "core::cell::panic_already_",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "panic_abort::",
    "panic_unwind::",
    "rust_begin_unwind",
    "rust_panic",
    "__rust_start_panic",
    "__rust_abort",
    "std::alloc::",
    "std::panicking::",
    "std::process::abort",
    "std::sys::backtrace::",
    "std::sys::pal::",
    "std::sys::abort_internal",
];

/// The functions that start a program.
const STARTING: &[&str] = &["_start", "__main_void", "__original_main", "main"];

/// The beginnings of the names of functions that belong to no source of the user.
const RUNTIME: &[&str] = &["std::rt::lang_start", "wit_bindgen::", "wit_bindgen_rt::"];

/// The parts of the name of the call of a closure, of which the source shows nothing:
/// `core::ops::function::FnOnce::call_once`, or with the newer names of Rust
/// `<fn() as core::ops::function::FnOnce<()>>::call_once`.
const CALL: [&str; 2] = ["core::ops::function::FnOnce", "::call_once"];

/// The frames without those that report the failure, start the program, or stand between
/// components; `frames` are the innermost first.
pub fn short(frames: Vec<Frame>) -> Vec<Frame> {
    let reported = frames.iter().position(|frame| frame.function.contains(END));
    let mut kept: Vec<Frame> = Vec::new();
    let after = frames.into_iter().skip(reported.map_or(0, |at| at + 1));
    for frame in after.skip_while(|frame| frame.glue || reports(&frame.function)) {
        if frame.function.contains(BEGIN) {
            while kept
                .last()
                .is_some_and(|last| calls_closure(&last.function))
            {
                kept.pop();
            }
            break;
        }
        if !frame.glue && !is_runtime(&frame.function) {
            kept.push(frame);
        }
    }
    kept
}

fn calls_closure(function: &str) -> bool {
    CALL.iter().all(|part| function.contains(part))
}

fn reports(function: &str) -> bool {
    REPORTING.iter().any(|name| {
        let rest = function.strip_prefix(name);
        rest.is_some_and(|rest| name.ends_with([':', '_']) || !rest.starts_with(is_part_of_name))
    })
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_runtime(function: &str) -> bool {
    STARTING.contains(&function)
        || RUNTIME.iter().any(|name| function.starts_with(name))
        || is_export(function)
}

/// Whether a function is what `wit-bindgen` generates for an export:
/// `bindings::_export_greet_cabi`, perhaps with type arguments or without path.
fn is_export(function: &str) -> bool {
    let after_path = function.rsplit_once("::_export_").map(|(_, name)| name);
    let Some(name) = after_path.or_else(|| function.strip_prefix("_export_")) else {
        return false;
    };
    let end = name.find(|c| !is_part_of_name(c));
    name[..end.unwrap_or(name.len())].ends_with("_cabi")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: &[&str]) -> Vec<String> {
        let frame = |name: &&str| Frame {
            glue: name.starts_with('!'),
            function: (*name).to_owned(),
            ..Frame::default()
        };
        let kept = short(names.iter().map(frame).collect());
        kept.into_iter().map(|frame| frame.function).collect()
    }

    #[test]
    fn a_panic_of_a_library_begins_and_ends_with_its_own_functions() {
        let names = [
            "__rustc::__rust_start_panic",
            "std::panicking::panic_handler::{closure#0}",
            "std::sys::backtrace::__rust_end_short_backtrace::<f, !>",
            "__rustc::rust_begin_unwind",
            "core::panicking::panic_fmt",
            "core::option::unwrap_failed",
            "core::option::Option<T>::unwrap",
            "greeter::deep",
            "<greeter::Component as greeter::bindings::Guest>::greet",
            "greeter::bindings::_export_greet_cabi::<greeter::Component>",
            "_export_greet_cabi<greeter::Component>",
            "!greet",
        ];
        assert_eq!(shown(&names), &names[6..9]);
    }

    #[test]
    fn a_program_ends_with_its_main_function() {
        let older = [
            "core::panicking::panic",
            "app::main",
            "core::ops::function::FnOnce::call_once",
            "std::sys::backtrace::__rust_begin_short_backtrace",
            "std::rt::lang_start::{{closure}}",
            "std::rt::lang_start_internal",
            "main",
            "__main_void",
            "_start",
        ];
        assert_eq!(shown(&older), ["app::main"]);
        let newer = [
            "core::panicking::panic",
            "app::main",
            "<fn() as core::ops::function::FnOnce<()>>::call_once",
            "std::sys::backtrace::__rust_begin_short_backtrace::<fn(), ()>",
            "std::rt::lang_start::<()>::{closure#0}",
            "std::rt::lang_start_internal",
            "main",
            "__main_void",
            "_start",
        ];
        assert_eq!(shown(&newer), ["app::main"]);
    }

    #[test]
    fn between_components_only_the_glue_is_left_out() {
        let names = [
            "dep::f",
            "dep::bindings::exports::a::b::c::_export_f_cabi",
            "!adapter",
            "app::bindings::a::b::c::f",
            "<app::T as core::iter::Iterator>::next",
            "wit_bindgen::rt::async_support::start_task",
        ];
        assert_eq!(shown(&names), [names[0], names[3], names[4]]);
        // What traps without a panic is shown from there.
        assert_eq!(shown(&["std::f", "a::g"]), ["std::f", "a::g"]);
        assert_eq!(shown(&["abort", "abortable::f"]), ["abortable::f"]);
    }
}

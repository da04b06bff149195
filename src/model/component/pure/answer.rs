//! What each function of WASI answers in a component without WASI.

use crate::model::manifest::{KeptWasi, Randomness, WasiPolicy};

/// What a function does in place of that of WASI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It traps, and its name says why.
    Trap,
    /// It returns this number, if it has a result.
    Returns(i32),
    /// It stores these numbers and returns 0, if it has a result.
    Stores(&'static [Store]),
    /// `fd_read`: the standard input is at its end, and nothing else is open.
    EndOfFile,
    /// `fd_write`: the output is dropped.
    DropsOutput,
    /// `fd_write`: the output goes to the standard error of the host.
    WritesToStderr,
    /// `random_get`: it fills memory with numbers that are the same in every run.
    FixedFill,
    /// `get-random-u64`: it returns such a number.
    FixedNumber,
    /// `insecure-seed`: it stores two such numbers.
    FixedPair,
    /// `get-random-bytes`: it allocates memory and fills it with such numbers.
    FixedList,
}

/// A number of 4 bytes that is stored relative to a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Store {
    /// The index of the parameter that is the pointer.
    pub pointer: u32,
    /// The distance from the pointer in bytes.
    pub offset: u64,
    /// The number itself, in little-endian order.
    pub value: i32,
}

const fn store(pointer: u32, offset: u64, value: i32) -> Store {
    Store {
        pointer,
        offset,
        value,
    }
}

/// Error numbers of `wasi_snapshot_preview1`, from its `errno`.
pub(super) const BADF: i32 = 8;
pub(super) const IO: i32 = 29;
const NOSYS: i32 = 52;

/// No strings, and no bytes of them.
const NO_STRINGS: Answer = Answer::Stores(&[store(0, 0, 0), store(1, 0, 0)]);

/// The answer of a function of `wasi_snapshot_preview1`.
pub(super) fn of_preview1(function: &str, policy: WasiPolicy) -> Answer {
    match function {
        "args_get" | "environ_get" | "sched_yield" => Answer::Returns(0),
        "args_sizes_get" | "environ_sizes_get" => NO_STRINGS,
        "fd_read" => Answer::EndOfFile,
        "fd_write" => match policy.kept {
            KeptWasi::Nothing => Answer::DropsOutput,
            KeptWasi::Stderr => Answer::WritesToStderr,
        },
        "random_get" if policy.randomness == Randomness::Fixed => Answer::FixedFill,
        // A clock is needed to wait, too.
        "random_get" | "clock_time_get" | "clock_res_get" | "poll_oneoff" | "proc_exit"
        | "proc_raise" => Answer::Trap,
        // No file is open, and no directory: all of these get a descriptor.
        _ if ["fd_", "path_", "sock_"]
            .iter()
            .any(|p| function.starts_with(p)) =>
        {
            Answer::Returns(BADF)
        }
        _ => Answer::Returns(NOSYS),
    }
}

/// An empty list. Its pointer is aligned, and not null, since it becomes that of a vector.
const EMPTY_LIST: Answer = Answer::Stores(&[store(0, 0, 8), store(0, 4, 0)]);
/// The first case without a value, such as `none` or `ok`, where the result is stored at
/// the first, the second or the fourth parameter.
const FIRST_CASE_AT_0: Answer = Answer::Stores(&[store(0, 0, 0)]);
const FIRST_CASE_AT_1: Answer = Answer::Stores(&[store(1, 0, 0)]);
const FIRST_CASE_AT_3: Answer = Answer::Stores(&[store(3, 0, 0)]);

/// The result `ok(4096)`: as many bytes may be written to a stream.
const ROOM: Answer = Answer::Stores(&[store(1, 0, 0), store(1, 8, 4096), store(1, 12, 0)]);
/// The result `err(closed)`: nothing more comes from a stream.
const CLOSED: Answer = Answer::Stores(&[store(2, 0, 1), store(2, 4, 1)]);

/// The answer of a function of WASI 0.2, by the name of its interface without the version,
/// with the signatures that the canonical ABI gives them. `no_streams`: whether
/// `wasi:io/streams` is answered here as well, so that any number can stand for a stream.
pub(super) fn of_preview2(
    interface: &str,
    function: &str,
    policy: WasiPolicy,
    no_streams: bool,
) -> Answer {
    let fixed = |answer| match policy.randomness {
        Randomness::Fixed => answer,
        Randomness::Trap => Answer::Trap,
    };
    match (interface, function) {
        (_, name) if name.starts_with("[resource-drop]") => Answer::Returns(0),
        ("wasi:cli/environment", "initial-cwd") => FIRST_CASE_AT_0,
        ("wasi:cli/environment", _) | ("wasi:filesystem/preopens", _) => EMPTY_LIST,
        ("wasi:cli/stdin", "get-stdin")
        | ("wasi:cli/stdout", "get-stdout")
        | ("wasi:cli/stderr", "get-stderr")
            if no_streams =>
        {
            Answer::Returns(1)
        }
        (
            "wasi:cli/terminal-stdin" | "wasi:cli/terminal-stdout" | "wasi:cli/terminal-stderr",
            _,
        ) => FIRST_CASE_AT_0,
        ("wasi:io/streams", "[method]output-stream.check-write") => ROOM,
        (
            "wasi:io/streams",
            "[method]output-stream.flush" | "[method]output-stream.blocking-flush",
        ) => FIRST_CASE_AT_1,
        (
            "wasi:io/streams",
            "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush",
        ) => FIRST_CASE_AT_3,
        ("wasi:io/streams", "[method]input-stream.read" | "[method]input-stream.blocking-read") => {
            CLOSED
        }
        (
            "wasi:io/streams",
            "[method]input-stream.subscribe" | "[method]output-stream.subscribe",
        ) => Answer::Returns(1),
        ("wasi:io/poll", "[method]pollable.block" | "[method]pollable.ready") => Answer::Returns(1),
        ("wasi:random/random", "get-random-u64")
        | ("wasi:random/insecure", "get-insecure-random-u64") => fixed(Answer::FixedNumber),
        ("wasi:random/random", "get-random-bytes")
        | ("wasi:random/insecure", "get-insecure-random-bytes") => fixed(Answer::FixedList),
        ("wasi:random/insecure-seed", "insecure-seed" | "get-insecure-seed") => {
            fixed(Answer::FixedPair)
        }
        _ => Answer::Trap,
    }
}

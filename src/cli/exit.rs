//! The exit codes of the tool. The table is part of the reference (`exit-codes.md`).

use std::process::ExitCode;

use crate::base::error::{ErrorKind, Result};
use crate::system::shell::{Shell, report};

/// Each exit code with its meaning, for the reference.
pub const TABLE: &[(&str, &str)] = &[
    ("0", "the command succeeded"),
    (
        "1",
        "the input is invalid (such as a manifest, WIT or a module), an I/O operation failed, a check found a difference, or this build of the tool does not support the request",
    ),
    ("2", "the command line is invalid"),
    (
        "other",
        "a program that the tool ran (cargo, a runner, the component) exited with this code; if it was killed, the code is 1",
    ),
];

/// The exit code of a failure that was reported.
pub const FAILURE: u8 = 1;
/// The exit code for an invalid command line.
pub const USAGE: u8 = 2;

/// Reports an error, if there is one, and returns the exit code of the result.
pub fn code(shell: &dyn Shell, result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(shell, &error);
            code_of(error.kind())
        }
    }
}

/// The exit code for a kind of error: that of a child process if it fits into a byte and
/// is not 0.
pub fn code_of(kind: ErrorKind) -> ExitCode {
    match kind {
        ErrorKind::Usage => ExitCode::from(USAGE),
        ErrorKind::Child(code) => match u8::try_from(code) {
            Ok(code) if code != 0 => ExitCode::from(code),
            _ => ExitCode::from(FAILURE),
        },
        ErrorKind::Input | ErrorKind::Io | ErrorKind::Changed | ErrorKind::Unsupported => {
            ExitCode::from(FAILURE)
        }
    }
}

/// Prints a message of clap, which may be help or an error.
pub(in crate::cli) fn print_clap_error(error: &clap::Error) -> ExitCode {
    // If the stream is closed, there is nowhere to report that.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILURE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_table() {
        for (kind, code) in [
            (ErrorKind::Input, 1),
            (ErrorKind::Io, 1),
            (ErrorKind::Changed, 1),
            (ErrorKind::Unsupported, 1),
            (ErrorKind::Usage, 2),
            (ErrorKind::Child(101), 101),
            // What failed must not look like success.
            (ErrorKind::Child(0), 1),
            (ErrorKind::Child(256), 1),
            (ErrorKind::Child(-1), 1),
        ] {
            assert_eq!(code_of(kind), ExitCode::from(code), "{kind:?}");
        }
    }
}

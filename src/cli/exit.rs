//! Exit codes. The table is part of the reference (`exit-codes.md`).

use std::process::ExitCode;

use crate::base::error::{ErrorKind, Result};
use crate::system::shell::{Shell, report};

/// The codes with what they say, for the reference.
pub const TABLE: &[(&str, &str)] = &[
    ("0", "what was asked for was done"),
    (
        "1",
        "something given is wrong (a manifest, WIT, a module), the system refused, or this build of the tool cannot do it",
    ),
    (
        "2",
        "the command line asks for something that does not exist",
    ),
    (
        "other",
        "a program that was run (cargo, a runner, the component) ended with this code and has said why; one that was killed counts as 1",
    ),
];

/// Something failed and said why.
pub const FAILURE: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;

/// The exit code of a result; an error is told first.
pub fn code(shell: &dyn Shell, result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(shell, &error);
            code_of(error.kind())
        }
    }
}

/// The exit code of a sort of failure; a child's own code where it fits into
/// a byte and is not 0.
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

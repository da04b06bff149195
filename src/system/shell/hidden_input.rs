//! Input on the terminal that is not shown.

use crate::base::error::Result;

/// Asks for a line on the terminal at standard input, which does not show what is typed, and
/// returns it without its end. A prompt that is cancelled by Ctrl-C ends as a program does that
/// the signal stops.
#[cfg(unix)]
pub fn ask_hidden(prompt: &str) -> Result<String> {
    unix::ask(prompt)
}

/// Asks for a line on the console, which does not show what is typed, and returns it without its
/// end. Ctrl-C ends the program; shells bring back the settings of the console by themselves.
#[cfg(windows)]
pub fn ask_hidden(prompt: &str) -> Result<String> {
    use crate::base::error::{Error, ErrorKind};

    rpassword::prompt_password(prompt).map_err(|cause| {
        Error::new(ErrorKind::Io, "failed to read from the console").with_cause(cause)
    })
}

// On Unix, the crate that asks on Windows leaves the terminal without echo after Ctrl-C, and
// shows what is typed before it has changed the terminal's settings.
#[cfg(unix)]
mod unix {
    use std::io::{self, Read as _, Stdin, Write as _};

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    use crate::base::error::{Error, ErrorKind, Result};

    /// The byte that Ctrl-C types where it sends no signal.
    const INTERRUPT: u8 = 3;
    /// The exit code of a program that the signal of Ctrl-C stops.
    const INTERRUPTED: i32 = 130;

    /// Brings the terminal back to how it was.
    struct Restore<'t> {
        terminal: &'t Stdin,
        before: Termios,
    }

    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            // There is no other way to bring it back.
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        }
    }

    fn failed(cause: impl Into<io::Error>) -> Error {
        let message = "failed to read from the terminal";
        Error::new(ErrorKind::Io, message).with_cause(cause.into())
    }

    pub(super) fn ask(prompt: &str) -> Result<String> {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal).map_err(failed)?;
        let mut hidden = before.clone();
        // A signal would stop the process while the terminal shows nothing. Without it, Ctrl-C
        // is a byte, which ends the line.
        hidden
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ISIG);
        hidden.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        let restore = Restore {
            terminal: &terminal,
            before,
        };
        tcsetattr(&terminal, OptionalActions::Flush, &hidden).map_err(failed)?;
        write(prompt)?;
        let line = read_line(&mut terminal.lock());
        drop(restore);
        write("\n")?;
        let line = line.map_err(failed)?;
        match line.last() {
            Some(&INTERRUPT) => Err(Error::child(INTERRUPTED)),
            _ => String::from_utf8(line)
                .map_err(|_| Error::input("the input is not valid UTF-8").hint("type it again")),
        }
    }

    fn write(text: &str) -> Result<()> {
        let mut out = io::stderr().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(failed)
    }

    /// The bytes up to the end of the line, which is left out, or up to Ctrl-C.
    fn read_line(input: &mut dyn io::BufRead) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        for byte in input.bytes() {
            match byte? {
                b'\n' | b'\r' => break,
                INTERRUPT => {
                    line.push(INTERRUPT);
                    break;
                }
                byte => line.push(byte),
            }
        }
        Ok(line)
    }
}

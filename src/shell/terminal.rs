//! The shell of a real process.

use std::io::{IsTerminal as _, Write as _};

use anstyle::AnsiColor;

use super::render::{bold, label, render_error};
use super::{ColorChoice, Message, Shell, Verbosity};
use crate::advice::{Error, Result};

/// Standard output and error of this process.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    verbosity: Verbosity,
    color: ColorChoice,
    colored: bool,
}

impl Terminal {
    /// A shell that says as much and as colourful as asked; `no_color` is
    /// whether the environment forbids colours that nobody asked for.
    pub fn new(verbosity: Verbosity, color: ColorChoice, no_color: bool) -> Self {
        let colored = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !no_color && std::io::stderr().is_terminal(),
        };
        Terminal {
            verbosity,
            color,
            colored,
        }
    }

    fn line(&self, text: &str) {
        // Nobody is left to tell when standard error is gone.
        let _ = writeln!(
            anstream::AutoStream::new(std::io::stderr(), self.stream()),
            "{text}"
        );
    }

    fn stream(&self) -> anstream::ColorChoice {
        if self.colored {
            anstream::ColorChoice::Always
        } else {
            anstream::ColorChoice::Never
        }
    }
}

impl Shell for Terminal {
    fn say(&self, message: Message) {
        let least = match message {
            Message::Error(_) | Message::Data(_) => Verbosity::Quiet,
            Message::Detail(..) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        if self.verbosity < least {
            return;
        }
        match message {
            Message::Status(verb, text) | Message::Detail(verb, text) => {
                let style = bold(AnsiColor::BrightGreen);
                self.line(&format!("{style}{verb:>12}{style:#} {text}"));
            }
            Message::Warning(text) => {
                let label = label("warning", AnsiColor::Yellow, true);
                self.line(&format!("{label} {text}"));
            }
            Message::Note(text) => {
                let label = label("note", AnsiColor::BrightGreen, true);
                self.line(&format!("{label} {text}"));
            }
            Message::Error(error) => self.line(&render_error(&error, self.colored)),
            Message::Data(line) => {
                let _ = writeln!(std::io::stdout(), "{line}");
            }
        }
    }

    fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    fn color(&self) -> ColorChoice {
        self.color
    }

    fn write_data(&self, bytes: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            // Whoever read it has enough.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => {
                result.map_err(|e| Error::input("failed to write to standard output").because(e))
            }
        }
    }
}

//! The shell of a real process.

use std::io::{IsTerminal as _, Write as _};

use anstyle::AnsiColor;
use indicatif::MultiProgress;

use super::bar::{Bar, Bars};
use super::interface::Shell;
use super::message::Message;
use super::options::{ColorChoice, Verbosity};
use super::render::{bold, label, render_error};
use crate::base::error::{Error, Result};
use crate::base::progress::{Progress, ProgressSize};

/// Standard output and error of this process.
#[derive(Clone, Debug)]
pub struct Terminal {
    verbosity: Verbosity,
    color: ColorChoice,
    colored: bool,
    no_color: bool,
    bars: MultiProgress,
}

impl Terminal {
    /// A shell with these settings; `no_color` is whether the environment
    /// switches off colours where `color` is [`ColorChoice::Auto`].
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
            no_color,
            bars: Bars::Never.target(),
        }
    }

    /// The same, with progress bars as `bars` has them.
    pub fn with_bars(self, bars: Bars) -> Self {
        let bars = match self.verbosity {
            Verbosity::Quiet => Bars::Never,
            _ => bars,
        };
        Terminal {
            bars: bars.target(),
            ..self
        }
    }

    /// Writes a line with styles at once, so that those of several processes do not mix.
    fn line(&self, text: &str) {
        let line = format!("{text}\n");
        self.bars.suspend(|| {
            // Nothing can be reported when standard error is closed.
            let _ = match self.colored {
                true => anstream::AutoStream::always(std::io::stderr()).write_all(line.as_bytes()),
                false => {
                    let plain = anstream::adapter::strip_str(&line).to_string();
                    std::io::stderr().write_all(plain.as_bytes())
                }
            };
        });
    }
}

impl Shell for Terminal {
    fn print(&self, message: Message) {
        let required = match message {
            Message::Error(_) | Message::Data(_) => Verbosity::Quiet,
            Message::Detail(..) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        if self.verbosity < required {
            return;
        }
        match message {
            Message::Waiting(..) if self.bars.is_hidden() => {}
            Message::Status(verb, text)
            | Message::Detail(verb, text)
            | Message::Waiting(verb, text) => {
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
            Message::Plain(text) => self.line(&text),
            Message::Error(error) => self.line(&render_error(&error, self.colored)),
            Message::Data(line) => {
                self.bars.suspend(|| {
                    let _ = writeln!(std::io::stdout(), "{line}");
                });
            }
        }
    }

    fn progress(&self, verb: &'static str, extent: ProgressSize) -> Box<dyn Progress> {
        Box::new(Bar::start(&self.bars, verb, extent, self.colored))
    }

    fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    fn color(&self) -> ColorChoice {
        self.color
    }

    fn styled_data(&self, text: &str) -> Result<()> {
        let colored = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !self.no_color && std::io::stdout().is_terminal(),
        };
        match colored {
            true => self.write_data(text.as_bytes()),
            false => {
                let plain = anstream::adapter::strip_str(text).to_string();
                self.write_data(plain.as_bytes())
            }
        }
    }

    fn write_data(&self, bytes: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            // The reader of the pipe has closed it, which is no error.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => {
                result.map_err(|e| Error::input("failed to write to standard output").with_cause(e))
            }
        }
    }
}

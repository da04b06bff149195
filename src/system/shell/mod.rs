//! The one door to the terminal: the seam [`Shell`], the terminal behind it
//! and a buffer for tests.
//!
//! Status lines, warnings and errors go to standard error as cargo writes
//! them; data goes to standard output.

mod bar;
mod render;
mod terminal;

use std::cell::RefCell;

use crate::base::error::{Error, Result};
use crate::base::progress::{NoProgress, Progress, ProgressSize};

pub use bar::Bars;
pub use render::{render_error, report};
pub use terminal::Terminal;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Status lines and warnings.
    #[default]
    Normal,
    /// Also what is run and what was skipped.
    Verbose,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// Where it goes to a terminal and nothing forbids it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// The word cargo's `--color` takes for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ColorChoice::Auto => "auto",
            ColorChoice::Always => "always",
            ColorChoice::Never => "never",
        }
    }
}

/// One thing said to the user.
#[derive(Clone, Debug)]
pub enum Message {
    /// A verb of up to 12 columns and what it is done to.
    Status(&'static str, String),
    /// As `Status`, but only when verbose.
    Detail(&'static str, String),
    /// Something that is probably not meant.
    Warning(String),
    /// Something worth knowing.
    Note(String),
    /// A failure.
    Error(Error),
    /// A line of data, without its line end.
    Data(String),
    /// A line on standard error as it is.
    Plain(String),
}

/// Where the tool speaks.
pub trait Shell {
    /// Says it, or not, as the verbosity has it.
    fn say(&self, message: Message);

    /// How much is said.
    fn verbosity(&self) -> Verbosity;

    /// The colours asked for, to be passed on to cargo.
    fn color(&self) -> ColorChoice;

    /// Writes bytes to standard output as they are.
    fn write_data(&self, bytes: &[u8]) -> Result<()>;

    /// Writes text with styles to standard output; they are left out where
    /// colours are not wanted, or nobody sees them.
    fn styled_data(&self, text: &str) -> Result<()> {
        let plain = anstream::adapter::strip_str(text).to_string();
        self.write_data(plain.as_bytes())
    }

    /// Shows how far something is until the result is dropped, where somebody
    /// may be watching.
    fn progress(&self, _verb: &'static str, _extent: ProgressSize) -> Box<dyn Progress> {
        Box::new(NoProgress)
    }

    /// A status line.
    fn status(&self, verb: &'static str, text: String) {
        self.say(Message::Status(verb, text));
    }

    /// A status line for the verbose.
    fn detail(&self, verb: &'static str, text: String) {
        self.say(Message::Detail(verb, text));
    }

    /// A warning.
    fn warn(&self, text: String) {
        self.say(Message::Warning(text));
    }

    /// A note.
    fn note(&self, text: String) {
        self.say(Message::Note(text));
    }

    /// A line on standard error as it is.
    fn plain(&self, line: String) {
        self.say(Message::Plain(line));
    }

    /// A line of data.
    fn data(&self, line: String) {
        self.say(Message::Data(line));
    }
}

/// Says nothing; for programs that speak for themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Shell for Silent {
    fn say(&self, _message: Message) {}

    fn verbosity(&self) -> Verbosity {
        Verbosity::Quiet
    }

    fn color(&self) -> ColorChoice {
        ColorChoice::Never
    }

    fn write_data(&self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// Keeps what is said; for tests.
#[derive(Debug, Default)]
pub struct Buffer {
    said: RefCell<Vec<String>>,
}

impl Buffer {
    /// Everything said so far, one entry a message, without colours.
    pub fn said(&self) -> Vec<String> {
        self.said.borrow().clone()
    }
}

impl Shell for Buffer {
    fn say(&self, message: Message) {
        let line = match message {
            Message::Status(verb, text) | Message::Detail(verb, text) => {
                format!("{verb:>12} {text}")
            }
            Message::Warning(text) => format!("warning: {text}"),
            Message::Note(text) => format!("note: {text}"),
            Message::Error(error) => render_error(&error, false),
            Message::Data(line) | Message::Plain(line) => line,
        };
        self.said.borrow_mut().push(line);
    }

    fn verbosity(&self) -> Verbosity {
        Verbosity::Verbose
    }

    fn color(&self) -> ColorChoice {
        ColorChoice::Never
    }

    fn write_data(&self, bytes: &[u8]) -> Result<()> {
        self.said
            .borrow_mut()
            .push(String::from_utf8_lossy(bytes).into_owned());
        Ok(())
    }
}

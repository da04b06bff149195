//! The interface through which everything prints.

use super::message::Message;
use super::options::{ColorChoice, Verbosity};
use crate::base::error::Result;
use crate::base::progress::{NoProgress, Progress, ProgressSize};

/// Prints messages, data and progress for the user.
pub trait Shell {
    /// Prints a message, unless the verbosity hides it.
    fn print(&self, message: Message);

    /// How much of the messages is printed.
    fn verbosity(&self) -> Verbosity;

    /// The requested colours, to be passed on to cargo.
    fn color(&self) -> ColorChoice;

    /// Writes bytes to standard output as they are.
    fn write_data(&self, bytes: &[u8]) -> Result<()>;

    /// Writes text with styles to standard output. The styles are removed where
    /// colours are switched off or the output is no terminal.
    fn styled_data(&self, text: &str) -> Result<()> {
        let plain = anstream::adapter::strip_str(text).to_string();
        self.write_data(plain.as_bytes())
    }

    /// Shows progress on a terminal until the result is dropped.
    fn progress(&self, _verb: &'static str, _extent: ProgressSize) -> Box<dyn Progress> {
        Box::new(NoProgress)
    }

    /// Prints a [`Message::Status`] line.
    fn status(&self, verb: &'static str, text: String) {
        self.print(Message::Status(verb, text));
    }

    /// Prints a [`Message::Detail`] line.
    fn detail(&self, verb: &'static str, text: String) {
        self.print(Message::Detail(verb, text));
    }

    /// Prints a [`Message::Warning`] line.
    fn warn(&self, text: String) {
        self.print(Message::Warning(text));
    }

    /// Prints a [`Message::Note`] line.
    fn note(&self, text: String) {
        self.print(Message::Note(text));
    }

    /// Prints a [`Message::Plain`] line.
    fn plain(&self, line: String) {
        self.print(Message::Plain(line));
    }

    /// Prints a [`Message::Data`] line.
    fn data(&self, line: String) {
        self.print(Message::Data(line));
    }
}

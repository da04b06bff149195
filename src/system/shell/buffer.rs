//! The shell of tests.

use std::cell::RefCell;

use super::interface::Shell;
use super::message::Message;
use super::options::{ColorChoice, Verbosity};
use super::render::render_error;
use crate::base::error::Result;

/// Collects what would be printed; for tests.
#[derive(Debug, Default)]
pub struct Buffer {
    messages: RefCell<Vec<String>>,
}

impl Buffer {
    /// Everything printed so far, one entry a message, without colours.
    pub fn messages(&self) -> Vec<String> {
        self.messages.borrow().clone()
    }
}

impl Shell for Buffer {
    fn print(&self, message: Message) {
        let line = match message {
            Message::Status(verb, text)
            | Message::Detail(verb, text)
            | Message::Waiting(verb, text) => {
                format!("{verb:>12} {text}")
            }
            Message::Warning(text) => format!("warning: {text}"),
            Message::Note(text) => format!("note: {text}"),
            Message::Error(error) => render_error(&error, false),
            Message::Data(line) | Message::Plain(line) => line,
        };
        self.messages.borrow_mut().push(line);
    }

    fn verbosity(&self) -> Verbosity {
        Verbosity::Verbose
    }

    fn color(&self) -> ColorChoice {
        ColorChoice::Never
    }

    fn write_data(&self, bytes: &[u8]) -> Result<()> {
        self.messages
            .borrow_mut()
            .push(String::from_utf8_lossy(bytes).into_owned());
        Ok(())
    }
}

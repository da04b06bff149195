//! What is printed for the user.

use crate::base::error::Error;

/// One message for the user.
#[derive(Clone, Debug)]
pub enum Message {
    /// A status line: a verb of up to 12 columns, and what it is done to.
    Status(&'static str, String),
    /// As `Status`, but only when verbose.
    Detail(&'static str, String),
    /// As `Status`, for work that takes noticeably long. Only a terminal shows it,
    /// since whether it appears depends on the time.
    Waiting(&'static str, String),
    /// Something that is probably a mistake.
    Warning(String),
    /// Something that is worth knowing.
    Note(String),
    /// An error that ended an operation.
    Error(Error),
    /// A line for standard output, without its line end.
    Data(String),
    /// A line for standard error as it is.
    Plain(String),
}

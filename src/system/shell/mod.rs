//! The one door to the terminal: the seam [`Shell`], the terminal behind it
//! and a buffer for tests.
//!
//! Status lines, warnings and errors go to standard error as cargo writes
//! them; data goes to standard output.

mod bar;
mod buffer;
mod hidden_input;
mod interface;
mod message;
mod options;
mod render;
mod silent;
mod terminal;

pub use bar::Bars;
pub use buffer::Buffer;
pub use hidden_input::ask_hidden;
pub use interface::Shell;
pub use message::Message;
pub use options::{ColorChoice, Verbosity};
pub use render::{render_error, report};
pub use silent::Silent;
pub use terminal::Terminal;

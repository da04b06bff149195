//! What the tasks of a server send to the thread that started it.

use crate::system::runtime::outcome::ServerEvent;

/// A message for the thread that started the server.
pub enum ServerMessage {
    /// An event to pass on to the caller.
    Event(ServerEvent),
    /// The server has to end.
    Stop,
}

//! Which packages a command means, and the state in which it finds them.

pub mod lock_mode;
pub mod manifest_write;
pub mod output;
pub mod recover;
pub mod relative_path;

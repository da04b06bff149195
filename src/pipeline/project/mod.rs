//! Which packages a command means, and the state in which it finds them.

pub mod recover;

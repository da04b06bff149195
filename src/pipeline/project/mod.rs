//! Which packages a command is about, and what their manifests say: read once,
//! and handed forward.

pub mod here;
pub mod manifests;
pub mod recover;
pub mod select;

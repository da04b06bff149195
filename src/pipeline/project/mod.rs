//! Which packages a command is about, and what their manifests say: read once,
//! and handed forward.

pub mod here;
pub mod manifest_write;
pub mod manifests;
pub mod output;
pub mod recover;
pub mod relative_path;
pub mod select;

//! Which component answers which import.

pub mod closure;
pub mod declared;
pub mod fetching;
pub mod label_changes;
pub mod override_options;
pub mod provided;
pub mod resolution;
pub mod without_build;

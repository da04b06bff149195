//! From sources to components: bindings, cargo, componentizing.

pub mod bindings;
pub mod cargo;
pub mod componentize;
pub mod dependencies;
pub mod foreign;
pub mod linked;
pub mod pending_writes;
pub mod prepare;
pub mod recipe;
pub mod runtime_crate;
pub mod split_command;

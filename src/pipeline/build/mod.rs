//! From sources to components: bindings, cargo, componentizing.

mod adapter;
pub mod bindings;
pub mod cargo;
pub mod component_choice;
pub mod component_record;
pub mod componentize;
pub mod generated_world;
pub mod hand_over;
pub mod linked;
pub mod order;
pub mod pending_writes;
pub mod prepare;
pub mod ready;
pub mod recipe;
pub mod runtime_crate;
pub mod sources;
pub mod split_command;
mod substitutes;

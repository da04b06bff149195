//! Operations in one process, without cargo, a registry or a terminal.

mod add;
mod capabilities;
mod cargo_options;
mod fixture;
mod hints;
mod late;
mod lock;
mod queries;
mod reads;
mod refusals;
pub(super) mod samples;

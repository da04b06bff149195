//! Operations in one process, without cargo, a registry or a terminal.

mod fixture;
mod lock;
mod queries;
mod reads;
mod refusals;

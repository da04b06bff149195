//! (under construction)

pub mod passthrough;

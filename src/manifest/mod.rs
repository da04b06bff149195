//! (under construction)

pub mod edit;

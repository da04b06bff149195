//! (under construction)

pub mod libtest;

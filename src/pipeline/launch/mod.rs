//! How a component that was built is run.

pub mod child;
pub mod invoke;
pub mod libtest;
pub mod permissions;
pub mod runner;
pub mod watched_files;

//! (under construction)

pub mod init;
pub mod new;

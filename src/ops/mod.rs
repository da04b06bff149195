//! The verbs. Each is a function from a [`crate::system::context::Context`] and plain
//! values to an outcome; what it says goes to the shell.

pub mod add;
pub mod artifacts;
pub mod bindings;
pub mod cache;
pub mod cargo;
pub mod cargo_options;
pub mod compose;
pub mod config;
pub mod doc;
pub mod fetch;
pub mod info;
pub mod init;
pub mod login;
pub mod migrate;
pub mod names;
pub mod new;
pub mod outdated;
pub mod publish;
pub mod registry;
pub mod run;
pub mod search;
pub mod size;
pub mod targets;
pub mod test;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod update;
pub mod vendor;
pub mod verify;
pub mod wit;
pub mod wit_deps;
pub mod yank;

#[cfg(test)]
mod release_tests {
    //! The verbs that change manifests and publish, vendor or verify releases, run
    //! in process against a registry in memory.

    mod add;
    mod fixture;
    mod overrides;
    mod publish;
    mod publish_order;
    mod remove;
    mod vendor;
    mod verify;
    mod wit_fetch;
    mod wit_publish;
    mod wit_update;
    mod yank;
}

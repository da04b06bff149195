//! The verbs that change manifests and publish, vendor or verify releases, run
//! in process against a registry in memory.

mod add;
mod components;
mod fixture;
mod publish;
mod publish_order;
mod remove;
mod vendor;
mod verify;
mod wit_fetch;
mod wit_publish;

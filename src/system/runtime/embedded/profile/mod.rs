//! Profiles of runs: which functions were running, many times a second.

mod firefox;
mod flame_graph;
mod sampler;
mod samples;

pub(super) use sampler::Sampler;
pub(super) use samples::INTERVAL;

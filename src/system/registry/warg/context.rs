//! The context of the client of a Warg registry: environment and limits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::base::retry::RetryPolicy;
use crate::system::env::Env;

/// The environment, directories and limits that a registry is reached with.
#[derive(Clone, Debug)]
pub struct WargContext {
    /// The environment: keys, tokens, and where configuration is.
    pub env: Arc<Env>,
    /// The directory of logs unless the configuration has one; without both,
    /// that of other tools.
    pub cache: Option<PathBuf>,
    /// How long each piece of work may take.
    pub limits: TimeLimits,
}

/// How long the registry is waited for.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// The limit for a log with its proofs, or the start of content.
    pub answer: Duration,
    /// The limit for a record to be published.
    pub publish: Duration,
    /// How long content may take to come.
    pub content: RetryPolicy,
}

impl TimeLimits {
    /// The usual limits, with content as cargo's configuration has it.
    pub fn of(content: RetryPolicy) -> Self {
        TimeLimits {
            content,
            ..TimeLimits::default()
        }
    }
}

impl Default for TimeLimits {
    fn default() -> Self {
        TimeLimits {
            answer: Duration::from_secs(60),
            publish: Duration::from_secs(600),
            content: RetryPolicy::default(),
        }
    }
}

//! The context of the client of a registry: environment, programs, policies.

use std::sync::Arc;

use super::warnings::WarningLog;
use crate::base::retry::RetryPolicy;
use crate::system::env::Env;
use crate::system::process::Exec;

/// The environment, programs and policies that a registry is reached with.
#[derive(Clone)]
pub struct ClientContext {
    /// The environment: tokens, and where the files of logins are.
    pub env: Arc<Env>,
    /// The door to programs, for credential helpers.
    pub exec: Arc<dyn Exec>,
    /// How long answers are waited for, and how often requests are repeated.
    pub patience: RetryPolicy,
    /// The log that the warnings of registries go to.
    pub warnings: WarningLog,
}

//! Calls of libraries that may panic.

use crate::base::error;
use crate::base::error::{Error, Result};

/// Calls a library, which may panic on input that it does not expect. The error
/// then says that it failed to do `action` to `component`.
pub(super) fn call_library<T>(
    library: &str,
    action: &str,
    component: &str,
    work: impl FnOnce() -> T,
) -> Result<T> {
    error::guarded(library, work).map_err(|cause| {
        Error::input(format!("failed to {action} `{component}`"))
            .with_cause(cause)
            .hint("report this as a bug, with the components")
    })
}

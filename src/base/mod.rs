//! Types that every module uses: errors, package names and digests, progress
//! of long work, and the policy for repeating requests.

pub mod error;
pub mod package;
#[cfg(feature = "bindings")]
pub mod parallel;
#[cfg(feature = "cli")]
pub mod progress;
#[cfg(feature = "lock")]
pub mod retry;

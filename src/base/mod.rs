//! Types that every module uses: errors, package names and digests, progress
//! and cancellation of long work, and the policy for repeating requests.

#[cfg(feature = "cli")]
pub mod cancellation;
pub mod error;
pub mod package;
#[cfg(feature = "bindings")]
pub mod parallel;
#[cfg(feature = "cli")]
pub mod progress;
#[cfg(feature = "lock")]
pub mod retry;
#[cfg(test)]
pub(crate) mod slashes;

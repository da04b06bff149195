//! The policy for requests over the network: how often they are repeated, how
//! long a response may take, and how slow a body may arrive.

use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

/// How often and after which delay a request is repeated, and when one counts
/// as failed because it is too slow.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The highest number of times that one request is sent.
    pub max_attempts: u32,
    /// The delay before the second attempt; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest time without a byte from the server.
    pub idle_timeout: Duration,
    /// The lowest rate at which a body has to arrive, on average over
    /// `idle_timeout`; 0 for no limit.
    pub min_bytes_per_second: u32,
    /// The time after which users are told of a request that has no answer yet.
    pub noticeable_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_attempts: 5,
            first_delay: Duration::from_millis(300),
            idle_timeout: Duration::from_secs(30),
            min_bytes_per_second: 10,
            noticeable_wait: Duration::from_secs(3),
        }
    }
}

impl RetryPolicy {
    /// The policy of cargo's configuration for its own requests: the timeout in
    /// seconds, the number of repetitions, and the lowest rate in bytes a second.
    pub fn from_cargo_settings(
        timeout: Option<u32>,
        retries: Option<u32>,
        min_bytes_per_second: Option<u32>,
    ) -> Self {
        let default = RetryPolicy::default();
        RetryPolicy {
            idle_timeout: timeout.map_or(default.idle_timeout, |seconds| {
                Duration::from_secs(seconds.into())
            }),
            max_attempts: retries.map_or(default.max_attempts, |retries| retries.saturating_add(1)),
            min_bytes_per_second: min_bytes_per_second.unwrap_or(default.min_bytes_per_second),
            ..default
        }
    }

    /// Repeats without delay, whatever the server requests; for tests.
    pub fn without_delays() -> Self {
        RetryPolicy {
            first_delay: Duration::ZERO,
            ..RetryPolicy::default()
        }
    }

    /// As [`RetryPolicy::delay_before_retry`]; `random` is any number.
    fn delay_with_jitter(
        &self,
        attempts: u32,
        requested: Option<Duration>,
        random: u64,
    ) -> Option<Duration> {
        /// The longest delay that a server may request.
        const LONGEST: Duration = Duration::from_secs(60);
        if attempts >= self.max_attempts || requested.is_some_and(|delay| delay > LONGEST) {
            return None;
        }
        if self.first_delay.is_zero() {
            return Some(Duration::ZERO);
        }
        let delay = self.first_delay.saturating_mul(1 << (attempts - 1).min(8));
        // Half of it is random, so that many clients do not repeat together.
        let jitter = delay / 2 * u32::try_from(random % 100).unwrap_or(0) / 100;
        Some((delay / 2 + jitter).max(requested.unwrap_or_default()))
    }

    /// The delay after `attempts` failed attempts; at least the one that the
    /// server requested, if it did. `None` if the request is not repeated.
    pub fn delay_before_retry(
        &self,
        attempts: u32,
        requested: Option<Duration>,
    ) -> Option<Duration> {
        use std::hash::{BuildHasher as _, Hasher as _};
        let random = std::hash::RandomState::new().build_hasher().finish();
        self.delay_with_jitter(attempts, requested, random)
    }
}

/// Measures the rate at which one body arrives. Only the time spent waiting for
/// the server counts, not that of writing to a slow disk.
#[derive(Debug)]
pub struct TransferRate {
    policy: RetryPolicy,
    waited: Duration,
    received: u64,
}

impl TransferRate {
    /// A body of which nothing has arrived.
    pub fn new(policy: &RetryPolicy) -> Self {
        TransferRate {
            policy: *policy,
            waited: Duration::ZERO,
            received: 0,
        }
    }

    /// Waits for the next chunk; an error if it takes longer than the rate so far
    /// allows.
    pub async fn wait<T>(&mut self, chunk: impl Future<Output = T>) -> Result<T, TransferTooSlow> {
        let start = Instant::now();
        let remaining = self.policy.idle_timeout.saturating_sub(self.waited);
        let chunk = tokio::time::timeout(remaining, chunk).await;
        self.waited += start.elapsed();
        chunk.map_err(|_| TransferTooSlow {
            received: self.received,
            min_bytes_per_second: self.policy.min_bytes_per_second,
            window: self.policy.idle_timeout,
        })
    }

    /// Records the number of bytes of a chunk that arrived.
    pub fn count(&mut self, bytes: usize) {
        self.received += bytes as u64;
        let required =
            self.policy.idle_timeout.as_secs_f64() * f64::from(self.policy.min_bytes_per_second);
        if self.received > 0 && self.received as f64 >= required {
            self.received = 0;
            self.waited = Duration::ZERO;
        }
    }
}

/// The failure of a body that arrived slower than allowed, or not at all.
#[derive(Clone, Copy, Debug)]
pub struct TransferTooSlow {
    received: u64,
    min_bytes_per_second: u32,
    window: Duration,
}

impl fmt::Display for TransferTooSlow {
    /// Writes a fragment for the cause of an error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TransferTooSlow {
            received,
            min_bytes_per_second,
            window,
        } = self;
        match received {
            0 => return write!(f, "no data was received for {window:?}"),
            1 => write!(f, "1 byte was received in {window:?}")?,
            _ => write!(f, "{received} bytes were received in {window:?}")?,
        }
        write!(
            f,
            ", which is slower than {min_bytes_per_second} bytes per second (`http.low-speed-limit` of cargo's configuration)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_respect_the_request_of_the_registry() {
        let policy = RetryPolicy {
            max_attempts: 4,
            first_delay: Duration::from_millis(100),
            ..RetryPolicy::default()
        };
        let delay =
            |attempts, requested, random| policy.delay_with_jitter(attempts, requested, random);
        assert_eq!(delay(1, None, 0), Some(Duration::from_millis(50)));
        assert_eq!(delay(3, None, 0), Some(Duration::from_millis(200)));
        assert!(delay(3, None, 99).unwrap() < Duration::from_millis(400));
        assert_eq!(delay(4, None, 0), None);
        let requested = Some(Duration::from_secs(7));
        assert_eq!(delay(1, requested, 0), requested);
        assert_eq!(delay(1, Some(Duration::from_secs(3600)), 0), None);
        let none = RetryPolicy::without_delays();
        assert_eq!(
            none.delay_with_jitter(1, requested, 5),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn a_body_that_arrives_too_slowly_fails() {
        use std::future::{pending, ready};
        let policy = RetryPolicy {
            idle_timeout: Duration::from_millis(10),
            min_bytes_per_second: 1000,
            ..RetryPolicy::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let failure = |chunks: &[usize], policy: &RetryPolicy| {
            let mut rate = TransferRate::new(policy);
            runtime.block_on(async {
                for bytes in chunks {
                    rate.wait(ready(())).await.unwrap();
                    rate.count(*bytes);
                }
                rate.wait(pending::<()>()).await.unwrap_err().to_string()
            })
        };
        assert_eq!(failure(&[], &policy), "no data was received for 10ms");
        let message = failure(&[4, 5], &policy);
        assert!(message.starts_with("9 bytes were received in 10ms, which is slower than 1000"));
        // What was fast enough is counted anew.
        assert_eq!(failure(&[4, 6], &policy), "no data was received for 10ms");
        let any = RetryPolicy {
            min_bytes_per_second: 0,
            ..policy
        };
        assert_eq!(failure(&[1], &any), "no data was received for 10ms");
        // A few bytes do not reset the time that was waited.
        let mut rate = TransferRate::new(&policy);
        rate.waited = policy.idle_timeout;
        rate.count(9);
        assert!(runtime.block_on(rate.wait(pending::<()>())).is_err());
        assert!(rate.waited >= policy.idle_timeout);
        rate.count(1);
        assert_eq!(rate.waited, Duration::ZERO);
    }
}

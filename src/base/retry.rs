//! How often requests are repeated, how long they are waited for, and how slow
//! what is sent may be.

use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

/// How often and when a request is repeated, and how long one is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often a request is sent at most.
    pub tries: u32,
    /// The pause before the second try; it doubles from there.
    pub pause: Duration,
    /// How long the other side may say nothing.
    pub idle: Duration,
    /// How many bytes a second a body has to bring at least, on average over
    /// `idle`; with 0 it only must not fall silent.
    pub speed: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            tries: 5,
            pause: Duration::from_millis(300),
            idle: Duration::from_secs(30),
            speed: 10,
        }
    }
}

impl Patience {
    /// What cargo's configuration says for its own requests: seconds of
    /// silence, how often one is repeated, and bytes a second.
    pub fn of(silence: Option<u32>, repeats: Option<u32>, speed: Option<u32>) -> Self {
        let usual = Patience::default();
        Patience {
            idle: silence.map_or(usual.idle, |seconds| Duration::from_secs(seconds.into())),
            tries: repeats.map_or(usual.tries, |repeats| repeats.saturating_add(1)),
            speed: speed.unwrap_or(usual.speed),
            ..usual
        }
    }

    /// Repeats at once, whatever the registry asks for; for tests.
    pub fn without_pauses() -> Self {
        Patience {
            pause: Duration::ZERO,
            ..Patience::default()
        }
    }

    /// How long to wait after a failed try, counted from 1; `None` if that is
    /// not worth it. `random` is any number.
    fn before_next(&self, tried: u32, asked: Option<Duration>, random: u64) -> Option<Duration> {
        /// The longest pause a registry may ask for.
        const LONGEST: Duration = Duration::from_secs(60);
        if tried >= self.tries || asked.is_some_and(|asked| asked > LONGEST) {
            return None;
        }
        if self.pause.is_zero() {
            return Some(Duration::ZERO);
        }
        let grown = self.pause.saturating_mul(1 << (tried - 1).min(8));
        // Half of it is left to chance, so that many clients come apart.
        let jitter = grown / 2 * u32::try_from(random % 100).unwrap_or(0) / 100;
        Some((grown / 2 + jitter).max(asked.unwrap_or_default()))
    }

    /// The pause after a failed try, counted from 1, where the other side asked
    /// for one or did not; `None` if another try is not worth it.
    pub fn pause(&self, tried: u32, asked: Option<Duration>) -> Option<Duration> {
        use std::hash::{BuildHasher as _, Hasher as _};
        let random = std::hash::RandomState::new().build_hasher().finish();
        self.before_next(tried, asked, random)
    }

    /// Waits for the next try; whether there is one.
    pub async fn wait(&self, tried: u32, asked: Option<Duration>) -> bool {
        match self.pause(tried, asked) {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            None => false,
        }
    }
}

/// The speed of one body as it comes. Only the time that is spent waiting for
/// it counts, so that a slow disk on this side is not held against the server.
#[derive(Debug)]
pub struct Pace {
    patience: Patience,
    waited: Duration,
    received: u64,
}

impl Pace {
    /// Nothing has come yet.
    pub fn new(patience: &Patience) -> Self {
        Pace {
            patience: *patience,
            waited: Duration::ZERO,
            received: 0,
        }
    }

    /// Waits for the next piece, as long as what came before leaves time for it.
    pub async fn wait<T>(&mut self, piece: impl Future<Output = T>) -> Result<T, TooSlow> {
        let from = Instant::now();
        let left = self.patience.idle.saturating_sub(self.waited);
        let piece = tokio::time::timeout(left, piece).await;
        self.waited += from.elapsed();
        piece.map_err(|_| TooSlow {
            received: self.received,
            speed: self.patience.speed,
            within: self.patience.idle,
        })
    }

    /// Takes note of so many bytes that came.
    pub fn count(&mut self, bytes: usize) {
        self.received += bytes as u64;
        let enough = self.patience.idle.as_secs_f64() * f64::from(self.patience.speed);
        if self.received > 0 && self.received as f64 >= enough {
            self.received = 0;
            self.waited = Duration::ZERO;
        }
    }
}

/// A body that came slower than allowed, or not at all.
#[derive(Clone, Copy, Debug)]
pub struct TooSlow {
    received: u64,
    speed: u32,
    within: Duration,
}

impl fmt::Display for TooSlow {
    /// A fragment for a cause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooSlow {
            received,
            speed,
            within,
        } = self;
        match received {
            0 => return write!(f, "no data was received for {within:?}"),
            1 => write!(f, "1 byte was received in {within:?}")?,
            _ => write!(f, "{received} bytes were received in {within:?}")?,
        }
        write!(
            f,
            ", which is slower than {speed} bytes per second (`http.low-speed-limit` of cargo's configuration)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_heed_the_registry() {
        let patience = Patience {
            tries: 4,
            pause: Duration::from_millis(100),
            ..Patience::default()
        };
        let pause = |tried, asked, random| patience.before_next(tried, asked, random);
        assert_eq!(pause(1, None, 0), Some(Duration::from_millis(50)));
        assert_eq!(pause(3, None, 0), Some(Duration::from_millis(200)));
        assert!(pause(3, None, 99).unwrap() < Duration::from_millis(400));
        assert_eq!(pause(4, None, 0), None);
        let asked = Some(Duration::from_secs(7));
        assert_eq!(pause(1, asked, 0), asked);
        assert_eq!(pause(1, Some(Duration::from_secs(3600)), 0), None);
        let none = Patience::without_pauses();
        assert_eq!(none.before_next(1, asked, 5), Some(Duration::ZERO));
    }

    #[test]
    fn a_body_has_to_keep_its_pace() {
        use std::future::{pending, ready};
        let patience = Patience {
            idle: Duration::from_millis(10),
            speed: 1000,
            ..Patience::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let slow = |came: &[usize], patience: &Patience| {
            let mut pace = Pace::new(patience);
            runtime.block_on(async {
                for bytes in came {
                    pace.wait(ready(())).await.unwrap();
                    pace.count(*bytes);
                }
                pace.wait(pending::<()>()).await.unwrap_err().to_string()
            })
        };
        assert_eq!(slow(&[], &patience), "no data was received for 10ms");
        let said = slow(&[4, 5], &patience);
        assert!(said.starts_with("9 bytes were received in 10ms, which is slower than 1000"));
        // What was fast enough is counted anew.
        assert_eq!(slow(&[4, 6], &patience), "no data was received for 10ms");
        let any = Patience {
            speed: 0,
            ..patience
        };
        assert_eq!(slow(&[1], &any), "no data was received for 10ms");
        // Time that was waited is not given back by a few bytes.
        let mut pace = Pace::new(&patience);
        pace.waited = patience.idle;
        pace.count(9);
        assert!(runtime.block_on(pace.wait(pending::<()>())).is_err());
        assert!(pace.waited >= patience.idle);
        pace.count(1);
        assert_eq!(pace.waited, Duration::ZERO);
    }
}

//! How often requests are repeated, and how long they are waited for.

use std::time::Duration;

/// How often and when a request is repeated, and how long one is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often a request is sent at most.
    pub tries: u32,
    /// The pause before the second try; it doubles from there.
    pub pause: Duration,
    /// How long the other side may say nothing.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            tries: 5,
            pause: Duration::from_millis(300),
            idle: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// What cargo's configuration says for its own requests: seconds of
    /// silence, and how often one is repeated.
    pub fn of(silence: Option<u32>, repeats: Option<u32>) -> Self {
        let usual = Patience::default();
        Patience {
            idle: silence.map_or(usual.idle, |seconds| Duration::from_secs(seconds.into())),
            tries: repeats.map_or(usual.tries, |repeats| repeats.saturating_add(1)),
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
}

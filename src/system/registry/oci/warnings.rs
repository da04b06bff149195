//! What is reported about requests: warnings of registries, each once, repetitions, and
//! answers that take long.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, WARNING};

use super::headers::{one_line, warning};
use crate::base::retry::RetryPolicy;

/// How many warnings are reported: nobody reads more.
const MAX_WARNINGS: usize = 20;

/// Reports the warnings of registries, and how requests go; clones share which warnings were
/// reported.
#[derive(Clone, Default)]
pub struct WarningLog {
    reported: Arc<Mutex<BTreeSet<String>>>,
    report: Option<Arc<Report>>,
    waiting: Option<Arc<Report>>,
}

/// Passes a text on to the user.
type Report = dyn Fn(String) + Send + Sync;

impl fmt::Debug for WarningLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reported.fmt(f)
    }
}

impl WarningLog {
    /// A log that passes each new warning to `report`.
    pub fn new(report: impl Fn(String) + Send + Sync + 'static) -> Self {
        WarningLog {
            reported: Arc::default(),
            report: Some(Arc::new(report)),
            waiting: None,
        }
    }

    /// The same log, which passes what a request waits for to `waiting`.
    pub fn with_waiting(self, waiting: impl Fn(String) + Send + Sync + 'static) -> Self {
        WarningLog {
            waiting: Some(Arc::new(waiting)),
            ..self
        }
    }

    /// Reports that a request to a host has no answer yet.
    pub fn waits(&self, url: &Url, attempt: Attempt) {
        if let Some(waiting) = &self.waiting {
            waiting(format!("for `{}` ({attempt})", host_with_port(url)));
        }
    }

    /// Waits before a request is sent again, as the policy has it, and reports that; false, at
    /// once, if it is not sent again.
    pub async fn wait_before_retry(
        &self,
        policy: &RetryPolicy,
        failed: &FailedAttempt<'_>,
    ) -> bool {
        let Some(delay) = policy.delay_before_retry(failed.number, failed.after) else {
            return false;
        };
        let next = Attempt {
            number: failed.number + 1,
            of: policy.max_attempts,
        };
        self.report_once(format!(
            "a request to `{}` is repeated ({next}): {}",
            host_with_port(failed.url),
            one_line(failed.cause)
        ));
        tokio::time::sleep(delay).await;
        true
    }

    fn report_once(&self, text: String) {
        let Some(report) = &self.report else {
            return;
        };
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.len() < MAX_WARNINGS && reported.insert(text.clone()) {
            report(text);
        }
    }

    /// Reports the warnings in the headers of an answer.
    pub fn note(&self, from: &Url, headers: &HeaderMap) {
        let host = host_with_port(from);
        let values = headers.get_all(WARNING);
        for text in values
            .iter()
            .filter_map(|value| warning(value.to_str().ok()?))
        {
            self.report_once(format!("the registry `{host}` says: {}", one_line(&text)));
        }
    }
}

/// Which of the attempts at a request one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The highest number of attempts.
    pub of: u32,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {} of {}", self.number, self.of)
    }
}

/// An attempt at a request that failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedAttempt<'a> {
    /// The address of the request.
    pub url: &'a Url,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The pause that the server asked for.
    pub after: Option<Duration>,
    /// Why the attempt failed, as a fragment.
    pub cause: &'a str,
}

fn host_with_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

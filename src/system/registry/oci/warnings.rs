//! Warnings of registries, each reported once.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use reqwest::header::{HeaderMap, WARNING};

use super::headers::{one_line, warning};

/// How many warnings are reported: nobody reads more.
const MAX_WARNINGS: usize = 20;

/// Reports the warnings of registries; clones share which were reported.
#[derive(Clone, Default)]
pub struct WarningLog {
    reported: Arc<Mutex<BTreeSet<String>>>,
    report: Option<Arc<dyn Fn(String) + Send + Sync>>,
}

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
        }
    }

    /// Reports the warnings in the headers of an answer.
    pub fn note(&self, from: &Url, headers: &HeaderMap) {
        let Some(report) = &self.report else {
            return;
        };
        let mut host = from.host_str().unwrap_or_default().to_owned();
        if let Some(port) = from.port() {
            host = format!("{host}:{port}");
        }
        let values = headers.get_all(WARNING);
        for text in values
            .iter()
            .filter_map(|value| warning(value.to_str().ok()?))
        {
            let text = format!("the registry `{host}` says: {}", one_line(&text));
            let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            if reported.len() < MAX_WARNINGS && reported.insert(text.clone()) {
                report(text);
            }
        }
    }
}

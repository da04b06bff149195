//! What registries warn of, each thing told once.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use reqwest::header::{HeaderMap, WARNING};

use super::error_body::one_line;
use super::headers::warning;

/// How many warnings are told: nobody reads more.
const MOST: usize = 20;

/// Passes on what registries warn of; clones share what was told already.
#[derive(Clone, Default)]
pub struct Heard {
    told: Arc<Mutex<BTreeSet<String>>>,
    tell: Option<Arc<dyn Fn(String) + Send + Sync>>,
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told.fmt(f)
    }
}

impl Heard {
    /// Tells warnings to this one.
    pub fn new(tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        Heard {
            told: Arc::default(),
            tell: Some(Arc::new(tell)),
        }
    }

    /// Takes the headers of an answer.
    pub fn note(&self, from: &Url, headers: &HeaderMap) {
        let Some(tell) = &self.tell else {
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
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.len() < MOST && told.insert(text.clone()) {
                tell(text);
            }
        }
    }
}

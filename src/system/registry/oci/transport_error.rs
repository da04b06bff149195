//! Why a request got no answer.

use super::public_only::NotPublic;

/// Why there is no answer. The message is a fragment without secrets.
#[derive(Clone, Debug)]
pub struct TransportError {
    /// What happened, as a fragment for an error.
    pub message: String,
    /// Whether another try may do better.
    pub transient: bool,
}

impl TransportError {
    /// An error that another try does not mend.
    pub fn permanent(message: impl Into<String>) -> Self {
        TransportError {
            message: message.into(),
            transient: false,
        }
    }

    /// An error that another try may mend.
    pub fn transient(message: impl Into<String>) -> Self {
        TransportError {
            message: message.into(),
            transient: true,
        }
    }

    /// The error of a request, without its address: those of blobs may be
    /// signed.
    pub fn from(error: reqwest::Error) -> Self {
        let mut transient = !error.is_builder();
        let error = error.without_url();
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            transient &= !cause.is::<NotPublic>();
            source = cause.source();
        }
        let certificate = message.contains("certificate");
        TransportError {
            transient: transient && !certificate,
            message,
        }
    }
}

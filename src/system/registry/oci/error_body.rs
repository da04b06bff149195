//! The body of an answer with which a registry refuses.

use serde_json::Value;

use super::headers::one_line;
use super::http::Reply;
use crate::system::http_retry::retry_after;

/// The status and the errors of an answer, on one line.
pub fn error_summary(reply: &Reply) -> String {
    let mut text = reply.status.to_string();
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let errors = body["errors"].as_array().into_iter().flatten();
    let errors = errors.map(|error| {
        let part = |key: &str| error[key].as_str().map(one_line).unwrap_or_default();
        let (code, message) = (part("code"), part("message"));
        match message.is_empty() {
            true => code,
            false => format!("{code}: {message}"),
        }
    });
    for error in errors.filter(|error| !error.is_empty()).take(3) {
        text = format!("{text}: {error}");
    }
    // Token servers have a form of their own.
    if let Some(details) = body["details"]
        .as_str()
        .or(body["error_description"].as_str())
    {
        text = format!("{text}: {}", one_line(details));
    }
    if let Some(pause) = retry_after(&reply.headers) {
        text = format!("{text}: it asks to wait for {pause:?}");
    }
    text
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use reqwest::{StatusCode, Url};

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
            url: Url::parse("https://r.example/").unwrap(),
        }
    }

    #[test]
    fn errors_of_a_registry_are_summarized() {
        for (body, text) in [
            (
                r#"{"errors":[{"code":"DENIED","message":"no\u001b[31m"},{"code":"NEW_ONE"}]}"#,
                "403 Forbidden: DENIED: no [31m: NEW_ONE",
            ),
            (
                r#"{"details":"incorrect password"}"#,
                "403 Forbidden: incorrect password",
            ),
            ("<html>", "403 Forbidden"),
        ] {
            assert_eq!(error_summary(&reply(403, body)), text);
        }
    }
}

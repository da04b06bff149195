//! Which responses over HTTP are worth another try, and how long the server asks to wait
//! before.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Whether a request with this response may succeed if it is repeated.
pub fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long the server asks to wait (`Retry-After`): seconds, or the time
/// until a date, by the server's own clock where it gives that.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let value: &str = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = text(DATE).and_then(date);
    let now = now.or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Some(now.ok()?.as_secs())
    });
    // A date that has passed asks for no pause of its own.
    Some(Duration::from_secs(date(value)?.saturating_sub(now?)))
}

/// A date of HTTP in any of its three forms (RFC 9110, section 5.6.7), in
/// seconds since 1970.
fn date(text: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_pause_is_given_in_seconds_or_by_a_date() {
        let pause = |retry: &'static str, date: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(retry));
            headers.extend(date.map(|date| (DATE, HeaderValue::from_static(date))));
            retry_after(&headers).map(|pause| pause.as_secs())
        };
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(pause("7", None), Some(7));
        assert_eq!(pause("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(30));
        assert_eq!(pause("Sun, 06 Nov 1994 08:50:07 GMT", None), Some(0));
        assert!(pause("Fri, 01 Jan 2100 00:00:00 GMT", None).unwrap() > 1 << 30);
        assert_eq!(pause("tomorrow", now), None);
    }

    #[test]
    fn dates_are_read_in_all_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(date(text), Some(784_111_777), "{text}");
        }
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Tue, 29 Feb 2000 23:59:59 GMT"), Some(951_868_799));
        for no in [
            "",
            "7",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 25:00:00 GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ] {
            assert_eq!(date(no), None, "{no}");
        }
    }
}

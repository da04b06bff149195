//! Prints the first line of a page, and the time at which it was read.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use std::time::{SystemTime, UNIX_EPOCH};

use bindings::http;

fn main() {
    let url = std::env::args().nth(1);
    let url = url.unwrap_or("http://example.com/".to_owned());
    println!("{}", report(&url));
}

/// The first line of a page, or what is wrong with it, behind the time (UTC).
fn report(url: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let minutes = now.map_or(0, |now| now.as_secs() / 60);
    let text = http::get(url).unwrap_or_else(|error| format!("failed: {error}"));
    let line = text.lines().next().unwrap_or_default();
    format!("{:02}:{:02} {line}", minutes / 60 % 24, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::report;

    #[test]
    fn the_first_line_stands_behind_the_time() {
        assert_eq!(report("http://weather.example/"), "12:34 sunny, 21 degrees");
    }

    #[test]
    fn an_error_is_reported() {
        let report = report("http://nobody.example/");
        assert_eq!(
            report,
            "12:34 failed: http://nobody.example/ is not in the table"
        );
    }
}

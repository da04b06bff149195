//! Headers of the protocol that have a grammar of their own.

/// How a registry wants to be logged in to (`WWW-Authenticate`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// User and password with each request.
    Basic,
    /// A token that another address gives out.
    Bearer {
        /// The address that gives out tokens.
        realm: String,
        /// The service that the token is for.
        service: Option<String>,
    },
}

/// The challenge we can best meet among the values of `WWW-Authenticate`.
pub fn challenge<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Challenge> {
    let mut basic = None;
    for value in values {
        for (scheme, parameters) in schemes(value) {
            let parameter = |name: &str| {
                let found = parameters.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.clone())
            };
            if scheme == "bearer"
                && let Some(realm) = parameter("realm")
            {
                return Some(Challenge::Bearer {
                    realm,
                    service: parameter("service"),
                });
            }
            if scheme == "basic" {
                basic = Some(Challenge::Basic);
            }
        }
    }
    basic
}

/// A scheme in lower case, and its parameters.
type ChallengeScheme = (String, Vec<(String, String)>);

/// The schemes of one header, in lower case, with their parameters. A word
/// without `=` begins a scheme.
fn schemes(text: &str) -> Vec<ChallengeScheme> {
    let mut found: Vec<ChallengeScheme> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            // Either the end, or a stray `=` that nothing can be made of.
            return found;
        }
        let Some(value) = after.trim_start().strip_prefix('=') else {
            found.push((word.to_ascii_lowercase(), Vec::new()));
            rest = after;
            continue;
        };
        let (value, after) = value_of(value.trim_start());
        if let Some((_, parameters)) = found.last_mut() {
            parameters.push((word.to_ascii_lowercase(), value));
        }
        rest = after;
    }
}

/// A token or quoted string, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[index + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

/// The target of `rel=next` among the values of `Link`.
pub fn next_link<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<String> {
    values.into_iter().find_map(|value| {
        let mut rest = value;
        while let Some((_, after)) = rest.split_once('<') {
            let (target, after) = after.split_once('>')?;
            // The parameters end where the next link begins.
            let (parameters, next) = match after.find('<') {
                Some(at) => after.split_at(at),
                None => (after, ""),
            };
            if parameters.split([';', ',']).any(is_next) {
                return Some(target.trim().to_owned());
            }
            rest = next;
        }
        None
    })
}

fn is_next(parameter: &str) -> bool {
    let Some((key, value)) = parameter.split_once('=') else {
        return false;
    };
    key.trim().eq_ignore_ascii_case("rel")
        && value
            .trim()
            .trim_matches('"')
            .split_whitespace()
            .any(|rel| rel.eq_ignore_ascii_case("next"))
}

/// The number of bytes a registry has of an upload, by its `Range: 0-<last>`.
/// `0-0` stands for none: no upload is one byte long.
pub fn uploaded(range: &str) -> Option<u64> {
    let range = range.trim();
    let (first, last) = range
        .strip_prefix("bytes=")
        .unwrap_or(range)
        .split_once('-')?;
    let last: u64 = last.trim().parse().ok()?;
    (first.trim() == "0").then_some(if last == 0 { 0 } else { last.checked_add(1)? })
}

/// The first byte of a `Content-Range: bytes <first>-<last>/<size>`.
pub fn range_start(value: &str) -> Option<u64> {
    let (first, _) = value.trim().strip_prefix("bytes")?.trim().split_once('-')?;
    first.parse().ok()
}

/// The text of a `Warning: 299 - "<text>"`, the one form registries use.
pub fn warning(value: &str) -> Option<String> {
    let (code, rest) = value.trim().split_once(' ')?;
    let (_, text) = rest.trim_start().split_once(' ')?;
    let (text, _) = value_of(text.trim_start());
    (code == "299" && !text.is_empty()).then_some(text)
}

/// The text of somebody else, on one line of at most 300 characters and
/// without control characters.
pub fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.into(),
            service: service.map(str::to_owned),
        })
    }

    #[test]
    fn challenges_are_read() {
        for (header, expected) in [
            (
                r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a,b:pull""#,
                bearer("https://ghcr.io/token", Some("ghcr.io")),
            ),
            (
                r#"bearer  Realm = "https://x/\"y\"" , scope="a=b, c""#,
                bearer("https://x/\"y\"", None),
            ),
            (
                r#"Basic realm="Registry Realm", Bearer realm=https://t,service=s"#,
                bearer("https://t", Some("s")),
            ),
            (r#"Basic realm="x, Bearer y""#, Some(Challenge::Basic)),
            ("Basic", Some(Challenge::Basic)),
            ("Bearer", None),
            ("Negotiate abc==", None),
            ("=,\"", None),
            ("", None),
        ] {
            assert_eq!(challenge([header]), expected, "{header}");
        }
        let two = ["Basic realm=a", "Bearer realm=\"b"];
        assert_eq!(challenge(two), bearer("b", None));
    }

    #[test]
    fn the_next_page_is_found() {
        for (header, expected) in [
            (
                "</v2/a/tags/list?last=b&n=2>; rel=\"next\"",
                Some("/v2/a/tags/list?last=b&n=2"),
            ),
            ("<https://h/x>;rel=next", Some("https://h/x")),
            (
                "<a>; rel=prev, <b>; title=\"x\"; rel=\"last next\"",
                Some("b"),
            ),
            ("<a>; rel=prev", None),
            ("<a", None),
            ("", None),
        ] {
            assert_eq!(next_link([header]).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn ranges_are_read() {
        assert_eq!(uploaded("0-4194303"), Some(4_194_304));
        assert_eq!(uploaded("bytes=0-9"), Some(10));
        assert_eq!(uploaded("0-0"), Some(0));
        assert_eq!(uploaded("5-9"), None);
        assert_eq!(uploaded(&format!("0-{}", u64::MAX)), None);
        assert_eq!(uploaded("x"), None);
        assert_eq!(range_start("bytes 5-9/10"), Some(5));
        assert_eq!(range_start("bytes */10"), None);
    }

    #[test]
    fn warnings_are_read() {
        assert_eq!(
            warning("299 - \"soon \\\"over\\\"\"").as_deref(),
            Some("soon \"over\"")
        );
        for no in ["110 - \"stale\"", "299", "299 -", "299 - \"\"", ""] {
            assert_eq!(warning(no), None, "{no}");
        }
    }
}

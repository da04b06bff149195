//! The header of a WIT file, `package namespace:name@version;`.

use std::str::FromStr as _;

use semver::Version;

/// The header of a file, as far as the version of the package goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// The file has no header.
    Absent,
    /// The header has a version; `None` for text that is no version.
    Versioned(Option<Version>),
    /// The header has no version. This is the text with the given one.
    Given(String),
}

/// Reads the header of a file, and gives it a version if it has none.
pub fn with_version(text: &str, version: &Version) -> Header {
    let code = without_comments(text);
    let Some(name) = name_in(&code) else {
        return Header::Absent;
    };
    let rest = &code[name.end..];
    match rest.trim_start().strip_prefix('@') {
        Some(found) => {
            let found = found.split(|c: char| c == ';' || c.is_whitespace());
            let found = found.into_iter().next().unwrap_or_default();
            Header::Versioned(Version::from_str(found).ok())
        }
        None => {
            let (before, after) = text.split_at(name.end);
            Header::Given(format!("{before}@{version}{after}"))
        }
    }
}

/// The byte range of the name in the header.
fn name_in(code: &str) -> Option<std::ops::Range<usize>> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(char) = code[at..].chars().next() {
        let word = word_end(code, at);
        if word > at {
            let name = word + code[word..].len() - code[word..].trim_start().len();
            let end = name_end(code, name);
            let ends = code[end..].trim_start();
            let is_header = ends.starts_with(['@', ';']) && code[name..end].contains(':');
            if depth == 0 && &code[at..word] == "package" && is_header && !is_block(ends) {
                return Some(name..end);
            }
            at = word;
            continue;
        }
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += char.len_utf8();
    }
    None
}

/// Whether what follows a name opens a package in the file.
fn is_block(after: &str) -> bool {
    after
        .find(['{', ';'])
        .is_some_and(|at| after[at..].starts_with('{'))
}

fn word_end(code: &str, at: usize) -> usize {
    let is = |c: char| c.is_alphanumeric() || c == '-' || c == '%';
    at + code[at..].find(|c| !is(c)).unwrap_or(code.len() - at)
}

fn name_end(code: &str, at: usize) -> usize {
    let is = |c: char| c.is_alphanumeric() || matches!(c, '-' | '%' | ':' | '/');
    at + code[at..].find(|c| !is(c)).unwrap_or(code.len() - at)
}

/// The text with blanks for comments; every other byte is where it was.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let length = comment(rest);
        if length == 0 {
            code.push(char);
            rest = &rest[char.len_utf8()..];
            continue;
        }
        let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
        code.extend(rest.bytes().take(length).map(blank));
        rest = &rest[length..];
    }
    code
}

/// The length of the comment a text starts with; those in blocks nest.
fn comment(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if !text.starts_with("/*") {
        return 0;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Header {
        with_version(text, &Version::new(0, 1, 0))
    }

    #[test]
    fn a_header_without_version_gets_one() {
        for (text, expected) in [
            ("package a:b;", "package a:b@0.1.0;"),
            (
                "// package x:y;\n/* /* package x:y; */ ä */\r\npackage  a:%b ;\r\ninterface i { }\r\n",
                "// package x:y;\n/* /* package x:y; */ ä */\r\npackage  a:%b@0.1.0 ;\r\ninterface i { }\r\n",
            ),
            (
                "package c:d@1.0.0 { interface package { } }\npackage /* n */ a:b;",
                "package c:d@1.0.0 { interface package { } }\npackage /* n */ a:b@0.1.0;",
            ),
        ] {
            assert_eq!(header(text), Header::Given(expected.into()));
            let Header::Versioned(Some(version)) = header(expected) else {
                panic!("{expected}")
            };
            assert_eq!(version, Version::new(0, 1, 0));
        }
    }

    #[test]
    fn what_has_no_header_is_left() {
        for text in [
            "",
            "interface package { }",
            "package a:b { }",
            "package a:b",
        ] {
            assert_eq!(header(text), Header::Absent, "{text}");
        }
        assert_eq!(header("package a:b@x;"), Header::Versioned(None));
    }
}

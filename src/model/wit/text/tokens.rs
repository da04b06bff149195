//! WIT as tokens with their positions.

use std::ops::Range;

/// A word, a version, a text in quotes, or one other character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// The text of the token.
    pub text: &'t str,
    /// The offset of its first byte.
    pub start: usize,
}

impl Token<'_> {
    /// The byte range of the token.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end()
    }

    /// The byte behind the token.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is a name or a keyword.
    pub fn is_word(&self) -> bool {
        let rest = self.text.strip_prefix('%').unwrap_or(self.text);
        rest.starts_with(|c: char| c.is_ascii_alphabetic())
    }

    /// The name without a `%` before it.
    pub fn name(&self) -> &str {
        self.text.trim_start_matches('%')
    }
}

/// The tokens of a text, without white space and comments. Any text has tokens,
/// even if it is no WIT.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let is_version =
            first.is_ascii_digit() && tokens.last().is_some_and(|last| last.text == "@");
        let (length, is_token) = match first {
            _ if first.is_whitespace() => (first.len_utf8(), false),
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (block_comment(rest), false),
            '"' => (quoted(rest), true),
            _ if is_version => (version(rest), true),
            _ if first == '%' || first.is_ascii_alphanumeric() => {
                let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
                let word = rest[1..].find(|c| !inside(c));
                (word.map_or(rest.len(), |at| at + 1), true)
            }
            _ => (first.len_utf8(), true),
        };
        if is_token {
            let text = &rest[..length];
            tokens.push(Token { text, start });
        }
        start += length;
    }
    tokens
}

/// The length of the comment a text starts with; comments nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        at += if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the text in quotes that a text starts with.
fn quoted(text: &str) -> usize {
    let mut escape = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escape => return at + 1,
            c => escape = c == '\\' && !escape,
        }
    }
    text.len()
}

/// The length of the version a text starts with. A full stop belongs to it only
/// where it goes on: not in `a:b/c@1.0.0.{d}`.
fn version(text: &str) -> usize {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().is_some_and(|(_, next)| part(*next));
        let inside = part(c) || (matches!(c, '.' | '+') && next);
        if !inside {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_texts_and_versions_are_told_apart() {
        let text = "use a:%b/c@0.2.0-rc.1.{d}; // e@1.0.0\n/* x /* y */ z */ @since(version = 1.0.0) \"q;\\\"\" /* open";
        let words: Vec<&str> = tokens(text).iter().map(|token| token.text).collect();
        assert_eq!(
            words,
            [
                "use",
                "a",
                ":",
                "%b",
                "/",
                "c",
                "@",
                "0.2.0-rc.1",
                ".",
                "{",
                "d",
                "}",
                ";",
                "@",
                "since",
                "(",
                "version",
                "=",
                "1",
                ".",
                "0",
                ".",
                "0",
                ")",
                "\"q;\\\"\"",
            ]
        );
        for token in tokens(text) {
            assert_eq!(&text[token.range()], token.text);
        }
    }

    #[test]
    fn any_text_gives_tokens() {
        for text in [
            "",
            "@",
            "@1",
            "%",
            "\"",
            "/*/",
            "é@1.0.0é",
            "*/ }}{{",
            "@1.0.0+",
        ] {
            let end = tokens(text).last().map_or(0, Token::end);
            assert!(end <= text.len(), "{text}");
        }
    }
}

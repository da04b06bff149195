//! Rust source as tokens with line numbers: enough to follow paths and braces.
//!
//! Comments vanish and literals lose their content, so that nothing written in
//! them is taken for code. Paths inside macro calls stay visible, which a
//! syntax tree would hide.

/// A word or a mark of Rust source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The word (`crate`), the mark (`{`, `::`), or `""` for any literal.
    pub text: String,
    /// Counted from 1.
    pub line: usize,
}

/// The tokens of a whole file.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        chars: source.chars().collect(),
        at: 0,
        line: 1,
        tokens: Vec::new(),
    };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Moves on, counting lines.
    fn skip(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        self.line += self.chars[self.at..end]
            .iter()
            .filter(|c| **c == '\n')
            .count();
        self.at = end;
    }

    fn push(&mut self, text: impl Into<String>, line: usize) {
        self.tokens.push(Token {
            text: text.into(),
            line,
        });
    }

    fn step(&mut self) {
        let line = self.line;
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while self.at < self.chars.len() && self.peek(0) != '\n' {
                    self.skip(1);
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            (':', ':') => {
                self.skip(2);
                self.push("::", line);
            }
            ('-', '>') | ('=', '>') => {
                let arrow = format!("{}>", self.peek(0));
                self.skip(2);
                self.push(arrow, line);
            }
            (c, _) if is_word(c) => self.word(),
            (c, _) => {
                self.skip(1);
                if !c.is_whitespace() {
                    self.push(c, line);
                }
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ if self.at >= self.chars.len() => return,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    /// A name, a number, or the prefix of a string (`b"`, `r#"`, `br"`, `c"`).
    fn word(&mut self) {
        let (start, line) = (self.at, self.line);
        while is_word(self.peek(0)) {
            self.skip(1);
        }
        let word: String = self.chars[start..self.at].iter().collect();
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        let hashes = (0..).take_while(|n| self.peek(*n) == '#').count();
        match self.peek(0) {
            '"' if raw => self.raw_string(0),
            '"' if matches!(word.as_str(), "b" | "c") => self.string(),
            '\'' if word == "b" => self.quote(),
            '#' if raw && self.peek(hashes) == '"' => self.raw_string(hashes),
            // A raw name: the word behind `r#` is the next token.
            '#' if word == "r" && is_word(self.peek(1)) => self.skip(1),
            _ => self.push(word, line),
        }
    }

    fn string(&mut self) {
        let line = self.line;
        self.skip(1);
        while self.at < self.chars.len() && self.peek(0) != '"' {
            self.skip(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.skip(1);
        self.push("", line);
    }

    fn raw_string(&mut self, hashes: usize) {
        let line = self.line;
        self.skip(hashes + 1);
        let closes = |lexer: &Lexer| {
            lexer.peek(0) == '"' && (1..=hashes).all(|ahead| lexer.peek(ahead) == '#')
        };
        while self.at < self.chars.len() && !closes(self) {
            self.skip(1);
        }
        self.skip(hashes + 1);
        self.push("", line);
    }

    /// A character, or the tick of a lifetime (the name follows as a word).
    fn quote(&mut self) {
        let line = self.line;
        if self.peek(1) == '\\' {
            self.skip(3);
            while self.at < self.chars.len() && self.peek(0) != '\'' {
                self.skip(1);
            }
            self.skip(1);
            self.push("", line);
        } else if self.peek(2) == '\'' {
            self.skip(3);
            self.push("", line);
        } else {
            self.skip(1);
            self.push("'", line);
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a token is a word, rather than a mark or a literal.
pub fn is_name(token: &Token) -> bool {
    token.text.starts_with(is_word)
}

/// The index just behind the bracket that closes the one at `open`.
pub fn behind_bracket(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// Whether these texts stand at `at`.
pub fn stands(tokens: &[Token], at: usize, texts: &[&str]) -> bool {
    tokens[at.min(tokens.len())..].len() >= texts.len()
        && tokens[at..]
            .iter()
            .zip(texts)
            .all(|(t, text)| t.text == *text)
}

/// The tokens without the items marked `#[cfg(test)]`.
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if marks_test(tokens, at) {
            at = behind_item(tokens, at);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The tokens without what `quote!` and its kin hold: code for somebody else.
pub fn without_quoted(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let quotes = matches!(
            tokens[at].text.as_str(),
            "quote" | "quote_spanned" | "parse_quote"
        );
        kept.push(tokens[at].clone());
        at = match quotes && stands(tokens, at + 1, &["!"]) {
            true => behind_bracket(tokens, at + 2),
            false => at + 1,
        };
    }
    kept
}

/// The lines of a file up to its tests module, which is the last thing in it.
pub fn lines_without_tests(source: &str) -> usize {
    let tokens = tokens(source);
    (0..tokens.len())
        .find(|at| {
            marks_test(&tokens, *at) && stands(&tokens, behind_attributes(&tokens, *at), &["mod"])
        })
        .map_or(source.lines().count(), |at| tokens[at].line - 1)
}

/// Whether `#[cfg(test)]` or `#[cfg(all(test, ...` stands at `at`.
fn marks_test(tokens: &[Token], at: usize) -> bool {
    let cfg = ["#", "[", "cfg", "("];
    stands(tokens, at, &cfg)
        && (stands(tokens, at + cfg.len(), &["test", ")"])
            || stands(tokens, at + cfg.len(), &["all", "(", "test"]))
}

fn behind_attributes(tokens: &[Token], mut at: usize) -> usize {
    while stands(tokens, at, &["#", "["]) {
        at = behind_bracket(tokens, at + 1);
    }
    at
}

/// The index behind the item whose first attribute is at `at`.
fn behind_item(tokens: &[Token], at: usize) -> usize {
    let mut at = behind_attributes(tokens, at);
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" => return at + 1,
            "{" if stands(tokens, at.saturating_sub(1), &["::"]) => {
                at = behind_bracket(tokens, at);
            }
            "{" => return behind_bracket(tokens, at),
            "(" | "[" => at = behind_bracket(tokens, at),
            _ => at += 1,
        }
    }
    at
}

mod proofs {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn comments_and_literals_hold_no_code() {
        let source = "a // crate::b {\n/* { /* crate::c */ } */ \"crate::d { \\\" }\" \
            r#\"crate::e \" {\"# b'{' '{' '\\'' '\\u{1F}' 'x: 1 r#type";
        assert_eq!(
            texts(source),
            ["a", "", "", "", "", "", "", "'", "x", ":", "1", "type"]
        );
    }

    #[test]
    fn lines_are_counted_through_literals() {
        let found = tokens("\"a\nb\"\n/*\n*/ x");
        assert_eq!(found.last().map(|t| t.line), Some(4));
    }

    #[test]
    fn items_of_tests_are_left_out() {
        let source = "fn a() {}\n#[cfg(test)]\nuse x::{y};\n#[cfg(all(test, unix))]\n#[allow(z)]\n\
            mod tests { fn b() { c() } }\nfn d() {}";
        let kept = without_tests(&tokens(source));
        let names: Vec<_> = kept.iter().filter(|t| is_name(t)).collect();
        let names: Vec<_> = names.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(names, ["fn", "a", "fn", "d"]);
    }

    #[test]
    fn quoted_code_is_left_out() {
        let kept = without_quoted(&tokens("a(quote!(fn b() { todo!() }), quote::c);"));
        let texts: Vec<_> = kept.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(texts.join(" "), "a ( quote , quote :: c ) ;");
    }

    #[test]
    fn a_file_is_as_long_as_what_stands_before_its_tests() {
        let code = "fn a() {}\n\n";
        let tests = "#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(lines_without_tests(code), 2);
        assert_eq!(lines_without_tests(&format!("{code}{tests}")), 2);
    }
}

//! The paths a file names, and what they tell of its imports.

use crate::lexer::{Token, behind_bracket, is_name, stands};

/// A path as written, groups of `use` taken apart: `a::{b, c::d}` is two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPath {
    /// The names; `self` inside a group and `*` are left out.
    pub names: Vec<String>,
    /// Where the last name stands, counted from 1.
    pub line: usize,
}

impl NamedPath {
    /// Whether this path reaches what lies under `other`, or a part of it that
    /// would (`use std::process` reaches `std::process::Command`).
    pub fn reaches(&self, other: &str) -> bool {
        self.names
            .iter()
            .zip(other.split("::"))
            .all(|(a, b)| a == b)
    }
}

/// Every path of at least two names, and every `use` of a single one.
pub fn paths(tokens: &[Token]) -> Vec<NamedPath> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let used = at > 0 && stands(tokens, at - 1, &["use"]);
        if is_name(&tokens[at]) && (used || stands(tokens, at + 1, &["::"])) {
            at = tree(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one path with what branches off it; the index behind it.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<NamedPath>) -> usize {
    let mut names = prefix.to_vec();
    let mut line = tokens[at].line;
    while at < tokens.len() {
        if tokens[at].text == "{" {
            let end = behind_bracket(tokens, at);
            at += 1;
            while at < end - 1 {
                if is_name(&tokens[at]) || matches!(tokens[at].text.as_str(), "{" | "*") {
                    at = tree(tokens, at, &names, found);
                    if stands(tokens, at, &["as"]) {
                        at += 2;
                    }
                } else {
                    at += 1;
                }
            }
            return end;
        }
        if is_name(&tokens[at]) {
            line = tokens[at].line;
            if tokens[at].text != "self" || names.is_empty() {
                names.push(tokens[at].text.clone());
            }
        } else if tokens[at].text != "*" {
            break;
        }
        at += 1;
        if !stands(tokens, at, &["::"]) {
            break;
        }
        at += 1;
    }
    found.push(NamedPath { names, line });
    at
}

/// The module a file is, from its path below `src/`: `a/b.rs` is `a::b`.
pub fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" | "main" => Vec::new(),
        _ => path.split('/').map(str::to_owned).collect(),
    }
}

/// The top-level modules that `tokens`, the content of `module`, name:
/// through `crate::`, or through as many `super::` as reach the root.
pub fn imports(tokens: &[Token], module: &[String]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (depth, path) in paths_with_depth(tokens) {
        let names: Vec<_> = path.names.iter().map(String::as_str).collect();
        let supers = names.iter().take_while(|n| **n == "super").count();
        let start = match names.first() {
            Some(&"crate") => 1,
            Some(&"super") if supers == module.len() + depth => supers,
            _ => continue,
        };
        if let Some(name) = names.get(start) {
            found.push(((*name).to_owned(), path.line));
        }
    }
    found
}

/// Each path with the number of `mod name { ... }` it stands in.
fn paths_with_depth(tokens: &[Token]) -> Vec<(usize, NamedPath)> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut start = 0;
    while at < tokens.len() {
        let opens = stands(tokens, at, &["mod"])
            && tokens.get(at + 1).is_some_and(is_name)
            && stands(tokens, at + 2, &["{"]);
        if opens {
            found.extend(paths(&tokens[start..at]).into_iter().map(|p| (0, p)));
            let end = behind_bracket(tokens, at + 2);
            let inner = paths_with_depth(&tokens[at + 3..end - 1]);
            found.extend(inner.into_iter().map(|(depth, p)| (depth + 1, p)));
            start = end;
            at = end;
        } else {
            at += 1;
        }
    }
    found.extend(paths(&tokens[start..]).into_iter().map(|p| (0, p)));
    found
}

mod proofs {
    use super::*;
    use crate::lexer;

    fn named(source: &str) -> Vec<String> {
        paths(&lexer::tokens(source))
            .into_iter()
            .map(|p| p.names.join("::"))
            .collect()
    }

    fn imported(file: &str, source: &str) -> Vec<(String, usize)> {
        imports(&lexer::tokens(source), &module_of(file))
    }

    #[test]
    fn groups_are_taken_apart() {
        assert_eq!(
            named("use a::{self, b as c, d::{e, f::*}, *}; use g; h::i(j)"),
            ["a", "a::b", "a::d::e", "a::d::f", "a", "g", "h::i"]
        );
        assert_eq!(named("use {a::b, c::{d, e}};"), ["a::b", "c::d", "c::e"]);
        assert_eq!(named("Vec::<a::B>::new()"), ["Vec", "a::B"]);
    }

    #[test]
    fn a_module_can_be_reached_from_above_or_through_it() {
        let reaches = |text: &str| {
            paths(&lexer::tokens(text))
                .iter()
                .any(|p| p.reaches("std::process::Command"))
        };
        assert!(reaches("use std::process::{Command as C, Stdio};"));
        assert!(reaches("use std::process;"));
        assert!(reaches("use std::{process::*};"));
        assert!(reaches("std::process::Command::new(a)"));
        assert!(!reaches("use std::process::{ExitCode, Stdio};"));
        assert!(!reaches("use my::process::Command;"));
    }

    #[test]
    fn imports_of_the_root_are_found_however_written() {
        let one = |name: &str| vec![(name.to_owned(), 1)];
        assert_eq!(imported("a.rs", "use crate::b::C;"), one("b"));
        assert_eq!(imported("a.rs", "fn f(x: crate::b::C) {}"), one("b"));
        assert_eq!(imported("a.rs", "m!(crate::b::C)"), one("b"));
        assert_eq!(imported("a.rs", "use super::b::C;"), one("b"));
        assert_eq!(imported("a/mod.rs", "use super::b::C;"), one("b"));
        assert_eq!(imported("a/c.rs", "use super::super::b;"), one("b"));
        assert_eq!(imported("a/c.rs", "use super::{super::b};"), one("b"));
        assert_eq!(imported("a.rs", "mod x { use super::super::b; }"), one("b"));
        assert_eq!(
            imported("a.rs", "use crate::{\n  b,\n  c::{D, E},\n};"),
            [("b".into(), 2), ("c".into(), 3), ("c".into(), 3)]
        );
        for inside in [
            "use super::b;",
            "// crate::b\n\"crate::b\"",
            "use other::b;",
        ] {
            assert_eq!(imported("a/c.rs", inside), []);
        }
    }
}

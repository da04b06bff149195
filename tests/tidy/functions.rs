//! The functions of a file with their lengths and parameters.

use crate::lexer::{Token, behind_bracket, is_name, stands};

/// What the budget asks of a function.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, without the type it belongs to.
    pub name: String,
    /// Where `fn` stands, counted from 1.
    pub line: usize,
    /// From `fn` to the closing brace.
    pub lines: usize,
    /// Parameters without `self`.
    pub parameters: usize,
    /// Parameters of the type `bool`.
    pub bools: usize,
}

/// Every function with a name, those inside other functions included.
pub fn functions(tokens: &[Token]) -> Vec<Function> {
    (0..tokens.len())
        .filter_map(|at| function(tokens, at))
        .collect()
}

fn function(tokens: &[Token], at: usize) -> Option<Function> {
    if !stands(tokens, at, &["fn"]) {
        return None;
    }
    let name = tokens.get(at + 1).filter(|t| is_name(t))?;
    let open = behind_generics(tokens, at + 2);
    if !stands(tokens, open, &["("]) {
        return None;
    }
    let close = behind_bracket(tokens, open);
    let parameters = parameters(&tokens[open + 1..close - 1]);
    let end = behind_body(tokens, close);
    Some(Function {
        name: name.text.clone(),
        line: tokens[at].line,
        lines: tokens[end - 1].line - tokens[at].line + 1,
        parameters: parameters.iter().filter(|p| !is_self(p)).count(),
        bools: parameters.iter().filter(|p| is_bool(p)).count(),
    })
}

/// The index behind `<...>`, if that is what stands at `at`.
fn behind_generics(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0;
    loop {
        match tokens.get(at).map(|t| t.text.as_str()) {
            Some("<") => depth += 1,
            Some(">") => depth -= 1,
            Some("(" | "[" | "{") if depth > 0 => {
                at = behind_bracket(tokens, at);
                continue;
            }
            None => return at,
            Some(_) => {}
        }
        if depth == 0 {
            let closed = tokens[at].text == ">";
            return at + usize::from(closed);
        }
        at += 1;
    }
}

/// The index behind the body, or behind the `;` that stands for it.
fn behind_body(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" => return at + 1,
            "{" => return behind_bracket(tokens, at),
            "(" | "[" => at = behind_bracket(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// What stands between the commas.
fn parameters(tokens: &[Token]) -> Vec<&[Token]> {
    let mut found = Vec::new();
    let (mut start, mut at, mut angles) = (0, 0, 0);
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "(" | "[" | "{" => {
                at = behind_bracket(tokens, at);
                continue;
            }
            "<" => angles += 1,
            ">" => angles -= 1,
            "," if angles == 0 => {
                found.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < tokens.len() {
        found.push(&tokens[start..]);
    }
    found
}

/// Whether a parameter is `self`, `&'a mut self`, `self: Box<Self>` and so on.
fn is_self(parameter: &[Token]) -> bool {
    parameter
        .iter()
        .take_while(|t| t.text != ":")
        .any(|t| t.text == "self")
}

fn is_bool(parameter: &[Token]) -> bool {
    let colon = parameter.iter().position(|t| t.text == ":");
    colon.is_some_and(|at| parameter[at + 1..].iter().map(|t| &t.text).eq(["bool"]))
}

mod proofs {
    use super::*;
    use crate::lexer;

    fn one(source: &str) -> Function {
        let mut found = functions(&lexer::tokens(source));
        assert_eq!(found.len(), 1, "{source}");
        found.remove(0)
    }

    #[test]
    fn parameters_are_counted_without_self() {
        for (count, source) in [
            (0, "fn f() {}"),
            (0, "fn f(&self) {}"),
            (1, "fn f(&'a mut self, a: u8,) {}"),
            (1, "fn f(self: Box<Self>, a: u8) {}"),
            (
                2,
                "fn f<F: Fn(u8, u8) -> u8>(f: F, g: Map<u8, u8>) -> [u8; 2] {}",
            ),
            (
                2,
                "fn f(each: &mut dyn FnMut(u8, u8) -> Vec<u8>, (a, b): (u8, u8));",
            ),
        ] {
            assert_eq!(one(source).parameters, count, "{source}");
        }
    }

    #[test]
    fn parameters_of_type_bool_are_counted() {
        assert_eq!(one("fn f(a: bool, b: Option<bool>, c: bool) {}").bools, 2);
        assert_eq!(one("fn f(&self, a: bool) -> bool {}").bools, 1);
    }

    #[test]
    fn a_function_is_as_long_as_its_braces_say() {
        let found = one("\n#[a]\nfn f<T>()\nwhere\n    T: A<[u8; 1]>,\n{\n    \"}\"; '}'\n}\n");
        assert_eq!((found.line, found.lines), (3, 6));
        assert_eq!(one("trait T {\n fn f(\n  a: u8,\n );\n}").lines, 3);
    }

    #[test]
    fn inner_functions_count_and_types_of_functions_do_not() {
        let found = functions(&lexer::tokens("fn a(x: fn(u8)) { fn b() {} }"));
        let names: Vec<_> = found.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }
}

//! What the tables of `tests/tidy.rs` ask, for one source file at a time.

use crate::functions::functions;
use crate::lexer::{self, Token, stands};
use crate::paths::{imports, module_of, paths};

/// A floor: its modules, each with those beside it that it may import.
pub struct Floor {
    /// How the floor is called in messages.
    pub name: &'static str,
    /// Module and what it may import of its own floor.
    pub modules: &'static [(&'static str, &'static [&'static str])],
}

/// A path that only some files may name.
pub struct Door {
    /// What lies behind the door.
    pub path: &'static str,
    /// Files below `src/`; a folder ends with a slash.
    pub open_to: &'static [&'static str],
    /// The advice to everybody else.
    pub instead: &'static str,
}

/// How much is too much: these numbers are still allowed.
pub struct Limits {
    /// Lines of a file without its tests.
    pub file_lines: usize,
    /// Lines of a function.
    pub function_lines: usize,
    /// Parameters of a function without `self`.
    pub parameters: usize,
    /// Parameters of type `bool`.
    pub bools: usize,
}

/// A file below `src/`.
pub struct Source {
    file: String,
    text: String,
    all: Vec<Token>,
    code: Vec<Token>,
}

impl Source {
    /// `file` is relative to `src/`.
    pub fn new(file: &str, text: &str) -> Self {
        let all = lexer::without_quoted(&lexer::tokens(text));
        let tests = file.ends_with("/tests.rs") || file.contains("/tests/");
        let code = match tests {
            true => Vec::new(),
            false => lexer::without_tests(&all),
        };
        Source {
            file: file.to_owned(),
            text: text.to_owned(),
            all,
            code,
        }
    }

    /// The top-level module; `lib` or `main` for the roots.
    fn module(&self) -> &str {
        let first = self.file.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    fn complain(&self, line: usize, what: &str) -> String {
        format!("src/{}:{line}: {what}", self.file)
    }
}

/// The place of a module: the number of its floor and its neighbours.
fn place<'a>(module: &str, floors: &'a [Floor]) -> Option<(usize, &'a [&'static str])> {
    floors.iter().enumerate().find_map(|(number, floor)| {
        let (_, beside) = floor.modules.iter().find(|(name, _)| *name == module)?;
        Some((number, *beside))
    })
}

/// Imports from a higher floor, or from beside where the table has none.
pub fn floors(source: &Source, floors: &[Floor]) -> Vec<String> {
    let module = source.module();
    let Some((own, beside)) = place(module, floors) else {
        return Vec::new();
    };
    let called = |number: usize| format!("floor {number} {}", floors[number].name);
    let mut found = Vec::new();
    for (name, line) in imports(&source.all, &module_of(&source.file)) {
        let what = match place(&name, floors) {
            None => format!("`{module}` imports `{name}`, which is no module with a floor"),
            Some(_) if name == module => continue,
            Some((other, _)) if other < own => continue,
            Some((other, _)) if other > own => format!(
                "`{module}` ({}) imports `{name}` ({})",
                called(own),
                called(other)
            ),
            Some(_) if beside.contains(&name.as_str()) => continue,
            Some((other, _)) => format!(
                "`{module}` ({}) imports `{name}` beside it ({}), which the table does not allow",
                called(own),
                called(other)
            ),
        };
        found.push(source.complain(line, &what));
    }
    found
}

/// Modules the table does not know.
pub fn homeless(sources: &[Source], floors: &[Floor]) -> Vec<String> {
    sources
        .iter()
        .filter(|s| s.module() != "lib" && place(s.module(), floors).is_none())
        .map(|s| s.complain(1, &format!("the module `{}` has no floor", s.module())))
        .collect()
}

/// What the floor of this file must do without: `(floor, what, why)`, where
/// `what` is a word, a path or a macro with its `!`.
pub fn banned(source: &Source, floors: &[Floor], table: &[(&str, &str, &str)]) -> Vec<String> {
    let Some((number, _)) = place(source.module(), floors) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (floor, what, why) in table {
        if *floor == floors[number].name {
            for line in uses(&source.code, what) {
                let what = format!("`{what}` on floor {number} {floor}: {why}");
                found.push(source.complain(line, &what));
            }
        }
    }
    found
}

/// The lines that hold a word, a macro (`name!`) or a path (with `::`).
fn uses(code: &[Token], what: &str) -> Vec<usize> {
    let texts = match what.strip_suffix('!') {
        _ if what.contains("::") => return reaches(code, what),
        Some(name) => vec![name, "!"],
        None => vec![what],
    };
    (0..code.len())
        .filter(|at| stands(code, *at, &texts))
        .map(|at| code[at].line)
        .collect()
}

/// The lines that reach what lies under `path`.
fn reaches(code: &[Token], path: &str) -> Vec<usize> {
    paths(code)
        .iter()
        .filter(|named| named.reaches(path))
        .map(|named| named.line)
        .collect()
}

/// Paths named by files their door is not open to.
pub fn doors(source: &Source, doors: &[Door]) -> Vec<String> {
    let mut found = Vec::new();
    for door in doors {
        let open = door.open_to.iter().any(|to| match to.ends_with('/') {
            true => source.file.starts_with(to),
            false => source.file == *to,
        });
        if !open {
            for line in reaches(&source.code, door.path) {
                let what = format!("`{}` has its own door: {}", door.path, door.instead);
                found.push(source.complain(line, &what));
            }
        }
    }
    found
}

/// Functions in `lib.rs`.
pub fn logic_in_the_root(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| s.file == "lib.rs") {
        for function in functions(&source.code) {
            let what = format!("`{}` needs a module: `lib.rs` is a map", function.name);
            found.push(source.complain(function.line, &what));
        }
    }
    found
}

/// Files and functions over their budget, and exceptions nobody needs:
/// `(file, function or nothing, reason)`.
pub fn budget(
    sources: &[Source],
    limits: &Limits,
    exceptions: &[(&str, &str, &str)],
) -> Vec<String> {
    let mut over = Vec::new();
    for source in sources {
        let lines = lexer::lines_without_tests(&source.text);
        if !source.code.is_empty() && lines > limits.file_lines {
            let what = format!("{lines} lines, {} are the budget", limits.file_lines);
            over.push((source, 1, String::new(), what));
        }
        for f in functions(&source.code) {
            for (count, limit, unit) in [
                (f.lines, limits.function_lines, "lines"),
                (f.parameters, limits.parameters, "parameters"),
                (f.bools, limits.bools, "`bool` parameters"),
            ] {
                if count > limit {
                    let what = format!("`{}` has {count} {unit}, budget {limit}", f.name);
                    over.push((source, f.line, f.name.clone(), what));
                }
            }
        }
    }
    let mut found: Vec<_> = exceptions
        .iter()
        .filter(|(file, function, reason)| {
            let used = over
                .iter()
                .any(|(s, _, f, _)| s.file == *file && f == function);
            !used || reason.is_empty()
        })
        .map(|(file, function, _)| {
            format!("src/{file}: the exception for `{function}` has no use or no reason")
        })
        .collect();
    for (source, line, function, what) in &over {
        let excused =
            |(file, name, _): &(&str, &str, &str)| source.file == *file && name == function;
        if !exceptions.iter().any(excused) {
            found.push(source.complain(*line, what));
        }
    }
    found
}

/// Marks of unfinished work, tests included: these macros, and the comment
/// that asks to be fixed.
pub fn unfinished(source: &Source, macros: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for name in macros {
        for line in uses(&source.all, name) {
            found.push(source.complain(line, &format!("`{name}` is left")));
        }
    }
    for (at, line) in source.text.lines().enumerate() {
        if line.contains("FIXME") {
            found.push(source.complain(at + 1, "a `FIXME` is left"));
        }
    }
    found
}

mod proofs {
    use super::*;

    const HOUSE: &[Floor] = &[
        Floor {
            name: "low",
            modules: &[("a", &[])],
        },
        Floor {
            name: "high",
            modules: &[("b", &["c"]), ("c", &[])],
        },
    ];

    fn at_floors(file: &str, text: &str) -> Vec<String> {
        floors(&Source::new(file, text), HOUSE)
    }

    #[test]
    fn a_higher_floor_is_named_with_file_and_line() {
        assert_eq!(
            at_floors("a.rs", "\nuse crate::{a::X, b::Y};"),
            ["src/a.rs:2: `a` (floor 0 low) imports `b` (floor 1 high)"]
        );
        assert_eq!(
            at_floors("a/x.rs", "fn f() { super::super::b::g() }").len(),
            1
        );
        assert_eq!(
            at_floors("a.rs", "#[cfg(test)] mod tests { use crate::b; }").len(),
            1
        );
        assert_eq!(
            at_floors("b.rs", "use crate::a::X; use crate::b::Y;"),
            [""; 0]
        );
    }

    #[test]
    fn beside_is_only_what_the_table_has() {
        assert_eq!(at_floors("b.rs", "use crate::c;"), [""; 0]);
        assert!(at_floors("c/d.rs", "use crate::b;")[0].contains("beside"));
        assert!(at_floors("b.rs", "use crate::Thing;")[0].contains("no module"));
    }

    #[test]
    fn a_module_without_a_floor_is_named() {
        let sources = ["lib.rs", "a.rs", "new/mod.rs"].map(|file| Source::new(file, ""));
        assert_eq!(
            homeless(&sources, HOUSE),
            ["src/new/mod.rs:1: the module `new` has no floor"]
        );
    }

    #[test]
    fn a_floor_does_without_words_paths_and_macros() {
        let table = [
            ("low", "async", "why"),
            ("low", "std::net", "why"),
            ("low", "println!", "why"),
        ];
        let count = |file, text| banned(&Source::new(file, text), HOUSE, &table).len();
        assert_eq!(
            count(
                "a.rs",
                "async fn f() { println!() }\nuse std::{io, net::X};"
            ),
            3
        );
        assert_eq!(
            count(
                "b.rs",
                "async fn f() { println!() }\nuse std::{io, net::X};"
            ),
            0
        );
        assert_eq!(
            count("a.rs", "#[cfg(test)] mod tests { async fn f() {} }"),
            0
        );
        assert_eq!(count("a/tests.rs", "async fn f() {}"), 0);
    }

    #[test]
    fn a_door_is_open_to_its_own_files_only() {
        let table = [
            Door {
                path: "std::fs",
                open_to: &["fs.rs", "x/"],
                instead: "knock",
            },
            Door {
                path: "clap",
                open_to: &[],
                instead: "knock",
            },
        ];
        let count = |file, text| doors(&Source::new(file, text), &table).len();
        assert_eq!(count("b.rs", "use std::{fs, io};"), 1);
        assert_eq!(count("b.rs", "fn f() { std::fs::read(p) }"), 1);
        assert_eq!(count("b.rs", "#[derive(clap::Parser)] struct A;"), 1);
        assert_eq!(count("b.rs", "use clap::Parser;"), 1);
        assert_eq!(count("b.rs", "use std::io; let clap = 1;"), 0);
        assert_eq!(count("b.rs", "#[cfg(test)] mod tests { use std::fs; }"), 0);
        assert_eq!(count("fs.rs", "use std::fs;"), 0);
        assert_eq!(count("x/y.rs", "use std::fs;"), 0);
    }

    #[test]
    fn the_root_holds_no_functions() {
        let of = |text| logic_in_the_root(&[Source::new("lib.rs", text)]).len();
        assert_eq!(of("pub mod a; pub use a::b;"), 0);
        assert_eq!(of("pub mod a;\nfn b() {}"), 1);
    }

    #[test]
    fn what_is_over_budget_is_named_unless_excused() {
        let limits = Limits {
            file_lines: 6,
            function_lines: 3,
            parameters: 1,
            bools: 0,
        };
        let check = |text: &str, exceptions: &[(&str, &str, &str)]| {
            budget(&[Source::new("a.rs", text)], &limits, exceptions)
        };
        assert_eq!(check("fn f(a: u8) {\n\n}", &[]), [""; 0]);
        assert_eq!(
            check("fn f() {\n\n\n}", &[]),
            ["src/a.rs:1: `f` has 4 lines, budget 3"]
        );
        assert_eq!(check("fn f(a: u8, b: u8) {}", &[]).len(), 1);
        assert_eq!(check("fn f(a: bool) {}", &[]).len(), 1);
        assert_eq!(
            check("fn f(a: bool) {}", &[("a.rs", "f", "because")]),
            [""; 0]
        );
        assert_eq!(check("fn f(a: bool) {}", &[("a.rs", "f", "")]).len(), 1);
        assert_eq!(check("fn f() {}", &[("a.rs", "f", "because")]).len(), 1);
        assert_eq!(check("//\n//\n//\n//\n//\n//\nstruct A;", &[]).len(), 1);
        let tests = "struct A;\n#[cfg(test)]\nmod tests {\n\nfn f(a: bool) {}\n\n}";
        assert_eq!(check(tests, &[]), [""; 0]);
    }

    #[test]
    fn unfinished_work_is_named() {
        let text = format!("fn f() {{ {}!() }}\n// {}: later", "todo", "FIXME");
        let found = unfinished(&Source::new("a.rs", &text), &["todo!"]);
        assert_eq!(
            found,
            [
                "src/a.rs:1: `todo!` is left",
                "src/a.rs:2: a `FIXME` is left"
            ]
        );
        assert_eq!(
            unfinished(&Source::new("a.rs", "let todo = 1;"), &["todo!"]),
            [""; 0]
        );
    }
}

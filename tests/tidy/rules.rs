//! What the tables of `tests/tidy.rs` ask of the sources.

use std::collections::BTreeMap;

use crate::source::Source;

/// A folder of `src/`, or the files beside `lib.rs`, which import from the
/// floors before.
pub struct Floor {
    /// How the floor is called in messages and in the book.
    pub name: &'static str,
    /// The folders or files below `src/` it is made of.
    pub modules: &'static [&'static str],
    /// What it is for, in the book's picture.
    pub holds: &'static str,
}

/// The modules of a folder, each with those beside it that it may import.
pub type Order = &'static [(&'static str, &'static [&'static str])];

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

fn floor_of(top: &str, floors: &[Floor]) -> Option<usize> {
    floors.iter().position(|floor| floor.modules.contains(&top))
}

/// Imports from a higher floor, or through a name that `lib.rs` re-exports; and
/// a module that has no floor.
pub fn floors(source: &Source, floors: &[Floor]) -> Vec<String> {
    let top = source.top();
    let Some(own) = floor_of(top, floors) else {
        let what = format!("`{top}` has no floor: move it into a folder, or give it one in FLOORS");
        return match top {
            "lib" => Vec::new(),
            _ => vec![source.complain(1, &what)],
        };
    };
    let mut found = Vec::new();
    for path in &source.paths {
        let names = source.absolute(path).unwrap_or_default();
        let Some(name) = names.first().filter(|name| *name != top) else {
            continue;
        };
        let what = match floor_of(name, floors) {
            Some(other) if other <= own => continue,
            Some(other) => format!(
                "`{top}` (floor {own} {}) imports `{}` (floor {other} {}): move what both need \
                 down, or have it handed in",
                floors[own].name,
                names.join("::"),
                floors[other].name
            ),
            // Helpers of tests stand beside the floors.
            None if path.test => continue,
            None => format!("`crate::{name}` is no folder: name the module that defines it"),
        };
        found.push(source.complain(path.line, &what));
    }
    found
}

/// Imports inside `folder` that its order, module and what it may import of its
/// neighbours, does not allow.
pub fn order(source: &Source, folder: &str, table: Order) -> Vec<String> {
    let module = source.module();
    let [top, own, ..] = module.as_slice() else {
        return Vec::new();
    };
    if top != folder {
        return Vec::new();
    }
    let Some((_, allowed)) = table.iter().find(|(name, _)| name == own) else {
        return vec![source.complain(
            1,
            &format!("`{own}` has no place in the order of `{folder}`"),
        )];
    };
    let mut found = Vec::new();
    for path in &source.paths {
        let names = source.absolute(path).unwrap_or_default();
        if let [top, other, ..] = names.as_slice()
            && top == folder
            && other != own
            && !allowed.contains(&other.as_str())
        {
            let what = format!(
                "`{folder}::{own}` imports `{}`, which does not come before it: move it there, \
                 or hand its value forward",
                names.join("::")
            );
            found.push(source.complain(path.line, &what));
        }
    }
    found
}

/// Modules of `ops` that no file of `cli` names; those called `…tests` are for tests.
pub fn without_a_command(sources: &[Source]) -> Vec<String> {
    let verbs = sources.iter().filter(|source| {
        let module = source.module();
        module.len() == 2 && module[0] == "ops"
    });
    let named = |verb: &str| {
        sources.iter().filter(|s| s.top() == "cli").any(|cli| {
            let paths = cli.paths.iter().filter(|path| !path.test);
            let mut paths = paths.filter_map(|path| cli.absolute(path));
            paths.any(|names| names.len() > 1 && names[0] == "ops" && names[1] == verb)
        })
    };
    verbs
        .filter(|source| !source.module()[1].ends_with("tests"))
        .filter(|source| !named(&source.module()[1]))
        .map(|source| {
            let what = format!(
                "`{}` is no verb, since no file of `cli` names it: move it below the one that \
                 uses it, or into `pipeline`",
                source.module()[1]
            );
            source.complain(1, &what)
        })
        .collect()
}

/// What a folder must do without: `(folder, what, why)`, where `what` is a
/// word, a path or a macro with its `!`.
pub fn banned(source: &Source, table: &[(&str, &str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, what, why) in table.iter().filter(|(folder, ..)| *folder == source.top()) {
        for line in reaches(source, what) {
            found.push(source.complain(line, &format!("`{what}` in `{folder}`: {why}")));
        }
    }
    found
}

/// The lines outside of tests that reach what lies under `path`.
fn reaches(source: &Source, path: &str) -> Vec<usize> {
    let paths = source.paths.iter().filter(|named| !named.test);
    let paths = paths.filter(|named| named.reaches(path));
    paths.map(|named| named.line).collect()
}

/// Paths named by files their door is not open to.
pub fn doors(source: &Source, doors: &[Door]) -> Vec<String> {
    let mut found = Vec::new();
    for door in doors {
        let open = door.open_to.iter().any(|to| match to.ends_with('/') {
            true => source.file.starts_with(to),
            false => source.file == *to,
        });
        for line in reaches(source, door.path) {
            if !open {
                let what = format!("`{}` has its own door: {}", door.path, door.instead);
                found.push(source.complain(line, &what));
            }
        }
    }
    found
}

/// Functions in `lib.rs`.
pub fn logic_in_the_root(source: &Source) -> Vec<String> {
    let functions = source.functions.iter().filter(|_| source.file == "lib.rs");
    functions
        .map(|f| {
            let what = format!("`{}` needs a module: `lib.rs` is a map", f.name);
            source.complain(f.line, &what)
        })
        .collect()
}

/// Files and functions over their budget.
pub fn budget(source: &Source, limits: &Limits) -> Vec<String> {
    let mut found = Vec::new();
    if !source.is_test() && source.lines > limits.file_lines {
        let what = format!(
            "{} lines without tests, budget {}: divide the file by what it is about",
            source.lines, limits.file_lines
        );
        found.push(source.complain(1, &what));
    }
    for f in &source.functions {
        let mut over = |count: usize, limit: usize, of: &str, fix: &str| {
            if count > limit {
                let what = format!("`{}` has {count} {of}, budget {limit}: {fix}", f.name);
                found.push(source.complain(f.line, &what));
            }
        };
        over(f.lines, limits.function_lines, "lines", "name its parts");
        over(
            f.parameters,
            limits.parameters,
            "parameters, members of tuples included",
            "give what belongs together a type",
        );
        over(
            f.bools,
            limits.bools,
            "parameters of type `bool`",
            "make the choice an enum",
        );
    }
    found
}

/// Types that share their name with one in another file of the same folder.
pub fn names_twice(sources: &[Source]) -> Vec<String> {
    let mut first: BTreeMap<(&str, &str), (&Source, usize)> = BTreeMap::new();
    let mut found = Vec::new();
    for source in sources {
        let folder = source
            .file
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        for (name, line) in &source.types {
            let entry = first.entry((folder, name)).or_insert((source, *line));
            if entry.0.file != source.file {
                let what = format!(
                    "`{name}` is the name of a type in src/{}:{} too: say in the name what \
                     tells them apart",
                    entry.0.file, entry.1
                );
                found.push(source.complain(*line, &what));
            }
        }
    }
    found
}

/// Doc comments that are too short to promise anything.
pub fn short_docs(source: &Source, least: usize) -> Vec<String> {
    let mut comments: Vec<(usize, usize, String)> = Vec::new();
    for (line, text) in &source.docs {
        match comments.last_mut() {
            Some((_, last, whole)) if *last + 1 == *line => {
                *last = *line;
                *whole += text;
            }
            _ => comments.push((*line, *line, text.clone())),
        }
    }
    let words = |text: &str| {
        let words = text.split_whitespace();
        words
            .filter(|word| word.contains(char::is_alphanumeric))
            .count()
    };
    comments
        .iter()
        .filter(|(_, _, text)| words(text) < least)
        .map(|(line, _, text)| {
            let what = format!(
                "the doc comment `{}` is too short: say what is promised, or leave it out",
                text.trim()
            );
            source.complain(*line, &what)
        })
        .collect()
}

/// Marks of unfinished work, tests included: these macros, and the comment
/// that asks to be fixed.
pub fn unfinished(source: &Source, macros: &[&str]) -> Vec<String> {
    let calls = source.paths.iter().filter_map(|path| {
        let name = path.names.first()?.as_str();
        macros.contains(&name).then_some((path.line, name))
    });
    let comments = source.fixmes.iter().map(|line| (*line, "FIXME"));
    calls
        .chain(comments)
        .map(|(line, what)| source.complain(line, &format!("`{what}` is left: finish it")))
        .collect()
}

mod proofs {
    use super::*;

    const HOUSE: &[Floor] = &[
        Floor {
            name: "low",
            modules: &["a"],
            holds: "",
        },
        Floor {
            name: "high",
            modules: &["b", "c"],
            holds: "",
        },
    ];

    fn source(file: &str, text: &str) -> Source {
        Source::new(file, text)
    }

    #[test]
    fn a_higher_floor_is_named_with_file_and_line() {
        let check = |file, text| floors(&source(file, text), HOUSE);
        assert_eq!(
            check("a.rs", "\nuse crate::{a::X, b::Y};"),
            [
                "src/a.rs:2: `a` (floor 0 low) imports `b::Y` (floor 1 high): move what both need \
              down, or have it handed in"
            ]
        );
        let count = |file, text| check(file, text).len();
        assert_eq!(count("a/x.rs", "fn f() { super::super::b::g() }"), 1);
        assert_eq!(count("a.rs", "#[cfg(test)] mod t { use crate::b; }"), 1);
        assert_eq!(count("b.rs", "use crate::a::X; use crate::{b::Y, c};"), 0);
        assert!(check("b.rs", "use crate::Thing;")[0].contains("no folder"));
        assert!(check("new/mod.rs", "")[0].contains("no floor"));
        assert_eq!(count("lib.rs", "pub mod b;"), 0);
    }

    #[test]
    fn neighbours_come_in_their_order() {
        let table: Order = &[("one", &[]), ("two", &["one"])];
        let count = |file, text| order(&source(file, text), "p", table).len();
        assert_eq!(
            count("p/two/x.rs", "use crate::p::one::A; use super::B;"),
            0
        );
        assert_eq!(count("p/one.rs", "use super::two::A;"), 1);
        assert_eq!(count("p/one/x.rs", "fn f() { super::super::two::g() }"), 1);
        assert_eq!(count("p/three.rs", ""), 1);
        assert_eq!(count("p/mod.rs", "pub use two::A; mod two;"), 0);
        assert_eq!(count("q/one.rs", "use crate::p::two;"), 0);
    }

    #[test]
    fn a_verb_without_a_command_is_named() {
        let cli = source(
            "cli/x.rs",
            "use crate::ops::add::run; fn f() { crate::ops::new::go() }",
        );
        let files = [
            "ops/add.rs",
            "ops/add/x.rs",
            "ops/new/mod.rs",
            "ops/lost.rs",
            "ops/mod.rs",
        ];
        let mut sources: Vec<_> = files.iter().map(|file| source(file, "")).collect();
        sources.push(cli);
        let found = without_a_command(&sources);
        assert!(
            found.len() == 1 && found[0].starts_with("src/ops/lost.rs:1"),
            "{found:?}"
        );
    }

    #[test]
    fn a_folder_does_without_words_paths_and_macros() {
        let table = [
            ("a", "async", "why"),
            ("a", "std::net", "why"),
            ("a", "println!", "why"),
        ];
        let count = |file, text| banned(&source(file, text), &table).len();
        let text = "async fn f() { println!() }\nuse std::{io, net::X};";
        assert_eq!(count("a.rs", text), 3);
        assert_eq!(count("b.rs", text), 0);
        assert_eq!(
            count("a.rs", "#[cfg(test)] mod tests { async fn f() {} }"),
            0
        );
        assert_eq!(count("a.rs", "fn f() { async { 1 } }"), 1);
        assert_eq!(count("a/tests.rs", "async fn f() {}"), 0);
    }

    #[test]
    fn a_door_is_open_to_its_own_files_only() {
        let door = |path, open_to| Door {
            path,
            open_to,
            instead: "knock",
        };
        let table = [door("std::fs", &["fs.rs", "x/"]), door("clap", &[])];
        let count = |file, text| doors(&source(file, text), &table).len();
        assert_eq!(count("b.rs", "use std::{fs, io};"), 1);
        assert_eq!(count("b.rs", "fn f() { std::fs::read(p) }"), 1);
        assert_eq!(count("b.rs", "#[derive(clap::Parser)] struct A;"), 1);
        assert_eq!(count("b.rs", "use clap::Parser;"), 1);
        assert_eq!(count("b.rs", "use std::io; fn f() { let clap = 1; }"), 0);
        assert_eq!(count("b.rs", "#[cfg(test)] mod tests { use std::fs; }"), 0);
        assert_eq!(count("fs.rs", "use std::fs;"), 0);
        assert_eq!(count("x/y.rs", "use std::fs;"), 0);
    }

    #[test]
    fn the_root_holds_no_functions() {
        let of = |text| logic_in_the_root(&source("lib.rs", text)).len();
        assert_eq!(of("pub mod a; pub use a::b;"), 0);
        assert_eq!(of("pub mod a;\nfn b() {}"), 1);
    }

    #[test]
    fn what_is_over_budget_is_named() {
        let limits = Limits {
            file_lines: 6,
            function_lines: 3,
            parameters: 2,
            bools: 0,
        };
        let check = |text: &str| budget(&source("a.rs", text), &limits);
        assert_eq!(check("fn f(a: u8, b: u8) {\n\n}"), [""; 0]);
        assert_eq!(
            check("fn f() {\n\n\n}"),
            ["src/a.rs:1: `f` has 4 lines, budget 3: name its parts"]
        );
        assert_eq!(check("fn f(a: u8, (b, c): (u8, u8)) {}").len(), 1);
        assert_eq!(check("fn f(a: bool) {}").len(), 1);
        assert_eq!(check("//\n//\n//\n//\n//\n//\nstruct A;").len(), 1);
        assert_eq!(
            check("#[cfg(test)]\nmod tests {\n\n\nfn f(a: bool) {}\n\n}"),
            [""; 0]
        );
    }

    #[test]
    fn a_type_name_stands_once_in_a_folder() {
        let count = |files: &[(&str, &str)]| {
            let sources: Vec<_> = files
                .iter()
                .map(|(file, text)| source(file, text))
                .collect();
            names_twice(&sources).len()
        };
        let one = ("a/x.rs", "struct One;");
        assert_eq!(count(&[one, ("a/y.rs", "type One = u8;")]), 1);
        assert_eq!(count(&[one, ("b/y.rs", "enum One {}")]), 0);
        assert_eq!(count(&[("a/x.rs", "#[a] struct A; #[b] struct A;")]), 0);
        let test = "#[cfg(test)] mod tests { struct One; }";
        assert_eq!(count(&[one, ("a/y.rs", test)]), 0);
    }

    #[test]
    fn a_doc_comment_has_some_words() {
        let count = |text: &str| short_docs(&source("a.rs", text), 4).len();
        assert_eq!(count("/// See the module.\nfn f() {}"), 1);
        assert_eq!(count("struct A {\n    /// It.\n    b: u8,\n}"), 1);
        assert_eq!(count("/// Bytes of\n/// the whole file.\nfn f() {}"), 0);
        assert_eq!(
            count("#[derive(clap::Args)] struct A {\n/// Short.\nb: u8 }"),
            0
        );
        assert_eq!(
            count("#[cfg(test)] mod tests {\n/// Short.\nfn f() {}\n}"),
            0
        );
    }

    #[test]
    fn unfinished_work_is_named() {
        let text = format!("fn f() {{ {}!() }}\n// {}: later", "todo", "FIXME");
        let found = unfinished(&source("a.rs", &text), &["todo!"]);
        assert_eq!(
            found,
            [
                "src/a.rs:1: `todo!` is left: finish it",
                "src/a.rs:2: `FIXME` is left: finish it"
            ]
        );
        assert_eq!(
            unfinished(&source("a.rs", "fn todo() {}"), &["todo!"]),
            [""; 0]
        );
    }
}

//! Which file imports which, and the circles in that.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, Stands};

/// An import of one file by another.
#[derive(Debug)]
struct Edge {
    to: usize,
    line: usize,
    name: String,
}

/// The files and what each imports of the others.
struct Graph<'a> {
    sources: &'a [Source],
    edges: Vec<Vec<Edge>>,
}

impl<'a> Graph<'a> {
    fn new(sources: &'a [Source]) -> Self {
        let modules: BTreeMap<Vec<String>, usize> = (sources.iter().enumerate())
            .filter(|(_, source)| source.file != "main.rs")
            .map(|(at, source)| (source.module(), at))
            .collect();
        let edges = (sources.iter().enumerate())
            .map(|(at, source)| edges(sources, source, &modules, at))
            .collect();
        Graph { sources, edges }
    }

    /// The shortest way from a file to itself, as edges with where they begin.
    fn circle_through(&self, start: usize) -> Option<Vec<(usize, &Edge)>> {
        let mut reached: BTreeMap<usize, (usize, &Edge)> = BTreeMap::new();
        let mut open = vec![start];
        while !open.is_empty() {
            let mut next = Vec::new();
            for from in open {
                for edge in &self.edges[from] {
                    if let std::collections::btree_map::Entry::Vacant(entry) =
                        reached.entry(edge.to)
                    {
                        entry.insert((from, edge));
                        next.push(edge.to);
                    }
                }
            }
            open = next;
        }
        let mut circle = vec![*reached.get(&start)?];
        while let Some((from, _)) = circle.last().filter(|(from, _)| *from != start) {
            circle.push(reached[from]);
        }
        circle.reverse();
        Some(circle)
    }

    /// Every file that can be reached from one.
    fn reach(&self, start: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![start];
        while let Some(from) = open.pop() {
            let next = self.edges[from].iter().map(|edge| edge.to);
            open.extend(next.filter(|to| found.insert(*to)));
        }
        found
    }
}

/// What a file imports of other files, outside of tests; what a folder's
/// `mod.rs` re-exports is none of its imports.
fn edges(
    sources: &[Source],
    source: &Source,
    modules: &BTreeMap<Vec<String>, usize>,
    own: usize,
) -> Vec<Edge> {
    let mut found = BTreeMap::new();
    for path in source.paths.iter().filter(|path| !path.test) {
        if source.is_index() && path.stands == Stands::Reexported {
            continue;
        }
        let Some(names) = source.absolute(path) else {
            continue;
        };
        let holder = holder(sources, modules, &names);
        if let Some((to, name)) = holder.filter(|(to, _)| *to != own) {
            found.entry(to).or_insert(Edge {
                to,
                line: path.line,
                name,
            });
        }
    }
    found.into_values().collect()
}

/// The file that holds what a path from the root names, through what `mod.rs`
/// files re-export, and what of the path is inside that file.
fn holder(
    sources: &[Source],
    modules: &BTreeMap<Vec<String>, usize>,
    names: &[String],
) -> Option<(usize, String)> {
    let (file, rest) = (0..=names.len()).rev().find_map(|length| {
        let file = modules.get(&names[..length])?;
        Some((*file, &names[length..]))
    })?;
    let index = &sources[file];
    let exported = (index.paths.iter())
        .filter(|path| index.is_index() && path.stands == Stands::Reexported)
        .find(|path| path.names.last() == rest.first());
    let further = exported.and_then(|path| index.absolute(path));
    let further = further.filter(|further| further != names && !rest.is_empty());
    match further.and_then(|further| holder(sources, modules, &further)) {
        Some(found) => Some(found),
        None => Some((file, rest.join("::"))),
    }
}

/// A complaint for each knot of files that import each other, with one circle
/// through it.
pub fn circles(sources: &[Source]) -> Vec<String> {
    let graph = Graph::new(sources);
    let reach: Vec<_> = (0..sources.len()).map(|at| graph.reach(at)).collect();
    let mut complaints = Vec::new();
    let mut done = BTreeSet::new();
    for start in 0..sources.len() {
        let knot = reach[start]
            .iter()
            .filter(|to| reach[**to].contains(&start));
        let knot: Vec<usize> = knot.copied().collect();
        if knot.is_empty() || !done.insert(knot.clone()) {
            continue;
        }
        let circles = knot.iter().filter_map(|file| graph.circle_through(*file));
        let shortest = circles.min_by_key(Vec::len).unwrap_or_default();
        let mut complaint = format!(
            "{} files import each other, among them these; \
             move what they share into a file of its own:",
            knot.len()
        );
        for (from, edge) in shortest {
            let to = &graph.sources[edge.to].file;
            let what = match edge.name.as_str() {
                "" => format!("imports src/{to}"),
                name => format!("imports `{name}` of src/{to}"),
            };
            complaint += &format!("\n    {}", sources[from].complain(edge.line, &what));
        }
        complaints.push(complaint);
    }
    complaints
}

mod proofs {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<_> = files.iter().map(|(f, text)| Source::new(f, text)).collect();
        circles(&sources)
    }

    #[test]
    fn a_circle_is_shown_with_what_ties_it() {
        let files = [
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "\nfn f() { m!(crate::c::g()) }"),
            ("c/mod.rs", "use super::a;"),
            ("d.rs", "use crate::a::A;"),
        ];
        let [complaint] = found(&files).try_into().unwrap();
        assert_eq!(
            complaint,
            "3 files import each other, among them these; move what they share into a file of \
             its own:\n    src/a.rs:1: imports `B` of src/b.rs\n    src/b.rs:2: imports `g` of \
             src/c/mod.rs\n    src/c/mod.rs:1: imports src/a.rs"
        );
    }

    #[test]
    fn a_child_and_its_parent_can_be_a_circle() {
        let child = ("a/b.rs", "use super::A;");
        assert_eq!(found(&[("a.rs", "mod b; use b::B;"), child]).len(), 1);
        assert_eq!(
            found(&[("a.rs", "mod b; fn f() { b::g() }"), child]).len(),
            1
        );
        assert_eq!(found(&[("a.rs", "mod b; pub use b::B;"), child]).len(), 1);
        assert_eq!(
            found(&[("a/mod.rs", "mod b; pub use b::B;"), child]),
            [""; 0]
        );
    }

    #[test]
    fn a_circle_through_what_a_folder_re_exports_is_seen() {
        let files = [
            ("a/mod.rs", "mod b; pub use b::B;"),
            ("a/b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::B;"),
        ];
        assert_eq!(found(&files).len(), 1);
    }

    #[test]
    fn tests_close_no_circle() {
        let test = "#[cfg(test)] mod tests { use crate::b::B; }";
        assert_eq!(
            found(&[("a.rs", test), ("b.rs", "use crate::a::A;")]),
            [""; 0]
        );
    }
}

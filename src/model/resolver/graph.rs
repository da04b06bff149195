//! Who needs what: packages and the packages they need, as plain data, and
//! the two forms it is shown in.

use std::collections::BTreeSet;
use std::path::PathBuf;

use semver::Version;
use serde_json::{Value, json};

use crate::base::package::ContentDigest;

/// Packages, and which of them need which. A package stands in it once.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
}

/// One package of a [`Graph`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name: `namespace:name`, or that of the crate for a member of the
    /// workspace.
    pub name: String,
    /// Its version, where it has one.
    pub version: Option<Version>,
    /// What it is.
    pub kind: Kind,
    /// Where it is from.
    pub place: Place,
    /// The digest of its bytes, where it comes from a registry.
    pub digest: Option<ContentDigest>,
    /// The positions of what it needs, each once, in the order of adding.
    needs: Vec<usize>,
}

/// What a [`Node`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A package of the workspace.
    Member,
    /// A package of WIT.
    Wit,
    /// A component.
    Component,
}

/// Where a [`Node`] is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A registry, by the address it is shown with.
    Registry(String),
    /// A directory or file.
    Path(PathBuf),
    /// A copy in the file of a package that needs it.
    Enclosed,
}

/// Which way a graph is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From a package to what it needs.
    Needs,
    /// From a package to what needs it.
    NeededBy,
}

/// What of a graph is shown.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where it starts.
    pub roots: Vec<usize>,
    /// Which way it goes.
    pub direction: Direction,
    /// How many steps it goes; without end if none is given.
    pub depth: Option<usize>,
}

impl Node {
    /// A package that needs nothing yet.
    pub fn new(name: impl Into<String>, version: Option<Version>, kind: Kind) -> Self {
        Node {
            name: name.into(),
            version,
            kind,
            place: Place::Enclosed,
            digest: None,
            needs: Vec::new(),
        }
    }

    /// The package, in this place.
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

impl Graph {
    /// The position of a package, which is added unless it is there.
    pub fn add(&mut self, node: Node) -> usize {
        let same = |old: &Node| {
            (&old.name, &old.version, old.kind, &old.place)
                == (&node.name, &node.version, node.kind, &node.place)
        };
        match self.nodes.iter().position(same) {
            Some(position) => position,
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        }
    }

    /// Notes that one package needs another; nothing needs itself.
    pub fn needs(&mut self, from: usize, to: usize) {
        if from != to && !self.nodes[from].needs.contains(&to) {
            self.nodes[from].needs.push(to);
        }
    }

    /// All packages, by position.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The positions of what is there several times: under one name in several
    /// versions, or from several places. Copies inside of others do not count.
    pub fn duplicates(&self) -> Vec<usize> {
        let counts = |node: &Node| node.place != Place::Enclosed && node.kind != Kind::Member;
        let all = || self.nodes.iter().enumerate().filter(|(_, n)| counts(n));
        let several = |(at, node): &(usize, &Node)| {
            all().any(|(other, of)| other != *at && (&of.name, of.kind) == (&node.name, node.kind))
        };
        let mut found: Vec<usize> = all().filter(several).map(|(at, _)| at).collect();
        found.sort_by_key(|at| (&self.nodes[*at].name, &self.nodes[*at].version, *at));
        found
    }

    /// The positions next to one, sorted by name and version.
    fn next(&self, position: usize, direction: Direction) -> Vec<usize> {
        let mut next: Vec<usize> = match direction {
            Direction::Needs => self.nodes[position].needs.clone(),
            Direction::NeededBy => (0..self.nodes.len())
                .filter(|other| self.nodes[*other].needs.contains(&position))
                .collect(),
        };
        next.sort_by_key(|position| {
            let node = &self.nodes[*position];
            (&node.name, &node.version, *position)
        });
        next
    }

    /// The part as lines of text, in the manner of `cargo tree`: what was
    /// shown with all it needs before is marked `(*)` and not shown again.
    pub fn text(&self, part: &Part) -> Vec<String> {
        let mut lines = Vec::new();
        let mut shown = BTreeSet::new();
        for (index, root) in part.roots.iter().enumerate() {
            if index > 0 {
                lines.push(String::new());
            }
            self.branch(*root, part, (&mut Vec::new(), &mut shown), &mut lines);
        }
        lines
    }

    /// The lines of one package; `open` says of each level above it whether
    /// more follows there.
    fn branch(
        &self,
        position: usize,
        part: &Part,
        (open, shown): (&mut Vec<bool>, &mut BTreeSet<usize>),
        lines: &mut Vec<String>,
    ) {
        let mut line = String::new();
        if let Some((last, above)) = open.split_last() {
            for more in above {
                line.push_str(if *more { "│   " } else { "    " });
            }
            line.push_str(if *last { "├── " } else { "└── " });
        }
        line.push_str(&self.nodes[position].to_string());
        let next = match part.depth.is_some_and(|depth| open.len() >= depth) {
            true => Vec::new(),
            false => self.next(position, part.direction),
        };
        if !next.is_empty() && !shown.insert(position) {
            lines.push(line + " (*)");
            return;
        }
        lines.push(line);
        for (index, one) in next.iter().enumerate() {
            open.push(index + 1 < next.len());
            self.branch(*one, part, (&mut *open, &mut *shown), lines);
            open.pop();
        }
    }

    /// The part as JSON; the book has the shape, which a version number
    /// stands for.
    pub fn json(&self, part: &Part) -> Value {
        let mut reached = part.roots.clone();
        let mut level = part.roots.clone();
        let mut steps = 0;
        while !level.is_empty() && part.depth.is_none_or(|depth| steps < depth) {
            let next = level.iter().flat_map(|at| self.next(*at, part.direction));
            let mut found = Vec::new();
            for position in next {
                if !reached.contains(&position) {
                    reached.push(position);
                    found.push(position);
                }
            }
            level = found;
            steps += 1;
        }
        let renumbered =
            |position: &usize| -> Option<usize> { reached.iter().position(|at| at == position) };
        let packages: Vec<Value> = reached
            .iter()
            .map(|position| {
                let node = &self.nodes[*position];
                let needs = self.next(*position, Direction::Needs);
                json!({
                    "name": node.name,
                    "version": node.version.as_ref().map(ToString::to_string),
                    "kind": node.kind.word(),
                    "source": node.place.json(),
                    "digest": node.digest.as_ref().map(ToString::to_string),
                    "needs": needs.iter().filter_map(renumbered).collect::<Vec<_>>(),
                })
            })
            .collect();
        let roots: Vec<usize> = (0..part.roots.len()).collect();
        json!({ "version": 1, "roots": roots, "packages": packages })
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if let Some(version) = &self.version {
            write!(f, " v{version}")?;
        }
        if self.kind == Kind::Component {
            f.write_str(" (component)")?;
        }
        match &self.place {
            Place::Registry(address) => write!(f, " ({address})"),
            Place::Path(path) => write!(f, " ({})", path.display()),
            Place::Enclosed => f.write_str(" (enclosed)"),
        }
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Member => "workspace",
            Kind::Wit => "wit",
            Kind::Component => "component",
        }
    }
}

impl Place {
    fn json(&self) -> Value {
        match self {
            Place::Registry(address) => json!({ "kind": "registry", "registry": address }),
            Place::Path(path) => json!({ "kind": "path", "path": path.to_string_lossy() }),
            Place::Enclosed => json!({ "kind": "enclosed" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `app` needs `a` and `b`, `lib` needs `b`; `a` and `b` need `c`.
    fn graph() -> Graph {
        let mut graph = Graph::default();
        let version = || Some(Version::new(1, 0, 0));
        let member = |name: &str| {
            Node::new(name, version(), Kind::Member).at(Place::Path(format!("/{name}").into()))
        };
        let wit = |name: &str| {
            Node::new(name, version(), Kind::Wit).at(Place::Registry("oci://r".to_owned()))
        };
        let [app, lib] = ["app", "lib"].map(|name| graph.add(member(name)));
        let [b, a] = ["n:b", "n:a"].map(|name| graph.add(wit(name)));
        let c = graph.add(Node::new("n:c", version(), Kind::Wit));
        for (from, to) in [(app, b), (app, a), (lib, b), (a, c), (b, c), (a, c), (a, a)] {
            graph.needs(from, to);
        }
        graph
    }

    fn part(roots: &[usize], direction: Direction, depth: Option<usize>) -> Part {
        Part {
            roots: roots.to_vec(),
            direction,
            depth,
        }
    }

    #[test]
    fn what_was_shown_is_marked_unless_it_needs_nothing() {
        let text = graph().text(&part(&[0, 1], Direction::Needs, None));
        assert_eq!(
            text,
            [
                "app v1.0.0 (/app)",
                "├── n:a v1.0.0 (oci://r)",
                "│   └── n:c v1.0.0 (enclosed)",
                "└── n:b v1.0.0 (oci://r)",
                "    └── n:c v1.0.0 (enclosed)",
                "",
                "lib v1.0.0 (/lib)",
                "└── n:b v1.0.0 (oci://r) (*)",
            ]
        );
        let flat = graph().text(&part(&[0], Direction::Needs, Some(1)));
        assert_eq!(flat.len(), 3);
    }

    #[test]
    fn the_other_way_tells_who_needs_a_package() {
        let text = graph().text(&part(&[4], Direction::NeededBy, None));
        assert_eq!(
            text,
            [
                "n:c v1.0.0 (enclosed)",
                "├── n:a v1.0.0 (oci://r)",
                "│   └── app v1.0.0 (/app)",
                "└── n:b v1.0.0 (oci://r)",
                "    ├── app v1.0.0 (/app)",
                "    └── lib v1.0.0 (/lib)",
            ]
        );
    }

    #[test]
    fn a_package_is_there_once_and_json_has_what_is_reached() {
        let mut graph = graph();
        let again = Node::new("n:c", Some(Version::new(1, 0, 0)), Kind::Wit);
        assert_eq!(graph.add(again), 4);
        let json = graph.json(&part(&[1], Direction::Needs, None));
        assert_eq!(json["roots"], json!([0]));
        let names: Vec<_> = json["packages"].as_array().unwrap().iter().collect();
        assert_eq!(names.len(), 3);
        assert_eq!(
            *names[1],
            json!({
                "name": "n:b", "version": "1.0.0", "kind": "wit",
                "source": { "kind": "registry", "registry": "oci://r" },
                "digest": null, "needs": [2],
            })
        );
        let near = graph.json(&part(&[4], Direction::NeededBy, Some(1)));
        assert_eq!(near["packages"].as_array().unwrap().len(), 3);
        assert_eq!(near["packages"][1]["needs"], json!([0]));
    }
}

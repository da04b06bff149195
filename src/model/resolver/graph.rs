//! The graph of packages and their dependencies, as data, text and JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use semver::Version;
use serde_json::{Value, json};

use crate::base::package::ContentDigest;
use crate::model::capabilities::HostImports;

/// Packages and their dependencies; each package is in it once.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
}

/// One package of a [`Graph`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The name `namespace:name`, or that of the crate for a member of the
    /// workspace.
    pub name: String,
    /// The version of the package, if it has one.
    pub version: Option<Version>,
    /// The kind of package it is.
    pub kind: PackageKind,
    /// The location it comes from.
    pub location: PackageLocation,
    /// The digest of its bytes, if it comes from a registry.
    pub digest: Option<ContentDigest>,
    /// What the component itself imports from outside; none for other packages, and for
    /// a component that is not built.
    pub imports: Option<HostImports>,
    /// What a generated stub answers of its imports, when it is linked.
    pub stubbed: HostImports,
    /// The positions of its dependencies, each once, in the order of insertion.
    needs: Vec<usize>,
    /// The positions of the dependencies of its tests alone.
    test_needs: Vec<usize>,
}

/// The kind of package that a [`Node`] represents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageKind {
    /// A member of the workspace.
    Member,
    /// A package that contains WIT.
    Wit,
    /// A package that contains a component.
    Component,
}

/// The location that a [`Node`] comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageLocation {
    /// A registry, by the address that is displayed.
    Registry(String),
    /// The path of a directory or file.
    Path(PathBuf),
    /// A copy inside the file of a package that depends on it.
    Enclosed,
}

/// The direction in which a graph is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From a package to its dependencies.
    Needs,
    /// From a package to those that depend on it.
    NeededBy,
}

/// The packages of a graph that are displayed, and what is displayed of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GraphContent {
    /// All packages, without what they may do.
    #[default]
    Packages,
    /// Components with what they import from outside, without packages of WIT.
    Capabilities,
}

/// The part of a graph that is displayed.
#[derive(Clone, Debug)]
pub struct GraphPart {
    /// The positions of the packages to start from.
    pub roots: Vec<usize>,
    /// The direction to walk in.
    pub direction: Direction,
    /// The highest number of steps from a root; unlimited if none.
    pub depth: Option<usize>,
    /// Which packages are displayed.
    pub content: GraphContent,
}

impl Node {
    /// A package without dependencies, enclosed in another one.
    pub fn new(name: impl Into<String>, version: Option<Version>, kind: PackageKind) -> Self {
        Node {
            name: name.into(),
            version,
            kind,
            location: PackageLocation::Enclosed,
            digest: None,
            imports: None,
            stubbed: HostImports::default(),
            needs: Vec::new(),
            test_needs: Vec::new(),
        }
    }

    /// Sets the location of the package.
    pub fn at(mut self, location: PackageLocation) -> Self {
        self.location = location;
        self
    }
}

impl Graph {
    /// Adds a package, unless it is in the graph; returns its position. A release of which
    /// stubs answer other imports is another node.
    pub fn add(&mut self, node: Node) -> usize {
        let same = |old: &Node| {
            (&old.name, &old.version, old.kind, &old.location)
                == (&node.name, &node.version, node.kind, &node.location)
                && old.stubbed == node.stubbed
        };
        match self.nodes.iter().position(same) {
            Some(position) => position,
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        }
    }

    /// Adds a dependency of one package on another, except on itself.
    pub fn needs(&mut self, from: usize, to: usize) {
        if from != to && !self.nodes[from].needs.contains(&to) {
            self.nodes[from].needs.push(to);
        }
    }

    /// Adds a dependency of the tests of one package on another.
    pub fn tests_need(&mut self, from: usize, to: usize) {
        if from != to && !self.nodes[from].test_needs.contains(&to) {
            self.nodes[from].test_needs.push(to);
        }
    }

    /// All packages; their indexes are the positions.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The positions of packages that occur more than once: in several versions,
    /// or from several locations. Enclosed copies do not count.
    pub fn duplicates(&self) -> Vec<usize> {
        let counts = |node: &Node| {
            node.location != PackageLocation::Enclosed && node.kind != PackageKind::Member
        };
        let all = || self.nodes.iter().enumerate().filter(|(_, n)| counts(n));
        let is_duplicate = |(_, node): &(usize, &Node)| {
            let is_other = |other: &Node| {
                (&other.name, other.kind) == (&node.name, node.kind)
                    && (&other.version, &other.location) != (&node.version, &node.location)
            };
            all().any(|(_, other)| is_other(other))
        };
        let found = all().filter(is_duplicate).map(|(position, _)| position);
        let mut found: Vec<usize> = found.collect();
        found.sort_by_key(|position| {
            let node = &self.nodes[*position];
            (&node.name, &node.version, *position)
        });
        found
    }

    /// What the dependencies of a package import from outside, all together.
    fn imports_of_dependencies(&self, position: usize) -> HostImports {
        let mut all = HostImports::default();
        let mut found = BTreeSet::from([position]);
        let mut open = vec![position];
        while let Some(at) = open.pop() {
            for next in self.nodes[at].needs.iter().copied() {
                if found.insert(next) {
                    let imports = self.nodes[next].imports.iter();
                    imports.for_each(|imports| all.extend(imports));
                    open.push(next);
                }
            }
        }
        all
    }

    /// What a package may do, as text in brackets: by itself and by its dependencies.
    fn capabilities(&self, position: usize) -> String {
        let node = &self.nodes[position];
        let mut text = match (&node.imports, node.kind) {
            (Some(imports), _) => format!(" [{imports}]"),
            (None, PackageKind::Component) => " [not built]".to_owned(),
            (None, _) => String::new(),
        };
        if !node.stubbed.is_empty() {
            text.push_str(&format!(" [stubbed: {}]", node.stubbed));
        }
        let others = self.imports_of_dependencies(position);
        if !others.is_empty() {
            text.push_str(&format!(" [through dependencies: {others}]"));
        }
        text
    }

    /// The positions one step from another, sorted by name and version.
    fn next(&self, position: usize, direction: Direction, content: GraphContent) -> Vec<usize> {
        let needs =
            |node: &Node| node.needs.contains(&position) || node.test_needs.contains(&position);
        let next: Vec<usize> = match direction {
            Direction::Needs => self.nodes[position].needs.clone(),
            Direction::NeededBy => (0..self.nodes.len())
                .filter(|other| needs(&self.nodes[*other]))
                .collect(),
        };
        self.in_order(next, content)
    }

    /// The positions that only the tests of a package need, in the same order.
    fn next_of_tests(
        &self,
        position: usize,
        direction: Direction,
        content: GraphContent,
    ) -> Vec<usize> {
        match direction {
            Direction::Needs => self.in_order(self.nodes[position].test_needs.clone(), content),
            Direction::NeededBy => Vec::new(),
        }
    }

    fn in_order(&self, mut next: Vec<usize>, content: GraphContent) -> Vec<usize> {
        next.retain(|position| {
            content == GraphContent::Packages || self.nodes[*position].kind != PackageKind::Wit
        });
        next.sort_by_key(|position| {
            let node = &self.nodes[*position];
            (&node.name, &node.version, *position)
        });
        next
    }

    /// The part as lines of text, in the format of `cargo tree`: a package that
    /// was printed before with its dependencies is marked `(*)` and they are not
    /// printed again.
    pub fn text(&self, part: &GraphPart) -> Vec<String> {
        let mut tree = TreeText {
            graph: self,
            part,
            expanded: BTreeSet::new(),
            lines: Vec::new(),
        };
        for (index, root) in part.roots.iter().enumerate() {
            if index > 0 {
                tree.lines.push(String::new());
            }
            tree.add_branch(*root, &mut Vec::new());
        }
        tree.lines
    }

    /// The part as JSON in the shape that the book documents, with a version
    /// number of that shape.
    pub fn json(&self, part: &GraphPart) -> Value {
        let mut reached = part.roots.clone();
        let mut level = part.roots.clone();
        let mut steps = 0;
        while !level.is_empty() && part.depth.is_none_or(|depth| steps < depth) {
            let next = level.iter().flat_map(|at| {
                let mut next = self.next(*at, part.direction, part.content);
                next.extend(self.next_of_tests(*at, part.direction, part.content));
                next
            });
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
                let needs = self.next(*position, Direction::Needs, part.content);
                let mut package = json!({
                    "name": node.name,
                    "version": node.version.as_ref().map(ToString::to_string),
                    "kind": node.kind.word(),
                    "source": node.location.json(),
                    "digest": node.digest.as_ref().map(ToString::to_string),
                    "needs": needs.iter().filter_map(renumbered).collect::<Vec<_>>(),
                });
                let of_tests = self.next_of_tests(*position, Direction::Needs, part.content);
                if !of_tests.is_empty() {
                    let of_tests = of_tests.iter().filter_map(renumbered);
                    package["dev_needs"] = json!(of_tests.collect::<Vec<_>>());
                }
                if part.content == GraphContent::Capabilities {
                    package["capabilities"] = json!({
                        "own": node.imports.as_ref().map(grouped_json),
                        "dependencies": grouped_json(&self.imports_of_dependencies(*position)),
                    });
                    if !node.stubbed.is_empty() {
                        package["capabilities"]["stubbed"] = grouped_json(&node.stubbed);
                    }
                }
                package
            })
            .collect();
        let roots: Vec<usize> = (0..part.roots.len()).collect();
        json!({ "version": 1, "roots": roots, "packages": packages })
    }
}

/// Imports as JSON: an object from the words for what they allow to lists of imports.
pub fn grouped_json(imports: &HostImports) -> Value {
    let groups = imports.grouped().into_iter();
    let groups: BTreeMap<String, Vec<&str>> = groups
        .map(|(capability, imports)| (capability.to_string(), imports))
        .collect();
    json!(groups)
}

/// The text of a [`Graph`] while it is written.
struct TreeText<'g> {
    graph: &'g Graph,
    part: &'g GraphPart,
    /// The packages whose dependencies were printed.
    expanded: BTreeSet<usize>,
    lines: Vec<String>,
}

impl TreeText<'_> {
    /// Adds the lines of one package and its dependencies. `continues` has for
    /// each level above it whether more packages follow on that level.
    fn add_branch(&mut self, position: usize, continues: &mut Vec<bool>) {
        let mut line = String::new();
        if let Some((last, above)) = continues.split_last() {
            for more in above {
                line.push_str(if *more { "│   " } else { "    " });
            }
            line.push_str(if *last { "├── " } else { "└── " });
        }
        line.push_str(&self.graph.nodes[position].to_string());
        let part = self.part;
        if part.content == GraphContent::Capabilities {
            line.push_str(&self.graph.capabilities(position));
        }
        let (next, of_tests) = match part.depth.is_some_and(|depth| continues.len() >= depth) {
            true => (Vec::new(), Vec::new()),
            false => (
                self.graph.next(position, part.direction, part.content),
                self.graph
                    .next_of_tests(position, part.direction, part.content),
            ),
        };
        let leads_on = !next.is_empty() || !of_tests.is_empty();
        if leads_on && !self.expanded.insert(position) {
            self.lines.push(line + " (*)");
            return;
        }
        self.lines.push(line);
        self.add_branches(&next, continues);
        if !of_tests.is_empty() {
            let above = continues
                .iter()
                .map(|more| if *more { "│   " } else { "    " });
            let above: String = above.collect();
            self.lines.push(above + "[dev-dependencies]");
            self.add_branches(&of_tests, continues);
        }
    }

    fn add_branches(&mut self, next: &[usize], continues: &mut Vec<bool>) {
        for (index, child) in next.iter().enumerate() {
            continues.push(index + 1 < next.len());
            self.add_branch(*child, continues);
            continues.pop();
        }
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if let Some(version) = &self.version {
            write!(f, " v{version}")?;
        }
        if self.kind == PackageKind::Component {
            f.write_str(" (component)")?;
        }
        match &self.location {
            PackageLocation::Registry(address) => write!(f, " ({address})"),
            PackageLocation::Path(path) => write!(f, " ({})", path.display()),
            PackageLocation::Enclosed => f.write_str(" (enclosed)"),
        }
    }
}

impl PackageKind {
    fn word(self) -> &'static str {
        match self {
            PackageKind::Member => "workspace",
            PackageKind::Wit => "wit",
            PackageKind::Component => "component",
        }
    }
}

impl PackageLocation {
    fn json(&self) -> Value {
        match self {
            PackageLocation::Registry(address) => {
                json!({ "kind": "registry", "registry": address })
            }
            PackageLocation::Path(path) => {
                json!({ "kind": "path", "path": path.to_string_lossy() })
            }
            PackageLocation::Enclosed => json!({ "kind": "enclosed" }),
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
            Node::new(name, version(), PackageKind::Member)
                .at(PackageLocation::Path(format!("/{name}").into()))
        };
        let wit = |name: &str| {
            Node::new(name, version(), PackageKind::Wit)
                .at(PackageLocation::Registry("oci://r".to_owned()))
        };
        let [app, lib] = ["app", "lib"].map(|name| graph.add(member(name)));
        let [b, a] = ["n:b", "n:a"].map(|name| graph.add(wit(name)));
        let c = graph.add(Node::new("n:c", version(), PackageKind::Wit));
        for (from, to) in [(app, b), (app, a), (lib, b), (a, c), (b, c), (a, c), (a, a)] {
            graph.needs(from, to);
        }
        graph
    }

    fn part(roots: &[usize], direction: Direction, depth: Option<usize>) -> GraphPart {
        GraphPart {
            roots: roots.to_vec(),
            direction,
            depth,
            content: GraphContent::Packages,
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
        let again = Node::new("n:c", Some(Version::new(1, 0, 0)), PackageKind::Wit);
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

    #[test]
    fn what_tests_need_has_a_section_of_its_own() {
        let mut graph = graph();
        let mock = Node::new("mock", None, PackageKind::Component);
        let mock = graph.add(mock.at(PackageLocation::Path("/mock".into())));
        graph.tests_need(1, mock);
        graph.tests_need(1, mock);
        graph.needs(mock, 4);
        assert_eq!(
            graph.text(&part(&[1], Direction::Needs, None)),
            [
                "lib v1.0.0 (/lib)",
                "└── n:b v1.0.0 (oci://r)",
                "    └── n:c v1.0.0 (enclosed)",
                "[dev-dependencies]",
                "└── mock (component) (/mock)",
                "    └── n:c v1.0.0 (enclosed)",
            ]
        );
        let json = graph.json(&part(&[1], Direction::Needs, None));
        assert_eq!(json["packages"][0]["dev_needs"], json!([2]));
        assert_eq!(json["packages"][1].get("dev_needs"), None);
        let inverted = graph.text(&part(&[mock], Direction::NeededBy, None));
        assert_eq!(
            inverted,
            ["mock (component) (/mock)", "└── lib v1.0.0 (/lib)"]
        );
    }

    #[test]
    fn capabilities_are_shown_of_components_alone() {
        let mut graph = graph();
        let component = |name: &str, imports: &[&str]| {
            let version = Some(Version::new(1, 0, 0));
            let mut node = Node::new(name, version, PackageKind::Component)
                .at(PackageLocation::Registry("oci://r".to_owned()));
            node.imports = Some(HostImports::of(imports.iter().copied()));
            node
        };
        let top = graph.add(component("n:top", &["wasi:clocks/wall-clock@0.2.0"]));
        let low = graph.add(component("n:low", &["wasi:sockets/tcp@0.2.0"]));
        let mut bare = component("n:bare", &["wasi:io/poll@0.2.0"]);
        bare.stubbed = HostImports::of(["wasi:filesystem/types@0.2.0"]);
        let bare = graph.add(bare);
        let unbuilt = graph.add(Node::new("dir", None, PackageKind::Component));
        for (from, to) in [(0, top), (top, low), (top, 2), (low, bare), (0, unbuilt)] {
            graph.needs(from, to);
        }
        let mut part = part(&[0], Direction::Needs, None);
        part.content = GraphContent::Capabilities;
        assert_eq!(
            graph.text(&part),
            [
                "app v1.0.0 (/app) [through dependencies: network, clocks]",
                "├── dir (component) (enclosed) [not built]",
                "└── n:top v1.0.0 (component) (oci://r) [clocks] [through dependencies: network]",
                "    └── n:low v1.0.0 (component) (oci://r) [network]",
                "        └── n:bare v1.0.0 (component) (oci://r) [nothing] [stubbed: files]",
            ]
        );
        let json = graph.json(&part);
        assert_eq!(
            json["packages"][4]["capabilities"]["stubbed"],
            json!({ "files": ["wasi:filesystem/types"] })
        );
        assert_eq!(
            json["packages"][2]["capabilities"],
            json!({
                "own": { "clocks": ["wasi:clocks/wall-clock"] },
                "dependencies": { "network": ["wasi:sockets/tcp"] },
            })
        );
        assert_eq!(json["packages"][0]["capabilities"]["own"], Value::Null);

        // Only one entry with this release has stubs.
        let other = graph.add(component("n:bare", &["wasi:io/poll@0.2.0"]));
        graph.needs(0, other);
        assert_eq!(
            graph.text(&part)[2],
            "├── n:bare v1.0.0 (component) (oci://r) [nothing]"
        );
        assert_eq!(graph.duplicates(), [0; 0]);
    }
}

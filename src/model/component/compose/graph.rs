//! What a composition is made of, as data and as a drawing.

mod svg;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::Plan;
use super::answer::Answer;
use super::assemble::Open;
use super::wiring::Wired;
pub use svg::svg;

/// The components of a composition and the links between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The components; the first is the one whose exports the composition has.
    pub components: Vec<Component>,
    /// The links, by the component whose import it is and the import's name.
    pub links: Vec<Edge>,
}

/// One component of a composition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Component {
    /// What it is called.
    pub name: String,
    /// What it imports from outside, by the names the composition has.
    pub open: Vec<String>,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// The component that imports, by its place.
    pub from: usize,
    /// The component that answers, by its place.
    pub to: usize,
    /// The name of the import.
    pub import: String,
    /// The name of the export; none for the functions at the root.
    pub export: Option<String>,
    /// Whether it was not asked for, but had to be: the components that the
    /// importing one is linked to have the same interface from there.
    pub implied: bool,
}

/// The graph of a composition.
pub(super) fn of(plan: &Plan, order: &[usize], wired: &Wired, open: Open) -> Graph {
    let mut graph = Graph::default();
    let mut places = BTreeMap::new();
    for &node in order.iter().rev() {
        places.insert(node, graph.components.len());
        let of_node = open.iter().filter(|(_, of)| *of == node);
        graph.components.push(Component {
            name: plan.nodes[node].name.clone(),
            open: of_node.map(|(name, _)| name.name.clone()).collect(),
        });
    }
    for &node in order.iter().rev() {
        for (import, source) in &wired[&node] {
            graph.links.push(Edge {
                from: places[&node],
                to: places[&source.node],
                import: import.clone(),
                export: match &source.answer {
                    Answer::Whole => None,
                    Answer::Export(name) => Some(name.clone()),
                    // It goes with its interface.
                    Answer::Type(..) => continue,
                },
                implied: !plan.nodes[node].links.contains_key(import),
            });
        }
    }
    graph
}

impl Component {
    /// What it takes from outside, in few lines: the interfaces of WASI are
    /// only counted.
    fn needs(&self) -> Vec<String> {
        let wasi = |name: &&String| name.starts_with("wasi:");
        let mut lines: Vec<String> = self.open.iter().filter(|n| !wasi(n)).cloned().collect();
        match self.open.iter().filter(wasi).count() {
            0 => {}
            1 => lines.push("1 interface of WASI".to_owned()),
            many => lines.push(format!("{many} interfaces of WASI")),
        }
        lines
    }
}

impl Edge {
    /// The import, with the export behind it where that has another name.
    fn label(&self) -> String {
        match &self.export {
            Some(export) if *export != self.import => format!("{} = {export}", self.import),
            _ => self.import.clone(),
        }
    }
}

/// The graph in the language of Graphviz.
pub fn dot(graph: &Graph) -> String {
    let escaped = |text: &str| clean(text).replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = String::from("digraph composition {\n  node [shape=box];\n");
    for (at, component) in graph.components.iter().enumerate() {
        let mut label = escaped(&component.name);
        for line in component.needs() {
            let _ = write!(label, "\\nneeds {}", escaped(&line));
        }
        let root = if at == 0 { ", style=bold" } else { "" };
        let _ = writeln!(text, "  n{at} [label=\"{label}\"{root}];");
    }
    for edge in &graph.links {
        let style = if edge.implied { ", style=dashed" } else { "" };
        let label = escaped(&edge.label());
        let _ = writeln!(
            text,
            "  n{} -> n{} [label=\"{label}\"{style}];",
            edge.from, edge.to
        );
    }
    text.push_str("}\n");
    text
}

/// The graph as a flowchart of Mermaid.
pub fn mermaid(graph: &Graph) -> String {
    let escaped = |text: &str| {
        let text = clean(text).replace('#', "#35;").replace('"', "#quot;");
        text.replace('<', "#lt;").replace('>', "#gt;")
    };
    let mut text = String::from("flowchart TD\n");
    for (at, component) in graph.components.iter().enumerate() {
        let mut label = escaped(&component.name);
        for line in component.needs() {
            let _ = write!(label, "<br/>needs {}", escaped(&line));
        }
        let _ = match at {
            0 => writeln!(text, "  n{at}([\"{label}\"])"),
            _ => writeln!(text, "  n{at}[\"{label}\"]"),
        };
    }
    for edge in &graph.links {
        let arrow = if edge.implied { "-.->" } else { "-->" };
        let label = escaped(&edge.label());
        let _ = writeln!(text, "  n{} {arrow}|\"{label}\"| n{}", edge.from, edge.to);
    }
    text
}

/// Text without characters that would move the pen.
fn clean(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests;

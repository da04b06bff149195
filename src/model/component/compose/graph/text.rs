//! The graph of a composition in the languages of Graphviz and Mermaid.

use std::fmt::Write as _;

use super::data::Graph;

/// The graph in the DOT language of Graphviz.
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

/// The text with control characters replaced.
pub(super) fn clean(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(visible).collect()
}

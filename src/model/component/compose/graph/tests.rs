use super::*;
use crate::model::component::compose::tests::golden;

fn graph() -> Graph {
    let component = |name: &str, open: &[&str]| Component {
        name: name.to_owned(),
        open: open.iter().map(|name| (*name).to_owned()).collect(),
    };
    let edge = |from, to, import: &str, export: Option<&str>| Edge {
        from,
        to,
        import: import.to_owned(),
        export: export.map(str::to_owned),
        implied: false,
    };
    Graph {
        components: vec![
            component(
                "app",
                &["wasi:cli/stdout@0.2.0", "wasi:io/streams@0.2.0", "store"],
            ),
            component("fancy:regex@1.2.0", &["wasi:io/streams@0.2.0"]),
            component("a \"quoted\" <path>\n\\ & #1", &[]),
        ],
        links: vec![
            edge(0, 1, "regex", None),
            edge(0, 2, "x:y/z@1.0.0", Some("x:y/z@1.1.0")),
            Edge {
                implied: true,
                ..edge(1, 2, "x:y/z@1.0.0", Some("x:y/z@1.0.0"))
            },
        ],
    }
}

#[test]
fn graphs_are_drawn_for_graphviz() {
    golden("graph/graph.dot", &dot(&graph()));
}

#[test]
fn graphs_are_drawn_for_mermaid() {
    golden("graph/graph.mmd", &mermaid(&graph()));
}

#[test]
fn graphs_are_drawn_as_svg() {
    let drawing = svg(&graph());
    golden("graph/graph.svg", &drawing);
    assert!(!drawing.contains("<path>"));
}

#[test]
fn a_component_stands_below_all_that_need_it() {
    let (boxes, width, height) = super::svg::layout_of(&graph());
    assert!(boxes[0].1 < boxes[1].1 && boxes[1].1 < boxes[2].1);
    for (x, y) in boxes {
        assert!(x < width && y < height);
    }
}

#[test]
fn nothing_is_a_drawing_too() {
    for text in [
        dot(&Graph::default()),
        mermaid(&Graph::default()),
        svg(&Graph::default()),
    ] {
        assert!(!text.is_empty());
    }
}

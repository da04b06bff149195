mod geometry;

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
fn text_takes_room_by_its_columns() {
    use super::measure::{shortened, width};
    for (text, columns) in [("", 0), ("abcd", 4), ("接口", 4), ("e\u{301}\u{200b}", 1)] {
        // 7.25 pixels for a column, rounded up.
        assert_eq!(width(text), (columns * 29 + 3) / 4, "{text}");
    }
    let long = format!("{}/interface@1.2.3", "long-".repeat(20));
    let short = shortened(&long);
    assert_eq!(width(&short), width(&"x".repeat(59)));
    assert!(short.starts_with("long-long-") && short.ends_with("-/interface@1.2.3"));
    assert!(short.contains('…'));
    assert_eq!(shortened(&"x".repeat(60)), "x".repeat(60));
    assert!(width(&shortened(&"接".repeat(90))) <= width(&short));
}

#[test]
fn a_component_stands_below_all_that_need_it() {
    let boxes = super::layout::layout(&graph()).boxes;
    assert!(boxes[0].area.bottom < boxes[1].area.top);
    assert!(boxes[1].area.bottom < boxes[2].area.top);
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

//! The house as a picture for the book, drawn from the tables.

use crate::rules::{Floor, Order};

/// A Mermaid block: a box a floor, each above those it imports from, and the
/// modules of one folder with those that come right before each.
pub fn mermaid(floors: &[Floor], folder: &str, order: Order) -> String {
    let mut lines = vec!["```mermaid".to_owned(), "flowchart TB".to_owned()];
    for floor in floors.iter().rev() {
        let (name, modules) = (floor.name, floor.modules.join(", "));
        lines.push(format!(
            "    {name}[\"<b>{modules}</b><br>{}\"]",
            floor.holds
        ));
    }
    let names: Vec<_> = floors.iter().rev().map(|floor| floor.name).collect();
    lines.push(format!("    {}", names.join(" --> ")));
    lines.push(format!(
        "    subgraph {folder}_modules [\"inside {folder}\"]"
    ));
    for (module, before) in order.iter().rev() {
        for other in nearest(before, order) {
            lines.push(format!("        {module} --> {other}"));
        }
    }
    lines.push("    end".to_owned());
    lines.push("```".to_owned());
    lines.join("\n")
}

/// Those that none of the others leads to.
fn nearest<'a>(before: &[&'a str], order: Order) -> Vec<&'a str> {
    let leads_to = |from: &str, to: &str| {
        let row = order.iter().find(|(module, _)| *module == from);
        row.is_some_and(|(_, before)| before.contains(&to))
    };
    let all = before.iter().copied();
    all.filter(|to| !before.iter().any(|from| leads_to(from, to)))
        .collect()
}

mod proofs {
    use super::*;

    #[test]
    fn floors_and_the_nearest_modules_are_drawn() {
        let floor = |name, modules| Floor {
            name,
            modules,
            holds: "things",
        };
        let floors = [floor("low", &["a"] as &[_]), floor("high", &["b", "c"])];
        let order: Order = &[("x", &[]), ("y", &["x"]), ("z", &["x", "y"])];
        assert_eq!(
            mermaid(&floors, "b", order),
            "```mermaid\nflowchart TB\n    high[\"<b>b, c</b><br>things\"]\n    \
             low[\"<b>a</b><br>things\"]\n    high --> low\n    \
             subgraph b_modules [\"inside b\"]\n        z --> y\n        y --> x\n    end\n```"
        );
    }
}

//! The order of the nodes of a composition, each after those it is linked to.

use super::plan::Plan;
use crate::base::error::{Error, Result};

#[derive(Clone, Copy, PartialEq, Eq)]
enum VisitState {
    Unvisited,
    InProgress,
    Done,
}

/// The nodes that the root needs, itself last, each after those it is linked to.
/// A circle is an error that lists its nodes.
pub(super) fn sorted(plan: &Plan<'_>) -> Result<Vec<usize>> {
    let links = plan.nodes.iter().flat_map(|node| node.links.values());
    let mut ends = links.map(|link| link.node).chain([plan.root]);
    if let Some(end) = ends.find(|end| *end >= plan.nodes.len()) {
        return Err(Error::input(format!(
            "the composition plan does not contain the component {end}"
        )));
    }
    let mut states = vec![VisitState::Unvisited; plan.nodes.len()];
    let mut order = Vec::new();
    // The path from the root: each node with its links that were not visited.
    let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
    let linked = |node: usize| {
        let links = plan.nodes[node].links.values().rev();
        links.map(|link| link.node).collect::<Vec<_>>()
    };
    path.push((plan.root, linked(plan.root)));
    states[plan.root] = VisitState::InProgress;
    while let Some((node, unvisited)) = path.last_mut() {
        let Some(next) = unvisited.pop() else {
            states[*node] = VisitState::Done;
            order.push(*node);
            path.pop();
            continue;
        };
        match states[next] {
            VisitState::Done => {}
            VisitState::Unvisited => {
                states[next] = VisitState::InProgress;
                path.push((next, linked(next)));
            }
            VisitState::InProgress => {
                let circle = path.iter().map(|(node, _)| *node);
                let circle = circle.skip_while(|node| *node != next).chain([next]);
                let names = circle.map(|node| format!("`{}`", plan.nodes[node].name));
                let names: Vec<_> = names.collect();
                return Err(Error::input("the component dependencies form a cycle")
                    .with_cause(names.join(" → "))
                    .hint("leave one of these imports open with `--keep`"));
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::compose::{Link, Node};

    fn plan(links: &[&[usize]]) -> Plan<'static> {
        let node = |(at, to): (usize, &&[usize])| Node {
            name: format!("n{at}"),
            links: to
                .iter()
                .map(|node| {
                    (
                        format!("i{node}"),
                        Link {
                            node: *node,
                            item: None,
                        },
                    )
                })
                .collect(),
            ..Node::default()
        };
        Plan {
            nodes: links.iter().enumerate().map(node).collect(),
            root: 0,
        }
    }

    #[test]
    fn linked_nodes_come_first_and_once() {
        assert_eq!(
            sorted(&plan(&[&[1, 2], &[3], &[3], &[], &[0]])).unwrap(),
            [3, 1, 2, 0]
        );
    }

    #[test]
    fn a_circle_is_listed_without_the_path_to_it() {
        let error = sorted(&plan(&[&[1], &[2], &[3], &[1]])).unwrap_err();
        assert_eq!(error.causes(), ["`n1` → `n2` → `n3` → `n1`"]);
        let error = sorted(&plan(&[&[0]])).unwrap_err();
        assert_eq!(error.causes(), ["`n0` → `n0`"]);
    }

    #[test]
    fn links_to_missing_nodes_are_refused() {
        assert!(sorted(&plan(&[&[7]])).is_err());
        assert!(sorted(&Plan::default()).is_err());
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let mut links: Vec<Vec<usize>> = (1..100_000).map(|next| vec![next]).collect();
        links.push(Vec::new());
        let links: Vec<&[usize]> = links.iter().map(Vec::as_slice).collect();
        assert_eq!(sorted(&plan(&links)).unwrap().len(), 100_000);
    }
}

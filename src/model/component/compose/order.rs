//! The nodes a composition needs, each behind those it is linked to.

use super::Plan;
use crate::base::error::{Error, Result};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// The nodes that the root needs, itself last, each after what its imports are
/// linked to. A cycle is an error that shows it.
pub(super) fn sorted(plan: &Plan) -> Result<Vec<usize>> {
    let links = plan.nodes.iter().flat_map(|node| node.links.values());
    let mut ends = links.map(|link| link.node).chain([plan.root]);
    if let Some(end) = ends.find(|end| *end >= plan.nodes.len()) {
        return Err(Error::input(format!(
            "the composition plan does not contain the component {end}"
        )));
    }
    let mut states = vec![State::New; plan.nodes.len()];
    let mut order = Vec::new();
    // The path from the root, each with what is still to be looked at.
    let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
    let linked = |node: usize| {
        let links = plan.nodes[node].links.values().rev();
        links.map(|link| link.node).collect::<Vec<_>>()
    };
    path.push((plan.root, linked(plan.root)));
    states[plan.root] = State::Open;
    while let Some((node, open)) = path.last_mut() {
        let Some(next) = open.pop() else {
            states[*node] = State::Done;
            order.push(*node);
            path.pop();
            continue;
        };
        match states[next] {
            State::Done => {}
            State::New => {
                states[next] = State::Open;
                path.push((next, linked(next)));
            }
            State::Open => {
                let around = path.iter().map(|(node, _)| *node);
                let around = around.skip_while(|node| *node != next).chain([next]);
                let names = around.map(|node| format!("`{}`", plan.nodes[node].name));
                let names: Vec<_> = names.collect();
                return Err(Error::input("the component dependencies form a cycle")
                    .because(names.join(" → "))
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

    fn plan(links: &[&[usize]]) -> Plan {
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
    fn what_is_needed_comes_first_and_once() {
        assert_eq!(
            sorted(&plan(&[&[1, 2], &[3], &[3], &[], &[0]])).unwrap(),
            [3, 1, 2, 0]
        );
    }

    #[test]
    fn a_circle_is_shown_without_the_way_to_it() {
        let error = sorted(&plan(&[&[1], &[2], &[3], &[1]])).unwrap_err();
        assert_eq!(error.causes(), ["`n1` → `n2` → `n3` → `n1`"]);
        let error = sorted(&plan(&[&[0]])).unwrap_err();
        assert_eq!(error.causes(), ["`n0` → `n0`"]);
    }

    #[test]
    fn a_plan_names_only_what_it_has() {
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

//! Composition: a component and those that answer its imports, made one.
//!
//! What is linked to what is decided by the caller, who resolves hints; here
//! the exports are found that answer (`answer`), what must go together is
//! kept together (`wiring`), and one component is written (`assemble`).
//! Only bytes pass between this module and the library that writes it.

mod answer;
mod assemble;
mod diagnose;
pub mod graph;
mod lift;
mod order;
mod part;
pub mod wac;
mod wiring;

use std::collections::{BTreeMap, BTreeSet};

use super::names::Name;
use crate::base::error;
use crate::base::error::{Error, Result};
pub use answer::compatible;
use graph::Graph;

/// Components and what each one's imports are linked to.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The components; one that several need is here once, and becomes one
    /// instance.
    pub nodes: Vec<Node>,
    /// The one whose exports the result has.
    pub root: usize,
}

/// One component of a plan.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// What it is called in messages: a package with its version, or a file.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// What its imports are linked to, by the names that
    /// [`imports`](super::names::imports) gives. An import that is not here
    /// stays open, unless it has no hint and has to be the same as an import
    /// of a component that this one is linked to.
    pub links: BTreeMap<String, Link>,
    /// Imports without a link that stay open even if the components that this
    /// one is linked to have something for them.
    pub keep: BTreeSet<String>,
}

/// What an import is linked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The node whose export answers, by its place in the plan.
    pub node: usize,
    /// The export that answers; none for the one that fits by name, or the
    /// root of the component.
    pub item: Option<String>,
}

/// A composition.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The component. No name of what was linked has attributes.
    pub bytes: Vec<u8>,
    /// What was linked to what.
    pub graph: Graph,
    /// What it still imports, with attributes.
    pub open: Vec<Name>,
}

/// Links the components of a plan.
///
/// The result is valid. It shares nothing that the plan has twice: every node
/// that the root needs becomes one instance. Labels of open imports that are
/// those of another component, too, get the name of their component in front.
pub fn link(plan: &Plan) -> Result<Linked> {
    let order = order::sorted(plan)?;
    let mut parts = BTreeMap::new();
    for &node in &order {
        parts.insert(node, part::read(&plan.nodes[node])?);
    }
    let wired = wiring::wire(plan, &order, &parts)?;
    let composition = assemble::Composition {
        plan,
        order: &order,
        parts: &parts,
        wired: &wired,
    };
    let bytes = composition.bytes()?;
    Ok(Linked {
        open: super::names::imports(&bytes)?,
        graph: graph::of(plan, &order, &wired, composition.open()),
        bytes,
    })
}

/// Runs what belongs to a library, which may give up on input that it did not
/// expect; `doing` says what was asked of it, `of` of which component.
fn guarded<T>(library: &str, (doing, of): (&str, &str), work: impl FnOnce() -> T) -> Result<T> {
    error::guarded(library, work).map_err(|cause| {
        Error::input(format!("failed to {doing} `{of}`"))
            .because(cause)
            .hint("report this as a bug, with the components")
    })
}

#[cfg(test)]
mod tests;

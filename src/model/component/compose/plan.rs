//! The plan of a composition: components and the links between them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The components of a composition and the links of their imports.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// The components. One that several are linked to is here once, and becomes
    /// one instance.
    pub nodes: Vec<Node<'a>>,
    /// The position of the component whose exports the result has.
    pub root: usize,
}

/// One component of a plan.
#[derive(Clone, Debug, Default)]
pub struct Node<'a> {
    /// The name for messages: a package with its version, or a file.
    pub name: String,
    /// The bytes of the component.
    pub bytes: Cow<'a, [u8]>,
    /// The links of its imports, by the names that
    /// [`imports`](crate::model::component::names::imports) returns. An import
    /// without a link stays open, unless it has no hint and has to be the same as
    /// an import of a component that this one is linked to.
    pub links: BTreeMap<String, Link>,
    /// Imports without a link that stay open even if the components that this
    /// one is linked to import or export the same interface.
    pub keep: BTreeSet<String>,
}

/// The link of an import to a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The position of the node whose export provides the import.
    pub node: usize,
    /// The name of that export; none for the one with a matching name, or the
    /// root of the component.
    pub item: Option<String>,
}

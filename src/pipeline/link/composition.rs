//! Components that are linked to one.

use std::collections::BTreeSet;

use serde::Serialize;

use super::files::ComponentFiles;
use super::part::{Part, PartLink};
use crate::base::error::Result;
use crate::model::component::compose;
use crate::model::component::compose::{Link, Linked, Node, Plan};

/// The components that are linked to one, and the root among them.
#[derive(Debug, Serialize)]
pub(crate) struct Composition {
    /// The components, each of them once.
    pub parts: Vec<Part>,
    /// The index of the part whose exports the result has.
    pub root: usize,
}

impl Composition {
    /// How many other components the root needs, directly or through them.
    pub fn others(&self) -> usize {
        let mut visited = BTreeSet::from([self.root]);
        let mut open = vec![self.root];
        while let Some(part) = open.pop() {
            let next = self.parts[part].links.values().map(|link| link.part);
            open.extend(next.filter(|next| visited.insert(*next)));
        }
        visited.len() - 1
    }
}

/// Links the root of a composition with the parts that satisfy its imports and
/// theirs.
pub(crate) fn link_parts(composition: &Composition) -> Result<Linked> {
    link_files(composition, &ComponentFiles::default())
}

/// As [`link_parts`], with the files that were read already.
pub(super) fn link_files(composition: &Composition, files: &ComponentFiles) -> Result<Linked> {
    let link = |(name, link): (&String, &PartLink)| {
        let link = Link {
            node: link.part,
            item: link.item.clone(),
        };
        (name.clone(), link)
    };
    let node = |part: &Part| {
        Ok(Node {
            name: part.name.clone(),
            bytes: files.take(&part.file)?,
            links: part.links.iter().map(link).collect(),
            keep: part.keep.clone(),
        })
    };
    let nodes = composition.parts.iter().map(node);
    compose::link(&Plan {
        nodes: nodes.collect::<Result<_>>()?,
        root: composition.root,
    })
}

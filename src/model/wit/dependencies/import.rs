//! The imports that dependencies become.

use wit_parser::InterfaceId;

/// The part of a dependency that is imported.
#[derive(Clone, Debug)]
pub(super) enum ImportedItem {
    /// The functions at its root.
    Root,
    /// An export under a plain name.
    Inline(String, InterfaceId),
    /// An export under the name of an interface.
    Interface(InterfaceId),
    /// One function at its root.
    Function,
}

/// An import that a dependency provides.
pub(super) struct Import {
    /// The index of the dependency among the offers.
    pub offer: usize,
    /// The part of the dependency that is imported.
    pub item: ImportedItem,
    /// The plain name it gets; `None` is the name of the interface.
    pub name: Option<String>,
    /// Whether the target world has the import itself, under its plain name.
    pub of_target: bool,
}

/// A part of a dependency, before its import has a name.
#[derive(Clone, Debug)]
pub(super) struct PlannedItem {
    /// The part of the dependency that is imported.
    pub item: ImportedItem,
    /// Whether it is imported under a plain name, not that of its interface.
    pub labelled: bool,
}

//! Parsed sources of WIT, and which of several of one package counts.

use wit_parser::{UnresolvedPackage, UnresolvedPackageGroup};

/// The precedence of a source among several of one package, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Main,
    Override,
    Deps,
    /// A package that was fetched from a registry.
    Fetched,
    /// A copy inside a binary package of `deps`, or the WIT of a component: it
    /// has no more of a package than it uses.
    Enclosed,
    /// The `deps` directory of an override.
    Beside,
    /// A copy inside any other binary package.
    Embedded,
}

/// A parsed source with its rank.
pub(super) struct Group {
    pub(super) rank: Rank,
    pub(super) group: UnresolvedPackageGroup,
}

impl Group {
    pub(super) fn packages(&self) -> impl Iterator<Item = &UnresolvedPackage> {
        std::iter::once(&self.group.main).chain(&self.group.nested)
    }

    pub(super) fn packages_mut(&mut self) -> impl Iterator<Item = &mut UnresolvedPackage> {
        std::iter::once(&mut self.group.main).chain(&mut self.group.nested)
    }
}

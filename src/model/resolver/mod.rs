//! Choosing versions, from what is known: the resolver never fetches. It returns
//! which version lists are missing; its caller fetches them all at once and
//! calls it again.
//!
//! Several versions of a package may be chosen side by side, since WIT names
//! carry their version, so that no choice excludes another and nothing has to
//! be revised. Components are different, see [`components`].

mod catalog;
mod component_requirement;
pub mod components;
mod conflict;
pub mod graph;
pub mod outdated;
mod packages;
mod requirement;
mod track;

pub use catalog::{AskedRegistry, ListedVersion, VersionCatalog};
pub use packages::{ChosenVersion, Resolution, exact_version, not_locked, solve};
pub use requirement::{PackageSource, Requirement};
pub use track::{compatible_from, on_one_track};

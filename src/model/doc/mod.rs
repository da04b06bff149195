//! Pages of HTML for packages of WIT, as a map from path to bytes.
//!
//! Every text of a package may come from somebody else, so nothing of it reaches a page
//! but through `Html`, which escapes. The pages are the same for the same WIT:
//! they have no dates, and no order that depends on a run.

mod code;
mod html;
mod index;
mod interface;
mod item;
mod layout;
mod links;
mod markdown;
mod package;
mod pages;
mod search;
mod site;
#[cfg(test)]
mod tests;
mod world;

pub use links::INDEX;
pub use pages::pages;
pub use site::DocumentedPackages;

//! What verbs share, in the order in which data passes: which packages are
//! meant (`project`), what they need (`fetch`), which component answers which
//! import (`link`), cargo and the component it leads to (`build`), and how that
//! runs (`launch`). `release` is what publishing components and WIT share.

#[cfg(feature = "cli")]
pub mod build;
#[cfg(feature = "cli")]
pub mod fetch;
#[cfg(feature = "cli")]
pub mod launch;
#[cfg(feature = "cli")]
pub mod link;
#[cfg(feature = "cli")]
pub mod project;
#[cfg(feature = "cli")]
pub mod release;
#[cfg(feature = "lock")]
pub mod wit_deps;

//! The options of `cargo component compose`.

use std::path::PathBuf;

use crate::pipeline::link::resolution::Releases;
use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::project::output::Output;

/// The options of `cargo component compose`.
#[derive(Clone, Debug, Default)]
pub struct ComposeOptions {
    /// The component or `.wac` document; `None` builds the component of the
    /// package.
    pub file: Option<PathBuf>,
    /// Where the result is written; `None` for a file beside the component.
    pub output: Option<Output>,
    /// Components that take the place of hints, each `IMPORT=WHAT`.
    pub with: Vec<String>,
    /// The imports that stay unlinked.
    pub keep: Vec<String>,
    /// Where the graph is drawn: a file, or a language for standard output.
    pub graph: Option<String>,
    /// Whether hints without a digest are followed.
    pub unpinned: Unpinned,
    /// Which releases a component that is not built here is linked with.
    pub releases: Releases,
    /// Packages of a `.wac` document, each `PACKAGE=PATH`.
    pub dep: Vec<String>,
    /// The folder with the packages of a `.wac` document; `None` for `deps`
    /// beside it.
    pub deps_dir: Option<PathBuf>,
}

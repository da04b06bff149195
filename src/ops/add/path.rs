//! What a path or a file contains that is added.

use std::path::Path;

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::component::outline::{Outline, outline};
use crate::model::component::{WasmKind, kind};
use crate::model::manifest::edit::DependencyTable;
use crate::model::wit::{Entry, TextFile, WasmFile, declared_packages, syntax_errors};
use crate::system::fs;
use crate::system::source;

/// The table for a wasm file: of components or of WIT packages.
pub(super) fn table_of(file: &Path) -> Result<DependencyTable> {
    let bytes = fs::read(file)?;
    if kind(&bytes) != Some(WasmKind::Component) {
        return Err(
            Error::input("the package is neither a component nor a WIT package")
                .with_cause(format!("its file is `{}`", file.display()))
                .hint("ask the publisher of the package"),
        );
    }
    Ok(match crate::model::component::is_wit_package(&bytes)? {
        true => DependencyTable::Target,
        false => DependencyTable::Component,
    })
}

/// The kind of dependency that a path leads to.
pub(super) enum PathDependency {
    /// The crate of a component, with its package if its manifest names one.
    Crate(Option<PackageRef>),
    /// A package of WIT, with its name if it has one.
    Wit(Option<PackageRef>),
    /// A component, which has no name.
    Component,
}

/// What the file or directory, which is not that of a crate, contains.
pub(super) fn read_path_dependency(path: &Path) -> Result<PathDependency> {
    let (bytes, path) = match source::read(path)?.main {
        Entry::Text { path, files } => {
            return Ok(PathDependency::Wit(package_of_text(&path, files)?));
        }
        Entry::Wasm(WasmFile { path, bytes, .. }) => (bytes, path),
    };
    if table_of(&path)? == DependencyTable::Component {
        return Ok(PathDependency::Component);
    }
    Ok(PathDependency::Wit(match outline(&bytes)? {
        Outline::Wit { package, .. } => Some(package),
        _ => None,
    }))
}

/// The package that the header of WIT names. A syntax error is reported here,
/// before the manifest has an entry for it.
fn package_of_text(path: &Path, files: Vec<TextFile>) -> Result<Option<PackageRef>> {
    if let Some(error) = syntax_errors(&files).into_iter().next() {
        return Err(error);
    }
    let path = path.to_owned();
    let shown = path.display().to_string();
    let names = declared_packages(&[Entry::Text { path, files }]);
    match names.first() {
        Some(name) => Ok(format!("{}:{}", name.namespace, name.name).parse().ok()),
        None => Err(Error::input(format!("there is no WIT in `{shown}`"))
            .hint("give a directory or file that contains `package namespace:name;`")),
    }
}

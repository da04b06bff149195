//! The key of an entry, and the one that is in the manifest already.

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::edit::DependencyTable;
use crate::model::manifest::{DependencySource, Manifest, Target};

/// An entry that is in the manifest already.
pub(super) struct ExistingEntry<'m> {
    /// The key of the entry.
    pub key: String,
    /// The table that it is in.
    pub table: DependencyTable,
    /// The package, if the entry or its key names one.
    pub package: Option<&'m PackageRef>,
    /// Where the package comes from.
    pub source: &'m DependencySource,
}

impl<'m> ExistingEntry<'m> {
    /// The entry with this key, in the given table if there is one.
    pub fn find(
        manifest: &'m Manifest,
        key: String,
        table: Option<DependencyTable>,
    ) -> Option<Self> {
        let target = match &manifest.target {
            Target::Local(local) => local.dependencies.as_ref(),
            _ => None,
        };
        let tables = [
            (DependencyTable::Component, Some(&manifest.dependencies)),
            (DependencyTable::Dev, Some(&manifest.dev_dependencies)),
            (DependencyTable::Target, target),
        ];
        let (table, entry) = tables
            .into_iter()
            .filter(|(which, _)| match table {
                Some(table) => table == *which,
                // An entry for tests is another one.
                None => *which != DependencyTable::Dev,
            })
            .find_map(|(which, entries)| Some((which, entries?.get(&key)?)))?;
        Some(ExistingEntry {
            key,
            table,
            package: entry.package.as_ref(),
            source: &entry.source,
        })
    }
}

/// The key of an entry with this label, if it has one, and the `package` it needs beside that.
pub(super) fn entry_key(
    label: Option<&str>,
    package: Option<&PackageRef>,
) -> Result<(String, Option<String>)> {
    let package = package.map(ToString::to_string);
    match (label, package) {
        (Some(label), package) => Ok((label.to_owned(), package)),
        (None, Some(package)) => Ok((package, None)),
        (None, None) => Err(Error::usage("the name of the package is not known")
            .hint("give its name as `namespace:name`, or set a label with `--name`")),
    }
}

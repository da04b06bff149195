//! The keys that entries of a manifest have.

use crate::base::error::{Error, nearest};
use crate::model::manifest::edit::DependencyTable;
use crate::model::manifest::{Manifest, Target};

/// The keys of a manifest's entries.
pub(super) struct Keys<'m> {
    /// Those of the tables from which entries are removed.
    here: Vec<&'m str>,
    /// Whether that is the table of tests.
    dev: bool,
    /// Those of the other tables.
    elsewhere: Vec<&'m str>,
}

impl<'m> Keys<'m> {
    pub fn of(manifest: &'m Manifest, tables: &[DependencyTable]) -> Self {
        let target = match &manifest.target {
            Target::Local(local) => local.dependencies.as_ref(),
            _ => None,
        };
        let target = target.into_iter().flat_map(|table| table.keys());
        let of_builds = manifest.dependencies.keys().chain(target);
        let of_builds = of_builds.map(String::as_str).collect();
        let of_tests = manifest.dev_dependencies.keys().map(String::as_str);
        let of_tests = of_tests.collect();
        let dev = tables.contains(&DependencyTable::Dev);
        let (here, elsewhere) = match dev {
            true => (of_tests, of_builds),
            false => (of_builds, of_tests),
        };
        Keys {
            here,
            dev,
            elsewhere,
        }
    }

    /// The error for a key that the tables do not have, of the manifest at a path.
    pub fn unknown(&self, key: &str, path: &str) -> Error {
        let error = Error::input(format!(
            "the dependency `{key}` could not be found in `{path}`"
        ));
        if self.elsewhere.contains(&key) {
            return error.hint(match self.dev {
                true => "it is an entry of `dependencies`: remove it without `--dev`",
                false => "it is an entry of `dev-dependencies`: remove it with `--dev`",
            });
        }
        match nearest(key, self.here.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    }
}

//! `wasm.lock.toml`: what the `component` CLI installed. It is read only.
//!
//! The keys are those of its crate `component-manifest` 0.3, in formats 2 and 3. A digest is that
//! of an image manifest in an OCI registry, so that it can be checked by whoever fetches the image.

use std::path::Path;

use toml_edit::{Document, Item, Table};

use crate::base::error::{Error, Excerpt, Result};
use crate::base::package::ContentDigest;

/// The name of the lock file.
pub const WASM_LOCK: &str = "wasm.lock.toml";

/// The formats that are read.
const FORMATS: std::ops::RangeInclusive<i64> = 2..=3;

/// What the `component` CLI installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WasmLock {
    /// The components that are installed.
    pub components: Vec<InstalledPackage>,
    /// The packages of WIT that are installed.
    pub interfaces: Vec<InstalledPackage>,
}

/// One installed component or package of WIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledPackage {
    /// The name, which is that of a package as a rule.
    pub name: String,
    /// The tag of the image, which is a version as a rule.
    pub tag: String,
    /// The host and the repository, without a tag.
    pub repository: String,
    /// The digest of the image's manifest, if it is known.
    pub digest: Option<ContentDigest>,
}

impl InstalledPackage {
    /// The OCI reference of the image, by tag and digest.
    pub fn reference(&self) -> String {
        let mut reference = self.repository.clone();
        if !self.tag.is_empty() {
            reference = format!("{reference}:{}", self.tag);
        }
        match &self.digest {
            Some(digest) => format!("{reference}@{digest}"),
            None => reference,
        }
    }
}

/// Reads the text of a lock file; `path` is for errors. Unknown keys are ignored.
pub fn parse(path: &Path, text: &str) -> Result<WasmLock> {
    let reader = WasmLockReader { path, text };
    let document = Document::parse(text).map_err(|e| {
        let message = format!("failed to read the lock file `{}`", path.display());
        reader.error(e.span(), message).with_cause(e.message())
    });
    let read = document.and_then(|document| reader.read(document.as_table()));
    read.map_err(|e| e.hint("run `component install`, which writes it again"))
}

struct WasmLockReader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl WasmLockReader<'_> {
    fn error(&self, span: Option<std::ops::Range<usize>>, message: String) -> Error {
        Error::input(message).at(Excerpt::new(self.path, self.text, span.unwrap_or_default()))
    }

    fn read(&self, table: &Table) -> Result<WasmLock> {
        let version = table.get("lockfile_version");
        if !version.is_some_and(|item| item.as_integer().is_some_and(|n| FORMATS.contains(&n))) {
            let span = version.and_then(Item::span);
            let found = version.map_or("none".to_owned(), |item| item.to_string());
            return Err(self.error(
                span,
                format!(
                    "unsupported `lockfile_version` in `{}`: {}, expected 2 or 3",
                    self.path.display(),
                    found.trim()
                ),
            ));
        }
        Ok(WasmLock {
            components: self.packages(table, "components")?,
            interfaces: self.packages(table, "interfaces")?,
        })
    }

    fn packages(&self, table: &Table, key: &str) -> Result<Vec<InstalledPackage>> {
        let Some(item) = table.get(key) else {
            return Ok(Vec::new());
        };
        let Some(packages) = item.as_array_of_tables() else {
            let message = format!("`{key}` in the lock file must be an array of tables");
            return Err(self.error(item.span(), message));
        };
        packages
            .iter()
            .map(|package| self.package(package))
            .collect()
    }

    fn package(&self, table: &Table) -> Result<InstalledPackage> {
        let string = |key: &str| {
            let text = table.get(key).and_then(Item::as_str);
            let span = table.get(key).map_or(table.span(), Item::span);
            text.map(str::to_owned).ok_or_else(|| {
                let message = format!("an entry of the lock file needs `{key}`, a string");
                self.error(span, message)
            })
        };
        let digest = string("digest")?;
        let digest = match digest.is_empty() {
            true => None,
            false => Some(digest.parse().map_err(|e: Error| {
                let span = table.get("digest").and_then(Item::span);
                self.error(span, "invalid `digest` in the lock file".to_owned())
                    .with_cause(e.message())
            })?),
        };
        Ok(InstalledPackage {
            name: string("name")?,
            tag: string("version")?,
            repository: string("registry")?,
            digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:168f88965ab730b6fb4db185ff2597f1659ce92331b2cdfcd7104aab09a98c81";

    fn read(text: &str) -> Result<WasmLock> {
        parse(Path::new(WASM_LOCK), text)
    }

    #[test]
    fn installed_packages_are_references() {
        let lock = read(&format!(
            "lockfile_version = 3\n\
             [[components]]\nname = \"demo:app\"\nversion = \"latest\"\nregistry = \"a.example/app\"\ndigest = \"\"\n\
             [[interfaces]]\nname = \"demo:io\"\nversion = \"0.2.1\"\nregistry = \"a.example/demo/io\"\ndigest = \"{DIGEST}\"\n\
             [[interfaces.dependencies]]\nname = \"demo:clocks\"\nversion = \"0.2.0\"\n"
        ))
        .unwrap();
        assert_eq!(lock.components[0].reference(), "a.example/app:latest");
        assert_eq!(
            lock.interfaces[0].reference(),
            format!("a.example/demo/io:0.2.1@{DIGEST}")
        );
        assert_eq!(read("lockfile_version = 2").unwrap(), WasmLock::default());
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (text, found) in [
            ("", "unsupported `lockfile_version`"),
            ("lockfile_version = 4", ": 4, expected 2 or 3"),
            ("lockfile_version = 3\ncomponents = 1", "an array of tables"),
            (
                "lockfile_version = 3\n[[interfaces]]\nname = 1",
                "needs `digest`",
            ),
            (
                "lockfile_version = 3\n[[interfaces]]\ndigest = \"x\"",
                "invalid `digest`",
            ),
            ("a b", "failed to read the lock file"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
            assert!(error.advice().is_some());
        }
    }
}

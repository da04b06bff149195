//! A manifest that is being edited, and what it says so far.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table};

use crate::base::error::{Error, Excerpt, Result};

/// A `Cargo.toml`, `wkg.toml` or `wit.toml` that is being edited.
#[derive(Debug)]
pub struct ManifestEdit {
    pub(super) path: PathBuf,
    pub(super) document: DocumentMut,
}

impl ManifestEdit {
    /// Starts with `text`, the content of `path`.
    pub fn new(path: &Path, text: &str) -> Result<Self> {
        let document = text.parse().map_err(|e: toml_edit::TomlError| {
            let message = format!("failed to parse `{}`", path.display());
            let error = Error::input(message).with_cause(e.message());
            match e.span() {
                Some(span) => error.at(Excerpt::new(path, text, span)),
                None => error,
            }
        })?;
        Ok(ManifestEdit {
            path: path.to_owned(),
            document,
        })
    }

    /// The text of the edited document.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// The name of the package; `None` for a workspace without one.
    pub fn package_name(&self) -> Option<&str> {
        self.document.get("package")?.get("name")?.as_str()
    }

    /// The edition of the package; one that is inherited is taken to be 2021.
    pub fn edition(&self) -> &str {
        let edition = || self.document.get("package")?.get("edition");
        match edition() {
            None => "2015",
            Some(edition) => edition.as_str().unwrap_or("2021"),
        }
    }

    /// The path of the source of the library, relative to the manifest, where the
    /// manifest has one.
    pub fn library_path(&self) -> Option<&str> {
        self.document.get("lib")?.get("path")?.as_str()
    }

    /// Whether there is a table `[lib]`.
    pub fn declares_library(&self) -> bool {
        self.document.contains_key("lib")
    }

    /// The binary whose file would be that of the library as well, since both
    /// have the same name. `inferred` are the names of binaries without an
    /// entry, with their files relative to the manifest.
    pub fn clashing_binary(&self, inferred: &[(String, &str)]) -> Option<String> {
        let name = || self.document.get("lib")?.get("name")?.as_str();
        // Cargo names the files of both with underscores.
        let plain = |name: &str| name.replace('-', "_");
        let library = plain(name().or_else(|| self.package_name())?);
        let entries = self.document.get("bin").and_then(Item::as_array_of_tables);
        let text = |table: &Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
        let declared = || entries.into_iter().flatten();
        let claimed = |file: &str| declared().any(|bin| text(bin, "path").as_deref() == Some(file));
        let package = self.document.get("package");
        let inferring = package.and_then(|package| package.get("autobins")?.as_bool());
        let found = inferred
            .iter()
            .filter(|(_, file)| inferring != Some(false) && !claimed(file))
            .map(|(name, _)| name.clone());
        let mut all = declared().filter_map(|bin| text(bin, "name")).chain(found);
        all.find(|name| plain(name) == library)
    }

    /// Whether `[package.metadata.component]` names a target.
    pub fn has_target(&self) -> bool {
        let component = || {
            let package = self.document.get("package")?;
            package.get("metadata")?.get("component")?.get("target")
        };
        component().is_some()
    }
}

//! A TOML table being read: every value is read by its key and type, and every
//! error points at the key.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use semver::VersionReq;
use toml_edit::{Item, TableLike};

use super::file::ManifestFile;
use super::keys::Key;
use crate::base::error::{Error, Result, nearest};

/// Keys of wit-bindgen's macro that have another name here than the nearest one, each
/// with the key that stands for it.
const MEANT: &[(&str, &str)] = &[("additional_derives", "derives")];

/// A table or inline table of a manifest, with the name it has in errors.
pub(crate) struct Table<'a> {
    pub(crate) file: &'a ManifestFile,
    pub(crate) name: String,
    table: &'a dyn TableLike,
    span: Range<usize>,
}

impl<'a> Table<'a> {
    /// A whole document as a table called `name`.
    #[cfg(feature = "lock")]
    pub(crate) fn root(file: &'a ManifestFile, name: &str, table: &'a dyn TableLike) -> Self {
        Table {
            file,
            name: name.to_owned(),
            table,
            span: 0..0,
        }
    }

    /// The table under `root`, `metadata` and `component` in a document, if it
    /// is there.
    pub(crate) fn section(
        file: &'a ManifestFile,
        document: &'a dyn TableLike,
        root: &str,
    ) -> Result<Option<Self>> {
        let inner = |table: &'a dyn TableLike, key: &str| {
            let item: Option<&'a Item> = table.get(key);
            item.and_then(Item::as_table_like)
        };
        let metadata = inner(document, root).and_then(|table| inner(table, "metadata"));
        let Some(table) = metadata else {
            return Ok(None);
        };
        let metadata = Table {
            file,
            name: format!("{root}.metadata"),
            table,
            span: 0..0,
        };
        metadata.table("component")
    }

    /// Refuses keys that are not among `keys`.
    pub(crate) fn known(self, keys: &[Key]) -> Result<Self> {
        let names = || keys.iter().map(|key| key.name);
        for (name, _) in self.table.iter() {
            if names().any(|known| known == name) {
                continue;
            }
            let message = format!("unknown key `{name}` in `{}`", self.name);
            let error = self.file.error(self.key_span(name), message);
            let squeezed = name.replace('_', "-");
            let mut meant = MEANT.iter().filter(|(other, _)| *other == name);
            let meant = meant.find_map(|(_, key)| names().find(|known| known == key));
            let near = || nearest(name, names()).or(nearest(&squeezed, names()));
            return Err(match meant.or_else(near) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!(
                    "the valid keys are {}",
                    names()
                        .map(|n| format!("`{n}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            });
        }
        Ok(self)
    }

    /// The names of the keys with their items, in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Item)> {
        self.table.iter()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Item> {
        self.table.get(key).filter(|item| !item.is_none())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The byte range of the table's own entry.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The byte range of `key`, without its value.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        let span = self
            .table
            .get_key_value(key)
            .and_then(|(key, item)| key.span().or_else(|| item.span()));
        span.unwrap_or_default()
    }

    /// The byte range of `key`, with its value if that ends on the same line.
    pub(crate) fn entry_span(&self, key: &str) -> Range<usize> {
        let span = self.key_span(key);
        let value = self.get(key).and_then(Item::as_value);
        let Some(end) = value.and_then(|value| value.span()).map(|span| span.end) else {
            return span;
        };
        match self.file.text.get(span.start..end) {
            Some(text) if !text.contains('\n') => span.start..end,
            _ => span,
        }
    }

    /// An error about `key` and its value.
    pub(crate) fn error(&self, key: &str, message: impl Into<String>) -> Error {
        self.file.error(self.entry_span(key), message)
    }

    /// The error about a value that does not have the expected type.
    pub(crate) fn type_error(&self, key: &str, expected: &str) -> Error {
        let found = self.get(key).map_or("nothing", Item::type_name);
        let message = format!(
            "`{key}` in `{}` must be {expected}, found {}",
            self.name,
            article(found)
        );
        self.error(key, message)
    }

    pub(crate) fn string(&self, key: &str) -> Result<Option<String>> {
        self.get(key)
            .map(|item| match item.as_str() {
                Some(text) => Ok(text.to_owned()),
                None => Err(self.type_error(key, "a string")),
            })
            .transpose()
    }

    pub(crate) fn path(&self, key: &str) -> Result<Option<PathBuf>> {
        let path = |text: String| joined(self.file.dir(), Path::new(&text));
        Ok(self.string(key)?.map(path))
    }

    /// A version requirement, as cargo has them.
    pub(crate) fn requirement(&self, key: &str) -> Result<Option<VersionReq>> {
        let Some(text) = self.string(key)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|e: semver::Error| {
            let message = format!("invalid version requirement `{text}` in `{}`", self.name);
            self.error(key, message)
                .with_cause(e)
                .hint("use cargo's syntax, such as `1.2` or `=1.2.3`")
        })
    }

    pub(crate) fn bool(&self, key: &str) -> Result<Option<bool>> {
        self.get(key)
            .map(|item| {
                item.as_bool()
                    .ok_or_else(|| self.type_error(key, "`true` or `false`"))
            })
            .transpose()
    }

    pub(crate) fn strings(&self, key: &str) -> Result<Option<Vec<String>>> {
        let Some(item) = self.get(key) else {
            return Ok(None);
        };
        let type_error = || self.type_error(key, "a list of strings");
        item.as_array()
            .ok_or_else(type_error)?
            .iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(type_error))
            .collect::<Result<_>>()
            .map(Some)
    }

    /// The index of a string among `words`, which must have it.
    pub(crate) fn word(&self, key: &str, words: &[&str]) -> Result<Option<usize>> {
        let Some(text) = self.string(key)? else {
            return Ok(None);
        };
        if let Some(index) = words.iter().position(|word| *word == text) {
            return Ok(Some(index));
        }
        let all = words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>();
        let message = format!("unknown value `{text}` for `{key}` in `{}`", self.name);
        Err(self
            .error(key, message)
            .hint(format!("the valid values are {}", all.join(", "))))
    }

    /// The table under `key`, named in full.
    pub(crate) fn table(&self, key: &str) -> Result<Option<Table<'a>>> {
        self.table_or(key, "a table")
    }

    /// As [`Table::table`], where the value may also be something else that the
    /// caller has excluded; `expected` names both.
    pub(crate) fn table_or(&self, key: &str, expected: &str) -> Result<Option<Table<'a>>> {
        let Some(item) = self.get(key) else {
            return Ok(None);
        };
        match item.as_table_like() {
            Some(table) => Ok(Some(Table {
                file: self.file,
                name: format!("{}.{}", self.name, quoted(key)),
                table,
                span: self.entry_span(key),
            })),
            None => Err(self.type_error(key, expected)),
        }
    }
}

/// A path of a manifest in `dir`, without `.` and `..` as far as names alone
/// decide it, as cargo has it.
fn joined(dir: &Path, path: &Path) -> PathBuf {
    let mut whole = match path.is_absolute() {
        true => PathBuf::new(),
        false => dir.to_owned(),
    };
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if whole.file_name().is_some() => drop(whole.pop()),
            other => whole.push(other),
        }
    }
    whole
}

/// A key as it is written after a dot.
fn quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !key.is_empty() && key.chars().all(bare) {
        true => key.to_owned(),
        false => format!("{key:?}"),
    }
}

fn article(type_name: &str) -> String {
    let an = type_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {type_name}", if an { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_detours() {
        for (dir, path, whole) in [
            ("/a/b", "../wit", "/a/wit"),
            ("/a/b", "./x/../wit", "/a/b/wit"),
            ("/a/b", "/c/./d/..", "/c"),
            ("", "../wit", "../wit"),
            ("../b", "../../wit", "../../wit"),
            ("/a", "../../wit", "/../wit"),
        ] {
            assert_eq!(joined(Path::new(dir), Path::new(path)), Path::new(whole));
        }
    }
}

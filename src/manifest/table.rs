//! A TOML table being read: every value taken by key with its type, and every
//! failure told with the place of the key.

use std::ops::Range;
use std::path::PathBuf;

use toml_edit::{Item, TableLike};

use super::ManifestFile;
use super::keys::Key;
use crate::advice::{Error, Result, nearest};

/// A table or inline table of a manifest, with the name it has in errors.
pub(crate) struct Table<'a> {
    pub(crate) file: &'a ManifestFile,
    pub(crate) name: String,
    table: &'a dyn TableLike,
    span: Range<usize>,
}

impl<'a> Table<'a> {
    /// `item` as a table called `name`.
    pub(crate) fn new(file: &'a ManifestFile, name: &str, item: &'a Item) -> Result<Self> {
        match item.as_table_like() {
            Some(table) => Ok(Table {
                file,
                name: name.to_owned(),
                table,
                span: item.span().unwrap_or_default(),
            }),
            None => Err(file.error(
                item.span().unwrap_or_default(),
                format!(
                    "`{name}` must be a table, found {}",
                    article(item.type_name())
                ),
            )),
        }
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
            return Err(
                match nearest(name, names()).or(nearest(&squeezed, names())) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint(format!(
                        "the keys are {}",
                        names()
                            .map(|n| format!("`{n}`"))
                            .collect::<Vec<_>>()
                            .join(", ")
                    )),
                },
            );
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

    /// Where the table stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where `key` stands, without its value.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        let span = self.table.get_key_value(key).and_then(|(key, item)| {
            // A key of a dotted table has no span of its own.
            key.span().or_else(|| item.span())
        });
        span.unwrap_or_default()
    }

    /// Where the value of `key` stands.
    pub(crate) fn value_span(&self, key: &str) -> Range<usize> {
        let span = self.get(key).and_then(Item::span);
        span.unwrap_or_else(|| self.key_span(key))
    }

    /// An error about the value of `key`.
    pub(crate) fn error(&self, key: &str, message: impl Into<String>) -> Error {
        self.file.error(self.value_span(key), message)
    }

    fn wrong(&self, key: &str, expected: &str) -> Error {
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
                None => Err(self.wrong(key, "a string")),
            })
            .transpose()
    }

    pub(crate) fn path(&self, key: &str) -> Result<Option<PathBuf>> {
        Ok(self.string(key)?.map(|text| self.file.dir().join(text)))
    }

    /// A string that `T` can be read from; the error says why it cannot.
    pub(crate) fn parsed<T>(&self, key: &str, what: &str) -> Result<Option<T>>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        let Some(text) = self.string(key)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|e: T::Err| {
            self.error(key, format!("invalid {what} `{text}` in `{}`", self.name))
                .because(e)
        })
    }

    pub(crate) fn bool(&self, key: &str) -> Result<Option<bool>> {
        self.get(key)
            .map(|item| {
                item.as_bool()
                    .ok_or_else(|| self.wrong(key, "`true` or `false`"))
            })
            .transpose()
    }

    pub(crate) fn strings(&self, key: &str) -> Result<Option<Vec<String>>> {
        let Some(item) = self.get(key) else {
            return Ok(None);
        };
        let wrong = || self.wrong(key, "a list of strings");
        item.as_array()
            .ok_or_else(wrong)?
            .iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect::<Result<_>>()
            .map(Some)
    }

    /// One of `words`, answered by its place among them.
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
            .hint(format!("it is one of {}", all.join(", "))))
    }

    /// The table under `key`, named in full.
    pub(crate) fn table(&self, key: &str) -> Result<Option<Table<'a>>> {
        self.get(key)
            .map(|item| Table::new(self.file, &format!("{}.{key}", self.name), item))
            .transpose()
    }
}

fn article(type_name: &str) -> String {
    let an = type_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {type_name}", if an { "an" } else { "a" })
}

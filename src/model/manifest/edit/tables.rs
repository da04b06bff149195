//! Tables and arrays of a document, made where they are missing.

use std::path::Path;

use toml_edit::{Array, Item, Table, TableLike};

use crate::base::error::{Error, Result};

/// A new table whose header comes last in the document.
pub(super) fn last_table() -> Item {
    let mut table = Table::new();
    table.set_position(Some(isize::MAX));
    Item::Table(table)
}

/// The table under `key`, made if it is missing.
pub(super) fn table<'a>(
    parent: &'a mut dyn TableLike,
    key: &str,
    path: &Path,
) -> Result<&'a mut dyn TableLike> {
    table_or(parent, key, toml_edit::table(), path)
}

/// The table under `key`, which becomes `new` if it is missing.
pub(super) fn table_or<'a>(
    parent: &'a mut dyn TableLike,
    key: &str,
    new: Item,
    path: &Path,
) -> Result<&'a mut dyn TableLike> {
    let item = parent.entry(key).or_insert(new);
    item.as_table_like_mut()
        .ok_or_else(|| unexpected(path, key, "a table"))
}

pub(super) fn unexpected(path: &Path, key: &str, expected: &str) -> Error {
    Error::input(format!("`{key}` in `{}` is not {expected}", path.display()))
}

/// Adds the strings that an array lacks.
pub(super) fn add_missing(array: &mut Array, strings: &[&str]) {
    for text in strings {
        if !array.iter().any(|value| value.as_str() == Some(text)) {
            array.push(*text);
        }
    }
}

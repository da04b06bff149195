//! The entry of a dependency as it has to be written to allow more.

use toml_edit::{Array, DocumentMut, InlineTable, Value};

/// The line of an entry with these words as its `allow`; `text` is the entry as the
/// manifest has it, key and value. None if the entry is not on one line.
pub fn entry_allowing<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let mut document = text.parse::<DocumentMut>().ok()?;
    let (_, item) = document.iter_mut().next()?;
    let value = item.as_value_mut()?;
    if let Some(version) = value.as_str() {
        let mut table = InlineTable::new();
        table.insert("version", version.into());
        *value = Value::InlineTable(table);
    }
    let table = value.as_inline_table_mut()?;
    let words: Array = words.into_iter().collect();
    table.insert("allow", Value::Array(words));
    table.fmt();
    Some(document.to_string().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_gets_the_list_whatever_its_form() {
        for (entry, allowing) in [
            (
                "\"a:b\" = \"1.2\"",
                "\"a:b\" = { version = \"1.2\", allow = [\"clocks\", \"files\"] }",
            ),
            (
                "b = { path = \"../b\", allow = [\"clocks\"] }",
                "b = { path = \"../b\", allow = [\"clocks\", \"files\"] }",
            ),
        ] {
            let words = ["clocks", "files"];
            assert_eq!(entry_allowing(entry, words).as_deref(), Some(allowing));
        }
        assert_eq!(entry_allowing("x", ["clocks"]), None);
        assert_eq!(entry_allowing("x = 1", ["clocks"]), None);
    }
}

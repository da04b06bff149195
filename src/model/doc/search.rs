//! The index of the search, in a script: browsers read no data beside a page that is a file.

use serde_json::{Value, json};

/// The name of the file, beside the index of the pages.
pub(super) const INDEX_FILE: &str = "search-index.js";

/// An item that the search finds.
pub(super) struct Entry {
    /// What the item is, as in `record`.
    pub kind: &'static str,
    /// The name of the item where it is declared.
    pub name: String,
    /// The full name of what the item is in; empty for a package.
    pub container: String,
    /// The address of the item from the index of the pages.
    pub href: String,
    /// The first paragraph of its documentation; empty if it has none.
    pub summary: String,
}

/// The name and text of the file with these entries.
pub(super) fn file(entries: &[Entry]) -> (&'static str, String) {
    let mut text = String::from("window.witDocIndex = [\n");
    for entry in entries {
        let row: Value = json!([
            entry.kind,
            entry.name,
            entry.container,
            entry.href,
            entry.summary
        ]);
        text.push_str(&format!("{row},\n"));
    }
    text.push_str("];\n");
    (INDEX_FILE, text)
}

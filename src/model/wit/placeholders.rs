//! The placeholders in generated code and in settings, with what they stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::words::camel;

/// The placeholders of one world.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    /// The suffix of placeholders, without `-`.
    pub(super) suffix: String,
    /// Identifiers made from placeholders, with the final ones.
    pub(super) idents: BTreeMap<String, String>,
    /// Names that settings may have, with the placeholders for them.
    pub(super) settings: BTreeMap<String, String>,
    /// Types whose name may mean something else in some functions: their name in
    /// Rust, and whether they are flags.
    pub(super) suspects: BTreeSet<(String, bool)>,
    pub(super) changed: bool,
}

impl Placeholders {
    /// Whether any name was replaced.
    pub fn changed(&self) -> bool {
        self.changed
    }

    /// The name in a setting, with the placeholder for it if there is one.
    pub fn setting(&self, name: &str) -> String {
        let (prefix, rest) = ["import:", "export:", "-", "&"]
            .into_iter()
            .find_map(|prefix| Some((prefix, name.strip_prefix(prefix)?)))
            .unwrap_or(("", name));
        match self.settings.get(rest) {
            Some(placeholder) => format!("{prefix}{placeholder}"),
            None => name.to_owned(),
        }
    }

    /// Whether the name of a type means something else somewhere in `code`.
    pub fn hidden(&self, code: &str) -> bool {
        let mut suspects = self.suspects.iter();
        suspects.any(|(name, flags)| is_hidden(code, name, *flags))
    }

    /// The final identifier for one in generated code.
    pub fn ident(&self, ident: &str) -> Option<&str> {
        self.idents.get(ident).map(String::as_str)
    }

    /// The final text for one in generated code.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.replace(&format!("-{}", self.suffix), "");
        let tail = camel(&self.suffix);
        if text.contains(&tail) {
            for placeholder in self.idents.keys().filter(|ident| ident.ends_with(&tail)) {
                let own = &placeholder[..placeholder.len() - tail.len()];
                text = text.replace(placeholder.as_str(), own);
            }
        }
        text
    }
}

/// Whether generated code defines something else by the name of a type.
pub(super) fn is_hidden(code: &str, name: &str, flags: bool) -> bool {
    let numbered = name.strip_prefix('V').is_some_and(is_number);
    match name {
        _ if numbered => code.contains(&format!(" as {name};")),
        "RetArea" | "ParamsLower" => code.contains(&format!("struct {name}")),
        "Into" | "From" => code.contains(&format!("as {name}<")),
        "Option" => code.contains("static mut LAST_TYPE: Option<"),
        "Result" => code.contains("-> Result<Self,"),
        "Sized" => code.contains("Self: Sized"),
        "Send" => code.contains("impl Send for ParamsLower"),
        "Some" | "None" => flags && code.contains("Some(e)"),
        "Ok" | "Err" => flags && code.contains("Ok("),
        _ => false,
    }
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

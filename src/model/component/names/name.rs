//! One name of an import or export, and labels.

use std::collections::BTreeSet;

use wasmparser::ComponentExternName;

/// The name of an import or export with its attributes. A version that is split
/// into a name and a suffix in the component is complete here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The label, or the name of an interface.
    pub name: String,
    /// The interface that an instance under a label implements.
    pub implements: Option<String>,
    /// The text of `external-id`, which may be a hint.
    pub external_id: Option<String>,
}

impl Name {
    /// A name without attributes.
    pub fn plain(name: impl Into<String>) -> Self {
        Name {
            name: name.into(),
            implements: None,
            external_id: None,
        }
    }

    pub(super) fn of(name: &ComponentExternName<'_>) -> Self {
        Name {
            name: name.full_name().into_owned(),
            implements: name.full_implements().map(|name| name.into_owned()),
            external_id: name.external_id.map(str::to_owned),
        }
    }

    /// The interface of the item: the one it implements, or the name itself if it is
    /// that of an interface.
    pub fn interface(&self) -> Option<&str> {
        let named = || self.name.contains('/').then_some(self.name.as_str());
        self.implements.as_deref().or_else(named)
    }

    /// Whether it has no attributes.
    pub fn is_plain(&self) -> bool {
        self.implements.is_none() && self.external_id.is_none()
    }

    /// The name in backticks, for messages; a label with the interface that it
    /// implements.
    pub fn display_name(&self) -> String {
        match &self.implements {
            Some(interface) => format!("`{}` (`{interface}`)", self.name),
            None => format!("`{}`", self.name),
        }
    }
}

/// The side of the component that a name is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The name is that of an import.
    Import,
    /// The name is that of an export.
    Export,
}

/// A label that is not in `used`: the preferred one, or that followed by a number.
/// It is added to `used`.
pub(crate) fn unused_label(preferred: &str, used: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{preferred}-n{n}"));
    let mut labels = std::iter::once(preferred.to_owned()).chain(numbered);
    let label = labels.find(|label| !used.contains(label));
    let label = label.unwrap_or_else(|| preferred.to_owned());
    used.insert(label.clone());
    label
}

/// The words of a text as a label; none if the text has no words.
pub(crate) fn label(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let mut label = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !label.is_empty() {
            label.push('-');
        }
        // A word starts with a letter.
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            label.push('n');
        }
        label.push_str(word);
    }
    (!label.is_empty()).then_some(label)
}

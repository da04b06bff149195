//! The names at the root of a component, read and rewritten.
//!
//! Only names change, and only the sections that hold a changed one; every
//! other byte stays as it is.

mod legacy;
mod rewrite;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{ComponentExternName, Payload};

use super::sections::sections;
use crate::base::error::{Error, Result};
pub(super) use rewrite::{rewrite_root, stripped};

/// The name of an import or export with its attributes, in full: a version
/// that was split into name and suffix is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name itself, a label or that of an interface.
    pub name: String,
    /// The interface that an instance under a label implements.
    pub implements: Option<String>,
    /// The text of `external-id`; a hint, where it is one.
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

    fn of(name: &ComponentExternName<'_>) -> Self {
        Name {
            name: name.full_name().into_owned(),
            implements: name.full_implements().map(|name| name.into_owned()),
            external_id: name.external_id.map(str::to_owned),
        }
    }

    /// The interface it stands for: the one it implements, or itself if it is
    /// the name of one.
    pub fn interface(&self) -> Option<&str> {
        let named = || self.name.contains('/').then_some(self.name.as_str());
        self.implements.as_deref().or_else(named)
    }
}

/// On which side of the component a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is needed.
    Import,
    /// It is offered.
    Export,
}

/// The names a component imports at its root, in order. Names of version
/// 0.21.1 of this tool are read as [`modern`] would write them.
pub fn imports(component: &[u8]) -> Result<Vec<Name>> {
    let mut names = Vec::new();
    for section in sections(component) {
        if let Payload::ComponentImportSection(section) = section?.payload {
            for import in section {
                names.push(Name::of(&import.map_err(unreadable)?.name));
            }
        }
    }
    if names.iter().any(|name| legacy::is_legacy(&name.name)) {
        let mut taken: BTreeSet<String> = names.iter().map(|name| name.name.clone()).collect();
        for name in &mut names {
            if let Some(read) = legacy::read(&name.name, &mut taken) {
                *name = read;
            }
        }
    }
    Ok(names)
}

/// The imports of a component that have a name of the forms of old, with the
/// label that [`modern`] gives them.
pub(super) fn old_labels(component: &[u8]) -> Result<BTreeMap<String, String>> {
    let mut raw = Vec::new();
    for section in sections(component) {
        if let Payload::ComponentImportSection(section) = section?.payload {
            for import in section {
                raw.push(import.map_err(unreadable)?.name.name.to_owned());
            }
        }
    }
    if !raw.iter().any(|name| legacy::is_legacy(name)) {
        return Ok(BTreeMap::new());
    }
    let labels = imports(component)?.into_iter().map(|name| name.name);
    let both = raw.into_iter().zip(labels);
    Ok(both.filter(|(raw, _)| legacy::is_legacy(raw)).collect())
}

/// The names a component exports at its root, in order.
pub fn exports(component: &[u8]) -> Result<Vec<Name>> {
    let mut names = Vec::new();
    for section in sections(component) {
        if let Payload::ComponentExportSection(section) = section?.payload {
            for export in section {
                names.push(Name::of(&export.map_err(unreadable)?.name));
            }
        }
    }
    Ok(names)
}

fn unreadable(e: wasmparser::BinaryReaderError) -> Error {
    Error::input("failed to read the component").with_cause(e)
}

/// The component in names of today: versions are written in full, and the
/// names by which version 0.21.1 of this tool (and others of its time) said
/// where an import comes from become labels with a hint.
///
/// `unlocked-dep=<fancy:geo/baz@{>=0.3.0 <0.4.0}>` becomes `fancy-geo-baz` with
/// the hint `wasm-pkg:fancy:geo@>=0.3.0 <0.4.0#baz`.
pub fn modern(component: &[u8]) -> Result<Cow<'_, [u8]>> {
    let mut taken = BTreeSet::new();
    let mut is_modern = true;
    for section in sections(component) {
        let section = section?;
        if let Payload::ComponentImportSection(section) = section.payload {
            for import in section {
                let name = import.map_err(unreadable)?.name;
                is_modern &= name.version_suffix.is_none() && !legacy::is_legacy(name.name);
                taken.insert(name.name.to_owned());
            }
        } else if let Payload::ComponentExportSection(section) = section.payload {
            for export in section {
                is_modern &= export.map_err(unreadable)?.name.version_suffix.is_none();
            }
        }
    }
    if is_modern {
        return Ok(Cow::Borrowed(component));
    }
    rewrite_root(component, &mut |side, name| {
        let split = name.version_suffix.is_some();
        match side {
            Side::Import => legacy::read(name.name, &mut taken),
            Side::Export => None,
        }
        .or_else(|| split.then(|| Name::of(name)))
    })
    .map(Cow::Owned)
}

/// The component without attributes on any name, at its root, in its types and
/// in the components nested in it; for tools that cannot read them.
pub fn without_attributes(component: &[u8]) -> Result<Vec<u8>> {
    stripped(component)
}

/// The component with other labels for some of its root imports, by their
/// present ones. The methods of a renamed resource follow it.
pub fn renamed(component: &[u8], labels: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    if labels.is_empty() {
        return Ok(component.to_vec());
    }
    rewrite_root(component, &mut |side, name| {
        let label = match side {
            Side::Import => relabelled(name.name, labels)?,
            Side::Export => return None,
        };
        Some(Name {
            name: label,
            ..Name::of(name)
        })
    })
}

/// The new name of an import, if its label, or the resource it is a function
/// of, has one.
pub(super) fn relabelled(name: &str, labels: &BTreeMap<String, String>) -> Option<String> {
    if let Some(label) = labels.get(name) {
        return Some(label.clone());
    }
    let (kind, rest) = name.strip_prefix('[')?.split_once(']')?;
    let (resource, function) = match rest.split_once('.') {
        Some((resource, function)) => (resource, Some(function)),
        None => (rest, None),
    };
    let label = labels.get(resource)?;
    Some(match function {
        Some(function) => format!("[{kind}]{label}.{function}"),
        None => format!("[{kind}]{label}"),
    })
}

/// The component with the attributes of its root imports and exports replaced
/// by what `attributes` gives; what it gives nothing for keeps its own.
pub(super) fn with_attributes(
    component: &[u8],
    attributes: &dyn Fn(Side, &str) -> Option<Name>,
) -> Result<Vec<u8>> {
    rewrite_root(component, &mut |side, name| attributes(side, name.name))
}

/// A name that is not taken: the wanted one, or that with a number behind it.
/// It is taken from then on.
pub(super) fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{wanted}-n{n}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    let name = names.find(|name| !taken.contains(name));
    let name = name.unwrap_or_else(|| wanted.to_owned());
    taken.insert(name.clone());
    name
}

/// The words of some text as a label; none if it has no word.
pub(super) fn label(text: &str) -> Option<String> {
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

#[cfg(test)]
mod tests;

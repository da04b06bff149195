//! The names at the root of a component, read and changed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use wasmparser::Payload;

use super::legacy;
use super::name::{Name, Side};
use super::rewrite::{rewrite_root, stripped};
use crate::base::error::{Error, Result};
use crate::model::component::sections::sections;

/// The names that a component imports at its root, in order. Names in the format
/// of version 0.21.1 are returned as [`with_current_names`] would write them.
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
        let mut used: BTreeSet<String> = names.iter().map(|name| name.name.clone()).collect();
        for name in &mut names {
            if let Some(current) = legacy::read(&name.name, &mut used) {
                *name = current;
            }
        }
    }
    Ok(names)
}

/// The imports of a component that have a name in an older format, with the label
/// that [`with_current_names`] gives them.
pub(crate) fn legacy_labels(component: &[u8]) -> Result<BTreeMap<String, String>> {
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

/// The names that a component exports at its root, in order.
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
    Error::input("the file is truncated").with_cause(e)
}

/// The component with all names in the current format: versions are written in
/// full, and the names in which version 0.21.1 of this tool (and others of its
/// time) wrote the location of an import become labels with a hint.
///
/// `unlocked-dep=<fancy:geo/baz@{>=0.3.0 <0.4.0}>` becomes `fancy-geo-baz` with
/// the hint `wasm-pkg:fancy:geo@>=0.3.0 <0.4.0#baz`.
pub fn with_current_names(component: &[u8]) -> Result<Cow<'_, [u8]>> {
    let mut used = BTreeSet::new();
    let mut is_current = true;
    for section in sections(component) {
        let section = section?;
        if let Payload::ComponentImportSection(section) = section.payload {
            for import in section {
                let name = import.map_err(unreadable)?.name;
                is_current &= name.version_suffix.is_none() && !legacy::is_legacy(name.name);
                used.insert(name.name.to_owned());
            }
        } else if let Payload::ComponentExportSection(section) = section.payload {
            for export in section {
                is_current &= export.map_err(unreadable)?.name.version_suffix.is_none();
            }
        }
    }
    if is_current {
        return Ok(Cow::Borrowed(component));
    }
    rewrite_root(component, &mut |side, name| {
        let split = name.version_suffix.is_some();
        match side {
            Side::Import => legacy::read(name.name, &mut used),
            Side::Export => None,
        }
        .or_else(|| split.then(|| Name::of(name)))
    })
    .map(Cow::Owned)
}

/// The component without attributes on any name: at its root, in its types and in
/// the components nested in it. For tools that cannot read attributes.
pub fn without_attributes(component: &[u8]) -> Result<Vec<u8>> {
    stripped(component)
}

/// The component with new labels for some of its root imports, by their present
/// labels. Functions of a renamed resource are renamed with it.
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

/// The new name of an import, if `labels` has one for it or for the resource whose
/// function it is.
pub(crate) fn relabelled(name: &str, labels: &BTreeMap<String, String>) -> Option<String> {
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

/// The component with the names of its root imports and exports replaced by those
/// that `attributes` returns; the others stay.
pub(crate) fn with_attributes(
    component: &[u8],
    attributes: &dyn Fn(Side, &str) -> Option<Name>,
) -> Result<Vec<u8>> {
    rewrite_root(component, &mut |side, name| attributes(side, name.name))
}

//! The debug information of a component or core module: left out, or set aside while
//! libraries work on the rest.

use std::borrow::Cow;

use wasm_encoder::{CustomSection, Encode as _, Section as _};
use wasmparser::Payload;

use super::sections::{MAX_DEPTH, Section, sections};
use crate::base::error::{Error, Result};

/// The component without DWARF sections, at any depth; names of functions stay.
/// `None` if it has no such sections, or cannot be parsed.
pub fn without_dwarf(bytes: &[u8]) -> Option<Vec<u8>> {
    without(has_dwarf, bytes)
}

/// As [`without_dwarf`], also without the names of functions of core modules. It runs the same.
#[cfg(any(test, feature = "runtime"))]
pub fn without_dwarf_and_names(bytes: &[u8]) -> Option<Vec<u8>> {
    without(|section| has_dwarf(section) || has_names(section), bytes)
}

/// The component without these sections, at any depth.
fn without(unwanted: IsUnwanted, bytes: &[u8]) -> Option<Vec<u8>> {
    if !contains(unwanted, bytes, 0) {
        return None;
    }
    let mut rest = Vec::new();
    copy(unwanted, bytes, 0, &mut rest, &mut |_, _| {}).ok()?;
    Some(rest)
}

/// The beginning of the names of DWARF sections.
const DWARF: &str = ".debug_";

/// The beginning of the name of a placeholder, which a number follows. It is the name of a
/// DWARF section, so that none of the file itself can be confused with it.
const PLACEHOLDER: &str = ".debug_set_aside_";

/// The DWARF sections of components and modules, each row of consecutive sections replaced
/// by a placeholder.
///
/// They are nearly all of what is built with debug information, and libraries copy a module
/// many times until it is a component that is linked. No library looks into them.
#[derive(Debug, Default)]
pub struct DebugSections<'a> {
    rows: Vec<&'a [u8]>,
}

impl<'a> DebugSections<'a> {
    /// The component or module with placeholders instead of its DWARF sections. What cannot
    /// be parsed stays as it is.
    pub fn set_aside(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if !contains(has_dwarf, bytes, 0) {
            return Cow::Borrowed(bytes);
        }
        let before = self.rows.len();
        let mut rest = Vec::new();
        let mut add = |row: &'a [u8], to: &mut Vec<u8>| {
            placeholder(self.rows.len(), to);
            self.rows.push(row);
        };
        match copy(has_dwarf, bytes, 0, &mut rest, &mut add) {
            Ok(()) => Cow::Owned(rest),
            Err(_) => {
                self.rows.truncate(before);
                Cow::Borrowed(bytes)
            }
        }
    }

    /// Whether nothing was set aside.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The bytes of a component or module, in pieces, with the sections in the place of their
    /// placeholders.
    pub fn put_back<'b>(&self, bytes: &'b [u8]) -> Result<Vec<Cow<'b, [u8]>>>
    where
        'a: 'b,
    {
        self.pieces(bytes, 0)
    }

    fn pieces<'b>(&self, bytes: &'b [u8], depth: usize) -> Result<Vec<Cow<'b, [u8]>>>
    where
        'a: 'b,
    {
        let mut pieces = Vec::new();
        // Where the bytes begin that stay as they are, and the position after a section.
        let (mut same, mut at) = (0, 0);
        for section in sections(bytes) {
            let section = section?;
            let start = at;
            at += section.raw.len();
            let row = self.row(&section);
            let inner = match section.nested {
                Some(nested) if depth < MAX_DEPTH => self.pieces(nested, depth + 1)?,
                _ => Vec::new(),
            };
            if row.is_none() && inner.len() < 2 {
                continue;
            }
            pieces.push(Cow::Borrowed(&bytes[same..start]));
            same = at;
            if let Some(row) = row {
                pieces.push(Cow::Borrowed(row));
                continue;
            }
            let mut head = vec![section.raw[0]];
            length(&inner)?.encode(&mut head);
            pieces.push(Cow::Owned(head));
            pieces.extend(inner);
        }
        pieces.push(Cow::Borrowed(&bytes[same..]));
        Ok(pieces)
    }

    /// The row that a section is the placeholder of.
    fn row(&self, section: &Section<'_>) -> Option<&'a [u8]> {
        let Payload::CustomSection(custom) = &section.payload else {
            return None;
        };
        let number = custom.name().strip_prefix(PLACEHOLDER)?;
        self.rows.get(number.parse::<usize>().ok()?).copied()
    }
}

/// The total number of bytes of these pieces, which must fit into 32 bits.
fn length(pieces: &[Cow<'_, [u8]>]) -> Result<u32> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    u32::try_from(length).map_err(|_| Error::input("the component is larger than 4 GiB"))
}

/// Writes the placeholder of a row.
fn placeholder(row: usize, to: &mut Vec<u8>) {
    let section = CustomSection {
        name: format!("{PLACEHOLDER}{row}").into(),
        data: Cow::Borrowed(&[]),
    };
    section.append_to(to);
}

/// Says of a section whether it is to be left out.
type IsUnwanted = fn(&Section<'_>) -> bool;

/// Whether there are such sections, down to the depth that is valid and before what cannot be
/// parsed. A file without needs no copy.
fn contains(unwanted: IsUnwanted, bytes: &[u8], depth: usize) -> bool {
    sections(bytes).map_while(Result::ok).any(|section| {
        let nested = section.nested.filter(|_| depth < MAX_DEPTH);
        unwanted(&section) || nested.is_some_and(|nested| contains(unwanted, nested, depth + 1))
    })
}

/// Copies all sections but the unwanted ones, down to the depth that is valid. Each row of
/// these is passed to `left_out`, with the copy so far.
fn copy<'a>(
    unwanted: IsUnwanted,
    bytes: &'a [u8],
    depth: usize,
    to: &mut Vec<u8>,
    left_out: &mut impl FnMut(&'a [u8], &mut Vec<u8>),
) -> Result<()> {
    // The row that the section before belongs to, and the position after that section.
    let (mut row, mut at) = (None, 0);
    for section in sections(bytes) {
        let section = section?;
        let (start, end) = (at, at + section.raw.len());
        at = end;
        if unwanted(&section) {
            row.get_or_insert(start);
            continue;
        }
        if let Some(first) = row.take() {
            left_out(&bytes[first..start], to);
        }
        match section.nested {
            Some(nested) if depth < MAX_DEPTH => {
                let mut inner = Vec::new();
                copy(unwanted, nested, depth + 1, &mut inner, left_out)?;
                to.push(section.raw[0]);
                inner.encode(to);
            }
            _ => to.extend_from_slice(section.raw),
        }
    }
    if let Some(first) = row {
        left_out(&bytes[first..at], to);
    }
    Ok(())
}

/// Whether a section has debug information.
fn has_dwarf(section: &Section<'_>) -> bool {
    matches!(&section.payload, Payload::CustomSection(custom) if is_dwarf(custom.name()))
}

/// Whether a section has the names of functions of a core module.
#[cfg(any(test, feature = "runtime"))]
fn has_names(section: &Section<'_>) -> bool {
    matches!(&section.payload, Payload::CustomSection(custom) if custom.name() == "name")
}

/// Whether a custom section of this name has debug information.
pub fn is_dwarf(name: &str) -> bool {
    name.starts_with(DWARF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::encode::{Adapter, encode};
    use crate::model::component::metadata;
    use crate::model::component::metadata::Metadata;

    #[test]
    fn only_debug_information_goes() {
        let text = |custom: &str| {
            let module = format!(
                "(core module (func (export \"f\") (result i32) i32.const 7) {custom} (@custom \"kept\" \"x\"))"
            );
            let text = format!("(component {module} (component {module}) (@custom \"too\" \"y\"))");
            wat::parse_str(text).unwrap()
        };
        let long = "x".repeat(300);
        let full = text(&format!("(@custom \".debug_info\" \"{long}\")"));
        let lean = without_dwarf(&full).unwrap();
        assert_eq!(lean, text(""));
        wasmparser::validate(&lean).unwrap();
        assert_eq!(without_dwarf(&lean), None);
        assert!(!contains(has_names, &lean, 0));
        let named = text(&format!(
            "(func $named) (@custom \".debug_info\" \"{long}\")"
        ));
        let lean = without_dwarf(&named).unwrap();
        assert_eq!(lean, text("(func $named)"));
        assert!(contains(has_names, &lean, 0));
        assert_eq!(without_dwarf_and_names(&named).unwrap(), text("(func)"));
        assert_eq!(without_dwarf_and_names(&lean).unwrap(), text("(func)"));
        assert_eq!(without_dwarf_and_names(&text("(func)")), None);
        assert_eq!(without_dwarf(&full[..full.len() - 3]), None);
        assert_eq!(without_dwarf(b"text"), None);
    }

    /// The file with its DWARF sections where they were.
    fn whole(debug: &DebugSections<'_>, bytes: &[u8]) -> Vec<u8> {
        debug.put_back(bytes).unwrap().concat()
    }

    #[test]
    fn what_was_set_aside_comes_back_to_its_place() {
        let debug = |name: &str| format!("(@custom \".debug_{name}\" \"{}\")", "x".repeat(200));
        let row = format!("{}{}", debug("info"), debug("line"));
        let module = format!(
            "(core module {} (func (export \"f\")) {row} (@custom \"kept\" \"x\") {})",
            debug("first"),
            debug("last"),
        );
        let text = format!("(component {module} (component {module}) (core module))");
        let bytes = wat::parse_str(text).unwrap();
        let mut set_aside = DebugSections::default();
        let rest = set_aside.set_aside(&bytes);
        assert_eq!(set_aside.rows.len(), 4);
        assert!(rest.len() < bytes.len() - 8 * 200, "{}", rest.len());
        wasmparser::validate(&rest).unwrap();
        assert_eq!(whole(&set_aside, &rest), bytes);
        // Of several files, and where one of them is part of another.
        let other = wat::parse_str(format!("(module {})", debug("other"))).unwrap();
        let other_rest = set_aside.set_aside(&other);
        assert_eq!(set_aside.rows.len(), 5);
        assert_eq!(whole(&set_aside, &other_rest), other);
        assert_eq!(whole(&set_aside, &rest), bytes);
        // What has none, or is no wasm, stays.
        let plain = wat::parse_str("(component)").unwrap();
        assert!(matches!(set_aside.set_aside(&plain), Cow::Borrowed(_)));
        assert!(matches!(set_aside.set_aside(b"text"), Cow::Borrowed(_)));
        assert!(matches!(
            set_aside.set_aside(&bytes[..bytes.len() - 3]),
            Cow::Borrowed(_)
        ));
        assert_eq!(set_aside.rows.len(), 5);
    }

    #[test]
    fn a_deep_nest_needs_no_deep_stack() {
        let mut bytes = wat::parse_str("(component)").unwrap();
        for _ in 0..20_000 {
            let mut outer = wasm_encoder::Component::new();
            outer.section(&wasm_encoder::RawSection {
                id: wasm_encoder::ComponentSectionId::Component.into(),
                data: &bytes,
            });
            bytes = outer.finish();
            if bytes.len() > 1 << 16 {
                break;
            }
        }
        let mut set_aside = DebugSections::default();
        assert_eq!(*set_aside.set_aside(&bytes), *bytes);
        assert_eq!(whole(&set_aside, &bytes), bytes);
    }

    #[test]
    fn a_component_is_the_same_whether_they_are_set_aside_or_not() {
        let text = r#"(module
            (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
            (memory (export "memory") 0)
            (@custom ".debug_info" "some")
            (func (export "f")))"#;
        let mut module = wat::parse_str(text).unwrap();
        let mut resolve = wit_parser::Resolve::default();
        let wit = "package a:b; world w { export f: func(); }";
        let package = resolve.push_source("w.wit", wit).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let utf8 = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
        for name in [".debug_line", ".debug_loc", "last"] {
            let section = CustomSection {
                name: name.into(),
                data: Cow::Borrowed(&[7; 200]),
            };
            section.append_to(&mut module);
        }
        let component = |module: &[u8]| {
            let component = encode(module, &Adapter::Reactor).unwrap();
            metadata::add(&component, &Metadata::default()).unwrap().0
        };
        let mut set_aside = DebugSections::default();
        let rest = set_aside.set_aside(&module);
        assert_eq!(set_aside.rows.len(), 2);
        assert_eq!(whole(&set_aside, &component(&rest)), component(&module));
    }
}

//! The sections of one component, without those of the components in it.

use wasmparser::{Chunk, Parser, Payload};

use crate::base::error::{Error, Result};

/// The highest nesting of components; the validator allows no more.
pub(in crate::model) const MAX_DEPTH: usize = 100;

/// One section of a component, or its header.
pub(in crate::model) struct Section<'a> {
    /// The parsed content of the section.
    pub payload: Payload<'a>,
    /// All bytes of the section.
    pub raw: &'a [u8],
    /// The bytes of the module or component in the section, if it is one.
    pub nested: Option<&'a [u8]>,
}

/// The sections of a component or module, in order; the iterator ends after an
/// error.
pub(in crate::model) fn sections(bytes: &[u8]) -> Sections<'_> {
    Sections {
        parser: Parser::new(0),
        rest: bytes,
    }
}

pub(in crate::model) struct Sections<'a> {
    parser: Parser,
    rest: &'a [u8],
}

impl<'a> Sections<'a> {
    fn section(&mut self) -> Result<Option<Section<'a>>> {
        let failed = || Error::input("the file is truncated");
        let rest = self.rest;
        let parsed = self.parser.parse(rest, true);
        let (payload, consumed) = match parsed.map_err(|e| failed().with_cause(e))? {
            Chunk::Parsed { payload, consumed } => (payload, consumed),
            Chunk::NeedMoreData(_) => return Ok(None),
        };
        let (Payload::ModuleSection {
            unchecked_range, ..
        }
        | Payload::ComponentSection {
            unchecked_range, ..
        }) = &payload
        else {
            self.rest = &rest[consumed..];
            let end = matches!(payload, Payload::End(_));
            let raw = &rest[..consumed];
            return Ok((!end).then_some(Section {
                payload,
                raw,
                nested: None,
            }));
        };
        let length = (unchecked_range.end - unchecked_range.start) as usize;
        let end = consumed.saturating_add(length);
        let Some(nested) = rest.get(consumed..end) else {
            return Err(failed().with_cause("it is truncated in the middle of a section"));
        };
        self.rest = &rest[end..];
        Ok(Some(Section {
            payload,
            raw: &rest[..end],
            nested: Some(nested),
        }))
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<Section<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let section = self.section();
        if !matches!(section, Ok(Some(_))) {
            self.rest = &[];
        }
        section.transpose()
    }
}

/// The number of modules and components in a valid component, including itself.
pub(in crate::model) fn count(bytes: &[u8]) -> usize {
    let mut found = 1;
    let mut pending = vec![bytes];
    while let Some(component) = pending.pop() {
        for section in sections(component).flatten() {
            found += usize::from(section.nested.is_some());
            // Modules contain no others, but much code.
            if matches!(section.payload, Payload::ComponentSection { .. }) {
                pending.extend(section.nested);
            }
        }
    }
    found
}

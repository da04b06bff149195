//! The bytes of a file by the components in it, and by kinds of sections.

use std::collections::BTreeSet;

use super::section_kind::SectionKind;
use crate::base::error::Result;
use crate::model::component::core_modules::{CoreModule, own_name};
use crate::model::component::sections::{MAX_DEPTH, sections};

/// How many bytes of a file belong to one of the components in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartSize {
    /// The name of the component; `None` for the file itself if that has no name, such as
    /// what links the components of a composition.
    pub name: Option<String>,
    sizes: [usize; SectionKind::ALL.len()],
}

impl PartSize {
    /// How many bytes the sections of this kind have.
    pub fn of(&self, kind: SectionKind) -> usize {
        self.sizes[kind as usize]
    }

    /// How many bytes the part has in all.
    pub fn total(&self) -> usize {
        self.sizes.iter().sum()
    }
}

/// The parts of a file, in its order. Together they have all of its bytes. A component
/// without a name counts as part of the one around it.
pub(super) fn parts(bytes: &[u8], modules: &[CoreModule<'_>]) -> Result<Vec<PartSize>> {
    let added = modules.iter().filter(|module| module.is_added());
    let mut walk = Walk {
        added: added.map(|module| module.start).collect(),
        parts: vec![PartSize {
            name: own_name(bytes).map(str::to_owned),
            ..PartSize::default()
        }],
    };
    walk.add(bytes, Place::default())?;
    Ok(walk.parts)
}

/// Where a walk is.
#[derive(Clone, Copy, Default)]
struct Place {
    /// How many bytes of the file are before.
    start: usize,
    /// How many components are around.
    depth: usize,
    /// The index of the part that the bytes belong to.
    part: usize,
}

struct Walk {
    /// Where the modules begin that were added.
    added: BTreeSet<usize>,
    parts: Vec<PartSize>,
}

impl Walk {
    /// Adds the bytes of a component or module.
    fn add(&mut self, bytes: &[u8], place: Place) -> Result<()> {
        let mut at = place.start;
        for section in sections(bytes) {
            let section = section?;
            at += section.raw.len();
            let Some(nested) = section.nested.filter(|_| place.depth < MAX_DEPTH) else {
                let kind = SectionKind::of(&section.payload);
                self.parts[place.part].sizes[kind as usize] += section.raw.len();
                continue;
            };
            let sizes = &mut self.parts[place.part].sizes;
            sizes[SectionKind::Types as usize] += section.raw.len() - nested.len();
            let start = at - nested.len();
            if self.added.contains(&start) {
                sizes[SectionKind::Adapter as usize] += nested.len();
                continue;
            }
            let is_module = matches!(section.payload, wasmparser::Payload::ModuleSection { .. });
            let part = match own_name(nested).filter(|_| !is_module) {
                Some(name) => self.new_part(name),
                None => place.part,
            };
            let depth = place.depth + 1;
            self.add(nested, Place { start, depth, part })?;
        }
        Ok(())
    }

    fn new_part(&mut self, name: &str) -> usize {
        self.parts.push(PartSize {
            name: Some(name.to_owned()),
            ..PartSize::default()
        });
        self.parts.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::core_modules::core_modules;

    #[test]
    fn every_byte_belongs_to_one_part() {
        let text = r#"(component
            (component $one
                (core module $main (memory 1) (func $f (export "f") (nop) (nop))
                    (data (i32.const 0) "0123456789") (@custom ".debug_line" "abc")
                    (@custom "kept" "x"))
                (component (core module)))
            (component
                (component $two (core module $wit-component-shim-module (func)))))"#;
        let bytes = wat::parse_str(text).unwrap();
        let parts = parts(&bytes, &core_modules(&bytes).unwrap()).unwrap();
        let names: Vec<_> = parts.iter().map(|part| part.name.as_deref()).collect();
        assert_eq!(names, [None, Some("one"), Some("two")]);
        assert_eq!(
            parts.iter().map(PartSize::total).sum::<usize>(),
            bytes.len()
        );
        let one = &parts[1];
        for kind in SectionKind::ALL {
            assert_eq!(one.of(kind) > 0, kind != SectionKind::Adapter, "{kind:?}");
        }
        assert!(parts[2].of(SectionKind::Adapter) > 8);
        assert_eq!(parts[2].of(SectionKind::Code), 0);
        assert_eq!(parts[0].of(SectionKind::Code), 0);
    }
}

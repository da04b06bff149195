//! The functions of a core module: where their code is, and what they are called.

use std::collections::HashMap;
use std::ops::Range;

use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef};

use crate::base::error::{Error, Result};

/// The functions of a core module. The imported ones come first in the numbering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreFunctions<'a> {
    /// The imported functions: the module that each is imported from, and its name there.
    pub imports: Vec<(&'a str, &'a str)>,
    /// The bodies of the other functions, without their length, as ranges of bytes of the
    /// module.
    pub bodies: Vec<Range<usize>>,
    /// How many bytes of the module are before the content of the code section, to which
    /// addresses in DWARF are relative.
    pub code_start: usize,
    /// The names of everything exported, in order.
    pub exports: Vec<&'a str>,
    /// The names of exported functions, with their numbers.
    pub exported: Vec<(&'a str, u32)>,
    names: HashMap<u32, &'a str>,
}

impl<'a> CoreFunctions<'a> {
    /// Reads the functions of a core module.
    ///
    /// # Errors
    ///
    /// If the module cannot be parsed.
    pub fn read(module: &'a [u8]) -> Result<Self> {
        let mut found = CoreFunctions::default();
        let failed = |e| Error::input("failed to read the functions of a module").with_cause(e);
        for payload in Parser::new(0).parse_all(module) {
            match payload.map_err(failed)? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(failed)?;
                        if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                            found.imports.push((import.module, import.name));
                        }
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(failed)?;
                        found.exports.push(export.name);
                        if let ExternalKind::Func | ExternalKind::FuncExact = export.kind {
                            found.exported.push((export.name, export.index));
                        }
                    }
                }
                Payload::CodeSectionStart {
                    unchecked_range, ..
                } => {
                    found.code_start = unchecked_range.start as usize;
                }
                Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    found.bodies.push(range.start as usize..range.end as usize);
                }
                Payload::CustomSection(custom) => {
                    if let KnownCustom::Name(names) = custom.as_known() {
                        // Names that cannot be read are none.
                        for name in names.into_iter().flatten() {
                            if let Name::Function(functions) = name {
                                let functions = functions.into_iter().flatten();
                                found.names.extend(functions.map(|f| (f.index, f.name)));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The name of a function in the section of names, as the compiler wrote it.
    pub fn name(&self, function: u32) -> Option<&'a str> {
        self.names.get(&function).copied()
    }

    /// Whether the module has names of functions.
    pub fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// The number of the function whose body has this byte of the module, and where the
    /// body begins.
    pub fn at(&self, offset: usize) -> Option<(u32, usize)> {
        let after = self.bodies.partition_point(|body| body.start <= offset);
        let at = after.checked_sub(1)?;
        let body = self.bodies[at].contains(&offset);
        body.then(|| (self.number(at), self.bodies[at].start))
    }

    /// The number of the function with the body at this place in [`CoreFunctions::bodies`].
    pub fn number(&self, body: usize) -> u32 {
        (self.imports.len() + body) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_place_and_number() {
        let text = r#"(module
            (import "env" "memory" (memory 1))
            (import "wasi" "f" (func $imported))
            (func $first (export "first"))
            (func (call $imported) (call $first))
            (global (export "g") i32 (i32.const 1)))"#;
        let bytes = wat::parse_str(text).unwrap();
        let functions = CoreFunctions::read(&bytes).unwrap();
        assert_eq!(functions.imports, [("wasi", "f")]);
        assert_eq!(functions.exports, ["first", "g"]);
        assert_eq!(functions.exported, [("first", 1)]);
        assert_eq!(functions.name(1), Some("first"));
        assert_eq!(functions.name(2), None);
        for (at, body) in functions.bodies.iter().enumerate() {
            let number = functions.number(at);
            assert_eq!(functions.at(body.start), Some((number, body.start)));
            assert_eq!(functions.at(body.end - 1), Some((number, body.start)));
        }
        assert_eq!(functions.at(0), None);
        assert_eq!(functions.at(bytes.len()), None);
        assert!(functions.code_start < functions.bodies[0].start);
        assert!(CoreFunctions::read(b"text").is_err());
    }
}

//! The description of a file of WebAssembly in the configuration of an artifact,
//! read piece by piece.

use std::path::Path;

use wasmparser::{Chunk, Encoding, Parser, Payload};
use wit_parser::decoding::DecodedWasm;
use wit_parser::{PackageId, Resolve};

use crate::base::error::Result;
use crate::system::fs;

/// The description of a package in the configuration of its artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// `wasip1` for a core module, `wasip2` for everything else.
    pub os: &'static str,
    /// Its imports and exports; `None` for what is no component.
    pub component: Option<Interfaces>,
    /// Why it is no WebAssembly, as far as it was read.
    pub broken: Option<String>,
}

/// The names at the outside of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// The names that it exports; of WIT, all interfaces and worlds.
    pub exports: Vec<String>,
    /// The names that it imports.
    pub imports: Vec<String>,
}

/// How many bytes are in memory at once. WIT that is larger is described without
/// its names.
const PART: usize = 4 << 20;

/// Describes a file. What cannot be understood is described as little as it
/// is: publishing is not the place to find fault with it.
pub fn describe(path: &Path) -> Result<Description> {
    let head = fs::read_part(path, 0, PART)?;
    if head.len() < PART
        && let Ok(DecodedWasm::WitPackage(resolve, id)) = crate::model::wit::decode(&head)
    {
        return Ok(Description {
            os: "wasip2",
            component: Some(Interfaces {
                exports: wit_names(&resolve, id),
                imports: Vec::new(),
            }),
            broken: None,
        });
    }
    scan_sections(path, head)
}

/// The interfaces and worlds of a package, and what its worlds export.
fn wit_names(resolve: &Resolve, id: PackageId) -> Vec<String> {
    let package = &resolve.packages[id];
    let mut names = Vec::new();
    let full = |name: &str| package.name.interface_id(name);
    names.extend(package.interfaces.keys().map(|name| full(name)));
    for (name, id) in &package.worlds {
        names.push(full(name));
        let exports = resolve.worlds[*id].exports.iter();
        names.extend(exports.map(|(key, _)| resolve.name_world_key(key)));
    }
    names.sort();
    names.dedup();
    names
}

/// Reads the outermost sections and passes over what is nested.
fn scan_sections(path: &Path, head: Vec<u8>) -> Result<Description> {
    let unknown = |os, broken| Description {
        os,
        component: None,
        broken,
    };
    if !head.starts_with(b"\0asm") {
        let broken = "it is not a WebAssembly file".to_owned();
        return Ok(unknown("wasip2", Some(broken)));
    }
    let cut = || unknown("wasip2", Some("the file is truncated".to_owned()));
    let size = fs::stamp(path).map_or(0, |(size, _)| size);
    let mut found = Interfaces::default();
    let mut parser = Parser::new(0);
    // The offset of `part` in the file, and of the next payload in `part`.
    let (mut start, mut at) = (0_u64, 0_usize);
    let mut eof = head.len() < PART;
    let mut part = head;
    loop {
        let (consumed, payload) = match parser.parse(&part[at..], eof) {
            Ok(Chunk::Parsed { consumed, payload }) => (consumed, payload),
            // A single section larger than this is not worth its memory.
            Ok(Chunk::NeedMoreData(_)) if !eof && (at > 0 || part.len() < 2 * PART) => {
                start += at as u64;
                at = 0;
                part = fs::read_part(path, start, 2 * PART)?;
                eof = part.len() < 2 * PART;
                continue;
            }
            Ok(Chunk::NeedMoreData(_)) if !eof => return Ok(unknown("wasip2", None)),
            Ok(Chunk::NeedMoreData(_)) => return Ok(cut()),
            Err(e) => return Ok(unknown("wasip2", Some(e.to_string()))),
        };
        at += consumed;
        match payload {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } => return Ok(unknown("wasip1", None)),
            Payload::ComponentImportSection(section) => {
                let names = section.into_iter().flatten();
                found.imports.extend(names.map(|i| i.name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) => {
                let names = section.into_iter().flatten();
                found.exports.extend(names.map(|e| e.name.name.to_owned()));
            }
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => {
                // The bytes that are passed over have to be there.
                if unchecked_range.end > size {
                    return Ok(cut());
                }
                start = unchecked_range.end;
                at = 0;
                part = fs::read_part(path, start, PART)?;
                eof = part.len() < PART;
            }
            Payload::End(_) => {
                return Ok(Description {
                    os: "wasip2",
                    component: Some(found),
                    broken: None,
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(bytes: &[u8]) -> Description {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.wasm");
        fs::write_atomic(&path, bytes).unwrap();
        describe(&path).unwrap()
    }

    #[test]
    fn a_component_is_described_by_its_imports_and_exports() {
        let nested = "(core module (memory 1) (data (i32.const 0) \"x\"))";
        let text = format!(
            "(component (import \"a:b/c@1.0.0\" (instance)) {nested} (component) (import \"f\" (func $f)) (export \"g\" (func $f)))"
        );
        let description = described(&wat::parse_str(text).unwrap());
        let interfaces = description.component.unwrap();
        assert_eq!(interfaces.imports, ["a:b/c@1.0.0", "f"]);
        assert_eq!(interfaces.exports, ["g"]);
        assert_eq!(description.os, "wasip2");
    }

    #[test]
    fn a_large_component_is_read_in_parts() {
        let mut bytes = wat::parse_str("(component (import \"a\" (func)))").unwrap();
        // Custom sections of 3 MiB each, and a module that holds one.
        let mut custom = vec![0];
        let length = (3 << 20) + 2_u32;
        leb(length, &mut custom);
        custom.extend([1, b'x']);
        custom.resize(custom.len() + (3 << 20), 0);
        bytes.extend([custom.clone(), custom.clone(), custom.clone()].concat());
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend(&custom);
        bytes.push(1);
        leb(u32::try_from(module.len()).unwrap(), &mut bytes);
        bytes.extend(module);
        bytes.extend(&wat::parse_str("(component (import \"b\" (func)))").unwrap()[8..]);
        let found = described(&bytes).component.unwrap();
        assert_eq!(found.imports, ["a", "b"]);
    }

    fn leb(mut value: u32, to: &mut Vec<u8>) {
        while value >= 0x80 {
            to.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        to.push(value as u8);
    }

    #[test]
    fn wit_is_described_by_its_interfaces_and_worlds() {
        let mut resolve = Resolve::default();
        let text =
            "package test:dep@0.2.3; interface types { type a = u8; } world w { export types; }";
        let id = resolve.push_str("x.wit", text).unwrap();
        let found = described(&wit_component::encode(&resolve, id, false).unwrap());
        assert_eq!(
            found.component.unwrap().exports,
            ["test:dep/types@0.2.3", "test:dep/w@0.2.3"]
        );
    }

    #[test]
    fn other_files_are_described_without_names() {
        assert_eq!(described(b"\0asm\x01\0\0\0").os, "wasip1");
        let bytes = wat::parse_str("(component (core module (func)))").unwrap();
        for broken in [&b"not wasm"[..], b"", b"\0asm", &bytes[..bytes.len() - 1]] {
            let description = described(broken);
            assert_eq!(description.component, None, "{broken:?}");
            assert!(description.broken.is_some(), "{broken:?}");
        }
        assert_eq!(described(&bytes).broken, None);
    }
}

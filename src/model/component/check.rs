//! Comparing the declared world with the actual imports of a component.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use wit_parser::PackageName;

use super::encode::{ADAPTED, Adapter, encode};
use super::surface::{Surface, core_imports, surface};
use crate::base::error::Result;
use crate::model::wit::World;

/// An import that the declared world does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undeclared {
    /// The name of the import.
    pub import: String,
    /// The imported core functions that need it; empty if that cannot be found
    /// out.
    pub needed_by: Vec<String>,
}

/// The imports of `component` that are not `declared`, with the core imports
/// that need each. `module` is the core module from which the component was encoded
/// with `adapter`, or the component itself if the compiler made it.
///
/// Versions on one track count as the same interface.
pub fn undeclared(
    declared: &BTreeSet<String>,
    component: &[u8],
    module: &[u8],
    adapter: Option<&Adapter>,
) -> Result<Vec<Undeclared>> {
    let missing: Vec<String> = surface(component)?
        .imports
        .into_iter()
        .filter(|import| !declared.contains(&track(import)))
        .collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let core = core_imports(module);
    let adapted = match adapter {
        Some(adapter) => adapted(&core, adapter),
        None => Vec::new(),
    };
    let needed_by = |import: &str| {
        let direct = core
            .iter()
            .filter(|(module, _)| track(module) == track(import))
            .map(|(module, name)| format!("{module}#{name}"));
        let through = adapted
            .iter()
            .filter(|(_, surface)| surface.imports.iter().any(|i| i == import))
            .map(|(function, _)| format!("{ADAPTED}#{function}"));
        direct.chain(through).collect()
    };
    Ok(missing
        .into_iter()
        .map(|import| Undeclared {
            needed_by: needed_by(&import),
            import,
        })
        .collect())
}

/// The interfaces that a component imports in several versions of one minor
/// release of WASI, by version.
pub type Split = BTreeMap<String, Vec<String>>;

/// The WASI interfaces among `imports` that occur in several versions of one minor
/// release, by version; empty if there are none.
///
/// That happens if parts of a component were made for versions that do not merge,
/// such as a pre-release. A host then has to provide both.
pub fn split_versions(imports: &[String]) -> Split {
    let mut found: BTreeMap<(&str, u64, u64), Vec<&str>> = BTreeMap::new();
    for import in imports.iter().filter(|import| import.starts_with("wasi:")) {
        if let Some((interface, text)) = import.split_once('@')
            && let Ok(version) = text.parse::<Version>()
        {
            let versions = found.entry((interface, version.major, version.minor));
            versions.or_default().push(text);
        }
    }
    let mut split = Split::new();
    for ((interface, ..), versions) in found {
        if versions.len() > 1 {
            for version in versions {
                let of = split.entry(version.to_owned()).or_default();
                of.push(interface.to_owned());
            }
        }
    }
    split
}

/// The imports of the adapter for each preview1 function that the module uses,
/// found by adapting a module that uses only this function. A custom adapter may
/// need more from a module than that; then the function is left out.
fn adapted(core: &[(String, String)], adapter: &Adapter) -> Vec<(String, Surface)> {
    let types = adapter_types(adapter);
    let mut found = Vec::new();
    for (_, function) in core.iter().filter(|(module, _)| module == ADAPTED) {
        let Some(ty) = types.iter().find(|(name, _)| name == function) else {
            continue;
        };
        let module = module_using(function, &ty.1);
        let alone = encode(&module, adapter).and_then(|component| surface(&component));
        if let Ok(surface) = alone {
            found.push((function.clone(), surface));
        }
    }
    found
}

/// The types of the functions that an adapter exports.
pub(super) fn adapter_types(adapter: &Adapter) -> Vec<(String, wasmparser::FuncType)> {
    use wasmparser::{ExternalKind, Payload, TypeRef};
    let (mut types, mut functions, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for payload in wasmparser::Parser::new(0)
        .parse_all(adapter.bytes())
        .flatten()
    {
        match payload {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().flatten())
            }
            Payload::ImportSection(section) => {
                functions.extend(section.into_imports().flatten().filter_map(|i| match i.ty {
                    TypeRef::Func(ty) => Some(ty),
                    _ => None,
                }));
            }
            Payload::FunctionSection(section) => functions.extend(section.into_iter().flatten()),
            Payload::ExportSection(section) => {
                for export in section.into_iter().flatten() {
                    let ty = functions
                        .get(export.index as usize)
                        .and_then(|ty| types.get(*ty as usize));
                    if let (ExternalKind::Func, Some(ty)) = (export.kind, ty) {
                        found.push((export.name.to_owned(), ty.clone()));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// A core module with a memory that imports one function of the adapter.
fn module_using(function: &str, ty: &wasmparser::FuncType) -> Vec<u8> {
    use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
    use wasm_encoder::{
        CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
        ImportSection, MemorySection, MemoryType, Module, TypeSection,
    };
    let mut types = TypeSection::new();
    let values = |types: &[wasmparser::ValType]| -> Vec<_> {
        types
            .iter()
            .filter_map(|ty| RoundtripReencoder.val_type(*ty).ok())
            .collect()
    };
    types
        .ty()
        .function(values(ty.params()), values(ty.results()));
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import(ADAPTED, function, EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(1);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    // The command adapter calls this function.
    exports.export("_start", ExportKind::Func, 1);
    let mut code = CodeSection::new();
    let mut body = Function::new([]);
    body.instructions().end();
    code.function(&body);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code);
    module.finish()
}

/// The names of what a world imports, each with its version cut to the semver
/// track.
pub fn declared_imports(world: &World) -> BTreeSet<String> {
    let resolve = &world.resolve;
    let imports = resolve.worlds[world.id].imports.keys();
    imports
        .map(|key| track(&resolve.name_world_key(key)))
        .collect()
}

/// The name of an import with its version cut to its track.
pub(super) fn track(name: &str) -> String {
    match name.split_once('@') {
        Some((name, version)) => match version.parse() {
            Ok(version) => {
                let (track, _) = PackageName::version_compat_track_string(&version);
                format!("{name}@{track}")
            }
            Err(_) => format!("{name}@{version}"),
        },
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(text: &str) -> World {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_source("w.wit", text).unwrap();
        let id = resolve.select_world(&[package], None).unwrap();
        World {
            resolve,
            id,
            notes: Vec::new(),
            parts: Vec::new(),
        }
    }

    #[test]
    fn an_import_is_traced_to_the_function_that_needs_it() {
        let module = wat::parse_str(
            r#"(module
                 (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
                 (import "wasi_snapshot_preview1" "clock_time_get"
                   (func (param i32 i64 i32) (result i32)))
                 (memory (export "memory") 0))"#,
        )
        .unwrap();
        let component = encode(&module, &Adapter::Reactor).unwrap();
        let world = world("package a:b; world w {}");
        let found = undeclared(
            &declared_imports(&world),
            &component,
            &module,
            Some(&Adapter::Reactor),
        )
        .unwrap();
        let random = found
            .iter()
            .find(|u| u.import.starts_with("wasi:random/random@"))
            .unwrap();
        assert_eq!(random.needed_by, ["wasi_snapshot_preview1#random_get"]);
        assert!(found.iter().any(|u| u.import.starts_with("wasi:clocks/")));
    }

    #[test]
    fn an_adapter_that_wants_more_of_a_module_only_leaves_the_need_untold() {
        let wat = |text: &str| wat::parse_str(text).unwrap();
        let function =
            r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))"#;
        let adapter = Adapter::Custom(wat(r#"(module
             (import "wasi:random/random@0.2.0" "get-random-u64" (func (result i64)))
             (import "__main_module__" "special" (func))
             (func (export "random_get") (param i32 i32) (result i32) i32.const 0)
             (@custom "unused" ""))"#));
        let module = wat(&format!(
            r#"(module {function} (memory (export "memory") 0))"#
        ));
        assert!(encode(&module, &adapter).is_err());
        let core = core_imports(&module);
        assert_eq!(adapted(&core, &adapter), []);
    }

    #[test]
    fn only_versions_that_could_have_merged_are_split() {
        let imports = [
            "wasi:io/streams@0.2.0-rc-2023-12-05",
            "wasi:io/streams@0.2.12",
            "wasi:cli/environment@0.2.12",
            "wasi:cli/environment@0.3.0",
            "own:io/streams@0.2.0",
            "own:io/streams@0.2.1",
            "f",
        ];
        let split = split_versions(&imports.map(str::to_owned));
        let streams = vec!["wasi:io/streams".to_owned()];
        assert_eq!(
            split,
            Split::from([
                ("0.2.0-rc-2023-12-05".to_owned(), streams.clone()),
                ("0.2.12".to_owned(), streams)
            ])
        );
    }

    #[test]
    fn versions_on_one_track_are_the_same() {
        assert_eq!(track("a:b/c@0.2.1"), track("a:b/c@0.2.12"));
        assert_ne!(track("a:b/c@0.2.1"), track("a:b/c@0.3.0"));
        assert_eq!(track("f"), "f");
    }
}

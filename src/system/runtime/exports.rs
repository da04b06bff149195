//! What a component exports to whoever runs it, read from its bytes.
//!
//! Only types are read, no code: telling a command from a library must not cost a
//! compilation, and works without the feature `runtime`.

use std::collections::BTreeSet;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::types::TypesRef;
use wasmparser::{Parser, Payload, ValidPayload, Validator, WasmFeatures};

use crate::base::error::{Error, Result};
use crate::model::component;

/// A version of WASI, as far as running a component depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasiVersion {
    /// WASI 0.2.x, which polls.
    V0_2,
    /// WASI 0.3.x, with async functions, streams and futures.
    V0_3,
}

/// An exported function of a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// The exported interface of the function, with package and version; `None`
    /// for a function of the world itself.
    pub interface: Option<String>,
    /// The name within the interface or world.
    pub name: String,
}

impl std::fmt::Display for Function {
    /// Writes `name`, or `ns:pkg/interface@1.2.3#name`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(interface) = &self.interface {
            write!(f, "{interface}#")?;
        }
        f.write_str(&self.name)
    }
}

/// How a component is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryPoint {
    /// It exports `wasi:cli/run`, perhaps an HTTP handler as well.
    Command(WasiVersion),
    /// It exports `wasi:http/incoming-handler` (0.2) or `wasi:http/handler` (0.3).
    Http(WasiVersion),
    /// It exports neither. The exported functions, in the order of the component,
    /// without those of resources.
    Library(Vec<Function>),
}

/// How a component is started. An error for a core module, and for bytes that
/// are no WebAssembly. Types are read only if it has no entry point, so that the code
/// of a program costs nothing here.
pub fn entry_point(bytes: &[u8]) -> Result<EntryPoint> {
    require_component(bytes)?;
    if let Some(started) = entry_point_of(&component::surface(bytes)?.exports) {
        return Ok(started);
    }
    let mut functions = Surface::read(bytes)?.functions;
    functions.retain(|function| function.resource().is_none());
    Ok(EntryPoint::Library(functions))
}

/// How a component with exports of these names is started; `None` for a library.
pub fn entry_point_of(exports: &[String]) -> Option<EntryPoint> {
    let find = |interface: &str| {
        let versions: Vec<WasiVersion> = exports
            .iter()
            .filter_map(|name| wasi_version(name, interface))
            .collect();
        // A component may export both for the sake of older hosts.
        [WasiVersion::V0_3, WasiVersion::V0_2]
            .into_iter()
            .find(|version| versions.contains(version))
    };
    if let Some(wasi) = find("wasi:cli/run") {
        return Some(EntryPoint::Command(wasi));
    }
    let http = [
        ("wasi:http/handler", WasiVersion::V0_3),
        ("wasi:http/incoming-handler", WasiVersion::V0_2),
    ];
    let mut http = http.into_iter();
    http.find(|(interface, wasi)| find(interface) == Some(*wasi))
        .map(|(_, wasi)| EntryPoint::Http(wasi))
}

/// Fails for bytes that are a core module, or no WebAssembly.
fn require_component(bytes: &[u8]) -> Result<()> {
    if Parser::is_core_wasm(bytes) {
        return Err(Error::input("this is a core module, not a component")
            .hint("build a component with `cargo component build`"));
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(Error::input("this is not WebAssembly"));
    }
    Ok(())
}

impl Function {
    /// The resource of a constructor, a method or a static function. Those work
    /// with handles, which have no written form.
    pub fn resource(&self) -> Option<&str> {
        let (_, rest) = self.name.strip_prefix('[')?.split_once(']')?;
        Some(rest.split('.').next().unwrap_or(rest))
    }
}

/// Every function that a component exports, also those of resources, and those
/// of a command.
pub fn functions(bytes: &[u8]) -> Result<Vec<Function>> {
    Ok(Surface::read(bytes)?.functions)
}

/// The names of the imports of a component that a host or another component has
/// to provide: functions, and interfaces with a function or a resource.
pub fn needs(bytes: &[u8]) -> Result<Vec<String>> {
    Ok(Surface::read(bytes)?.needs)
}

/// The version of WASI of `export`, if that is `interface` at some version.
fn wasi_version(export: &str, interface: &str) -> Option<WasiVersion> {
    let version = export.strip_prefix(interface)?.strip_prefix('@')?;
    if version.starts_with("0.2.") {
        Some(WasiVersion::V0_2)
    } else if version.starts_with("0.3.") {
        Some(WasiVersion::V0_3)
    } else {
        None
    }
}

#[derive(Default)]
struct Surface {
    functions: Vec<Function>,
    needs: Vec<String>,
}

impl Surface {
    fn read(bytes: &[u8]) -> Result<Self> {
        require_component(bytes)?;
        let failed =
            |e: wasmparser::BinaryReaderError| Error::input("the file is truncated").with_cause(e);
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let mut names = Vec::new();
        let mut imports = Vec::new();
        let mut depth = 0usize;
        let mut types = None;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(failed)?;
            match &payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section.clone() {
                        names.push(export.map_err(failed)?.name.name.to_string());
                    }
                }
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section.clone() {
                        imports.push(import.map_err(failed)?.name.name.to_string());
                    }
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            // The validator returns function bodies; the engine validates them.
            if let ValidPayload::End(found) = validator.payload(&payload).map_err(failed)? {
                types = Some(found);
            }
        }
        let Some(types) = types else {
            return Err(Error::input("the file is truncated").with_cause("the file is truncated"));
        };
        Ok(Surface::of(types.as_ref(), names, imports))
    }

    /// The surface with these exports and imports, by the types of each.
    fn of(types: TypesRef<'_>, exports: Vec<String>, imports: Vec<String>) -> Self {
        let mut surface = Surface::default();
        for name in exports {
            let item = types.component_item_for_export(&name);
            match item.map(|item| item.ty) {
                Some(ComponentEntityType::Func(_)) => surface.functions.push(Function {
                    interface: None,
                    name: name.clone(),
                }),
                Some(ComponentEntityType::Instance(id)) => {
                    let of_instance = types[id]
                        .exports
                        .iter()
                        .filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)));
                    surface
                        .functions
                        .extend(of_instance.map(|(inner, _)| Function {
                            interface: Some(name.clone()),
                            name: inner.clone(),
                        }));
                }
                _ => {}
            }
        }
        for name in imports {
            let item = types.component_item_for_import(&name);
            let needed = match item.map(|item| item.ty) {
                Some(ComponentEntityType::Instance(id)) => {
                    types[id].exports.values().any(|item| is_provided(item.ty))
                }
                Some(ty) => is_provided(ty),
                None => false,
            };
            if needed {
                surface.needs.push(name);
            }
        }
        surface
    }
}

/// Whether an item has to be provided, as all do but plain types.
fn is_provided(ty: ComponentEntityType) -> bool {
    match ty {
        ComponentEntityType::Type { created, .. } => {
            matches!(created, ComponentAnyTypeId::Resource(_))
        }
        _ => true,
    }
}

/// The function that `requested` selects among `all`.
///
/// It may be written as `f`, `interface.f`, `ns:pkg/interface#f` or with the
/// version, `ns:pkg/interface@1.2.3#f`; what is left out must not make it
/// ambiguous, except that a function of the world wins over one of the same
/// name in an interface.
///
/// A function of a resource is an error.
pub fn resolve<'a>(requested: &str, all: &'a [Function]) -> Result<&'a Function> {
    let (all, of_resources): (Vec<&Function>, Vec<&Function>) = all
        .iter()
        .partition(|function| function.resource().is_none());
    if let Some(exact) = all
        .iter()
        .copied()
        .find(|function| function.to_string() == requested)
    {
        return Ok(exact);
    }
    let (interface, name) = match requested.rsplit_once(['#', '.']) {
        Some((interface, name)) if !interface.is_empty() => (Some(interface), name),
        _ => (None, requested),
    };
    let found: Vec<&Function> = all
        .iter()
        .copied()
        .filter(|function| function.name == name)
        .filter(|function| match (interface, &function.interface) {
            (None, _) => true,
            (Some(requested), Some(full)) => spellings(full).contains(&requested),
            (Some(_), None) => false,
        })
        .collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(unknown(requested, &all, &of_resources)),
        _ => Err(
            Error::usage(format!("`{requested}` matches several functions"))
                .with_cause(list(&found))
                .hint(format!("use a full name, such as `{}`", found[0])),
        ),
    }
}

/// The three ways to write an interface: in full, without its version, and its
/// name alone.
fn spellings(interface: &str) -> [&str; 3] {
    let unversioned = interface.split('@').next().unwrap_or(interface);
    let bare = unversioned.rsplit('/').next().unwrap_or(unversioned);
    [interface, unversioned, bare]
}

fn list(functions: &[&Function]) -> String {
    let names: Vec<String> = functions.iter().map(|f| format!("`{f}`")).collect();
    names.join(", ")
}

fn unknown(requested: &str, all: &[&Function], of_resources: &[&Function]) -> Error {
    // `account.owner` is how one would write `[method]account.owner`.
    let member = of_resources.iter().find(|function| {
        let name = function.name.rsplit(']').next().unwrap_or_default();
        requested
            .strip_suffix(name)
            .is_some_and(|before| before.is_empty() || before.ends_with(['.', '#', '/', ']']))
    });
    if let Some((member, resource)) = member.and_then(|m| Some((m, m.resource()?))) {
        return Error::usage(format!("`{member}` cannot be called from the command line"))
            .with_cause(format!(
                "it uses a handle of the resource `{resource}`, which cannot be written"
            ))
            .hint("export a function that uses the resource, and call that function");
    }
    let error = Error::usage(format!("the component exports no function `{requested}`"));
    if all.is_empty() {
        return error.with_cause(match of_resources.is_empty() {
            true => "it exports no functions",
            false => "it only exports functions of resources, which cannot be called from the command line",
        });
    }
    let full: Vec<String> = all.iter().map(|f| f.to_string()).collect();
    let names: BTreeSet<&str> = full
        .iter()
        .map(String::as_str)
        .chain(all.iter().map(|f| f.name.as_str()))
        .collect();
    let error = error.with_cause(format!("its exports are {}", list(all)));
    match crate::base::error::nearest(requested, names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(exports: &[&str]) -> Vec<u8> {
        let exports: String = exports
            .iter()
            .map(|name| format!("(export \"{name}\" (instance $i))\n"))
            .collect();
        wat::parse_str(format!(
            r#"(component
                (core module $m (func (export "f")))
                (core instance $c (instantiate $m))
                (func $f (canon lift (core func $c "f")))
                (instance $i (export "run" (func $f)) (export "other" (func $f)))
                (export "root" (func $f))
                {exports})"#
        ))
        .unwrap()
    }

    #[test]
    fn commands_and_handlers_of_both_generations_are_told_apart() {
        let entry = |exports: &[&str]| entry_point(&component(exports)).unwrap();
        assert_eq!(
            entry(&["wasi:cli/run@0.2.6"]),
            EntryPoint::Command(WasiVersion::V0_2)
        );
        assert_eq!(
            entry(&["wasi:cli/run@0.3.0"]),
            EntryPoint::Command(WasiVersion::V0_3)
        );
        assert_eq!(
            entry(&["wasi:cli/run@0.2.6", "wasi:cli/run@0.3.0"]),
            EntryPoint::Command(WasiVersion::V0_3)
        );
        assert_eq!(
            entry(&["wasi:http/incoming-handler@0.2.0"]),
            EntryPoint::Http(WasiVersion::V0_2)
        );
        assert_eq!(
            entry(&["wasi:http/handler@0.3.0"]),
            EntryPoint::Http(WasiVersion::V0_3)
        );
        assert_eq!(
            entry(&["wasi:http/handler@0.3.0", "wasi:cli/run@0.2.0"]),
            EntryPoint::Command(WasiVersion::V0_2)
        );
    }

    #[test]
    fn anything_else_is_a_library_of_functions() {
        let EntryPoint::Library(functions) = entry_point(&component(&["a:b/run@1.0.0"])).unwrap()
        else {
            panic!("no library");
        };
        let names: Vec<String> = functions.iter().map(Function::to_string).collect();
        assert_eq!(names, ["root", "a:b/run@1.0.0#run", "a:b/run@1.0.0#other"]);
    }

    #[test]
    fn needs_leave_out_interfaces_of_plain_types() {
        let bytes = wat::parse_str(
            r#"(component
                (type $r (record (field "x" u32)))
                (import "a:b/types" (instance (type (record (field "x" u32))) (export "r" (type (eq 0)))))
                (import "a:b/log" (instance (export "write" (func))))
                (import "a:b/handle" (instance (export "h" (type (sub resource)))))
                (import "tick" (func)))"#,
        )
        .unwrap();
        assert_eq!(needs(&bytes).unwrap(), ["a:b/log", "a:b/handle", "tick"]);
    }

    #[test]
    fn a_core_module_is_named_as_such() {
        let error = entry_point(&wat::parse_str("(module)").unwrap()).unwrap_err();
        assert!(error.to_string().contains("core module"), "{error}");
        assert!(entry_point(b"hello").is_err());
    }

    fn function(interface: Option<&str>, name: &str) -> Function {
        Function {
            interface: interface.map(str::to_string),
            name: name.to_string(),
        }
    }

    #[test]
    fn functions_are_found_by_every_spelling() {
        let all = [
            function(None, "add"),
            function(Some("a:b/math@1.2.3"), "add"),
            function(Some("a:b/math@1.2.3"), "sub"),
            function(Some("c:d/other"), "sub"),
            function(Some("c:d/other"), "only"),
        ];
        let at = |wanted: &str| resolve(wanted, &all).map(Function::to_string);
        assert_eq!(at("add").unwrap(), "add");
        for wanted in ["a:b/math@1.2.3#add", "a:b/math#add", "math.add", "math#add"] {
            assert_eq!(at(wanted).unwrap(), "a:b/math@1.2.3#add");
        }
        assert_eq!(at("a:b/math@1.2.3.add").unwrap(), "a:b/math@1.2.3#add");
        assert_eq!(at("only").unwrap(), "c:d/other#only");
        assert!(at("sub").unwrap_err().message().contains("several"));
        assert_eq!(
            at("onyl").unwrap_err().advice(),
            Some("did you mean `only`?")
        );
        assert!(at("math.only").unwrap_err().to_string().contains("`add`"));
    }
}

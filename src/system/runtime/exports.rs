//! What a component offers to whoever runs it, read from its bytes.
//!
//! Only types are looked at, no code: telling a command from a library must
//! not cost a compilation, and works without the feature `runtime`.

use std::collections::BTreeSet;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::types::TypesRef;
use wasmparser::{Parser, Payload, ValidPayload, Validator, WasmFeatures};

use crate::base::error::{Error, Result};

/// A generation of WASI, as far as running something depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wasi {
    /// 0.2.x: polling.
    V0_2,
    /// 0.3.x: async functions, streams and futures.
    V0_3,
}

/// A function somebody can call from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// The exported interface it lies in, with package and version; `None` for
    /// a function of the world itself.
    pub interface: Option<String>,
    /// Its own name.
    pub name: String,
}

impl std::fmt::Display for Function {
    /// `name`, or `ns:pkg/interface@1.2.3#name`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(interface) = &self.interface {
            write!(f, "{interface}#")?;
        }
        f.write_str(&self.name)
    }
}

/// How a component wants to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It exports `wasi:cli/run`. Wins over an HTTP handler beside it.
    Command(Wasi),
    /// It exports `wasi:http/incoming-handler` (0.2) or `wasi:http/handler` (0.3).
    Http(Wasi),
    /// It waits to be called; these are its functions, in the order of the
    /// component, without those of resources.
    Library(Vec<Function>),
}

/// How the component `bytes` wants to be started.
///
/// Fails on a core module and on what is no WebAssembly.
pub fn entry(bytes: &[u8]) -> Result<Entry> {
    let surface = Surface::read(bytes)?;
    let find = |interface: &str| {
        let versions: Vec<Wasi> = surface
            .exports
            .iter()
            .filter_map(|name| wasi_version(name, interface))
            .collect();
        // A component may carry both for the sake of older hosts.
        [Wasi::V0_3, Wasi::V0_2]
            .into_iter()
            .find(|version| versions.contains(version))
    };
    if let Some(wasi) = find("wasi:cli/run") {
        return Ok(Entry::Command(wasi));
    }
    let http = [
        ("wasi:http/handler", Wasi::V0_3),
        ("wasi:http/incoming-handler", Wasi::V0_2),
    ];
    for (interface, wasi) in http {
        if find(interface) == Some(wasi) {
            return Ok(Entry::Http(wasi));
        }
    }
    let mut functions = surface.functions;
    functions.retain(|function| function.resource().is_none());
    Ok(Entry::Library(functions))
}

impl Function {
    /// The resource it belongs to, if it is a constructor, a method or a
    /// static function: those work with handles, which nobody can write.
    pub fn resource(&self) -> Option<&str> {
        let (_, rest) = self.name.strip_prefix('[')?.split_once(']')?;
        Some(rest.split('.').next().unwrap_or(rest))
    }
}

/// Every function a component exports, be it a command or not, those of
/// resources too.
pub fn functions(bytes: &[u8]) -> Result<Vec<Function>> {
    Ok(Surface::read(bytes)?.functions)
}

/// The names of a component's imports that something has to be provided for:
/// functions, and interfaces with a function or a resource in them.
pub fn needs(bytes: &[u8]) -> Result<Vec<String>> {
    Ok(Surface::read(bytes)?.needs)
}

/// The generation of `export` if it is `interface` at some version of WASI.
fn wasi_version(export: &str, interface: &str) -> Option<Wasi> {
    let version = export.strip_prefix(interface)?.strip_prefix('@')?;
    if version.starts_with("0.2.") {
        Some(Wasi::V0_2)
    } else if version.starts_with("0.3.") {
        Some(Wasi::V0_3)
    } else {
        None
    }
}

#[derive(Default)]
struct Surface {
    exports: Vec<String>,
    functions: Vec<Function>,
    needs: Vec<String>,
}

impl Surface {
    fn read(bytes: &[u8]) -> Result<Self> {
        if Parser::is_core_wasm(bytes) {
            return Err(Error::input("this is a core module, not a component")
                .hint("build a component with `cargo component build`"));
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(Error::input("this is not WebAssembly"));
        }
        let failed = |e: wasmparser::BinaryReaderError| {
            Error::input("failed to read the component").because(e)
        };
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
            // Function bodies are handed out for validation; they are left
            // alone, the engine looks at them.
            if let ValidPayload::End(found) = validator.payload(&payload).map_err(failed)? {
                types = Some(found);
            }
        }
        let Some(types) = types else {
            return Err(Error::input("the file is truncated").because("it ends too early"));
        };
        Ok(Surface::of(types.as_ref(), names, imports))
    }

    /// Sorts the names by what the types say of them.
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
            surface.exports.push(name);
        }
        for name in imports {
            let item = types.component_item_for_import(&name);
            let needed = match item.map(|item| item.ty) {
                Some(ComponentEntityType::Instance(id)) => {
                    types[id].exports.values().any(|item| provided(item.ty))
                }
                Some(ty) => provided(ty),
                None => false,
            };
            if needed {
                surface.needs.push(name);
            }
        }
        surface
    }
}

/// Whether somebody has to provide it; plain types come with the component.
fn provided(ty: ComponentEntityType) -> bool {
    match ty {
        ComponentEntityType::Type { created, .. } => {
            matches!(created, ComponentAnyTypeId::Resource(_))
        }
        _ => true,
    }
}

/// The function `wanted` means, among `all`.
///
/// It may be written as `f`, `interface.f`, `ns:pkg/interface#f` or with the
/// version, `ns:pkg/interface@1.2.3#f`; whatever is left out must not make it
/// ambiguous, except that a function of the world wins over one of the same
/// name in an interface.
///
/// Functions of resources are refused, by whatever name.
pub fn resolve<'a>(wanted: &str, all: &'a [Function]) -> Result<&'a Function> {
    let (all, of_resources): (Vec<&Function>, Vec<&Function>) = all
        .iter()
        .partition(|function| function.resource().is_none());
    if let Some(exact) = all
        .iter()
        .copied()
        .find(|function| function.to_string() == wanted)
    {
        return Ok(exact);
    }
    let (interface, name) = match wanted.rsplit_once(['#', '.']) {
        Some((interface, name)) if !interface.is_empty() => (Some(interface), name),
        _ => (None, wanted),
    };
    let found: Vec<&Function> = all
        .iter()
        .copied()
        .filter(|function| function.name == name)
        .filter(|function| match (interface, &function.interface) {
            (None, _) => true,
            (Some(wanted), Some(full)) => spellings(full).contains(&wanted),
            (Some(_), None) => false,
        })
        .collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(unknown(wanted, &all, &of_resources)),
        _ => Err(
            Error::usage(format!("`{wanted}` matches several functions"))
                .because(list(&found))
                .hint(format!("use a full name, such as `{}`", found[0])),
        ),
    }
}

/// The ways to write an interface: in full, without its version, and its bare
/// name.
fn spellings(interface: &str) -> [&str; 3] {
    let unversioned = interface.split('@').next().unwrap_or(interface);
    let bare = unversioned.rsplit('/').next().unwrap_or(unversioned);
    [interface, unversioned, bare]
}

fn list(functions: &[&Function]) -> String {
    let names: Vec<String> = functions.iter().map(|f| format!("`{f}`")).collect();
    names.join(", ")
}

fn unknown(wanted: &str, all: &[&Function], of_resources: &[&Function]) -> Error {
    // `account.owner` is how one would write `[method]account.owner`.
    let member = of_resources.iter().find(|function| {
        let name = function.name.rsplit(']').next().unwrap_or_default();
        wanted
            .strip_suffix(name)
            .is_some_and(|before| before.is_empty() || before.ends_with(['.', '#', '/', ']']))
    });
    if let Some((member, resource)) = member.and_then(|m| Some((m, m.resource()?))) {
        return Error::usage(format!("`{member}` cannot be called from the command line"))
            .because(format!(
                "it uses a handle of the resource `{resource}`, which cannot be written"
            ))
            .hint("export a function that uses the resource, and call that function");
    }
    let error = Error::usage(format!("the component exports no function `{wanted}`"));
    if all.is_empty() {
        return error.because(match of_resources.is_empty() {
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
    let error = error.because(format!("its exports are {}", list(all)));
    match crate::base::error::nearest(wanted, names) {
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
        let entry = |exports: &[&str]| entry(&component(exports)).unwrap();
        assert_eq!(entry(&["wasi:cli/run@0.2.6"]), Entry::Command(Wasi::V0_2));
        assert_eq!(entry(&["wasi:cli/run@0.3.0"]), Entry::Command(Wasi::V0_3));
        assert_eq!(
            entry(&["wasi:cli/run@0.2.6", "wasi:cli/run@0.3.0"]),
            Entry::Command(Wasi::V0_3)
        );
        assert_eq!(
            entry(&["wasi:http/incoming-handler@0.2.0"]),
            Entry::Http(Wasi::V0_2)
        );
        assert_eq!(entry(&["wasi:http/handler@0.3.0"]), Entry::Http(Wasi::V0_3));
        assert_eq!(
            entry(&["wasi:http/handler@0.3.0", "wasi:cli/run@0.2.0"]),
            Entry::Command(Wasi::V0_2)
        );
    }

    #[test]
    fn anything_else_is_a_library_of_functions() {
        let Entry::Library(functions) = entry(&component(&["a:b/run@1.0.0"])).unwrap() else {
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
        let error = entry(&wat::parse_str("(module)").unwrap()).unwrap_err();
        assert!(error.to_string().contains("core module"), "{error}");
        assert!(entry(b"hello").is_err());
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

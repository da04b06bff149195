//! Components for random worlds: one that does what the names of its functions
//! say, one that passes every call on.

use std::fmt::Write as _;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmSignature, WasmType};
use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, Resolve, SizeAlign, Type, TypeDefKind, TypeId,
    TypeOwner, WorldId, WorldItem,
};

/// Memory that is given out and never taken back; the first page holds what
/// is zero.
const MEMORY: &str = r#"
  (memory (export "memory") 2)
  (global $next (mut i32) (i32.const 65536))
  (func $alloc (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (loop $more
      (if (i32.gt_u (global.get $next) (i32.shl (memory.size) (i32.const 16))) (then
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
        (br $more))))
    (memory.copy (local.get $at) (local.get $old)
      (select (local.get $old-size) (local.get $size)
        (i32.lt_u (local.get $old-size) (local.get $size))))
    (local.get $at))
"#;

/// A guest in the making.
struct Guest {
    resolve: Resolve,
    world: WorldId,
    sizes: SizeAlign,
    imports: String,
    code: String,
}

/// The component for the world `w` of some WIT that does what its functions
/// are called.
pub fn giver(wit: &str) -> Vec<u8> {
    Guest::new(wit).finish(Guest::give)
}

/// The component for the world `w` of some WIT whose exports call the imports
/// of the same name.
pub fn passer(wit: &str) -> Vec<u8> {
    Guest::new(wit).finish(Guest::pass)
}

fn words(types: &[WasmType]) -> String {
    let words = types.iter().map(|ty| match ty {
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
    });
    words.collect::<Vec<_>>().join(" ")
}

fn header(signature: &WasmSignature) -> String {
    let (params, results) = (words(&signature.params), words(&signature.results));
    format!("(param {params}) (result {results})")
}

impl Guest {
    fn new(wit: &str) -> Self {
        let mut resolve = Resolve::default();
        let package = resolve.push_source("random.wit", wit).unwrap();
        let world = resolve.select_world(&[package], Some("w")).unwrap();
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve).unwrap();
        Guest {
            resolve,
            world,
            sizes,
            imports: String::new(),
            code: String::new(),
        }
    }

    fn finish(mut self, write: fn(&mut Guest, Option<InterfaceId>, &str, &Function)) -> Vec<u8> {
        let exports = self.resolve.worlds[self.world].exports.clone();
        for (key, item) in &exports {
            let name = self.resolve.name_world_key(key);
            match item {
                WorldItem::Interface { id, .. } => {
                    let functions = self.resolve.interfaces[*id].functions.clone();
                    for function in functions.values() {
                        let export = function.legacy_core_export_name(Some(&name)).into_owned();
                        write(&mut self, Some(*id), &export, function);
                    }
                }
                WorldItem::Function(function) => write(&mut self, None, &function.name, function),
                WorldItem::Type { .. } => {}
            }
        }
        let text = format!("(module {}{MEMORY}{})", self.imports, self.code);
        let mut module = crate::model::component::compose::tests::wat(&text);
        let (resolve, world) = (&self.resolve, self.world);
        embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false).unwrap();
        let mut encoder = ComponentEncoder::default();
        let encoder = encoder.validate(true).module(&module).unwrap();
        encoder.encode().unwrap()
    }

    /// Imports a function once; how it is called in the code.
    fn import(&mut self, module: &str, name: &str, header: &str) -> String {
        let id = format!("$\"{module} {name}\"");
        if !self.imports.contains(&id) {
            let _ = writeln!(
                self.imports,
                "(import \"{module}\" \"{name}\" (func {id} {header}))"
            );
        }
        id
    }

    /// The resource behind a type, with the interface that defines it, and
    /// whether it is borrowed.
    fn handle(&self, ty: &Type) -> Option<(String, String, bool)> {
        let Type::Id(id) = ty else { return None };
        let (resource, borrowed) = match self.resolve.types[*id].kind {
            TypeDefKind::Handle(Handle::Own(resource)) => (resource, false),
            TypeDefKind::Handle(Handle::Borrow(resource)) => (resource, true),
            _ => return None,
        };
        let resource = self.defined(resource);
        let resource = &self.resolve.types[resource];
        let TypeOwner::Interface(interface) = resource.owner else {
            return None;
        };
        let interface = self.resolve.id_of(interface)?;
        Some((interface, resource.name.clone()?, borrowed))
    }

    fn defined(&self, mut id: TypeId) -> TypeId {
        while let TypeDefKind::Type(Type::Id(next)) = self.resolve.types[id].kind {
            id = next;
        }
        id
    }

    fn give(&mut self, _: Option<InterfaceId>, export: &str, function: &Function) {
        let signature = self
            .resolve
            .wasm_signature(AbiVariant::GuestExport, function);
        let does = function.name.rsplit(['-', '.']).next().unwrap();
        let offset = |at: usize| {
            let params = function.params.iter().map(|param| &param.ty);
            let offsets = self.sizes.field_offsets(params);
            offsets[at].0.size_wasm32()
        };
        let cell = || {
            // One for each pair of functions.
            let name = function
                .name
                .trim_end_matches("-put")
                .trim_end_matches("-got");
            format!("$\"{name}\"")
        };
        let made = |guest: &mut Guest| {
            let result = function.result.as_ref().unwrap();
            let (interface, resource, _) = guest.handle(result).unwrap();
            let module = format!("[export]{interface}");
            let name = format!("[resource-new]{resource}");
            guest.import(&module, &name, "(param i32) (result i32)")
        };
        let body = match (&function.kind, does) {
            (FunctionKind::Constructor(_) | FunctionKind::Static(_), _) => {
                format!("(call {} (local.get 0))", made(self))
            }
            (_, "first" | "look") => {
                assert!(!signature.indirect_params);
                "local.get 0".to_owned()
            }
            (_, "put") => {
                assert!(signature.indirect_params);
                let cell = cell();
                let _ = writeln!(self.code, "(global {cell} (mut i32) (i32.const 1024))");
                format!("(global.set {cell} (local.get 0))")
            }
            (_, "got") => format!("(global.get {})", cell()),
            (_, "sum") if signature.indirect_params => "(i64.load8_u (local.get 0))".to_owned(),
            (_, "sum") => {
                let mut sum = "(i64.const 0)".to_owned();
                for (at, ty) in signature.params.iter().enumerate() {
                    let value = match words(&[*ty]).as_str() {
                        "i64" => format!("(local.get {at})"),
                        "f32" => {
                            format!("(i64.extend_i32_u (i32.reinterpret_f32 (local.get {at})))")
                        }
                        "f64" => format!("(i64.reinterpret_f64 (local.get {at}))"),
                        _ => format!("(i64.extend_i32_u (local.get {at}))"),
                    };
                    sum = format!("(i64.add (i64.mul {sum} (i64.const 31)) {value})");
                }
                sum
            }
            (_, does) => {
                assert!(signature.indirect_params && signature.retptr, "{export}");
                let at: usize = does.strip_prefix("pick").unwrap().parse().unwrap();
                format!("(i32.add (local.get 0) (i32.const {}))", offset(at))
            }
        };
        let header = header(&signature);
        let _ = writeln!(self.code, "(func (export \"{export}\") {header} {body})");
    }

    fn pass(&mut self, interface: Option<InterfaceId>, export: &str, function: &Function) {
        let imports = &self.resolve.worlds[self.world].imports;
        let (module, callee) = imports
            .iter()
            .find_map(|(key, item)| match item {
                WorldItem::Interface { id, .. } => {
                    let callee = self.resolve.interfaces[*id].functions.get(&function.name)?;
                    Some((self.resolve.name_world_key(key), callee.clone()))
                }
                _ => None,
            })
            .unwrap();
        let outer = self
            .resolve
            .wasm_signature(AbiVariant::GuestExport, function);
        let inner = self
            .resolve
            .wasm_signature(AbiVariant::GuestImport, &callee);
        assert_eq!(outer.retptr, inner.retptr);
        let called = self.import(&module, &callee.name, &header(&inner));
        // Whether the resources are its own, which stand for the other's.
        let name = interface.and_then(|id| self.resolve.id_of(id));
        let own = name.is_some_and(|name| name == module);
        let (mut arguments, mut after) = (String::new(), String::new());
        for at in 0..outer.params.len() {
            let handle = match outer.indirect_params {
                true => None,
                false if function.params.len() > at => self.handle(&function.params[at].ty),
                false => None,
            };
            let drop = |guest: &mut Guest, module: &str, resource: &str| {
                guest.import(module, &format!("[resource-drop]{resource}"), "(param i32)")
            };
            match handle {
                Some((of, resource, false)) if own => {
                    let module = format!("[export]{of}");
                    let name = format!("[resource-rep]{resource}");
                    let rep = self.import(&module, &name, "(param i32) (result i32)");
                    let drop = drop(self, &module, &resource);
                    let _ = write!(arguments, "(call {rep} (local.get {at}))");
                    let _ = write!(after, "(call {drop} (local.get {at}))");
                }
                Some((of, resource, true)) if !own => {
                    let drop = drop(self, &of, &resource);
                    let _ = write!(arguments, "(local.get {at})");
                    let _ = write!(after, "(call {drop} (local.get {at}))");
                }
                // What is borrowed of its own is what stands for it.
                _ => {
                    let _ = write!(arguments, "(local.get {at})");
                }
            }
        }
        let mut call = match inner.retptr {
            true => {
                let size = self.sizes.size(function.result.as_ref().unwrap());
                format!(
                    "(local.set $to (call $alloc (i32.const 0) (i32.const 0) (i32.const 8) \
                     (i32.const {}))) (call {called} {arguments} (local.get $to)) {after} \
                     (local.get $to)",
                    size.size_wasm32()
                )
            }
            false => format!("(call {called} {arguments}) {after}"),
        };
        if own
            && let Some(result) = &function.result
            && let Some((of, resource, _)) = self.handle(result)
        {
            let module = format!("[export]{of}");
            let name = format!("[resource-new]{resource}");
            let new = self.import(&module, &name, "(param i32) (result i32)");
            call = format!("{call} (call {new})");
        }
        let header = header(&outer);
        let _ = writeln!(
            self.code,
            "(func (export \"{export}\") {header} (local $to i32) {call})"
        );
    }
}

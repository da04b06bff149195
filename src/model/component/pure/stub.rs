//! A module that is generated to stand in for WASI.

use super::answer::Answer;
use super::body;
use super::body::{Callees, Outside};
use super::function::CoreFunction;
use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module,
    NameMap, NameSection, TypeSection, ValType,
};

/// The end of the name of a function that traps, since the component does without WASI.
pub const WITHOUT_WASI: &str = " needs WASI, which this component was built without";

/// The module in the making: its sections, and the number of functions in it so far.
pub(super) struct Stub {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    memories: MemorySection,
    exports: ExportSection,
    code: CodeSection,
    names: NameMap,
    next_function: u32,
    callees: Callees,
}

/// A memory of at least as many pages.
fn memory(minimum: u64) -> MemoryType {
    MemoryType {
        minimum,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    }
}

impl Stub {
    /// A module that uses the memory of the main module, and these functions from outside.
    pub fn new(outside: &Outside) -> Self {
        let mut stub = Stub::empty(outside);
        stub.imports.import("env", "memory", memory(0));
        for import in outside.imports() {
            let ty = stub.function_type(&import.params, &import.results);
            let ty = EntityType::Function(ty);
            stub.imports.import(&import.module, &import.name, ty);
            stub.next_function += 1;
        }
        // What is not called is left out of the component.
        for helper in stub.callees.helpers() {
            stub.define(helper.name, &helper.params, &helper.results, &helper.code);
        }
        stub
    }

    /// A module with a memory of its own, whose first page is zero, and with the function
    /// that allocates what a caller passes. It imports nothing.
    pub fn alone() -> Self {
        let mut stub = Stub::empty(&Outside::default());
        stub.memories.memory(memory(1));
        stub.exports.export("memory", ExportKind::Memory, 0);
        let (params, results) = ([ValType::I32; 4], [ValType::I32]);
        let index = stub.define("allocate", &params, &results, &body::allocate());
        stub.exports.export("cabi_realloc", ExportKind::Func, index);
        stub
    }

    fn empty(outside: &Outside) -> Self {
        Stub {
            types: TypeSection::new(),
            imports: ImportSection::new(),
            functions: FunctionSection::new(),
            memories: MemorySection::new(),
            exports: ExportSection::new(),
            code: CodeSection::new(),
            names: NameMap::new(),
            next_function: 0,
            callees: Callees::new(outside),
        }
    }

    /// Adds a function with the signature of `function`, which returns a number if there is
    /// one, and traps otherwise; `shown` is its name in traces.
    pub fn export(&mut self, function: &CoreFunction, shown: &str, returned: Option<i32>) {
        let body = match returned {
            Some(number) => body::returning(number, function),
            None => body::trap(),
        };
        let index = self.define(shown, &function.params, &function.results, &body);
        self.exports.export(&function.name, ExportKind::Func, index);
    }

    /// Adds a function that answers in place of `function`. One with another signature than
    /// the answer has traps.
    pub fn answer(&mut self, function: &CoreFunction, shown: &str, answer: Answer) {
        let body = body::of(answer, function, &self.callees);
        let name = match &body {
            Some(_) => shown.to_owned(),
            None => format!("{shown}{WITHOUT_WASI}"),
        };
        let body = body.unwrap_or_else(body::trap);
        let index = self.define(&name, &function.params, &function.results, &body);
        self.exports.export(&function.name, ExportKind::Func, index);
    }

    /// The bytes of the module; `world` describes the interfaces that it imports.
    pub fn finish(self, world: Option<&[u8]>) -> Vec<u8> {
        let mut globals = GlobalSection::new();
        let ty = GlobalType {
            val_type: ValType::I64,
            mutable: true,
            shared: false,
        };
        globals.global(ty, &ConstExpr::i64_const(0));
        let mut names = NameSection::new();
        names.functions(&self.names);
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&self.memories)
            .section(&globals)
            .section(&self.exports)
            .section(&self.code)
            .section(&names);
        if let Some(world) = world {
            module.section(&CustomSection {
                name: "component-type:stderr".into(),
                data: world.into(),
            });
        }
        module.finish()
    }

    fn define(
        &mut self,
        name: &str,
        params: &[ValType],
        results: &[ValType],
        body: &Function,
    ) -> u32 {
        let ty = self.function_type(params, results);
        self.functions.function(ty);
        self.code.function(body);
        let index = self.next_function;
        self.names.append(index, name);
        self.next_function += 1;
        index
    }

    fn function_type(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        let index = self.types.len();
        let (params, results) = (params.iter().copied(), results.iter().copied());
        self.types.ty().function(params, results);
        index
    }
}

//! What generated adapters answer, asked in the engine, and the components they make.

use std::collections::BTreeSet;

use super::function::CoreFunction;
use super::*;
use crate::model::component::check::adapter_types;
use crate::model::component::encode::{ADAPTED, Adapter, encode};
use crate::model::component::{core_exports, core_imports, surface};
use crate::model::manifest::{KeptWasi, Randomness, WasiPolicy};

const NOTHING: WasiPolicy = policy(KeptWasi::Nothing, Randomness::Trap);
const STDERR: WasiPolicy = policy(KeptWasi::Stderr, Randomness::Trap);
const FIXED: WasiPolicy = policy(KeptWasi::Nothing, Randomness::Fixed);

const fn policy(kept: KeptWasi, randomness: Randomness) -> WasiPolicy {
    WasiPolicy { kept, randomness }
}

/// A core module with these imports, in the text format, and a memory.
fn module(imports: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {imports} (memory (export \"memory\") 1))")).unwrap()
}

/// A core module that imports all functions that the built-in adapter has, with their types.
fn everything() -> (Vec<u8>, Vec<String>) {
    let types = adapter_types(&Adapter::Reactor);
    let list = |word: &str, types: &[wasmparser::ValType]| {
        let types: Vec<_> = types.iter().map(ToString::to_string).collect();
        format!("({word} {})", types.join(" "))
    };
    let mut text = String::new();
    let mut names = Vec::new();
    for (name, ty) in &types {
        // The others are not of WASI, but of the adapter.
        let of_wasi = !ty.results().is_empty() || name == "proc_exit";
        if !of_wasi || name.starts_with("cabi_") {
            continue;
        }
        let (params, results) = (list("param", ty.params()), list("result", ty.results()));
        text += &format!("(import \"{ADAPTED}\" \"{name}\" (func {params} {results}))\n");
        names.push(name.clone());
    }
    (module(&text), names)
}

#[test]
fn it_has_all_that_the_module_imports_and_imports_nothing() {
    let (module, names) = everything();
    assert!(names.len() > 40, "{names:?}");
    for policy in [NOTHING, FIXED] {
        let bytes = adapter(&module, policy).unwrap();
        wasmparser::validate(&bytes).unwrap();
        assert_eq!(core_exports(&bytes), names);
        let memory = ("env".to_owned(), "memory".to_owned());
        assert_eq!(core_imports(&bytes), [memory]);
        let component = encode(&module, &Adapter::Pure(bytes)).unwrap();
        assert_eq!(surface(&component).unwrap().imports, [""; 0]);
    }
    let bytes = adapter(&module, STDERR).unwrap();
    wasmparser::validate(&bytes).unwrap();
    let component = encode(&module, &Adapter::Pure(bytes)).unwrap();
    let imports = surface(&component).unwrap().imports;
    let kept = [
        "wasi:io/error@0.2.0",
        "wasi:io/streams@0.2.0",
        "wasi:cli/stderr@0.2.0",
    ];
    assert_eq!(imports, kept);
}

#[test]
fn standard_error_is_imported_only_by_who_writes() {
    let import = format!("(import \"{ADAPTED}\" \"sched_yield\" (func (result i32)))");
    let module = module(&import);
    let component = encode(&module, &Adapter::Pure(adapter(&module, STDERR).unwrap())).unwrap();
    assert_eq!(surface(&component).unwrap().imports, [""; 0]);
}

#[test]
fn standard_error_is_that_of_the_world_where_it_has_one() {
    use wit_component::{StringEncoding, embed_component_metadata};
    // The versions merge, and what the world has is more than what the adapter needs.
    let mut resolve = wit_parser::Resolve::default();
    let io = "package wasi:io@0.2.3;
        interface error { resource error { to-debug-string: func() -> string; } }
        interface streams {
          use error.{error};
          variant stream-error { last-operation-failed(error), closed }
          resource output-stream {
            check-write: func() -> result<u64, stream-error>;
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
          }
        }";
    resolve.push_source("io.wit", io).unwrap();
    let world = "package a:b; world w { import wasi:io/streams@0.2.3; }";
    let package = resolve.push_source("w.wit", world).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let write = format!(
        "(import \"{ADAPTED}\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))
         (import \"wasi:io/streams@0.2.3\" \"[method]output-stream.check-write\" (func (param i32 i32)))"
    );
    let mut module = module(&write);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let pure = Adapter::Pure(adapter(&module, STDERR).unwrap());
    let component = encode(&module, &pure).unwrap();
    let imports: BTreeSet<String> = surface(&component).unwrap().imports.into_iter().collect();
    let kept = [
        "wasi:cli/stderr@0.2.0",
        "wasi:io/error@0.2.3",
        "wasi:io/streams@0.2.3",
    ];
    assert_eq!(imports, kept.map(str::to_owned).into());
}

#[test]
fn a_function_with_another_signature_traps() {
    let import = format!("(import \"{ADAPTED}\" \"fd_write\" (func (param i64) (result f32)))");
    let bytes = adapter(&module(&import), NOTHING).unwrap();
    wasmparser::validate(&bytes).unwrap();
    let name = format!("fd_write{WITHOUT_WASI}");
    assert!(contains(&bytes, &name));
}

/// A component of a world, whose functions do nothing.
fn component_of(wit: &str) -> Vec<u8> {
    use wit_component::{StringEncoding, dummy_module, embed_component_metadata};
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = dummy_module(&resolve, world, wit_parser::ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    encode(&module, &Adapter::Reactor).unwrap()
}

const FILES: &str = "package t:app;
package wasi:io@0.2.3 { interface streams { resource input-stream { read: func() -> list<u8>; } } }
package wasi:filesystem@0.2.3 {
  interface types {
    use wasi:io/streams@0.2.3.{input-stream};
    enum error { access, other }
    record place { line: u32, text: string }
    resource descriptor {
      open: func(path: string, at: list<place>) -> result<descriptor, error>;
      via: func() -> result<input-stream, error>;
    }
    first: async func(name: option<string>) -> tuple<f32, f64, u64>;
  }
  interface preopens {
    use types.{descriptor};
    get-directories: func() -> list<tuple<descriptor, string>>;
  }
}
world w {
  record mine { a: u8 }
  use wasi:filesystem/types@0.2.3.{descriptor, place};
  import wasi:filesystem/preopens@0.2.3;
  import wasi:filesystem/types@0.2.3;
  import wasi:io/streams@0.2.3;
  import inner: interface { f: func(); }
  import plain: func(a: string) -> string;
  import typed: func(a: mine);
  export run: func();
}";

#[test]
fn a_stub_exports_what_is_imported_and_imports_only_what_its_types_need() {
    let component = component_of(FILES);
    let stub = |names: &[&str]| stub_of("t:app", &component, &names.iter().copied().collect());
    let types = "wasi:filesystem/types@0.2.3";
    let all = [types, "wasi:filesystem/preopens@0.2.3", "inner", "plain"];
    let bytes = stub(&all).unwrap();
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
        .validate_all(&bytes)
        .unwrap();
    let found = surface(&bytes).unwrap();
    assert_eq!(found.imports, ["wasi:io/streams@0.2.3"]);
    let exports: BTreeSet<&str> = found.exports.iter().map(String::as_str).collect();
    assert_eq!(exports, BTreeSet::from(all));
    for name in [
        "plain",
        "inner#f",
        "wasi:filesystem/types@0.2.3#[method]descriptor.open",
    ] {
        assert!(contains(&bytes, &format!("{name}{STUBBED}")), "{name}");
    }
    // An empty host has no directories.
    let directories = "wasi:filesystem/preopens@0.2.3#get-directories";
    assert!(!contains(&bytes, &format!("{directories}{STUBBED}")));
    let error = stub(&["typed"]).unwrap_err();
    assert!(
        format!("{error:?}").contains("`typed` has types that are declared"),
        "{error:?}"
    );
    assert!(stub_of("text", b"text", &BTreeSet::new()).is_err());
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn functions_of_the_main_module_are_read_with_their_types() {
    let bytes = module(
        "(import \"a\" \"f\" (func (param i64) (result f32)))
         (import \"a\" \"g\" (global i32)) (import \"a\" \"f\" (func (param i64) (result f32)))",
    );
    let expected = CoreFunction {
        module: "a".to_owned(),
        name: "f".to_owned(),
        params: vec![wasm_encoder::ValType::I64],
        results: vec![wasm_encoder::ValType::F32],
    };
    assert_eq!(function::imported_functions(&bytes), [expected]);
    assert_eq!(function::imported_functions(b"text"), []);
}

#[cfg(feature = "runtime")]
mod asked {
    use wasmtime::{Engine, Instance, Linker, Memory, MemoryType, Module, Store, Val};

    use super::*;

    /// An adapter in the engine, with the memory that it uses.
    struct Asked {
        store: Store<()>,
        memory: Memory,
        instance: Instance,
    }

    impl Asked {
        fn new(policy: WasiPolicy) -> Self {
            let engine = Engine::default();
            let bytes = adapter(&everything().0, policy).unwrap();
            let module = Module::new(&engine, &bytes).unwrap();
            let mut store = Store::new(&engine, ());
            let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
            // What is not written stays as it was.
            memory.data_mut(&mut store).fill(0xaa);
            let mut linker = Linker::new(&engine);
            linker.define(&store, "env", "memory", memory).unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            Asked {
                store,
                memory,
                instance,
            }
        }

        /// Calls a function with these numbers, where it has parameters of 4 bytes, and with
        /// zeros elsewhere; its result, or the trap with the trace.
        fn call(&mut self, name: &str, arguments: &[i32]) -> Result<Option<i32>, String> {
            let function = self.instance.get_func(&mut self.store, name).unwrap();
            let ty = function.ty(&self.store);
            let mut given = arguments.iter();
            let params: Vec<Val> = ty
                .params()
                .map(|ty| match ty.is_i32() {
                    true => Val::I32(given.next().copied().unwrap_or(0)),
                    false => Val::I64(0),
                })
                .collect();
            let mut results: Vec<Val> = ty.results().map(|_| Val::I32(-1)).collect();
            let called = function.call(&mut self.store, &params, &mut results);
            called.map_err(|e| format!("{e:?}"))?;
            Ok(results.first().and_then(Val::i32))
        }

        fn word(&self, at: usize) -> u32 {
            let bytes = &self.memory.data(&self.store)[at..at + 4];
            u32::from_le_bytes(bytes.try_into().unwrap())
        }

        fn set(&mut self, at: usize, word: u32) {
            let bytes = word.to_le_bytes();
            self.memory.data_mut(&mut self.store)[at..at + 4].copy_from_slice(&bytes);
        }
    }

    const UNTOUCHED: u32 = 0xaaaa_aaaa;

    #[test]
    fn each_function_answers_like_an_empty_host() {
        let mut adapter = Asked::new(NOTHING);
        for (name, answer) in [
            ("args_get", 0),
            ("environ_get", 0),
            ("sched_yield", 0),
            ("fd_prestat_get", 8),
            ("fd_prestat_dir_name", 8),
            ("fd_close", 8),
            ("fd_fdstat_get", 8),
            ("fd_seek", 8),
            ("path_open", 8),
            ("path_filestat_get", 8),
            ("sock_shutdown", 8),
        ] {
            assert_eq!(adapter.call(name, &[3]), Ok(Some(answer)), "{name}");
        }
        for name in ["args_sizes_get", "environ_sizes_get"] {
            let mut adapter = Asked::new(NOTHING);
            assert_eq!(adapter.call(name, &[100, 104]), Ok(Some(0)));
            let words = [96, 100, 104, 108].map(|at| adapter.word(at));
            assert_eq!(words, [UNTOUCHED, 0, 0, UNTOUCHED], "{name}");
        }
        assert_eq!(adapter.call("fd_read", &[0, 0, 0, 200]), Ok(Some(0)));
        assert_eq!(adapter.word(200), 0);
        assert_eq!(adapter.call("fd_read", &[3, 0, 0, 204]), Ok(Some(8)));
        assert_eq!(adapter.word(204), UNTOUCHED);
        // Whatever there is answers or traps.
        for name in everything().1 {
            let called = Asked::new(NOTHING).call(&name, &[]);
            assert!(matches!(called, Ok(Some(_)) | Err(_)), "{name} {called:?}");
        }
    }

    #[test]
    fn output_counts_as_written() {
        let mut adapter = Asked::new(NOTHING);
        for (at, word) in [(64, 0), (68, 5), (72, 0), (76, 7)] {
            adapter.set(at, word);
        }
        for fd in [1, 2] {
            assert_eq!(adapter.call("fd_write", &[fd, 64, 2, 80]), Ok(Some(0)));
            assert_eq!(adapter.word(80), 12);
        }
        assert_eq!(adapter.call("fd_write", &[1, 64, 0, 80]), Ok(Some(0)));
        assert_eq!(adapter.word(80), 0);
        for fd in [0, 3, -1] {
            assert_eq!(adapter.call("fd_write", &[fd, 64, 2, 84]), Ok(Some(8)));
        }
        assert_eq!(adapter.word(84), UNTOUCHED);
    }

    #[test]
    fn what_cannot_be_answered_traps_with_its_name() {
        let mut adapter = Asked::new(NOTHING);
        for name in [
            "clock_time_get",
            "clock_res_get",
            "random_get",
            "poll_oneoff",
            "proc_exit",
        ] {
            let trap = adapter.call(name, &[]).unwrap_err();
            assert!(trap.contains(&format!("!{name}{WITHOUT_WASI}")), "{trap}");
        }
    }

    #[test]
    fn fixed_numbers_differ_and_are_those_of_every_run() {
        let fill = || {
            let mut adapter = Asked::new(FIXED);
            assert_eq!(adapter.call("random_get", &[64, 3]), Ok(Some(0)));
            assert_eq!(adapter.word(64) >> 24, 0xaa, "one byte too many");
            assert_eq!(adapter.call("random_get", &[64, 16]), Ok(Some(0)));
            let words = [64, 68, 72, 76].map(|at| adapter.word(at));
            assert_eq!(adapter.word(80), UNTOUCHED);
            words
        };
        let words = fill();
        assert_eq!(fill(), words);
        assert_eq!(BTreeSet::from(words).len(), 4, "{words:x?}");
    }

    /// What a host whose standard error is closed, or fails, gets and answers.
    #[test]
    fn standard_error_gets_all_bytes_and_memory_stays() {
        use wasmtime::{Caller, Extern};
        for refused in [false, true] {
            let engine = Engine::default();
            let bytes = adapter(&everything().0, STDERR).unwrap();
            let module = Module::new(&engine, &bytes).unwrap();
            let mut store = Store::new(&engine, (Vec::<usize>::new(), Vec::<&str>::new()));
            let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
            memory.data_mut(&mut store).fill(0xaa);
            for (at, word) in [(64, 1000_u32), (68, 5000), (72, 6000), (76, 3)] {
                let bytes = word.to_le_bytes();
                memory.data_mut(&mut store)[at..at + 4].copy_from_slice(&bytes);
            }
            type Host<'a> = Caller<'a, (Vec<usize>, Vec<&'static str>)>;
            let mut linker = Linker::new(&engine);
            linker.define(&store, "env", "memory", memory).unwrap();
            let streams = "wasi:io/streams@0.2.0";
            linker
                .func_wrap("wasi:cli/stderr@0.2.0", "get-stderr", || 7)
                .unwrap();
            let write = move |mut host: Host<'_>, stream: i32, at: i32, length: i32, to: i32| {
                assert_eq!(stream, 7);
                assert!((1000..6003).contains(&at));
                host.data_mut().0.push(length as usize);
                let to = to as usize;
                let result = memory.data_mut(&mut host);
                result[to..to + 12].copy_from_slice(&[
                    refused.into(),
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    9,
                    0,
                    0,
                    0,
                ]);
            };
            linker
                .func_wrap(
                    streams,
                    "[method]output-stream.blocking-write-and-flush",
                    write,
                )
                .unwrap();
            let dropped = |what: &'static str, handle: i32| {
                move |mut host: Host<'_>, given: i32| {
                    assert_eq!(given, handle);
                    host.data_mut().1.push(what);
                }
            };
            linker
                .func_wrap(
                    streams,
                    "[resource-drop]output-stream",
                    dropped("stream", 7),
                )
                .unwrap();
            linker
                .func_wrap(
                    "wasi:io/error@0.2.0",
                    "[resource-drop]error",
                    dropped("error", 9),
                )
                .unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            assert!(matches!(
                instance.get_export(&mut store, "fd_write"),
                Some(Extern::Func(_))
            ));
            let written = instance
                .get_typed_func::<(i32, i32, i32, i32), i32>(&mut store, "fd_write")
                .unwrap()
                .call(&mut store, (2, 64, 2, 80))
                .unwrap();
            let (lengths, drops) = store.data().clone();
            let total = memory.data(&store)[80..84].to_vec();
            match refused {
                false => {
                    assert_eq!((written, lengths), (0, vec![4096, 904, 3]));
                    assert_eq!(drops, ["stream"]);
                    assert_eq!(total, 5003_u32.to_le_bytes());
                }
                true => {
                    assert_eq!((written, lengths), (29, vec![4096]));
                    assert_eq!(drops, ["error", "stream"]);
                    assert_eq!(total, [0xaa; 4]);
                }
            }
            assert!(memory.data(&store)[..64].iter().all(|byte| *byte == 0xaa));
        }
    }
}

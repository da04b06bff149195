//! The code of the functions that answer in place of WASI.

use wasm_encoder::{BlockType, Function, MemArg, ValType};

use super::answer::{Answer, BADF, IO, Store};
use super::function::CoreFunction;

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;

/// Where the result of a call is written for a moment; what was there is put back.
const SCRATCH: i32 = 16;
/// The most bytes that `blocking-write-and-flush` takes.
const CHUNK: i32 = 4096;
/// The bytes of a page of memory.
const PAGE: i32 = 65536;
/// The only global: the state of the fixed numbers.
const STATE: u32 = 0;

/// What the generated module gets from outside besides the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outside {
    /// The version of WASI whose standard error is written to.
    pub stderr: Option<String>,
    /// Whether memory can be allocated with the function of the main module.
    pub realloc: bool,
}

impl Outside {
    /// The functions that are imported, in order.
    pub fn imports(&self) -> Vec<CoreFunction> {
        let mut imports = Vec::new();
        let mut import = |module: String, name: &str, params: &[ValType], results: &[ValType]| {
            imports.push(CoreFunction {
                module,
                name: name.to_owned(),
                params: params.to_vec(),
                results: results.to_vec(),
            });
        };
        let of = |interface: &str, version: &str| format!("wasi:{interface}@{version}");
        if let Some(version) = &self.stderr {
            import(of("cli/stderr", version), "get-stderr", &[], &[I32]);
            let write = "[method]output-stream.blocking-write-and-flush";
            import(of("io/streams", version), write, &[I32; 4], &[]);
            let drop_stream = "[resource-drop]output-stream";
            import(of("io/streams", version), drop_stream, &[I32], &[]);
            import(of("io/error", version), "[resource-drop]error", &[I32], &[]);
        }
        if self.realloc {
            let main = "__main_module__".to_owned();
            import(main, "cabi_realloc", &[I32; 4], &[I32]);
        }
        imports
    }
}

/// The indices of the functions that answers call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Callees {
    stderr: Option<Stderr>,
    realloc: Option<u32>,
    next_number: u32,
    fill: u32,
}

/// The indices of the functions that write to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stderr {
    get: u32,
    write: u32,
    drop_stream: u32,
    drop_error: u32,
    write_all: u32,
}

/// A function that answers call: its name, its types and its code.
pub(super) struct Helper {
    pub name: &'static str,
    pub params: Vec<ValType>,
    pub results: Vec<ValType>,
    pub code: Function,
}

impl Callees {
    /// The functions from outside, and behind them the helpers.
    pub fn new(outside: &Outside) -> Self {
        let imported = outside.imports().len() as u32;
        Callees {
            stderr: outside.stderr.as_ref().map(|_| Stderr {
                get: 0,
                write: 1,
                drop_stream: 2,
                drop_error: 3,
                write_all: imported + 2,
            }),
            realloc: outside.realloc.then(|| imported - 1),
            next_number: imported,
            fill: imported + 1,
        }
    }

    /// The helpers, in the order of their indices.
    pub fn helpers(&self) -> Vec<Helper> {
        let helper = |name, params: &[ValType], results: &[ValType], code| Helper {
            name,
            params: params.to_vec(),
            results: results.to_vec(),
            code,
        };
        let mut helpers = vec![
            helper("next_fixed_number", &[], &[I64], next_number()),
            helper("fill_with_fixed_numbers", &[I32; 2], &[], self.fill()),
        ];
        if let Some(stderr) = &self.stderr {
            let name = "write_to_stderr";
            helpers.push(helper(name, &[I32; 3], &[I32], stderr.write_all()));
        }
        helpers
    }

    /// Stores numbers at a pointer, as many bytes as the second parameter says.
    fn fill(&self) -> Function {
        let (pointer, length) = (0, 1);
        let mut code = Function::new([]);
        let mut i = code.instructions();
        i.block(BlockType::Empty).loop_(BlockType::Empty);
        i.local_get(length).i32_eqz().br_if(1);
        i.local_get(pointer).call(self.next_number).i32_wrap_i64();
        i.i32_store8(at(0, 0));
        i.local_get(pointer)
            .i32_const(1)
            .i32_add()
            .local_set(pointer);
        i.local_get(length).i32_const(1).i32_sub().local_set(length);
        i.br(0).end().end().end();
        code
    }
}

/// The next number of SplitMix64 from the seed 0: different in each call, and the same in
/// every run.
fn next_number() -> Function {
    let mixed = 0;
    let mut code = Function::new([(1, I64)]);
    let mut i = code.instructions();
    i.global_get(STATE)
        .i64_const(0x9e37_79b9_7f4a_7c15_u64 as i64);
    i.i64_add().local_tee(mixed).global_set(STATE);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9_u64), (27, 0x94d0_49bb_1331_11eb)] {
        i.local_get(mixed).local_get(mixed).i64_const(shift);
        i.i64_shr_u().i64_xor();
        i.i64_const(factor as i64).i64_mul().local_set(mixed);
    }
    i.local_get(mixed).local_get(mixed).i64_const(31);
    i.i64_shr_u().i64_xor().end();
    code
}

impl Stderr {
    /// Writes bytes to the stream that is the first parameter, and returns whether it failed.
    ///
    /// The host stores its result, `result<_, stream-error>` of 12 bytes, where the main
    /// module may have data, which is put back.
    fn write_all(&self) -> Function {
        let (stream, pointer, length, chunk, failed) = (0, 1, 2, 3, 4);
        let saved = [5, 6, 7];
        let mut code = Function::new([(5, I32)]);
        let mut i = code.instructions();
        i.block(BlockType::Empty).loop_(BlockType::Empty);
        i.local_get(length).i32_eqz().br_if(1);
        i.local_get(length).i32_const(CHUNK).local_get(length);
        i.i32_const(CHUNK).i32_lt_u().select().local_set(chunk);
        for (word, local) in (0..).step_by(4).zip(saved) {
            i.i32_const(SCRATCH).i32_load(at(word, 2)).local_set(local);
        }
        i.local_get(stream).local_get(pointer).local_get(chunk);
        i.i32_const(SCRATCH).call(self.write);
        i.i32_const(SCRATCH).i32_load8_u(at(0, 0)).local_tee(failed);
        i.if_(BlockType::Empty);
        // The first case of the error has a handle, `closed` has none.
        i.i32_const(SCRATCH).i32_load8_u(at(4, 0)).i32_eqz();
        i.if_(BlockType::Empty);
        i.i32_const(SCRATCH)
            .i32_load(at(8, 2))
            .call(self.drop_error);
        i.end().end();
        for (word, local) in (0..).step_by(4).zip(saved) {
            i.i32_const(SCRATCH).local_get(local).i32_store(at(word, 2));
        }
        i.local_get(failed).br_if(1);
        i.local_get(pointer)
            .local_get(chunk)
            .i32_add()
            .local_set(pointer);
        i.local_get(length)
            .local_get(chunk)
            .i32_sub()
            .local_set(length);
        i.br(0).end().end().local_get(failed).end();
        code
    }
}

/// The function that allocates: `(old, old length, alignment, length) -> pointer`. It
/// takes new pages each time, since what is called next traps.
pub(super) fn allocate() -> Function {
    let (length, pages) = (3, 4);
    let mut code = Function::new([(1, I32)]);
    let mut i = code.instructions();
    i.local_get(length).i32_const(PAGE - 1).i32_add();
    i.i32_const(PAGE.trailing_zeros() as i32).i32_shr_u();
    i.memory_grow(0).local_tee(pages).i32_const(-1).i32_eq();
    i.if_(BlockType::Empty).unreachable().end();
    i.local_get(pages).i32_const(PAGE).i32_mul().end();
    code
}

/// A function that only traps.
pub(super) fn trap() -> Function {
    let mut code = Function::new([]);
    code.instructions().unreachable().end();
    code
}

/// The code of an answer for a function with this signature; `None` if it traps.
pub(super) fn of(answer: Answer, function: &CoreFunction, callees: &Callees) -> Option<Function> {
    let signature = (function.params.as_slice(), function.results.as_slice());
    Some(match (answer, signature) {
        (Answer::Returns(number), (_, [] | [ValType::I32])) => returning(number, function),
        (Answer::Stores(stores), (params, [] | [ValType::I32])) => {
            let pointer = |store: &Store| params.get(store.pointer as usize) == Some(&I32);
            stores
                .iter()
                .all(pointer)
                .then(|| storing(stores, function))?
        }
        (Answer::EndOfFile, ([I32, I32, I32, I32], [I32])) => end_of_file(),
        (Answer::DropsOutput, ([I32, I32, I32, I32], [I32])) => output(None),
        (Answer::WritesToStderr, ([I32, I32, I32, I32], [I32])) => output(callees.stderr.as_ref()),
        (Answer::FixedFill, ([I32, I32], [I32])) => filling(callees),
        (Answer::FixedNumber, ([], [I64])) => calling(callees.next_number),
        (Answer::FixedPair, ([I32], [])) => storing_pair(callees),
        (Answer::FixedList, ([I64, I32], [])) => storing_list(callees, callees.realloc?),
        _ => return None,
    })
}

fn at(offset: u64, align: u32) -> MemArg {
    MemArg {
        offset,
        align,
        memory_index: 0,
    }
}

/// A function that returns a number, if it has a result.
pub(super) fn returning(number: i32, function: &CoreFunction) -> Function {
    let mut code = Function::new([]);
    if !function.results.is_empty() {
        code.instructions().i32_const(number);
    }
    code.instructions().end();
    code
}

fn storing(stores: &[Store], function: &CoreFunction) -> Function {
    let mut code = Function::new([]);
    let mut i = code.instructions();
    for store in stores {
        i.local_get(store.pointer).i32_const(store.value);
        i.i32_store(at(store.offset, 2));
    }
    if !function.results.is_empty() {
        i.i32_const(0);
    }
    i.end();
    code
}

fn calling(callee: u32) -> Function {
    let mut code = Function::new([]);
    code.instructions().call(callee).end();
    code
}

/// `fd_read(fd, iovs, count, read)`: nothing is read from descriptor 0.
fn end_of_file() -> Function {
    let mut code = Function::new([]);
    let mut i = code.instructions();
    i.local_get(0).if_(BlockType::Empty);
    i.i32_const(BADF).return_().end();
    i.local_get(3).i32_const(0).i32_store(at(0, 2));
    i.i32_const(0).end();
    code
}

/// `fd_write(fd, iovs, count, written)`: all bytes for descriptors 1 and 2 count as
/// written. With `stderr`, they are.
fn output(stderr: Option<&Stderr>) -> Function {
    let (fd, buffers, count, written, total, stream, failed) = (0, 1, 2, 3, 4, 5, 6);
    let mut code = Function::new([(3, I32)]);
    let mut i = code.instructions();
    i.local_get(fd)
        .i32_const(1)
        .i32_sub()
        .i32_const(2)
        .i32_ge_u();
    i.if_(BlockType::Empty).i32_const(BADF).return_().end();
    if let Some(stderr) = stderr {
        i.call(stderr.get).local_set(stream);
    }
    i.block(BlockType::Empty).loop_(BlockType::Empty);
    i.local_get(count).i32_eqz().br_if(1);
    if let Some(stderr) = stderr {
        i.local_get(stream);
        i.local_get(buffers).i32_load(at(0, 2));
        i.local_get(buffers).i32_load(at(4, 2));
        i.call(stderr.write_all).local_tee(failed).br_if(1);
    }
    i.local_get(total).local_get(buffers).i32_load(at(4, 2));
    i.i32_add().local_set(total);
    i.local_get(buffers)
        .i32_const(8)
        .i32_add()
        .local_set(buffers);
    i.local_get(count).i32_const(1).i32_sub().local_set(count);
    i.br(0).end().end();
    if let Some(stderr) = stderr {
        i.local_get(stream).call(stderr.drop_stream);
        i.local_get(failed).if_(BlockType::Empty);
        i.i32_const(IO).return_().end();
    }
    i.local_get(written).local_get(total).i32_store(at(0, 2));
    i.i32_const(0).end();
    code
}

/// `random_get(pointer, length)`: the bytes are fixed.
fn filling(callees: &Callees) -> Function {
    let mut code = Function::new([]);
    let mut i = code.instructions();
    i.local_get(0).local_get(1).call(callees.fill);
    i.i32_const(0).end();
    code
}

/// Stores two fixed numbers of 8 bytes at the pointer.
fn storing_pair(callees: &Callees) -> Function {
    let mut code = Function::new([]);
    let mut i = code.instructions();
    for offset in [0, 8] {
        i.local_get(0).call(callees.next_number);
        i.i64_store(at(offset, 3));
    }
    i.end();
    code
}

/// Allocates as many bytes as the first parameter says, fills them, and stores the list at
/// the second.
fn storing_list(callees: &Callees, realloc: u32) -> Function {
    let (length, list, bytes) = (0, 1, 2);
    let mut code = Function::new([(1, I32)]);
    let mut i = code.instructions();
    i.i32_const(0).i32_const(0).i32_const(1);
    i.local_get(length)
        .i32_wrap_i64()
        .call(realloc)
        .local_tee(bytes);
    i.local_get(length).i32_wrap_i64().call(callees.fill);
    i.local_get(list).local_get(bytes).i32_store(at(0, 2));
    i.local_get(list).local_get(length).i32_wrap_i64();
    i.i32_store(at(4, 2)).end();
    code
}

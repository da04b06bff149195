//! The engine and the threads it needs.

use std::num::NonZeroUsize;
use std::time::Duration;

use wasmtime::{Cache, Config, Engine, OptLevel, Strategy};

use super::fault;
use crate::base::error::{Error, Result};
use crate::system::runtime::component_file::Optimization;
use crate::system::runtime::permissions::Interrupts;

/// Succeeds, since this build has an engine.
pub fn available() -> Result<()> {
    Ok(())
}

/// How many bytes of stack the code of Winch may use: four times what others may, since
/// it keeps all variables of a function there.
#[cfg(target_arch = "x86_64")]
const WINCH_STACK: usize = 2 << 20;

/// How many frames of a stack are recorded after a failure, the innermost ones: enough for a
/// deep recursion.
const MAX_FRAMES: NonZeroUsize = NonZeroUsize::new(1 << 15).unwrap();

/// What compiles WebAssembly to machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compiler {
    /// Winch, in a single pass. It lacks some features of WebAssembly, such as garbage
    /// collection, exceptions and tail calls.
    #[cfg(target_arch = "x86_64")]
    Winch,
    /// Cranelift, as much as it optimizes with this level.
    Cranelift(OptLevel),
}

/// The compilers to try one after the other, until one supports the component.
pub(super) fn compilers(optimization: Optimization) -> &'static [Compiler] {
    match optimization {
        Optimization::None => &[
            #[cfg(target_arch = "x86_64")]
            Compiler::Winch,
            Compiler::Cranelift(OptLevel::None),
        ],
        Optimization::Full => &[Compiler::Cranelift(OptLevel::Speed)],
    }
}

/// An engine with every feature of WebAssembly that a component may use and the
/// compiler supports.
pub(super) fn new_engine(compiler: Compiler, interrupts: Interrupts) -> Result<Engine> {
    let mut config = Config::new();
    match compiler {
        #[cfg(target_arch = "x86_64")]
        Compiler::Winch => config
            .strategy(Strategy::Winch)
            .max_wasm_stack(WINCH_STACK)
            .async_stack_size(2 * WINCH_STACK),
        Compiler::Cranelift(level) => config
            .strategy(Strategy::Cranelift)
            .cranelift_opt_level(level),
    };
    config.wasm_component_model(true);
    config.wasm_component_model_async(true);
    // Attributes and labels on imports make a component that needs this.
    config.wasm_component_model_implements(true);
    config.wasm_component_model_fixed_length_lists(true);
    config.wasm_component_model_map(true);
    config.parallel_compilation(true);
    config.wasm_backtrace_max_frames(Some(MAX_FRAMES));
    // Only Windows needs it. The engine reads its stacks without.
    config.native_unwind_info(cfg!(windows));
    config.epoch_interruption(interrupts != Interrupts::Never);
    // Without a home directory there is no cache, and compiling takes longer.
    config.cache(Cache::from_file(None).ok());
    Engine::new(&config).map_err(|e| fault::error("failed to start the engine", &e))
}

/// How long code runs before other code has its turn.
pub(super) const TIME_SLICE: Duration = Duration::from_millis(10);

/// Counts time slices of this length in a thread that ends with the engine.
pub(super) fn count_time_slices(engine: &Engine, length: Duration) -> Result<()> {
    let engine = engine.weak();
    let thread = std::thread::Builder::new().name("time-slices".to_owned());
    let started = thread.spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(length);
        }
    });
    let failed = |e| Error::unsupported("failed to start the engine's threads").with_cause(e);
    started.map(|_| ()).map_err(failed)
}

/// A tokio runtime for one operation.
pub(super) fn tokio_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::unsupported("failed to start the engine's threads").with_cause(e))
}

//! The engine: the wasmtime libraries with WASI 0.2, WASI 0.3 and `wasi:http`.
//!
//! Everything async stays in here: each operation starts its own tokio and
//! blocks the caller until the component is done.

mod answer;
mod fault;
mod host;
mod invoke;
mod missed;
mod run;
mod serve;
mod wave;

use std::path::Path;
use std::time::Duration;

use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Cache, Config, Engine};

use self::host::Host;
use super::{Interrupts, exports};
use crate::base::error::{Error, Result};
use crate::model::component::debug::without_dwarf;
use crate::system::fs;

/// A component, compiled.
pub struct Compiled {
    bytes: Vec<u8>,
    name: String,
    engine: Engine,
    component: Component,
}

impl Compiled {
    /// Reads and compiles the component at `path`.
    pub fn open(path: &Path, interrupts: Interrupts) -> Result<Self> {
        let context = |error: Error| error.context(format!("failed to load `{}`", path.display()));
        let bytes = fs::read(path)?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Compiled::new(bytes, name.to_string_lossy().into_owned(), interrupts).map_err(context)
    }

    fn new(bytes: Vec<u8>, name: String, interrupts: Interrupts) -> Result<Self> {
        // The engine would take text for a path and a core module for a riddle.
        exports::entry(&bytes)?;
        let engine = engine(interrupts)?;
        // Traps are told by the names of functions; this is most of what the
        // engine would digest to find what it compiled before.
        let lean = without_dwarf(&bytes);
        let component = Component::from_binary(&engine, lean.as_deref().unwrap_or(&bytes))
            .map_err(|e| fault::error("invalid component", &e))?;
        if interrupts == Interrupts::Regular {
            tick(&engine)?;
        }
        Ok(Compiled {
            bytes,
            name,
            engine,
            component,
        })
    }

    /// Gives it everything the host has; fails on what the host does not have.
    fn link(&self) -> Result<InstancePre<Host>> {
        let mut linker = Linker::new(&self.engine);
        let failed = |e: wasmtime::Error| fault::error("failed to set up the host", &e);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(failed)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker).map_err(failed)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).map_err(failed)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker).map_err(failed)?;
        linker
            .instantiate_pre(&self.component)
            .map_err(|e| self.not_linked(&e))
    }

    /// Why linking failed: the imports nobody here provides, or what the
    /// engine says where all of them are WASI.
    fn not_linked(&self, cause: &wasmtime::Error) -> Error {
        let foreign: Vec<String> = exports::needs(&self.bytes)
            .unwrap_or_default()
            .into_iter()
            .filter(|name| !host::provides(name))
            .collect();
        let [first, ..] = &foreign[..] else {
            return fault::error(
                "the component needs a WASI version that this engine does not support",
                cause,
            );
        };
        let names: Vec<String> = foreign.iter().map(|name| format!("`{name}`")).collect();
        Error::input(format!(
            "the component imports {}, which no component provides",
            names.join(", ")
        ))
        .hint(format!(
            "link a component that exports it: add a dependency, or give its file with `--with {first}=FILE`"
        ))
    }
}

/// There is an engine.
pub fn available() -> Result<()> {
    Ok(())
}

/// The engine with everything a component may use switched on.
fn engine(interrupts: Interrupts) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.wasm_component_model_async(true);
    // Attributes and labels on imports make a component that needs this.
    config.wasm_component_model_implements(true);
    config.wasm_component_model_fixed_length_lists(true);
    config.wasm_component_model_map(true);
    config.parallel_compilation(true);
    config.epoch_interruption(interrupts == Interrupts::Regular);
    // Without a home directory there is no cache, and compiling takes longer.
    config.cache(Cache::from_file(None).ok());
    Engine::new(&config).map_err(|e| fault::error("failed to start the engine", &e))
}

/// How long code runs before it lets others run.
const TURN: Duration = Duration::from_millis(10);

/// Counts turns as long as there is the engine.
fn tick(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    let thread = std::thread::Builder::new().name("turns".to_owned());
    let ticking = thread.spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TURN);
        }
    });
    let failed = |e| Error::unsupported("failed to start the engine's threads").because(e);
    ticking.map(|_| ()).map_err(failed)
}

/// A tokio for one operation.
fn tokio() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::unsupported("failed to start the engine's threads").because(e))
}

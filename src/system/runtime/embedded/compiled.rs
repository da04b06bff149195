//! A compiled component, linked to what the host provides.

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use super::engine::{count_time_slices, new_engine};
use super::fault;
use super::host::{Host, provides};
use crate::base::error::{Error, Result};
use crate::model::component::debug::without_dwarf;
use crate::system::fs;
use crate::system::runtime::exports;
use crate::system::runtime::permissions::Interrupts;

/// A component that was read and compiled.
pub struct Compiled {
    pub(super) bytes: Vec<u8>,
    pub(super) name: String,
    pub(super) engine: Engine,
    pub(super) component: Component,
}

impl Compiled {
    /// Reads and compiles the component at `path`.
    pub fn open(path: &Path, interrupts: Interrupts) -> Result<Self> {
        let context = |error: Error| error.context(format!("failed to load `{}`", path.display()));
        let bytes = fs::read(path)?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Compiled::new(bytes, name.to_string_lossy().into_owned(), interrupts).map_err(context)
    }

    pub(super) fn new(bytes: Vec<u8>, name: String, interrupts: Interrupts) -> Result<Self> {
        // The errors of the engine for text and for core modules would mislead.
        exports::entry_point(&bytes)?;
        let engine = new_engine(interrupts)?;
        // Reports of traps need the names of functions only. The rest of the debug
        // information is most of what the engine would hash for its cache.
        let without_debug_info = without_dwarf(&bytes);
        let component =
            Component::from_binary(&engine, without_debug_info.as_deref().unwrap_or(&bytes))
                .map_err(|e| fault::error("invalid component", &e))?;
        if interrupts == Interrupts::Regular {
            count_time_slices(&engine)?;
        }
        Ok(Compiled {
            bytes,
            name,
            engine,
            component,
        })
    }

    /// Links it to everything the host provides; fails if it imports more.
    pub(super) fn link(&self) -> Result<InstancePre<Host>> {
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

    /// Why linking failed: the imports that the host does not provide, or the
    /// error of the engine where all of them are WASI.
    fn not_linked(&self, cause: &wasmtime::Error) -> Error {
        let foreign: Vec<String> = exports::needs(&self.bytes)
            .unwrap_or_default()
            .into_iter()
            .filter(|name| !provides(name))
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

//! From frames of the engine to functions, files and lines of the source.

use std::collections::BTreeSet;
use std::path::Path;

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian};
use wasmparser::{Parser, Payload};
use wasmtime::{FrameInfo, Module, WasmBacktrace};

use super::frame::Frame;
use crate::base::error::Result;
use crate::model::component::core_functions::CoreFunctions;
use crate::model::component::core_modules::{CoreModule, core_modules};
use crate::model::component::pure::WITHOUT_WASI;
use crate::model::component::symbols::{demangled, is_mangled};

/// The bytes of a file with DWARF sections, all numbers of which are little-endian.
type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// What the names and the debug information of a component say about its code.
pub struct Symbols<'a> {
    modules: Vec<ModuleSymbols<'a>>,
    /// Whether several components have code of their own.
    several: bool,
    /// The directory of the user; paths below it are shown from there.
    dir: &'a Path,
}

/// One core module of the component.
struct ModuleSymbols<'a> {
    module: CoreModule<'a>,
    /// The functions at their places in what was compiled.
    functions: CoreFunctions<'a>,
    /// The same functions with their names.
    named: CoreFunctions<'a>,
    lines: Option<addr2line::Context<Bytes<'a>>>,
}

impl<'a> Symbols<'a> {
    /// Reads a component: `compiled` is what the engine got, to whose bytes it refers, and
    /// `full` the same component with the names of functions, and with debug information if
    /// there is any.
    ///
    /// # Errors
    ///
    /// If one of them cannot be parsed.
    pub fn read(compiled: &'a [u8], full: &'a [u8], dir: &'a Path) -> Result<Self> {
        let mut modules = Vec::new();
        for (module, full) in core_modules(compiled)?.into_iter().zip(core_modules(full)?) {
            modules.push(ModuleSymbols {
                functions: CoreFunctions::read(module.bytes)?,
                named: CoreFunctions::read(full.bytes)?,
                lines: lines(full.bytes),
                module,
            });
        }
        let own = modules.iter().filter(|m| !m.module.is_added());
        let components: BTreeSet<_> = own.map(|m| m.module.component).collect();
        Ok(Symbols {
            several: components.len() > 1,
            modules,
            dir,
        })
    }

    /// Whether any module has debug information.
    pub fn has_lines(&self) -> bool {
        self.modules.iter().any(|module| module.lines.is_some())
    }

    /// The names of the functions that were running, the innermost first, without those that
    /// are inlined in another.
    pub fn functions(&self, backtrace: &WasmBacktrace) -> Vec<String> {
        let frames = backtrace.frames().iter();
        frames.map(|frame| self.name(frame, backtrace)).collect()
    }

    /// The functions that were running, the innermost first.
    pub fn frames(&self, backtrace: &WasmBacktrace) -> Vec<Frame> {
        let mut frames = Vec::new();
        for frame in backtrace.frames() {
            match self.locate(frame) {
                Some((module, offset)) => self.add_frames(module, frame, offset, &mut frames),
                None => frames.push(Frame {
                    function: self.name(frame, backtrace),
                    glue: true,
                    ..Frame::default()
                }),
            }
        }
        frames
    }

    /// The name of the function of a frame.
    ///
    /// A function that finds the stack exhausted has no place yet. It is in the module of a
    /// caller.
    fn name(&self, frame: &FrameInfo, backtrace: &WasmBacktrace) -> String {
        let caller = || {
            let same = |other: &&FrameInfo| Module::same(other.module(), frame.module());
            let mut others = backtrace.frames().iter().filter(same);
            others.find_map(|other| self.locate(other))
        };
        let located = match frame.module_offset() {
            Some(_) => self.locate(frame),
            None => caller(),
        };
        let Some((module, _)) = located else {
            return unknown(frame);
        };
        let symbol = module.named.name(frame.func_index());
        symbol.map_or_else(|| unknown(frame), demangled)
    }

    /// The module that a frame belongs to, and the byte of the module it is at.
    ///
    /// The engine also compiles code of its own, which is no part of the file and has
    /// positions of its own. A frame belongs to a module only if number, place and exports
    /// agree.
    fn locate(&self, frame: &FrameInfo) -> Option<(&ModuleSymbols<'a>, usize)> {
        let position = frame.module_offset()?;
        let after = self
            .modules
            .partition_point(|module| module.module.start <= position);
        let module = &self.modules[after.checked_sub(1)?];
        let offset = position - module.module.start;
        let (function, start) = module.functions.at(offset)?;
        let agrees = function == frame.func_index()
            && frame.func_offset() == offset.checked_sub(start)
            && has_exports(frame.module(), &module.functions.exports);
        agrees.then_some((module, offset))
    }

    /// Adds the functions of a frame: those inlined at this place, and the one that has them.
    fn add_frames(
        &self,
        module: &ModuleSymbols<'a>,
        frame: &FrameInfo,
        offset: usize,
        frames: &mut Vec<Frame>,
    ) {
        let symbol = module.named.name(frame.func_index());
        let component = module.module.component.filter(|_| self.several);
        let own = |function: String, place| Frame {
            component: component.map(str::to_owned),
            glue: module.module.is_added()
                || module.is_exported(&function)
                || function.ends_with(WITHOUT_WASI),
            function,
            place,
        };
        let found = module.inlined(offset, symbol);
        if found.is_empty() {
            let name = symbol.map_or_else(|| unknown(frame), demangled);
            frames.push(own(name, None));
        }
        for (name, place) in found {
            let name = name.or_else(|| symbol.map(demangled));
            let name = name.unwrap_or_else(|| unknown(frame));
            frames.push(own(name, place.map(|place| self.shown(place))));
        }
    }

    /// A place, with its file relative to the directory of the user if it is below that.
    fn shown(&self, place: Place) -> String {
        let path = Path::new(&place.file);
        let path = path.strip_prefix(self.dir).unwrap_or(path).display();
        let mut text = path.to_string();
        for number in [place.line, place.column].into_iter().map_while(|n| n) {
            text.push_str(&format!(":{number}"));
        }
        text
    }
}

/// A place in the source.
struct Place {
    /// The path of the file, as the compiler wrote it.
    file: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl ModuleSymbols<'_> {
    /// Whether a function is what the module exports by this name, which is no path.
    fn is_exported(&self, function: &str) -> bool {
        let name = function.strip_suffix(".command_export").unwrap_or(function);
        let mut exported = self.functions.exported.iter();
        !function.contains("::") && exported.any(|(exported, _)| *exported == name)
    }

    /// The functions at a byte of the module, the innermost first, by its debug information;
    /// none if it has none, or if that is about another function than the one called `symbol`.
    fn inlined(&self, offset: usize, symbol: Option<&str>) -> Vec<(Option<String>, Option<Place>)> {
        let Some(lines) = &self.lines else {
            return Vec::new();
        };
        let address = offset.saturating_sub(self.functions.code_start) as u64;
        let Ok(mut found) = lines.find_frames(address).skip_all_loads() else {
            return Vec::new();
        };
        let mut frames = Vec::new();
        let mut outermost = None;
        while let Ok(Some(frame)) = found.next() {
            let name = frame.function.as_ref().and_then(|f| f.raw_name().ok());
            let place = frame.location.and_then(|at| {
                Some(Place {
                    file: at.file?.to_owned(),
                    line: at.line,
                    column: at.column,
                })
            });
            frames.push((name.as_deref().map(demangled), place));
            outermost = name.map(|name| name.into_owned());
        }
        match (outermost, symbol) {
            (Some(other), Some(symbol)) if other != symbol => {
                if is_mangled(&other) {
                    return Vec::new();
                }
                // Lines alone come with names that lack their path.
                if let Some((name, _)) = frames.last_mut() {
                    *name = Some(demangled(symbol));
                }
                frames
            }
            _ => frames,
        }
    }
}

/// Whether a compiled module has these exports, in any order.
fn has_exports(module: &Module, exports: &[&str]) -> bool {
    let mut names = module.exports();
    names.len() == exports.len() && names.all(|export| exports.contains(&export.name()))
}

/// What a function without a name is called.
fn unknown(frame: &FrameInfo) -> String {
    match frame.func_name() {
        Some(name) => demangled(name),
        None => format!("<function {}>", frame.func_index()),
    }
}

/// The debug information of a module; `None` if it has none, or if it cannot be read.
fn lines(module: &[u8]) -> Option<addr2line::Context<Bytes<'_>>> {
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(custom) = payload.ok()? {
            sections.push((custom.name(), custom.data()));
        }
    }
    let section = |name: &str| -> &[u8] {
        let found = sections.iter().find(|(known, _)| *known == name);
        found.map_or(&[], |(_, data)| data)
    };
    if section(".debug_info").is_empty() {
        return None;
    }
    let load = |id: addr2line::gimli::SectionId| -> Result<_, addr2line::gimli::Error> {
        Ok(EndianSlice::new(section(id.name()), LittleEndian))
    };
    addr2line::Context::from_dwarf(Dwarf::load(load).ok()?).ok()
}

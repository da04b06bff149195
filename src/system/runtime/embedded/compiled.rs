//! A compiled component, linked to what the host provides.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Store};

use super::engine::{TIME_SLICE, compilers, count_time_slices, new_engine};
use super::fault;
use super::fault::Faults;
use super::host::{Host, Stdio, provides};
use super::profile::{INTERVAL, Sampler};
use crate::base::error::{Error, Result};
use crate::system::fs;
use crate::system::runtime::component_file::{ComponentFile, Optimization};
use crate::system::runtime::exports;
use crate::system::runtime::exports::EntryPoint;
use crate::system::runtime::permissions::{Interrupts, Permissions};
use crate::system::shell::{Message, Shell};

/// How long compiling takes before it is reported.
const PATIENCE: Duration = Duration::from_secs(1);

/// A component that was read and compiled.
pub struct Compiled {
    pub(super) faults: Arc<Faults>,
    pub(super) name: String,
    pub(super) entry: EntryPoint,
    pub(super) engine: Engine,
    pub(super) component: Component,
    /// Takes samples of the functions that run, if a profile is requested.
    pub(super) sampler: Option<Arc<Sampler>>,
}

impl Compiled {
    /// Reads and compiles a component; tells `shell` if that takes long.
    pub fn open(file: &ComponentFile, interrupts: Interrupts, shell: &dyn Shell) -> Result<Self> {
        let path = &file.path;
        let bytes = fs::read(path)?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let waiting = format!("{name} to machine code");
        let interrupts = match file.profile {
            Some(_) => Interrupts::Samples,
            None => interrupts,
        };
        let faults = Faults::new(bytes, file.trace.clone(), interrupts);
        let compile = || Compiled::new(faults, name, file.optimization, interrupts);
        let report = || shell.print(Message::Waiting("Compiling", waiting));
        let compiled = or_report(PATIENCE, report, compile)
            .map_err(|e| e.context(format!("failed to load `{}`", path.display())))?;
        let sampler = |output| Arc::new(Sampler::new(output, &compiled.name));
        Ok(Compiled {
            sampler: file.profile.clone().map(sampler),
            ..compiled
        })
    }

    pub(super) fn new(
        faults: Faults,
        name: String,
        optimization: Optimization,
        interrupts: Interrupts,
    ) -> Result<Self> {
        // The errors of the engine for text and for core modules would mislead.
        let entry = exports::entry_point(faults.bytes())?;
        let (engine, component) = compile(&faults, optimization, interrupts)?;
        match interrupts {
            Interrupts::Never => {}
            Interrupts::Regular => count_time_slices(&engine, TIME_SLICE)?,
            Interrupts::Samples => count_time_slices(&engine, INTERVAL)?,
        }
        Ok(Compiled {
            faults: Arc::new(faults),
            name,
            entry,
            engine,
            component,
            sampler: None,
        })
    }

    /// A store for one instance, of which samples are taken if a profile is requested.
    pub(super) fn store(&self, permissions: &Permissions, stdio: Stdio) -> Result<Store<Host>> {
        let mut store = Host::store(&self.engine, &self.name, permissions, stdio)?;
        if let Some(sampler) = &self.sampler {
            sampler.watch(&mut store);
        }
        Ok(store)
    }

    /// Writes the profile, if one is requested.
    pub(super) fn write_profile(&self) -> Result<()> {
        self.sampler.iter().try_for_each(|sampler| sampler.write())
    }

    /// The bytes of the component.
    pub(super) fn bytes(&self) -> &[u8] {
        self.faults.bytes()
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
        let foreign: Vec<String> = exports::needs(self.bytes())
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

/// Compiles a component, and returns the engine that can run it.
fn compile(
    faults: &Faults,
    optimization: Optimization,
    interrupts: Interrupts,
) -> Result<(Engine, Component)> {
    let mut last = None;
    for compiler in compilers(optimization) {
        let engine = new_engine(*compiler, interrupts)?;
        if let Ok(component) = Component::from_binary(&engine, faults.lean()) {
            return Ok((engine, component));
        }
        last = Some(engine);
    }
    let engine = last.ok_or_else(|| Error::unsupported("there is no compiler"))?;
    // An error names functions, and positions in the file as it is.
    match Component::from_binary(&engine, faults.bytes()) {
        Ok(component) => Ok((engine, component)),
        Err(e) => Err(fault::error("invalid component", &e)),
    }
}

/// Does the work in another thread; calls `report` once it has taken as long as
/// `patience`.
fn or_report<T: Send>(
    patience: Duration,
    report: impl FnOnce(),
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    std::thread::scope(|scope| {
        let (done, ended) = mpsc::channel::<()>();
        let working = scope.spawn(move || {
            let result = work();
            drop(done);
            result
        });
        if ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
            report();
        }
        working
            .join()
            .unwrap_or_else(|_| Err(Error::unsupported("the engine panicked")))
    })
}

#[cfg(test)]
mod tests {
    use wasmtime::OptLevel;

    use super::*;
    use crate::system::runtime::embedded::engine::Compiler;
    use crate::system::runtime::outcome::CallOutcome;
    use crate::system::runtime::permissions::Permissions;
    use crate::system::runtime::trace_options::TraceOptions;

    fn faults(bytes: Vec<u8>) -> Faults {
        Faults::new(bytes, TraceOptions::default(), Interrupts::Never)
    }

    const BOTH: [Optimization; 2] = [Optimization::None, Optimization::Full];

    /// What the exported function `f` returns, whose body is `body`, or why it trapped.
    fn call(body: &str, optimization: Optimization) -> String {
        let variables = "(local i64)".repeat(60);
        let text = format!(
            r#"(component
                (core module $m
                    (func $inner (param i32) (result i32)
                        (i32.div_u (i32.const 42) (local.get 0)))
                    (func $deep (param i32) (result i32) {variables}
                        (if (result i32) (local.get 0)
                            (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
                            (else (i32.const 5))))
                    (func $outer (export "f") (result i32) {body}))
                (core instance $i (instantiate $m))
                (func (export "f") (result u32) (canon lift (core func $i "f"))))"#
        );
        let bytes = wat::parse_str(text).unwrap();
        let name = "test.wasm".to_owned();
        let compiled = Compiled::new(faults(bytes), name, optimization, Interrupts::Never).unwrap();
        match compiled.invoke("f()", &Permissions::default()).unwrap() {
            CallOutcome::Returned { values, .. } => values.concat(),
            CallOutcome::Exited(ended) => ended.fault.unwrap().to_string(),
        }
    }

    #[test]
    fn only_what_need_not_be_fast_is_compiled_without_optimizing() {
        let speed = Compiler::Cranelift(OptLevel::Speed);
        assert_eq!(compilers(Optimization::Full), [speed]);
        assert!(!compilers(Optimization::None).contains(&speed));
        // What the quick compiler refuses still has one that supports everything.
        let last = compilers(Optimization::None).last();
        assert_eq!(last, Some(&Compiler::Cranelift(OptLevel::None)));
        #[cfg(target_arch = "x86_64")]
        assert_eq!(compilers(Optimization::None)[0], Compiler::Winch);
    }

    #[test]
    fn results_and_traps_do_not_depend_on_the_compiler() {
        for optimization in BOTH {
            assert_eq!(call("(call $inner (i32.const 2))", optimization), "21");
            let trap = call("(call $inner (i32.const 0))", optimization);
            let expected = "the component trapped: wasm trap: integer divide by zero: \
                            in `inner`, called by `outer`";
            assert_eq!(trap, expected);
        }
    }

    #[test]
    fn deep_recursion_does_not_depend_on_the_compiler() {
        for optimization in BOTH {
            assert_eq!(call("(call $deep (i32.const 2000))", optimization), "5");
        }
    }

    #[test]
    fn features_of_which_the_quick_compiler_has_none_run() {
        for optimization in BOTH {
            let tail_call = "(return_call $inner (i32.const 2))";
            assert_eq!(call(tail_call, optimization), "21");
            let reference = "(i31.get_u (ref.i31 (i32.const 7)))";
            assert_eq!(call(reference, optimization), "7");
        }
    }

    #[test]
    fn an_error_is_that_of_the_compiler_that_supports_everything() {
        let text = "(component (core module (func $broken (result i32))))";
        let bytes = wat::parse_str(text).unwrap();
        let refused = |optimization| {
            let (faults, name) = (faults(bytes.clone()), "x".to_owned());
            let compiled = Compiled::new(faults, name, optimization, Interrupts::Never);
            compiled.err().unwrap().to_string()
        };
        let error = refused(Optimization::None);
        assert!(error.starts_with("invalid component"), "{error}");
        assert!(error.contains("broken"), "{error}");
        assert_eq!(error, refused(Optimization::Full));
    }

    #[test]
    fn work_is_reported_only_once_it_has_taken_long() {
        let (start, started) = mpsc::channel();
        let work = move || Ok(started.recv().is_ok());
        let reported = or_report(Duration::ZERO, || start.send(()).unwrap(), work);
        assert!(reported.unwrap());
        or_report(Duration::MAX, || panic!("too early"), || Ok(())).unwrap();
        let failed = or_report(
            Duration::MAX,
            || (),
            || -> Result<()> { panic!("in the test") },
        );
        assert_eq!(failed.unwrap_err().message(), "the engine panicked");
    }
}

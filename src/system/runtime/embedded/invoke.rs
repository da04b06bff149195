//! Calls one exported function with arguments written in WAVE.

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::wasm_wave::parser::ParserError;
use wasmtime::component::wasm_wave::untyped::UntypedFuncCall;
use wasmtime::component::wasm_wave::value::Value;
use wasmtime::component::{ComponentExportIndex, Type, Val};

use super::compiled::Compiled;
use super::engine::tokio_runtime;
use super::host::Stdio;
use super::refusals::within;
use super::{fault, wave};
use crate::base::error::{Error, Excerpt, Result};
use crate::system::runtime::exports;
use crate::system::runtime::exports::Function;
use crate::system::runtime::outcome::CallOutcome;
use crate::system::runtime::permissions::Permissions;

impl Compiled {
    /// Calls a function: `call` is its name and its arguments in WAVE.
    pub fn invoke(&self, call: &str, permissions: &Permissions) -> Result<CallOutcome> {
        let (name, args) = split(call);
        let functions = exports::functions(self.bytes())?;
        let function = exports::resolve(name, &functions)?;
        let (index, ty) = self.find(function)?;
        let params = arguments(call, args, function, &ty)?;
        if let Some(unwritten) = ty.results().find(|ty| wave::written_type(ty).is_none()) {
            return Err(no_written_form(function, "the result", &unwritten));
        }
        let instance = self.link()?;
        let runtime = tokio_runtime()?;
        let called = runtime.block_on(async {
            let mut store = self.store(permissions, Stdio::Inherited)?;
            let refusals = store.data().refusals();
            let mut results = vec![Val::Bool(false); ty.results().len()];
            let work = async {
                let instance = instance.instantiate_async(&mut store).await?;
                let Some(callee) = instance.get_func(&mut store, index) else {
                    return Ok(false);
                };
                let called = callee.call_async(&mut store, &params, &mut results);
                called.await.map(|()| true)
            };
            let ended = match within(permissions.timeout, work).await {
                Ok(Ok(true)) => {
                    return Ok(CallOutcome::Returned {
                        values: written(function, results)?,
                        refusals: refusals.warning(),
                    });
                }
                Ok(Ok(false)) => {
                    return Err(Error::input(format!("`{function}` is not a function")));
                }
                Ok(Err(e)) => self.faults.exit_status(&e),
                Err(timeout) => fault::stopped(timeout),
            };
            Ok(CallOutcome::Exited(refusals.add_to(ended)))
        });
        runtime.shutdown_background();
        let called = called?;
        self.write_profile()?;
        Ok(called)
    }

    fn find(&self, function: &Function) -> Result<(ComponentExportIndex, ComponentFunc)> {
        let interface = match &function.interface {
            Some(name) => {
                let index = self.component.get_export_index(None, name.as_str());
                Some(index.ok_or_else(|| Error::input(format!("`{name}` is not an interface")))?)
            }
            None => None,
        };
        match self
            .component
            .get_export(interface.as_ref(), function.name.as_str())
        {
            Some((ComponentItem::ComponentFunc(ty), index)) => Ok((index, ty)),
            _ => Err(Error::input(format!("`{function}` is not a function"))),
        }
    }
}

fn written(function: &Function, results: Vec<Val>) -> Result<Vec<String>> {
    let results: wasmtime::Result<Vec<String>> = results.into_iter().map(wave::text).collect();
    results.map_err(|e| fault::error(format!("failed to write the result of `{function}`"), &e))
}

/// Splits a call into name and arguments with parentheses; `()` if there are none.
fn split(call: &str) -> (&str, &str) {
    match call.find('(') {
        Some(at) => (call[..at].trim(), &call[at..]),
        None => (call.trim(), "()"),
    }
}

/// Reads the arguments by the types of the parameters of `function`.
fn arguments(call: &str, args: &str, function: &Function, ty: &ComponentFunc) -> Result<Vec<Val>> {
    let mut written = Vec::new();
    for (name, param) in ty.params() {
        let description = || format!("the parameter `{name}`");
        let wave = wave::written_type(&param);
        written.push(wave.ok_or_else(|| no_written_form(function, &description(), &param))?);
    }
    let help = || format!("call it as `{}`", signature(function, ty));
    // The parser takes no interface before the name, on which nothing but the
    // positions depends.
    let source = format!("f{args}");
    let parsed = UntypedFuncCall::parse(&source)
        .and_then(|call| call.to_wasm_params::<Value>(written.iter()))
        .map_err(|e| arguments_error(call, args, &e).hint(help()))?;
    let values = ty.params().zip(parsed);
    let value = |((_, ty), value): ((_, Type), Value)| wave::to_val(&ty, &value);
    let values: Result<Vec<Val>> = values.map(value).collect();
    values.map_err(|e| {
        e.context("failed to read the arguments of the call")
            .hint(help())
    })
}

fn arguments_error(call: &str, args: &str, e: &ParserError) -> Error {
    // The text of the error has the position in another string.
    let detail = e.detail().map(str::to_string);
    let detail = detail.or_else(|| Some(std::error::Error::source(e)?.to_string()));
    let what = match detail {
        Some(detail) => format!("{}: {detail}", e.kind()),
        None => e.kind().to_string(),
    };
    // From positions in `f(…)` to those in what the user wrote.
    let shift = call.len().saturating_sub(args.len());
    let position = |at: usize| (at + shift).saturating_sub(1);
    let span = position(e.span().start)..position(e.span().end);
    Error::usage("failed to read the arguments of the call")
        .with_cause(what)
        .at(Excerpt::new("--invoke", call, span))
}

fn no_written_form(function: &Function, what: &str, ty: &Type) -> Error {
    Error::unsupported(format!(
        "`{function}` cannot be called from the command line"
    ))
    .with_cause(format!(
        "{what} has the type `{}`, whose values cannot be written: they are {}",
        wave::display_type(ty),
        describe_values(ty)
    ))
}

/// The name, the parameters and the result of a function, as in WIT.
fn signature(function: &Function, ty: &ComponentFunc) -> String {
    let params: Vec<String> = ty
        .params()
        .map(|(name, ty)| format!("{name}: {}", wave::display_type(&ty)))
        .collect();
    let result: String = ty
        .results()
        .map(|ty| format!(" -> {}", wave::display_type(&ty)))
        .collect();
    format!("{function}({}){result}", params.join(", "))
}

/// What the values of a type without a written form are.
fn describe_values(ty: &Type) -> &'static str {
    match ty {
        Type::Own(_) | Type::Borrow(_) => "resource handles",
        Type::Stream(_) => "streams",
        Type::Future(_) => "futures",
        Type::ErrorContext => "error contexts",
        _ => "or contain resource handles, streams, futures or error contexts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::runtime::component_file::Optimization;
    use crate::system::runtime::embedded::fault::Faults;
    use crate::system::runtime::outcome::TRAPPED;
    use crate::system::runtime::permissions::Interrupts;
    use crate::system::runtime::trace_options::TraceOptions;

    const LIBRARY: &str = r#"(component
          (core module $m
            (memory (export "m") 1)
            (global $p (mut i32) (i32.const 1024))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local i32)
              (local.set 4 (i32.and (i32.add (global.get $p) (i32.const 7)) (i32.const -8)))
              (global.set $p (i32.add (local.get 4) (local.get 3))) (local.get 4))
            (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "div") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
            (func (export "echo") (param i32 i32) (result i32)
              (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16))
            (func (export "nop"))
            (func (export "three") (param i32 i32 i32) (result i32)
              (i32.store (i32.const 32) (local.get 2)) (i32.store (i32.const 36) (local.get 1))
              (i32.store (i32.const 40) (local.get 0)) (i32.const 32)))
          (core instance $i (instantiate $m))
          (type $r (record (field "name" string)))
          (export $r2 "rec" (type $r))
          (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
          (func $div (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "div")))
          (func $echo (param "s" string) (result string) (canon lift (core func $i "echo") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
          (func $rec (param "r" $r2) (result $r2) (canon lift (core func $i "echo") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
          (func $map (param "m" (map string u32)) (result (map string u32)) (canon lift (core func $i "echo") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
          (func $three (param "l" (list u32 3)) (result (list u32 3)) (canon lift (core func $i "three") (memory (core memory $i "m")) (realloc (core func $i "realloc"))))
          (func $nop (canon lift (core func $i "nop")))
          (instance $math (export "add" (func $add)) (export "div" (func $div)))
          (export "a:b/math@1.0.0" (instance $math))
          (export "echo" (func $echo))
          (export "echo-rec" (func $rec))
          (export "echo-map" (func $map))
          (export "backwards" (func $three))
          (export "nop" (func $nop)))"#;

    fn invoke(call: &str) -> Result<CallOutcome> {
        let (optimization, interrupts) = (Optimization::Full, Interrupts::Never);
        let bytes = wat::parse_str(LIBRARY).unwrap();
        let faults = Faults::new(bytes, TraceOptions::default(), interrupts);
        Compiled::new(faults, "test.wasm".to_string(), optimization, interrupts)
            .unwrap()
            .invoke(call, &Permissions::default())
    }

    fn returned(call: &str) -> Vec<String> {
        match invoke(call).unwrap() {
            CallOutcome::Returned { values, .. } => values,
            CallOutcome::Exited(ended) => panic!("{ended:?}"),
        }
    }

    #[test]
    fn results_are_written_as_wave() {
        assert_eq!(returned("math.add(1, 2)"), ["3"]);
        assert_eq!(returned("a:b/math@1.0.0#add(40, 2)"), ["42"]);
        assert_eq!(returned(r#"echo("a \"b\" ü")"#), [r#""a \"b\" ü""#]);
        assert_eq!(returned(r#"echo-rec({name: "bob"})"#), [r#"{name: "bob"}"#]);
        assert!(returned("nop()").is_empty());
        assert!(returned("nop").is_empty());
    }

    #[test]
    fn maps_are_lists_of_entries_and_lists_have_their_length() {
        let entries = r#"[("one", 1), ("two", 2)]"#;
        assert_eq!(returned(&format!("echo-map({entries})")), [entries]);
        assert_eq!(returned("echo-map([])"), ["[]"]);
        assert_eq!(returned("backwards([1, 2, 3])"), ["[3, 2, 1]"]);
        let error = invoke("backwards([1, 2])").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("has 3 elements, but 2 were given"), "{text}");
        assert_eq!(
            error.advice(),
            Some("call it as `backwards(l: list<u32, 3>) -> list<u32, 3>`")
        );
        let error = invoke("echo-map([1])").unwrap_err();
        assert_eq!(
            error.advice(),
            Some("call it as `echo-map(m: map<string, u32>) -> map<string, u32>`")
        );
    }

    #[test]
    fn a_trap_is_told() {
        let CallOutcome::Exited(ended) = invoke("div(1, 0)").unwrap() else {
            panic!("it returned");
        };
        assert_eq!(ended.code, TRAPPED);
        assert!(ended.fault.unwrap().to_string().contains("divide by zero"));
    }

    #[test]
    fn what_cannot_be_read_is_pointed_at() {
        let error = invoke("math.add(1, \"x\")").unwrap_err();
        let excerpt = error.excerpt().unwrap();
        assert_eq!(&excerpt.text()[excerpt.span()], "\"x\"");
        assert_eq!(
            error.advice(),
            Some("call it as `a:b/math@1.0.0#add(a: u32, b: u32) -> u32`")
        );
        let error = invoke(r#"echo-rec({nam: "x"})"#).unwrap_err();
        assert!(error.to_string().contains("nam"), "{error}");
        assert!(invoke("math.add(1").is_err());
        assert!(invoke("math.add(1, 2, 3)").is_err());
        assert!(invoke("math.add").is_err());
    }

    #[test]
    fn an_unknown_function_is_answered_with_the_known() {
        let error = invoke("ad(1, 2)").unwrap_err();
        assert_eq!(error.advice(), Some("did you mean `add`?"));
        assert!(error.to_string().contains("`echo-rec`"), "{error}");
    }
}

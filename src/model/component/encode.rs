//! From a core module to a component.

use wasi_preview1_component_adapter_provider as adapters;
use wit_component::ComponentEncoder;

use super::agreement::check_agreement;
use crate::base::error::{Error, Result, guarded};

/// The name `wasm32-wasip1` modules import WASI under.
pub const ADAPTED: &str = adapters::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;

/// What stands between `wasi_snapshot_preview1` and the component's imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// For programs: exports `wasi:cli/run`.
    Command,
    /// For libraries.
    Reactor,
    /// For libraries that serve HTTP: no files, no environment, no sockets.
    Proxy,
    /// A module of the user's.
    Custom(Vec<u8>),
}

impl Adapter {
    /// The adapter module.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Adapter::Command => adapters::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
            Adapter::Reactor => adapters::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            Adapter::Proxy => adapters::WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER,
            Adapter::Custom(bytes) => bytes,
        }
    }

    /// What it is called in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Adapter::Command => "built-in command adapter",
            Adapter::Reactor => "built-in reactor adapter",
            Adapter::Proxy => "built-in proxy adapter",
            Adapter::Custom(_) => "adapter of Cargo.toml",
        }
    }

    /// The version of WASI the adapter imports, such as `0.2.12`; none if it
    /// names no WASI interface.
    pub fn wasi_version(&self) -> Option<String> {
        super::core_imports(self.bytes())
            .into_iter()
            .find_map(|(module, _)| {
                let (name, version) = module.split_once('@')?;
                name.starts_with("wasi:").then(|| version.to_owned())
            })
    }
}

/// Checks that a file given as adapter is a core module.
pub fn validate_adapter(bytes: &[u8]) -> Result<()> {
    match super::kind(bytes) {
        Some(super::Kind::Module | super::Kind::Guest) => Ok(()),
        Some(super::Kind::Component) => Err(Error::input("the adapter is a component")
            .hint("an adapter is a core module, such as `wasi_snapshot_preview1.reactor.wasm`")),
        None => Err(Error::input("the adapter is not a wasm file")
            .hint("give a core module in binary form, or remove the `adapter` key")),
    }
}

/// Encodes a core module as a component, and validates it.
///
/// The world comes from the module's own custom sections; a module without
/// any gets an empty one. Worlds that disagree about an interface are an error.
pub fn encode(module: &[u8], adapter: &Adapter) -> Result<Vec<u8>> {
    check_agreement(module)?;
    let encode = || {
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(module)?;
        if is_adapted(module) {
            encoder.adapter(ADAPTED, adapter.bytes())?;
        }
        encoder.encode()
    };
    let encoded = guarded("wit-component", encode).map_err(|cause| {
        let error = Error::input("failed to create a component from the module").because(cause);
        error.hint("report this as a bug, with the module")
    })?;
    encoded.map_err(|e| explain(&format!("{e:#}")))
}

/// Whether the module has anything for an adapter: it calls WASI 0.1, or it is
/// a program of a system. The programs of `wasm32-unknown-unknown` are not,
/// and the command adapter would miss their entry.
fn is_adapted(module: &[u8]) -> bool {
    let calls = super::core_imports(module)
        .iter()
        .any(|(from, _)| from == ADAPTED);
    calls
        || super::core_exports(module)
            .iter()
            .any(|name| name == "_start")
}

/// An error of the encoder, with the fix for those that are met in practice.
fn explain(text: &str) -> Error {
    let error = Error::input(text);
    let import = text.split_once("failed to resolve import `");
    if let Some((import, _)) = import.and_then(|(_, rest)| rest.split_once('`')) {
        let (module, name) = import.split_once("::").unwrap_or(("", import));
        return error.hint(format!(
            "the module imports `{name}` from `{module}`, which neither its world nor an adapter provides: link the code that defines it, or import it in the world"
        ));
    }
    if text.contains("failed to find export") || text.contains("does not export") {
        return error.hint(
            "export an implementation of the world: `bindings::export!(Component with_types_in bindings);`",
        );
    }
    if text.contains("adapter") && text.contains("not") && text.contains("found") {
        return error.hint("the module has imports that neither its world nor an adapter provides");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_nobody_has_is_named() {
        let module = wat::parse_str(r#"(module (import "env" "foo" (func)))"#).unwrap();
        let error = encode(&module, &Adapter::Reactor).unwrap_err();
        assert!(error.message().contains("`env::foo`"), "{error}");
        let hint = error.advice().unwrap();
        assert!(hint.contains("imports `foo` from `env`"), "{hint}");
    }
}

//! Encoding a core module as a component.

use wasi_preview1_component_adapter_provider as adapters;
use wit_component::ComponentEncoder;

use super::agreement::check_agreement;
use super::kind::{WasmKind, kind};
use super::surface::{core_exports, core_imports};
use crate::base::error::{Error, Result, guarded};

/// The name of the module from which `wasm32-wasip1` modules import WASI.
pub const ADAPTED: &str = adapters::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;

/// The module that implements `wasi_snapshot_preview1` by imports of the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// The built-in one for programs: exports `wasi:cli/run`.
    Command,
    /// The built-in one for libraries.
    Reactor,
    /// The built-in one for libraries that serve HTTP: without files, environment
    /// and sockets.
    Proxy,
    /// A core module given by the user.
    Custom(Vec<u8>),
    /// A core module that was generated for a library without WASI.
    Pure(Vec<u8>),
}

impl Adapter {
    /// The bytes of the adapter module.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Adapter::Command => adapters::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
            Adapter::Reactor => adapters::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            Adapter::Proxy => adapters::WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER,
            Adapter::Custom(bytes) | Adapter::Pure(bytes) => bytes,
        }
    }

    /// The name of the adapter for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Adapter::Command => "built-in command adapter",
            Adapter::Reactor => "built-in reactor adapter",
            Adapter::Proxy => "built-in proxy adapter",
            Adapter::Custom(_) => "adapter of Cargo.toml",
            Adapter::Pure(_) => "adapter without WASI",
        }
    }

    /// The version of WASI that the adapter imports, such as `0.2.12`; none if it
    /// imports no interface of WASI.
    pub fn wasi_version(&self) -> Option<String> {
        core_imports(self.bytes())
            .into_iter()
            .find_map(|(module, _)| {
                let (name, version) = module.split_once('@')?;
                name.starts_with("wasi:").then(|| version.to_owned())
            })
    }
}

/// Checks that a file given as adapter is a core module.
pub fn validate_adapter(bytes: &[u8]) -> Result<()> {
    match kind(bytes) {
        Some(WasmKind::Module | WasmKind::Guest) => Ok(()),
        Some(WasmKind::Component) => Err(Error::input("the adapter is a component")
            .hint("an adapter is a core module, such as `wasi_snapshot_preview1.reactor.wasm`")),
        None => Err(Error::input("the adapter is not a wasm file")
            .hint("give a core module in binary form, or remove the `adapter` key")),
    }
}

/// Encodes a core module as a component, and validates the component.
///
/// The world comes from the custom sections of the module; without any it is
/// empty. Worlds that disagree about an interface are an error.
pub fn encode(module: &[u8], adapter: &Adapter) -> Result<Vec<u8>> {
    match is_adapted(module) {
        true => encode_with(module, &[(ADAPTED, adapter.bytes())]),
        false => encode_with::<&[u8]>(module, &[]),
    }
}

/// Like [`encode`], with adapters for several modules from which the module imports, each
/// by the name of such a module.
pub(super) fn encode_with<B: AsRef<[u8]>>(
    module: &[u8],
    adapters: &[(&str, B)],
) -> Result<Vec<u8>> {
    check_agreement(module)?;
    let encode = || {
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(module)?;
        for (name, adapter) in adapters {
            encoder.adapter(name, adapter.as_ref())?;
        }
        encoder.encode()
    };
    let encoded = guarded("wit-component", encode).map_err(|cause| {
        let error = Error::input("failed to create a component from the module").with_cause(cause);
        error.hint("report this as a bug, with the module")
    })?;
    encoded.map_err(|e| explain(&format!("{e:#}")))
}

/// Whether the module needs an adapter: it imports functions of WASI 0.1, or it is a
/// program with the entry `_start`. Programs of `wasm32-unknown-unknown` have no
/// such entry, which the command adapter requires.
fn is_adapted(module: &[u8]) -> bool {
    let calls = core_imports(module).iter().any(|(from, _)| from == ADAPTED);
    calls || core_exports(module).iter().any(|name| name == "_start")
}

/// An error of the encoder, with a fix for the common ones.
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

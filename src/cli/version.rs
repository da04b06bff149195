//! The output of `--version`.

use crate::base::error::Result;
use crate::model::component::encode::Adapter;
use crate::model::wit::bindings::WIT_BINDGEN_VERSION;
use crate::system::shell::Shell;

/// Prints the name and version; if `verbose`, also the versions of built-in parts.
pub(super) fn print(shell: &dyn Shell, verbose: bool) -> Result<()> {
    shell.data(format!("cargo-component {}", env!("CARGO_PKG_VERSION")));
    if !verbose {
        return Ok(());
    }
    shell.data(format!("wit-bindgen: {WIT_BINDGEN_VERSION}"));
    for adapter in [Adapter::Command, Adapter::Reactor, Adapter::Proxy] {
        let version = adapter.wasi_version().unwrap_or_else(|| "none".to_owned());
        shell.data(format!("{}: WASI {version}", adapter.name()));
    }
    let engine = match cfg!(feature = "runtime") {
        true => "embedded",
        false => "none (built without the feature `runtime`)",
    };
    shell.data(format!("engine: {engine}"));
    Ok(())
}

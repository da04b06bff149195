//! Runs on the host: embeds two components of the workspace, and calls them.

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Result, Store};

mod adder {
    wasmtime::component::bindgen!({ path: "../adder/wit" });
}

mod shouter {
    wasmtime::component::bindgen!({ path: "../shouter/wit" });
}

fn main() -> Result<()> {
    let engine = Engine::default();
    println!("2 + 3 = {}", add(&engine, 2, 3)?);
    println!("{}", shout(&engine, "hello")?);
    Ok(())
}

/// Calls the component `adder`. It imports nothing, so that the linker is empty.
fn add(engine: &Engine, a: u32, b: u32) -> Result<u32> {
    let component = Component::from_file(engine, env!("COMPONENT_ADDER"))?;
    let mut store = Store::new(engine, ());
    let adder = adder::Adder::instantiate(&mut store, &component, &Linker::new(engine))?;
    adder.call_add(&mut store, a, b)
}

/// Calls the component `shouter`.
fn shout(engine: &Engine, text: &str) -> Result<String> {
    let component = Component::from_file(engine, env!("COMPONENT_SHOUTER"))?;
    let mut store = Store::new(engine, ());
    let shouter = shouter::Shouter::instantiate(&mut store, &component, &Linker::new(engine))?;
    shouter.call_shout(&mut store, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_components_answer() {
        let engine = Engine::default();
        assert_eq!(add(&engine, 40, 2).unwrap(), 42);
        assert_eq!(shout(&engine, "grüße").unwrap(), "GRÜSSE!");
    }
}

//! Names of WIT that are words of Rust, as far as the generator does not know
//! what to do with them.

use wit_parser::{InterfaceId, Resolve, WorldItem};

use super::world::World;
use crate::base::error::{Error, Result};

/// Words that cannot be the name of a module.
const RESERVED: &str = " abstract as async await become box break const continue crate do dyn else enum extern false final fn for if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof unsafe unsized use virtual where while yield ";

pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&format!(" {name} "))
}

/// Whether a name is a reserved word in upper case, which the generator does not
/// recognize.
pub(super) fn is_upper_case_keyword(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower != name && is_reserved(&lower)
}

/// A name of WIT in the spelling of Rust variables.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len());
    for c in name.chars() {
        match c.is_ascii_alphanumeric() {
            true => snake.push(c.to_ascii_lowercase()),
            // Also the brackets of the names of methods.
            false if snake.is_empty() || snake.ends_with('_') => {}
            false => snake.push('_'),
        }
    }
    snake
}

/// A name of WIT in the spelling of Rust types.
pub(super) fn camel(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    });
    words.collect()
}

/// Refuses a world with names for which no Rust can be generated.
pub(super) fn refuse_unwritable(world: &World) -> Result<()> {
    let resolve = &world.resolve;
    let declared = &resolve.worlds[world.id];
    for item in declared.imports.values().chain(declared.exports.values()) {
        if let WorldItem::Interface { id, .. } = item {
            package(resolve, *id)?;
        }
    }
    Ok(())
}

/// Refuses a package whose namespace or name, which become modules, is reserved.
fn package(resolve: &Resolve, interface: InterfaceId) -> Result<()> {
    let interface = &resolve.interfaces[interface];
    let (Some(package), Some(_)) = (interface.package, &interface.name) else {
        return Ok(());
    };
    let name = &resolve.packages[package].name;
    let words = [&name.namespace, &name.name];
    match words
        .into_iter()
        .find(|word| is_reserved(&word.to_ascii_lowercase()))
    {
        None => Ok(()),
        Some(word) => Err(Error::input(format!(
            "no bindings can be generated for the package `{name}`: `{word}` is a Rust keyword"
        ))
        .with_cause("its name would be the name of a module, which wit-bindgen cannot generate")
        .hint("rename the package")),
    }
}

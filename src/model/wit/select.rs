//! Selecting a world of a package.

use std::path::Path;

use wit_parser::{PackageId, Resolve, WorldId};

use crate::base::error::{Error, Result, nearest};

/// The world called `name`, or the only one of the package.
pub(super) fn select(
    resolve: &Resolve,
    package: PackageId,
    name: Option<&str>,
    path: &Path,
) -> Result<WorldId> {
    // WIT writes a `%` before keywords, which are names like others here.
    let name = name.map(|name| name.strip_prefix('%').unwrap_or(name));
    if let Some(world) = name.and_then(|name| resolve.packages[package].worlds.get(name)) {
        return Ok(*world);
    }
    resolve.select_world(&[package], name).map_err(|e| {
        let message = match name {
            Some(name) => format!(
                "failed to select the specified world `{name}` for local target `{}`",
                path.display()
            ),
            None => format!(
                "failed to select the default world to use for local target `{}`",
                path.display()
            ),
        };
        let package = &resolve.packages[package];
        let worlds: Vec<&str> = package.worlds.keys().map(String::as_str).collect();
        let error = Error::input(message).with_cause(format!("{e:#}"));
        match name.map(|name| nearest(name, worlds.iter().copied())) {
            Some(Some(near)) => error.hint(format!("did you mean `{near}`?")),
            _ if worlds.is_empty() => error.hint(format!(
                "add a world to the package `{}`: `world example {{ }}`",
                package.name
            )),
            _ => error.hint(format!(
                "select a world in Cargo.toml: under `[package.metadata.component.target]`, set `world = \"{}\"`{}",
                worlds[0],
                others(&worlds[1..])
            )),
        }
    })
}

fn others(worlds: &[&str]) -> String {
    let names: Vec<String> = worlds.iter().map(|w| format!("`{w}`")).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(" (or {})", names.join(", ")),
    }
}

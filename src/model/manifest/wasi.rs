//! The key `wasi`, which makes a library a component without WASI.

use super::keys::{WASI, WASI_MODES};
use super::section::{KeptWasi, Randomness, WasiPolicy};
use super::table::Table;
use crate::base::error::Result;

/// Reads the key from the table of a package: a word, or a table with more settings.
pub(super) fn policy(component: &Table<'_>) -> Result<Option<WasiPolicy>> {
    let Some(item) = component.get("wasi") else {
        return Ok(None);
    };
    let mut randomness = Randomness::default();
    let mode = match item.is_str() {
        true => component.word("wasi", WASI_MODES)?,
        false => {
            let Some(table) = component.table_or("wasi", "a string or a table")? else {
                return Ok(None);
            };
            let table = table.known(WASI)?;
            let word = table.word("randomness", &["trap", "fixed"])?;
            randomness = [Randomness::Trap, Randomness::Fixed][word.unwrap_or(0)];
            let mode = table.word("mode", WASI_MODES)?;
            if mode.is_none() {
                let message = format!("missing field `mode` in `{}`", table.name);
                return Err(component
                    .error("wasi", message)
                    .hint("add `mode = \"none\"`"));
            }
            mode
        }
    };
    for key in ["adapter", "proxy"] {
        if component.has(key) {
            let message = format!(
                "cannot specify both `wasi` and `{key}` in `{}`",
                component.name
            );
            return Err(component.error(key, message).hint(format!(
                "remove `{key}`: a component without WASI has an adapter of its own"
            )));
        }
    }
    Ok(mode.map(|mode| WasiPolicy {
        kept: [KeptWasi::Nothing, KeptWasi::Stderr][mode],
        randomness,
    }))
}

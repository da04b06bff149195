//! Names of worlds, and whether WIT has them.

use crate::base::error::{Error, Result, nearest};
use crate::base::package::is_label;
use crate::model::wit;
use crate::system::source::has_wit;

/// Refuses a world that does not exist, before anything is written. WIT that does
/// not load on its own is accepted: the manifest may say where its dependencies
/// are.
pub(super) fn check_world(shown: &str, wit: &wit::Entry, world: Option<&str>) -> Result<()> {
    match wit {
        wit::Entry::Text { path, files } if files.is_empty() => {
            let below = path.join("wit");
            let error = Error::input(format!("there is no WIT in `{shown}`"));
            return Err(match has_wit(&below) {
                true => error.hint(format!("did you mean `{}`?", below.display())),
                false => error.hint("give a directory with `.wit` files, or a `.wit` file"),
            });
        }
        wit::Entry::Text { files, .. } => {
            if let Some(error) = wit::syntax_errors(files).into_iter().next() {
                return Err(error.context(format!("failed to read the WIT in `{shown}`")));
            }
        }
        wit::Entry::Wasm(_) => {}
    }
    let Some(worlds) = wit::worlds(wit) else {
        return Ok(());
    };
    let worlds: Vec<&str> = worlds.iter().map(String::as_str).collect();
    let found = match world {
        Some(world) => worlds.contains(&world),
        None => worlds.len() == 1,
    };
    if found {
        return Ok(());
    }
    let (message, hint) = match (world, worlds.as_slice()) {
        (_, []) => (
            format!("there is no world in `{shown}`"),
            "add a world, or give another directory or file".to_owned(),
        ),
        (Some(world), worlds) => {
            let near = nearest(world, worlds.iter().copied()).unwrap_or(worlds[0]);
            let message = format!("the world `{world}` does not exist in `{shown}`");
            (message, format!("did you mean `{near}`?"))
        }
        (None, worlds) => (
            format!("failed to choose a world in `{shown}`"),
            format!(
                "append one of the worlds after a `/`: {}",
                worlds.join(", ")
            ),
        ),
    };
    Err(Error::input(message).hint(hint))
}

/// The name of a world without the `%` that WIT puts before keywords.
pub(super) fn unescaped(world: &str) -> &str {
    world.strip_prefix('%').unwrap_or(world)
}

/// Whether `text` can be the name of a world; words in capitals are legal too.
pub(super) fn is_world(text: &str) -> bool {
    is_label(&text.to_ascii_lowercase())
}

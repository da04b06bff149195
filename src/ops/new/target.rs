//! The world that `--target` names, found on disk or in a registry.

use std::path::{Component, Path, PathBuf};

use super::registry::{self, Lookup, RegistryWorld};
use crate::base::error::{Error, Result, nearest};
use crate::base::package::is_label;
use crate::model::manifest::edit::TargetEntry;
use crate::model::wit;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// A world that is there.
#[derive(Clone, Debug)]
pub struct FoundTarget {
    /// As the user wrote it.
    pub text: String,
    place: Place,
}

/// Where a world is.
#[derive(Clone, Debug)]
enum Place {
    /// In a directory or file; absolute.
    Local(PathBuf, Option<String>),
    /// In a package of a registry.
    Registry(RegistryWorld),
}

impl FoundTarget {
    /// Finds `<path>[/<world>]` or `<ns>:<pkg>[/<world>][@<requirement>]`.
    /// What lies at the whole of `text` goes before everything else.
    pub(super) fn find(ctx: &Context, text: &str, lookup: &Lookup<'_>) -> Result<Self> {
        let found = |place| FoundTarget {
            text: text.to_owned(),
            place,
        };
        let local = |path: &Path, world: Option<&str>| {
            let path = fs::canonical(&ctx.absolute(path))?;
            let shown = path.display().to_string();
            check(&shown, &source::read(&path)?.main, world)?;
            Ok(found(Place::Local(path, world.map(str::to_owned))))
        };
        let whole = Path::new(text);
        if fs::exists(&ctx.absolute(whole)) {
            return local(whole, None);
        }
        if let Some(asked) = registry::parse(text)? {
            let world = registry::find(ctx, &asked, lookup)?;
            return Ok(found(Place::Registry(world)));
        }
        if let Some(world) = whole.file_name().and_then(|name| name.to_str())
            && let world = unescaped(world)
            && is_world(world)
            && let Some(path) = whole.parent().filter(|p| !p.as_os_str().is_empty())
            && fs::exists(&ctx.absolute(path))
        {
            return local(path, Some(world));
        }
        Err(Error::input(format!("target `{text}` was not found"))
            .hint("give a WIT directory or file, followed by `/<world>` if it has several, or a package from a registry, `namespace:name/world`"))
    }

    /// What the manifest in `dir` says for it; `dir` must exist.
    pub fn entry(&self, dir: &Path) -> Result<TargetEntry> {
        match &self.place {
            Place::Local(path, world) => Ok(TargetEntry::Local {
                path: relative(&fs::canonical(dir)?, path),
                world: world.clone(),
            }),
            Place::Registry(world) => Ok(world.entry()),
        }
    }
}

/// Refuses a world that is not there, before anything is written. WIT that
/// cannot be read on its own is not judged: the manifest may say where its
/// dependencies are.
pub(super) fn check(shown: &str, wit: &wit::Entry, world: Option<&str>) -> Result<()> {
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
        wit::Entry::Wasm { .. } => {}
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

/// Whether a directory has `.wit` files.
fn has_wit(dir: &Path) -> bool {
    let is_wit = |path: &PathBuf| path.extension().is_some_and(|e| e == "wit");
    fs::list(dir).is_ok_and(|entries| entries.iter().any(is_wit))
}

/// The name of a world without the `%` that WIT puts before keywords.
pub(super) fn unescaped(world: &str) -> &str {
    world.strip_prefix('%').unwrap_or(world)
}

/// Whether `text` can be the name of a world; words in capitals are legal too.
fn is_world(text: &str) -> bool {
    is_label(&text.to_ascii_lowercase())
}

/// The way from the directory `from` to `to`, both canonical, with `/` between
/// the names; the whole of `to` where there is none.
pub(in crate::ops) fn relative(from: &Path, to: &Path) -> String {
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    if shared == 0 {
        return to.display().to_string();
    }
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = to.components().skip(shared).map(|component| {
        let name: &Path = match &component {
            Component::Normal(name) => Path::new(name),
            other => Path::new(other.as_os_str()),
        };
        name.display().to_string()
    });
    let names: Vec<String> = up.chain(down).collect();
    match names.is_empty() {
        true => ".".to_owned(),
        false => names.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_between_directories() {
        for (from, to, wanted) in [
            ("/a/b", "/a/b/wit", "wit"),
            ("/a/b", "/a/wit/x.wit", "../wit/x.wit"),
            ("/a/b", "/c", "../../c"),
            ("/a/b", "/a/b", "."),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), wanted);
        }
    }
}

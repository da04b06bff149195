//! The world that `--target` names, found on disk.

use std::path::{Component, Path, PathBuf};

use crate::advice::{Error, Result, nearest};
use crate::context::Context;
use crate::fs;
use crate::manifest::edit::TargetEntry;
use crate::package::{PackageRef, is_label};
use crate::{source, wit};

/// A world in a local directory or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTarget {
    /// As the user wrote it.
    pub text: String,
    /// Absolute; exists.
    path: PathBuf,
    world: Option<String>,
}

impl LocalTarget {
    /// Finds `<path>[/<world>]`. What lies at the whole of `text` goes before
    /// a world of that name.
    pub fn find(ctx: &Context, text: &str) -> Result<Self> {
        let found = |path: &Path, world: Option<&str>| {
            let path = fs::canonical(&ctx.absolute(path))?;
            check(&path, world)?;
            Ok(LocalTarget {
                text: text.to_owned(),
                path,
                world: world.map(str::to_owned),
            })
        };
        let whole = Path::new(text);
        if fs::exists(&ctx.absolute(whole)) {
            return found(whole, None);
        }
        if is_registry(text) {
            let message = "targets from a registry are not supported yet";
            return Err(Error::unsupported(format!("{message}: `{text}`"))
                .hint("name a local directory or file of WIT, followed by `/<world>`"));
        }
        if let Some(world) = whole.file_name().and_then(|name| name.to_str())
            && is_world(world)
            && let Some(path) = whole.parent().filter(|p| !p.as_os_str().is_empty())
            && fs::exists(&ctx.absolute(path))
        {
            return found(path, Some(world));
        }
        Err(Error::input(format!("target `{text}` was not found"))
            .hint("name a directory or file of WIT, followed by `/<world>` if it has several"))
    }

    /// What the manifest in `dir` says for it; `dir` must exist.
    pub fn entry(&self, dir: &Path) -> Result<TargetEntry> {
        let path = relative(&fs::canonical(dir)?, &self.path);
        Ok(TargetEntry::Local {
            path,
            world: self.world.clone(),
        })
    }
}

/// Refuses a world that is not there, before anything is written. WIT that
/// cannot be read on its own is not judged: the manifest may say where its
/// dependencies are.
fn check(path: &Path, world: Option<&str>) -> Result<()> {
    let Some(worlds) = wit::worlds(&source::read(path)?.main) else {
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
    let shown = path.display();
    let (message, hint) = match (world, worlds.as_slice()) {
        (_, []) => (
            format!("there is no world in `{shown}`"),
            "add one, or name another directory or file".to_owned(),
        ),
        (Some(world), worlds) => {
            let near = nearest(world, worlds.iter().copied()).unwrap_or(worlds[0]);
            let message = format!("there is no world `{world}` in `{shown}`");
            (message, format!("did you mean `{near}`?"))
        }
        (None, worlds) => (
            format!("failed to choose a world in `{shown}`"),
            format!("add one of them after a `/`: {}", worlds.join(", ")),
        ),
    };
    Err(Error::input(message).hint(hint))
}

/// Whether `text` has the form `<ns>:<pkg>[/<world>][@<requirement>]`.
fn is_registry(text: &str) -> bool {
    let package = text.split(['@', '/']).next().unwrap_or(text);
    package.parse::<PackageRef>().is_ok()
}

/// Whether `text` can be the name of a world; words in capitals are legal too.
fn is_world(text: &str) -> bool {
    is_label(&text.to_ascii_lowercase())
}

/// The way from the directory `from` to `to`, both canonical, with `/` between
/// the names; the whole of `to` where there is none.
fn relative(from: &Path, to: &Path) -> String {
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

    #[test]
    fn a_registry_package_is_told_from_a_path() {
        for text in ["a:b", "wasi:http/proxy", "a:b@1.0.0", "a:b/c@=1.0.0"] {
            assert!(is_registry(text), "{text}");
        }
        for text in ["wit", "../a/b", "C:\\wit", "wit/a:b"] {
            assert!(!is_registry(text), "{text}");
        }
    }
}

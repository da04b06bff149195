//! Paths as manifests name them: relative to the manifest, with `/`.

use std::path::{Component, Path};

/// The path from the directory `from` to `to`, both canonical, with `/` between
/// the names; `to` itself where they share no root.
pub(crate) fn relative_path(from: &Path, to: &Path) -> String {
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
    fn paths_between_directories() {
        for (from, to, expected) in [
            ("/a/b", "/a/b/wit", "wit"),
            ("/a/b", "/a/wit/x.wit", "../wit/x.wit"),
            ("/a/b", "/c", "../../c"),
            ("/a/b", "/a/b", "."),
        ] {
            assert_eq!(relative_path(Path::new(from), Path::new(to)), expected);
        }
    }
}

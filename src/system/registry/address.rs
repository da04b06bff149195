//! The addresses of registries in lock files: the same on every machine, and
//! different for registries of one name.

use std::path::{Component, Path, PathBuf};

use super::layers::Layers;
use super::locator::is_path;
use super::routes::ManifestRegistries;
use crate::base::package::{ContentDigest, PackageRef};
use crate::system::fs::path_of_url;

/// The address that a manifest gives the registry of a package; none where the
/// configuration decides. A directory is seen from `root`, that of the
/// workspace; of one that a manifest names by an absolute path elsewhere there
/// is a digest only.
pub fn address(
    package: &PackageRef,
    registry: Option<&str>,
    manifest: &ManifestRegistries,
    layers: &Layers,
    root: &Path,
) -> Option<String> {
    let name = registry.unwrap_or("default");
    let decided = match name {
        "default" => layers.mapped(package).is_some(),
        name => layers.replaced(name).is_some(),
    };
    let given = manifest.registries.get(name).map(String::as_str);
    // Any other address stands in the lock file as the name of the registry.
    let is_directory = |name: &&str| name.starts_with("file:") || is_path(name);
    let given = given.or_else(|| Some(name).filter(is_directory))?;
    (!decided).then(|| lock_address(given, manifest, root))
}

fn lock_address(given: &str, manifest: &ManifestRegistries, root: &Path) -> String {
    let dir = manifest.manifest.parent().unwrap_or(Path::new(""));
    let path = match given.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").map_or(rest, path_of_url),
        None if is_path(given) => given,
        None => {
            let given = given.trim_end_matches('/');
            return match given.contains("://") {
                true => given.to_owned(),
                false => format!("https://{given}"),
            };
        }
    };
    let path = Path::new(path);
    // Relative paths of a manifest start from its directory.
    let is_relative = !path.is_absolute() || path.starts_with(dir) || path.starts_with(root);
    let path = normal(&dir.join(path));
    match is_relative || path.starts_with(root) {
        true => format!("file:{}", relative(&path, &normal(root))),
        false => {
            let digest = ContentDigest::of(path.to_string_lossy().as_bytes());
            format!("file:{}", &digest.hex()[..16])
        }
    }
}

/// The path without `.` and `..`, as it is written.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// The relative path from one directory to another, with `/` on every system.
fn relative(path: &Path, from: &Path) -> String {
    let common = path
        .components()
        .zip(from.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = from.components().skip(common).map(|_| "..".to_owned());
    let down = path.components().skip(common);
    let down = down.map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    match parts.is_empty() {
        true => ".".to_owned(),
        false => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::env::Env;

    fn addressed(registry: Option<&str>, registries: &[(&str, &str)], project: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("p/.wasm-pkg/config.toml");
        crate::system::fs::write_atomic(&file, project.as_bytes()).unwrap();
        let env = Env::from_vars([("HOME", dir.path())]);
        let layers = Layers::load(&dir.path().join("p"), None, &env).unwrap();
        let owned = |(name, url): &(&str, &str)| ((*name).to_owned(), (*url).to_owned());
        let manifest = ManifestRegistries {
            registries: registries.iter().map(owned).collect(),
            manifest: rooted("/w/m/Cargo.toml").into(),
        };
        let package = "a:b".parse().unwrap();
        let address = address(
            &package,
            registry,
            &manifest,
            &layers,
            Path::new(&rooted("/w")),
        );
        address.unwrap_or_default()
    }

    /// A text with an absolute path, which has a drive on Windows.
    fn rooted(text: &str) -> String {
        match text.find('/').filter(|_| cfg!(windows)) {
            Some(at) => {
                let (scheme, path) = text.split_at(at);
                let slashes = if path.starts_with("///") { "///" } else { "" };
                format!("{scheme}{slashes}C:/{}", path.trim_start_matches('/'))
            }
            None => text.to_owned(),
        }
    }

    #[test]
    fn an_address_is_the_same_on_every_machine() {
        for (given, lock_address) in [
            (&*rooted("file:/w/m/r1"), "file:m/r1"),
            (&rooted("file:/w/m/../r2"), "file:r2"),
            (&rooted("file:/w/m/../../r3"), "file:../r3"),
            ("file:r4", "file:m/r4"),
            ("../r5", "file:r5"),
            (&rooted("file:///w/r6"), "file:r6"),
            (&rooted("file:/w"), "file:."),
            ("oci://h.example/one/", "oci://h.example/one"),
            ("h.example:80", "https://h.example:80"),
            ("https://h.example/", "https://h.example"),
        ] {
            assert_eq!(
                addressed(Some("r"), &[("r", given)], ""),
                lock_address,
                "{given}"
            );
        }
        let elsewhere = addressed(None, &[("default", &rooted("file:///home/me/r"))], "");
        assert_eq!(elsewhere.len(), "file:".len() + 16);
        assert!(!elsewhere.contains("home"), "{elsewhere}");
    }

    #[test]
    fn where_the_configuration_decides_there_is_none() {
        let here = [("default", "oci://m.example"), ("r", "oci://r.example")];
        assert_eq!(addressed(None, &here, ""), "oci://m.example");
        let mapped = "[namespace_registries]\na = \"n.example\"\n";
        assert_eq!(addressed(None, &here, mapped), "");
        assert_eq!(addressed(Some("r"), &here, mapped), "oci://r.example");
        let replaced = "[registry.r]\ndefault = \"local\"\nlocal = { root = \"vendor\" }\n";
        assert_eq!(addressed(Some("r"), &here, replaced), "");
        assert_eq!(addressed(Some("other"), &here, ""), "");
        assert_eq!(addressed(Some("./r"), &here, ""), "file:m/r");
    }
}

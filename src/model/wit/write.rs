//! A WIT package as files: its binary form, and the packages it needs as `wkg`
//! and wit-parser lay them out, one folder each in `deps`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wasmparser::{Validator, WasmFeatures};
use wit_component::WitPrinter;
use wit_parser::{PackageId, PackageName, Resolve};

use super::entry::Sources;
use super::load::load_package;
use super::parts::Origin;
use super::request::Request;
use super::world::Package;
use crate::base::error::{Error, Result, guarded};

/// The package as a file of WebAssembly, with what it needs of others in it.
pub fn encode(package: &Package) -> Result<Vec<u8>> {
    let failed = |cause: String| {
        Error::input(format!("failed to encode the package `{}`", package.name())).with_cause(cause)
    };
    let encode = || wit_component::encode(&package.resolve, package.id, false);
    let bytes = match guarded("wit-component", encode) {
        Ok(encoded) => encoded.map_err(|e| failed(format!("{e:#}")))?,
        Err(panic) => return Err(failed(panic)),
    };
    validate(&bytes).map_err(|cause| {
        Error::input(format!("the package `{}` is not valid", package.name()))
            .with_cause(cause)
            .hint("reduce the size of its types: this is a limit of WebAssembly")
    })?;
    Ok(bytes)
}

/// Validates bytes by the rules of everybody who reads them.
fn validate(bytes: &[u8]) -> Result<(), String> {
    let validate = || {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        validator.validate_all(bytes).map(|_| ())
    };
    guarded("wasmparser", validate)?.map_err(|e| e.message().to_owned())
}

/// A package of WIT with its dependencies, in its binary form.
pub fn encode_sources(sources: Sources) -> Result<Vec<u8>> {
    let package = load_package(&Request {
        all_features: false,
        ..Request::of(sources)
    })?;
    encode(&package)
}

/// A package as the text of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedPackage {
    /// The name of the package.
    pub name: PackageName,
    /// Where the package comes from.
    pub origin: Origin,
    /// The printed WIT, with only those comments that document an item.
    pub text: String,
}

impl RenderedPackage {
    /// The path of its file in `deps`.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(folder(&self.name)).join("package.wit")
    }
}

/// The name of a package's folder in `deps`: `wasi-io-0.2.3`, or `ns-name`
/// where it has no version.
pub fn folder(name: &PackageName) -> String {
    name.to_string().replace([':', '@'], "-")
}

/// Refuses packages that have the same [`folder`], such as `a-b:c` and `a:b-c`:
/// `deps` has room for one of them.
pub fn refuse_same_folder(packages: &[RenderedPackage]) -> Result<()> {
    let mut known: BTreeMap<String, &PackageName> = BTreeMap::new();
    for package in packages {
        let folder = folder(&package.name);
        if let Some(other) = known.get(&folder) {
            return Err(Error::input(format!(
                "the packages `{other}` and `{}` have the same directory in `deps`, `{folder}`",
                package.name
            ))
            .hint("put one of them into `deps` yourself, in a directory with another name"));
        }
        known.insert(folder, &package.name);
    }
    Ok(())
}

/// Every package that was loaded with another one, whether it needs it or not;
/// not those of its own files.
pub fn render_dependencies(package: &Package) -> Result<Vec<RenderedPackage>> {
    let mut all = Vec::new();
    for (id, found) in package.resolve.packages.iter() {
        let part = package.parts.iter().find(|part| part.name == found.name);
        let origin = part.map_or(Origin::Enclosed, |part| part.origin.clone());
        if id == package.id || origin == Origin::Main {
            continue;
        }
        all.push(RenderedPackage {
            name: found.name.clone(),
            origin,
            text: text(&package.resolve, id, &[])?,
        });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Prints a package of a resolve as the text of a file, with other packages nested in it.
pub fn text(resolve: &Resolve, id: PackageId, nested: &[PackageId]) -> Result<String> {
    let mut printer = WitPrinter::default();
    printer.print(resolve, id, nested).map_err(|e| {
        let name = &resolve.packages[id].name;
        Error::input(format!("failed to write the package `{name}` as text"))
            .with_cause(format!("{e:#}"))
    })?;
    Ok(printer.output.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wit::{Entry, TextFile};

    fn entry(path: &str, text: &str) -> Entry {
        let file = TextFile {
            path: path.into(),
            text: text.to_owned(),
        };
        Entry::Text {
            path: path.into(),
            files: vec![file],
        }
    }

    #[test]
    fn other_packages_get_a_folder_each() {
        let main = "package a:app; world w { import b:io/s@0.2.3; import c:d/e; }
            package a:nested { interface n {} }";
        let request = Request::of(Sources {
            main: entry("w.wit", main),
            deps: vec![
                entry("io", "package b:io@0.2.3; /// said\ninterface s { }"),
                entry("d", "package c:d; interface e { /* gone */ }"),
            ],
        });
        let package = load_package(&request).unwrap();
        let all = render_dependencies(&package).unwrap();
        let paths: Vec<_> = all.iter().map(RenderedPackage::path).collect();
        assert_eq!(
            paths,
            [
                PathBuf::from("b-io-0.2.3/package.wit"),
                PathBuf::from("c-d/package.wit"),
            ]
        );
        assert!(all[0].text.contains("/// said"), "{}", all[0].text);
        assert!(!all[1].text.contains("gone"), "{}", all[1].text);
    }
}

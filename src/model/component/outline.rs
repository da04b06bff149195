//! A summary of a WebAssembly file, and WIT in its binary form as text.

use semver::Version;
use wit_component::WitPrinter;
use wit_parser::{PackageId, PackageName, Resolve};

use super::decode::{decode, is_wit_package};
use super::kind::{WasmKind, kind};
use super::names;
use super::surface::{Surface, surface};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;

/// The summary of a file by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// A WIT package in binary form.
    Wit {
        /// The name of the package.
        package: PackageRef,
        /// The version of the package, if it has one.
        version: Option<Version>,
        /// The names of its worlds.
        worlds: Vec<String>,
        /// The names of its interfaces.
        interfaces: Vec<String>,
    },
    /// A component in binary form.
    Component {
        /// The names of its imports and exports.
        surface: Surface,
        /// The version in its metadata.
        version: Option<Version>,
    },
    /// A core module of any kind.
    Module,
}

/// The summary of a file. An error if it is not WebAssembly, or not valid.
pub fn outline(bytes: &[u8]) -> Result<Outline> {
    match kind(bytes) {
        None => return Err(Error::input("it is not WebAssembly")),
        Some(WasmKind::Component) => {}
        Some(_) => return Ok(Outline::Module),
    }
    if !is_wit_package(bytes)? {
        let metadata = wasm_metadata::Payload::from_binary(bytes).ok();
        let version =
            metadata.and_then(|found| found.metadata().version.as_ref()?.to_string().parse().ok());
        let surface = surface(&names::with_current_names(bytes)?)?;
        return Ok(Outline::Component { surface, version });
    }
    let decoded = decode(bytes)?;
    let (resolve, id) = (decoded.resolve(), decoded.package());
    let package = &resolve.packages[id];
    let name = &package.name;
    Ok(Outline::Wit {
        package: format!("{}:{}", name.namespace, name.name).parse()?,
        version: name.version.clone(),
        worlds: package.worlds.keys().cloned().collect(),
        interfaces: package.interfaces.keys().cloned().collect(),
    })
}

/// The WIT text of a package without its dependencies; for a component, that of the
/// world it implements.
pub fn wit_text(bytes: &[u8]) -> Result<String> {
    let decoded = decode(bytes)?;
    printed(decoded.resolve(), decoded.package())
}

/// The result of [`wit_text`], and the WIT text of each dependency by its package.
pub fn wit_texts(bytes: &[u8]) -> Result<(String, Vec<(PackageName, String)>)> {
    let decoded = decode(bytes)?;
    let (resolve, main) = (decoded.resolve(), decoded.package());
    let others = resolve.packages.iter().filter(|(id, _)| *id != main);
    let texts = others.map(|(id, package)| Ok((package.name.clone(), printed(resolve, id)?)));
    Ok((printed(resolve, main)?, texts.collect::<Result<_>>()?))
}

fn printed(resolve: &Resolve, package: PackageId) -> Result<String> {
    let mut printer = WitPrinter::default();
    printer.print(resolve, package, &[]).map_err(|e| {
        Error::input("failed to write the WIT as text").with_cause(format!("{e:#}"))
    })?;
    Ok(printer.output.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_is_told() {
        let mut resolve = wit_parser::Resolve::default();
        let text = "package a:b@1.2.3; interface i { f: func(); } world w { import i; }";
        let id = resolve.push_source("x.wit", text).unwrap();
        let bytes = wit_component::encode(&resolve, id, false).unwrap();
        assert_eq!(
            outline(&bytes).unwrap(),
            Outline::Wit {
                package: "a:b".parse().unwrap(),
                version: Some(Version::new(1, 2, 3)),
                worlds: vec!["w".into()],
                interfaces: vec!["i".into()],
            }
        );
        assert!(wit_text(&bytes).unwrap().starts_with("package a:b@1.2.3;"));
        let component = wat::parse_str("(component (import \"a:b/i@1.0.0\" (instance)))").unwrap();
        let Outline::Component { surface, version } = outline(&component).unwrap() else {
            panic!("no component")
        };
        assert_eq!(
            (surface.imports, version),
            (vec!["a:b/i@1.0.0".to_owned()], None)
        );
        assert!(wit_text(&component).unwrap().contains("import a:b/i@1.0.0"));
        assert_eq!(
            outline(&wat::parse_str("(module)").unwrap()).unwrap(),
            Outline::Module
        );
        assert!(outline(b"text").is_err());
        // WIT has no words for it.
        let passes = r#"(component
            (import "a:b/i" (instance $i (export "r" (type (sub resource)))))
            (export "a:b/j" (instance $i)))"#;
        let Outline::Component { surface, .. } = outline(&wat::parse_str(passes).unwrap()).unwrap()
        else {
            panic!("no component")
        };
        assert_eq!(
            (surface.imports, surface.exports),
            (vec!["a:b/i".to_owned()], vec!["a:b/j".to_owned()])
        );
    }
}

//! The content of packages of WIT, read without resolving them.

use wit_component::DecodedWasm;
use wit_parser::{PackageName, SourceMap, UnresolvedPackage};

use super::entry::Entry;

/// The packages of an entry, with the names of their interfaces. What cannot
/// be read, and what is no package of WIT, has none.
pub fn declared_interfaces(entry: &Entry) -> Vec<(PackageName, Vec<String>)> {
    match entry {
        Entry::Text { files, .. } => {
            let mut map = SourceMap::default();
            for file in files {
                map.push(&file.path, file.text.as_str());
            }
            let Ok(group) = map.parse() else {
                return Vec::new();
            };
            let all = std::iter::once(&group.main).chain(&group.nested);
            all.map(|package| (package.name.clone(), declared(package)))
                .collect()
        }
        Entry::Wasm(file) => match file.decoded() {
            Ok(DecodedWasm::WitPackage(resolve, id)) => {
                let package = &resolve.packages[*id];
                let names = package.interfaces.keys().cloned();
                vec![(package.name.clone(), names.collect())]
            }
            _ => Vec::new(),
        },
    }
}

/// The packages that text refers to without defining them, with their versions.
/// Text that cannot be parsed refers to none.
pub fn referenced_packages(entry: &Entry) -> Vec<PackageName> {
    let Entry::Text { files, .. } = entry else {
        return Vec::new();
    };
    let mut map = SourceMap::default();
    for file in files {
        map.push(&file.path, file.text.as_str());
    }
    let Ok(group) = map.parse() else {
        return Vec::new();
    };
    let all = std::iter::once(&group.main).chain(&group.nested);
    all.flat_map(|package| package.foreign_deps.keys().cloned())
        .collect()
}

fn declared(package: &UnresolvedPackage) -> Vec<String> {
    // Those of other packages stand before its own.
    let foreign = package.foreign_deps.values().flatten();
    let foreign: Vec<_> = foreign.map(|(_, (item, _))| item).collect();
    let own = package.interfaces.iter().filter(|(id, _)| {
        !foreign
            .iter()
            .any(|item| matches!(item, wit_parser::AstItem::Interface(foreign) if *foreign == *id))
    });
    own.filter_map(|(_, interface)| interface.name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wit::TextFile;

    #[test]
    fn every_package_has_its_own_interfaces() {
        let text = "package a:b@1.0.0; interface i { use c:d/foreign.{t}; }
            world w { import n: interface {} import c:d/other; }
            package a:nested { interface j {} }";
        let entry = Entry::Text {
            path: "w.wit".into(),
            files: vec![TextFile {
                path: "w.wit".into(),
                text: text.to_owned(),
            }],
        };
        let all = declared_interfaces(&entry);
        let actual: Vec<_> = all
            .iter()
            .map(|(name, names)| format!("{name}: {}", names.join(" ")))
            .collect();
        assert_eq!(actual, ["a:b@1.0.0: i", "a:nested: j"]);
    }
}

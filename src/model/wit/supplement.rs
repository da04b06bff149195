//! Packages in text that have less than others use of them, such as a folder that
//! an override puts in the place of a release. What they lack is taken from the
//! copies in binary packages that use it.

use std::path::{Path, PathBuf};

use wit_component::WitPrinter;
use wit_parser::{PackageName, Resolve, SourceMap, UnresolvedPackage};

use super::diagnose::SourceTexts;
use super::group::{Group, Rank};

/// Adds to packages in text the interfaces they lack and that packages other than
/// the project's own refer to, from copies in `embedded`. What they have does not
/// change. What no copy has is left for the resolution to refuse.
pub(super) fn supplement(
    groups: &mut [Group],
    embedded: &[(Rank, Resolve)],
    texts: &mut SourceTexts,
) {
    for (name, items) in lacking(groups) {
        let copies = embedded.iter().map(|(_, resolve)| resolve);
        let fitting = copies.filter(|copy| {
            let id = copy.package_names.get(&name);
            id.is_some_and(|id| {
                let package = &copy.packages[*id];
                let has = |item: &String| {
                    package.interfaces.contains_key(item) || package.worlds.contains_key(item)
                };
                items.iter().any(has)
            })
        });
        let fitting: Vec<&Resolve> = fitting.collect();
        let of_package = |group: &&mut Group| group.group.main.name == name;
        let Some(group) = groups.iter_mut().find(of_package) else {
            continue;
        };
        for copy in fitting {
            let Some(text) = lacking_text(copy, &group.group.main, &items) else {
                continue;
            };
            let path = PathBuf::from(format!("{name}.wasm"));
            add_file(group, &path, &text, texts);
        }
    }
}

/// The items that packages except the project's own refer to and that do not
/// exist, by the package that lacks them.
fn lacking(groups: &[Group]) -> Vec<(PackageName, Vec<String>)> {
    let mut lacking: Vec<(PackageName, Vec<String>)> = Vec::new();
    let others = groups.iter().filter(|group| group.rank != Rank::Main);
    let named = others
        .flat_map(Group::packages)
        .flat_map(|p| &p.foreign_deps);
    for (name, items) in named {
        let mut all = groups.iter().flat_map(Group::packages);
        let Some(package) = all.find(|package| package.name == *name) else {
            continue;
        };
        for item in items.keys().filter(|item| !offers(package, item)) {
            match lacking.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) if known.contains(item) => {}
                Some((_, known)) => known.push(item.clone()),
                None => lacking.push((name.clone(), vec![item.clone()])),
            }
        }
    }
    lacking
}

/// Whether a package has the interface or world of this name.
fn offers(package: &UnresolvedPackage, item: &str) -> bool {
    let mut interfaces = package.interfaces.iter().map(|(_, interface)| interface);
    let mut worlds = package.worlds.iter().map(|(_, world)| world);
    interfaces.any(|interface| interface.name.as_deref() == Some(item))
        || worlds.any(|world| world.name == item)
}

/// The text of items that a copy has and a package lacks: all interfaces, since they may
/// use each other, and of the worlds those of `items`.
fn lacking_text(copy: &Resolve, package: &UnresolvedPackage, items: &[String]) -> Option<String> {
    let id = *copy.package_names.get(&package.name)?;
    let mut copy = copy.clone();
    let found = &mut copy.packages[id];
    found.interfaces.retain(|name, _| !offers(package, name));
    let is_required = |name: &String| items.contains(name) && !offers(package, name);
    found.worlds.retain(|name, _| is_required(name));
    found.docs = Default::default();
    let mut printer = WitPrinter::default();
    printer.print(&copy, id, &[]).ok()?;
    Some(printer.output.to_string())
}

/// Parses a package again with another file. If that fails, the package does not
/// change.
fn add_file(group: &mut Group, path: &Path, text: &str, texts: &mut SourceTexts) {
    let mut map = SourceMap::default();
    for name in group.group.source_map.source_names() {
        let Some(text) = texts.get(Path::new(name)) else {
            return;
        };
        map.push(Path::new(name), text);
    }
    map.push(path, text);
    let Ok(mut parsed) = map.parse() else {
        return;
    };
    if parsed.main.name != group.group.main.name {
        return;
    }
    let known: Vec<&PackageName> = group.group.nested.iter().map(|p| &p.name).collect();
    parsed
        .nested
        .retain(|package| known.contains(&&package.name));
    texts.insert(path, text);
    group.group = parsed;
}

#[cfg(feature = "cli")]
#[cfg(test)]
mod tests {
    use crate::model::wit::{Entry, Request, Sources, TextFile, WasmFile, load_package};

    fn text(path: &str, text: &str) -> Entry {
        Entry::Text {
            path: path.into(),
            files: vec![TextFile {
                path: format!("{path}/main.wit").into(),
                text: text.to_owned(),
            }],
        }
    }

    /// `demo:user` in binary form, with copies of what it uses of `demo:used`.
    fn user() -> Entry {
        let mut resolve = wit_parser::Resolve::default();
        let used = "package demo:used@1.0.0;
            interface plain { f: func(); }
            interface types { record point { x: u32 } }
            interface more { use types.{point}; g: func() -> point; }
            interface unused { h: func(); }";
        resolve.push_source("used.wit", used).unwrap();
        let user = "package demo:user@1.0.0;
            interface all { use demo:used/more@1.0.0.{point}; i: func(p: point); }
            world w { import demo:used/plain@1.0.0; import demo:used/more@1.0.0; import all; }";
        let package = resolve.push_source("user.wit", user).unwrap();
        let bytes = wit_component::encode(&resolve, package, true).unwrap();
        Entry::Wasm(WasmFile::new("demo:user@1.0.0", bytes))
    }

    fn request(over: &str) -> Request<'static> {
        let main = "package a:b; world w { include demo:user/w@1.0.0; }";
        let sources = |main| Sources {
            main,
            deps: Vec::new(),
        };
        let mut request = Request::of(sources(text("wit", main)));
        request.overrides = vec![sources(text("used", over))];
        request.fetched = vec![user()];
        request
    }

    #[test]
    fn what_an_override_lacks_comes_from_the_copy_of_whoever_uses_it() {
        let over = "package demo:used@1.0.0;
            interface plain { f: func(); added: func(); }";
        let package = load_package(&request(over)).unwrap();
        let resolve = &package.resolve;
        let used = resolve.packages.iter().map(|(_, package)| package);
        let used = used.filter(|package| package.name.name == "used");
        let [used] = used.collect::<Vec<_>>().try_into().unwrap();
        let mut names: Vec<&str> = used.interfaces.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["more", "plain", "types"]);
        // What it has itself counts as it is there.
        let plain = &resolve.interfaces[used.interfaces["plain"]];
        assert!(plain.functions.contains_key("added"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let over = "package demo:used@1.0.0;
            interface types { record other { x: u32 } }";
        let error = load_package(&request(over)).unwrap_err();
        assert!(error.to_string().contains("`types`"), "{error}");
    }
}

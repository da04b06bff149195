//! Errors of wit-parser, reported with the source line, what is known, and a fix.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_parser::{
    AstItem, PackageName, ParseError, ParseErrorKind, ResolveError, ResolveErrorKind, SourceMap,
    Span,
};

use super::group::Group;
use crate::base::error::{Error, Excerpt, nearest};

/// The texts of all sources, by path, for excerpts.
#[derive(Default)]
pub(super) struct SourceTexts(BTreeMap<PathBuf, String>);

impl SourceTexts {
    pub(super) fn insert(&mut self, path: &Path, text: &str) {
        // As the parser calls it, which has no other than UTF-8.
        let name = path.display().to_string();
        self.0.insert(name.into(), text.to_owned());
    }

    /// The text of a source, by its path.
    pub(super) fn get(&self, path: &Path) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    pub(super) fn excerpt(&self, map: &SourceMap, span: Span) -> Option<Excerpt> {
        let location = map.resolve_span(span)?;
        let path = Path::new(location.path);
        let text = self.0.get(path)?;
        Some(Excerpt::new(path, text.clone(), location.range))
    }

    /// The start of a file.
    fn start(&self, path: &Path) -> Option<Excerpt> {
        let text = self.0.get(path)?;
        Some(Excerpt::new(path, text.clone(), 0..0))
    }

    /// Where the sources of `group` first refer to a package.
    pub(super) fn reference(&self, group: &Group, package: &PackageName) -> Option<Excerpt> {
        let user = group
            .packages()
            .find(|p| p.foreign_deps.contains_key(package))?;
        let (item, _) = user.foreign_deps[package].values().next()?;
        let span = match item {
            AstItem::Interface(id) => user.interfaces[*id].span,
            AstItem::World(id) => user.worlds[*id].span,
        };
        let excerpt = self.excerpt(&group.group.source_map, span)?;
        // The span is that of the last name; the package stands before it.
        let before = &excerpt.text()[..excerpt.span().start];
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let end = excerpt.span().end;
        Some(Excerpt::new(excerpt.path(), excerpt.text(), start..end))
    }

    /// The error about one of `files` having a package that `other` has too.
    pub(super) fn duplicate<'a>(
        &self,
        package: &PackageName,
        other: &Path,
        files: impl Iterator<Item = &'a Path>,
    ) -> Error {
        let files: Vec<&Path> = files.collect();
        let error = Error::input(format!("the package `{package}` is defined twice"))
            .with_cause(format!("the other definition is in `{}`", other.display()))
            .hint("remove one of them");
        let name = package.to_string();
        let declared = files.iter().find_map(|path| {
            let text = self.0.get(Path::new(&path.display().to_string()))?;
            // Keywords have a `%` before them; then it is the first line.
            let at = text.find(&name);
            let at = at.map_or(0..0, |at| at..at + name.len());
            Some(Excerpt::new(*path, text.clone(), at))
        });
        match (declared, files.first()) {
            (Some(excerpt), _) => error.at(excerpt),
            // A binary package has no lines.
            (None, Some(path)) => {
                error.with_cause(format!("one definition is in `{}`", path.display()))
            }
            (None, None) => error,
        }
    }

    /// Names declared by any of these words of WIT.
    fn declared(&self, by: &[&str]) -> Vec<&str> {
        let mut names = Vec::new();
        for text in self.0.values() {
            let mut words = text
                .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '%'))
                .filter(|word| !word.is_empty());
            while let Some(word) = words.next() {
                if by.contains(&word) {
                    names.extend(words.next().map(|name| name.trim_start_matches('%')));
                }
            }
        }
        names
    }
}

/// A package with the names of what it declares.
struct KnownPackage {
    name: PackageName,
    interfaces: Vec<String>,
    worlds: Vec<String>,
}

/// What each package declares, before anything is resolved.
pub(super) struct KnownPackages(Vec<KnownPackage>);

impl KnownPackages {
    pub(super) fn of(groups: &[Group]) -> Self {
        let package = |p: &wit_parser::UnresolvedPackage| {
            let interfaces = p.interfaces.iter().filter_map(|(_, i)| i.name.clone());
            // Worlds of other packages are here too, without a name.
            let worlds = p.worlds.iter().map(|(_, w)| w.name.clone());
            let worlds = worlds.filter(|name| !name.is_empty());
            KnownPackage {
                name: p.name.clone(),
                interfaces: interfaces.collect(),
                worlds: worlds.collect(),
            }
        };
        KnownPackages(
            groups
                .iter()
                .flat_map(|g| g.packages().map(package))
                .collect(),
        )
    }

    fn packages(&self) -> Vec<String> {
        self.names().map(ToString::to_string).collect()
    }

    fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.0.iter().map(|package| &package.name)
    }

    /// The names of the interfaces and of the worlds of a package.
    fn of_package(&self, package: &PackageName) -> (&[String], &[String]) {
        match self.0.iter().find(|known| known.name == *package) {
            Some(known) => (&known.interfaces, &known.worlds),
            None => (&[], &[]),
        }
    }
}

/// Describes an error of the parser inside one package.
pub(super) fn parse_error(error: &ParseError, map: &SourceMap, texts: &SourceTexts) -> Error {
    let text = error.to_string();
    // A variable that nothing reads any more helps nobody.
    let mut lines = text
        .lines()
        .filter(|line| !line.contains("WIT_REQUIRE_F32_F64"));
    let reported = Error::input(lines.next().unwrap_or_default());
    let reported = lines.fold(reported, Error::with_cause);
    let kind = error.kind();
    let reported = match texts.excerpt(map, kind.span()) {
        Some(excerpt) => reported.at(excerpt),
        None => reported,
    };
    if text.contains("no `package` header") {
        // It is about all files, so the first one stands for them.
        let mut names = map.source_names();
        let reported = match names.find_map(|name| texts.start(Path::new(name))) {
            Some(excerpt) => reported.at(excerpt),
            None => reported,
        };
        return reported.hint("start it with `package namespace:name;`");
    }
    match kind {
        ParseErrorKind::Syntax { message, .. } => match keyword(message) {
            Some(word) => reported.hint(format!("use `%{word}` to use the keyword as a name")),
            None => reported,
        },
        ParseErrorKind::ItemNotFound { name, kind, .. } => {
            let words = match kind.as_str() {
                "interface or world" => CONTAINERS,
                _ => TYPES,
            };
            let known = texts.declared(words);
            match (former_type(name), nearest(name, known.iter().copied())) {
                (Some(type_), _) if !known.contains(&name.as_str()) => {
                    reported.hint(format!("write `{type_}`"))
                }
                (_, Some(near)) if near != name => reported.hint(format!("did you mean `{near}`?")),
                _ => reported.hint(format!(
                    "declare `{name}`, or `use` it from the interface that declares it"
                )),
            }
        }
        ParseErrorKind::TypeCycle { .. } => {
            reported.hint("break the cycle: WIT types cannot be recursive")
        }
        _ => reported,
    }
}

/// The words of WIT that declare an interface or a world.
const CONTAINERS: &[&str] = &["interface", "world"];

/// The words of WIT that declare a type.
const TYPES: &[&str] = &["type", "record", "variant", "enum", "flags", "resource"];

/// The type that had another name once, by that name.
fn former_type(name: &str) -> Option<&'static str> {
    match name {
        "float32" => Some("f32"),
        "float64" => Some("f64"),
        _ => None,
    }
}

/// The keyword found where a name was expected.
fn keyword(message: &str) -> Option<&str> {
    if !message.starts_with("expected an identifier") {
        return None;
    }
    let (_, found) = message.split_once("found keyword `")?;
    found.split('`').next()
}

/// Describes an error of the resolution between packages.
pub(super) fn resolve_error(
    error: &ResolveError,
    map: &SourceMap,
    texts: &SourceTexts,
    known: &KnownPackages,
    declared: bool,
) -> Error {
    let kind = error.kind();
    let reported = match kind {
        ResolveErrorKind::PackageNotFound { requested, .. } => {
            missing_package(requested, known, declared)
        }
        ResolveErrorKind::InterfaceNotFound {
            requested, package, ..
        } => missing_item("interface", requested, package, known),
        ResolveErrorKind::WorldNotFound {
            requested, package, ..
        } => missing_item("world", requested, package, known),
        ResolveErrorKind::PackageCycle { package, .. } => {
            Error::input(format!("the package `{package}` depends on itself"))
                .hint("move the items that both packages use into a third one")
        }
        other => {
            let text = other.to_string();
            let gated = text.contains("feature not being activated");
            match gated {
                true => Error::input(text).hint("add the feature to `features = [\"…\"]` under `[package.metadata.component.bindings]` in Cargo.toml"),
                false => Error::input(text),
            }
        }
    };
    at(reported, texts.excerpt(map, kind.span()))
}

/// An error with its place, where that is known.
pub(super) fn at(error: Error, place: Option<Excerpt>) -> Error {
    match place {
        Some(place) => error.at(place),
        None => error,
    }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.is_empty() {
        true => "nothing".to_owned(),
        false => quoted.join(", "),
    }
}

fn missing_package(requested: &PackageName, known: &KnownPackages, declared: bool) -> Error {
    let packages = known.packages();
    let reported = Error::input(format!("package '{requested}' not found"))
        .with_cause(format!("known packages: {}", listed(&packages)));
    let other_version = known
        .names()
        .find(|name| name.namespace == requested.namespace && name.name == requested.name);
    if let Some(other) = other_version {
        return reported.hint(format!(
            "only `{other}` is known: refer to that version, or add `{requested}`"
        ));
    }
    let bare = PackageName {
        version: None,
        ..requested.clone()
    };
    let near = near_package(requested, known);
    match near {
        Some(near) => reported.hint(format!("did you mean `{near}`?")),
        None if declared => reported.hint(line_to_add(requested)),
        None => reported.hint(format!(
            "{ABSENT}, or add `\"{bare}\" = {{ path = \"…\" }}` under `[package.metadata.component.target.dependencies]` in Cargo.toml"
        )),
    }
}

/// The start of the hint about a package that no source has.
const ABSENT: &str = "put the package into `wit/deps`";

/// Whether an error is about a package that no source has, and that no known
/// package resembles.
#[cfg(feature = "cli")]
pub fn is_absent_package(error: &Error) -> bool {
    error.advice().is_some_and(|hint| hint.starts_with(ABSENT))
}

/// A known package that differs slightly, in its namespace or its name.
fn near_package(requested: &PackageName, known: &KnownPackages) -> Option<String> {
    let same_name = known.names().filter(|p| p.name == requested.name);
    let same_namespace = known.names().filter(|p| p.namespace == requested.namespace);
    let name = nearest(&requested.name, same_namespace.map(|p| p.name.as_str()));
    if let Some(name) = name {
        return Some(format!("{}:{name}", requested.namespace));
    }
    let namespace = nearest(
        &requested.namespace,
        same_name.map(|p| p.namespace.as_str()),
    );
    namespace.map(|namespace| format!("{namespace}:{}", requested.name))
}

/// The error about a package that the manifest's table lacks.
pub(super) fn undeclared(package: &PackageName) -> Error {
    Error::input(format!(
        "the package `{package}` is neither declared in Cargo.toml nor in `wit/deps`"
    ))
    .with_cause("it is only part of another dependency")
    .hint(line_to_add(package))
}

fn line_to_add(package: &PackageName) -> String {
    let version = match &package.version {
        Some(version) => version.to_string(),
        None => "*".to_owned(),
    };
    format!(
        "add `\"{}:{}\" = \"{version}\"` under `[package.metadata.component.target.dependencies]` in Cargo.toml, or put the package into `wit/deps`",
        package.namespace, package.name
    )
}

fn missing_item(
    what: &str,
    requested: &str,
    package: &PackageName,
    known: &KnownPackages,
) -> Error {
    let (interfaces, worlds) = known.of_package(package);
    let (same, others, other) = match what {
        "world" => (worlds, interfaces, "interface"),
        _ => (interfaces, worlds, "world"),
    };
    let reported = Error::input(format!(
        "{what} '{requested}' not found in package '{package}'"
    ))
    .with_cause(format!("its {what}s: {}", listed(same)));
    let names = || same.iter().map(String::as_str);
    if others.iter().any(|name| name == requested) {
        return reported.hint(format!(
            "`{requested}` is {} in that package",
            with_article(other)
        ));
    }
    match nearest(requested, names()) {
        Some(near) => reported.hint(format!("did you mean `{near}`?")),
        None => reported.hint(format!(
            "declare `{what} {requested} {{ … }}` in the package, or refer to an existing one"
        )),
    }
}

fn with_article(noun: &str) -> String {
    let an = noun.starts_with('i');
    format!("{} {noun}", if an { "an" } else { "a" })
}

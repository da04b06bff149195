//! Errors of wit-parser, told with the source line, what is known, and a fix.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_parser::{
    AstItem, PackageName, ParseError, ParseErrorKind, ResolveError, ResolveErrorKind, SourceMap,
    Span,
};

use super::load::Group;
use crate::base::error::{Error, Excerpt, nearest};

/// The texts of all sources, by path, for excerpts.
#[derive(Default)]
pub(super) struct Texts(BTreeMap<PathBuf, String>);

impl Texts {
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

    /// That one of `files` has a package that `other` has too.
    pub(super) fn duplicate<'a>(
        &self,
        package: &PackageName,
        other: &Path,
        files: impl Iterator<Item = &'a Path>,
    ) -> Error {
        let files: Vec<&Path> = files.collect();
        let error = Error::input(format!("the package `{package}` is defined twice"))
            .because(format!("the other definition is in `{}`", other.display()))
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
            // A binary package has no line to point at.
            (None, Some(path)) => {
                error.because(format!("one definition is in `{}`", path.display()))
            }
            (None, None) => error,
        }
    }

    /// Names declared by any of the words of WIT that declare one.
    fn declared(&self) -> Vec<&str> {
        const WORDS: [&str; 9] = [
            "interface",
            "world",
            "type",
            "record",
            "variant",
            "enum",
            "flags",
            "resource",
            "func",
        ];
        let mut names = Vec::new();
        for text in self.0.values() {
            let mut words = text
                .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '%'))
                .filter(|word| !word.is_empty());
            while let Some(word) = words.next() {
                if WORDS.contains(&word) {
                    names.extend(words.next().map(|name| name.trim_start_matches('%')));
                }
            }
        }
        names
    }
}

/// What each package offers, before anything is resolved.
pub(super) struct Known(Vec<(PackageName, Vec<String>, Vec<String>)>);

impl Known {
    pub(super) fn of(groups: &[Group]) -> Self {
        let package = |p: &wit_parser::UnresolvedPackage| {
            let interfaces = p.interfaces.iter().filter_map(|(_, i)| i.name.clone());
            // Worlds of other packages stand here too, without a name.
            let worlds = p.worlds.iter().map(|(_, w)| w.name.clone());
            let worlds = worlds.filter(|name| !name.is_empty());
            (p.name.clone(), interfaces.collect(), worlds.collect())
        };
        Known(
            groups
                .iter()
                .flat_map(|g| g.packages().map(package))
                .collect(),
        )
    }

    fn packages(&self) -> Vec<String> {
        self.0.iter().map(|(name, ..)| name.to_string()).collect()
    }

    fn of_package(&self, package: &PackageName) -> (&[String], &[String]) {
        match self.0.iter().find(|(name, ..)| name == package) {
            Some((_, interfaces, worlds)) => (interfaces, worlds),
            None => (&[], &[]),
        }
    }
}

/// An error inside one package.
pub(super) fn parse_error(error: &ParseError, map: &SourceMap, texts: &Texts) -> Error {
    let text = error.to_string();
    let mut lines = text.lines();
    let told = Error::input(lines.next().unwrap_or_default());
    let told = lines.fold(told, Error::because);
    let kind = error.kind();
    let told = match texts.excerpt(map, kind.span()) {
        Some(excerpt) => told.at(excerpt),
        None => told,
    };
    if text.contains("no `package` header") {
        // It is about all files, so the first one stands for them.
        let mut names = map.source_names();
        let told = match names.find_map(|name| texts.start(Path::new(name))) {
            Some(excerpt) => told.at(excerpt),
            None => told,
        };
        return told.hint("start it with `package namespace:name;`");
    }
    match kind {
        ParseErrorKind::Syntax { message, .. } => match keyword(message) {
            Some(word) => told.hint(format!("use `%{word}` to use the keyword as a name")),
            None => told,
        },
        ParseErrorKind::ItemNotFound { name, .. } => match nearest(name, texts.declared()) {
            Some(near) if near != name => told.hint(format!("did you mean `{near}`?")),
            _ => told.hint(format!(
                "declare `{name}`, or `use` it from the interface that declares it"
            )),
        },
        ParseErrorKind::TypeCycle { .. } => {
            told.hint("break the cycle: WIT types cannot be recursive")
        }
        _ => told,
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

/// An error between packages.
pub(super) fn resolve_error(
    error: &ResolveError,
    map: &SourceMap,
    texts: &Texts,
    known: &Known,
    declared: bool,
) -> Error {
    let kind = error.kind();
    let told = match kind {
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
    at(told, texts.excerpt(map, kind.span()))
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

fn missing_package(requested: &PackageName, known: &Known, declared: bool) -> Error {
    let packages = known.packages();
    let told = Error::input(format!("package '{requested}' not found"))
        .because(format!("known packages: {}", listed(&packages)));
    let other_version = known
        .0
        .iter()
        .find(|(name, ..)| name.namespace == requested.namespace && name.name == requested.name);
    if let Some((other, ..)) = other_version {
        return told.hint(format!(
            "only `{other}` is known: refer to that version, or add `{requested}`"
        ));
    }
    let bare = PackageName {
        version: None,
        ..requested.clone()
    };
    let near = near_package(requested, known);
    match near {
        Some(near) => told.hint(format!("did you mean `{near}`?")),
        None if declared => told.hint(line_to_add(requested)),
        None => told.hint(format!(
            "{ABSENT}, or add `\"{bare}\" = {{ path = \"…\" }}` under `[package.metadata.component.target.dependencies]` in Cargo.toml"
        )),
    }
}

/// How the fix for a package begins that is nowhere.
const ABSENT: &str = "put the package into `wit/deps`";

/// Whether an error is that a package is nowhere, and no name is like its.
#[cfg(feature = "cli")]
pub fn is_absent_package(error: &Error) -> bool {
    error.advice().is_some_and(|hint| hint.starts_with(ABSENT))
}

/// The known package that differs in its namespace or its name, but not much.
fn near_package(requested: &PackageName, known: &Known) -> Option<String> {
    let same_name = known.0.iter().filter(|(p, ..)| p.name == requested.name);
    let same_namespace = known
        .0
        .iter()
        .filter(|(p, ..)| p.namespace == requested.namespace);
    let name = nearest(
        &requested.name,
        same_namespace.map(|(p, ..)| p.name.as_str()),
    );
    if let Some(name) = name {
        return Some(format!("{}:{name}", requested.namespace));
    }
    let namespace = nearest(
        &requested.namespace,
        same_name.map(|(p, ..)| p.namespace.as_str()),
    );
    namespace.map(|namespace| format!("{namespace}:{}", requested.name))
}

/// That the manifest's table lacks a package.
pub(super) fn undeclared(package: &PackageName) -> Error {
    Error::input(format!(
        "the package `{package}` is neither declared in Cargo.toml nor in `wit/deps`"
    ))
    .because("it is only part of another dependency")
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

fn missing_item(what: &str, requested: &str, package: &PackageName, known: &Known) -> Error {
    let (interfaces, worlds) = known.of_package(package);
    let (same, others, other) = match what {
        "world" => (worlds, interfaces, "interface"),
        _ => (interfaces, worlds, "world"),
    };
    let told = Error::input(format!(
        "{what} '{requested}' not found in package '{package}'"
    ))
    .because(format!("its {what}s: {}", listed(same)));
    let names = || same.iter().map(String::as_str);
    if others.iter().any(|name| name == requested) {
        return told.hint(format!(
            "`{requested}` is {} in that package",
            with_article(other)
        ));
    }
    match nearest(requested, names()) {
        Some(near) => told.hint(format!("did you mean `{near}`?")),
        None => told.hint(format!(
            "declare `{what} {requested} {{ … }}` in the package, or refer to an existing one"
        )),
    }
}

fn with_article(noun: &str) -> String {
    let an = noun.starts_with('i');
    format!("{} {noun}", if an { "an" } else { "a" })
}

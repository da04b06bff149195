//! Errors of wit-parser, told with the source line, what is known, and a fix.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_parser::{
    PackageName, ParseError, ParseErrorKind, ResolveError, ResolveErrorKind, SourceMap, Span,
};

use super::load::Group;
use crate::advice::{Error, Excerpt, nearest};

/// The texts of all sources, by path, for excerpts.
#[derive(Default)]
pub(super) struct Texts(BTreeMap<PathBuf, String>);

impl Texts {
    pub(super) fn insert(&mut self, path: &Path, text: &str) {
        self.0.insert(path.to_owned(), text.to_owned());
    }

    fn excerpt(&self, map: &SourceMap, span: Span) -> Option<Excerpt> {
        let location = map.resolve_span(span)?;
        let path = Path::new(location.path);
        let text = self.0.get(path)?;
        Some(Excerpt::new(path, text.clone(), location.range))
    }

    /// The first place where `needle` stands.
    pub(super) fn find(&self, needle: &str) -> Option<Excerpt> {
        self.0.iter().find_map(|(path, text)| {
            let at = text.find(needle)?;
            Some(Excerpt::new(path, text.clone(), at..at + needle.len()))
        })
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
            let own = |name: &Option<String>| name.clone();
            (
                p.name.clone(),
                p.interfaces
                    .iter()
                    .filter_map(|(_, i)| own(&i.name))
                    .collect(),
                p.worlds.iter().map(|(_, w)| w.name.clone()).collect(),
            )
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
    match kind {
        ParseErrorKind::ItemNotFound { name, .. } => match nearest(name, texts.declared()) {
            Some(near) if near != name => told.hint(format!("did you mean `{near}`?")),
            _ => told.hint(format!(
                "declare `{name}`, or `use` it from the interface that has it"
            )),
        },
        ParseErrorKind::TypeCycle { .. } => {
            told.hint("break the cycle: WIT types cannot be recursive")
        }
        _ => told,
    }
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
                .hint("move what both packages use into a third one")
        }
        other => Error::input(other.to_string()),
    };
    match texts.excerpt(map, kind.span()) {
        Some(excerpt) => told.at(excerpt),
        None => told,
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
            "only `{other}` is there: refer to that version, or add `{requested}`"
        ));
    }
    let bare = PackageName {
        version: None,
        ..requested.clone()
    };
    let version = match &requested.version {
        Some(version) => version.to_string(),
        None => "*".to_owned(),
    };
    let near = nearest(
        &bare.to_string(),
        packages.iter().map(|p| p.split('@').next().unwrap_or(p)),
    )
    .map(str::to_owned);
    match near {
        Some(near) => told.hint(format!("did you mean `{near}`?")),
        None if declared => told.hint(format!(
            "add `\"{bare}\" = \"{version}\"` under `[package.metadata.component.target.dependencies]` in Cargo.toml, or put the package into `wit/deps`"
        )),
        None => told.hint(format!(
            "put the package into `wit/deps`, or add `\"{bare}\" = {{ path = \"…\" }}` under `[package.metadata.component.target.dependencies]` in Cargo.toml"
        )),
    }
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
        return told.hint(format!("`{requested}` is {} there", with_article(other)));
    }
    match nearest(requested, names()) {
        Some(near) => told.hint(format!("did you mean `{near}`?")),
        None => told.hint(format!(
            "declare `{what} {requested} {{ … }}` in the package, or refer to one it has"
        )),
    }
}

fn with_article(noun: &str) -> String {
    let an = noun.starts_with('i');
    format!("{} {noun}", if an { "an" } else { "a" })
}

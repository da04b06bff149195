//! Errors of the library about a document, with their places and a fix.

use miette::Diagnostic;
use wac_parser::resolution::Error as ResolutionError;
use wasmparser::BinaryReaderError;

use super::excerpt::excerpt;
use super::reference::PackageReference;
use crate::base::error::{Error, nearest};
use crate::model::component::compose::parsed::{ParsedComponent, RootItem};
use crate::model::wit::TextFile;

const LANGUAGE: &str = "<https://github.com/bytecodealliance/wac/blob/main/LANGUAGE.md>";

/// The error for a document that cannot be parsed.
pub(super) fn syntax(file: &TextFile, e: &wac_parser::Error) -> Error {
    let fix = match e {
        wac_parser::Error::Expected { expected, .. } => format!("use {expected} here"),
        wac_parser::Error::InvalidVersion { .. } => "use a version such as `1.2.3`".to_owned(),
        _ => format!("see the language reference at {LANGUAGE}"),
    };
    with_places(file, e).hint(fix)
}

/// The error for a document that can be parsed but not composed.
pub(super) fn resolution(
    file: &TextFile,
    e: &ResolutionError,
    parts: &[(&PackageReference, ParsedComponent<'_>)],
) -> Error {
    let error = with_places(file, e);
    if let Some(fix) = fix(file, e, parts) {
        return error.hint(fix);
    }
    match e.help() {
        Some(help) => error.hint(help.to_string()),
        None => error.hint(format!("see the language reference at {LANGUAGE}")),
    }
}

/// The error for a composition that is not a valid component.
pub(super) fn invalid(path: &str, e: &BinaryReaderError) -> Error {
    let error = Error::input(format!("the composition of `{path}` is not valid"));
    // The resource is identified by a number only, which does not help the user.
    let (identity, rest): (Vec<_>, Vec<_>) = e
        .message()
        .lines()
        .partition(|line| line.contains("ResourceId"));
    let error = rest.into_iter().fold(error, Error::with_cause);
    match identity.is_empty() {
        true => error.hint("report this as a bug, with the document and its components"),
        false => error
            .with_cause("its resource belongs to another instance")
            .hint("pass the same instance to all components that use its resources, or to none"),
    }
}

/// The error with its causes and places: the first place as the excerpt, the
/// others as causes.
fn with_places(file: &TextFile, e: &dyn Diagnostic) -> Error {
    let mut error = Error::input(e.to_string());
    let mut source = e.source();
    while let Some(cause) = source {
        error = error.with_cause(cause);
        source = cause.source();
    }
    let labels = e.labels().into_iter().flatten();
    let (primary, other): (Vec<_>, Vec<_>) = labels.partition(miette::LabeledSpan::primary);
    let place = |label: &miette::LabeledSpan| {
        let range = label.offset()..label.offset() + label.len();
        excerpt(file, range).label(label.label().unwrap_or_default())
    };
    for label in &other {
        let place = place(label);
        let (line, column) = place.line_column();
        error = error.with_cause(format!(
            "{} in line {line}, column {column}",
            place.label_text()
        ));
    }
    match primary.first().or(other.first()) {
        Some(label) => error.at(place(label)),
        None => error,
    }
}

fn fix(
    file: &TextFile,
    e: &ResolutionError,
    parts: &[(&PackageReference, ParsedComponent<'_>)],
) -> Option<String> {
    let of = |package: &str| {
        let name = package.split('@').next().unwrap_or(package);
        parts.iter().find(|(reference, part)| {
            reference.to_string() == package || reference.name == name || part.name == package
        })
    };
    Some(match e {
        ResolutionError::UndefinedName { name, .. } => {
            let words = file
                .text
                .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '%'));
            let mut words = words.filter(|word| !word.is_empty());
            let mut names = Vec::new();
            while let Some(word) = words.next() {
                if matches!(word, "let" | "import" | "type" | "interface" | "world") {
                    names.extend(words.next());
                }
            }
            match nearest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("define it with `let {name} = …;` before it is used"),
            }
        }
        ResolutionError::MissingComponentImport {
            package, import, ..
        } => suggestion("imports", import, &of(package)?.1.imports),
        ResolutionError::PackageMissingExport {
            package, export, ..
        } => suggestion("exports", export, &of(package)?.1.exports),
        ResolutionError::MissingInstanceExport { name, .. } => {
            let exports = parts.iter().flat_map(|(_, part)| &part.exports).cloned();
            suggestion("exports", name, &exports.collect::<Vec<_>>())
        }
        ResolutionError::MissingInstantiationArg { name, .. } => {
            format!("pass `\"{name}\": …`, or leave it open with `...` at the end of the arguments")
        }
        ResolutionError::MismatchedInstantiationArg { name, .. } => {
            format!("pass an instance for `{name}` with all required exports and the same types")
        }
        ResolutionError::ExportRequiresAs { .. } => {
            "name it with `export … as name;`, or export its items with `export … ...;`".to_owned()
        }
        ResolutionError::InstantiationArgMergeFailure { name, .. } => {
            format!("pass `{name}` to one of them as an argument")
        }
        ResolutionError::SpreadInstantiationNoMatch { .. } => {
            "remove it, or pass its exports by name".to_owned()
        }
        ResolutionError::FillArgumentNotLast { .. } => "move `...` to the end".to_owned(),
        ResolutionError::ImportNotInTarget { world, name, .. } => {
            format!("link `{name}`, or use another world than `{world}` in `targets`")
        }
        ResolutionError::MissingTargetExport { name, .. } => {
            format!("export it with `export … as {name};`")
        }
        _ => return None,
    })
}

/// The most similar of the names, or all of them.
fn suggestion(what: &str, name: &str, items: &[RootItem]) -> String {
    let names = || items.iter().map(|item| item.name.name.as_str());
    if let Some(near) = nearest(name, names()) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<_> = names().map(|name| format!("`{name}`")).collect();
    match all.is_empty() {
        true => format!("there are no {what}"),
        false => format!("the {what} are {}", all.join(", ")),
    }
}

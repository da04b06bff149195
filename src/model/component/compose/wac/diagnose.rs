//! What the library says of a document, with its place and a fix.

use miette::Diagnostic;
use wac_parser::resolution::Error as ResolutionError;
use wasmparser::BinaryReaderError;

use super::{Reference, excerpt};
use crate::base::error::{Error, nearest};
use crate::model::component::compose::part::{Item, Part};
use crate::model::wit::TextFile;

const LANGUAGE: &str = "<https://github.com/bytecodealliance/wac/blob/main/LANGUAGE.md>";

/// The document cannot be parsed.
pub(super) fn syntax(file: &TextFile, e: &wac_parser::Error) -> Error {
    let fix = match e {
        wac_parser::Error::Expected { expected, .. } => format!("use {expected} here"),
        wac_parser::Error::InvalidVersion { .. } => "use a version such as `1.2.3`".to_owned(),
        _ => format!("see the language reference at {LANGUAGE}"),
    };
    told(file, e).hint(fix)
}

/// The document can be parsed, but not composed.
pub(super) fn resolution(
    file: &TextFile,
    e: &ResolutionError,
    parts: &[(&Reference, Part<'_>)],
) -> Error {
    let error = told(file, e);
    if let Some(fix) = fix(file, e, parts) {
        return error.hint(fix);
    }
    match e.help() {
        Some(help) => error.hint(help.to_string()),
        None => error.hint(format!("see the language reference at {LANGUAGE}")),
    }
}

/// The composition is no valid component.
pub(super) fn invalid(shown: &str, e: &BinaryReaderError) -> Error {
    let error = Error::input(format!("the composition of `{shown}` is not valid"));
    // Which resource it is has a number only, which tells nobody anything.
    let (identity, rest): (Vec<_>, Vec<_>) = e
        .message()
        .lines()
        .partition(|line| line.contains("ResourceId"));
    let error = rest.into_iter().fold(error, Error::because);
    match identity.is_empty() {
        true => error.hint("report this as a bug, with the document and its components"),
        false => error
            .because("its resource belongs to another instance")
            .hint("pass the same instance to all components that use its resources, or to none"),
    }
}

/// The error with its causes and places; the first place is shown, others are
/// told.
fn told(file: &TextFile, e: &dyn Diagnostic) -> Error {
    let mut error = Error::input(e.to_string());
    let mut source = e.source();
    while let Some(cause) = source {
        error = error.because(cause);
        source = cause.source();
    }
    let labels = e.labels().into_iter().flatten();
    let (primary, other): (Vec<_>, Vec<_>) = labels.partition(miette::LabeledSpan::primary);
    let place = |label: &miette::LabeledSpan| {
        let at = label.offset()..label.offset() + label.len();
        excerpt(file, at).label(label.label().unwrap_or_default())
    };
    for label in &other {
        let place = place(label);
        let (line, column) = place.line_column();
        error = error.because(format!(
            "{} in line {line}, column {column}",
            place.label_text()
        ));
    }
    match primary.first().or(other.first()) {
        Some(label) => error.at(place(label)),
        None => error,
    }
}

fn fix(file: &TextFile, e: &ResolutionError, parts: &[(&Reference, Part<'_>)]) -> Option<String> {
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
        } => listed("imports", import, &of(package)?.1.imports),
        ResolutionError::PackageMissingExport {
            package, export, ..
        } => listed("exports", export, &of(package)?.1.exports),
        ResolutionError::MissingInstanceExport { name, .. } => {
            let exports = parts.iter().flat_map(|(_, part)| &part.exports).cloned();
            listed("exports", name, &exports.collect::<Vec<_>>())
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

/// The names there are, or the one that was meant.
fn listed(what: &str, name: &str, items: &[Item]) -> String {
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

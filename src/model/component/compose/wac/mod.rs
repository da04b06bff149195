//! Composition as a `.wac` document describes it.
//!
//! The document is parsed here, and what it names is told; whoever asks finds
//! the packages, and gives them back as bytes. The language is that of the
//! library, as is the graph it makes; attributes, names of old and the checks
//! are as with every other composition.

mod diagnose;
mod instances;
mod visit;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use semver::Version;
use wac_graph::EncodeOptions;
use wac_graph::types::BorrowedPackageKey;
use wac_parser::lexer::{Lexer, Token};
use wac_parser::{Document, InstantiationArgument, InstantiationArgumentName};
use wasmparser::Validator;

use super::assemble::LIMIT;
use super::part;
use super::part::{Part, features};
use super::{Linked, Node, guarded};
use crate::base::error::{Error, Excerpt, Result};
use crate::model::component::{names, sections};
use crate::model::wit::TextFile;
use instances::Instances;

/// How deep brackets may stand in each other: the parser calls itself for
/// each.
const DEPTH: usize = 100;

/// A package that a document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its name, `namespace:name`, perhaps with more parts.
    pub name: String,
    /// Its version, if the document names one.
    pub version: Option<Version>,
    /// Where it is named first, in bytes.
    pub at: Range<usize>,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Reference {
    fn key(&self) -> BorrowedPackageKey<'_> {
        BorrowedPackageKey::from_name_and_version(&self.name, self.version.as_ref())
    }
}

/// Points at a byte range of a document.
pub fn excerpt(file: &TextFile, at: Range<usize>) -> Excerpt {
    Excerpt::new(&file.path, file.text.clone(), at)
}

/// The packages that a document names, each once, in the order of their first
/// place. An error, with its place, if it cannot be parsed.
pub fn references(file: &TextFile) -> Result<Vec<Reference>> {
    let mut document = parsed(file)?;
    let own = document.directive.package.name;
    let mut found = Vec::new();
    let mut itself = None;
    visit::packages(&mut document, &mut |name, version, (at, is_new)| {
        if name == own {
            // Its own types may be named by their full path.
            itself = itself.take().or(is_new.then_some(at));
            return;
        }
        let reference = Reference {
            name: name.to_owned(),
            version: version.cloned(),
            at,
        };
        let same = |other: &Reference| other.key() == reference.key();
        if !found.iter().any(same) {
            found.push(reference);
        }
    });
    match itself {
        None => Ok(found),
        Some(at) => Err(
            Error::input(format!("the package `{own}` cannot use itself"))
                .at(excerpt(file, at))
                .hint("give the document's package another name"),
        ),
    }
}

/// Composes what a document describes from the packages it names.
///
/// The result is valid. Imports that stay open have the attributes they have
/// in the component that needs them; no name of what was linked has any.
pub fn compose(file: &TextFile, packages: &[(Reference, Node)]) -> Result<Linked> {
    let mut parts = Vec::new();
    let mut labels = Vec::new();
    for (reference, node) in packages {
        let at = |e: Error| e.at(excerpt(file, reference.at.clone()));
        parts.push((reference, part::read(node).map_err(at)?));
        labels.push((reference, names::old_labels(&node.bytes).map_err(at)?));
    }
    let shown = file.path.display().to_string();
    let mut document = parsed(file)?;
    with_labels(&mut document, &labels);
    let bytes = parts
        .iter()
        .map(|(reference, part)| {
            let bytes = names::without_attributes(&part.bytes)?;
            Ok((reference.key(), bytes))
        })
        .collect::<Result<Vec<_>>>()?;
    let told = |e: Box<_>| diagnose::resolution(file, &e, &parts);
    let resolved = guarded("wac-parser", ("compose", &shown), || {
        let packages = bytes.into_iter().collect();
        document.resolve(packages).map_err(Box::new)
    })?;
    let resolved = resolved.map_err(told)?;
    let options = EncodeOptions {
        validate: false,
        ..EncodeOptions::default()
    };
    let written = guarded("wac-parser", ("compose", &shown), || {
        resolved.encode(options).map_err(Box::new)
    })?;
    let written = written.map_err(told)?;
    let name = document.directive.package.string;
    let instances = Instances::of(resolved.graph(), (name, &parts));
    let bytes = instances.with_attributes(written)?;
    // The document itself may import by a name of old.
    let bytes = match names::modern(&bytes)? {
        Cow::Owned(modern) => modern,
        Cow::Borrowed(_) => bytes,
    };
    check(&shown, &bytes, &parts)?;
    Ok(Linked {
        open: names::imports(&bytes)?,
        graph: instances.graph(),
        bytes,
    })
}

fn parsed(file: &TextFile) -> Result<Document<'_>> {
    shallow(file)?;
    let shown = file.path.display().to_string();
    guarded("wac-parser", ("parse", &shown), || {
        Document::parse(&file.text)
    })?
    .map_err(|e| diagnose::syntax(file, &e))
}

/// Refuses brackets within brackets without end.
fn shallow(file: &TextFile) -> Result<()> {
    // What is no text of the language is told by the parser.
    let Ok(lexer) = Lexer::new(&file.text) else {
        return Ok(());
    };
    let mut depth = 0usize;
    for (token, span) in lexer {
        match token {
            Ok(Token::OpenBrace | Token::OpenParen | Token::OpenAngle | Token::OpenBracket) => {
                depth += 1;
            }
            Ok(Token::CloseBrace | Token::CloseParen | Token::CloseAngle | Token::CloseBracket) => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        if depth > DEPTH {
            return Err(Error::input("brackets are nested too deep")
                .because(format!("the limit is {DEPTH} levels"))
                .at(excerpt(file, visit::range(span)))
                .hint("move the inner part to a `let` or `type` statement of its own"));
        }
    }
    Ok(())
}

/// Lets arguments that are given by a name of version 0.21.1 be given by the
/// label it became.
fn with_labels<'l>(
    document: &mut Document<'l>,
    labels: &'l [(&Reference, BTreeMap<String, String>)],
) {
    visit::instantiations(document, &mut |new| {
        let package = &new.package;
        let key = BorrowedPackageKey::from_name_and_version(package.name, package.version.as_ref());
        let Some((_, labels)) = labels.iter().find(|(known, _)| known.key() == key) else {
            return;
        };
        for argument in &mut new.arguments {
            if let InstantiationArgument::Named(argument) = argument
                && let InstantiationArgumentName::String(name) = &mut argument.name
                && let Some(label) = labels.get(name.value)
            {
                name.value = label;
            }
        }
    });
}

/// Checks the composition.
fn check(shown: &str, bytes: &[u8], parts: &[(&Reference, Part<'_>)]) -> Result<()> {
    let size = sections::count(bytes);
    if size > LIMIT {
        return Err(Error::input(format!("failed to compose `{shown}`"))
            .because(format!(
                "it would contain {size} modules and components in one file, but no more than {LIMIT} are allowed"
            ))
            .hint("compose fewer components"));
    }
    let valid = guarded("wasmparser", ("validate the composition of", shown), || {
        Validator::new_with_features(features()).validate_all(bytes)
    })?;
    let Err(e) = valid else { return Ok(()) };
    for (_, part) in parts {
        part::check_code(part.name, &part.bytes)?;
    }
    Err(diagnose::invalid(shown, &e))
}

#[cfg(test)]
mod tests;

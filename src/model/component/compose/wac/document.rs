//! Parsing a document and composing what it describes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use wac_graph::EncodeOptions;
use wac_graph::types::BorrowedPackageKey;
use wac_parser::lexer::{Lexer, Token};
use wac_parser::{Document, InstantiationArgument, InstantiationArgumentName};

use super::excerpt::excerpt;
use super::instances::Instances;
use super::reference::PackageReference;
use super::{diagnose, visit};
use crate::base::error::{Error, Result};
use crate::base::parallel;
use crate::model::component::compose::assemble::MAX_COMPONENTS;
use crate::model::component::compose::library::call_library;
use crate::model::component::compose::linking::Linked;
use crate::model::component::compose::parsed;
use crate::model::component::compose::parsed::{ParsedComponent, features};
use crate::model::component::compose::plan::Node;
use crate::model::component::validation::{Code, validate_structure};
use crate::model::component::{names, sections};
use crate::model::wit::TextFile;

/// The highest nesting of brackets: the parser is recursive.
const MAX_DEPTH: usize = 100;

/// The packages that a document refers to, each once, in the order of their first
/// mention. An error, with its place, if the document cannot be parsed.
pub fn references(file: &TextFile) -> Result<Vec<PackageReference>> {
    let mut document = parsed(file)?;
    let own = document.directive.package.name;
    let mut found = Vec::new();
    let mut own_instantiation = None;
    visit::packages(&mut document, &mut |mention| {
        if mention.name == own {
            // Its own types may be named by their full path.
            let range = mention.is_instantiated.then_some(mention.range);
            own_instantiation = own_instantiation.take().or(range);
            return;
        }
        let reference = PackageReference {
            name: mention.name.to_owned(),
            version: mention.version.cloned(),
            range: mention.range,
        };
        let same = |other: &PackageReference| other.key() == reference.key();
        if !found.iter().any(same) {
            found.push(reference);
        }
    });
    match own_instantiation {
        None => Ok(found),
        Some(range) => Err(
            Error::input(format!("the package `{own}` cannot use itself"))
                .at(excerpt(file, range))
                .hint("give the document's package another name"),
        ),
    }
}

/// Composes what a document describes from the packages it names.
///
/// The result is valid. Open imports have the attributes that they have in the
/// component that imports them; names inside the linked components have none. All packages
/// have to be valid, also those of which only types are used.
pub fn compose(file: &TextFile, packages: &[(PackageReference, Node<'_>)]) -> Result<Linked> {
    let place = |reference: &PackageReference| excerpt(file, reference.range.clone());
    let files = packages.iter().map(|(reference, node)| {
        let bytes = parsed::component_bytes(node).map_err(|e| e.at(place(reference)))?;
        Ok((node, bytes))
    });
    let files = files.collect::<Result<Vec<_>>>()?;
    let size = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let read = parallel::compute_sized(size, files.iter().collect(), read);
    let mut code = Vec::new();
    let mut given = GivenPackages::default();
    for ((reference, _), read) in packages.iter().zip(read) {
        let read = read.map_err(|e| e.at(place(reference)))?;
        code.extend(read.code.into_iter().map(|code| (read.part.name, code)));
        given.parts.push((reference, read.part));
        given.labels.push((reference, read.labels));
        given.plain.push((reference.key(), read.plain));
    }
    parsed::beside_validation(code, || resolved(file, given))
}

/// A package of a document, as it was read.
struct ReadPackage<'p> {
    part: ParsedComponent<'p>,
    code: Vec<Code<'p>>,
    /// The labels of its imports that have a name in an older format.
    labels: BTreeMap<String, String>,
    /// The bytes without attributes.
    plain: Vec<u8>,
}

fn read<'n>((node, bytes): &'n (&Node<'_>, Cow<'_, [u8]>)) -> Result<ReadPackage<'n>> {
    let (part, code) = parsed::parse(&node.name, bytes)?;
    Ok(ReadPackage {
        labels: names::legacy_labels(&node.bytes)?,
        plain: names::without_attributes(bytes)?,
        part,
        code,
    })
}

/// What is known of the packages of a document, each by its reference.
#[derive(Default)]
struct GivenPackages<'p> {
    parts: Vec<(&'p PackageReference, ParsedComponent<'p>)>,
    labels: Vec<(&'p PackageReference, BTreeMap<String, String>)>,
    plain: Vec<(BorrowedPackageKey<'p>, Vec<u8>)>,
}

/// Composes the packages. The result is valid if their code is.
fn resolved(file: &TextFile, given: GivenPackages<'_>) -> Result<Linked> {
    let GivenPackages {
        parts,
        labels,
        plain,
    } = given;
    let path = file.path.display().to_string();
    let mut document = parsed(file)?;
    with_labels(&mut document, &labels);
    let failed = |e: Box<_>| diagnose::resolution(file, &e, &parts);
    let resolved = call_library("wac-parser", "compose", &path, || {
        document
            .resolve(plain.into_iter().collect())
            .map_err(Box::new)
    })?;
    let resolved = resolved.map_err(failed)?;
    let options = EncodeOptions {
        validate: false,
        ..EncodeOptions::default()
    };
    let written = call_library("wac-parser", "compose", &path, || {
        resolved.encode(options).map_err(Box::new)
    })?;
    let written = written.map_err(failed)?;
    let name = document.directive.package.string;
    let instances = Instances::of(resolved.graph(), name, &parts);
    let bytes = instances.with_attributes(written)?;
    // The document itself may import a name in an older format.
    let bytes = match names::with_current_names(&bytes)? {
        Cow::Owned(renamed) => renamed,
        Cow::Borrowed(_) => bytes,
    };
    check(&path, &bytes)?;
    Ok(Linked {
        open: names::imports(&bytes)?,
        graph: instances.graph(),
        bytes,
    })
}

/// The syntax tree of a document, in the JSON of `wac-parser`.
pub fn syntax_tree(file: &TextFile) -> Result<String> {
    serde_json::to_string_pretty(&parsed(file)?)
        .map_err(|e| Error::input("failed to write the syntax tree of the document").with_cause(e))
}

fn parsed(file: &TextFile) -> Result<Document<'_>> {
    check_depth(file)?;
    let path = file.path.display().to_string();
    call_library("wac-parser", "parse", &path, || Document::parse(&file.text))?
        .map_err(|e| diagnose::syntax(file, &e))
}

/// Refuses brackets that are nested too deeply.
fn check_depth(file: &TextFile) -> Result<()> {
    // The parser reports text that the lexer cannot read.
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
        if depth > MAX_DEPTH {
            return Err(Error::input("brackets are nested too deep")
                .with_cause(format!("the limit is {MAX_DEPTH} levels"))
                .at(excerpt(file, visit::range(span)))
                .hint("move the inner part to a `let` or `type` statement of its own"));
        }
    }
    Ok(())
}

/// Replaces names of arguments in the format of version 0.21.1 by the labels that
/// they became.
fn with_labels<'l>(
    document: &mut Document<'l>,
    labels: &'l [(&PackageReference, BTreeMap<String, String>)],
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

/// Checks that the composition is not too large, and valid if the code of its components is.
fn check(path: &str, bytes: &[u8]) -> Result<()> {
    let size = sections::count(bytes);
    if size > MAX_COMPONENTS {
        return Err(Error::input(format!("failed to compose `{path}`"))
            .with_cause(format!(
                "it would contain {size} modules and components in one file, but no more than {MAX_COMPONENTS} are allowed"
            ))
            .hint("compose fewer components"));
    }
    let valid = call_library("wasmparser", "validate the composition of", path, || {
        validate_structure(bytes, features())
    })?;
    valid.map(drop).map_err(|e| diagnose::invalid(path, &e))
}

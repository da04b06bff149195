//! Names of WIT that are words of Rust, as far as the generator does not know
//! what to do with them.

use wit_parser::{InterfaceId, Resolve, TypeDefKind, WorldItem};

use super::World;
use crate::advice::{Error, Result};

/// Words that cannot be the name of a module.
const RESERVED: &str = " abstract as async await become box break const continue crate do dyn else enum extern false final fn for if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof unsafe unsized use virtual where while yield ";

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&format!(" {name} "))
}

/// Refuses a world with names for which no Rust can be generated.
pub(super) fn refuse_unwritable(world: &World) -> Result<()> {
    let resolve = &world.resolve;
    let declared = &resolve.worlds[world.id];
    for item in declared.imports.values().chain(declared.exports.values()) {
        if let WorldItem::Interface { id, .. } = item {
            package(resolve, *id)?;
            types(resolve, *id)?;
        }
    }
    Ok(())
}

/// Namespace and name become modules.
fn package(resolve: &Resolve, interface: InterfaceId) -> Result<()> {
    let interface = &resolve.interfaces[interface];
    let (Some(package), Some(_)) = (interface.package, &interface.name) else {
        return Ok(());
    };
    let name = &resolve.packages[package].name;
    let words = [&name.namespace, &name.name];
    match words.into_iter().find(|word| is_reserved(word)) {
        None => Ok(()),
        Some(word) => Err(Error::input(format!(
            "there are no bindings for the package `{name}`: `{word}` is a word of Rust"
        ))
        .because("its name has to become that of a module, which wit-bindgen cannot write")
        .hint("give the package another name")),
    }
}

/// The name `self` becomes `Self`, which has a meaning of its own.
fn types(resolve: &Resolve, interface: InterfaceId) -> Result<()> {
    const SELF: &str = "self";
    let types = &resolve.interfaces[interface].types;
    for (name, id) in types {
        let case = match &resolve.types[*id].kind {
            TypeDefKind::Enum(of) => of.cases.iter().any(|case| case.name == SELF),
            TypeDefKind::Variant(of) => of.cases.iter().any(|case| case.name == SELF),
            _ => false,
        };
        if case || name == SELF {
            return Err(Error::input(format!(
                "there are no bindings for the type `{name}`: `self` is a word of Rust"
            ))
            .because("as the name of a type or a case it has to become `Self`")
            .hint("give the type or the case another name"));
        }
    }
    Ok(())
}

/// Writes the name `gen` as `r#gen`: edition 2024 made it a keyword, which
/// the generator does not know. In older editions both are the same name.
pub(super) fn escape_gen(source: &str) -> String {
    const WORD: &str = "gen";
    let mut escaped = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            quoted(rest)
        } else if rest.starts_with("r#") || first == '_' || first.is_alphanumeric() {
            let word = rest
                .char_indices()
                .skip(if rest.starts_with("r#") { 2 } else { 0 })
                .find(|(_, c)| *c != '_' && !c.is_alphanumeric());
            let length = word.map_or(rest.len(), |(at, _)| at);
            if &rest[..length] == WORD {
                escaped.push_str("r#");
            }
            length
        } else {
            // A quote in a character would look like the start of a text.
            let character = rest.starts_with("'\"'") || rest.starts_with("'\\\"'");
            if character {
                rest[1..].find('\'').unwrap_or(0) + 2
            } else {
                first.len_utf8()
            }
        };
        escaped.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    escaped
}

/// The length of the text literal that `source` starts with.
fn quoted(source: &str) -> usize {
    let mut escape = false;
    for (at, c) in source.char_indices().skip(1) {
        match c {
            '"' if !escape => return at + 1,
            c => escape = c == '\\' && !escape,
        }
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gen_is_escaped_where_it_is_a_name() {
        for (source, wanted) in [
            ("fn gen(gen: u32) {}", "fn r#gen(r#gen: u32) {}"),
            ("a::gen::regen::gen_x::_gen", "a::r#gen::regen::gen_x::_gen"),
            ("r#gen", "r#gen"),
            ("// gen\ngen", "// gen\nr#gen"),
            (r#"f("gen", "\" gen", gen)"#, r#"f("gen", "\" gen", r#gen)"#),
            (r#"b"\\" gen '"' gen"#, r#"b"\\" r#gen '"' r#gen"#),
        ] {
            assert_eq!(escape_gen(source), wanted);
        }
    }
}

//! The calls of wit-bindgen's macro in Rust source, as far as they say which
//! world they generate for.

use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A call `wit_bindgen::generate!(…)` in Rust source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GenerateCall {
    /// The directories or files of WIT it names, relative to the crate.
    pub paths: Vec<String>,
    /// The world it names.
    pub world: Option<String>,
    /// Whether the WIT stands in the macro itself.
    pub inline: bool,
    /// The features of the WIT it asks for.
    pub features: Vec<String>,
    /// Whether it says one of these by anything but plain text.
    pub computed: bool,
}

/// The calls in a source; none where it cannot be read as Rust.
pub fn calls(source: &str) -> Vec<GenerateCall> {
    let mut found = Vec::new();
    // `generate` alone may be another macro.
    let Some(stream) = tokens(source).filter(|_| source.contains("wit_bindgen")) else {
        return found;
    };
    let mut pending = vec![stream];
    while let Some(stream) = pending.pop() {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                pending.push(group.stream());
            }
            if is_call(&tokens, at)
                && let Some(TokenTree::Group(group)) = tokens.get(at + 2)
            {
                found.push(read(group.stream()));
            }
        }
    }
    found
}

/// Whether a source has a module of this name that lies in another file.
pub fn declares_module(source: &str, name: &str) -> bool {
    let Some(stream) = source.contains(name).then(|| tokens(source)).flatten() else {
        return false;
    };
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    tokens.windows(3).any(|window| match window {
        [
            TokenTree::Ident(word),
            TokenTree::Ident(module),
            TokenTree::Punct(end),
        ] => word == "mod" && module == name && end.as_char() == ';',
        _ => false,
    })
}

/// The lines, counted from 1, in which a source names a crate.
pub fn lines_naming(source: &str, name: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut pending: Vec<TokenStream> = tokens(source).into_iter().collect();
    while let Some(stream) = pending.pop() {
        for token in stream {
            match token {
                TokenTree::Group(group) => pending.push(group.stream()),
                TokenTree::Ident(ident) if ident == name => {
                    lines.push(ident.span().start().line);
                }
                _ => {}
            }
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

fn tokens(source: &str) -> Option<TokenStream> {
    // The first line of a script is no Rust.
    let source = match source.strip_prefix("#!") {
        Some(rest) if !rest.trim_start().starts_with('[') => {
            // Its end stays, so that lines are counted as they are.
            rest.find('\n').map_or("", |end| &rest[end..])
        }
        _ => source,
    };
    TokenStream::from_str(source).ok()
}

/// Whether the macro is called here: by its path, or by its imported name.
fn is_call(tokens: &[TokenTree], at: usize) -> bool {
    let ident =
        |at: usize, name: &str| matches!(tokens.get(at), Some(TokenTree::Ident(i)) if i == name);
    let punct = |at: usize, mark: char| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == mark);
    if !ident(at, "generate") || !punct(at + 1, '!') {
        return false;
    }
    match at.checked_sub(1) {
        Some(before) if punct(before, ':') => at >= 3 && ident(at - 3, "wit_bindgen"),
        _ => true,
    }
}

/// Reads the arguments of a call.
fn read(stream: TokenStream) -> GenerateCall {
    let mut call = GenerateCall::default();
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    if let Some(TokenTree::Group(group)) = tokens.first()
        && group.delimiter() == Delimiter::Brace
    {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let is_comma =
            |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
        for option in tokens.split(is_comma) {
            set(&mut call, option);
        }
        return call;
    }
    let mut texts = tokens.iter().filter(|token| text(token).is_some());
    let is_in = |token: &TokenTree| matches!(token, TokenTree::Ident(i) if i == "in");
    let before = tokens.first().filter(|token| !is_in(token));
    if let Some(world) = before {
        call.world = text(world);
        call.computed = call.world.is_none();
        texts.next();
    }
    if tokens.iter().any(is_in) {
        call.paths.extend(texts.filter_map(text));
    }
    call
}

/// Reads an argument `key: value`.
fn set(call: &mut GenerateCall, option: &[TokenTree]) {
    let [TokenTree::Ident(key), TokenTree::Punct(_), value @ ..] = option else {
        return;
    };
    let texts = match value {
        [TokenTree::Group(list)] if list.delimiter() == Delimiter::Bracket => {
            let items: Vec<TokenTree> = list.stream().into_iter().collect();
            let items = items
                .iter()
                .filter(|item| !matches!(item, TokenTree::Punct(_)));
            items.map(text).collect::<Option<Vec<_>>>()
        }
        [value] => text(value).map(|text| vec![text]),
        _ => None,
    };
    match (key.to_string().as_str(), texts) {
        ("inline", _) => call.inline = true,
        ("path", Some(texts)) => call.paths = texts,
        ("world", Some(texts)) => call.world = texts.into_iter().next(),
        ("features", Some(texts)) => call.features = texts,
        ("path" | "world" | "features", None) => call.computed = true,
        _ => {}
    }
}

/// The text of a literal.
fn text(token: &TokenTree) -> Option<String> {
    let literal = syn::parse2::<syn::LitStr>(token.clone().into()).ok()?;
    Some(literal.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: &str) -> GenerateCall {
        let found = calls(source);
        assert_eq!(found.len(), 1, "{source}");
        found[0].clone()
    }

    #[test]
    fn every_form_of_the_macro_is_read() {
        let of = |paths: &[&str], world: Option<&str>| GenerateCall {
            paths: paths.iter().map(|p| (*p).to_owned()).collect(),
            world: world.map(str::to_owned),
            ..GenerateCall::default()
        };
        for (source, expected) in [
            ("wit_bindgen::generate!();", of(&[], None)),
            ("wit_bindgen::generate!(\"w\");", of(&[], Some("w"))),
            (
                "wit_bindgen::generate!(\"w\" in \"p\");",
                of(&["p"], Some("w")),
            ),
            ("wit_bindgen::generate!(in \"p\");", of(&["p"], None)),
            (
                "mod b { ::wit_bindgen::generate!({ world: \"a:b/w\", path: r\"../wit\", with: { \"x:y/z\": generate }, generate_all, }); }",
                of(&["../wit"], Some("a:b/w")),
            ),
            (
                "use wit_bindgen::generate; generate!({ path: [\"a\", \"b\"], skip: [\"world\"] });",
                of(&["a", "b"], None),
            ),
        ] {
            assert_eq!(one(source), expected, "{source}");
        }
        let inline =
            one("wit_bindgen::generate!({ inline: \"package a:b;\", features: [\"f\"] });");
        assert!(inline.inline);
        assert_eq!(inline.features, ["f"]);
        assert!(one("wit_bindgen::generate!({ path: concat!(\"a\", \"b\") });").computed);
    }

    #[test]
    fn what_is_no_call_is_none() {
        for source in [
            "// wit_bindgen::generate!();",
            "const A: &str = \"wit_bindgen::generate!()\";",
            "use wit_bindgen as w; other::generate!();",
            "generate!({ world: \"w\" });",
            "wit_bindgen::generate!( {",
        ] {
            assert_eq!(calls(source), [], "{source}");
        }
    }

    #[test]
    fn a_module_in_another_file_is_found() {
        assert!(declares_module(
            "#[allow(warnings)]\nmod bindings;",
            "bindings"
        ));
        assert!(declares_module("pub(crate) mod bindings;", "bindings"));
        for source in [
            "mod bindings { mod a; }",
            "// mod bindings;",
            "mod binding;",
            "mod {",
        ] {
            assert!(!declares_module(source, "bindings"), "{source}");
        }
    }

    #[test]
    fn lines_that_name_a_crate_are_found() {
        let source = "#!/usr/bin/env x\n// rt\nuse rt::a;\nfn f() { g(rt::b, \"rt\") }\n";
        assert_eq!(lines_naming(source, "rt"), [3, 4]);
        assert_eq!(lines_naming("#![a]\nuse rt::{self};", "rt"), [2]);
    }
}

//! From generated code with placeholders to the final code.

use super::placeholders::Placeholders;

/// Generated code with the final names in place of placeholders.
///
/// It has `r#gen` for the name `gen`: edition 2024 made it a keyword, which
/// the generator does not know. In older editions both are the same name.
pub(super) fn restored(source: &str, placeholders: &Placeholders) -> String {
    let mut restored = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let is_word = rest.starts_with("r#") || first == '_' || first.is_alphanumeric();
        let is_comment = rest.starts_with("//");
        let length = if is_comment {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            quoted(rest)
        } else if is_word {
            let word = rest
                .char_indices()
                .skip(if rest.starts_with("r#") { 2 } else { 0 })
                .find(|(_, c)| *c != '_' && !c.is_alphanumeric());
            word.map_or(rest.len(), |(at, _)| at)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            // A quote in a character would look like the start of a text.
            rest[1..].find('\'').unwrap_or(0) + 2
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(length);
        if piece == "gen" {
            restored.push_str("r#gen");
        } else if is_word {
            restored.push_str(placeholders.ident(piece).unwrap_or(piece));
        } else if placeholders.changed() && (is_comment || first == '"') {
            restored.push_str(&placeholders.text(piece));
        } else {
            restored.push_str(piece);
        }
        rest = after;
    }
    restored
}

/// Rust source with `r#gen` for the name `gen`.
#[cfg(feature = "cli")]
pub(super) fn escape_gen(source: &str) -> String {
    restored(source, &Placeholders::default())
}

/// The length of the text literal that `source` starts with.
pub(super) fn quoted(source: &str) -> usize {
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
        for (source, expected) in [
            ("fn gen(gen: u32) {}", "fn r#gen(r#gen: u32) {}"),
            ("a::gen::regen::gen_x::_gen", "a::r#gen::regen::gen_x::_gen"),
            ("r#gen", "r#gen"),
            ("// gen\ngen", "// gen\nr#gen"),
            (r#"f("gen", "\" gen", gen)"#, r#"f("gen", "\" gen", r#gen)"#),
            (r#"b"\\" gen '"' gen"#, r#"b"\\" r#gen '"' r#gen"#),
        ] {
            assert_eq!(restored(source, &Placeholders::default()), expected);
        }
    }
}

//! Whatever the bytes of a manifest are, reading them ends with an answer.

use super::*;

const WHOLE: &str = r#"[package]
name = "é"
[package.metadata.component]
package = "a:b"
target = { path = "wit", world = "w", dependencies = { "c:d" = "1", e = { path = "x" } } }
adapter = 'a.wasm'
proxy = true
world-check = "warn"
registries = { r = "https://x", default.url = "https://y" }
[package.metadata.component.dependencies]
"f:g" = { package = "h:i", version = "1", registry = "r" }
"j:k".workspace = true
[package.metadata.component.bindings]
async = ["ä"]
with = { "l:m/n" = "o::p" }
ownership = """borrowing"""
[workspace.metadata.component]
dependencies."j:k" = "*"
[workspace.metadata.component.bindings]
skip = [
  "q",
]
"#;

/// Reads both sections, and looks at the place of an error.
fn read_both(text: &str) -> bool {
    let file = file(text);
    let shared = read_workspace(&file);
    let result = shared.and_then(|shared| read(file, &shared));
    if let Err(error) = &result {
        let excerpt = error.excerpt().expect("a place");
        let (line, column) = excerpt.line_column();
        assert!(line >= 1 && column >= 1);
        assert!(excerpt.span().end <= text.len());
    }
    result.is_ok()
}

#[test]
fn a_manifest_cut_anywhere_is_read_or_refused() {
    assert!(read_both(WHOLE));
    for end in 0..WHOLE.len() {
        if WHOLE.is_char_boundary(end) {
            read_both(&WHOLE[..end]);
            read_both(&WHOLE[end..]);
        }
    }
}

#[test]
fn a_manifest_with_other_bytes_is_read_or_refused() {
    let others = b"\0\n\r\"'=.,[]{}#\\a1 \x7f";
    let mut refused = 0;
    for at in 0..WHOLE.len() {
        for other in others {
            let mut bytes = WHOLE.as_bytes().to_vec();
            bytes[at] = *other;
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            refused += usize::from(!read_both(&text));
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn a_manifest_with_lines_elsewhere_is_read_or_refused() {
    let lines: Vec<&str> = WHOLE.lines().collect();
    for from in 0..lines.len() {
        for to in 0..lines.len() {
            let mut moved = lines.clone();
            let line = moved.remove(from);
            moved.insert(to, line);
            read_both(&moved.join("\n"));
        }
    }
}

#[test]
fn depth_is_no_danger() {
    for (open, close) in [("[", "]"), ("{a=", "}"), ("a.", "")] {
        let text = format!(
            "[package.metadata.component]\nx = {}1{}\n",
            open.repeat(20_000),
            close.repeat(20_000)
        );
        assert!(read_alone(&text).is_err());
    }
}

//! Runs on the host: lists the components of the workspace that were built.
//!
//! It looks at the preamble only; a real host would hand the bytes to an engine.

use std::path::Path;

/// How every component begins: the magic word, the version of the format, and 1
/// for "component" (a core module has 0).
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

fn main() {
    let dir = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "target/wasm32-wasip1/debug".to_owned());
    for name in ["adder", "shouter"] {
        println!("{name}: {}", kind(&Path::new(&dir).join(name)));
    }
}

fn kind(path: &Path) -> &'static str {
    match std::fs::read(path.with_extension("wasm")) {
        Ok(bytes) if bytes.starts_with(&COMPONENT) => "a component",
        Ok(_) => "no component",
        Err(_) => "not built yet",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_not_there_is_not_built() {
        assert_eq!(super::kind("no/such".as_ref()), "not built yet");
    }
}

//! Bytes of strangers: as a dependency, as a hint, as a component to link. The
//! targets of `fuzz/` try more of the same.

mod corpus;
mod entries;
mod mutations;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cargo_component::component::hint::Hint;
use cargo_component::component::names;
use entries::Known;
pub use mutations::Random;
use wasmparser::{Validator, WasmFeatures};

const ROUNDS: u64 = 500;

/// The text of what is changed.
fn texts() -> Vec<&'static str> {
    let known = Known::TEXTS.iter().cycle().take(corpus::TEXTS.len());
    known.chain(corpus::TEXTS).copied().collect()
}

/// What is changed; valid, all of it.
fn corpus() -> Vec<Vec<u8>> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for text in texts() {
        match wat::parse_str(text) {
            Ok(bytes) => all.push(bytes),
            Err(e) => wrong.push(e.to_string()),
        }
    }
    for (at, bytes) in all.iter().enumerate() {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let modern = names::with_current_names(bytes).unwrap();
        if let Err(e) = validator.validate_all(&modern) {
            wrong.push(format!("{at}: {e}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    all
}

/// Tries what became of some bytes, and says which of them it was that they
/// panicked with.
fn tried(bytes: &[u8], seed: &str, attempt: impl FnOnce(&[u8]) -> bool) -> bool {
    catch_unwind(AssertUnwindSafe(|| attempt(bytes))).unwrap_or_else(|_| {
        let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        panic!("{seed}: {text}")
    })
}

/// Changed components one after the other; the texts first, which stay valid
/// more often.
fn changed(mut each: impl FnMut(&str, &[u8])) {
    let (texts, corpus) = (texts(), corpus());
    for (at, bytes) in corpus.iter().enumerate() {
        each(&format!("corpus {at}"), bytes);
    }
    for seed in 0..ROUNDS {
        let mut random = Random::new(seed);
        if let Ok(bytes) = wat::parse_str(mutations::text(&texts, &mut random)) {
            each(&format!("text {seed}"), &bytes);
        }
        let of = random.one(&corpus).clone();
        let bytes = mutations::bytes(&of, &corpus, &mut random);
        each(&format!("bytes {seed}"), &bytes);
    }
}

#[test]
fn hostile_dependencies_are_errors() {
    let known = Known::new();
    let (mut taken, mut refused) = (0, 0);
    changed(
        |seed, bytes| match tried(bytes, seed, |bytes| known.dependency(bytes)) {
            true => taken += 1,
            false => refused += 1,
        },
    );
    // It is tried in earnest: not all end at the door.
    assert!(taken > 50 && refused > 300, "{taken} {refused}");
}

#[test]
fn hostile_parts_of_compositions_are_errors() {
    let known = Known::new();
    let (mut linked, mut refused) = (0, 0);
    changed(
        |seed, bytes| match tried(bytes, seed, |bytes| known.compose(bytes)) {
            true => linked += 1,
            false => refused += 1,
        },
    );
    assert!(linked > 20 && refused > 300, "{linked} {refused}");
}

#[test]
fn hostile_hints_are_foreign() {
    const HINTS: &[&str] = &[
        "oci://host.example:5000/a/b:1.0.0?digest=sha256:0000000000000000000000000000000000000000000000000000000000000000#item",
        "oci://host.example/a@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "warg://host.example/a:b@1.0.0-rc.1?digest=sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "wasm-pkg:a:b@>=1.0.0 <1.1.0#x",
        "wasm-pkg:a:b",
        "https://user:secret@host.example/a?token=secret#x",
        "unlocked-dep=<a:b/c@{>=1.0.0 <1.1.0}>",
        "locked-dep=<a:b@1.0.0>,integrity=<sha256-AAAA>",
        "\u{202e}\0\n\u{1b}[31m",
    ];
    let known = Known::new();
    let corpus: Vec<Vec<u8>> = HINTS.iter().map(|hint| hint.as_bytes().to_vec()).collect();
    let mut ours = 0;
    for hint in &corpus {
        ours += usize::from(tried(hint, "corpus", |hint| known.hint(hint)));
    }
    assert_eq!(ours, 5);
    // Text costs less than components.
    for seed in 0..4 * ROUNDS {
        let mut random = Random::new(seed);
        let of = random.one(&corpus).clone();
        let hint = mutations::bytes(&of, &corpus, &mut random);
        ours += usize::from(tried(&hint, &format!("hint {seed}"), |hint| {
            known.hint(hint)
        }));
    }
    assert!(ours > 40, "{ours}");
    let shown = Hint::parse(HINTS[5]).to_string();
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn what_nobody_changed_is_taken() {
    let known = Known::new();
    for text in Known::TEXTS {
        let bytes = wat::parse_str(text).unwrap();
        assert!(known.compose(&bytes) && known.dependency(&bytes), "{text}");
    }
}

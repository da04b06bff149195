//! Any bytes as a component that is depended on.
#![no_main]

#[allow(dead_code, reason = "each target uses a part")]
#[path = "../../tests/it/hostile/entries.rs"]
mod entries;

use std::sync::LazyLock;

static KNOWN: LazyLock<entries::Known> = LazyLock::new(entries::Known::new);

libfuzzer_sys::fuzz_target!(
    // What a library gives up on is an error; the fuzzer would end with it.
    init: cargo_component::error::quiet_guarded_panics(),
    |bytes: &[u8]| {
        KNOWN.dependency(bytes);
    }
);

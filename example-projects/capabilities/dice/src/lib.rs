//! Rolls dice by the random seed of the standard library's hash maps.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use std::hash::{BuildHasher as _, RandomState};

struct Component;

impl bindings::Guest for Component {
    fn roll(sides: u32) -> u32 {
        let random = RandomState::new().hash_one(());
        1 + (random % u64::from(sides.max(1))) as u32
    }
}

bindings::export!(Component with_types_in bindings);

//! Adds.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

struct Component;

impl bindings::Guest for Component {
    fn add(a: u32, b: u32) -> u32 {
        a + b
    }
}

bindings::export!(Component with_types_in bindings);

//! Bindings come from the build script, none of them lie in the source.

#[allow(warnings)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

struct Component;

impl bindings::Guest for Component {
    fn reverse(text: String) -> String {
        text.chars().rev().collect()
    }
}

bindings::export!(Component with_types_in bindings);

//! Shouts.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

struct Component;

impl bindings::Guest for Component {
    fn shout(text: String) -> String {
        text.to_uppercase() + "!"
    }
}

bindings::export!(Component with_types_in bindings);

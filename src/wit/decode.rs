//! The one door to the decoder of components and of WIT in its binary form.
//!
//! The decoder is made for what toolchains write. What is valid and still more
//! than it expects is found here before it is asked, and where it gives up
//! that is an error like any other.

use std::fmt;

use wit_component::DecodedWasm;

use super::circle;
use crate::advice::{Error, guarded};

/// Why bytes could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    cause: String,
    hint: &'static str,
}

impl Undecodable {
    fn broken(cause: impl fmt::Display) -> Self {
        Undecodable {
            cause: format!("{cause:#}"),
            hint: "check that the file is a whole and valid component",
        }
    }

    /// The error of who wanted to know; `message` is what failed.
    pub fn told(self, message: impl Into<String>) -> Error {
        Error::input(message).because(self.cause).hint(self.hint)
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

/// Decodes a component, or a WIT package in its binary form. Nothing that
/// stands in the bytes makes it panic.
pub fn decode(bytes: &[u8]) -> Result<DecodedWasm, Undecodable> {
    let circle = guarded("wasmparser", || circle::of_component(bytes))
        .map_err(gave_up)?
        .map_err(Undecodable::broken)?;
    if !circle.is_empty() {
        let circle: Vec<_> = circle.iter().map(|name| format!("`{name}`")).collect();
        return Err(Undecodable {
            cause: format!(
                "its packages {} refer to each other in a circle, which WIT does not have",
                circle.join(", ")
            ),
            hint: "build it for one version of each package",
        });
    }
    let decoded = guarded("wit-component", || wit_component::decode(bytes));
    decoded.map_err(gave_up)?.map_err(Undecodable::broken)
}

fn gave_up(cause: String) -> Undecodable {
    Undecodable {
        cause,
        hint: "report this, with the file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> String {
        decode(bytes).err().unwrap().to_string()
    }

    #[test]
    fn what_the_decoder_does_not_expect_is_an_error() {
        // It looks like WIT, and has a function where an interface should be.
        let bytes = wat::parse_str(
            r#"(component (type $c (component (export "f" (func)))) (export "c" (type $c)))"#,
        );
        let told = told(&bytes.unwrap());
        assert!(told.contains("`wit-component` gave up: "), "{told}");
    }

    #[test]
    fn what_is_not_valid_is_told_by_the_validator() {
        assert!(told(b"text").contains("magic"), "{}", told(b"text"));
        let bytes = wat::parse_str("(component (export \"f\" (func 3)))").unwrap();
        assert!(told(&bytes).contains("unknown function 3"));
    }

    #[test]
    fn types_of_any_depth_are_an_error_or_read() {
        for depth in [50, 1_000, 100_000] {
            let mut text = String::from("(component (type $t0 (option u8))");
            for at in 1..=depth {
                text += &format!("(type $t{at} (option $t{}))", at - 1);
            }
            text += &format!("(import \"f\" (func (param \"a\" $t{depth}))))");
            let _ = decode(&wat::parse_str(text).unwrap());
        }
    }
}

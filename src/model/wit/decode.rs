//! Decoding components, and WIT in its binary form. All bytes pass through here.
//!
//! The decoder is made for what toolchains write. Input that is valid but beyond
//! its limits is refused here before it is called, and a panic of the decoder
//! becomes an error like any other.

use std::fmt;

use wasmparser::Parser;
use wit_component::DecodedWasm;

#[cfg(feature = "cli")]
use super::docs::ComponentDocs;
use super::{circle, types};
use crate::base::error::{Error, guarded};

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
            hint: "check that the file is a complete and valid component",
        }
    }

    /// The error of an operation; `message` says which one failed.
    pub fn into_error(self, message: impl Into<String>) -> Error {
        Error::input(message).with_cause(self.cause).hint(self.hint)
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

/// Decodes a component, with its documentation (see [`super::docs`]), or a WIT package in
/// its binary form. No input makes it panic. Where a valid component has something that WIT cannot express, the
/// cause names it.
pub fn decode(bytes: &[u8]) -> Result<DecodedWasm, Undecodable> {
    let typed = guarded("wasmparser", || types::typed(bytes));
    let typed = typed.map_err(gave_up)?.map_err(Undecodable::broken)?;
    let circle = circle::of_component(&typed).map_err(Undecodable::broken)?;
    if !circle.is_empty() {
        let circle: Vec<_> = circle.iter().map(|name| format!("`{name}`")).collect();
        return Err(Undecodable {
            cause: format!(
                "its packages {} refer to each other in a cycle, which WIT does not allow",
                circle.join(", ")
            ),
            hint: "build it with one version of each package",
        });
    }
    let decoded = guarded("wit-component", || wit_component::decode(bytes));
    let failed = match decoded {
        #[cfg(feature = "cli")]
        Ok(Ok(DecodedWasm::Component(mut resolve, world))) => {
            ComponentDocs::read(bytes).give_to(&mut resolve, world);
            return Ok(DecodedWasm::Component(resolve, world));
        }
        Ok(Ok(decoded)) => return Ok(decoded),
        Ok(Err(e)) => Undecodable::broken(e),
        Err(cause) => gave_up(cause),
    };
    let is_component = Parser::is_component(bytes) && !typed.is_wit();
    let beyond = is_component.then(|| typed.beyond_wit()).flatten();
    Err(match beyond {
        Some(what) => Undecodable {
            cause: format!("WIT cannot express it: {what}"),
            hint: "export an interface with its own types, and functions that call what is imported",
        },
        None => failed,
    })
}

fn gave_up(cause: String) -> Undecodable {
    Undecodable {
        cause,
        hint: "report this as a bug, with the file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        decode(bytes).err().unwrap().to_string()
    }

    #[test]
    fn what_wit_has_no_words_for_is_named() {
        let source = r#"(type $i (instance (export "req" (type $r (sub resource)))
              (export "[method]req.get" (func (param "self" (borrow $r))))))
            (import "a:up/source" (instance $s (type $i)))"#;
        let same = format!(r#"{source} (export "a:up/source" (instance $s))"#);
        let other = format!(r#"{source} (export "a:down/sink" (instance $s))"#);
        let method = format!(
            r#"{source} (alias export $s "req" (type $req)) (alias export $s "[method]req.get" (func $get))
               (component $wrap
                 (import "req" (type $r (sub resource)))
                 (import "get" (func $get (param "self" (borrow $r))))
                 (export $e "req" (type $r))
                 (export "[method]req.get" (func $get) (func (param "self" (borrow $e)))))
               (instance $own (instantiate $wrap (with "req" (type $req)) (with "get" (func $get))))
               (export "a:down/sink" (instance $own))"#
        );
        let passed = "re-exports the resource `req` of its import `a:up/source`";
        for (text, expected) in [
            (same.as_str(), format!("its export `a:up/source` {passed}")),
            (&other, format!("its export `a:down/sink` {passed}")),
            (
                &method,
                "its export `a:down/sink` has the function `[method]req.get` of a resource that its import `a:up/source` defines".to_owned(),
            ),
            (
                r#"(core module $m) (export "m" (core module $m))"#,
                "its export `m` is a core module".to_owned(),
            ),
            (
                r#"(component $c) (instance $i (export "c" (component $c))) (export "i" (instance $i))"#,
                "its export `i` contains a component, `c`".to_owned(),
            ),
            // It looks like WIT, and has a function where an interface should be.
            (
                r#"(type $c (component (export "f" (func)))) (export "c" (type $c))"#,
                "its export `c` is the type of a component".to_owned(),
            ),
        ] {
            let bytes = wat::parse_str(format!("(component {text})")).unwrap();
            let found = message(&bytes);
            assert_eq!(found, format!("WIT cannot express it: {expected}"));
        }
    }

    #[test]
    fn what_is_not_valid_is_told_by_the_validator() {
        assert!(message(b"text").contains("magic"), "{}", message(b"text"));
        let bytes = wat::parse_str("(component (export \"f\" (func 3)))").unwrap();
        assert!(message(&bytes).contains("unknown function 3"));
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

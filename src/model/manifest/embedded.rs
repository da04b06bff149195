//! Components that a host embeds.

use super::dependency::Dependency;

/// One entry of `artifacts`: a component that a host embeds.
#[derive(Clone, Debug)]
pub struct EmbeddedComponent {
    /// Where it comes from.
    pub dependency: Dependency,
    /// Whether it is linked with the components that it depends on.
    pub compose: bool,
}

impl EmbeddedComponent {
    /// The variable by which the code of the host gets the path of the component of an
    /// entry: `COMPONENT_` and its key in upper case, with `_` for `-` and `:`.
    pub fn variable(key: &str) -> String {
        let upper = key.to_ascii_uppercase().replace(['-', ':'], "_");
        format!("COMPONENT_{upper}")
    }
}

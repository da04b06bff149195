//! The format of facts about registries.

/// The format in which facts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactsFormat {
    /// Lines of text for people.
    Text,
    /// One object of JSON.
    Json,
}

//! One function of the source that was running.

/// A function that was running when a component failed; one frame of the engine is several
/// of these where functions were inlined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The name of the component that the function belongs to, if it is one of several.
    pub component: Option<String>,
    /// The name of the function.
    pub function: String,
    /// The file, the line and the column, as in `src/lib.rs:12:9`.
    pub place: Option<String>,
    /// Whether it is no function of the source, but calls one, or is called by one, on behalf of
    /// the component model.
    pub glue: bool,
}

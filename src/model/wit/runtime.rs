//! The crate that generated code takes its runtime from.

/// The crate that generated code takes its runtime from, and its gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// The crate that has the runtime.
    pub name: RuntimeCrate,
    /// The helpers that its release does not have.
    pub missing: MissingHelpers,
}

/// A crate that generated code can take its runtime from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeCrate {
    /// The crate `wit-bindgen` itself.
    #[default]
    WitBindgen,
    /// `wit-bindgen-rt`, the runtime of projects made by cargo-component
    /// 0.21.1.
    WitBindgenRt,
}

impl RuntimeCrate {
    /// The path of the runtime in Rust.
    pub(super) fn path(self) -> &'static str {
        match self {
            RuntimeCrate::WitBindgen => "wit_bindgen::rt",
            RuntimeCrate::WitBindgenRt => "wit_bindgen_rt",
        }
    }
}

/// The helpers that older releases of a runtime crate do not have; generated code
/// defines them then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MissingHelpers {
    /// Whether the type that frees lists is missing; 0.43 and later have it.
    pub cleanup: bool,
    /// Whether the traits of exported resources are missing; 0.60 and later have
    /// them.
    pub resource: bool,
}

//! The crate that generated code takes its runtime from.

/// What generated code takes its runtime from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// The crate.
    pub name: RuntimeCrate,
    /// What its release does not have.
    pub lacks: Lacks,
}

/// A crate that generated code can take its runtime from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeCrate {
    /// `wit-bindgen`.
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

/// What older releases of a runtime crate do not have; generated code brings
/// it then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// The type that frees lists, which 0.43 has for certain.
    pub cleanup: bool,
    /// The traits of exported resources, which 0.60 has for certain.
    pub resource: bool,
}

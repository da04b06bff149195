//! Components: the kinds of wasm files, encoding a core module as a component,
//! metadata, imports and exports, and composition.

pub mod adopted;
mod agreement;
pub mod attributes;
pub mod capabilities;
pub mod check;
pub mod compatible;
pub mod compose;
pub mod core_functions;
pub mod core_modules;
pub mod debug;
mod decode;
pub mod description;
pub mod encode;
pub mod hint;
mod kind;
pub mod metadata;
pub mod names;
pub mod outline;
pub mod pure;
pub(in crate::model) mod sections;
mod shape;
pub mod signatures;
pub mod size;
mod subtype;
mod surface;
pub mod symbols;
pub mod targets;
mod validation;

pub use decode::{decode, is_wit_package};
pub use kind::{WasmKind, has_only_types, kind};
pub use shape::shape;
pub use surface::{Surface, core_exports, core_imports, surface};

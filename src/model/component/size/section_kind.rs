//! The kinds of sections by which sizes are told apart.

use wasmparser::{KnownCustom, Payload};

use crate::model::component::debug::is_dwarf;

/// What the bytes of a section are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SectionKind {
    /// The bodies of functions.
    Code,
    /// Constant data, copied into memory at the start.
    Data,
    /// Types, imports, exports, tables and all else that tells how parts fit together.
    Types,
    /// The names of functions and the like.
    Names,
    /// DWARF: files, lines and variables of the source.
    Debug,
    /// Modules that were added to translate between versions of WASI, or to call imports.
    Adapter,
    /// Custom sections for other purposes.
    Custom,
}

impl SectionKind {
    /// All kinds in the order of columns.
    pub const ALL: [SectionKind; 7] = [
        SectionKind::Code,
        SectionKind::Data,
        SectionKind::Types,
        SectionKind::Names,
        SectionKind::Debug,
        SectionKind::Adapter,
        SectionKind::Custom,
    ];

    /// The name of the kind, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            SectionKind::Code => "code",
            SectionKind::Data => "data",
            SectionKind::Types => "types",
            SectionKind::Names => "names",
            SectionKind::Debug => "debug",
            SectionKind::Adapter => "adapter",
            SectionKind::Custom => "custom",
        }
    }

    /// The kind of a section of a module or component.
    pub(super) fn of(payload: &Payload<'_>) -> Self {
        match payload {
            Payload::CodeSectionStart { .. } | Payload::CodeSectionEntry(_) => SectionKind::Code,
            Payload::DataSection(_) | Payload::DataCountSection { .. } => SectionKind::Data,
            Payload::CustomSection(custom) if is_dwarf(custom.name()) => SectionKind::Debug,
            Payload::CustomSection(custom) => match custom.as_known() {
                KnownCustom::Name(_) | KnownCustom::ComponentName(_) => SectionKind::Names,
                _ => SectionKind::Custom,
            },
            _ => SectionKind::Types,
        }
    }
}

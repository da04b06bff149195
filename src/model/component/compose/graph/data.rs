//! The components of a composition and the links between them, as data.

use serde::Serialize;

/// The components of a composition and the links between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The components. The first one is that whose exports the composition has.
    pub components: Vec<Component>,
    /// The links, by the component whose import it is and the import's name.
    pub links: Vec<Edge>,
}

/// One component of a composition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Component {
    /// The name for messages and drawings.
    pub name: String,
    /// The names of its open imports, as the composition has them.
    pub open: Vec<String>,
}

/// One link of a composition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// The position of the component that imports.
    pub from: usize,
    /// The position of the component that provides the import.
    pub to: usize,
    /// The name of the import.
    pub import: String,
    /// The name of the export; none for the functions at the root.
    pub export: Option<String>,
    /// Whether the link is not in the plan but follows from it: the components that
    /// the importing one is linked to have the same interface from there.
    pub implied: bool,
}

impl Component {
    /// The open imports in few lines: the interfaces of WASI are only counted.
    pub(super) fn needs(&self) -> Vec<String> {
        let wasi = |name: &&String| name.starts_with("wasi:");
        let mut lines: Vec<String> = self.open.iter().filter(|n| !wasi(n)).cloned().collect();
        match self.open.iter().filter(wasi).count() {
            0 => {}
            1 => lines.push("1 interface of WASI".to_owned()),
            many => lines.push(format!("{many} WASI interfaces")),
        }
        lines
    }
}

impl Edge {
    /// The name of the import, with that of the export if it differs.
    pub(super) fn label(&self) -> String {
        match &self.export {
            Some(export) if *export != self.import => format!("{} = {export}", self.import),
            _ => self.import.clone(),
        }
    }
}

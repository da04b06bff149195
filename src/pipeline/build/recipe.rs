//! How the components of one package are made: all inputs except the modules, as plain data
//! that can be stored and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::base::package::ContentDigest;
use crate::model::component::attributes::RootAttributes;
use crate::model::component::metadata::Metadata;
use crate::model::manifest::{WasiPolicy, WorldCheck};
use crate::model::wit::docs::ComponentDocs;
use crate::pipeline::link::part::{Part, PartLink};

/// All inputs of the components of a package except their modules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// Whether the package has the component section: then every module of it
    /// becomes a component, otherwise only those that carry a world.
    pub declared: bool,
    /// The adapter of the manifest, with its content.
    pub adapter: Option<(PathBuf, ContentDigest)>,
    /// Whether libraries get the proxy adapter.
    pub proxy: bool,
    /// How libraries do without WASI, if they do.
    pub wasi: Option<WasiPolicy>,
    /// What the component says about itself.
    pub metadata: Metadata,
    /// The name of the declared world.
    pub world: Option<String>,
    /// The kind of exports that have to be implemented.
    pub exports: Exports,
    /// Where the tool writes the package's bindings, if it does.
    pub bindings: Option<PathBuf>,
    /// What these were generated from, as a digest.
    pub generated_from: Option<ContentDigest>,
    /// Attributes of the declared world.
    pub attributes: RootAttributes,
    /// The documentation of the declared world.
    pub docs: ComponentDocs,
    /// The treatment of imports that the world does not declare.
    pub world_check: WorldCheck,
    /// What the world imports, each name with its version cut to the semver
    /// track; empty where nothing is checked against it.
    pub world_imports: BTreeSet<String>,
    /// The directories of components that are built first.
    pub component_dirs: Vec<PathBuf>,
    /// The directories of components that are built before tests are linked; none if the
    /// package has no dev-dependencies.
    pub dev_dirs: Option<Vec<PathBuf>>,
    /// What was known about `component_dirs`, as a digest.
    pub built: Option<ContentDigest>,
    /// The components that it may be linked with.
    pub parts: Vec<Part>,
    /// The indices of the manifest's entries among them, by key.
    pub entries: BTreeMap<String, usize>,
    /// Which of them answer its imports.
    pub links: BTreeMap<String, PartLink>,
    /// Whether it is linked in every build.
    pub compose: bool,
}

/// What a world exports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Exports {
    /// Nothing, or there is no world.
    #[default]
    Nothing,
    /// Only the entry point of a program, which the compiler and the adapter provide.
    Run,
    /// Exports that the code of the package implements.
    More,
}

impl Recipe {
    /// A digest of all inputs of a component except its module, including the version of
    /// this tool.
    pub fn digest(&self, program: bool) -> ContentDigest {
        // The module has what the bindings are for, what was built is in the parts, and
        // tests are linked afterwards.
        let made_with = Recipe {
            generated_from: None,
            dev_dirs: None,
            built: None,
            ..self.clone()
        };
        let text = serde_json::to_string(&made_with).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        ContentDigest::of(format!("{version} {program} {text}").as_bytes())
    }
}

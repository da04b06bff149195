//! The layers of configuration, from the built-in ones to the nearest.
//!
//! Nearest first: `.wasm-pkg/config.toml` in the directory of the workspace
//! and up the tree; the user's file, or the one given explicitly, which also
//! replaces what is built in. Names in Cargo.toml stand over all of these, see
//! [`super::routes`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml_edit::Item;

use super::config::{Config, Mapping, RegistryTables, masked, parse};
pub use super::loopback::is_loopback;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::manifest::ManifestFile;
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;

/// The origin of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// A variable of the environment.
    Environment(&'static str),
    /// A file that is part of the project.
    Project(PathBuf),
    /// The file given on the command line or by a variable.
    Explicit(PathBuf),
    /// The configuration file of the user.
    User(PathBuf),
    /// The defaults of the tool.
    BuiltIn,
}

impl Layer {
    /// Whether no project can have brought it along.
    pub(super) fn is_private(&self) -> bool {
        !matches!(self, Layer::Project(_))
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Layer::Environment(name) => write!(f, "the variable `{name}`"),
            Layer::Project(path) | Layer::Explicit(path) | Layer::User(path) => {
                write!(f, "`{}`", path.display())
            }
            Layer::BuiltIn => f.write_str("the built-in settings"),
        }
    }
}

impl Layer {
    /// A key of the layer, for messages; a variable is a setting by itself.
    pub(super) fn setting(&self, key: &str) -> String {
        match self {
            Layer::Environment(_) => self.to_string(),
            _ => format!("`{key}` in {self}"),
        }
    }
}

/// A mapping of the configuration that no nearer layer replaces.
#[derive(Clone, Debug)]
pub struct ConfiguredMapping<'l> {
    /// The package that is mapped; `None` for a whole namespace.
    pub package: Option<&'l PackageRef>,
    /// The registry it is mapped to.
    pub mapping: &'l Mapping,
    /// The layer that has it.
    pub layer: &'l Layer,
    /// The setting that maps it: its key and file, for messages.
    pub setting: String,
}

/// All layers, the nearest first. A copy shares them.
#[derive(Clone, Default)]
pub struct Layers {
    layers: Arc<Vec<(Layer, Config)>>,
    /// The hosts that the command line names.
    command_line_hosts: Vec<String>,
}

impl std::fmt::Debug for Layers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.layers.iter().map(|(layer, _)| layer.to_string());
        f.debug_list()
            .entries(names)
            .entries(&self.command_line_hosts)
            .finish()
    }
}

/// Namespaces that are known without any configuration.
const BUILT_IN: [(&str, &str); 2] = [("wasi", "wasi.dev"), ("ba", "bytecodealliance.org")];

/// The file of a project, in a directory of its own.
pub const PROJECT: &str = ".wasm-pkg/config.toml";

impl Layers {
    /// Reads every layer for a project in `dir`; `explicit` is the file of the
    /// command line.
    pub fn load(dir: &Path, explicit: Option<&Path>, env: &Env) -> Result<Self> {
        let mut layers = Vec::new();
        if let Some(name) = env.text(env::CARGO_COMPONENT_DEFAULT_REGISTRY) {
            let file = ManifestFile::new(
                "CARGO_COMPONENT_DEFAULT_REGISTRY",
                &format!("default_registry = {name:?}"),
            );
            layers.push((
                Layer::Environment("CARGO_COMPONENT_DEFAULT_REGISTRY"),
                parse(&file)?,
            ));
        }
        for ancestor in dir.ancestors() {
            if let Some(file) = read(&ancestor.join(PROJECT))? {
                let mut config = parse(&file)?;
                check_committed(&file, &config)?;
                for entry in config.registries.values_mut() {
                    entry.value.base = ancestor.to_owned();
                }
                layers.push((Layer::Project(file.path), config));
            }
        }
        if let Some(path) = explicit {
            let file = ManifestFile::new(path, &fs::read_text(path)?);
            layers.push((Layer::Explicit(file.path.clone()), parse(&file)?));
            return Ok(Layers::of(layers));
        }
        if let Some(file) = user_file(env).as_deref().map(read).transpose()?.flatten() {
            layers.push((Layer::User(file.path.clone()), parse(&file)?));
        }
        layers.push((Layer::BuiltIn, built_in()));
        Ok(Layers::of(layers))
    }

    fn of(layers: Vec<(Layer, Config)>) -> Self {
        Layers {
            layers: Arc::new(layers),
            command_line_hosts: Vec::new(),
        }
    }

    /// Every layer with its content, the nearest first.
    pub(super) fn all(&self) -> &[(Layer, Config)] {
        &self.layers
    }

    /// The layers that no project can have brought along.
    pub fn private(&self) -> Layers {
        let private = self.layers.iter();
        let private = private.filter(|(layer, _)| layer.is_private());
        Layers {
            layers: Arc::new(private.cloned().collect()),
            command_line_hosts: self.command_line_hosts.clone(),
        }
    }

    /// The same layers, after the command line named a host, with a port where
    /// it is not the usual one.
    pub fn with_host(mut self, host: &str) -> Self {
        self.command_line_hosts.push(host.to_owned());
        self
    }

    /// The hosts that the command line names.
    pub(super) fn command_line_hosts(&self) -> &[String] {
        &self.command_line_hosts
    }

    /// The registry a package is mapped to by name or namespace, and the setting that maps
    /// it: its key and file, for messages. Built-in mappings do not count.
    pub fn mapped(&self, package: &PackageRef) -> Option<(&Mapping, String)> {
        let configured = || {
            self.layers
                .iter()
                .filter(|(layer, _)| *layer != Layer::BuiltIn)
        };
        let by_name = configured().find_map(|(layer, config)| {
            let mapping = &config.packages.get(package)?.value;
            let key = format!("package_registry_overrides.\"{package}\"");
            Some((mapping, layer.setting(&key)))
        });
        by_name.or_else(|| {
            configured().find_map(|(layer, config)| {
                let namespace = package.namespace();
                let mapping = &config.namespaces.get(namespace)?.value;
                let key = format!("namespace_registries.{namespace}");
                Some((mapping, layer.setting(&key)))
            })
        })
    }

    /// The default registry, and the layer that names it.
    pub fn default_registry(&self) -> Option<(&str, &Layer)> {
        self.layers.iter().find_map(|(layer, config)| {
            Some((config.default_registry.as_ref()?.value.as_str(), layer))
        })
    }

    /// The registry that is built in for a namespace.
    pub fn fallback(&self, namespace: &str) -> Option<(&Mapping, &Layer)> {
        let (layer, config) = self
            .layers
            .iter()
            .find(|(layer, _)| *layer == Layer::BuiltIn)?;
        Some((&config.namespaces.get(namespace)?.value, layer))
    }

    /// The mappings of packages and namespaces, those that are built in among them, sorted by
    /// their keys.
    pub fn mappings(&self) -> Vec<ConfiguredMapping<'_>> {
        let mut found = BTreeMap::new();
        for (layer, config) in self.layers.iter() {
            let packages = config.packages.iter().map(|(package, entry)| {
                let key = format!("package_registry_overrides.\"{package}\"");
                (key, Some(package), &entry.value)
            });
            let namespaces = config.namespaces.iter().map(|(namespace, entry)| {
                let key = format!("namespace_registries.{namespace}");
                (key, None, &entry.value)
            });
            for (key, package, mapping) in packages.chain(namespaces) {
                let setting = layer.setting(&key);
                found.entry(key).or_insert(ConfiguredMapping {
                    package,
                    mapping,
                    layer,
                    setting,
                });
            }
        }
        found.into_values().collect()
    }

    /// The addresses of the indexes of packages by their names, each from the nearest layer
    /// that sets it.
    pub fn indexes(&self) -> BTreeMap<&str, (&str, &Layer)> {
        let mut found = BTreeMap::new();
        for (layer, config) in self.layers.iter() {
            for (name, entry) in &config.registries {
                if let Some(url) = &entry.value.index {
                    found.entry(name.as_str()).or_insert((url.as_str(), layer));
                }
            }
        }
        found
    }

    /// How a registry is reached, put together from all layers, key by key.
    pub fn access(&self, registry: &str) -> RegistryTables {
        let mut access = RegistryTables::default();
        for (_, config) in self.layers.iter() {
            let Some(entry) = config.registries.get(registry) else {
                continue;
            };
            access.default = access.default.or_else(|| entry.value.default.clone());
            let has_root = |access: &RegistryTables| {
                let local = access.protocols.get("local");
                local.is_some_and(|local| local.contains_key("root"))
            };
            if has_root(&entry.value) && !has_root(&access) {
                access.base = entry.value.base.clone();
            }
            for (protocol, values) in &entry.value.protocols {
                let table = access.protocols.entry(protocol.clone()).or_default();
                for (key, value) in values.iter() {
                    table.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        access
    }

    /// The nearest file of the project that makes the registry of this name a
    /// directory: it stands in the place of what a manifest calls so.
    pub fn replaced(&self, registry: &str) -> Option<&Layer> {
        let is_local = |access: &RegistryTables| {
            let default = access.default.as_deref();
            access.protocols.contains_key("local") && default.is_none_or(|d| d == "local")
        };
        let of_project = |layer: &Layer| matches!(layer, Layer::Project(_));
        let (layer, config) = self.layers.iter().find(|(layer, config)| {
            of_project(layer) && config.registries.contains_key(registry)
        })?;
        is_local(&config.registries[registry].value).then_some(layer)
    }

    /// The names of registries that have a table, for near names; indexes are no
    /// registries.
    pub fn registry_names(&self) -> Vec<&str> {
        let tables = self
            .layers
            .iter()
            .flat_map(|(_, config)| &config.registries);
        let is_index = |tables: &RegistryTables| {
            tables.index.is_some() && tables.protocols.is_empty() && tables.default.is_none()
        };
        let registries = tables.filter(|(_, entry)| !is_index(&entry.value));
        registries.map(|(name, _)| name.as_str()).collect()
    }
}

fn read(path: &Path) -> Result<Option<ManifestFile>> {
    let text = fs::read_text_if_exists(path)?;
    Ok(text.map(|text| ManifestFile::new(path, &text)))
}

fn built_in() -> Config {
    let mut config = Config::default();
    for (namespace, registry) in BUILT_IN {
        let mapping = Mapping {
            registry: registry.to_owned(),
            metadata: None,
        };
        let entry = super::config::Spanned {
            value: mapping,
            span: 0..0,
        };
        config.namespaces.insert(namespace.to_owned(), entry);
    }
    config
}

/// How messages name the user's own file.
pub(super) const USER_FILE: &str = match cfg!(windows) {
    true => r"%APPDATA%\wasm-pkg\config.toml",
    false => "~/.config/wasm-pkg/config.toml",
};

/// The path of the user's own file, which is that of `wkg`.
pub fn user_file(env: &Env) -> Option<PathBuf> {
    let config = match cfg!(windows) {
        true => PathBuf::from(env.get(env::APPDATA)?),
        false => match env.get(env::XDG_CONFIG_HOME) {
            Some(dir) => PathBuf::from(dir),
            None => Path::new(env.get(env::HOME)?).join(".config"),
        },
    };
    Some(config.join("wasm-pkg").join("config.toml"))
}

/// Keys that must never come from a file that is part of a project: whoever
/// can change the project could read packages with the user's rights, or make
/// the user trust anybody.
const PRIVATE: [&str; 5] = [
    "auth",
    "auth_token",
    "signing_key",
    "accept_invalid_certificates",
    "extra_root_certificates",
];

/// Refuses what must not be in a file of a project.
pub(super) fn check_committed(file: &ManifestFile, config: &Config) -> Result<()> {
    for (name, entry) in &config.registries {
        for (protocol, values) in &entry.value.protocols {
            let private = values.keys().find(|key| PRIVATE.contains(&key.as_str()));
            if let Some(key) = private {
                return Err(refused(
                    file,
                    entry.span.clone(),
                    format!("`registry.{name}.{protocol}.{key}`"),
                ));
            }
            let http = values.get("protocol").and_then(Item::as_str) == Some("http");
            if http && !is_loopback(name) {
                return Err(refused(
                    file,
                    entry.span.clone(),
                    format!("plain http for `{name}`"),
                ));
            }
        }
    }
    Ok(())
}

fn refused(file: &ManifestFile, span: std::ops::Range<usize>, what: String) -> Error {
    file.error(
        span,
        format!("{what} cannot be set in a file of the project"),
    )
    .hint(format!("move it to your own file, `{USER_FILE}`"))
    .map_excerpt_text(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(
        files: &[(&str, &str)],
        explicit: Option<&str>,
    ) -> Result<(Layers, tempfile::TempDir)> {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::write_atomic(&dir.path().join(path), text.as_bytes()).unwrap();
        }
        let home = ["XDG_CONFIG_HOME", "APPDATA"].map(|name| (name, dir.path().join("home")));
        let env = Env::from_vars(home);
        let project = dir.path().join("work/project");
        let explicit = explicit.map(|path| dir.path().join(path));
        let layers = Layers::load(&project, explicit.as_deref(), &env)?;
        Ok((layers, dir))
    }

    const USER: (&str, &str) = (
        "home/wasm-pkg/config.toml",
        "default_registry = \"user.example\"\n[namespace_registries]\na = \"a.user\"\nb = \"b.user\"\n",
    );

    #[test]
    fn the_nearest_layer_wins_and_a_package_before_its_namespace() {
        let near = (
            "work/project/.wasm-pkg/config.toml",
            "[namespace_registries]\na = \"a.near\"\n",
        );
        let far = (
            "work/.wasm-pkg/config.toml",
            "[namespace_registries]\na = \"a.far\"\n[package_registry_overrides]\n\"a:x\" = \"x.far\"\n",
        );
        let (layers, _dir) = layers(&[USER, near, far], None).unwrap();
        let registry = |package: &str| {
            let package: PackageRef = package.parse().unwrap();
            layers
                .mapped(&package)
                .map(|(mapping, _)| mapping.registry.clone())
        };
        assert_eq!(registry("a:y").as_deref(), Some("a.near"));
        assert_eq!(registry("a:x").as_deref(), Some("x.far"));
        assert_eq!(registry("b:y").as_deref(), Some("b.user"));
        assert_eq!(registry("wasi:http"), None);
        assert_eq!(layers.default_registry().unwrap().0, "user.example");
        assert_eq!(layers.fallback("wasi").unwrap().0.registry, "wasi.dev");
    }

    #[test]
    fn an_explicit_file_replaces_the_users_and_what_is_built_in() {
        let near = (
            "work/project/.wasm-pkg/config.toml",
            "[namespace_registries]\nc = \"c.near\"\n",
        );
        let (layers, _dir) = layers(&[USER, near, ("x.toml", "")], Some("x.toml")).unwrap();
        assert!(layers.mapped(&"c:x".parse().unwrap()).is_some());
        assert!(layers.mapped(&"a:x".parse().unwrap()).is_none());
        assert!(layers.default_registry().is_none());
        assert!(layers.fallback("wasi").is_none());
    }

    #[test]
    fn private_keys_cannot_be_committed() {
        for text in [
            "[registry.\"r.example\".oci]\nauth = { username = \"u\", password = \"secret\" }",
            "[registry.\"r.example\".oci]\naccept_invalid_certificates = true",
            "[registry.\"r.example\".oci]\nprotocol = \"http\"",
        ] {
            let error = layers(&[("work/.wasm-pkg/config.toml", text)], None).unwrap_err();
            assert!(error.advice().unwrap().contains("your own file"), "{error}");
            assert!(!error.to_string().contains("secret"));
            assert!(!error.excerpt().unwrap().text().contains("secret"));
        }
        let loopback = "[registry.\"127.0.0.1:5000\".oci]\nprotocol = \"http\"";
        assert!(layers(&[("work/.wasm-pkg/config.toml", loopback)], None).is_ok());
    }
}

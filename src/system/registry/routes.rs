//! From a package to the registry it is in, as plain data: no registry is
//! opened, and no request is sent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::Item;

use super::authority::authority;
use super::config::{Mapping, Metadata, ProtocolTable};
use super::hosts::LocationSource;
use super::layers::{Layers, USER_FILE, is_loopback};
pub use super::locator::host_of_address;
use super::locator::{Address, is_path, split};
use super::public::Reach;
use super::url_route::UrlRoute;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::url_protocol::{URL_PROTOCOLS, UrlProtocol};

/// How a registry is reached.
#[derive(Clone, Debug)]
pub enum Backend {
    /// A directory that holds packages.
    Local {
        /// The path of the directory.
        root: PathBuf,
    },
    /// A registry of OCI artifacts.
    Oci(OciRoute),
    /// A registry that is named by a URL of another protocol.
    Url(UrlRoute),
    /// A host that describes itself in its `registry.json`.
    Discover {
        /// The host, with a port where it is not the usual one.
        host: String,
        /// The configuration, for whatever it turns out to be.
        layers: Layers,
    },
}

impl Backend {
    /// Whether it is reached without a network.
    pub fn is_local(&self) -> bool {
        matches!(self, Backend::Local { .. })
    }

    /// The host that is contacted first, with a port where it is not the usual one;
    /// none for a directory.
    pub fn host(&self) -> Option<String> {
        match self {
            Backend::Local { .. } => None,
            Backend::Oci(oci) => Some(oci.host.clone()),
            Backend::Url(route) => Some(authority(&route.url).to_owned()),
            Backend::Discover { host, .. } => Some(host.clone()),
        }
    }

    /// Refuses a name with a login of the user that a project leads to another
    /// host.
    pub(super) fn check(&self) -> Result<()> {
        let misdirected = match self {
            Backend::Oci(oci) => oci.misdirected.as_deref(),
            Backend::Url(route) => route.misdirected.as_deref(),
            Backend::Local { .. } | Backend::Discover { .. } => None,
        };
        let (Some(name), Some(host)) = (misdirected, self.host()) else {
            return Ok(());
        };
        Err(Error::input(format!(
            "the registry `{name}`, for which you have configured a login, is redirected to another host, `{host}`"
        ))
        .with_cause("a file of the project cannot do that")
        .hint(format!(
            "if you trust `{host}` with the settings of `{name}`, move the mapping to your own file, `{USER_FILE}`; otherwise, remove it from the project's file"
        )))
    }
}

impl std::fmt::Display for Backend {
    /// Its address, without credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Backend::Local { root } => write!(f, "{}", root.display()),
            Backend::Oci(oci) => write!(f, "oci://{}/{}", oci.host, oci.prefix),
            Backend::Url(route) => {
                let url = &route.url;
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                f.write_str(&route.protocol.address(rest))
            }
            Backend::Discover { host, layers } => {
                let settings = OciRoute::at(host, "", layers).settings;
                write!(f, "{}://{host}", scheme(host, &settings))
            }
        }
    }
}

/// The scheme that a host is contacted by: that of its settings, or else http for this
/// machine and https for others.
fn scheme(host: &str, settings: &ProtocolTable) -> &'static str {
    match settings.get("protocol").and_then(Item::as_str) {
        Some("http") => "http",
        Some("https") => "https",
        _ if is_loopback(host) => "http",
        _ => "https",
    }
}

/// A registry of OCI artifacts.
#[derive(Clone, Debug, Default)]
pub struct OciRoute {
    /// The name that its login stands under, or would have to.
    pub name: String,
    /// The host, with a port where it is not the usual one.
    pub host: String,
    /// The prefix of `<namespace>/<name>` in the names of repositories.
    pub prefix: String,
    /// The settings of the host in the configuration.
    pub settings: ProtocolTable,
    /// The configuration, for the hosts that this one leads to.
    pub layers: Layers,
    /// The addresses that it, and what it leads to, may have.
    pub reach: Reach,
    /// The name, if the user gave it a login and only a file of the project
    /// leads it to this host.
    pub misdirected: Option<String>,
}

impl OciRoute {
    /// The registry at a host, without asking it what it is; `prefix` is what
    /// the repositories in question begin with.
    fn at(host: &str, prefix: &str, layers: &Layers) -> Self {
        let metadata = Metadata {
            oci_namespace_prefix: Some(prefix.to_owned()),
            ..Metadata::default()
        };
        OciRoute::new(host, metadata, LocationSource::Document, layers)
    }

    /// The registry of this name where metadata leads, or else at the name
    /// itself.
    fn new(name: &str, metadata: Metadata, source: LocationSource, layers: &Layers) -> Self {
        let host = metadata.oci_registry.unwrap_or_else(|| name.to_owned());
        let table = layers.settings("oci", name, &host, source);
        let misdirected =
            source == LocationSource::Configuration && layers.is_misdirected(name, &host);
        OciRoute {
            name: table.name,
            host,
            prefix: metadata.oci_namespace_prefix.unwrap_or_default(),
            settings: table.values,
            layers: layers.clone(),
            reach: Reach::default(),
            misdirected: misdirected.then(|| name.to_owned()),
        }
    }
}

/// The registry that a host turned out to be.
#[derive(Clone, Debug)]
pub enum Discovered {
    /// A registry of OCI artifacts.
    Oci(OciRoute),
    /// A registry that is named by a URL of another protocol.
    Url(UrlRoute),
}

/// The registry that a host describes in its `registry.json`. `own` means that
/// the document is that of the host itself and was not changed on the way.
pub fn discovered(host: &str, metadata: Metadata, own: bool, layers: &Layers) -> Discovered {
    let source = match own {
        true => LocationSource::OwnDocument,
        false => LocationSource::Document,
    };
    let preferred = preferred_protocol(&metadata);
    match preferred.as_deref().and_then(UrlProtocol::named) {
        Some(protocol) => {
            let address = metadata.urls.get(protocol.name).map(String::as_str);
            Discovered::Url(UrlRoute::new(protocol, host, address, source, layers))
        }
        None => Discovered::Oci(OciRoute::new(host, metadata, source, layers)),
    }
}

/// The registry that a package is in, and who chose it.
#[derive(Clone, Debug)]
pub struct Route {
    /// The name of the registry, for messages.
    pub name: String,
    /// How the registry is reached.
    pub backend: Backend,
    /// The setting, with its file, or the option that chose it, for messages.
    pub chosen_by: String,
}

impl Route {
    /// The same route, limited to such addresses. Only OCI registries have that
    /// limit.
    pub fn within(mut self, reach: Reach) -> Self {
        if let Backend::Oci(oci) = &mut self.backend {
            oci.reach = reach;
        }
        self
    }
}

/// The registries a manifest names, its own and those of its workspace.
#[derive(Clone, Debug, Default)]
pub struct ManifestRegistries {
    /// The address of each name; the package's before the workspace's.
    pub registries: BTreeMap<String, String>,
    /// The manifest that relative paths start from, and that messages name.
    pub manifest: PathBuf,
}

impl ManifestRegistries {
    /// The hosts of the registries, with a port where it is not the usual one.
    pub fn hosts(&self) -> Vec<String> {
        let addresses = self.registries.values();
        let hosts = addresses.filter_map(|address| host_of_address(address));
        hosts.map(str::to_owned).collect()
    }
}

/// The route to a package: to the registry asked for by name, or else by the
/// package's mapping, the manifest's `default`, the configured default, and
/// what is built in.
pub fn route(
    package: &PackageRef,
    requested: Option<&str>,
    manifest_registries: &ManifestRegistries,
    layers: &Layers,
) -> Result<Route> {
    if let Some(name) = requested.filter(|name| *name != "default") {
        return requested_route(package, name, manifest_registries, layers);
    }
    if let Some((mapping, setting)) = layers.mapped(package) {
        return route_of_mapping(mapping, layers, setting);
    }
    if let Some(route) = default_registry(manifest_registries, layers)? {
        return Ok(route);
    }
    if let Some((mapping, layer)) = layers.fallback(package.namespace()) {
        return route_of_mapping(mapping, layers, layer.to_string());
    }
    let namespace = package.namespace();
    Err(Error::input(format!(
        "no registry configured for namespace \"{namespace}\", which the package `{package}` is in"
    ))
    .hint(match manifest_registries.manifest.ends_with("Cargo.toml") {
        true => format!(
            "add `default = \"…\"` under `[package.metadata.component.registries]` in Cargo.toml, or `{namespace} = \"…\"` under `[namespace_registries]` in `.wasm-pkg/config.toml`"
        ),
        false => format!(
            "set it with `cargo component config set --project namespace_registries.{namespace} <host>`"
        ),
    }))
}

/// The registry a dependency asks for.
fn requested_route(
    package: &PackageRef,
    name: &str,
    manifest_registries: &ManifestRegistries,
    layers: &Layers,
) -> Result<Route> {
    if let Some(layer) = layers.replaced(name) {
        let mapping = Mapping {
            registry: name.to_owned(),
            metadata: None,
        };
        return route_of_mapping(&mapping, layers, layer.to_string());
    }
    if let Some(route) = registry(name, manifest_registries, layers)? {
        return Ok(route);
    }
    let names = layers.registry_names().into_iter();
    let known = names.chain(manifest_registries.registries.keys().map(String::as_str));
    let error = Error::input(format!(
        "the registry `{name}`, which `{package}` uses, is not configured"
    ));
    Err(match nearest(name, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!(
            "add `{name} = \"…\"` under `[package.metadata.component.registries]`"
        )),
    })
}

/// The route to a registry by its name or address; `None` for a name that
/// nothing knows.
pub fn registry(
    name: &str,
    manifest_registries: &ManifestRegistries,
    layers: &Layers,
) -> Result<Option<Route>> {
    if let Some(address) = manifest_registries.registries.get(name) {
        return route_of_address(name, address, manifest_registries, layers).map(Some);
    }
    let chosen_by = format!("`registry = \"{name}\"`");
    if split(name).is_some() || is_path(name) {
        let mut route = route_of_address(name, name, manifest_registries, layers)?;
        route.chosen_by = chosen_by;
        return Ok(Some(route));
    }
    let known = layers.registry_names().contains(&name);
    if !known && !name.contains(['.', ':']) && name != "localhost" {
        return Ok(None);
    }
    let mapping = Mapping {
        registry: name.to_owned(),
        metadata: None,
    };
    route_of_mapping(&mapping, layers, chosen_by).map(Some)
}

/// The route to the registry of packages that nothing else names one for.
pub fn default_registry(
    manifest_registries: &ManifestRegistries,
    layers: &Layers,
) -> Result<Option<Route>> {
    if let Some(address) = manifest_registries.registries.get("default") {
        return route_of_address("default", address, manifest_registries, layers).map(Some);
    }
    let Some((name, layer)) = layers.default_registry() else {
        return Ok(None);
    };
    let mapping = Mapping {
        registry: name.to_owned(),
        metadata: None,
    };
    let chosen_by = layer.setting("default_registry");
    route_of_mapping(&mapping, layers, chosen_by).map(Some)
}

/// The route to a host of OCI artifacts, without asking it what it is;
/// `prefix` is what the repositories in question begin with.
pub fn host(host: &str, prefix: &str, layers: &Layers) -> Route {
    Route {
        name: host.to_owned(),
        backend: Backend::Oci(OciRoute::at(host, prefix, layers)),
        chosen_by: "the reference".to_owned(),
    }
}

/// The route to a registry that the configuration names.
pub(super) fn route_of_mapping(
    mapping: &Mapping,
    layers: &Layers,
    chosen_by: String,
) -> Result<Route> {
    let name = &mapping.registry;
    let access = layers.access(name);
    let only = match access.protocols.len() {
        1 => access.protocols.keys().next().cloned(),
        _ => None,
    };
    let inline = mapping.metadata.as_ref();
    let preferred = access.default.clone().or(only.clone());
    let preferred = preferred.or_else(|| inline.and_then(preferred_protocol));
    let backend = match preferred.as_deref() {
        Some("local") => local(name, &access.base, &layers.table("local", name))?,
        // Metadata may say where the host really is, unless it is given here.
        Some("oci") | None if inline.is_none() => Backend::Discover {
            host: name.clone(),
            layers: layers.clone(),
        },
        Some("oci") | None => {
            let inline = inline.cloned().unwrap_or_default();
            Backend::Oci(OciRoute::new(
                name,
                inline,
                LocationSource::Configuration,
                layers,
            ))
        }
        Some(other) => {
            let protocol = UrlProtocol::named(other)
                .ok_or_else(|| unknown_protocol(other, name, &chosen_by))?;
            let address = inline.and_then(|metadata| metadata.urls.get(protocol.name));
            let address = address.map(String::as_str);
            Backend::Url(UrlRoute::new(
                protocol,
                name,
                address,
                LocationSource::Configuration,
                layers,
            ))
        }
    };
    Ok(Route {
        name: name.clone(),
        backend,
        chosen_by,
    })
}

fn unknown_protocol(protocol: &str, registry: &str, chosen_by: &str) -> Error {
    let known: String = URL_PROTOCOLS
        .iter()
        .map(|protocol| format!(", `{}`", protocol.name))
        .collect();
    Error::input(format!(
        "unknown backend type \"{protocol}\" of the registry `{registry}`"
    ))
    .with_cause(format!("it is set in {chosen_by}"))
    .hint(format!("it is `oci`{known} or `local`"))
}

/// The protocol that the metadata of a registry prefers, or the only one that
/// it describes.
pub fn preferred_protocol(metadata: &Metadata) -> Option<String> {
    let oci = metadata.oci_registry.is_some() || metadata.oci_namespace_prefix.is_some();
    let mut urls = metadata.urls.keys().copied();
    let only = match (oci, urls.next(), urls.next()) {
        (true, None, _) => Some("oci"),
        (false, only, None) => only,
        _ => None,
    };
    metadata
        .preferred_protocol
        .clone()
        .or_else(|| only.map(str::to_owned))
}

fn local(name: &str, base: &Path, settings: &ProtocolTable) -> Result<Backend> {
    match settings.get("root").and_then(Item::as_str) {
        Some(root) => Ok(Backend::Local {
            root: base.join(root),
        }),
        None => Err(
            Error::input(format!("the local registry `{name}` has no `root`")).hint(format!(
                "add `root = \"…\"` under `[registry.{name:?}.local]`"
            )),
        ),
    }
}

/// A registry that Cargo.toml names by its address.
fn route_of_address(
    name: &str,
    address: &str,
    manifest_registries: &ManifestRegistries,
    layers: &Layers,
) -> Result<Route> {
    let chosen_by = format!(
        "`registries.{name}` in `{}`",
        manifest_registries.manifest.display()
    );
    let address =
        Address::read(name, address).map_err(|e| e.with_cause(format!("it is {chosen_by}")))?;
    let backend = match address {
        Address::Host(host) => {
            let mapping = Mapping {
                registry: host.to_owned(),
                metadata: None,
            };
            route_of_mapping(&mapping, layers, chosen_by.clone())?.backend
        }
        Address::Directory(path) => Backend::Local {
            root: manifest_registries
                .manifest
                .parent()
                .unwrap_or(Path::new(""))
                .join(path),
        },
        Address::Oci { host, path } => {
            let prefix = match path.trim_end_matches('/') {
                "" => String::new(),
                path => format!("{path}/"),
            };
            Backend::Oci(OciRoute::at(host, &prefix, layers))
        }
        Address::Url { protocol, rest } => {
            let host = authority(rest);
            let address = Some(rest);
            Backend::Url(UrlRoute::new(
                protocol,
                host,
                address,
                LocationSource::Document,
                layers,
            ))
        }
    };
    Ok(Route {
        name: name.to_owned(),
        backend,
        chosen_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::slashes::with_slashes;
    use crate::system::env::Env;
    use crate::system::fs;

    fn routed(
        package: &str,
        requested: Option<&str>,
        registries: &[(&str, &str)],
        user: &str,
    ) -> Result<Route> {
        let dir = tempfile::tempdir().unwrap();
        fs::write_atomic(&dir.path().join("wasm-pkg/config.toml"), user.as_bytes()).unwrap();
        let env = Env::from_vars(["XDG_CONFIG_HOME", "APPDATA"].map(|name| (name, dir.path())));
        let layers = Layers::load(&dir.path().join("p"), None, &env).unwrap();
        let owned = |(name, url): &(&str, &str)| ((*name).to_owned(), (*url).to_owned());
        let manifest_registries = ManifestRegistries {
            registries: registries.iter().map(owned).collect(),
            manifest: "/p/Cargo.toml".into(),
        };
        route(
            &package.parse().unwrap(),
            requested,
            &manifest_registries,
            &layers,
        )
    }

    fn display(route: Result<Route>) -> String {
        with_slashes(match route {
            Ok(route) => match route.backend {
                Backend::Local { root } => format!("local {}", root.display()),
                Backend::Oci(oci) => format!("oci {} {}", oci.host, oci.prefix),
                Backend::Url(route) => {
                    format!("{} {} {}", route.protocol.name, route.name, route.url)
                }
                Backend::Discover { host, .. } => format!("discover {host}"),
            },
            Err(error) => error.to_string(),
        })
    }

    #[test]
    fn every_form_of_an_address_is_understood() {
        for (address, backend) in [
            ("https://example.com", "discover example.com"),
            ("https://example.com/", "discover example.com"),
            ("example.com:8080", "discover example.com:8080"),
            ("http://localhost:5000", "discover localhost:5000"),
            ("oci://ghcr.io/webassembly", "oci ghcr.io webassembly/"),
            ("oci://ghcr.io", "oci ghcr.io "),
            (
                "warg://example.com/path",
                "warg example.com https://example.com/path",
            ),
            (
                "warg://127.0.0.1:5000",
                "warg 127.0.0.1:5000 http://127.0.0.1:5000",
            ),
            ("file:registry", "local /p/registry"),
            ("file:///registry", "local /registry"),
            ("../registry", "local /p/../registry"),
        ] {
            let route = routed("a:b", None, &[("default", address)], "");
            assert_eq!(display(route), backend, "{address}");
        }
        for (address, message) in [
            ("http://example.com", "plain http"),
            ("oci://u:secret@ghcr.io", "credentials"),
            ("ftp://x", "unknown scheme"),
            ("oci://", "has no host"),
        ] {
            let display_text = display(routed("a:b", None, &[("default", address)], ""));
            assert!(
                display_text.contains(message) && !display_text.contains("secret"),
                "{display_text}"
            );
        }
    }

    #[test]
    fn mapping_manifest_default_and_built_in_follow_each_other() {
        let user = "default_registry = \"d.example\"\n[namespace_registries]\nn = \"n.example\"\n[registry.l.local]\nroot = \"/r\"\n";
        let here = [
            ("default", "oci://m.example"),
            ("mirror", "oci://x.example/p"),
        ];
        assert_eq!(
            display(routed("n:b", None, &here, user)),
            "discover n.example"
        );
        assert_eq!(display(routed("a:b", None, &here, user)), "oci m.example ");
        assert_eq!(
            display(routed("a:b", None, &[], user)),
            "discover d.example"
        );
        assert_eq!(
            display(routed("wasi:b", None, &[], "")),
            "discover wasi.dev"
        );
        assert_eq!(
            display(routed("n:b", Some("mirror"), &here, user)),
            "oci x.example p/"
        );
        assert_eq!(display(routed("n:b", Some("l"), &here, user)), "local /r");
        let unknown = routed("n:b", Some("miror"), &here, user).unwrap_err();
        assert!(unknown.advice().unwrap().contains("mirror"));
        assert!(display(routed("a:b", None, &[], "")).contains("no registry configured"));
    }

    #[test]
    fn inline_metadata_makes_discovery_unnecessary() {
        let user = "[namespace_registries]\nwasi = { registry = \"wasi\", metadata = { preferredProtocol = \"oci\", oci = { registry = \"ghcr.io\", namespacePrefix = \"webassembly/\" } } }\n";
        assert_eq!(
            display(routed("wasi:io", None, &[], user)),
            "oci ghcr.io webassembly/"
        );
    }
}

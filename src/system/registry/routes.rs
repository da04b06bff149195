//! From a package to the place it is in, as plain data: nothing is opened or
//! asked here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::Item;

use super::config::{Mapping, Metadata, Protocol};
use super::hosts::Says;
use super::layers::{Layers, is_loopback};
pub use super::locator::host_of_address;
use super::locator::{Address, authority, split};
use super::public::Reach;
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;

/// How a registry is reached.
#[derive(Clone, Debug)]
pub enum Backend {
    /// A directory.
    Local {
        /// Its path.
        root: PathBuf,
    },
    /// A registry of OCI artifacts.
    Oci(Oci),
    /// A Warg registry.
    Warg(Warg),
    /// A host that says itself what it is, by its `registry.json`.
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

    /// The host that is asked first, with a port where it is not the usual one;
    /// none for a directory.
    pub fn host(&self) -> Option<String> {
        match self {
            Backend::Local { .. } => None,
            Backend::Oci(oci) => Some(oci.host.clone()),
            Backend::Warg(warg) => Some(authority(&warg.url).to_owned()),
            Backend::Discover { host, .. } => Some(host.clone()),
        }
    }

    /// Refuses what a project leads astray.
    pub(super) fn check(&self) -> Result<()> {
        let astray = match self {
            Backend::Oci(oci) => oci.astray.as_deref(),
            Backend::Warg(warg) => warg.astray.as_deref(),
            Backend::Local { .. } | Backend::Discover { .. } => None,
        };
        let (Some(name), Some(host)) = (astray, self.host()) else {
            return Ok(());
        };
        Err(Error::input(format!(
            "the registry `{name}`, for which you have configured a login, is redirected to another host, `{host}`"
        ))
        .because("a file of the project cannot do that")
        .hint(format!(
            "if you trust `{host}` with the settings of `{name}`, move the mapping to your own file, `~/.config/wasm-pkg/config.toml`; otherwise, remove it from the project's file"
        )))
    }
}

impl std::fmt::Display for Backend {
    /// Its address, without credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Backend::Local { root } => write!(f, "{}", root.display()),
            Backend::Oci(oci) => write!(f, "oci://{}/{}", oci.host, oci.prefix),
            Backend::Warg(warg) => match warg.url.split_once("://") {
                Some((_, rest)) => write!(f, "warg://{rest}"),
                None => write!(f, "warg://{}", warg.url),
            },
            Backend::Discover { host, .. } => write!(f, "https://{host}"),
        }
    }
}

/// A registry of OCI artifacts.
#[derive(Clone, Debug, Default)]
pub struct Oci {
    /// The name its login stands under, or would have to.
    pub name: String,
    /// The host, with a port where it is not the usual one.
    pub host: String,
    /// What stands before `<namespace>/<name>` in a repository.
    pub prefix: String,
    /// What the configuration says of the host.
    pub settings: Protocol,
    /// The configuration, for the hosts that this one leads to.
    pub layers: Layers,
    /// Which addresses it may have, and those that it leads to.
    pub reach: Reach,
    /// The name that has a login, where only a project says that it is here.
    pub astray: Option<String>,
}

impl Oci {
    /// The registry at a host, without asking it what it is; `prefix` is what
    /// the repositories in question begin with.
    fn at(host: &str, prefix: &str, layers: &Layers) -> Self {
        let metadata = Metadata {
            oci_namespace_prefix: Some(prefix.to_owned()),
            ..Metadata::default()
        };
        Oci::new(host, metadata, Says::Document, layers)
    }

    /// The registry of this name where metadata leads, or else at the name
    /// itself.
    fn new(name: &str, metadata: Metadata, says: Says, layers: &Layers) -> Self {
        let host = metadata.oci_registry.unwrap_or_else(|| name.to_owned());
        let table = layers.settings("oci", name, &host, says);
        let astray = says == Says::Configuration && layers.is_led_astray(name, &host);
        Oci {
            name: table.name,
            host,
            prefix: metadata.oci_namespace_prefix.unwrap_or_default(),
            settings: table.values,
            layers: layers.clone(),
            reach: Reach::default(),
            astray: astray.then(|| name.to_owned()),
        }
    }
}

/// A Warg registry.
#[derive(Clone, Debug, Default)]
pub struct Warg {
    /// The name its login stands under, or would have to.
    pub name: String,
    /// Its address, with scheme, perhaps with a path.
    pub url: String,
    /// What the configuration says of its host.
    pub settings: Protocol,
    /// The configuration, for the host that this one leads to.
    pub layers: Layers,
    /// The name that has a login, where only a project says that it is here.
    pub astray: Option<String>,
}

impl Warg {
    /// The registry of this name, at the address that metadata gives or else
    /// at the name itself. Plain http is for this machine, unless the table of
    /// its host says otherwise.
    pub fn new(name: &str, address: Option<&str>, says: Says, layers: &Layers) -> Self {
        let address = address.unwrap_or(name);
        let host = authority(address);
        let table = layers.settings("warg", name, host, says);
        let plain = match table.values.get("protocol").and_then(Item::as_str) {
            Some(protocol) => protocol == "http",
            None => is_loopback(host),
        };
        let url = match (address.contains("://"), plain) {
            (true, _) => address.to_owned(),
            (false, true) => format!("http://{address}"),
            (false, false) => format!("https://{address}"),
        };
        let astray = says == Says::Configuration && layers.is_led_astray(name, host);
        Warg {
            name: table.name,
            url,
            settings: table.values,
            layers: layers.clone(),
            astray: astray.then(|| name.to_owned()),
        }
    }
}

/// What a host is that was asked.
#[derive(Clone, Debug)]
pub enum Discovered {
    /// A registry of OCI artifacts.
    Oci(Oci),
    /// A Warg registry.
    Warg(Warg),
}

/// What a host is that was asked for its `registry.json`. `own` says that the
/// document is that of the host itself and was not changed on the way.
pub fn discovered(host: &str, metadata: Metadata, own: bool, layers: &Layers) -> Discovered {
    let says = match own {
        true => Says::OwnDocument,
        false => Says::Document,
    };
    match preferred_protocol(&metadata).as_deref() {
        Some("warg") => {
            let address = metadata.warg_url.as_deref();
            Discovered::Warg(Warg::new(host, address, says, layers))
        }
        _ => Discovered::Oci(Oci::new(host, metadata, says, layers)),
    }
}

/// A way to a registry, and who chose it.
#[derive(Clone, Debug)]
pub struct Route {
    /// How it is called.
    pub name: String,
    /// How it is reached.
    pub backend: Backend,
    /// What decided, such as a file.
    pub because: String,
}

impl Route {
    /// The same, if it leads to such an address. What is no host of OCI
    /// artifacts is left as it is.
    pub fn within(mut self, reach: Reach) -> Self {
        if let Backend::Oci(oci) = &mut self.backend {
            oci.reach = reach;
        }
        self
    }
}

/// The registries a manifest names, its own and those of its workspace.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Name and address; the package's before the workspace's.
    pub registries: BTreeMap<String, String>,
    /// The manifest that relative paths start from, and that is shown.
    pub manifest: PathBuf,
}

impl Named {
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
    asked: Option<&str>,
    named: &Named,
    layers: &Layers,
) -> Result<Route> {
    if let Some(name) = asked.filter(|name| *name != "default") {
        return by_name(package, name, named, layers);
    }
    if let Some((mapping, layer)) = layers.mapped(package) {
        return mapped(mapping, layers, layer.to_string());
    }
    if let Some(route) = default_registry(named, layers)? {
        return Ok(route);
    }
    if let Some((mapping, layer)) = layers.fallback(package.namespace()) {
        return mapped(mapping, layers, layer.to_string());
    }
    let namespace = package.namespace();
    Err(Error::input(format!(
        "no registry configured for namespace \"{namespace}\", which the package `{package}` is in"
    ))
    .hint(match named.manifest.ends_with("Cargo.toml") {
        true => format!(
            "add `default = \"…\"` under `[package.metadata.component.registries]` in Cargo.toml, or `{namespace} = \"…\"` under `[namespace_registries]` in `.wasm-pkg/config.toml`"
        ),
        false => format!(
            "set it with `cargo component config set --project namespace_registries.{namespace} <host>`"
        ),
    }))
}

/// The registry a dependency asks for.
fn by_name(package: &PackageRef, name: &str, named: &Named, layers: &Layers) -> Result<Route> {
    if let Some(layer) = layers.replaced(name) {
        let mapping = Mapping {
            registry: name.to_owned(),
            metadata: None,
        };
        return mapped(&mapping, layers, layer.to_string());
    }
    if let Some(route) = registry(name, named, layers)? {
        return Ok(route);
    }
    let names = layers.registry_names().into_iter();
    let known = names.chain(named.registries.keys().map(String::as_str));
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
pub fn registry(name: &str, named: &Named, layers: &Layers) -> Result<Option<Route>> {
    if let Some(address) = named.registries.get(name) {
        return addressed(name, address, named, layers).map(Some);
    }
    let because = format!("`registry = \"{name}\"`");
    if split(name).is_some() || name.starts_with(['.', '/']) {
        let mut route = addressed(name, name, named, layers)?;
        route.because = because;
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
    mapped(&mapping, layers, because).map(Some)
}

/// The route to the registry of packages that nothing else names one for.
pub fn default_registry(named: &Named, layers: &Layers) -> Result<Option<Route>> {
    if let Some(address) = named.registries.get("default") {
        return addressed("default", address, named, layers).map(Some);
    }
    let Some((name, layer)) = layers.default_registry() else {
        return Ok(None);
    };
    let mapping = Mapping {
        registry: name.to_owned(),
        metadata: None,
    };
    mapped(&mapping, layers, layer.to_string()).map(Some)
}

/// The route to a host of OCI artifacts, without asking it what it is;
/// `prefix` is what the repositories in question begin with.
pub fn host(host: &str, prefix: &str, layers: &Layers) -> Route {
    Route {
        name: host.to_owned(),
        backend: Backend::Oci(Oci::at(host, prefix, layers)),
        because: "the reference".to_owned(),
    }
}

/// A registry of the configuration.
fn mapped(mapping: &Mapping, layers: &Layers, because: String) -> Result<Route> {
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
            Backend::Oci(Oci::new(name, inline, Says::Configuration, layers))
        }
        Some("warg") => {
            let address = inline.and_then(|metadata| metadata.warg_url.as_deref());
            Backend::Warg(Warg::new(name, address, Says::Configuration, layers))
        }
        Some(other) => {
            return Err(Error::input(format!(
                "unknown backend type \"{other}\" of the registry `{name}`"
            ))
            .because(format!("it is set in {because}"))
            .hint("use `oci`, `warg` or `local`"));
        }
    };
    Ok(Route {
        name: name.clone(),
        backend,
        because,
    })
}

/// The protocol that what a registry says of itself prefers.
pub fn preferred_protocol(metadata: &Metadata) -> Option<String> {
    let oci = metadata.oci_registry.is_some() || metadata.oci_namespace_prefix.is_some();
    let only = match (oci, metadata.warg_url.is_some()) {
        (true, false) => Some("oci"),
        (false, true) => Some("warg"),
        _ => None,
    };
    metadata
        .preferred_protocol
        .clone()
        .or_else(|| only.map(str::to_owned))
}

fn local(name: &str, base: &Path, settings: &Protocol) -> Result<Backend> {
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
fn addressed(name: &str, address: &str, named: &Named, layers: &Layers) -> Result<Route> {
    let because = format!("`registries.{name}` in `{}`", named.manifest.display());
    let address =
        Address::read(name, address).map_err(|e| e.because(format!("it is {because}")))?;
    let backend = match address {
        Address::Host(host) => {
            let mapping = Mapping {
                registry: host.to_owned(),
                metadata: None,
            };
            mapped(&mapping, layers, because.clone())?.backend
        }
        Address::Directory(path) => Backend::Local {
            root: named.manifest.parent().unwrap_or(Path::new("")).join(path),
        },
        Address::Oci { host, path } => {
            let prefix = match path.trim_end_matches('/') {
                "" => String::new(),
                path => format!("{path}/"),
            };
            Backend::Oci(Oci::at(host, &prefix, layers))
        }
        Address::Warg { rest } => {
            let host = authority(rest);
            Backend::Warg(Warg::new(host, Some(rest), Says::Document, layers))
        }
    };
    Ok(Route {
        name: name.to_owned(),
        backend,
        because,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::env::Env;
    use crate::system::fs;

    fn routed(
        package: &str,
        asked: Option<&str>,
        registries: &[(&str, &str)],
        user: &str,
    ) -> Result<Route> {
        let dir = tempfile::tempdir().unwrap();
        fs::write_atomic(&dir.path().join("wasm-pkg/config.toml"), user.as_bytes()).unwrap();
        let env = Env::from_vars([("XDG_CONFIG_HOME", dir.path())]);
        let layers = Layers::load(&dir.path().join("p"), None, &env).unwrap();
        let owned = |(name, url): &(&str, &str)| ((*name).to_owned(), (*url).to_owned());
        let named = Named {
            registries: registries.iter().map(owned).collect(),
            manifest: "/p/Cargo.toml".into(),
        };
        route(&package.parse().unwrap(), asked, &named, &layers)
    }

    fn shown(route: Result<Route>) -> String {
        match route {
            Ok(route) => match route.backend {
                Backend::Local { root } => format!("local {}", root.display()),
                Backend::Oci(oci) => format!("oci {} {}", oci.host, oci.prefix),
                Backend::Warg(warg) => format!("warg {} {}", warg.name, warg.url),
                Backend::Discover { host, .. } => format!("discover {host}"),
            },
            Err(error) => error.to_string(),
        }
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
            assert_eq!(shown(route), backend, "{address}");
        }
        for (address, message) in [
            ("http://example.com", "plain http"),
            ("oci://u:secret@ghcr.io", "credentials"),
            ("ftp://x", "unknown scheme"),
            ("oci://", "has no host"),
        ] {
            let told = shown(routed("a:b", None, &[("default", address)], ""));
            assert!(told.contains(message) && !told.contains("secret"), "{told}");
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
            shown(routed("n:b", None, &here, user)),
            "discover n.example"
        );
        assert_eq!(shown(routed("a:b", None, &here, user)), "oci m.example ");
        assert_eq!(shown(routed("a:b", None, &[], user)), "discover d.example");
        assert_eq!(shown(routed("wasi:b", None, &[], "")), "discover wasi.dev");
        assert_eq!(
            shown(routed("n:b", Some("mirror"), &here, user)),
            "oci x.example p/"
        );
        assert_eq!(shown(routed("n:b", Some("l"), &here, user)), "local /r");
        let unknown = routed("n:b", Some("miror"), &here, user).unwrap_err();
        assert!(unknown.advice().unwrap().contains("mirror"));
        assert!(shown(routed("a:b", None, &[], "")).contains("no registry configured"));
    }

    #[test]
    fn inline_metadata_saves_the_question() {
        let user = "[namespace_registries]\nwasi = { registry = \"wasi\", metadata = { preferredProtocol = \"oci\", oci = { registry = \"ghcr.io\", namespacePrefix = \"webassembly/\" } } }\n";
        assert_eq!(
            shown(routed("wasi:io", None, &[], user)),
            "oci ghcr.io webassembly/"
        );
    }
}

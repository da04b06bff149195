//! The registries and indexes that a search asks, as plain data: no request is sent.

use super::index::IndexRoute;
use super::layers::{Layer, Layers};
use super::routes;
use super::routes::{ManifestRegistries, Route};
use crate::base::error::Result;
use crate::base::package::PackageRef;

/// A registry that packages may be found in.
#[derive(Clone, Debug)]
pub struct SearchRoute {
    /// The route to the registry.
    pub route: Route,
    /// The name that an entry of a manifest may give it; `None` where only the configuration
    /// leads there.
    pub name: Option<String>,
    /// The packages that the configuration maps to it by name: they are known even if the
    /// registry does not list any.
    pub packages: Vec<PackageRef>,
}

/// The registries that the configuration and the manifest lead to, each once: the default
/// one, those of packages and namespaces, and those that the manifest names. What is built
/// in counts where there is no default registry.
///
/// # Errors
///
/// If an address of the manifest or a setting is wrong.
pub fn search_routes(manifest: &ManifestRegistries, layers: &Layers) -> Result<Vec<SearchRoute>> {
    let mut found: Vec<SearchRoute> = Vec::new();
    if let Some(route) = routes::default_registry(manifest, layers)? {
        add(&mut found, route);
    }
    let has_default = !found.is_empty();
    for mapped in layers.mappings() {
        if has_default && *mapped.layer == Layer::BuiltIn {
            continue;
        }
        let route = routes::route_of_mapping(mapped.mapping, layers, mapped.setting)?;
        let entry = add(&mut found, route);
        entry.packages.extend(mapped.package.cloned());
    }
    for name in manifest.registries.keys().filter(|name| *name != "default") {
        if let Some(route) = routes::registry(name, manifest, layers)? {
            add(&mut found, route)
                .name
                .get_or_insert_with(|| name.clone());
        }
    }
    Ok(found)
}

/// The entry for the registry of a route, which is added unless it is there.
fn add(found: &mut Vec<SearchRoute>, route: Route) -> &mut SearchRoute {
    let address = route.backend.to_string();
    let known = found
        .iter()
        .position(|known| known.route.backend.to_string() == address);
    let index = known.unwrap_or(found.len());
    if index == found.len() {
        found.push(SearchRoute {
            route,
            name: None,
            packages: Vec::new(),
        });
    }
    &mut found[index]
}

/// The indexes that are configured, sorted by name.
pub fn index_routes(layers: &Layers) -> Vec<IndexRoute> {
    let indexes = layers.indexes().into_iter();
    let route = |(name, (url, layer)): (&str, (&str, &Layer))| IndexRoute {
        name: name.to_owned(),
        url: url.to_owned(),
        chosen_by: layer.setting(&format!("registry.{name:?}.index.url")),
        layers: layers.clone(),
    };
    indexes.map(route).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::env::Env;
    use crate::system::fs;

    fn layers(user: &str) -> Layers {
        let dir = tempfile::tempdir().unwrap();
        fs::write_atomic(&dir.path().join("wasm-pkg/config.toml"), user.as_bytes()).unwrap();
        let names = ["XDG_CONFIG_HOME", "APPDATA"];
        let env = Env::from_vars(names.map(|name| (name, dir.path())));
        Layers::load(&dir.path().join("p"), None, &env).unwrap()
    }

    fn found(user: &str, registries: &[(&str, &str)]) -> Vec<String> {
        let owned = |(name, url): &(&str, &str)| ((*name).to_owned(), (*url).to_owned());
        let manifest = ManifestRegistries {
            registries: registries.iter().map(owned).collect(),
            manifest: "/p/Cargo.toml".into(),
        };
        let routes = search_routes(&manifest, &layers(user)).unwrap();
        let display = |found: &SearchRoute| {
            let name = found.name.as_deref().unwrap_or("-");
            let packages: Vec<String> = found.packages.iter().map(ToString::to_string).collect();
            format!("{} {name} {}", found.route.backend, packages.join(","))
        };
        routes
            .iter()
            .map(|found| display(found).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn every_registry_is_asked_once() {
        let user = "default_registry = \"l\"\n[namespace_registries]\nn = \"n.example\"\nm = \"n.example\"\n\
                    [package_registry_overrides]\n\"n:x\" = \"n.example\"\n[registry.l.local]\nroot = \"/r\"\n\
                    [registry.i.index]\nurl = \"https://i.example\"\n";
        assert_eq!(
            found(
                user,
                &[("mirror", "oci://x.example/p"), ("same", "file:///r")]
            ),
            [
                "/r same",
                "https://n.example - n:x",
                "oci://x.example/p/ mirror"
            ]
        );
        let named = [("default", "oci://d.example")];
        assert_eq!(found(user, &named)[0], "oci://d.example/ -");
        assert_eq!(
            found("", &[]),
            ["https://bytecodealliance.org -", "https://wasi.dev -"]
        );
        assert_eq!(found("", &named), ["oci://d.example/ -"]);
    }

    #[test]
    fn indexes_are_off_until_they_are_configured() {
        assert!(index_routes(&layers("")).is_empty());
        let layers = layers("[registry.i.index]\nurl = \"https://i.example/x\"\n");
        let routes = index_routes(&layers);
        assert_eq!(routes.len(), 1);
        assert_eq!(
            (&*routes[0].name, &*routes[0].url),
            ("i", "https://i.example/x")
        );
        assert!(routes[0].chosen_by.contains("registry.\"i\".index.url"));
        assert!(layers.registry_names().is_empty());
    }
}

//! The settings for the host that is contacted. A login, a
//! permission and trust belong to a host, not to the name it is called by: a
//! file that can be committed may say where a name leads, and must not lead a
//! login there that somebody else gave to the name.

use super::authority::authority;
use super::config::{Mapping, Metadata, ProtocolTable};
use super::layers::Layers;
use crate::system::env::Env;

/// The source that maps the registry of a name to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocationSource {
    /// A mapping of the configuration, of whatever layer.
    Configuration,
    /// The `registry.json` of the host that the name is, which could not have
    /// been changed on the way.
    OwnDocument,
    /// A `registry.json` of which that is not known.
    Document,
}

/// The settings for a host with one protocol.
#[derive(Clone, Debug, Default)]
pub struct HostSettings {
    /// The name that its login stands under, or would have to.
    pub name: String,
    /// The keys of one protocol, with their values.
    pub values: ProtocolTable,
}

/// The keys of protocols that hold logins.
const LOGINS: [&str; 3] = ["auth", "auth_token", "signing_key"];

/// The keys that go where a name's own host leads: logins, the file that may
/// have more of them, and the authorities that vouch for that host as well.
/// Permissions do not.
const FOLLOWING: [&str; 5] = [
    "auth",
    "auth_token",
    "signing_key",
    "config_file",
    "extra_root_certificates",
];

/// The hosts that the metadata of a registry leads to.
fn hosts_of(metadata: &Metadata) -> impl Iterator<Item = &str> {
    let oci = metadata.oci_registry.as_deref();
    let urls = metadata.urls.values().map(|url| authority(url));
    oci.into_iter().chain(urls)
}

impl Layers {
    /// The settings for a host that `source` gives for the registry `name`: the
    /// host's own, and those of the name where they may go there.
    pub fn settings(
        &self,
        protocol: &str,
        name: &str,
        host: &str,
        source: LocationSource,
    ) -> HostSettings {
        let mut table = HostSettings {
            name: host.to_owned(),
            values: self.table(protocol, host),
        };
        if name.eq_ignore_ascii_case(host) {
            return table;
        }
        let all = self.maps_to_host(name, host);
        if !all && source != LocationSource::OwnDocument {
            return table;
        }
        let of_name = self.private().table(protocol, name);
        let may_follow = |key: &&String| all || FOLLOWING.contains(&key.as_str());
        let mut login = false;
        for key in of_name.keys().filter(may_follow) {
            login |= LOGINS.contains(&key.as_str());
            let value = of_name[key].clone();
            table.values.insert(key.clone(), value);
        }
        let has_own = LOGINS.iter().any(|key| table.values.contains_key(*key));
        if login || !has_own {
            table.name = name.to_owned();
        }
        table
    }

    /// The settings under a name, put together from all layers.
    pub fn table(&self, protocol: &str, name: &str) -> ProtocolTable {
        let mut protocols = self.access(name).protocols;
        protocols.remove(protocol).unwrap_or_default()
    }

    /// Whether a project leads a name, which the user gave a login to, to this
    /// host, which no file of the user does.
    pub fn is_misdirected(&self, name: &str, host: &str) -> bool {
        let has_login = |layers: &Layers| {
            let protocols = layers.access(name).protocols;
            let mut keys = protocols.values().flat_map(|table| table.keys());
            keys.any(|key| LOGINS.contains(&key.as_str()))
        };
        !name.eq_ignore_ascii_case(host)
            && !self.maps_to_host(name, host)
            && has_login(&self.private())
    }

    /// Whether the user's own configuration maps the registry of a name to a
    /// host.
    fn maps_to_host(&self, name: &str, host: &str) -> bool {
        self.private_mappings().any(|mapping| {
            let metadata = mapping.metadata.iter();
            let mut hosts = metadata.flat_map(hosts_of);
            mapping.registry == name && hosts.any(|one| one.eq_ignore_ascii_case(host))
        })
    }

    fn private_mappings(&self) -> impl Iterator<Item = &Mapping> {
        let private = self.all().iter().filter(|(layer, _)| layer.is_private());
        private.flat_map(|(_, config)| {
            let mappings = config.namespaces.values().chain(config.packages.values());
            mappings.map(|entry| &entry.value)
        })
    }

    /// The hosts that the user names: in files that are nobody else's, in
    /// variables and on the command line. What is built in counts too.
    fn private_hosts(&self) -> impl Iterator<Item = &str> {
        let private = self.all().iter().filter(|(layer, _)| layer.is_private());
        let tables = private.flat_map(|(_, config)| {
            let default = config.default_registry.iter();
            let default = default.map(|entry| entry.value.as_str());
            default.chain(config.registries.keys().map(String::as_str))
        });
        let mapped = self.private_mappings().flat_map(|mapping| {
            // A name that leads elsewhere is no host itself.
            let metadata = mapping.metadata.as_ref();
            let leads = metadata.is_some_and(|metadata| hosts_of(metadata).next().is_some());
            let itself = (!leads).then_some(mapping.registry.as_str());
            metadata.into_iter().flat_map(hosts_of).chain(itself)
        });
        tables
            .chain(mapped)
            .chain(self.command_line_hosts().iter().map(String::as_str))
    }

    /// Whether the user names this host.
    pub fn names_host(&self, host: &str) -> bool {
        self.private_hosts()
            .any(|one| one.eq_ignore_ascii_case(host))
    }

    /// The token of a variable for a host, with the variable's name. An error
    /// is the name of a variable that is not used: several hosts share its
    /// name, and only the user could decide which it is for.
    pub fn bearer_token(&self, env: &Env, host: &str) -> Result<Option<(String, String)>, String> {
        let Some((variable, token)) = env.bearer_token(host) else {
            return Ok(None);
        };
        let same = |one: &str| Env::bearer_variable(one) == variable;
        let mut others = self.private_hosts().filter(|one| same(one));
        let is_unambiguous = !host.contains(['-', '_']) && others.next().is_none();
        match is_unambiguous || self.names_host(host) {
            true => Ok(Some((variable, token))),
            false => Err(variable),
        }
    }
}

/// The note on a variable that was not used.
pub fn unused_variable(variable: &str, host: &str) -> String {
    format!(
        "the variable `{variable}` was not used, since it may be meant for another host; to use it for this one, run `cargo component config set 'registry.\"{host}\".type' oci`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fs;

    const PRIVATE: [&str; 2] = ["user.toml", "explicit.toml"];

    /// The layers of a project with this in its file, and this in the user's or
    /// in the one that is given.
    fn layers(project: &str, private: &str, place: &str) -> Layers {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            fs::write_atomic(&dir.path().join(path), text.as_bytes()).unwrap();
        };
        write("work/.wasm-pkg/config.toml", project);
        let explicit = match place {
            "user.toml" => {
                write("home/wasm-pkg/config.toml", private);
                None
            }
            path => {
                write(path, private);
                Some(dir.path().join(path))
            }
        };
        let home = ["XDG_CONFIG_HOME", "APPDATA"].map(|name| (name, dir.path().join("home")));
        let env = Env::from_vars(home);
        Layers::load(&dir.path().join("work"), explicit.as_deref(), &env).unwrap()
    }

    const SETTINGS: &str = "[registry.mine.oci]
auth = { username = \"u\", password = \"p\" }
protocol = \"http\"
accept_invalid_certificates = true
extra_root_certificates = []
[registry.mine.warg]
auth_token = \"t\"
signing_key = \"k\"
config_file = \"f\"
";

    fn to(host: &str) -> String {
        format!(
            "[namespace_registries]\na = {{ registry = \"mine\", metadata = {{ oci = {{ registry = \"{host}\" }}, warg = {{ url = \"https://{host}/x\" }} }} }}\n"
        )
    }

    #[test]
    fn settings_of_a_name_go_where_their_own_layers_lead() {
        let keys = |layers: &Layers, source| -> Vec<String> {
            let tables =
                ["oci", "warg"].map(|one| layers.settings(one, "mine", "r.example", source));
            let keys = tables.iter().flat_map(|table| table.values.keys().cloned());
            keys.collect()
        };
        let everywhere = [
            LocationSource::Configuration,
            LocationSource::OwnDocument,
            LocationSource::Document,
        ];
        for place in PRIVATE {
            // The user says both: all of it goes there.
            let both = layers("", &format!("{}{SETTINGS}", to("R.example")), place);
            for source in everywhere {
                assert_eq!(keys(&both, source).len(), 7);
            }
            assert!(!both.is_misdirected("mine", "r.example"));
            assert!(both.is_misdirected("mine", "other.example"));
            // The project says where it is: nothing goes there.
            let project = layers(&to("r.example"), SETTINGS, place);
            for source in [LocationSource::Configuration, LocationSource::Document] {
                assert_eq!(keys(&project, source), [""; 0]);
            }
            assert!(project.is_misdirected("mine", "r.example"));
            // The name's own host says so: logins go, permissions do not.
            assert_eq!(
                keys(&project, LocationSource::OwnDocument),
                [
                    "auth",
                    "extra_root_certificates",
                    "auth_token",
                    "config_file",
                    "signing_key"
                ]
            );
        }
        // Without a login the project may say what it likes.
        let open = layers(&to("r.example"), "", PRIVATE[0]);
        assert!(!open.is_misdirected("mine", "r.example"));
    }

    #[test]
    fn plain_http_to_this_machine_does_not_follow_its_name() {
        // A project may allow that for this machine, and call another so.
        let project = "[registry.\"127.0.0.1:5\".oci]\nprotocol = \"http\"\n";
        for place in PRIVATE {
            let private = to("r.example").replace("\"mine\"", "\"127.0.0.1:5\"");
            for private in ["", private.as_str()] {
                let layers = layers(project, private, place);
                for source in [
                    LocationSource::Configuration,
                    LocationSource::OwnDocument,
                    LocationSource::Document,
                ] {
                    let table = layers.settings("oci", "127.0.0.1:5", "r.example", source);
                    assert_eq!(table.values.len(), 0, "{private}");
                }
                let own = layers.settings(
                    "oci",
                    "127.0.0.1:5",
                    "127.0.0.1:5",
                    LocationSource::Document,
                );
                assert_eq!(own.values.len(), 1);
            }
        }
    }

    #[test]
    fn a_host_has_its_own_login_whatever_it_is_called() {
        let own = "[registry.\"r.example\".oci]\nauth = \"own\"\n";
        let both = layers(
            "",
            &format!("{}{SETTINGS}{own}", to("r.example")),
            PRIVATE[0],
        );
        let auth = |table: HostSettings| {
            let auth = table.values["auth"].as_str().map(str::to_owned);
            (table.name, auth)
        };
        let found = both.settings("oci", "another", "r.example", LocationSource::Configuration);
        assert_eq!(auth(found), ("r.example".into(), Some("own".into())));
        let found = both.settings("oci", "r.example", "r.example", LocationSource::Document);
        assert_eq!(auth(found), ("r.example".into(), Some("own".into())));
        // As for `wkg`, the name goes first where the user says what it is.
        let found = both.settings("oci", "mine", "r.example", LocationSource::Configuration);
        assert_eq!(found.name, "mine");
        assert!(found.values["auth"].as_table_like().is_some());
    }

    #[test]
    fn a_variable_is_for_a_host_that_is_clear_or_named() {
        let variables = [
            ("WKG_REGISTRY_A_B_EXAMPLE_AUTH_BEARER", "t"),
            ("WKG_REGISTRY_GHCR_IO_AUTH_BEARER", "t"),
        ];
        let env = Env::from_vars(variables);
        let found = |private: &str, host: &str| {
            let layers = layers("[registry.\"a-b.example\".oci]\n", private, PRIVATE[0]);
            layers.bearer_token(&env, host).map(|found| found.is_some())
        };
        let unused = Err("WKG_REGISTRY_A_B_EXAMPLE_AUTH_BEARER".to_owned());
        assert_eq!(found("", "ghcr.io"), Ok(true));
        assert_eq!(found("", "a.b.example"), Ok(true));
        assert_eq!(found("", "a-b.example"), unused);
        assert_eq!(found("", "a-b-example"), unused);
        assert_eq!(found("", "c.example"), Ok(false));
        let command_line_hosts = "default_registry = \"a-b.example\"\n";
        assert_eq!(found(command_line_hosts, "a-b.example"), Ok(true));
        assert_eq!(found(command_line_hosts, "a.b.example"), unused);
        let typed = layers("", "", PRIVATE[0]).with_host("a-b.example");
        assert!(typed.bearer_token(&env, "a-b.example").unwrap().is_some());
    }

    #[test]
    fn the_user_names_hosts_in_every_form_and_a_project_none() {
        for text in [
            "default_registry = \"r.example\"\n",
            "[namespace_registries]\na = \"r.example\"\n",
            "[package_registry_overrides]\n\"a:b\" = \"R.EXAMPLE\"\n",
            "[registry.\"r.example\".oci]\n",
            &to("r.example"),
        ] {
            for place in PRIVATE {
                assert!(layers("", text, place).names_host("r.example"), "{text}");
            }
            assert!(
                !layers(text, "", "user.toml").names_host("r.example"),
                "{text}"
            );
        }
        assert!(!layers("", &to("r.example"), PRIVATE[0]).names_host("mine"));
    }
}

//! wasm-pkg's `config.toml`: which registry a package is in, and how a
//! registry is reached. The same file serves `wkg`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use reqwest::Url;
use toml_edit::{Document, Item};

use super::loopback::is_loopback;
use crate::base::error::{Error, Result};
use crate::base::package::{PackageRef, is_label};
use crate::model::manifest::ManifestFile;
use crate::model::manifest::keys::{Key, ValueKind};
use crate::model::manifest::table::Table;
use crate::model::url_protocol::URL_PROTOCOLS;

/// The content of one file. Entries keep their places in it.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The registry of packages that nothing else names one for.
    pub default_registry: Option<Spanned<String>>,
    /// The registries of whole namespaces.
    pub namespaces: BTreeMap<String, Spanned<Mapping>>,
    /// The registries of single packages.
    pub packages: BTreeMap<PackageRef, Spanned<Mapping>>,
    /// How registries are reached, by name.
    pub registries: BTreeMap<String, Spanned<RegistryTables>>,
}

/// A value and its place in its file.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value that was read.
    pub value: T,
    /// The byte range of the value.
    pub span: Range<usize>,
}

/// A registry, perhaps with what its `registry.json` would say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Its name: a host with an optional port, or a single word.
    pub registry: String,
    /// The metadata that would otherwise be fetched.
    pub metadata: Option<Metadata>,
}

/// The description that a registry gives of itself
/// (`/.well-known/wasm-pkg/registry.json`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The name of a protocol, such as `oci`.
    pub preferred_protocol: Option<String>,
    /// The OCI registry's host.
    pub oci_registry: Option<String>,
    /// The prefix of `<namespace>/<name>` in its repositories, put in front as
    /// it is.
    pub oci_namespace_prefix: Option<String>,
    /// The URLs of the registry, by the names of their protocols.
    pub urls: BTreeMap<&'static str, String>,
}

/// How a registry is reached: one table per protocol.
#[derive(Clone, Debug, Default)]
pub struct RegistryTables {
    /// The protocol to use, where there are several.
    pub default: Option<String>,
    /// The keys of each protocol's table, with text values; other values are
    /// read by the backend that knows them.
    pub protocols: BTreeMap<String, ProtocolTable>,
    /// The directory a relative `local.root` starts from; empty for the
    /// current one.
    pub base: PathBuf,
    /// The address of an index of packages, `index.url`. It is ours: `wkg` reads
    /// it like the table of a protocol that it never uses.
    pub index: Option<String>,
}

/// The table of one protocol. It may hold credentials, so that its values are
/// not shown.
#[derive(Clone, Default)]
pub struct ProtocolTable(BTreeMap<String, Item>);

impl std::ops::Deref for ProtocolTable {
    type Target = BTreeMap<String, Item>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for ProtocolTable {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl FromIterator<(String, Item)> for ProtocolTable {
    fn from_iter<I: IntoIterator<Item = (String, Item)>>(values: I) -> Self {
        ProtocolTable(values.into_iter().collect())
    }
}

impl std::fmt::Debug for ProtocolTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

const fn key(name: &'static str) -> Key {
    Key {
        name,
        kind: ValueKind::String,
        default: "",
        about: "",
    }
}

const TOP: &[Key] = &[
    key("default_registry"),
    key("namespace_registries"),
    key("package_registry_overrides"),
    key("registry"),
];

/// The keys in the table `index` of a registry.
const INDEX: &[Key] = &[key("url")];

/// Reads the text of a `config.toml`. Errors name the key with its place, and
/// show no secrets.
pub fn parse(file: &ManifestFile) -> Result<Config> {
    read(file).map_err(|e| {
        e.map_excerpt_text(masked)
            .hint("correct it; see `cargo component config --help`")
    })
}

/// A text with stars in the place of all strings on lines that may hold
/// secrets; as long as it was.
pub(super) fn masked(text: &str) -> String {
    const WORDS: [&str; 5] = ["auth", "token", "key", "password", "secret"];
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if !WORDS.iter().any(|word| line.contains(word)) {
            masked.push_str(line);
            continue;
        }
        let (mut quote, mut escaped) = (None, false);
        for c in line.chars() {
            match quote {
                None => {
                    quote = Some(c).filter(|c| matches!(c, '"' | '\''));
                    masked.push(c);
                }
                Some(open) if c == open && !escaped => {
                    quote = None;
                    masked.push(c);
                }
                Some(_) if c == '\n' => masked.push(c),
                Some(open) => {
                    escaped = c == '\\' && open == '"' && !escaped;
                    masked.extend(std::iter::repeat_n('*', c.len_utf8()));
                }
            }
        }
    }
    masked
}

fn read(file: &ManifestFile) -> Result<Config> {
    let document = Document::parse(file.text.to_string()).map_err(|e| {
        let message = format!("failed to read the configuration `{}`", file.path.display());
        file.error(e.span().unwrap_or_default(), message)
            .with_cause(e.message())
    })?;
    let top = Table::root(file, "the configuration", document.as_table()).known(TOP)?;
    let mut config = Config::default();
    if let Some(name) = top.string("default_registry")? {
        config.default_registry = Some(Spanned {
            value: registry_name(&top, "default_registry", name)?,
            span: top.entry_span("default_registry"),
        });
    }
    if let Some(table) = top.table("namespace_registries")? {
        for (namespace, _) in table.entries() {
            if !is_label(namespace) {
                return Err(file
                    .error(
                        table.key_span(namespace),
                        format!("invalid namespace `{namespace}`"),
                    )
                    .hint("a namespace is the part before the `:` of a package name"));
            }
            let mapping = mapping(&table, namespace)?;
            config.namespaces.insert(namespace.to_owned(), mapping);
        }
    }
    if let Some(table) = top.table("package_registry_overrides")? {
        for (package, _) in table.entries() {
            let name = package
                .parse()
                .map_err(|e: Error| e.at(file.excerpt(table.key_span(package))))?;
            config.packages.insert(name, mapping(&table, package)?);
        }
    }
    if let Some(table) = top.table("registry")? {
        for (name, _) in table.entries() {
            let access = access(&table, name)?;
            config.registries.insert(name.to_owned(), access);
        }
    }
    Ok(config)
}

/// Checks that a name is `host[:port]` or a single word.
fn registry_name(table: &Table<'_>, key: &str, name: String) -> Result<String> {
    let legal =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if !name.is_empty() && name.chars().all(legal) {
        return Ok(name);
    }
    let error = table.error(key, format!("invalid registry `{name}`"));
    Err(match name.split_once("://") {
        Some((_, rest)) => {
            let host = rest.split('/').next().unwrap_or(rest);
            error.hint(format!("use only its host: `{host}`"))
        }
        None => {
            error.hint("a registry is a host with an optional port, such as `example.com:8080`")
        }
    })
}

fn mapping(table: &Table<'_>, key: &str) -> Result<Spanned<Mapping>> {
    let span = table.entry_span(key);
    if table.get(key).is_some_and(Item::is_str) {
        let name = table.string(key)?.unwrap_or_default();
        return Ok(Spanned {
            value: Mapping {
                registry: registry_name(table, key, name)?,
                metadata: None,
            },
            span,
        });
    }
    let entry = table
        .table(key)?
        .ok_or_else(|| table.error(key, "nothing is there"))?;
    let missing = |what: &str| {
        table
            .error(key, format!("missing `{what}` in `{}.{key}`", table.name))
            .hint("use a registry name, or a table with `registry` and `metadata`")
    };
    let name = entry
        .string("registry")?
        .ok_or_else(|| missing("registry"))?;
    let registry = registry_name(&entry, "registry", name)?;
    let metadata = entry
        .table("metadata")?
        .ok_or_else(|| missing("metadata"))?;
    Ok(Spanned {
        value: Mapping {
            registry,
            metadata: Some(self::metadata(&metadata)?),
        },
        span,
    })
}

/// As in `registry.json`; members not known here are ignored.
fn metadata(table: &Table<'_>) -> Result<Metadata> {
    let oci = table.table("oci")?;
    let of = |table: &Option<Table<'_>>, key: &str| match table {
        Some(table) => table.string(key),
        None => Ok(None),
    };
    let mut urls = BTreeMap::new();
    for protocol in URL_PROTOCOLS {
        let legacy = protocol.legacy_url_member.map(|key| table.string(key));
        let url = of(&table.table(protocol.name)?, "url")?;
        if let Some(url) = legacy.transpose()?.flatten().or(url) {
            urls.insert(protocol.name, url);
        }
    }
    Ok(Metadata {
        preferred_protocol: table.string("preferredProtocol")?,
        oci_registry: table.string("ociRegistry")?.or(of(&oci, "registry")?),
        oci_namespace_prefix: table
            .string("ociNamespacePrefix")?
            .or(of(&oci, "namespacePrefix")?),
        urls,
    })
}

fn access(table: &Table<'_>, name: &str) -> Result<Spanned<RegistryTables>> {
    let entry = table
        .table(name)?
        .ok_or_else(|| table.error(name, "nothing is there"))?;
    let mut access = RegistryTables {
        default: match entry.string("default")? {
            Some(default) => Some(default),
            None => entry.string("type")?,
        },
        protocols: BTreeMap::new(),
        base: PathBuf::new(),
        index: None,
    };
    for (key, _) in entry.entries() {
        if key == "default" || key == "type" {
            continue;
        }
        if key == "index" {
            access.index = index(&entry)?;
            continue;
        }
        if let Some(protocol) = entry.table(key)? {
            let values = protocol
                .entries()
                .map(|(key, item)| (key.to_owned(), item.clone()));
            access.protocols.insert(key.to_owned(), values.collect());
        }
    }
    Ok(Spanned {
        value: access,
        span: table.entry_span(name),
    })
}

/// The address of an index: `https`, or `http` for this machine, without credentials.
fn index(entry: &Table<'_>) -> Result<Option<String>> {
    let Some(table) = entry.table("index")? else {
        return Ok(None);
    };
    let table = table.known(INDEX)?;
    let Some(text) = table.string("url")? else {
        let missing = entry.error("index", format!("missing `url` in `{}.index`", entry.name));
        return Err(missing.hint("add the address of the index, `url = \"https://…\"`"));
    };
    let is_valid = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        let is_bare = url.username().is_empty() && url.password().is_none();
        let is_base = url.query().is_none() && url.fragment().is_none();
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(host));
        !host.is_empty() && is_bare && is_base && is_safe
    };
    match Url::parse(&text).is_ok_and(|url| is_valid(&url)) {
        true => Ok(Some(text)),
        false => {
            // It may hold a password.
            let hidden = "*".repeat(text.len());
            let error = table.error("url", "invalid address of an index");
            let error = error.map_excerpt_text(|all| all.replace(&text, &hidden));
            Err(error.hint(
                "use `https://` and a host, without credentials; `http://` is for this machine only",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_shows_a_secret() {
        for text in [
            "[registry.x.oci]\nauth = { username = \"u\", password = \"hunter2\" \n",
            "registry.x = { oci = { auth = 'hunter2' } } }",
            "[registry.x.oci]\nauth = \"\\\"hunter2",
        ] {
            let error = read(text).unwrap_err();
            let excerpt = error.excerpt().unwrap();
            assert!(!excerpt.text().contains("hunter2"), "{}", excerpt.text());
            assert!(!error.to_string().contains("hunter2"));
            assert_eq!(excerpt.text().len(), text.len());
        }
        let harmless = read("default_registry = \"a b\"").unwrap_err();
        assert!(harmless.excerpt().unwrap().text().contains("a b"));
    }

    fn read(text: &str) -> Result<Config> {
        parse(&ManifestFile::new("config.toml", text))
    }

    #[test]
    fn a_file_of_wkg_is_read() {
        let config = read(
            r#"
default_registry = "acme.example.com"
[namespace_registries]
wasi = { registry = "wasi", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "webassembly/" }, "$schema" = "x" } }
mine = "reg.example.com"
[package_registry_overrides]
"mine:one" = "other.example.com"
[registry]
[registry."reg.example.com".oci]
auth = { username = "u", password = "p" }
[registry.here]
type = "local"
local = { root = "dir" }
[registry.index.index]
url = "http://127.0.0.1:8080/api"
"#,
        )
        .unwrap();
        assert_eq!(config.default_registry.unwrap().value, "acme.example.com");
        let wasi = &config.namespaces["wasi"].value;
        let metadata = wasi.metadata.as_ref().unwrap();
        assert_eq!(metadata.oci_registry.as_deref(), Some("ghcr.io"));
        assert_eq!(
            metadata.oci_namespace_prefix.as_deref(),
            Some("webassembly/")
        );
        let one = &config.packages[&"mine:one".parse().unwrap()].value;
        assert_eq!(one.registry, "other.example.com");
        let here = &config.registries["here"].value;
        assert_eq!(here.default.as_deref(), Some("local"));
        assert!(here.protocols["local"]["root"].is_str());
        let index = &config.registries["index"].value;
        assert_eq!(index.index.as_deref(), Some("http://127.0.0.1:8080/api"));
        assert!(index.protocols.is_empty());
    }

    #[test]
    fn an_error_points_at_its_place() {
        for (text, message, line) in [
            ("foo = 1", "unknown key `foo`", 1),
            (
                "\ndefault_registry = \"https://ghcr.io\"",
                "invalid registry",
                2,
            ),
            ("[namespace_registries]\nA = \"x\"", "invalid namespace", 2),
            (
                "[package_registry_overrides]\na = \"x\"",
                "invalid package name",
                2,
            ),
            (
                "[namespace_registries]\na = { registry = \"x\" }",
                "missing `metadata`",
                2,
            ),
            ("[registry.x]\noci = 1", "must be a table", 2),
            ("[registry.x]\nindex = 1", "must be a table", 2),
            ("[registry.x.index]\nurl = 1", "must be a string", 2),
            ("[registry.x.index]\n", "missing `url`", 1),
            ("[registry.x.index]\nadress = \"x\"", "unknown key", 2),
            (
                "[registry.x.index]\nurl = \"http://i.example\"",
                "address of an index",
                2,
            ),
            (
                "[registry.x.index]\nurl = \"https://u:p@i.example\"",
                "address of an index",
                2,
            ),
            (
                "[registry.x.index]\nurl = \"i.example\"",
                "address of an index",
                2,
            ),
            (
                "[registry.x.index]\nurl = \"file:///i\"",
                "address of an index",
                2,
            ),
            ("default_registry = ", "failed to read", 1),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.excerpt().unwrap().line_column().0, line, "{text}");
        }
    }
}

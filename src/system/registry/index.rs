//! An index of packages that is asked over HTTP: the API of `component-meta-registry`, the
//! server behind wasm.directory.
//!
//! The format is that of the server and its wire types in the repository
//! `yoshuawuyts/component-cli` (crates `component-meta-registry` and
//! `component-meta-registry-types`, as of May 2026). It has no version but the `v1` in its
//! paths, and no other description. These requests are sent, all of them `GET`:
//!
//! * `v1/search?q=…`: the packages with this text in their registry, repository, namespace or
//!   name;
//! * `v1/search/by-export?interface=…` and `v1/search/by-import?interface=…`: those with a
//!   world that exports or imports something of a package. The server compares the parameter
//!   with the name of the *package*, `wasi:http`, and not with that of an interface;
//! * `v1/packages`: all packages;
//! * `v1/packages/version/<registry>/<tag>/<repository>`: one version, with its worlds.
//!
//! The first four answer an array of packages and take `offset` and `limit`; a page with fewer
//! than `limit` is the last one. Of a package these members are read: `registry` (a host, perhaps
//! with a path), `repository`, `tags` (newest first), `description`, `wit_namespace` and
//! `wit_name`. Of a version: `worlds` and `components`, each with `imports` and `exports`, whose
//! items have `package`, `interface` and `version`.

use std::collections::BTreeSet;

use reqwest::Url;
use semver::Version;
use serde_json::Value;

use super::layers::Layers;
use super::oci::reference;
use super::oci::reference::Reference;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::package::PackageRef;
use crate::model::component::Surface;
use crate::model::search::interface_pattern::InterfacePattern;
use crate::model::search::query::Query;

/// The number of packages that are asked for at once.
const PAGE: usize = 100;

/// How many pages of one list are read.
const PAGES: usize = 20;

/// How many tags of a package are looked at, and how many worlds and names of a version.
const MAX_ITEMS: usize = 10_000;

/// How many characters of a description are kept.
const MAX_DESCRIPTION: usize = 4096;

/// An index that is configured.
#[derive(Clone, Debug)]
pub struct IndexRoute {
    /// The name of the index, for messages.
    pub name: String,
    /// Its address, to which the paths of the API are appended.
    pub url: String,
    /// The setting that configures it, for messages.
    pub chosen_by: String,
    /// The configuration, for the certificates that its host may have.
    pub layers: Layers,
}

/// Reads an address of an index: the body of its answer, of limited size; `None` if it has
/// nothing there.
pub type IndexReader = dyn Fn(&IndexRoute, &Url) -> Result<Option<Vec<u8>>> + Send + Sync;

/// A package in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedPackage {
    /// The name of the package.
    pub package: PackageRef,
    /// The artifact of its newest version.
    pub reference: Reference,
    /// The newest version; `None` if its tag is not a version.
    pub version: Option<Version>,
    /// The description of the package.
    pub description: Option<String>,
    /// The registry, repository and tag in the words of the index.
    registry: String,
    repository: String,
    tag: String,
}

/// An index of packages.
pub struct Index<'a> {
    route: &'a IndexRoute,
    read: &'a IndexReader,
}

impl<'a> Index<'a> {
    /// The index of this route. No request is sent yet.
    pub fn new(route: &'a IndexRoute, read: &'a IndexReader) -> Self {
        Index { route, read }
    }

    /// The packages that a query may select: those in whose names the index finds a word, or
    /// else that import or export something of a package of the query, or else all.
    ///
    /// # Errors
    ///
    /// If the index cannot be reached, or its answer is not a list.
    pub fn search(&self, query: &Query) -> Result<Vec<IndexedPackage>> {
        let mut found: Vec<IndexedPackage> = Vec::new();
        for url in self.list_urls(query)? {
            for package in self.list(&url)? {
                if !found
                    .iter()
                    .any(|known| known.reference == package.reference)
                {
                    found.push(package);
                }
            }
        }
        Ok(found)
    }

    /// The imports and exports of a package, one for each of its worlds and components; none
    /// if the index does not know them.
    ///
    /// # Errors
    ///
    /// If the index cannot be reached, or its answer is not a version.
    pub fn surfaces(&self, package: &IndexedPackage) -> Result<Vec<Surface>> {
        let mut path = vec![
            "packages",
            "version",
            package.registry.as_str(),
            package.tag.as_str(),
        ];
        path.extend(package.repository.split('/'));
        let url = self.url(&path)?;
        let Some(body) = (self.read)(self.route, &url)? else {
            return Ok(Vec::new());
        };
        read_surfaces(&body).map_err(|why| self.wrong(why))
    }

    /// The addresses of the lists in which the packages of a query are.
    fn list_urls(&self, query: &Query) -> Result<Vec<Url>> {
        let with = |path: &[&str], key: &str, value: &str| -> Result<Url> {
            let mut url = self.url(path)?;
            url.query_pairs_mut().append_pair(key, value);
            Ok(url)
        };
        let by_word = |word: &String| {
            // It has no field in which namespace and name are together.
            let part = word.split([':', '/']).max_by_key(|part| part.len());
            with(&["search"], "q", part.unwrap_or(word))
        };
        if !query.words().is_empty() {
            return query.words().iter().map(by_word).collect();
        }
        let first = |all: &[InterfacePattern]| {
            let mut packages = all.iter().filter_map(InterfacePattern::package);
            packages.next().map(str::to_owned)
        };
        if let Some(package) = first(query.exports()) {
            return Ok(vec![with(&["search", "by-export"], "interface", &package)?]);
        }
        if let Some(package) = first(query.imports()) {
            return Ok(vec![with(&["search", "by-import"], "interface", &package)?]);
        }
        Ok(vec![self.url(&["packages"])?])
    }

    /// All pages of a list.
    fn list(&self, url: &Url) -> Result<Vec<IndexedPackage>> {
        let mut found = Vec::new();
        let mut known = BTreeSet::new();
        for page in 0..PAGES {
            let mut url = url.clone();
            url.query_pairs_mut()
                .append_pair("offset", &(page * PAGE).to_string())
                .append_pair("limit", &PAGE.to_string());
            let Some(body) = (self.read)(self.route, &url)? else {
                return Err(self.wrong("it has no such list".to_owned()));
            };
            let (count, packages) = read_packages(&body).map_err(|why| self.wrong(why))?;
            let before = known.len();
            for package in packages {
                if known.insert(package.reference.to_string()) {
                    found.push(package);
                }
            }
            // One that ignores the offset would give the same page for ever.
            if count < PAGE || known.len() == before {
                break;
            }
        }
        Ok(found)
    }

    /// An address of the API, with these segments below `v1`.
    fn url(&self, path: &[&str]) -> Result<Url> {
        let invalid = || {
            Error::input(format!(
                "invalid address of the index `{}`",
                self.route.name
            ))
        };
        let mut url = Url::parse(&self.route.url).map_err(|e| invalid().with_cause(e))?;
        let mut segments = url.path_segments_mut().map_err(|()| invalid())?;
        segments.pop_if_empty().push("v1").extend(path);
        drop(segments);
        Ok(url)
    }

    /// The error of an answer that is not in the format.
    fn wrong(&self, why: String) -> Error {
        let IndexRoute {
            name,
            url,
            chosen_by,
            ..
        } = self.route;
        Error::new(
            ErrorKind::Io,
            format!("failed to search the index `{name}`"),
        )
        .with_cause(format!("`{url}`: {why}"))
        .with_cause(format!("the index is set in {chosen_by}"))
        .hint(format!(
            "check that `{url}` is the address of a `component-meta-registry`"
        ))
    }
}

/// The number of packages on a page, and those of them that can be used: with a valid
/// reference and a tag. The error is a fragment.
fn read_packages(body: &[u8]) -> Result<(usize, Vec<IndexedPackage>), String> {
    let page: Value =
        serde_json::from_slice(body).map_err(|e| format!("the answer is not JSON: {e}"))?;
    let page = page
        .as_array()
        .ok_or("the answer is not a list of packages")?;
    Ok((page.len(), page.iter().filter_map(read_package).collect()))
}

fn read_package(value: &Value) -> Option<IndexedPackage> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let (registry, repository) = (text("registry")?, text("repository")?);
    let tags = value.get("tags")?.as_array()?.iter();
    let tags: Vec<&str> = tags.take(MAX_ITEMS).filter_map(Value::as_str).collect();
    let versions = tags.iter();
    let versions = versions.filter_map(|tag| Some((reference::version(tag)?, *tag)));
    // A pre-release is the newest version only where there is no other.
    let newest = versions.max_by_key(|(version, _)| (version.pre.is_empty(), version.clone()));
    let tag = match &newest {
        Some((_, tag)) => tag,
        None => *tags.first()?,
    };
    let reference: Reference = format!("{registry}/{repository}:{tag}").parse().ok()?;
    let is_host = registry.split('/').next() == Some(reference.host.as_str());
    let named = || {
        format!("{}:{}", text("wit_namespace")?, text("wit_name")?)
            .parse()
            .ok()
    };
    is_host.then(|| IndexedPackage {
        package: named().unwrap_or_else(|| reference.package()),
        version: newest.as_ref().map(|(version, _)| version.clone()),
        description: text("description").map(|text| text.chars().take(MAX_DESCRIPTION).collect()),
        registry: registry.to_owned(),
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        reference,
    })
}

/// The imports and exports of the worlds and components of a version. The error is a
/// fragment.
fn read_surfaces(body: &[u8]) -> Result<Vec<Surface>, String> {
    let version: Value =
        serde_json::from_slice(body).map_err(|e| format!("the answer is not JSON: {e}"))?;
    if !version.is_object() {
        return Err("the answer is not a version".to_owned());
    }
    let array = |value: &Value, key: &str| -> Vec<Value> {
        let items = value.get(key).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .take(MAX_ITEMS)
            .cloned()
            .collect()
    };
    let all = [array(&version, "worlds"), array(&version, "components")].concat();
    let names = |value: &Value, key: &str| -> Vec<String> {
        array(value, key)
            .iter()
            .filter_map(interface_name)
            .collect()
    };
    let surface = |value: &Value| Surface {
        imports: names(value, "imports"),
        exports: names(value, "exports"),
    };
    Ok(all.iter().map(surface).collect())
}

/// The name of an import or export as a component has it: `ns:name/interface@version`.
fn interface_name(value: &Value) -> Option<String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let mut name = text("package")?.to_owned();
    if let Some(interface) = text("interface") {
        name = format!("{name}/{interface}");
    }
    Some(match text("version") {
        Some(version) => format!("{name}@{version}"),
        None => name,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    fn route() -> IndexRoute {
        IndexRoute {
            name: "directory".to_owned(),
            url: "https://index.example/api/".to_owned(),
            chosen_by: "a test".to_owned(),
            layers: Layers::default(),
        }
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// What is asked for a query, where every answer is this one.
    fn asked(words: &[&str], exports: &[&str], imports: &[&str], answer: &str) -> Vec<String> {
        let asked = Mutex::new(Vec::new());
        let asked = std::sync::Arc::new(asked);
        let (log, answer) = (asked.clone(), answer.to_owned());
        let read: Box<IndexReader> = Box::new(move |_, url| {
            log.lock().unwrap().push(url.to_string());
            Ok(Some(answer.clone().into_bytes()))
        });
        let query = Query::new(&strings(words), &strings(exports), &strings(imports)).unwrap();
        let _ = Index::new(&route(), &*read).search(&query);
        let asked = asked.lock().unwrap();
        let start = "https://index.example/api/v1/";
        asked.iter().map(|url| url.replacen(start, "", 1)).collect()
    }

    #[test]
    fn a_query_becomes_requests_of_the_api() {
        let page = "offset=0&limit=100";
        for (words, exports, imports, expected) in [
            (
                &["http", "wasi:io"][..],
                &[][..],
                &[][..],
                vec!["search?q=http", "search?q=wasi"],
            ),
            (
                &["a&b=c d"],
                &["a:b/c"],
                &[],
                vec!["search?q=a%26b%3Dc", "search?q=d"],
            ),
            (
                &[],
                &["wasi:http/handler@0.3.0"],
                &["a:b/c"],
                vec!["search/by-export?interface=wasi%3Ahttp"],
            ),
            (
                &[],
                &["run"],
                &["a:b/c"],
                vec!["search/by-import?interface=a%3Ab"],
            ),
        ] {
            let expected: Vec<_> = expected.iter().map(|url| format!("{url}&{page}")).collect();
            assert_eq!(asked(words, exports, imports, "[]"), expected);
        }
        assert_eq!(asked(&[], &[], &[], "[]"), [format!("packages?{page}")]);
    }

    #[test]
    fn pages_are_read_until_one_is_short_or_brings_nothing_new() {
        let one = json!({ "registry": "ghcr.io", "repository": "a/b", "tags": ["1.0.0"] });
        let same = Value::Array(vec![one; PAGE]).to_string();
        assert_eq!(asked(&[], &[], &[], &same).len(), 2);
        let many = |page: usize| {
            let item = |i| json!({ "registry": "ghcr.io", "repository": format!("a/b{page}x{i}"), "tags": ["1.0.0"] });
            Value::Array((0..PAGE).map(item).collect()).to_string()
        };
        let pages = Mutex::new(0);
        let read: Box<IndexReader> = Box::new(move |_, _| {
            let mut page = pages.lock().unwrap();
            *page += 1;
            Ok(Some(many(*page).into_bytes()))
        });
        let found = Index::new(&route(), &*read)
            .search(&Query::default())
            .unwrap();
        assert_eq!(found.len(), PAGE * PAGES);
    }

    #[test]
    fn a_package_has_its_newest_version_and_a_reference() {
        let body = json!([
            { "registry": "ghcr.io/webassembly", "repository": "wasi/http", "kind": "interface",
              "description": null, "tags": ["0.3.0-rc.1", "0.2.10", "0.2.9"],
              "wit_namespace": "wasi", "wit_name": "http", "more": [1] },
            { "registry": "ghcr.io", "repository": "acme/tools/my_tool", "description": "A tool",
              "tags": ["v1.0"] },
        ]);
        let (count, found) = read_packages(body.to_string().as_bytes()).unwrap();
        assert_eq!((count, found.len()), (2, 2));
        assert_eq!(found[0].package.to_string(), "wasi:http");
        assert_eq!(
            found[0].reference.to_string(),
            "ghcr.io/webassembly/wasi/http:0.2.10"
        );
        assert_eq!(found[0].version, Some(Version::new(0, 2, 10)));
        assert_eq!(found[1].package.to_string(), "tools:my-tool");
        assert_eq!(
            found[1].reference.to_string(),
            "ghcr.io/acme/tools/my_tool:v1.0"
        );
        assert_eq!(
            (&found[1].version, found[1].description.as_deref()),
            (&None, Some("A tool"))
        );
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_never_panics() {
        for entry in [
            "1",
            "null",
            "[]",
            "{}",
            r#"{"registry":"ghcr.io"}"#,
            r#"{"registry":"ghcr.io","repository":"a/b","tags":[]}"#,
            r#"{"registry":"ghcr.io","repository":"a/b","tags":[1,null]}"#,
            r#"{"registry":"ghcr.io","repository":"a/b","tags":"1.0.0"}"#,
            r#"{"registry":"ghcr.io","repository":"../b","tags":["1.0.0"]}"#,
            r#"{"registry":"no-host","repository":"a/b","tags":["1.0.0"]}"#,
            r#"{"registry":"ghcr.io","repository":"a/b\u001b[31m","tags":["1.0.0"]}"#,
            r#"{"registry":"","repository":"","tags":["\u001b"]}"#,
        ] {
            let (count, found) = read_packages(format!("[{entry}]").as_bytes()).unwrap();
            assert_eq!((count, found), (1, Vec::new()), "{entry}");
        }
        let deep = "[".repeat(100_000);
        for body in ["", "{}", "[1", "\u{1b}", &deep] {
            assert!(read_packages(body.as_bytes()).is_err());
            let surfaces = read_surfaces(body.as_bytes());
            assert_eq!(surfaces.unwrap_or_default(), [], "{body:.10}");
        }
        let odd = r#"{"worlds":[1,{"imports":[{"package":1},{}]}],"components":{}}"#;
        assert_eq!(read_surfaces(odd.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn a_version_is_asked_for_by_its_place_and_has_worlds_and_components() {
        let body = json!({
            "tag": "0.3.0", "digest": "sha256:abcdef",
            "worlds": [{ "name": "proxy",
                "imports": [{ "package": "wasi:io", "interface": "streams", "version": "0.2.2" }],
                "exports": [{ "package": "wasi:http", "interface": "handler", "version": "0.3.0" }] }],
            "components": [{ "imports": [{ "package": "a:b" }] }],
        });
        let asked = std::sync::Arc::new(Mutex::new(String::new()));
        let log = asked.clone();
        let read: Box<IndexReader> = Box::new(move |_, url| {
            *log.lock().unwrap() = url.to_string();
            Ok(Some(body.to_string().into_bytes()))
        });
        let package = read_package(&json!({
            "registry": "ghcr.io/webassembly", "repository": "wasi/http", "tags": ["0.3.0"],
        }));
        let found = Index::new(&route(), &*read)
            .surfaces(&package.unwrap())
            .unwrap();
        assert_eq!(
            *asked.lock().unwrap(),
            "https://index.example/api/v1/packages/version/ghcr.io%2Fwebassembly/0.3.0/wasi/http"
        );
        assert_eq!(found[0].imports, ["wasi:io/streams@0.2.2"]);
        assert_eq!(found[0].exports, ["wasi:http/handler@0.3.0"]);
        assert_eq!(found[1].imports, ["a:b"]);
    }
}

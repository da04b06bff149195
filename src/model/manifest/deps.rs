//! The manifest `deps.toml` of `wit-deps`: the directories of `wit/deps`, and
//! where each comes from.

use std::collections::BTreeMap;
use std::ops::Range;

use semver::VersionReq;
use toml_edit::Document;
use url::Url;

use super::file::ManifestFile;
use super::keys::{Key, ValueKind};
use super::table::Table;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;

const fn key(name: &'static str, about: &'static str) -> Key {
    Key {
        name,
        kind: ValueKind::String,
        default: "",
        about,
    }
}

/// The keys of an entry that is a table; each is a string.
pub const ENTRY: &[Key] = &[
    key(
        "url",
        "The URL of a gzipped tar archive, `http` or `https`.",
    ),
    key("sha256", "The SHA-256 of the archive of `url`, in hex."),
    key("sha512", "The SHA-512 of the archive of `url`, in hex."),
    key(
        "prefix",
        "The directory in the archive or repository to use, including the archive's top directory.",
    ),
    key(
        "subdir",
        "The directory to use below the archive's top directory; superseded by `prefix`.",
    ),
    key("path", "A directory, relative to `deps.toml`."),
    key("git", "The URL or directory of a git repository."),
    key("rev", "The full hash of a commit of `git`."),
    key("tag", "A tag of `git`."),
    key("branch", "A branch of `git`."),
    key("oci", "An OCI artifact, `host/repository:tag`."),
    key("package", "A package from a registry, `namespace:name`."),
    key("version", "The version requirement for `package`."),
    key("registry", "The name of the registry of `package`."),
];

/// The kinds of entries by the key that decides, of which there is exactly one,
/// with the other keys that they may have.
const SOURCES: &[(&str, &[&str])] = &[
    ("url", &["sha256", "sha512", "prefix", "subdir"]),
    ("path", &[]),
    ("git", &["rev", "tag", "branch", "prefix", "subdir"]),
    ("oci", &[]),
    ("package", &["version", "registry"]),
];

/// A `deps.toml` that was read.
#[derive(Clone, Debug)]
pub struct DepsManifest {
    /// The file, with stars for what may be secret, so that errors may show it.
    pub file: ManifestFile,
    /// The entries, by the names of their directories.
    pub entries: BTreeMap<String, DepsEntry>,
}

/// An entry of a `deps.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepsEntry {
    /// Where it comes from.
    pub source: DepsSource,
    /// Where the manifest says so.
    pub span: Range<usize>,
}

/// Where a directory comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DepsSource {
    /// A gzipped tar archive.
    Archive {
        /// Its address, `http` or `https`. It may hold a password.
        url: Url,
        /// The SHA-256 it must have, in lower-case hex.
        sha256: Option<String>,
        /// The SHA-512 it must have, in lower-case hex.
        sha512: Option<String>,
        /// Where the WIT is in it.
        within: Within,
    },
    /// A directory, seen from that of the manifest.
    Path(String),
    /// A commit of a git repository.
    Git {
        /// Its address or directory, as it is written. It may hold a password.
        url: String,
        /// The commit that is fetched.
        commit: Commit,
        /// Where the WIT is in it.
        within: Within,
    },
    /// An artifact of an OCI registry, as it is written.
    Oci(String),
    /// A package of a registry.
    Package {
        /// The name of the package.
        package: PackageRef,
        /// The versions that will do.
        requirement: VersionReq,
        /// The name of the registry, where one is named.
        registry: Option<String>,
    },
}

/// Where in an archive or repository WIT is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Within {
    /// At its top and in `wit`, or in `wit` of any directory at the top.
    Anywhere,
    /// The same below this directory.
    Prefix(String),
    /// In this directory of any directory at the top, as `wit-deps` 0.5 did.
    Subdir(String),
}

/// The commit of a repository that is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The `HEAD` of the repository.
    Head,
    /// The commit with this hash, in lower-case hex.
    Rev(String),
    /// The commit of this tag.
    Tag(String),
    /// The newest commit of this branch.
    Branch(String),
}

/// Reads the text of a manifest. Errors name the entry, with its line and
/// column.
pub fn read(file: ManifestFile) -> Result<DepsManifest> {
    let whole = file.text.clone();
    let file = ManifestFile {
        path: file.path,
        text: without_secrets(&whole).into(),
    };
    let document = Document::parse(&*whole).map_err(|e| {
        let message = format!("failed to read `{}`", file.path.display());
        file.error(e.span().unwrap_or_default(), message)
            .with_cause(e.message())
    })?;
    let table = Table::root(&file, "deps.toml", document.as_table());
    let mut entries: BTreeMap<String, DepsEntry> = BTreeMap::new();
    for (id, item) in table.entries() {
        if let Some(problem) = invalid_dir_name(id) {
            let message = format!("`{id}` cannot be the name of a directory: {problem}");
            return Err(table
                .error(id, message)
                .hint("use the package name, such as `http`"));
        }
        let same = |other: &&String| other.to_lowercase() == id.to_lowercase();
        if let Some(other) = entries.keys().find(same) {
            let message = format!("`{other}` and `{id}` are the same directory on some systems");
            return Err(table.error(id, message).hint("rename one of them"));
        }
        let source = match item.as_str() {
            Some(text) => of_text(&table, id, text)?,
            None => match table.table_or(id, "a string or a table")? {
                Some(entry) => of_table(&entry.known(ENTRY)?)?,
                None => continue,
            },
        };
        let span = table.entry_span(id);
        entries.insert(id.to_owned(), DepsEntry { source, span });
    }
    Ok(DepsManifest { file, entries })
}

/// Why a directory of `wit/deps` cannot have this name, if it cannot.
pub fn invalid_dir_name(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it is empty"),
        "." | ".." => Some("it means another directory"),
        _ if name.contains(['/', '\\', ':']) => Some("`/`, `\\` and `:` separate directories"),
        _ if name.chars().any(char::is_control) => Some("it contains a control character"),
        _ if cfg!(windows) => invalid_on_windows(name),
        _ => None,
    }
}

/// Why Windows has no file of this name, if so.
fn invalid_on_windows(name: &str) -> Option<&'static str> {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_uppercase();
    let is_port = || {
        let number = stem
            .strip_prefix("COM")
            .or_else(|| stem.strip_prefix("LPT"));
        let mut digits = number.unwrap_or_default().chars();
        matches!(
            (digits.next(), digits.next()),
            (Some('1'..='9' | '¹' | '²' | '³'), None)
        )
    };
    if matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || is_port() {
        return Some("Windows takes it for a device");
    }
    if name.contains(['<', '>', '"', '|', '?', '*']) {
        return Some("names on Windows have none of `<`, `>`, `\"`, `|`, `?` and `*`");
    }
    name.ends_with(['.', ' '])
        .then_some("names on Windows do not end with a dot or a space")
}

/// The address in a text, if it is one. A single letter before the colon is a
/// drive.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (!url.cannot_be_a_base() && url.scheme().len() > 1).then_some(url)
}

fn of_text(table: &Table<'_>, id: &str, text: &str) -> Result<DepsSource> {
    match address(text) {
        Some(url) => Ok(DepsSource::Archive {
            url: fetchable(table, id, url)?,
            sha256: None,
            sha512: None,
            within: Within::Anywhere,
        }),
        None => path(table, id, text.to_owned()),
    }
}

fn path(table: &Table<'_>, key: &str, path: String) -> Result<DepsSource> {
    match path.is_empty() {
        true => Err(table
            .error(key, format!("the path of `{}` is empty", table.name))
            .hint("give a directory, relative to the manifest")),
        false => Ok(DepsSource::Path(path)),
    }
}

/// Checks that an address is one that archives are fetched from.
fn fetchable(table: &Table<'_>, key: &str, url: Url) -> Result<Url> {
    let scheme = url.scheme();
    let error = || table.error(key, format!("unsupported URL scheme `{scheme}`"));
    match scheme {
        "http" | "https" if url.has_host() => Ok(url),
        "file" => Err(error().hint("use `path` for a directory")),
        "git" | "ssh" => Err(error().hint("use `git` for a repository")),
        "oci" => Err(error().hint("use `oci` for an artifact, without `oci://`")),
        _ => Err(error().hint("use `http` or `https` for an archive")),
    }
}

fn of_table(entry: &Table<'_>) -> Result<DepsSource> {
    let mut kinds = SOURCES.iter().map(|(key, _)| *key);
    let Some(kind) = kinds.find(|key| entry.has(key)) else {
        return Err(entry
            .file
            .error(entry.span(), format!("`{}` has no source", entry.name))
            .hint("add one of `url`, `path`, `git`, `oci` and `package`"));
    };
    let fits = |key: &str| {
        key == kind
            || SOURCES
                .iter()
                .any(|(of, keys)| *of == kind && keys.contains(&key))
    };
    if let Some((other, _)) = entry.entries().find(|(key, _)| !fits(key)) {
        let message = format!("`{other}` is not supported in combination with `{kind}`");
        return Err(entry.error(other, message).hint("remove one of the two"));
    }
    let text = entry.string(kind)?.unwrap_or_default();
    match kind {
        "url" => {
            let url = address(&text).ok_or_else(|| {
                entry
                    .error("url", format!("`url` in `{}` is not a URL", entry.name))
                    .hint("start it with `https://`, or use `path` for a directory")
            })?;
            Ok(DepsSource::Archive {
                url: fetchable(entry, "url", url)?,
                sha256: hex(entry, "sha256", 64)?,
                sha512: hex(entry, "sha512", 128)?,
                within: within(entry)?,
            })
        }
        "path" => path(entry, "path", text),
        "git" => Ok(DepsSource::Git {
            url: word(entry, "git", text)?,
            commit: commit(entry)?,
            within: within(entry)?,
        }),
        "oci" if text.contains('/') && !text.contains("://") => Ok(DepsSource::Oci(text)),
        "oci" => Err(entry
            .error("oci", format!("invalid OCI reference in `{}`", entry.name))
            .hint("use `host/repository:tag` or `host/repository@sha256:…`")),
        _ => Ok(DepsSource::Package {
            package: text.parse().map_err(|e: Error| {
                let hint = e.advice().unwrap_or_default().to_owned();
                entry.error("package", e.message()).hint(hint)
            })?,
            requirement: entry.requirement("version")?.ok_or_else(|| {
                let message = format!("`{}` has no version", entry.name);
                entry
                    .error("package", message)
                    .hint("add `version`, such as `version = \"0.2\"`")
            })?,
            registry: entry.string("registry")?,
        }),
    }
}

fn hex(entry: &Table<'_>, key: &str, digits: usize) -> Result<Option<String>> {
    let Some(text) = entry.string(key)? else {
        return Ok(None);
    };
    match text.len() == digits && text.chars().all(|c| c.is_ascii_hexdigit()) {
        true => Ok(Some(text.to_ascii_lowercase())),
        false => Err(entry
            .error(
                key,
                format!("`{key}` in `{}` is not a hex digest", entry.name),
            )
            .hint(format!(
                "it needs {digits} hex digits, the digest of the downloaded archive"
            ))),
    }
}

fn within(entry: &Table<'_>) -> Result<Within> {
    for key in ["prefix", "subdir"] {
        let text = entry.string(key)?.unwrap_or_default();
        if text.starts_with('/') || text.split(['/', '\\']).any(|part| part == "..") {
            let message = format!("`{key}` in `{}` points outside the archive", entry.name);
            return Err(entry
                .error(key, message)
                .hint("remove `/` at the start and all `..`"));
        }
    }
    Ok(match (entry.string("prefix")?, entry.string("subdir")?) {
        (Some(_), Some(_)) => {
            return Err(entry
                .error(
                    "subdir",
                    "`subdir` is not supported in combination with `prefix`",
                )
                .hint("remove one of them; `prefix` includes the archive's top directory, `subdir` does not"));
        }
        (Some(prefix), None) if !prefix.is_empty() => Within::Prefix(prefix),
        (_, Some(subdir)) => Within::Subdir(subdir),
        _ => Within::Anywhere,
    })
}

fn commit(entry: &Table<'_>) -> Result<Commit> {
    let mut found = Commit::Head;
    for key in ["rev", "tag", "branch"] {
        let Some(text) = entry.string(key)? else {
            continue;
        };
        if found != Commit::Head {
            return Err(entry
                .error(
                    key,
                    format!(
                        "`{}` has more than one of `rev`, `tag` and `branch`",
                        entry.name
                    ),
                )
                .hint("keep only one of them"));
        }
        let text = word(entry, key, text)?;
        let is_whole = matches!(text.len(), 40 | 64) && text.chars().all(|c| c.is_ascii_hexdigit());
        found = match key {
            "rev" if is_whole => Commit::Rev(text.to_ascii_lowercase()),
            "rev" => {
                return Err(entry
                    .error(
                        key,
                        format!("`rev` in `{}` is not a full commit hash", entry.name),
                    )
                    .hint("use its 40 hex digits, as printed by `git rev-parse`"));
            }
            "tag" => Commit::Tag(text),
            _ => Commit::Branch(text),
        };
    }
    Ok(found)
}

/// Whether git takes a text for the name of a program and its address,
/// `program::address`.
fn names_helper(text: &str) -> bool {
    let of_scheme = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
    let program = text.trim_start_matches(of_scheme);
    program.len() < text.len() && program.starts_with("::")
}

/// A text that git cannot take for an option or a program to run.
fn word(entry: &Table<'_>, key: &str, text: String) -> Result<String> {
    let helper = key == "git" && names_helper(&text);
    let bad =
        text.is_empty() || text.starts_with('-') || helper || text.chars().any(char::is_control);
    // What a reference cannot have, and what would be a pattern.
    let bad = bad
        || (key != "git"
            && (text.contains([' ', '*', '?', '[', ':', '^', '~', '\\']) || text.contains("..")));
    match bad {
        true => Err(entry
            .error(
                key,
                format!("`{key}` in `{}` cannot be passed to git", entry.name),
            )
            .hint("it must not be empty, start with `-` or contain characters that are special to git")),
        false => Ok(text),
    }
}

/// The same text with stars for what may be secret in addresses: the part before
/// an `@`, and the part behind a `?`. Its length does not change.
pub(crate) fn without_secrets(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, _) in text.match_indices("://") {
        let rest = &text[at + 3..];
        let end = rest.find(|c: char| "\"'".contains(c) || c.is_whitespace());
        let address = &rest[..end.unwrap_or(rest.len())];
        let host = &address[..address.find(['/', '?', '#']).unwrap_or(address.len())];
        if let Some(login) = host.rfind('@') {
            bytes[at + 3..at + 3 + login].fill(b'*');
        }
        if let Some((before, query)) = address.split_once('?') {
            let from = at + 3 + before.len() + 1;
            bytes[from..from + query.len()].fill(b'*');
        }
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).unwrap_or_default()
}

impl DepsSource {
    /// The words of the lock file for the source, by key.
    pub fn words(&self) -> BTreeMap<&'static str, String> {
        let mut words = BTreeMap::new();
        let mut insert = |key, text: &str| {
            words.insert(key, text.to_owned());
        };
        match self {
            DepsSource::Archive { url, within, .. } => {
                insert("url", url.as_str());
                within.insert_words(&mut insert);
            }
            DepsSource::Path(path) => insert("path", path),
            DepsSource::Git {
                url,
                commit,
                within,
            } => {
                insert("git", url);
                within.insert_words(&mut insert);
                match commit {
                    Commit::Head => {}
                    Commit::Rev(rev) => insert("rev", rev),
                    Commit::Tag(tag) => insert("tag", tag),
                    Commit::Branch(branch) => insert("branch", branch),
                }
            }
            DepsSource::Oci(reference) => insert("oci", reference),
            DepsSource::Package {
                package,
                requirement,
                registry,
            } => {
                insert("package", &package.to_string());
                insert("version", &requirement.to_string());
                if let Some(registry) = registry {
                    insert("registry", registry);
                }
            }
        }
        words
    }
}

impl Within {
    fn insert_words(&self, insert: &mut impl FnMut(&'static str, &str)) {
        match self {
            Within::Anywhere => {}
            Within::Prefix(prefix) => insert("prefix", prefix),
            Within::Subdir(subdir) => insert("subdir", subdir),
        }
    }
}

#[cfg(test)]
mod tests;

//! `deps.lock`: the source of each directory of `wit/deps`, and its digests.
//! Without the keys that only this tool has, it is byte for byte what `wit-deps`
//! 0.6 writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;

use toml_edit::{Document, Item, Table};

use super::tree::Digests;
use crate::base::error::{Error, Excerpt, Result};

/// The keys of the source that the manifest gives, in the order in which they
/// are written. `wit-deps` reads `url`, `prefix` and `path`, and ignores the
/// others.
pub const REQUEST_KEYS: &[&str] = &[
    "url", "prefix", "subdir", "path", "git", "rev", "tag", "branch", "oci", "package", "version",
    "registry",
];

/// The keys of what the source was resolved to, where that can change: a commit,
/// the version of a package, the digest of an artifact.
pub const RESOLUTION_KEYS: &[&str] = &["commit", "release", "digest"];

/// The string values in the lock file entry of one directory, by their keys.
pub type KeyValues = BTreeMap<&'static str, String>;

/// A lock file: entries by the names of their directories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DepsLock {
    /// The entries, by the names of their directories.
    pub entries: BTreeMap<String, LockedDirectory>,
}

/// The entry of one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedDirectory {
    /// The source that the manifest gives, by the keys in [`REQUEST_KEYS`]; empty
    /// for a dependency of another entry.
    pub request: KeyValues,
    /// What the source was resolved to, by the keys in [`RESOLUTION_KEYS`].
    pub resolution: KeyValues,
    /// The digests of the directory.
    pub digests: Digests,
    /// The names of the directories that this one depends on.
    pub deps: BTreeSet<String>,
}

/// Reads the text of a lock file; `path` is for errors. Unknown keys are
/// ignored.
pub fn parse(path: &Path, text: &str) -> Result<DepsLock> {
    let reader = DepsLockReader { path, text };
    read(&reader).map_err(|e| e.hint("correct it, or delete the file to create it again"))
}

fn read(reader: &DepsLockReader<'_>) -> Result<DepsLock> {
    let document = Document::parse(reader.text).map_err(|e| {
        let message = format!("failed to read the lock file `{}`", reader.path.display());
        let error = reader.error(e.span(), message).with_cause(e.message());
        match reader.text.lines().any(|line| line.starts_with("<<<<<<<")) {
            true => error
                .hint("resolve the merge conflict in it, or delete the file to create it again"),
            false => error,
        }
    })?;
    let mut lock = DepsLock::default();
    for (id, item) in document.as_table().iter() {
        let Some(table) = item.as_table() else {
            let message = format!("`{id}` in the lock file is not a table");
            return Err(reader.error(item.span(), message));
        };
        let entry = LockedDirectory {
            request: reader.values(id, table, REQUEST_KEYS)?,
            resolution: reader.values(id, table, RESOLUTION_KEYS)?,
            digests: Digests {
                sha256: reader.digest(id, table, "sha256")?,
                sha512: reader.digest(id, table, "sha512")?,
            },
            deps: reader.names(id, table)?,
        };
        lock.entries.insert(id.to_owned(), entry);
    }
    Ok(lock)
}

struct DepsLockReader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl DepsLockReader<'_> {
    fn error(&self, span: Option<std::ops::Range<usize>>, message: String) -> Error {
        Error::input(message).at(Excerpt::new(self.path, self.text, span.unwrap_or_default()))
    }

    fn string<'t>(&self, id: &str, item: &'t Item, key: &str) -> Result<&'t str> {
        item.as_str().ok_or_else(|| {
            let message = format!("`{key}` of `{id}` in the lock file is not a string");
            self.error(item.span(), message)
        })
    }

    fn values(&self, id: &str, table: &Table, keys: &[&'static str]) -> Result<KeyValues> {
        let mut values = KeyValues::new();
        for key in keys {
            if let Some(item) = table.get(key) {
                values.insert(key, self.string(id, item, key)?.to_owned());
            }
        }
        Ok(values)
    }

    fn digest<T: FromStr<Err = Error>>(&self, id: &str, table: &Table, key: &str) -> Result<T> {
        let Some(item) = table.get(key) else {
            let message = format!("`{id}` in the lock file has no `{key}`");
            return Err(self.error(table.span(), message));
        };
        self.string(id, item, key)?.parse().map_err(|e: Error| {
            let message = format!("`{key}` of `{id}` in the lock file is invalid");
            self.error(item.span(), message).with_cause(e.message())
        })
    }

    fn names(&self, id: &str, table: &Table) -> Result<BTreeSet<String>> {
        let Some(item) = table.get("deps") else {
            return Ok(BTreeSet::new());
        };
        let wrong = || {
            let message = format!("`deps` of `{id}` in the lock file is not a list of strings");
            self.error(item.span(), message)
        };
        let names = item.as_array().ok_or_else(wrong)?.iter();
        names
            .map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect()
    }
}

/// The text of a `deps.lock`, entries sorted by name.
pub fn print(lock: &DepsLock) -> String {
    let mut text = String::new();
    for (id, entry) in &lock.entries {
        let gap = if text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{gap}[{}]", key(id));
        for (keys, values) in [
            (REQUEST_KEYS, &entry.request),
            (RESOLUTION_KEYS, &entry.resolution),
        ] {
            for name in keys {
                if let Some(value) = values.get(name) {
                    let _ = writeln!(text, "{name} = {}", quoted(value));
                }
            }
        }
        let Digests { sha256, sha512 } = &entry.digests;
        let _ = writeln!(text, "sha256 = \"{sha256}\"\nsha512 = \"{sha512}\"");
        if !entry.deps.is_empty() {
            let deps: Vec<String> = entry.deps.iter().map(|id| quoted(id)).collect();
            let _ = writeln!(text, "deps = [{}]", deps.join(", "));
        }
    }
    text
}

/// A key, in quotes where it needs them.
fn key(id: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !id.is_empty() && id.chars().all(bare) {
        true => id.to_owned(),
        false => quoted(id),
    }
}

/// A TOML string between double quotes, with escapes where needed.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\u{8}' => quoted.push_str("\\b"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\u{c}' => quoted.push_str("\\f"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_ascii_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(text: &str) -> Result<DepsLock> {
        parse(Path::new("wit/deps.lock"), text)
    }

    fn digests() -> String {
        format!(
            "sha256 = \"{}\"\nsha512 = \"{}\"\n",
            "0a".repeat(32),
            "1b".repeat(64)
        )
    }

    #[test]
    fn what_is_read_is_written_again() {
        let digests = digests();
        let text = format!(
            "[\"a.b\"]\nurl = \"http://h/a?x=\\\"\\\\\\t\\u007F\"\nprefix = \"a/wit\"\n{digests}deps = [\"c c\", \"d\"]\n\n\
             [git]\ngit = \"https://h/r\"\ntag = \"v1\"\ncommit = \"{}\"\n{digests}\n\
             [p]\npath = \"s's\"\n{digests}",
            "ab".repeat(20)
        );
        let lock = locked(&text).unwrap();
        assert_eq!(lock.entries.len(), 3);
        assert_eq!(lock.entries["git"].resolution["commit"].len(), 40);
        assert_eq!(print(&lock), text);
        assert_eq!(print(&DepsLock::default()), "");
    }

    #[test]
    fn unknown_keys_are_ignored() {
        let lock = locked(&format!("[a]\nfuture = 1\n{}", digests())).unwrap();
        assert!(lock.entries["a"].request.is_empty());
    }

    #[test]
    fn errors_point_at_their_place() {
        let digests = digests();
        for (text, message) in [
            ("[a".to_owned(), "failed to read"),
            ("a = 1\n".to_owned(), "not a table"),
            ("[a]\nsha512 = \"\"\n".to_owned(), "no `sha256`"),
            (digests.replace("0a", "zz"), "not a table"),
            (
                format!("[a]\n{}", digests.replace("0a", "zz")),
                "`sha256` of `a`",
            ),
            (format!("[a]\nurl = 1\n{digests}"), "`url` of `a`"),
            (format!("[a]\ndeps = [1]\n{digests}"), "`deps` of `a`"),
            (format!("[a]\n{digests}[a]\n{digests}"), "failed to read"),
            (format!("<<<<<<< HEAD\n[a]\n{digests}"), "failed to read"),
        ] {
            let error = locked(&text).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.excerpt().is_some() && error.advice().is_some());
        }
        let error = locked("<<<<<<< HEAD\n").unwrap_err();
        assert!(error.advice().unwrap().contains("merge conflict"));
    }
}

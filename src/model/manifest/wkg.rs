//! The manifest `wkg.toml`, as wkg 0.16 has it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr as _;

use semver::VersionReq;

use super::file::ManifestFile;
use super::read::parse;
use super::table::Table;
use super::wit_keys as keys;
use crate::base::error::Result;
use crate::base::package::PackageRef;

/// A `wkg.toml` that was read.
#[derive(Clone, Debug)]
pub struct WkgManifest {
    /// The file it was read from.
    pub file: ManifestFile,
    /// Packages that do not come from their usual registry.
    pub overrides: BTreeMap<PackageRef, Override>,
    /// What the package, or each member, declares about itself.
    pub about: PackageMetadata,
    /// The members, if this is a workspace.
    pub workspace: Option<Members>,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}

/// The source of a package instead of its usual registry.
#[derive(Clone, Debug)]
pub struct Override {
    /// The directory or file with its WIT.
    pub path: Option<PathBuf>,
    /// The versions of the registry that will do.
    pub requirement: Option<VersionReq>,
    /// Where the file says so.
    pub span: Range<usize>,
}

/// The members of a workspace.
#[derive(Clone, Debug)]
pub struct Members {
    /// Directories, perhaps with wildcards, relative to the file.
    pub patterns: Vec<String>,
    /// Where the file says so.
    pub span: Range<usize>,
}

/// What a WIT package declares about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each field is the key of the same name")]
pub struct PackageMetadata {
    pub authors: Option<String>,
    pub description: Option<String>,
    pub licenses: Option<String>,
    pub source: Option<String>,
    pub homepage: Option<String>,
    pub revision: Option<String>,
}

/// Reads a `wkg.toml`. Paths come out absolute if the file's is; wkg takes them
/// from the current directory, which is the same where it looks for the file.
pub fn read(file: ManifestFile) -> Result<WkgManifest> {
    let document = parse(&file)?;
    let table = Table::root(&file, "wkg.toml", document.as_table()).known(keys::WKG)?;
    let mut manifest = WkgManifest {
        overrides: BTreeMap::new(),
        about: about(&table)?,
        workspace: None,
        notes: Vec::new(),
        file: file.clone(),
    };
    if let Some(workspace) = table.table("workspace")? {
        let workspace = workspace.known(keys::WKG_WORKSPACE)?;
        // As wkg has it; what stands beside it is of one package.
        if let Some(other) = table.has("metadata").then_some("metadata") {
            return Err(table
                .error(
                    other,
                    format!("`[workspace]` cannot coexist with: `[{other}]`"),
                )
                .hint("use `[workspace.metadata]` for workspace level values"));
        }
        let Some(patterns) = workspace.strings("members")? else {
            return Err(table
                .error("workspace", "`[workspace]` lacks `members`")
                .hint("add `members = [\"…\"]` with the directories of its packages"));
        };
        manifest.about = about(&workspace)?;
        manifest.workspace = Some(Members {
            patterns,
            span: workspace.entry_span("members"),
        });
    }
    if let Some(overrides) = table.table("overrides")? {
        for (key, _) in overrides.entries() {
            let package = PackageRef::from_str(key)
                .map_err(|e| e.at(file.excerpt(overrides.key_span(key))))?;
            let entry = self::entry(&overrides, key)?;
            if entry.path.is_none() && entry.requirement.is_none() {
                manifest.notes.push(format!(
                    "the override of `{package}` is empty: add a `path` or a `version`"
                ));
            }
            manifest.overrides.insert(package, entry);
        }
    }
    Ok(manifest)
}

fn entry(overrides: &Table<'_>, key: &str) -> Result<Override> {
    let span = overrides.entry_span(key);
    let Some(table) = overrides.table(key)? else {
        return Err(overrides.type_error(key, "a table"));
    };
    let table = table.known(keys::OVERRIDE)?;
    Ok(Override {
        path: table.path("path")?,
        requirement: table.requirement("version")?,
        span,
    })
}

/// Reads the table `metadata` in another one.
fn about(table: &Table<'_>) -> Result<PackageMetadata> {
    let Some(table) = table.table("metadata")? else {
        return Ok(PackageMetadata::default());
    };
    let table = table.known(keys::METADATA)?;
    let either = |name: &str, alias: &str| -> Result<Option<String>> {
        match table.string(name)? {
            None => table.string(alias),
            found => Ok(found),
        }
    };
    Ok(PackageMetadata {
        authors: either("authors", "author")?,
        description: table.string("description")?,
        licenses: either("licenses", "license")?,
        source: either("source", "repository")?,
        homepage: table.string("homepage")?,
        revision: table.string("revision")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<WkgManifest> {
        read(ManifestFile::new("/p/wkg.toml", text))
    }

    #[test]
    fn every_key_is_read() {
        let manifest = parsed(
            r#"
[overrides]
"wasi:http" = { path = "../http/wit" }
"wasi:io" = { version = "0.2" }
"wasi:none" = {}
[metadata]
author = "A"
license = "MIT"
repository = "https://example.com"
"#,
        )
        .unwrap();
        let of = |name: &str| &manifest.overrides[&name.parse().unwrap()];
        assert_eq!(of("wasi:http").path.as_deref(), Some("/http/wit".as_ref()));
        assert_eq!(of("wasi:io").requirement, Some("^0.2".parse().unwrap()));
        assert_eq!(manifest.notes.len(), 1);
        assert_eq!(manifest.about.licenses.as_deref(), Some("MIT"));
        assert_eq!(manifest.about.authors.as_deref(), Some("A"));
        assert_eq!(
            manifest.about.source.as_deref(),
            Some("https://example.com")
        );
    }

    #[test]
    fn a_workspace_stands_alone() {
        let manifest = parsed(
            "[workspace]\nmembers = [\"a\", \"b/*\"]\n[workspace.metadata]\nauthors = \"A\"\n",
        )
        .unwrap();
        assert_eq!(manifest.workspace.unwrap().patterns, ["a", "b/*"]);
        assert_eq!(manifest.about.authors.as_deref(), Some("A"));
        for (text, found) in [
            ("[workspace]\nmembers = []\n[metadata]\n", "coexist"),
            ("[workspace]\n", "lacks `members`"),
            ("[other]\n", "unknown key `other`"),
            ("[overrides]\nx = {}\n", "`x`"),
            ("[overrides]\n\"a:b\" = \"1\"\n", "must be a table"),
            ("[metadata]\nname = \"x\"\n", "unknown key `name`"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
            assert!(error.excerpt().is_some(), "{error}");
        }
    }
}

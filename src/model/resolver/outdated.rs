//! Newer versions of locked packages, as data, a table and JSON.

use semver::Version;
use serde_json::{Value, json};

use super::catalog::ListedVersion;
use super::graph::grouped_json;
use super::requirement::Requirement;
use crate::base::package::ContentDigest;
use crate::model::capabilities::HostImports;

/// A locked version and the newer versions of its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// The name of the package.
    pub name: String,
    /// The version that is locked.
    pub locked: Version,
    /// The newest version that matches the same requirement, if it is newer.
    pub compatible: Option<Version>,
    /// The newest version of all, if it is newer.
    pub latest: Option<Version>,
    /// The digest that an OCI reference has now, if it is not the locked one.
    pub moved: Option<ContentDigest>,
    /// The version requirement, as the manifest has it.
    pub requirement: String,
    /// The members of the workspace that require it, sorted.
    pub required_by: Vec<String>,
    /// The address of the registry.
    pub registry: String,
    /// What a newer release imports, where that was asked for and it is a component.
    pub newer_imports: Option<NewerImports>,
}

/// What a newer release of a component imports from outside, compared with the locked
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewerImports {
    /// The version of the newer release.
    pub version: Version,
    /// What only the newer release imports.
    pub new: HostImports,
    /// What only the locked release imports.
    pub gone: HostImports,
}

/// The newest version that matches the requirement, and the newest of all, each
/// if it is newer than the locked one. Withdrawn versions do not count, and
/// pre-releases only if the requirement or the lock file has one.
pub fn newer(
    requirement: &Requirement,
    locked: &Version,
    versions: &[ListedVersion],
) -> (Option<Version>, Option<Version>) {
    let newest = |matches: &dyn Fn(&Version) -> bool| {
        let listed = versions.iter().filter(|listed| !listed.yanked);
        let newer = listed
            .map(|l| &l.version)
            .filter(|v| *v > locked && matches(v));
        newer.max().cloned()
    };
    let version_req = &requirement.version_req;
    (
        newest(&|version| version_req.matches(version)),
        newest(&|version| {
            version.pre.is_empty() || !locked.pre.is_empty() || version_req.matches(version)
        }),
    )
}

/// The rows as a table, a line each after a line of titles; empty without rows. There
/// is a column for new imports if a row has them.
pub fn table(rows: &[Outdated]) -> Vec<String> {
    let text = |version: &Option<Version>| match version {
        Some(version) => version.to_string(),
        None => "---".to_owned(),
    };
    let mut cells = vec![
        [
            "Name",
            "Locked",
            "Compatible",
            "Latest",
            "Required by",
            "Registry",
        ]
        .map(str::to_owned),
    ];
    cells.extend(rows.iter().map(|row| {
        [
            row.name.clone(),
            row.locked.to_string(),
            match row.moved {
                Some(_) => "moved".to_owned(),
                None => text(&row.compatible),
            },
            text(&row.latest),
            format!("{} ({})", row.required_by.join(", "), row.requirement),
            row.registry.clone(),
        ]
    }));
    if rows.is_empty() {
        return Vec::new();
    }
    if rows.iter().all(|row| row.newer_imports.is_none()) {
        return aligned(&cells);
    }
    let new = |row: &Outdated| match &row.newer_imports {
        Some(newer) => newer.new.to_string(),
        None => "---".to_owned(),
    };
    let columns = std::iter::once("Newly imports".to_owned()).chain(rows.iter().map(new));
    let cells = cells.into_iter().zip(columns);
    let cells: Vec<[String; 7]> = cells
        .map(|([name, locked, compatible, latest, by, registry], new)| {
            [name, locked, compatible, latest, new, by, registry]
        })
        .collect();
    aligned(&cells)
}

/// Rows as lines, every column as wide as its widest cell.
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let padded = row.iter().zip(&widths);
        let padded: Vec<String> = padded
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The rows as JSON in the shape that the book documents, with a version number
/// of that shape.
pub fn json(rows: &[Outdated]) -> Value {
    let text = |version: &Option<Version>| version.as_ref().map(ToString::to_string);
    let packages: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "locked": row.locked.to_string(),
                "compatible": text(&row.compatible),
                "latest": text(&row.latest),
                "moved": row.moved.as_ref().map(ToString::to_string),
                "requirement": row.requirement,
                "required_by": row.required_by,
                "registry": row.registry,
                "newer_imports": row.newer_imports.as_ref().map(|newer| json!({
                    "version": newer.version.to_string(),
                    "new": grouped_json(&newer.new),
                    "gone": grouped_json(&newer.gone),
                })),
            })
        })
        .collect();
    json!({ "version": 1, "packages": packages })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::resolver::requirement::PackageSource;

    fn found(requirement: &str, locked: &str, versions: &[&str]) -> (String, String) {
        let required = Requirement {
            source: PackageSource {
                package: "a:b".parse().unwrap(),
                registry: None,
                address: None,
            },
            version_req: requirement.parse().unwrap(),
            required_by: Vec::new(),
            excerpt: None,
        };
        let listed = |text: &&str| ListedVersion {
            version: text.trim_start_matches('!').parse().unwrap(),
            yanked: text.starts_with('!'),
        };
        let versions: Vec<ListedVersion> = versions.iter().map(listed).collect();
        let (compatible, latest) = newer(&required, &locked.parse().unwrap(), &versions);
        let text = |v: Option<Version>| v.map(|v| v.to_string()).unwrap_or_default();
        (text(compatible), text(latest))
    }

    #[test]
    fn only_newer_versions_that_may_be_chosen_count() {
        let own = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
        let versions = ["1.0.0", "1.1.0", "!1.2.0", "2.0.0", "3.0.0-rc.1"];
        assert_eq!(found("1", "1.0.0", &versions), own(("1.1.0", "2.0.0")));
        assert_eq!(found("1", "1.1.0", &versions), own(("", "2.0.0")));
        assert_eq!(found("=2.0.0", "2.0.0", &versions), own(("", "")));
        assert_eq!(
            found("=3.0.0-rc.0", "3.0.0-rc.0", &versions),
            own(("", "3.0.0-rc.1"))
        );
    }

    #[test]
    fn a_table_has_columns() {
        let row = Outdated {
            name: "demo:types".to_owned(),
            locked: Version::new(1, 0, 0),
            compatible: None,
            latest: Some(Version::new(2, 0, 0)),
            moved: None,
            requirement: "^1".to_owned(),
            required_by: vec!["a".to_owned(), "b".to_owned()],
            registry: "oci://r".to_owned(),
            newer_imports: None,
        };
        assert_eq!(
            table(std::slice::from_ref(&row)),
            [
                "Name        Locked  Compatible  Latest  Required by  Registry",
                "demo:types  1.0.0   ---         2.0.0   a, b (^1)    oci://r",
            ]
        );
        assert!(table(&[]).is_empty());
        let newer = Outdated {
            newer_imports: Some(NewerImports {
                version: Version::new(2, 0, 0),
                new: HostImports::of(["wasi:sockets/tcp@0.2.0"]),
                gone: HostImports::default(),
            }),
            ..row.clone()
        };
        assert_eq!(
            table(&[row.clone(), newer.clone()]),
            [
                "Name        Locked  Compatible  Latest  Newly imports  Required by  Registry",
                "demo:types  1.0.0   ---         2.0.0   ---            a, b (^1)    oci://r",
                "demo:types  1.0.0   ---         2.0.0   network        a, b (^1)    oci://r",
            ]
        );
        assert_eq!(json(&[row])["packages"][0]["compatible"], Value::Null);
        assert_eq!(
            json(&[newer])["packages"][0]["newer_imports"],
            json!({ "version": "2.0.0", "new": { "network": ["wasi:sockets/tcp"] }, "gone": {} })
        );
    }
}

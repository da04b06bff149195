//! What newer versions there are of what is locked.

use semver::Version;
use serde_json::{Value, json};

use super::{Listed, Wanted};
use crate::base::package::ContentDigest;

/// A locked version with the newer ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// The package.
    pub name: String,
    /// What is locked.
    pub locked: Version,
    /// The newest version that answers the same requirement, where it is newer.
    pub compatible: Option<Version>,
    /// The newest version, where it is newer.
    pub latest: Option<Version>,
    /// The digest an OCI reference leads to now, where that is another than
    /// the locked one.
    pub moved: Option<ContentDigest>,
    /// What was asked.
    pub requirement: String,
    /// The members of the workspace it is for, sorted.
    pub required_by: Vec<String>,
    /// The registry, by its address.
    pub registry: String,
}

/// The newest version that fits the requirement, and the newest at all, where
/// they are newer than what is locked. What was withdrawn does not count, and
/// a pre-release only where the requirement or the lock file has one.
pub fn newer(
    wanted: &Wanted,
    locked: &Version,
    versions: &[Listed],
) -> (Option<Version>, Option<Version>) {
    let newest = |fits: &dyn Fn(&Version) -> bool| {
        let listed = versions.iter().filter(|listed| !listed.yanked);
        let newer = listed
            .map(|l| &l.version)
            .filter(|v| *v > locked && fits(v));
        newer.max().cloned()
    };
    let requirement = &wanted.requirement;
    (
        newest(&|version| requirement.matches(version)),
        newest(&|version| {
            version.pre.is_empty() || !locked.pre.is_empty() || requirement.matches(version)
        }),
    )
}

/// The rows as a table, a line each, with a line of titles; none for no rows.
pub fn table(rows: &[Outdated]) -> Vec<String> {
    let shown = |version: &Option<Version>| match version {
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
                None => shown(&row.compatible),
            },
            shown(&row.latest),
            format!("{} ({})", row.required_by.join(", "), row.requirement),
            row.registry.clone(),
        ]
    }));
    if rows.is_empty() {
        return Vec::new();
    }
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

/// The rows as JSON; the book has the shape, which a version number stands for.
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
            })
        })
        .collect();
    json!({ "version": 1, "packages": packages })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::resolver::Source;

    fn found(requirement: &str, locked: &str, versions: &[&str]) -> (String, String) {
        let wanted = Wanted {
            source: Source {
                package: "a:b".parse().unwrap(),
                registry: None,
                address: None,
            },
            requirement: requirement.parse().unwrap(),
            by: Vec::new(),
            at: None,
        };
        let listed = |text: &&str| Listed {
            version: text.trim_start_matches('!').parse().unwrap(),
            yanked: text.starts_with('!'),
        };
        let versions: Vec<Listed> = versions.iter().map(listed).collect();
        let (compatible, latest) = newer(&wanted, &locked.parse().unwrap(), &versions);
        let text = |v: Option<Version>| v.map(|v| v.to_string()).unwrap_or_default();
        (text(compatible), text(latest))
    }

    #[test]
    fn only_what_is_newer_and_may_be_taken_counts() {
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
        };
        assert_eq!(
            table(std::slice::from_ref(&row)),
            [
                "Name        Locked  Compatible  Latest  Required by  Registry",
                "demo:types  1.0.0   ---         2.0.0   a, b (^1)    oci://r",
            ]
        );
        assert!(table(&[]).is_empty());
        assert_eq!(json(&[row])["packages"][0]["compatible"], Value::Null);
    }
}

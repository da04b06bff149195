//! Choosing one version for each requirement, independently of the others.

use semver::{Op, Version, VersionReq};

use super::catalog::VersionCatalog;
use super::conflict;
use super::requirement::{PackageSource, Requirement};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::lockfile::Lockfile;

/// The version that was chosen for one [`Requirement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenVersion {
    /// The version that was chosen.
    pub version: Version,
    /// The digest of the release, if it is in the lock file.
    pub locked_digest: Option<ContentDigest>,
}

/// The result of [`solve`] as far as the known version lists allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The chosen versions, in the order of the requirements.
    Solved(Vec<ChosenVersion>),
    /// The packages whose version lists are missing, each once.
    Missing(Vec<PackageSource>),
}

/// Chooses a version for every requirement: the locked one if it matches,
/// otherwise the highest version that matches and is not withdrawn. A
/// pre-release matches only if the requirement names one.
pub fn solve(
    requirements: &[Requirement],
    catalog: &VersionCatalog,
    lockfile: &Lockfile,
) -> Result<Resolution> {
    let mut chosen = Vec::new();
    let mut missing: Vec<PackageSource> = Vec::new();
    for requirement in requirements {
        let source = &requirement.source;
        let version_req = &requirement.version_req;
        let locked = source
            .locked(lockfile, version_req)
            .filter(|locked| version_req.matches(&locked.version));
        if let Some(locked) = locked {
            chosen.push(ChosenVersion {
                version: locked.version.clone(),
                locked_digest: Some(locked.digest.clone()),
            });
            continue;
        }
        let Some(versions) = catalog.versions(source) else {
            let exact = exact_version(version_req);
            if let Some(version) = exact.filter(|version| catalog.has_single(source, version)) {
                chosen.push(ChosenVersion {
                    version,
                    locked_digest: None,
                });
                continue;
            }
            if !missing.contains(source) {
                missing.push(source.clone());
            }
            continue;
        };
        let matching = versions
            .iter()
            .filter(|listed| !listed.yanked && version_req.matches(&listed.version))
            .filter(|listed| !catalog.is_excluded(source, &listed.version));
        match matching.max_by(|a, b| a.version.cmp(&b.version)) {
            Some(listed) => chosen.push(ChosenVersion {
                version: listed.version.clone(),
                locked_digest: None,
            }),
            None => {
                let precise = catalog.precise(source);
                let asked = catalog.asked(source);
                return Err(conflict::no_match(requirement, versions, precise, asked));
            }
        }
    }
    match missing.is_empty() {
        true => Ok(Resolution::Solved(chosen)),
        false => Ok(Resolution::Missing(missing)),
    }
}

/// The version that a requirement such as `=1.2.3` names; `None` for one that others
/// match as well. Build metadata is no part of requirements.
pub fn exact_version(requirement: &VersionReq) -> Option<Version> {
    let [only] = requirement.comparators.as_slice() else {
        return None;
    };
    let (minor, patch) = (only.minor?, only.patch?);
    (only.op == Op::Exact).then(|| Version {
        pre: only.pre.clone(),
        ..Version::new(only.major, minor, patch)
    })
}

/// The error for a requirement that is not locked when the network must not be
/// used.
pub fn not_locked(requirement: &Requirement) -> Error {
    conflict::not_locked(requirement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lockfile::Locked;
    use crate::model::resolver::catalog::ListedVersion;

    fn source(name: &str) -> PackageSource {
        PackageSource {
            package: name.parse().unwrap(),
            registry: None,
            address: None,
        }
    }

    fn required(name: &str, version_req: &str) -> Requirement {
        Requirement {
            source: source(name),
            version_req: version_req.parse().unwrap(),
            required_by: vec!["Cargo.toml:5:1".to_owned(), "a:app".to_owned()],
            excerpt: None,
        }
    }

    fn catalog(name: &str, versions: &[&str]) -> VersionCatalog {
        let mut catalog = VersionCatalog::default();
        let listed = |text: &&str| ListedVersion {
            version: text.trim_start_matches('!').parse().unwrap(),
            yanked: text.starts_with('!'),
        };
        catalog.insert(source(name), versions.iter().map(listed).collect());
        catalog
    }

    fn answer(requirement: &str, versions: &[&str]) -> String {
        let catalog = catalog("a:b", versions);
        match solve(
            &[required("a:b", requirement)],
            &catalog,
            &Lockfile::default(),
        ) {
            Ok(Resolution::Solved(chosen)) => chosen[0].version.to_string(),
            Ok(Resolution::Missing(_)) => "missing".to_owned(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn the_highest_version_that_matches_is_chosen() {
        let versions = [
            "0.2.0",
            "0.2.12",
            "0.2.3",
            "0.3.0",
            "!0.2.13",
            "0.2.14-rc.1",
        ];
        assert_eq!(answer("0.2", &versions), "0.2.12");
        assert_eq!(answer("=0.2.3", &versions), "0.2.3");
        assert_eq!(answer("*", &versions), "0.3.0");
        assert_eq!(answer("=0.2.14-rc.1", &versions), "0.2.14-rc.1");
    }

    #[test]
    fn a_version_that_is_named_exactly_needs_no_list() {
        for (requirement, version) in [
            ("=1.2.3", Some("1.2.3")),
            ("=1.2.3-rc.1", Some("1.2.3-rc.1")),
            ("=1.2", None),
            ("1.2.3", None),
            ("=1.2.3, <2", None),
            ("*", None),
        ] {
            let found = exact_version(&requirement.parse().unwrap());
            assert_eq!(found, version.map(|version| version.parse().unwrap()));
        }
        let mut catalog = VersionCatalog::default();
        catalog.insert_single(source("a:b"), "1.2.3".parse().unwrap());
        let solved = |requirement: &str| {
            let requirements = [required("a:b", requirement)];
            solve(&requirements, &catalog, &Lockfile::default()).unwrap()
        };
        let Resolution::Solved(chosen) = solved("=1.2.3") else {
            panic!("not solved")
        };
        assert_eq!(chosen[0].version.to_string(), "1.2.3");
        // Another version may exist, and so may a higher one.
        for other in ["=1.2.4", "1.2.3"] {
            assert_eq!(solved(other), Resolution::Missing(vec![source("a:b")]));
        }
    }

    #[test]
    fn missing_lists_are_named_once() {
        let all = [
            required("a:b", "1"),
            required("a:b", "2"),
            required("c:d", "1"),
        ];
        let outcome = solve(&all, &VersionCatalog::default(), &Lockfile::default()).unwrap();
        assert_eq!(
            outcome,
            Resolution::Missing(vec![source("a:b"), source("c:d")])
        );
    }

    #[test]
    fn the_lock_file_wins_even_over_newer_and_withdrawn_versions() {
        let mut lockfile = Lockfile::default();
        lockfile.insert(Locked {
            package: "a:b".parse().unwrap(),
            registry: None,
            requirement: "1".parse().unwrap(),
            version: "1.0.0".parse().unwrap(),
            digest: ContentDigest::of(b""),
            source: None,
            address: None,
            imports: None,
        });
        let catalog = catalog("a:b", &["!1.0.0", "1.1.0"]);
        let solved = solve(&[required("a:b", "1")], &catalog, &lockfile).unwrap();
        let Resolution::Solved(chosen) = solved else {
            panic!("not solved")
        };
        assert_eq!(chosen[0].version.to_string(), "1.0.0");
        assert!(chosen[0].locked_digest.is_some());
    }

    #[test]
    fn a_requirement_without_match_names_who_requires_it_and_all_versions() {
        let message = answer("^2", &["1.0.0", "1.1.0", "!2.0.0"]);
        for part in [
            "`a:b`",
            "`^2`",
            "Cargo.toml:5:1",
            "a:app",
            "1.1.0",
            "withdrawn",
        ] {
            assert!(message.contains(part), "{part} is not in {message}");
        }
        assert!(answer("1", &[]).contains("not found"));
    }
}

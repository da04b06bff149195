//! Choosing versions, from what is known: the resolver never fetches. It says
//! which version lists are missing, its caller gets them all at once and asks
//! again.
//!
//! Several versions of a package may stand side by side, since WIT names carry
//! their version, so that no choice rules out another and nothing has to be
//! taken back.

pub mod components;
mod conflict;
pub mod graph;
pub mod outdated;

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use self::components::on_one_track;
use crate::base::error::{Error, Excerpt, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::lockfile::{Locked, Lockfile};

/// A package looked for in a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The package.
    pub package: PackageRef,
    /// The registry asked for by name; none for the one the configuration has.
    pub registry: Option<String>,
    /// The address that a manifest gives this registry, as lock files have it;
    /// none where the configuration decides. One name is two registries where
    /// the members of a workspace give it two addresses.
    pub address: Option<String>,
}

impl Source {
    /// The answer of a lock file to a requirement on this package.
    pub fn locked<'l>(
        &self,
        lockfile: &'l Lockfile,
        requirement: &VersionReq,
    ) -> Option<&'l Locked> {
        let registry = self.registry.as_deref();
        lockfile.find(
            &self.package,
            (registry, self.address.as_deref()),
            requirement,
        )
    }
}

/// A requirement, and who has it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is looked for, and where.
    pub source: Source,
    /// The versions that will do.
    pub requirement: VersionReq,
    /// Who asks, the outermost first: a manifest, then packages.
    pub by: Vec<String>,
    /// Where it stands.
    pub at: Option<Excerpt>,
}

impl Wanted {
    /// An error that was met on the way to this package, with who asks for it.
    pub fn explain(&self, error: Error) -> Error {
        let Source { package, .. } = &self.source;
        let requirement = &self.requirement;
        self.place(error.with_cause(format!(
            "the package `{package}` (`{requirement}`) is required by {}",
            self.by.join(" -> ")
        )))
    }
}

impl Wanted {
    /// An error about this requirement, with its place.
    fn place(&self, error: Error) -> Error {
        match &self.at {
            Some(excerpt) => error.at(excerpt.clone()),
            None => error,
        }
    }
}

/// A version a registry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The version.
    pub version: Version,
    /// Whether it was withdrawn: it is taken only where it is locked.
    pub yanked: bool,
}

/// The version lists known so far. A package that no registry has is known,
/// with none.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    versions: BTreeMap<Source, Vec<Listed>>,
    precise: BTreeMap<Source, Version>,
}

impl Catalog {
    /// Notes the versions of a package.
    pub fn insert(&mut self, source: Source, versions: Vec<Listed>) {
        self.versions.insert(source, versions);
    }

    /// The versions of a package, if they are known.
    pub fn versions(&self, source: &Source) -> Option<&[Listed]> {
        self.versions.get(source).map(Vec::as_slice)
    }

    /// Lets this version of a package be chosen only, of those that are
    /// compatible with it.
    pub fn choose(&mut self, source: Source, version: Version) {
        self.precise.insert(source, version);
    }

    /// The version of a package that the command line chose.
    pub fn precise(&self, source: &Source) -> Option<&Version> {
        self.precise.get(source)
    }

    /// Whether the version is not the chosen one, but compatible with it.
    fn is_passed_over(&self, source: &Source, version: &Version) -> bool {
        let precise = self.precise(source);
        precise.is_some_and(|p| p != version && on_one_track(p, version))
    }
}

/// The version that answers one [`Wanted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The version.
    pub version: Version,
    /// The digest, if the lock file has it.
    pub locked: Option<ContentDigest>,
}

/// How far it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One answer for each requirement, in the same order.
    Solved(Vec<Chosen>),
    /// The version lists that are needed first, each once.
    Missing(Vec<Source>),
}

/// Answers every requirement: by the lock file where it has an answer that
/// fits, otherwise by the highest version that fits and is not withdrawn.
/// A pre-release fits only where the requirement names one.
pub fn solve(wanted: &[Wanted], catalog: &Catalog, lockfile: &Lockfile) -> Result<Outcome> {
    let mut chosen = Vec::new();
    let mut missing: Vec<Source> = Vec::new();
    for one in wanted {
        let source = &one.source;
        let locked = source
            .locked(lockfile, &one.requirement)
            .filter(|locked| one.requirement.matches(&locked.version));
        if let Some(locked) = locked {
            chosen.push(Chosen {
                version: locked.version.clone(),
                locked: Some(locked.digest.clone()),
            });
            continue;
        }
        let Some(versions) = catalog.versions(source) else {
            if !missing.contains(source) {
                missing.push(source.clone());
            }
            continue;
        };
        let fitting = versions
            .iter()
            .filter(|listed| !listed.yanked && one.requirement.matches(&listed.version))
            .filter(|listed| !catalog.is_passed_over(source, &listed.version));
        match fitting.max_by(|a, b| a.version.cmp(&b.version)) {
            Some(listed) => chosen.push(Chosen {
                version: listed.version.clone(),
                locked: None,
            }),
            None => {
                let precise = catalog.precise(source);
                return Err(conflict::unanswered(one, versions, precise));
            }
        }
    }
    match missing.is_empty() {
        true => Ok(Outcome::Solved(chosen)),
        false => Ok(Outcome::Missing(missing)),
    }
}

/// An error for a requirement nothing is known to answer offline.
pub fn not_locked(wanted: &Wanted) -> Error {
    conflict::not_locked(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lockfile::Locked;

    fn source(name: &str) -> Source {
        Source {
            package: name.parse().unwrap(),
            registry: None,
            address: None,
        }
    }

    fn wanted(name: &str, requirement: &str) -> Wanted {
        Wanted {
            source: source(name),
            requirement: requirement.parse().unwrap(),
            by: vec!["Cargo.toml:5:1".to_owned(), "a:app".to_owned()],
            at: None,
        }
    }

    fn catalog(name: &str, versions: &[&str]) -> Catalog {
        let mut catalog = Catalog::default();
        let listed = |text: &&str| Listed {
            version: text.trim_start_matches('!').parse().unwrap(),
            yanked: text.starts_with('!'),
        };
        catalog.insert(source(name), versions.iter().map(listed).collect());
        catalog
    }

    fn answer(requirement: &str, versions: &[&str]) -> String {
        let catalog = catalog("a:b", versions);
        match solve(
            &[wanted("a:b", requirement)],
            &catalog,
            &Lockfile::default(),
        ) {
            Ok(Outcome::Solved(chosen)) => chosen[0].version.to_string(),
            Ok(Outcome::Missing(_)) => "missing".to_owned(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn the_highest_version_that_fits_is_taken() {
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
    fn what_is_missing_is_said_once() {
        let all = [wanted("a:b", "1"), wanted("a:b", "2"), wanted("c:d", "1")];
        let outcome = solve(&all, &Catalog::default(), &Lockfile::default()).unwrap();
        assert_eq!(
            outcome,
            Outcome::Missing(vec![source("a:b"), source("c:d")])
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
        });
        let catalog = catalog("a:b", &["!1.0.0", "1.1.0"]);
        let solved = solve(&[wanted("a:b", "1")], &catalog, &lockfile).unwrap();
        let Outcome::Solved(chosen) = solved else {
            panic!("not solved")
        };
        assert_eq!(chosen[0].version.to_string(), "1.0.0");
        assert!(chosen[0].locked.is_some());
    }

    #[test]
    fn an_unanswered_requirement_says_who_asked_and_what_there_is() {
        let told = answer("^2", &["1.0.0", "1.1.0", "!2.0.0"]);
        for part in [
            "`a:b`",
            "`^2`",
            "Cargo.toml:5:1",
            "a:app",
            "1.1.0",
            "withdrawn",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        assert!(answer("1", &[]).contains("not found"));
    }
}

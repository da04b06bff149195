//! Packages that were listed, and what a search learns about them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use semver::Version;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::package::PackageRef;
use crate::base::parallel;
use crate::base::progress::ProgressSize;
use crate::model::component::Surface;
use crate::model::resolver::ListedVersion;
use crate::model::search::content::description;
use crate::model::search::found::{DependencyPlace, FoundPackage};
use crate::model::search::query::{Query, Rank};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::index::IndexedPackage;
use crate::system::registry::{IndexRoute, Registry};

/// How many requests are sent at the same time, as for other commands.
pub(super) const MAX_PARALLEL: usize = 50;

/// How many packages of one registry are asked for their descriptions although their names
/// lack a word: each needs requests of its own.
const MAX_DESCRIBED: usize = 1000;

/// The place that listed a package.
#[derive(Clone)]
pub(super) enum Origin {
    /// A registry, with the address by which the cache knows it.
    Registry {
        /// The registry, which is open.
        registry: Arc<dyn Registry>,
        /// Its address, without credentials.
        address: String,
        /// Whether it is a directory.
        is_local: bool,
    },
    /// The cache, which takes the place of a registry.
    Cache {
        /// The newest version in the cache.
        version: Version,
        /// The file of this version.
        file: PathBuf,
        /// The address of the registry that the version is from.
        location: String,
    },
    /// An index, which knows the newest version.
    Index {
        /// The index that lists the package.
        route: Arc<IndexRoute>,
        /// The answer of the index.
        indexed: IndexedPackage,
    },
}

/// A package that was listed.
#[derive(Clone)]
pub(super) struct Candidate {
    /// The name of the package.
    pub package: PackageRef,
    /// The newest version, once it is known.
    pub version: Option<Version>,
    /// The place that listed it.
    pub origin: Origin,
    /// The imports and exports by which it was selected.
    pub surface: Option<Surface>,
    registry_name: String,
    place: DependencyPlace,
    description: Option<String>,
    rank: Rank,
}

impl Candidate {
    /// A package of which nothing but the name is known.
    pub fn new(
        package: PackageRef,
        registry_name: String,
        place: DependencyPlace,
        origin: Origin,
    ) -> Self {
        Candidate {
            package,
            version: None,
            origin,
            surface: None,
            registry_name,
            place,
            description: None,
            rank: Rank::Description,
        }
    }

    /// The package with its version, for messages.
    pub fn display_name(&self) -> String {
        match &self.version {
            Some(version) => format!("{}@{version}", self.package),
            None => self.package.to_string(),
        }
    }

    /// The candidate with its newest version and its description; `None` if it has no
    /// version, or lacks a word of the query.
    fn described(mut self, query: &Query) -> Result<Option<Self>> {
        match &self.origin {
            Origin::Registry { registry, .. } => {
                let versions = registry.versions(&self.package)?.unwrap_or_default();
                let Some(version) = newest(&versions) else {
                    return Ok(None);
                };
                self.description = registry.description(&self.package, &version)?;
                self.version = Some(version);
            }
            Origin::Cache { version, file, .. } => {
                self.description = description(&fs::read(file)?);
                self.version = Some(version.clone());
            }
            Origin::Index { indexed, .. } => {
                self.description = indexed.description.clone();
                self.version = indexed.version.clone();
            }
        }
        let name = self.package.to_string();
        let rank = query.rank(&name, self.description.as_deref());
        Ok(rank.map(|rank| Candidate { rank, ..self }))
    }

    /// The candidate as a result.
    pub fn into_found(self) -> FoundPackage {
        let location = match &self.origin {
            Origin::Registry { registry, .. } => {
                let location = registry.location(&self.package);
                location.trim_matches('`').to_owned()
            }
            Origin::Cache { location, .. } => location.clone(),
            Origin::Index { indexed, .. } => {
                let reference = &indexed.reference;
                format!("{}/{}", reference.host, reference.repository)
            }
        };
        FoundPackage {
            package: self.package,
            version: self.version,
            description: self.description,
            rank: self.rank,
            place: self.place,
            registry: self.registry_name,
            location,
            surface: self.surface,
        }
    }
}

/// The newest version that is not withdrawn; a pre-release only where there is no other.
fn newest(versions: &[ListedVersion]) -> Option<Version> {
    let listed = versions.iter().filter(|listed| !listed.yanked);
    let versions = listed.map(|listed| &listed.version);
    let newest = versions.max_by_key(|version| (version.pre.is_empty(), *version));
    newest.cloned()
}

/// A number of packages of a registry.
pub(super) struct LeftOut {
    /// The name of the registry.
    pub registry: String,
    /// The number of packages that were left out.
    pub count: usize,
}

/// The candidates that may have the words of a query: all whose names have them, and of each
/// registry a limited number of others; and how many were left out.
pub(super) fn worth_describing(
    query: &Query,
    candidates: Vec<Candidate>,
) -> (Vec<Candidate>, Vec<LeftOut>) {
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for candidate in candidates {
        let is_asked = matches!(candidate.origin, Origin::Registry { .. });
        let name = candidate.package.to_string();
        if is_asked && query.rank(&name, None).is_none() {
            let count = others.entry(candidate.registry_name.clone()).or_default();
            *count += 1;
            if *count > MAX_DESCRIBED {
                continue;
            }
        }
        kept.push(candidate);
    }
    let too_many = others
        .into_iter()
        .filter(|(_, count)| *count > MAX_DESCRIBED);
    let left_out = too_many.map(|(registry, count)| LeftOut {
        registry,
        count: count - MAX_DESCRIBED,
    });
    (kept, left_out.collect())
}

/// A failure to read packages of a registry.
pub(super) struct Failure {
    /// The name of the registry.
    pub registry: String,
    /// The first error of the registry.
    pub error: Error,
}

/// The candidates that have the words of the query, with versions and descriptions, and the
/// first failure of each registry.
pub(super) fn describe(
    ctx: &Context,
    query: &Query,
    candidates: Vec<Candidate>,
) -> (Vec<Candidate>, Vec<Failure>) {
    let size = ProgressSize::Items(candidates.len() as u64);
    let progress = ctx.shell.progress("Reading", size);
    let described = parallel::map(candidates, MAX_PARALLEL, |candidate| {
        let registry = candidate.registry_name.clone();
        let described = candidate.described(query);
        progress.item();
        (registry, described)
    });
    let mut found = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    for (registry, described) in described {
        match described {
            Ok(candidate) => found.extend(candidate),
            // A list of repositories has other things than packages, too.
            Err(error) if error.kind() == ErrorKind::Input => {}
            Err(error) => {
                if !failures.iter().any(|failure| failure.registry == registry) {
                    failures.push(Failure { registry, error });
                }
            }
        }
    }
    (found, failures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::registry::memory::MemoryRegistry;

    #[test]
    fn the_newest_version_is_one_that_a_requirement_selects() {
        let listed = |text: &str| ListedVersion {
            version: text.trim_start_matches('!').parse().unwrap(),
            yanked: text.starts_with('!'),
        };
        let newest = |versions: &[&str]| {
            let versions: Vec<_> = versions.iter().map(|text| listed(text)).collect();
            super::newest(&versions).map(|version| version.to_string())
        };
        assert_eq!(
            newest(&["1.0.0", "1.2.0", "!1.3.0", "2.0.0-rc.1"]).as_deref(),
            Some("1.2.0")
        );
        assert_eq!(
            newest(&["2.0.0-rc.1", "2.0.0-rc.2"]).as_deref(),
            Some("2.0.0-rc.2")
        );
        assert_eq!(newest(&["!1.0.0"]), None);
    }

    #[test]
    fn of_packages_without_the_words_a_limited_number_is_described() {
        let registry = Arc::new(MemoryRegistry::default());
        let candidate = |name: String| {
            let origin = Origin::Registry {
                registry: registry.clone(),
                address: String::new(),
                is_local: false,
            };
            let package = name.parse().unwrap();
            Candidate::new(
                package,
                "here".to_owned(),
                DependencyPlace::Configured,
                origin,
            )
        };
        let query = Query::new(&["word".to_owned()], &[], &[]).unwrap();
        let names = (0..MAX_DESCRIBED + 2).map(|i| format!("a:b{i}"));
        let named = (0..10).map(|i| format!("a:word{i}"));
        let candidates = names.chain(named).map(candidate).collect();
        let (kept, left_out) = worth_describing(&query, candidates);
        assert_eq!(kept.len(), MAX_DESCRIBED + 10);
        assert_eq!((left_out.len(), left_out[0].count), (1, 2));
    }
}

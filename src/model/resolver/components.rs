//! Choosing releases for a tree of components that require each other: one
//! release of a package for each track of compatible versions, the newest that
//! all requirements allow.
//!
//! As in cargo, locked releases are preferred, and a choice that leads to a
//! conflict is revised. Nothing is fetched here: a release whose requirements
//! are not known yet counts as having none, and the result lists what the caller
//! has to find out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use semver::Version;

use super::catalog::{AskedRegistry, ListedVersion};
pub use super::component_requirement::{ComponentRequirement, Origin, Release};
use super::conflict;
use super::track::{allows_one_track_only, on_one_track};
use crate::base::error::{Error, Result};

/// The number of choices that are tried before the search gives up.
const MAX_TRIES: usize = 100_000;

/// The known releases of a package.
#[derive(Clone, Debug)]
pub enum Versions {
    /// All releases, as the registry lists them.
    ListedVersion(Vec<ListedVersion>),
    /// No list exists: only the releases that hints name are known.
    Hinted,
}

/// What is known about packages and releases so far.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The known releases of packages.
    pub versions: BTreeMap<Origin, Versions>,
    /// The requirements of releases.
    pub needs: BTreeMap<Release, Vec<ComponentRequirement>>,
    /// The versions in the lock file, by package and requirement.
    pub answers: BTreeMap<(Origin, String), Version>,
    /// All versions of a package in the lock file.
    pub locked: BTreeMap<Origin, BTreeSet<Version>>,
    /// The version that the command line chose for its track (`--precise`).
    pub precise: BTreeMap<Origin, Version>,
    /// The registries that listed releases.
    pub asked: BTreeMap<Origin, AskedRegistry>,
}

/// The result of [`solve`] as far as the known facts allow.
#[derive(Clone, Debug)]
pub enum ComponentResolution {
    /// A release for every requirement.
    Solved(Solution),
    /// Facts that have to be found out first.
    Missing {
        /// The packages whose releases are not known.
        versions: BTreeSet<Origin>,
        /// The releases whose requirements are not known.
        needs: BTreeSet<Release>,
    },
}

/// A release for every requirement.
#[derive(Clone, Debug, Default)]
pub struct Solution {
    /// All chosen releases of packages.
    pub releases: BTreeSet<Release>,
    /// The chosen version, by package and requirement.
    pub answers: BTreeMap<(Origin, String), Version>,
    /// All requirements: those of the root and of each chosen release.
    pub needs: Vec<ComponentRequirement>,
}

/// A requirement in the queue of the search.
#[derive(Clone, Debug)]
struct QueuedNeed {
    need: ComponentRequirement,
    /// The release that has the requirement; none for the root.
    required_by: Option<Release>,
    /// Whether it was postponed until hints are known that may name a release.
    is_postponed: bool,
}

/// The choices made so far on one branch of the search.
#[derive(Clone, Debug, Default)]
struct State {
    queue: VecDeque<QueuedNeed>,
    releases: BTreeSet<Release>,
    answers: BTreeMap<(Origin, String), Version>,
    answered: Vec<QueuedNeed>,
    /// The packages whose releases have to be found out.
    missing_versions: BTreeSet<Origin>,
    /// The releases whose requirements have to be found out.
    missing_needs: BTreeSet<Release>,
}

impl State {
    fn chosen<'s>(&'s self, origin: &'s Origin) -> impl Iterator<Item = &'s Version> {
        let releases = self.releases.iter().filter(move |(o, _)| o == origin);
        releases.map(|(_, version)| version)
    }

    fn answer(&mut self, queued: &QueuedNeed, version: &Version) {
        self.answers.insert(key(&queued.need), version.clone());
        self.answered.push(queued.clone());
    }

    /// Chooses a release that was not chosen before, and queues its requirements.
    fn choose(&mut self, queued: &QueuedNeed, release: Release, facts: &Facts) {
        self.answer(queued, &release.1);
        match facts.needs.get(&release) {
            None => drop(self.missing_needs.insert(release.clone())),
            Some(needs) => {
                let mut chain = queued.need.chain.clone();
                chain.push(format!("{}@{}", release.0.name, release.1));
                for need in needs {
                    let mut need = need.clone();
                    need.requirement.required_by = chain.clone();
                    need.chain = chain.clone();
                    self.queue.push_back(QueuedNeed {
                        need,
                        required_by: Some(release.clone()),
                        is_postponed: false,
                    });
                }
            }
        }
        self.releases.insert(release);
    }
}

fn key(need: &ComponentRequirement) -> (Origin, String) {
    let version_req = &need.requirement.version_req;
    (need.origin.clone(), version_req.to_string())
}

/// Chooses releases for the requirements of the root and, recursively, for those
/// of the chosen releases.
pub fn solve(roots: &[ComponentRequirement], facts: &Facts) -> Result<ComponentResolution> {
    let mut search = Search {
        facts,
        hinted: BTreeMap::new(),
        tries: 0,
        conflict: None,
    };
    let known = roots.iter().chain(facts.needs.values().flatten());
    for need in known {
        if let Some(version) = &need.hinted_version {
            let versions = search.hinted.entry(need.origin.clone()).or_default();
            versions.insert(version.clone());
        }
    }
    loop {
        let mut start = State::default();
        let queued = |need: &ComponentRequirement| QueuedNeed {
            need: need.clone(),
            required_by: None,
            is_postponed: false,
        };
        start.queue = roots.iter().map(queued).collect();
        let Ok(end) = search.go(start) else {
            return Err(search.error());
        };
        if !end.missing_versions.is_empty() || !end.missing_needs.is_empty() {
            return Ok(ComponentResolution::Missing {
                versions: end.missing_versions,
                needs: end.missing_needs,
            });
        }
        // Hints of releases that were not chosen do not count.
        let Some((origin, version)) = search.without_hint(&end) else {
            return Ok(ComponentResolution::Solved(Solution {
                releases: end.releases,
                answers: end.answers,
                needs: end.answered.into_iter().map(|queued| queued.need).collect(),
            }));
        };
        search.hinted.entry(origin).or_default().remove(&version);
    }
}

struct Search<'f> {
    facts: &'f Facts,
    /// The releases that hints name.
    hinted: BTreeMap<Origin, BTreeSet<Version>>,
    tries: usize,
    /// The first conflict, which is that of the newest releases.
    conflict: Option<Error>,
}

/// The chosen releases without which another candidate would have been possible.
type Blame = BTreeSet<Release>;

impl Search<'_> {
    /// Answers all queued requirements; otherwise returns the releases that
    /// prevent that.
    fn go(&mut self, mut state: State) -> Result<State, Blame> {
        while let Some(queued) = state.queue.pop_front() {
            let need = &queued.need;
            let origin = &need.origin;
            let known = state.answers.get(&key(need)).cloned();
            let forced = || {
                let version_req = &need.requirement.version_req;
                let mut chosen = state.chosen(origin);
                let chosen = chosen.find(|version| version_req.matches(version));
                chosen
                    .filter(|_| allows_one_track_only(version_req))
                    .cloned()
            };
            if let Some(version) = known.or_else(forced) {
                state.answer(&queued, &version);
                continue;
            }
            let (candidates, complete) = self.candidates(need);
            if candidates.is_empty() && self.awaits_hints(&mut state, &queued) {
                continue;
            }
            let mut blame: Blame = queued.required_by.clone().into_iter().collect();
            for version in candidates {
                let same_track = |other: &&Version| on_one_track(other, &version);
                let chosen = state.chosen(origin).find(same_track).cloned();
                if let Some(other) = chosen.as_ref().filter(|other| **other != version) {
                    blame.insert((origin.clone(), other.clone()));
                    continue;
                }
                self.tries += 1;
                if self.tries > MAX_TRIES {
                    return Err(blame);
                }
                let release = (origin.clone(), version.clone());
                let mut next = state.clone();
                match chosen {
                    Some(_) => next.answer(&queued, &version),
                    None => next.choose(&queued, release.clone(), self.facts),
                }
                let Err(mut others) = self.go(next).map(|end| state = end) else {
                    return Ok(state);
                };
                // Another version would change nothing.
                if chosen.is_none() && !others.remove(&release) {
                    return Err(others);
                }
                blame.extend(others);
            }
            if complete {
                let several = blame
                    .iter()
                    .any(|release| queued.required_by.as_ref() != Some(release));
                self.record_conflict(&state, need, several);
                return Err(blame);
            }
            state.missing_versions.insert(origin.clone());
        }
        Ok(state)
    }

    /// Whether hints that are not known yet may name a release that matches;
    /// the requirement is queued again after those that may bring them.
    fn awaits_hints(&self, state: &mut State, queued: &QueuedNeed) -> bool {
        let versions = self.facts.versions.get(&queued.need.origin);
        if !matches!(versions, Some(Versions::Hinted)) {
            return false;
        }
        if state.queue.iter().any(|other| !other.is_postponed) {
            state.queue.push_back(QueuedNeed {
                is_postponed: true,
                ..queued.clone()
            });
            return true;
        }
        !state.missing_needs.is_empty() || !state.missing_versions.is_empty()
    }

    /// The matching versions, the preferred first, and whether these are all.
    fn candidates(&self, need: &ComponentRequirement) -> (Vec<Version>, bool) {
        let origin = &need.origin;
        let mut found: Vec<&Version> = self.facts.answers.get(&key(need)).into_iter().collect();
        let locked = self.facts.locked.get(origin).into_iter().flatten();
        found.extend(locked.rev());
        let complete = match self.facts.versions.get(origin) {
            None => false,
            Some(Versions::Hinted) => {
                let hinted = self.hinted.get(origin).into_iter().flatten();
                found.extend(hinted.rev());
                true
            }
            Some(Versions::ListedVersion(all)) => {
                let mut listed: Vec<_> = all.iter().filter(|listed| !listed.yanked).collect();
                listed.sort_by(|a, b| b.version.cmp(&a.version));
                found.extend(listed.into_iter().map(|listed| &listed.version));
                true
            }
        };
        let precise = self.facts.precise.get(origin);
        let mut candidates: Vec<Version> = Vec::new();
        for version in found {
            let is_excluded = precise.is_some_and(|p| p != version && on_one_track(p, version));
            let version_req = &need.requirement.version_req;
            if version_req.matches(version) && !is_excluded && !candidates.contains(version) {
                candidates.push(version.clone());
            }
        }
        (candidates, complete)
    }

    /// A chosen release that is known only from hints, and whose hints belong to
    /// releases that were not chosen.
    fn without_hint(&self, end: &State) -> Option<Release> {
        let is_named = |(origin, version): &&Release| {
            let locked = self.facts.locked.get(origin);
            let named = |queued: &QueuedNeed| {
                queued.need.origin == *origin
                    && queued.need.hinted_version.as_ref() == Some(version)
            };
            !matches!(self.facts.versions.get(origin), Some(Versions::Hinted))
                || locked.is_some_and(|locked| locked.contains(version))
                || end.answered.iter().any(named)
        };
        end.releases
            .iter()
            .find(|release| !is_named(release))
            .cloned()
    }

    /// Stores the error of the first requirement that nothing matches.
    fn record_conflict(&mut self, state: &State, need: &ComponentRequirement, several: bool) {
        if self.conflict.is_some() {
            return;
        }
        let precise = self.facts.precise.get(&need.origin);
        let others = state.answered.iter().map(|queued| &queued.need);
        let others = others.filter(|other| other.origin == need.origin);
        let error = match several {
            true => conflict::several(need, others, precise),
            false => {
                let listed = match self.facts.versions.get(&need.origin) {
                    Some(Versions::ListedVersion(all)) => all.clone(),
                    _ => {
                        let hinted = self.hinted.get(&need.origin).into_iter().flatten();
                        let listed = |version: &Version| ListedVersion {
                            version: version.clone(),
                            yanked: false,
                        };
                        hinted.map(listed).collect()
                    }
                };
                let asked = self.facts.asked.get(&need.origin);
                conflict::no_match(&need.requirement, &listed, precise, asked)
            }
        };
        self.conflict = Some(error);
    }

    fn error(self) -> Error {
        let error = self.conflict;
        let error = error
            .unwrap_or_else(|| Error::input("no combination of releases meets all requirements"));
        match self.tries > MAX_TRIES {
            true => error.with_cause("too many combinations of releases were tried"),
            false => error,
        }
    }
}

#[cfg(test)]
mod tests;

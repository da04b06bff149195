//! Choosing releases for a whole tree of components, whose parts ask for each
//! other: one release of a package for each track of compatible versions, the
//! newest that all allow.
//!
//! As in cargo, what is locked goes first, and a choice that turns out not to
//! fit is taken back. Nothing is fetched here: what is not known yet counts as
//! asking for nothing, and the caller is told what to find out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use semver::{Comparator, Op, Version, VersionReq};

use super::{Listed, Wanted, conflict};
use crate::base::error::{Error, Result};

/// How many choices are tried before it is given up.
const TRIES: usize = 100_000;

/// A package in one registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// What it is called.
    pub name: String,
    /// The address of the registry, or of the repository.
    pub address: String,
}

/// A release of a package.
pub type Release = (Origin, Version);

/// A requirement on a package, of the root or of a hint.
#[derive(Clone, Debug)]
pub struct Need {
    /// The package.
    pub origin: Origin,
    /// The requirement.
    pub wanted: Wanted,
    /// Who has it, the outermost first: the root, then releases. That of what
    /// a release needs is found out.
    pub chain: Vec<String>,
    /// The release that a hint names.
    pub hinted: Option<Version>,
}

/// The releases there are of a package.
#[derive(Clone, Debug)]
pub enum Versions {
    /// Those its registry lists.
    Listed(Vec<Listed>),
    /// Those that hints name: nobody lists them.
    Hinted,
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The releases of packages.
    pub versions: BTreeMap<Origin, Versions>,
    /// What releases need.
    pub needs: BTreeMap<Release, Vec<Need>>,
    /// What the lock file answers, by package and requirement.
    pub answers: BTreeMap<(Origin, String), Version>,
    /// What else is locked of a package.
    pub locked: BTreeMap<Origin, BTreeSet<Version>>,
    /// The one version of its track that the command line chose.
    pub precise: BTreeMap<Origin, Version>,
}

/// How far it got.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A release for every requirement.
    Solved(Solution),
    /// What has to be found out first.
    Missing {
        /// Packages whose releases are not known.
        versions: BTreeSet<Origin>,
        /// Releases whose needs are not known.
        needs: BTreeSet<Release>,
    },
}

/// A release for every requirement.
#[derive(Clone, Debug, Default)]
pub struct Solution {
    /// The releases.
    pub releases: BTreeSet<Release>,
    /// Which of them answers a requirement on a package.
    pub answers: BTreeMap<(Origin, String), Version>,
    /// The requirements, those of the root and of each release.
    pub needs: Vec<Need>,
}

/// Versions that stand in for each other: at most one of them is chosen. A
/// pre-release stands for itself only, as its interfaces do.
fn track(version: &Version) -> (u64, u64, u64, &str) {
    match (version.major, version.minor) {
        _ if !version.pre.is_empty() => (
            version.major,
            version.minor,
            version.patch,
            version.pre.as_str(),
        ),
        (0, 0) => (0, 0, version.patch, ""),
        (0, minor) => (0, minor, 0, ""),
        (major, _) => (major, 0, 0, ""),
    }
}

/// Whether two versions are on one track of compatible ones, so that only one
/// of them can be part of a composition.
pub fn on_one_track(a: &Version, b: &Version) -> bool {
    track(a) == track(b)
}

/// The requirement of a hint that names a version and nothing else: compatible
/// versions from there on.
pub fn compatible_from(version: &Version) -> VersionReq {
    let op = match version.pre.is_empty() {
        true => Op::Caret,
        false => Op::Exact,
    };
    VersionReq {
        comparators: vec![Comparator {
            op,
            major: version.major,
            minor: Some(version.minor),
            patch: Some(version.patch),
            pre: version.pre.clone(),
        }],
    }
}

/// Whether no two versions that match are on different tracks.
fn is_of_one_track(requirement: &VersionReq) -> bool {
    requirement.comparators.iter().any(|one| match one.op {
        Op::Exact => one.patch.is_some() || one.minor.is_some() || one.major > 0,
        Op::Caret | Op::Tilde => {
            one.pre.is_empty() && (one.major > 0 || one.minor.is_some_and(|minor| minor > 0))
        }
        Op::Wildcard => one.major > 0,
        _ => false,
    })
}

/// A need with the release that has it; none for the root's.
#[derive(Clone, Debug)]
struct Asked {
    need: Need,
    by: Option<Release>,
    /// Whether it waits for hints that may name a release.
    waits: bool,
}

/// What was chosen on the way.
#[derive(Clone, Debug, Default)]
struct State {
    queue: VecDeque<Asked>,
    releases: BTreeSet<Release>,
    answers: BTreeMap<(Origin, String), Version>,
    asked: Vec<Asked>,
    versions: BTreeSet<Origin>,
    needs: BTreeSet<Release>,
}

impl State {
    fn active<'s>(&'s self, origin: &'s Origin) -> impl Iterator<Item = &'s Version> {
        let of = self.releases.iter().filter(move |(o, _)| o == origin);
        of.map(|(_, version)| version)
    }

    fn answer(&mut self, asked: &Asked, version: &Version) {
        self.answers.insert(key(&asked.need), version.clone());
        self.asked.push(asked.clone());
    }

    /// Takes a release that was not taken before.
    fn take(&mut self, asked: &Asked, release: Release, facts: &Facts) {
        self.answer(asked, &release.1);
        match facts.needs.get(&release) {
            None => drop(self.needs.insert(release.clone())),
            Some(needs) => {
                let mut chain = asked.need.chain.clone();
                chain.push(format!("{}@{}", release.0.name, release.1));
                for need in needs {
                    let mut need = need.clone();
                    need.wanted.by = chain.clone();
                    need.chain = chain.clone();
                    let by = Some(release.clone());
                    let waits = false;
                    self.queue.push_back(Asked { need, by, waits });
                }
            }
        }
        self.releases.insert(release);
    }
}

fn key(need: &Need) -> (Origin, String) {
    (need.origin.clone(), need.wanted.requirement.to_string())
}

/// Chooses releases for what the root needs and for what these need in turn.
pub fn solve(roots: &[Need], facts: &Facts) -> Result<Outcome> {
    let mut search = Search {
        facts,
        hinted: BTreeMap::new(),
        tries: 0,
        conflict: None,
    };
    let known = roots.iter().chain(facts.needs.values().flatten());
    for need in known {
        if let Some(version) = &need.hinted {
            let of = search.hinted.entry(need.origin.clone()).or_default();
            of.insert(version.clone());
        }
    }
    loop {
        let mut start = State::default();
        let asked = |need: &Need| Asked {
            need: need.clone(),
            by: None,
            waits: false,
        };
        start.queue = roots.iter().map(asked).collect();
        let Ok(end) = search.go(start) else {
            return Err(search.error());
        };
        if !end.versions.is_empty() || !end.needs.is_empty() {
            return Ok(Outcome::Missing {
                versions: end.versions,
                needs: end.needs,
            });
        }
        // Hints of what was given up name nothing.
        let Some((origin, version)) = search.unnamed(&end) else {
            return Ok(Outcome::Solved(Solution {
                releases: end.releases,
                answers: end.answers,
                needs: end.asked.into_iter().map(|asked| asked.need).collect(),
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
    /// The first thing that did not fit: what the newest releases come to.
    conflict: Option<Error>,
}

/// The releases without which something would have fit.
type Blame = BTreeSet<Release>;

impl Search<'_> {
    /// Answers what is left; otherwise those that stand in the way.
    fn go(&mut self, mut state: State) -> Result<State, Blame> {
        while let Some(asked) = state.queue.pop_front() {
            let need = &asked.need;
            let origin = &need.origin;
            let known = state.answers.get(&key(need)).cloned();
            let forced = || {
                let requirement = &need.wanted.requirement;
                let mut active = state.active(origin);
                let active = active.find(|version| requirement.matches(version));
                active.filter(|_| is_of_one_track(requirement)).cloned()
            };
            if let Some(version) = known.or_else(forced) {
                state.answer(&asked, &version);
                continue;
            }
            let (candidates, complete) = self.candidates(need);
            if candidates.is_empty() && self.awaits_hints(&mut state, &asked) {
                continue;
            }
            let mut blame: Blame = asked.by.clone().into_iter().collect();
            for version in candidates {
                let same = |other: &&Version| on_one_track(other, &version);
                let taken = state.active(origin).find(same).cloned();
                if let Some(other) = taken.as_ref().filter(|other| **other != version) {
                    blame.insert((origin.clone(), other.clone()));
                    continue;
                }
                self.tries += 1;
                if self.tries > TRIES {
                    return Err(blame);
                }
                let release = (origin.clone(), version.clone());
                let mut next = state.clone();
                match taken {
                    Some(_) => next.answer(&asked, &version),
                    None => next.take(&asked, release.clone(), self.facts),
                }
                let Err(mut others) = self.go(next).map(|end| state = end) else {
                    return Ok(state);
                };
                // Another version would change nothing.
                if taken.is_none() && !others.remove(&release) {
                    return Err(others);
                }
                blame.extend(others);
            }
            if complete {
                let several = blame
                    .iter()
                    .any(|release| asked.by.as_ref() != Some(release));
                self.note(&state, &asked, several);
                return Err(blame);
            }
            state.versions.insert(origin.clone());
        }
        Ok(state)
    }

    /// Whether hints that are not known yet may name a release that matches;
    /// the requirement is looked at again behind them.
    fn awaits_hints(&self, state: &mut State, asked: &Asked) -> bool {
        let versions = self.facts.versions.get(&asked.need.origin);
        if !matches!(versions, Some(Versions::Hinted)) {
            return false;
        }
        if state.queue.iter().any(|other| !other.waits) {
            let waits = true;
            let asked = asked.clone();
            state.queue.push_back(Asked { waits, ..asked });
            return true;
        }
        !state.needs.is_empty() || !state.versions.is_empty()
    }

    /// The releases that match, the preferred first, and whether these are all.
    fn candidates(&self, need: &Need) -> (Vec<Version>, bool) {
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
            Some(Versions::Listed(all)) => {
                let mut listed: Vec<_> = all.iter().filter(|one| !one.yanked).collect();
                listed.sort_by(|a, b| b.version.cmp(&a.version));
                found.extend(listed.into_iter().map(|one| &one.version));
                true
            }
        };
        let precise = self.facts.precise.get(origin);
        let mut candidates: Vec<Version> = Vec::new();
        for version in found {
            let passed = precise.is_some_and(|p| p != version && on_one_track(p, version));
            if need.wanted.requirement.matches(version) && !passed && !candidates.contains(version)
            {
                candidates.push(version.clone());
            }
        }
        (candidates, complete)
    }

    /// A release that only hints name, and none of what was chosen does.
    fn unnamed(&self, end: &State) -> Option<Release> {
        let is_named = |(origin, version): &&Release| {
            let locked = self.facts.locked.get(origin);
            let named = |asked: &Asked| {
                asked.need.origin == *origin && asked.need.hinted.as_ref() == Some(version)
            };
            !matches!(self.facts.versions.get(origin), Some(Versions::Hinted))
                || locked.is_some_and(|locked| locked.contains(version))
                || end.asked.iter().any(named)
        };
        end.releases.iter().find(|one| !is_named(one)).cloned()
    }

    /// Keeps the first requirement that did not fit.
    fn note(&mut self, state: &State, asked: &Asked, several: bool) {
        if self.conflict.is_some() {
            return;
        }
        let need = &asked.need;
        let precise = self.facts.precise.get(&need.origin);
        let others = state.asked.iter().map(|asked| &asked.need);
        let others = others.filter(|other| other.origin == need.origin);
        let error = match several {
            true => conflict::several(need, others, precise),
            false => {
                let listed = match self.facts.versions.get(&need.origin) {
                    Some(Versions::Listed(all)) => all.clone(),
                    _ => {
                        let hinted = self.hinted.get(&need.origin).into_iter().flatten();
                        let listed = |version: &Version| Listed {
                            version: version.clone(),
                            yanked: false,
                        };
                        hinted.map(listed).collect()
                    }
                };
                conflict::unanswered(&need.wanted, &listed, precise)
            }
        };
        self.conflict = Some(error);
    }

    fn error(self) -> Error {
        let error = self.conflict;
        let error = error
            .unwrap_or_else(|| Error::input("no combination of releases meets all requirements"));
        match self.tries > TRIES {
            true => error.because("too many combinations of releases were tried"),
            false => error,
        }
    }
}

#[cfg(test)]
mod tests;

//! Tracks of compatible versions.

use semver::{Comparator, Op, Version, VersionReq};

/// The key of a track: versions on one track replace each other, and at most one
/// of them is chosen. A pre-release is on a track of its own, as its interfaces
/// are.
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

/// Whether all versions that match the requirement are on one track.
pub(super) fn allows_one_track_only(requirement: &VersionReq) -> bool {
    requirement.comparators.iter().any(|one| match one.op {
        Op::Exact => one.patch.is_some() || one.minor.is_some() || one.major > 0,
        Op::Caret | Op::Tilde => {
            one.pre.is_empty() && (one.major > 0 || one.minor.is_some_and(|minor| minor > 0))
        }
        Op::Wildcard => one.major > 0,
        _ => false,
    })
}

//! A version compared with its neighbours, before it is published.

use std::path::PathBuf;

use semver::Version;

use super::ready::ReadyRelease;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::progress::NoProgress;
use crate::model::component::compatible::first_incompatibility;
use crate::model::resolver::ListedVersion;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Registry;

/// The releases that a version is compared with: the nearest ones that are compatible by
/// their numbers, each with its file in the cache.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    below: Option<(Version, PathBuf)>,
    above: Option<(Version, PathBuf)>,
}

impl Neighbours {
    /// Fetches the releases around a version from its registry.
    pub fn fetch(
        ctx: &Context,
        registry: &dyn Registry,
        package: &PackageRef,
        version: &Version,
    ) -> Result<Self> {
        let listed = registry.versions(package)?.unwrap_or_default();
        let (below, above) = neighbours(&listed, version);
        let fetch = |version: Option<&Version>| -> Result<Option<(Version, PathBuf)>> {
            let Some(version) = version else {
                return Ok(None);
            };
            let Some(release) = registry.release(package, version)? else {
                return Ok(None);
            };
            let cache = ctx.cache();
            let file = cache.get_or_fetch(registry, package, &release, &NoProgress)?;
            Ok(Some((version.clone(), file)))
        };
        Ok(Neighbours {
            below: fetch(below)?,
            above: fetch(above)?,
        })
    }

    /// Refuses a version that lacks what the version below it has, or has what the
    /// version above it lacks.
    pub fn refuse_breaking(&self, ready: &ReadyRelease) -> Result<()> {
        let own = || fs::read(&ready.file);
        if let Some((below, old)) = &self.below
            && let Some(difference) = first_incompatibility(&fs::read(old)?, &own()?)?
        {
            return Err(incompatible(ready, below, difference));
        }
        if let Some((above, new)) = &self.above
            && let Some(difference) = first_incompatibility(&own()?, &fs::read(new)?)?
        {
            return Err(incompatible(ready, above, difference));
        }
        Ok(())
    }
}

fn incompatible(ready: &ReadyRelease, other: &Version, difference: String) -> Error {
    let ReadyRelease {
        package, version, ..
    } = ready;
    Error::input(format!(
        "`{package}@{version}` is not compatible with the published `{other}`"
    ))
    .with_cause(difference)
    .hint(format!(
        "publish it as version {}, or with `--allow-breaking`",
        breaking(version)
    ))
}

/// The first version that need not be compatible with this one.
fn breaking(version: &Version) -> Version {
    match (version.major, version.minor) {
        (0, 0) => Version::new(0, 0, version.patch + 1),
        (0, minor) => Version::new(0, minor + 1, 0),
        (major, _) => Version::new(major + 1, 0, 0),
    }
}

/// The nearest versions below and above that should be compatible. Releases
/// that were withdrawn or come before a release promise nothing.
fn neighbours<'a>(
    listed: &'a [ListedVersion],
    version: &Version,
) -> (Option<&'a Version>, Option<&'a Version>) {
    let fits = |listed: &&ListedVersion| {
        let other = &listed.version;
        let released = other.pre.is_empty() && version.pre.is_empty() && !listed.yanked;
        released && breaking(other) == breaking(version)
    };
    let all = || listed.iter().filter(fits).map(|listed| &listed.version);
    (
        all().filter(|other| *other < version).max(),
        all().filter(|other| *other > version).min(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_compatible_by_number() {
        let listed: Vec<ListedVersion> = [
            "0.1.0",
            "0.1.5",
            "0.2.0",
            "1.0.0",
            "1.2.0",
            "1.3.0-rc.1",
            "2.0.0",
        ]
        .iter()
        .map(|version| ListedVersion {
            version: version.parse().unwrap(),
            yanked: *version == "0.1.5",
        })
        .collect();
        let of = |version: &str| {
            let (below, above) = neighbours(&listed, &version.parse().unwrap());
            [below, above].map(|v| v.map(ToString::to_string).unwrap_or_default())
        };
        assert_eq!(of("0.1.9"), ["0.1.0", ""]);
        assert_eq!(of("0.0.1"), ["", ""]);
        assert_eq!(of("1.1.0"), ["1.0.0", "1.2.0"]);
        assert_eq!(of("1.4.0"), ["1.2.0", ""]);
        assert_eq!(of("1.4.0-rc.1"), ["", ""]);
        assert_eq!(of("2.0.0"), ["", ""]);
    }
}

//! A version compared with its neighbours, before it is published.

use semver::Version;

use super::ready::ReadyRelease;
use crate::base::error::{Error, Result};
use crate::base::progress::NoProgress;
use crate::model::component::compatible::first_incompatibility;
use crate::model::resolver::ListedVersion;
use crate::system::context::Context;
use crate::system::fs;

/// Refuses a version that lacks what the version below it has, or has what the
/// version above it lacks. Only versions that are compatible by their numbers
/// are compared.
pub(crate) fn refuse_breaking(ctx: &Context, ready: &ReadyRelease) -> Result<()> {
    let ReadyRelease {
        package,
        version,
        registry,
        ..
    } = ready;
    let listed = registry.versions(package)?.unwrap_or_default();
    let (below, above) = neighbours(&listed, version);
    let fetch = |version: &Version| -> Result<Option<Vec<u8>>> {
        let Some(release) = registry.release(package, version)? else {
            return Ok(None);
        };
        let file = ctx
            .cache()
            .get_or_fetch(&**registry, package, &release, &NoProgress)?;
        fs::read(&file).map(Some)
    };
    let own = fs::read(&ready.file)?;
    if let Some(below) = below
        && let Some(old) = fetch(below)?
        && let Some(difference) = first_incompatibility(&old, &own)?
    {
        return Err(incompatible(ready, below, difference));
    }
    if let Some(above) = above
        && let Some(new) = fetch(above)?
        && let Some(difference) = first_incompatibility(&own, &new)?
    {
        return Err(incompatible(ready, above, difference));
    }
    Ok(())
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

//! What `cargo component yank` does.

use semver::Version;

use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::model::resolver::ListedVersion;
use crate::pipeline::fetch::access::{Access, AccessOptions, VersionSelection, choose, with_route};
use crate::system::context::Context;

/// Withdraws a version of a package: those who locked it keep it, and nobody else gets it. A
/// version that is withdrawn already stays so.
pub fn yank(
    ctx: &Context,
    package: &PackageRef,
    version: &Version,
    options: &AccessOptions,
) -> Result<()> {
    let access = Access::new(ctx, options)?;
    let (registry, route) = access.open(package)?;
    let versions = access.versions(package, &*registry, &route)?;
    choose(
        package,
        &VersionSelection::Exactly(version.clone()),
        &versions,
    )?;
    let is_yanked = |listed: &ListedVersion| listed.yanked && listed.version == *version;
    if versions.iter().any(is_yanked) {
        let text = format!("`{package}@{version}`, which was withdrawn before");
        ctx.shell.status("Skipping", text);
        return Ok(());
    }
    let yanked = registry.yank(package, version);
    yanked.map_err(|error| with_route(error, &route))?;
    ctx.shell.status("Yank", format!("`{package}@{version}`"));
    Ok(())
}

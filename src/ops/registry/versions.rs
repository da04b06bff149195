//! What `cargo component registry versions` does.

use serde_json::json;

use super::facts_format::FactsFormat;
use crate::base::error::Result;
use crate::base::package::PackageRef;
use crate::base::progress::ProgressSize;
use crate::model::resolver::ListedVersion;
use crate::pipeline::fetch::access::{Access, AccessOptions};
use crate::system::context::Context;

/// Prints all versions of a package, the newest first.
pub fn versions(
    ctx: &Context,
    package: &PackageRef,
    options: &AccessOptions,
    format: FactsFormat,
) -> Result<()> {
    let access = Access::new(ctx, options)?;
    let (registry, route) = access.open(package)?;
    let progress = ctx.shell.progress("Listing", ProgressSize::Items(1));
    let versions = access.versions(package, &*registry, &route)?;
    drop(progress);
    if format == FactsFormat::Json {
        let location = registry.location(package);
        let all: Vec<_> = versions
            .iter()
            .map(|listed| json!({ "version": listed.version.to_string(), "yanked": listed.yanked }))
            .collect();
        let document = json!({
            "package": package.to_string(),
            "location": location.trim_matches('`'),
            "registry": route.name,
            "chosen_by": route.chosen_by.replace('`', ""),
            "versions": all,
        });
        ctx.shell.data(format!("{document:#}"));
        return Ok(());
    }
    for listed in versions {
        ctx.shell.data(line(&listed));
    }
    Ok(())
}

fn line(listed: &ListedVersion) -> String {
    match listed.yanked {
        true => format!("{} (yanked)", listed.version),
        false => listed.version.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_withdrawn_is_marked() {
        let mut listed = ListedVersion {
            version: "1.2.3".parse().unwrap(),
            yanked: false,
        };
        assert_eq!(line(&listed), "1.2.3");
        listed.yanked = true;
        assert_eq!(line(&listed), "1.2.3 (yanked)");
    }
}

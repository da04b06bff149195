//! Requirements on packages of registries, from manifests and WIT.

use std::path::Path;

use semver::{Comparator, Op, Version, VersionReq};

use crate::base::package::PackageRef;
use crate::model::manifest::{Dependency, DependencySource};
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit::MissingPackage;

/// The requirement of a manifest entry for a package of a registry; `None` for other
/// entries.
pub(crate) fn registry_requirement(key: &str, dependency: &Dependency) -> Option<Requirement> {
    let DependencySource::Registry {
        requirement,
        registry,
    } = &dependency.source
    else {
        return None;
    };
    let at = dependency.file.excerpt(dependency.span.clone());
    Some(Requirement {
        source: PackageSource {
            package: dependency.package.clone()?,
            registry: registry.clone(),
            address: None,
        },
        version_req: requirement.clone(),
        required_by: vec![format!(
            "the entry `{key}` of `{}`",
            file_name(&dependency.file.path)
        )],
        excerpt: Some(at),
    })
}

/// The file name of a manifest, for messages.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The requirement for a package that WIT names; `None` if no registry can have the
/// name.
pub(crate) fn wit_requirement(missing: &MissingPackage) -> Option<Requirement> {
    let name = &missing.name;
    let package: PackageRef = format!("{}:{}", name.namespace, name.name).parse().ok()?;
    Some(Requirement {
        source: PackageSource {
            package,
            registry: None,
            address: None,
        },
        version_req: match &name.version {
            Some(version) => exactly(version),
            None => VersionReq::STAR,
        },
        required_by: vec![missing.by.clone()],
        excerpt: missing.at.clone(),
    })
}

/// The requirement that only this version satisfies.
pub(crate) fn exactly(version: &Version) -> VersionReq {
    VersionReq {
        comparators: vec![Comparator {
            op: Op::Exact,
            major: version.major,
            minor: Some(version.minor),
            patch: Some(version.patch),
            pre: version.pre.clone(),
        }],
    }
}

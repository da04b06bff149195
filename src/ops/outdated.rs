//! What `cargo component outdated` does.

use semver::Version;

use super::tree::Format;
use crate::base::error::{Error, Result};
use crate::model::component::capabilities::host_imports;
use crate::model::component::is_wit_package;
use crate::model::component::names::with_current_names;
use crate::model::lockfile::Lockfile;
use crate::model::resolver::Requirement;
use crate::model::resolver::outdated::{NewerImports, Outdated, json, newer, table};
use crate::pipeline::fetch::packages::{PackageRequest, Packages};
use crate::pipeline::fetch::reference::artifact_reference;
use crate::pipeline::fetch::requirement::exactly;
use crate::pipeline::fetch::worlds::{ResolvedRequest, WorldResolver};
use crate::pipeline::link::embedded::resolve_embedded;
use crate::pipeline::link::without_build::dependencies_without_build;
use crate::pipeline::project::manifests::{Project, is_component, named_registries, with_tests};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::ManifestRegistries;

/// The consequence of outdated packages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutdatedPolicy {
    /// Outdated packages are only reported.
    #[default]
    Report,
    /// Outdated packages are an error.
    Fail,
}

/// The options of `cargo component outdated`.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutdatedOptions {
    /// The format of the output.
    pub format: Format,
    /// The consequence of outdated packages.
    pub policy: OutdatedPolicy,
    /// Whether newer releases of components are fetched, to show what they newly import.
    pub capabilities: bool,
}

/// Shows the locked releases of the selected packages that have newer versions.
/// Nothing is written but the cache.
pub fn outdated(ctx: &Context, args: &CargoArgs, options: &OutdatedOptions) -> Result<()> {
    let project = Project::load(ctx, args)?;
    let mut worlds = WorldResolver::new(ctx, &project)?;
    let mut requests: Vec<MemberRequest> = Vec::new();
    for index in &project.selected {
        let member = &project.workspace().members[*index];
        let manifest = project.manifest(ctx, member)?;
        if is_component(&manifest, member) {
            worlds.resolve(&manifest)?;
            for manifest in with_tests(&manifest) {
                dependencies_without_build(ctx, &project, &mut worlds, &manifest)?;
            }
        }
        resolve_embedded(&mut worlds, &manifest)?;
        let resolved = worlds.take_requests().into_iter();
        requests.extend(resolved.map(|resolved| MemberRequest {
            member: member.name.clone(),
            registries: named_registries(&manifest),
            resolved,
        }));
    }
    let rows = rows(&mut worlds, &requests, options.capabilities)?;
    report_outdated(
        ctx,
        &rows,
        options,
        "run `cargo component update` for compatible versions; for others, change the requirements in manifests and WIT",
    )
}

/// Prints the rows in the format of the options; with [`OutdatedPolicy::Fail`] they are an
/// error, whose fix is `hint`.
pub(super) fn report_outdated(
    ctx: &Context,
    rows: &[Outdated],
    options: &OutdatedOptions,
    hint: &str,
) -> Result<()> {
    match options.format {
        Format::Json => ctx.shell.data(format!("{:#}", json(rows))),
        Format::Text if rows.is_empty() => {
            let text = "all packages are up to date".to_owned();
            ctx.shell.status("Finished", text);
        }
        Format::Text => {
            let lines = table(rows).into_iter();
            lines.for_each(|line| ctx.shell.data(line));
        }
    }
    match (options.policy, rows.len()) {
        (OutdatedPolicy::Report, _) | (_, 0) => Ok(()),
        (OutdatedPolicy::Fail, count) => Err(Error::input(match count {
            1 => "1 package is outdated".to_owned(),
            many => format!("{many} packages are outdated"),
        })
        .hint(hint)),
    }
}

/// A resolved requirement of one member.
struct MemberRequest {
    /// The name of the member.
    member: String,
    /// The registries that the member's manifest names.
    registries: ManifestRegistries,
    resolved: ResolvedRequest,
}

impl MemberRequest {
    /// Whether the request names an OCI reference instead of a package.
    fn is_reference(&self) -> bool {
        artifact_reference(self.resolved.requirement.source.registry.as_deref()).is_some()
    }
}

/// One row for each locked release with a newer version or a changed tag, sorted
/// by name.
fn rows(
    worlds: &mut WorldResolver<'_>,
    requests: &[MemberRequest],
    capabilities: bool,
) -> Result<Vec<Outdated>> {
    let mut lists: Vec<(&Requirement, &ManifestRegistries)> = Vec::new();
    for request in requests.iter().filter(|request| !request.is_reference()) {
        let requirement = &request.resolved.requirement;
        if !lists
            .iter()
            .any(|(listed, _)| listed.source == requirement.source)
        {
            lists.push((requirement, &request.registries));
        }
    }
    let packages = worlds.packages()?;
    let catalog = packages.versions(lists)?.clone();
    let releases: Vec<_> = requests
        .iter()
        .map(|request| (&request.resolved.requirement, &request.resolved.found))
        .collect();
    let changed_tags = packages.changed_tags(&releases)?;
    let mut rows: Vec<Outdated> = Vec::new();
    for (request, moved) in requests.iter().zip(changed_tags) {
        let ResolvedRequest { requirement, found } = &request.resolved;
        let versions = catalog.versions(&requirement.source).unwrap_or_default();
        let (compatible, latest) = newer(requirement, &found.version, versions);
        if compatible.is_none() && latest.is_none() && moved.is_none() {
            continue;
        }
        let newer = compatible.as_ref().or(latest.as_ref());
        let newer_imports = match newer.filter(|_| capabilities) {
            Some(version) => newer_imports(packages, request, version)?,
            None => None,
        };
        let row = Outdated {
            name: requirement.source.package.to_string(),
            locked: found.version.clone(),
            compatible,
            latest,
            moved,
            requirement: requirement.version_req.to_string(),
            required_by: Vec::new(),
            registry: packages.display_location(&requirement.source, &request.registries)?,
            newer_imports,
        };
        let same = |old: &&mut Outdated| {
            let members = old.required_by.clone();
            let (required_by, row) = (members, row.clone());
            **old == Outdated { required_by, ..row }
        };
        let row = match rows.iter_mut().find(same) {
            Some(row) => row,
            None => {
                rows.push(row);
                let last = rows.len() - 1;
                &mut rows[last]
            }
        };
        if !row.required_by.contains(&request.member) {
            row.required_by.push(request.member.clone());
        }
    }
    rows.iter_mut().for_each(|row| row.required_by.sort());
    rows.sort_by(|a, b| {
        (&a.name, &a.locked, &a.requirement).cmp(&(&b.name, &b.locked, &b.requirement))
    });
    Ok(rows)
}

/// What a newer release imports, compared with the locked one; none for a package of
/// WIT.
fn newer_imports(
    packages: &mut Packages<'_>,
    request: &MemberRequest,
    version: &Version,
) -> Result<Option<NewerImports>> {
    let ResolvedRequest { requirement, found } = &request.resolved;
    let locked = fs::read(&found.file)?;
    if is_wit_package(&locked)? {
        return Ok(None);
    }
    let requirement = Requirement {
        version_req: exactly(version),
        ..requirement.clone()
    };
    let fetched = packages.fetch(&PackageRequest {
        requirements: std::slice::from_ref(&requirement),
        named: &request.registries,
        lock: &Lockfile::default(),
        locked: None,
    })?;
    let Some(newer) = fetched.first() else {
        return Ok(None);
    };
    let imports = |bytes: &[u8]| host_imports(&with_current_names(bytes)?);
    let (before, now) = (imports(&locked)?, imports(&fs::read(&newer.file)?)?);
    Ok(Some(NewerImports {
        version: version.clone(),
        new: now.without(&before),
        gone: before.without(&now),
    }))
}

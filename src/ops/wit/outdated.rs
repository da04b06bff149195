//! What `cargo component wit outdated` does.

use super::deps_record::DepsRecord;
use super::discover::find;
use super::project::{ProjectKind, WitMember, WitOptions};
use super::resolver::WitResolver;
use crate::base::error::{Error, Result};
use crate::model::lockfile::Locked;
use crate::model::resolver::outdated::{Outdated, newer};
use crate::model::resolver::{PackageSource, Requirement};
use crate::ops::outdated::{OutdatedOptions, report_outdated};
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::reference::artifact_reference;
use crate::system::context::Context;

/// Shows the packages of registries that the selected packages use, and of which there are
/// newer versions. Nothing is written but the cache.
pub fn outdated(ctx: &Context, options: &WitOptions, shown: &OutdatedOptions) -> Result<()> {
    let project = find(ctx, options)?;
    if let ProjectKind::Deps(_) = &project.kind {
        return Err(
            Error::usage("the entries of a `deps.toml` have no list of newer versions")
                .hint("run `cargo component deps check` to see what differs from the manifest"),
        );
    }
    let mut resolver = WitResolver::new(ctx, &project)?;
    let mut rows: Vec<Outdated> = Vec::new();
    for member in &project.members {
        for row in rows_of(ctx, &mut resolver, member)? {
            let same = |old: &&mut Outdated| {
                let required_by = old.required_by.clone();
                **old
                    == Outdated {
                        required_by,
                        ..row.clone()
                    }
            };
            match rows.iter_mut().find(same) {
                Some(old) => old.required_by.extend(row.required_by),
                None => rows.push(row),
            }
        }
    }
    rows.sort_by(|a, b| (&a.name, &a.locked).cmp(&(&b.name, &b.locked)));
    report_outdated(
        ctx,
        &rows,
        shown,
        "run `cargo component wit update` for compatible versions; `cargo component wit upgrade` raises versions that WIT names",
    )
}

/// The rows of one package of the project.
fn rows_of(
    ctx: &Context,
    resolver: &mut WitResolver<'_>,
    member: &WitMember,
) -> Result<Vec<Outdated>> {
    // Packages that `fetch` wrote are those of the registry.
    let written = DepsRecord::of(ctx, &member.deps);
    let resolved = resolver.resolve(member, &|path| written.own_digest(path).is_some())?;
    let name = resolved.package.name();
    let name = format!("{}:{}", name.namespace, name.name);
    let used = resolver.used_entries();
    let mut rows = Vec::new();
    for found in &resolved.fetched {
        let is = |entry: &&Locked| entry.package == found.package && entry.digest == found.digest;
        let Some(entry) = used.entries().iter().find(is) else {
            continue;
        };
        // A reference has no list of versions.
        if artifact_reference(entry.registry.as_deref()).is_none() {
            rows.extend(row(resolver, member, entry, found)?);
        }
    }
    rows.iter_mut()
        .for_each(|row| row.required_by.push(name.clone()));
    Ok(rows)
}

/// The row of a release, if there is a newer version.
fn row(
    resolver: &mut WitResolver<'_>,
    member: &WitMember,
    entry: &Locked,
    found: &Fetched,
) -> Result<Option<Outdated>> {
    let requirement = Requirement {
        source: PackageSource {
            package: entry.package.clone(),
            registry: entry.registry.clone(),
            address: entry.address.clone(),
        },
        version_req: entry.requirement.clone(),
        required_by: vec![format!("`{}`", member.wit.display())],
        excerpt: None,
    };
    let registry = resolver.describe_origin(member, found)?;
    let (packages, names) = resolver.registries(member)?;
    let catalog = packages.versions(vec![(&requirement, &names)])?;
    let versions = catalog.versions(&requirement.source).unwrap_or_default();
    let (compatible, latest) = newer(&requirement, &found.version, versions);
    if compatible.is_none() && latest.is_none() {
        return Ok(None);
    }
    Ok(Some(Outdated {
        name: entry.package.to_string(),
        locked: found.version.clone(),
        compatible,
        latest,
        moved: None,
        requirement: entry.requirement.to_string(),
        required_by: Vec::new(),
        registry,
        newer_imports: None,
    }))
}

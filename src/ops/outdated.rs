//! What `cargo component outdated` does.

use super::tree::Format;
use crate::base::error::{Error, Result};
use crate::model::resolver::Requirement;
use crate::model::resolver::outdated::{Outdated, json, newer, table};
use crate::pipeline::fetch::reference::reference;
use crate::pipeline::fetch::worlds::{ResolvedRequest, WorldResolver};
use crate::pipeline::link::without_build::followed;
use crate::pipeline::project::manifests::{Project, is_component, named_registries};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::registry::routes::ManifestRegistries;

/// What happens if a package is outdated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Outdated packages are only reported.
    #[default]
    Tell,
    /// Outdated packages are an error.
    Fail,
}

/// Shows what is locked for the selected packages and has newer versions.
/// Nothing is written.
pub fn outdated(
    ctx: &Context,
    args: &CargoArgs,
    (format, verdict): (Format, Verdict),
) -> Result<()> {
    let project = Project::load(ctx, args)?;
    let mut worlds = WorldResolver::new(ctx, &project)?;
    let mut asked: Vec<(String, ManifestRegistries, ResolvedRequest)> = Vec::new();
    for index in &project.selected {
        let member = &project.workspace().members[*index];
        let manifest = project.manifest(ctx, member)?;
        if !is_component(&manifest, member) {
            continue;
        }
        worlds.resolve(&manifest)?;
        followed(ctx, &project, &mut worlds, &manifest)?;
        let named = named_registries(&manifest);
        let all = worlds.take_requests().into_iter();
        asked.extend(all.map(|one| (member.name.clone(), named.clone(), one)));
    }
    let rows = rows(&mut worlds, &asked)?;
    match format {
        Format::Json => ctx.shell.data(format!("{:#}", json(&rows))),
        Format::Text if rows.is_empty() => {
            let text = "all packages are up to date".to_owned();
            ctx.shell.status("Finished", text);
        }
        Format::Text => {
            let lines = table(&rows).into_iter();
            lines.for_each(|line| ctx.shell.data(line));
        }
    }
    match (verdict, rows.len()) {
        (Verdict::Tell, _) | (_, 0) => Ok(()),
        (Verdict::Fail, count) => Err(Error::input(match count {
            1 => "1 package is outdated".to_owned(),
            many => format!("{many} packages are outdated"),
        })
        .hint("run `cargo component update` for compatible versions; for others, change the requirements in manifests and WIT")),
    }
}

/// A row for each answer there is something newer than, by name.
fn rows(
    worlds: &mut WorldResolver<'_>,
    asked: &[(String, ManifestRegistries, ResolvedRequest)],
) -> Result<Vec<Outdated>> {
    let mut lists: Vec<(&Requirement, &ManifestRegistries)> = Vec::new();
    let is_reference =
        |one: &ResolvedRequest| reference(one.wanted.source.registry.as_deref()).is_some();
    for (_, named, one) in asked.iter().filter(|(_, _, one)| !is_reference(one)) {
        if !lists
            .iter()
            .any(|(known, _)| known.source == one.wanted.source)
        {
            lists.push((&one.wanted, named));
        }
    }
    let packages = worlds.packages()?;
    let catalog = packages.versions(lists)?.clone();
    let all: Vec<_> = asked
        .iter()
        .map(|(_, _, one)| (&one.wanted, &one.found))
        .collect();
    let moved = packages.moved(&all)?;
    let mut rows: Vec<Outdated> = Vec::new();
    for ((member, named, ResolvedRequest { wanted, found }), moved) in asked.iter().zip(moved) {
        let versions = catalog.versions(&wanted.source).unwrap_or_default();
        let (compatible, latest) = newer(wanted, &found.version, versions);
        if compatible.is_none() && latest.is_none() && moved.is_none() {
            continue;
        }
        let row = Outdated {
            name: wanted.source.package.to_string(),
            locked: found.version.clone(),
            compatible,
            latest,
            moved,
            requirement: wanted.version_req.to_string(),
            required_by: Vec::new(),
            registry: packages.place(&wanted.source, named)?,
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
        if !row.required_by.contains(member) {
            row.required_by.push(member.clone());
        }
    }
    rows.iter_mut().for_each(|row| row.required_by.sort());
    rows.sort_by(|a, b| {
        (&a.name, &a.locked, &a.requirement).cmp(&(&b.name, &b.locked, &b.requirement))
    });
    Ok(rows)
}

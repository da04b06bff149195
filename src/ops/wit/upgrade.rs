//! `cargo component wit upgrade`: newer versions in the WIT itself.

use std::collections::BTreeMap;
use std::path::Path;

use semver::{Comparator, Op, Version, VersionReq};
use wit_parser::PackageName;

use super::deps_folder::{plan, write};
use super::discover::find;
use super::edits::{ManifestTable, OriginalTexts, check_edits, wit_files, with_edits};
use super::project::{ProjectKind, WitMember, WitOptions, WitProject};
use super::resolver::{FileTexts, WitResolver};
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::manifest::ManifestFile;
use crate::model::manifest::deps;
use crate::model::manifest::deps::DepsSource;
use crate::model::resolver::outdated::{aligned, newer};
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit::declared_packages;
use crate::model::wit::text::{named_versions, replace_versions};
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::source;

/// How far versions are raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpgradeLevel {
    /// To the newest compatible version.
    #[default]
    Compatible,
    /// To the newest version of all.
    Breaking,
}

/// The options of `cargo component wit upgrade`.
#[derive(Clone, Debug, Default)]
pub struct UpgradeOptions {
    /// The packages to replace_versions; none for all.
    pub packages: Vec<PackageRef>,
    /// How far versions are raised.
    pub level: UpgradeLevel,
    /// Only show what would change, and write nothing.
    pub dry_run: bool,
}

/// The versions that WIT names, with those that replace them.
type Upgrades = BTreeMap<(PackageRef, Version), Version>;

/// Raises the versions that the project's own WIT names, and the requirements
/// of its manifest that do not admit them. A table of them is shown first; the
/// result is loaded before all files are written, or none, together with the lock
/// file and every `deps` that `fetch` wrote.
pub fn upgrade(ctx: &Context, options: &WitOptions, wanted: &UpgradeOptions) -> Result<()> {
    let project = find(ctx, options)?;
    if let ProjectKind::Deps(manifest) = &project.kind {
        return Err(of_deps(ctx, manifest, &wanted.packages)?);
    }
    let mut resolver = WitResolver::new(ctx, &project)?;
    let mut rows = Upgrades::new();
    let mut tables = Vec::new();
    for member in &project.members {
        let table = ManifestTable::of(&project, member)?;
        let named_versions = named_by(&project, member, &table)?;
        rows.extend(newest(
            &mut resolver,
            member,
            &table,
            &named_versions,
            wanted,
        )?);
        tables.push(table);
    }
    if rows.is_empty() {
        let text = "all versions in the WIT are up to date".to_owned();
        ctx.shell.status("Finished", text);
        return Ok(());
    }
    let mut cells = vec![["Package", "Version", "New version"].map(str::to_owned)];
    let cell = |((package, old), new): (&(PackageRef, Version), &Version)| {
        [package.to_string(), old.to_string(), new.to_string()]
    };
    cells.extend(rows.iter().map(cell));
    aligned(&cells).into_iter().for_each(|l| ctx.shell.data(l));
    if wanted.dry_run {
        let text = "not changing the WIT due to --dry-run option".to_owned();
        ctx.shell.warn(text);
        return Ok(());
    }
    if project.mode.is_locked() {
        return Err(must_not_change(&project.lock_file));
    }
    let anew = |package: &PackageRef| rows.keys().any(|(raised, _)| raised == package);
    let texts = fs::retry_if_changed(|| {
        let before = OriginalTexts::read(&project, &project.members)?;
        let mut texts = FileTexts::new();
        for (member, table) in project.members.iter().zip(&tables) {
            raise_member(member, table, &rows, &mut texts)?;
        }
        check_edits(ctx, &project, &project.members, &texts, anew)?;
        let mut change = Change::new();
        let raised = with_edits(&project, &texts)?.with_all_members();
        let mut resolver = WitResolver::new(ctx, &raised)?.with_texts(texts.clone());
        resolver.forget(|entry| anew(&entry.package));
        let mut folders = plan(ctx, &raised, &mut resolver, None)?;
        folders.retain(|folder| folder.has_own);
        before.add_to(&mut change, &texts);
        write(ctx, resolver, folders, change)?;
        Ok(texts)
    })?;
    for path in texts.keys() {
        let text = format!("`{}`", ctx.display(path));
        ctx.shell.status("Upgraded", text);
    }
    Ok(())
}

/// The error for a `deps.toml`, whose entries are not raised: what its versions
/// and addresses mean for the WIT beside it is not known.
fn of_deps(ctx: &Context, path: &Path, packages: &[PackageRef]) -> Result<Error> {
    let manifest = deps::read(ManifestFile::new(path, &fs::read_text(path)?))?;
    let is = |key: &&String, package: &PackageRef| {
        let source = &manifest.entries[*key].source;
        matches!(source, DepsSource::Package { package: known, .. } if known == package)
            || **key == *package.name()
    };
    let mut keys = manifest.entries.keys();
    let key = keys.find(|key| packages.iter().any(|package| is(key, package)));
    let shown = ctx.display(path);
    let entry = match key {
        Some(key) => format!("the entry `{key}`"),
        None => "the entries".to_owned(),
    };
    let error = Error::usage(format!("versions in `{shown}` cannot be upgraded"));
    Ok(error.hint(format!(
        "edit {entry} of `{shown}` and the WIT, then run `cargo component deps update`"
    )))
}

/// The packages outside the project that a package's own files name, with the
/// versions named_versions.
fn named_by(
    project: &WitProject,
    member: &WitMember,
    table: &ManifestTable,
) -> Result<Vec<(PackageRef, Version)>> {
    let mut own: Vec<PackageName> = Vec::new();
    for member in project.all.iter().chain([member]) {
        own.extend(declared_packages(&[source::read(&member.wit)?.main]));
    }
    let is_own = |package: &PackageRef| {
        let same = |name: &PackageName| {
            name.namespace == package.namespace() && name.name == package.name()
        };
        own.iter().any(same)
            || table
                .find(package)
                .is_some_and(|known| known.path.is_some())
    };
    let mut all = Vec::new();
    for file in wit_files(member)? {
        for (name, _) in named_versions(&file.text) {
            let package = format!("{}:{}", name.namespace, name.name);
            // No registry has packages with other names.
            let (Ok(package), Some(version)) = (package.parse(), name.version) else {
                continue;
            };
            let one = (package, version);
            if !is_own(&one.0) && !all.contains(&one) {
                all.push(one);
            }
        }
    }
    Ok(all)
}

/// Newer versions for those that are named_versions, as far as the options allow.
fn newest(
    resolver: &mut WitResolver<'_>,
    member: &WitMember,
    table: &ManifestTable,
    named_versions: &[(PackageRef, Version)],
    wanted: &UpgradeOptions,
) -> Result<Upgrades> {
    refuse_unknown(&wanted.packages, named_versions)?;
    let ctx = resolver.ctx;
    let meant =
        |package: &PackageRef| wanted.packages.is_empty() || wanted.packages.contains(package);
    let (packages, names) = resolver.registries(member)?;
    let mut asked = Vec::new();
    for (package, version) in named_versions.iter().filter(|(package, _)| meant(package)) {
        let one = Requirement {
            source: PackageSource {
                package: package.clone(),
                registry: table.find(package).and_then(|known| known.registry.clone()),
                address: None,
            },
            version_req: compatible(version),
            required_by: vec![format!("`{}`", member.wit.display())],
            excerpt: None,
        };
        match packages.has_route(&one, &names) {
            true => asked.push((one, version)),
            false => ctx.shell.note(format!(
                "no registry is configured for `{package}`, so its version was not changed"
            )),
        }
    }
    let lists = asked.iter().map(|(one, _)| (one, &names)).collect();
    let catalog = packages.versions(lists)?;
    let mut rows = Upgrades::new();
    for (one, old) in &asked {
        let versions = catalog.versions(&one.source).unwrap_or_default();
        let (compatible, latest) = newer(one, old, versions);
        let new = match wanted.level {
            UpgradeLevel::Compatible => compatible,
            UpgradeLevel::Breaking => latest,
        };
        if let Some(new) = new {
            rows.insert((one.source.package.clone(), (*old).clone()), new);
        }
    }
    Ok(rows)
}

fn refuse_unknown(packages: &[PackageRef], named_versions: &[(PackageRef, Version)]) -> Result<()> {
    let is_unknown =
        |package: &&PackageRef| !named_versions.iter().any(|(known, _)| known == *package);
    let Some(unknown) = packages.iter().find(is_unknown) else {
        return Ok(());
    };
    let error = Error::input(format!(
        "the WIT uses no version of the package `{unknown}`"
    ));
    let names: Vec<String> = named_versions
        .iter()
        .map(|(package, _)| package.to_string())
        .collect();
    let near = nearest(&unknown.to_string(), names.iter().map(String::as_str));
    Err(match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("name no package to replace_versions all of them"),
    })
}

/// The requirement that a bare version means in a manifest.
fn compatible(version: &Version) -> VersionReq {
    VersionReq {
        comparators: vec![Comparator {
            op: Op::Caret,
            major: version.major,
            minor: Some(version.minor),
            patch: Some(version.patch),
            pre: version.pre.clone(),
        }],
    }
}

/// Adds the new texts of a package and its manifest.
fn raise_member(
    member: &WitMember,
    table: &ManifestTable,
    rows: &Upgrades,
    texts: &mut FileTexts,
) -> Result<()> {
    let new = |name: &PackageName| {
        let package = format!("{}:{}", name.namespace, name.name).parse().ok()?;
        rows.get(&(package, name.version.clone()?)).cloned()
    };
    for file in wit_files(member)? {
        if let Some(text) = replace_versions(&file.text, new) {
            texts.insert(file.path, text);
        }
    }
    let mut edit = table.edit()?;
    let mut changed = false;
    for known in table.entries() {
        let (Some(package), Some(requirement)) = (&known.package, &known.requirement) else {
            continue;
        };
        let of = rows
            .iter()
            .filter(|((named_versions, _), _)| named_versions == package);
        if let Some(new) = of.map(|(_, new)| new).max()
            && !requirement.matches(new)
        {
            changed |= edit.set_requirement(table.kind, &known.key, &new.to_string());
        }
    }
    if changed {
        texts.insert(table.path.clone(), edit.text());
    }
    Ok(())
}

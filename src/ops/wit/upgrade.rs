//! `cargo component wit upgrade`: newer versions in the WIT itself.

use std::collections::BTreeMap;
use std::path::Path;

use semver::{Comparator, Op, Version, VersionReq};
use wit_parser::PackageName;

use super::edited::{Before, Table, as_edited, check, own_texts};
use super::fetch::{plan, write};
use super::project::{Kind, Member, Project, WitOptions, find};
use super::resolve::{Session, Texts};
use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::model::manifest::ManifestFile;
use crate::model::manifest::deps;
use crate::model::manifest::deps::DepsSource;
use crate::model::resolver::outdated::{aligned, newer};
use crate::model::resolver::{Source, Wanted};
use crate::model::wit::declared_packages;
use crate::model::wit::text::{named, raise};
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::source;

/// How far versions go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// To the newest compatible one.
    #[default]
    Compatible,
    /// To the newest one.
    Breaking,
}

/// What to raise, and how far.
#[derive(Clone, Debug, Default)]
pub struct UpgradeOptions {
    /// The packages; none for all.
    pub packages: Vec<PackageRef>,
    /// How far.
    pub reach: Reach,
    /// Only show what would change.
    pub dry_run: bool,
}

/// A version that is named, with the one that takes its place.
type Rows = BTreeMap<(PackageRef, Version), Version>;

/// Raises the versions that the project's own WIT names, and the requirements
/// of its manifest that do not admit them. A table of them is shown first; the
/// result is loaded before all files are written, or none, together with the lock
/// file and every `deps` that `fetch` wrote.
pub fn upgrade(ctx: &Context, options: &WitOptions, wanted: &UpgradeOptions) -> Result<()> {
    let project = find(ctx, options)?;
    if let Kind::Deps(manifest) = &project.kind {
        return Err(of_deps(ctx, manifest, &wanted.packages)?);
    }
    let mut session = Session::new(ctx, &project)?;
    let mut rows = Rows::new();
    let mut tables = Vec::new();
    for member in &project.members {
        let table = Table::of(&project, member)?;
        let named = named_by(&project, (member, &table))?;
        rows.extend(newest(ctx, &mut session, (member, &table, &named), wanted)?);
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
    let texts = fs::again(|| {
        let before = Before::read(&project, &project.members)?;
        let mut texts = Texts::new();
        for (member, table) in project.members.iter().zip(&tables) {
            raise_member(member, (table, &rows), &mut texts)?;
        }
        check(ctx, (&project, &project.members), &texts, anew)?;
        let mut change = Change::new();
        let raised = as_edited(&project, &texts)?.whole();
        let mut session = Session::new(ctx, &raised)?.with_texts(texts.clone());
        session.forget(anew);
        let mut places = plan(ctx, &raised, &mut session, None)?;
        places.retain(|place| place.has_own);
        before.add_to(&mut change, &texts);
        write(ctx, (session, places), change)?;
        Ok(texts)
    })?;
    for path in texts.keys() {
        let text = format!("`{}`", ctx.display(path));
        ctx.shell.status("Upgraded", text);
    }
    Ok(())
}

/// Why the entries of a `deps.toml` stay: what its versions and addresses mean
/// for the WIT beside it is not known here.
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

/// The versions that a package's own files name, of packages that are not of
/// the project itself.
fn named_by(
    project: &Project,
    (member, table): (&Member, &Table),
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
    for file in own_texts(member)? {
        for (name, _) in named(&file.text) {
            let package = format!("{}:{}", name.namespace, name.name);
            // Other names are of no registry.
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

/// What there is for versions that are named, as far as it is newer.
fn newest(
    ctx: &Context,
    session: &mut Session<'_>,
    (member, table, named): (&Member, &Table, &[(PackageRef, Version)]),
    wanted: &UpgradeOptions,
) -> Result<Rows> {
    refuse_unknown(&wanted.packages, named)?;
    let meant =
        |package: &PackageRef| wanted.packages.is_empty() || wanted.packages.contains(package);
    let (packages, names) = session.registries(member)?;
    let mut asked = Vec::new();
    for (package, version) in named.iter().filter(|(package, _)| meant(package)) {
        let one = Wanted {
            source: Source {
                package: package.clone(),
                registry: table.find(package).and_then(|known| known.registry.clone()),
                address: None,
            },
            requirement: compatible(version),
            by: vec![format!("`{}`", member.wit.display())],
            at: None,
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
    let mut rows = Rows::new();
    for (one, old) in &asked {
        let versions = catalog.versions(&one.source).unwrap_or_default();
        let (compatible, latest) = newer(one, old, versions);
        let new = match wanted.reach {
            Reach::Compatible => compatible,
            Reach::Breaking => latest,
        };
        if let Some(new) = new {
            rows.insert((one.source.package.clone(), (*old).clone()), new);
        }
    }
    Ok(rows)
}

fn refuse_unknown(packages: &[PackageRef], named: &[(PackageRef, Version)]) -> Result<()> {
    let is_unknown = |package: &&PackageRef| !named.iter().any(|(known, _)| known == *package);
    let Some(unknown) = packages.iter().find(is_unknown) else {
        return Ok(());
    };
    let error = Error::input(format!(
        "the WIT uses no version of the package `{unknown}`"
    ));
    let names: Vec<String> = named
        .iter()
        .map(|(package, _)| package.to_string())
        .collect();
    let near = nearest(&unknown.to_string(), names.iter().map(String::as_str));
    Err(match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("name no package to upgrade all packages"),
    })
}

/// What a bare version means in a manifest.
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
fn raise_member(member: &Member, (table, rows): (&Table, &Rows), texts: &mut Texts) -> Result<()> {
    let new = |name: &PackageName| {
        let package = format!("{}:{}", name.namespace, name.name).parse().ok()?;
        rows.get(&(package, name.version.clone()?)).cloned()
    };
    for file in own_texts(member)? {
        if let Some(text) = raise(&file.text, new) {
            texts.insert(file.path, text);
        }
    }
    let mut edit = table.edit()?;
    let mut changed = false;
    for known in table.entries() {
        let (Some(package), Some(requirement)) = (&known.package, &known.requirement) else {
            continue;
        };
        let of = rows.iter().filter(|((named, _), _)| named == package);
        if let Some(new) = of.map(|(_, new)| new).max()
            && !requirement.matches(new)
        {
            changed |= edit.set_requirement(table.which, &known.key, &new.to_string());
        }
    }
    if changed {
        texts.insert(table.path.clone(), edit.text());
    }
    Ok(())
}

//! From sources to a [`World`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{
    PackageId, PackageName, Resolve, SourceMap, UnresolvedPackage, UnresolvedPackageGroup, WorldId,
};

use super::complete::complete_versions;
use super::diagnose::{self, Texts};
use super::{Entry, Request, World};
use crate::advice::{Error, Result, nearest};

/// Loads the world asked for.
///
/// Packages of `overrides` win over those of the same name and version in
/// `deps`. Binary packages count only where no text has the package. A
/// reference without version takes the version at hand.
pub fn load(request: Request<'_>) -> Result<World> {
    let mut loading = Loading::default();
    let main_name = loading.main(&request.sources.main)?;
    for overriding in &request.overrides {
        loading.add(&overriding.main, Rank::Override)?;
    }
    for dep in &request.sources.deps {
        loading.add(dep, Rank::Deps)?;
    }
    for dep in request.overrides.iter().flat_map(|o| &o.deps) {
        loading.add(dep, Rank::Beside)?;
    }
    loading.add_decoded()?;
    let Loading {
        mut groups,
        texts,
        notes,
        ..
    } = loading;
    complete_versions(&mut groups, &texts)?;

    let mut resolve = Resolve::new();
    resolve.features.extend(request.features.iter().cloned());
    resolve.all_features = request.all_features;
    let known = diagnose::Known::of(&groups);
    let mut packages = groups.into_iter().map(|group| group.group);
    let main = packages
        .next()
        .ok_or_else(|| Error::input("there is no WIT to load"))?;
    let rest = packages.collect();
    resolve.push_groups(main, rest).map_err(|e| {
        diagnose::resolve_error(&e, &resolve.source_map, &texts, &known, request.declared)
    })?;
    let package = resolve.package_names[&main_name];
    let id = select(
        &resolve,
        package,
        request.world,
        path_of(&request.sources.main),
    )?;
    Ok(World { resolve, id, notes })
}

/// The names of the worlds of the package an entry is of; `None` if it cannot
/// be parsed on its own.
pub fn worlds(entry: &Entry) -> Option<Vec<String>> {
    match entry {
        Entry::Text { files, .. } => {
            let mut map = SourceMap::default();
            for file in files {
                map.push(&file.path, file.text.as_str());
            }
            let main = map.parse().ok()?.main;
            // Worlds of other packages stand before its own, without a package.
            let foreign = main
                .foreign_deps
                .values()
                .flatten()
                .filter_map(|(_, (item, _))| match item {
                    wit_parser::AstItem::World(id) => Some(*id),
                    wit_parser::AstItem::Interface(_) => None,
                });
            let foreign: Vec<WorldId> = foreign.collect();
            let own = main.worlds.iter().filter(|(id, _)| !foreign.contains(id));
            Some(own.map(|(_, world)| world.name.clone()).collect())
        }
        Entry::Wasm { path, bytes } => {
            let (resolve, package, _) = decode(path, bytes).ok()?;
            Some(resolve.packages[package].worlds.keys().cloned().collect())
        }
    }
}

/// The names of the packages these sources are of; sources that cannot be
/// parsed have none.
pub fn declared_packages(entries: &[Entry]) -> Vec<PackageName> {
    let names = |entry: &Entry| match entry {
        Entry::Text { files, .. } => {
            let mut map = SourceMap::default();
            for file in files {
                map.push(&file.path, file.text.as_str());
            }
            let group = map.parse().ok();
            let packages = |g: UnresolvedPackageGroup| std::iter::once(g.main).chain(g.nested);
            group
                .into_iter()
                .flat_map(packages)
                .map(|p| p.name)
                .collect::<Vec<_>>()
        }
        Entry::Wasm { path, bytes } => match decode(path, bytes) {
            Ok((resolve, ..)) => resolve.package_names.keys().cloned().collect(),
            Err(_) => Vec::new(),
        },
    };
    entries.iter().flat_map(names).collect()
}

fn path_of(entry: &Entry) -> &Path {
    match entry {
        Entry::Text { path, .. } | Entry::Wasm { path, .. } => path,
    }
}

/// How strongly an entry stands for the packages it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Main,
    Override,
    Deps,
    /// The `deps` beside an override.
    Beside,
    /// A copy inside a binary package of something else.
    Embedded,
}

/// One parsed source with its rank.
pub(super) struct Group {
    pub(super) rank: Rank,
    pub(super) group: UnresolvedPackageGroup,
}

impl Group {
    pub(super) fn packages(&self) -> impl Iterator<Item = &UnresolvedPackage> {
        std::iter::once(&self.group.main).chain(&self.group.nested)
    }

    pub(super) fn packages_mut(&mut self) -> impl Iterator<Item = &mut UnresolvedPackage> {
        std::iter::once(&mut self.group.main).chain(&mut self.group.nested)
    }
}

#[derive(Default)]
struct Loading {
    /// The main group first.
    groups: Vec<Group>,
    names: BTreeSet<PackageName>,
    /// Where each group's packages come from, for telling duplicates.
    origins: BTreeMap<PackageName, (Rank, String)>,
    texts: Texts,
    notes: Vec<String>,
    /// All binary packages merged, and those that were given as such.
    decoded: Resolve,
    roots: Vec<(PackageName, Rank)>,
}

impl Loading {
    /// Takes the project's own WIT; its package's name.
    fn main(&mut self, entry: &Entry) -> Result<PackageName> {
        match entry {
            Entry::Text { path, files } => {
                if files.is_empty() {
                    return Err(Error::input(format!(
                        "no WIT files found in `{}`",
                        path.display()
                    ))
                    .hint("add a `.wit` file with `package namespace:name;` and a world"));
                }
                let name = self.text(entry, Rank::Main)?;
                name.ok_or_else(|| Error::input(format!("no package in `{}`", path.display())))
            }
            Entry::Wasm { path, bytes } => {
                let (resolve, package, component) = decode(path, bytes)?;
                let name = resolve.packages[package].name.clone();
                if component {
                    // The package of a component's world has a name that is
                    // no name; everything it refers to is decoded beside it.
                    self.roots.push((name.clone(), Rank::Main));
                }
                self.print(&resolve, package, (Rank::Main, path))?;
                self.merge(path, resolve)?;
                Ok(name)
            }
        }
    }

    fn add(&mut self, entry: &Entry, rank: Rank) -> Result<()> {
        match entry {
            Entry::Text { .. } => self.text(entry, rank).map(|_| ()),
            Entry::Wasm { path, bytes } => {
                let (resolve, package, component) = decode(path, bytes)?;
                if component {
                    self.notes.push(format!(
                        "`{}` is a component and counts only by its WIT here; components to import from belong into `[package.metadata.component.dependencies]`",
                        path.display()
                    ));
                } else {
                    self.roots
                        .push((resolve.packages[package].name.clone(), rank));
                }
                self.merge(path, resolve)
            }
        }
    }

    /// Parses text, unless something stronger has its package; the package's
    /// name.
    fn text(&mut self, entry: &Entry, rank: Rank) -> Result<Option<PackageName>> {
        let Entry::Text { path, files } = entry else {
            return Ok(None);
        };
        if files.is_empty() {
            return Ok(None);
        }
        let mut map = SourceMap::default();
        for file in files {
            self.texts.insert(&file.path, &file.text);
            map.push(&file.path, file.text.as_str());
        }
        let group = map
            .parse()
            .map_err(|(map, e)| diagnose::parse_error(&e, &map, &self.texts))?;
        let name = group.main.name.clone();
        let group = Group { rank, group };
        let names: Vec<_> = group.packages().map(|p| p.name.clone()).collect();
        if let Some((_, stronger)) = self.origins.get(&name).filter(|(r, _)| *r != rank) {
            // An override stands for the whole package.
            let _ = stronger;
            return Ok(Some(name));
        }
        for name in names {
            let origin = (rank, path.display().to_string());
            if let Some((_, other)) = self.origins.insert(name.clone(), origin) {
                return Err(
                    Error::input(format!("the package `{name}` is defined in two places"))
                        .because(format!("in `{other}`"))
                        .because(format!("in `{}`", path.display()))
                        .hint("remove one of them"),
                );
            }
            self.names.insert(name);
        }
        self.groups.push(group);
        Ok(Some(name))
    }

    fn merge(&mut self, path: &Path, resolve: Resolve) -> Result<()> {
        self.decoded.merge(resolve).map(|_| ()).map_err(|e| {
            Error::input(format!(
                "`{}` does not fit the other WIT packages",
                path.display()
            ))
            .because(format!("{e:#}"))
        })
    }

    /// Adds the binary packages, as text, where no text has them.
    fn add_decoded(&mut self) -> Result<()> {
        let decoded = std::mem::take(&mut self.decoded);
        for (id, package) in decoded.packages.iter() {
            let root = package.name.namespace == "root" && package.name.version.is_none();
            if root || self.names.contains(&package.name) {
                continue;
            }
            let given = self.roots.iter().find(|(name, _)| *name == package.name);
            let rank = given.map_or(Rank::Embedded, |(_, rank)| *rank);
            let path = format!("{}.wasm", package.name);
            self.print(&decoded, id, (rank, Path::new(&path)))?;
        }
        Ok(())
    }

    fn print(
        &mut self,
        resolve: &Resolve,
        package: PackageId,
        (rank, path): (Rank, &Path),
    ) -> Result<()> {
        let mut printer = WitPrinter::default();
        printer
            .print(resolve, package, &[])
            .map_err(|e| undecodable(path, &e))?;
        let entry = Entry::Text {
            path: path.to_owned(),
            files: vec![super::TextFile {
                path: path.to_owned(),
                text: printer.output.to_string(),
            }],
        };
        self.text(&entry, rank).map(|_| ())
    }
}

fn undecodable(path: &Path, cause: &impl std::fmt::Display) -> Error {
    Error::input(format!(
        "failed to read the WIT package in `{}`",
        path.display()
    ))
    .because(format!("{cause:#}"))
}

/// A binary package or component: everything in it, its package, and whether
/// it is a component.
fn decode(path: &Path, bytes: &[u8]) -> Result<(Resolve, PackageId, bool)> {
    match wit_component::decode(bytes).map_err(|e| undecodable(path, &e))? {
        DecodedWasm::WitPackage(resolve, package) => Ok((resolve, package, false)),
        DecodedWasm::Component(resolve, world) => {
            let package = resolve.worlds[world].package;
            let package = package.ok_or_else(|| undecodable(path, &"its world has no package"))?;
            Ok((resolve, package, true))
        }
    }
}

/// The world called `name`, or the only one of the package.
fn select(
    resolve: &Resolve,
    package: PackageId,
    name: Option<&str>,
    path: &Path,
) -> Result<WorldId> {
    resolve.select_world(&[package], name).map_err(|e| {
        let message = match name {
            Some(name) => format!(
                "failed to select the specified world `{name}` for local target `{}`",
                path.display()
            ),
            None => format!(
                "failed to select the default world to use for local target `{}`",
                path.display()
            ),
        };
        let package = &resolve.packages[package];
        let worlds: Vec<&str> = package.worlds.keys().map(String::as_str).collect();
        let error = Error::input(message).because(format!("{e:#}"));
        match name.map(|name| nearest(name, worlds.iter().copied())) {
            Some(Some(near)) => error.hint(format!("did you mean `{near}`?")),
            _ if worlds.is_empty() => error.hint(format!(
                "add a world to the package `{}`: `world example {{ }}`",
                package.name
            )),
            _ => error.hint(format!(
                "choose one of its worlds in Cargo.toml: under `[package.metadata.component.target]` write `world = \"{}\"`{}",
                worlds[0],
                others(&worlds[1..])
            )),
        }
    })
}

fn others(worlds: &[&str]) -> String {
    let names: Vec<String> = worlds.iter().map(|w| format!("`{w}`")).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(" (or {})", names.join(", ")),
    }
}

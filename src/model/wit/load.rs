//! Loading a [`World`] from its sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wit_component::WitPrinter;
use wit_parser::{PackageId, PackageName, Resolve, SourceMap, UnresolvedPackageGroup, WorldId};
#[cfg(feature = "cli")]
use wit_parser::{ParseError, ParseErrorKind};

use super::binary::{Decoded, decode, undecodable};
use super::complete::complete_versions;
use super::diagnose;
use super::diagnose::SourceTexts;
use super::entry::{Entry, TextFile, WasmFile};
use super::group::{Group, Rank};
use super::limits;
use super::needed;
use super::needed::BrokenSource;
use super::parts::parts;
use super::request::Request;
use super::select::select;
use super::supplement::supplement;
use super::world::{Package, World};
use crate::base::error::{Error, Result};
use crate::base::parallel;

/// Loads the world of a request.
///
/// Packages of `overrides` win over those of the same name and version in
/// `deps`, whether either is text or binary; two of one package within one of
/// them are an error. Copies inside binary packages count only where no other source
/// has the package, or where that lacks what they use of it. A reference without
/// version takes the version at hand.
pub fn load(request: Request<'_>) -> Result<World> {
    let Package {
        resolve,
        id,
        notes,
        parts,
    } = resolved(&request)?;
    let id = select(&resolve, id, request.world, request.sources.main.path())?;
    Ok(World {
        resolve,
        id,
        notes,
        parts,
    })
}

/// Loads the package itself instead of one of its worlds, otherwise as [`load`].
pub fn load_package(request: &Request<'_>) -> Result<Package> {
    resolved(request)
}

/// Resolves all packages, or else only those that are needed: a package that is
/// broken and not needed does not matter.
fn resolved(request: &Request<'_>) -> Result<Package> {
    parse(request)?.load_package(request)
}

/// Which of the packages at hand are resolved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PackageScope {
    All,
    Needed,
}

impl ParsedSources {
    /// As [`load_package`], for the request that these sources are of.
    pub fn load_package(self, request: &Request<'_>) -> Result<Package> {
        resolved_of(self, request, PackageScope::All).or_else(|error| {
            let again = parse(request);
            let needed = again.and_then(|all| resolved_of(all, request, PackageScope::Needed));
            needed.map_err(|_| error)
        })
    }
}

fn resolved_of(
    parsed: ParsedSources,
    request: &Request<'_>,
    scope: PackageScope,
) -> Result<Package> {
    let ParsedSources {
        main: main_name,
        loaded:
            LoadedSources {
                mut groups,
                origins,
                texts,
                notes,
                ..
            },
    } = parsed;
    if scope == PackageScope::Needed {
        groups = needed::needed(groups);
    }
    complete_versions(&mut groups, &request.chosen, &request.pinned, &texts)?;
    if request.declared {
        refuse_undeclared(&groups, &texts)?;
    }
    let parts = parts(&groups, &origins);

    let mut resolve = Resolve::new();
    resolve.features.extend(request.features.iter().cloned());
    resolve.all_features = request.all_features;
    let known = diagnose::KnownPackages::of(&groups);
    let mut packages = groups.into_iter().map(|group| group.group);
    let main = packages
        .next()
        .ok_or_else(|| Error::input("there is no WIT to read"))?;
    let rest = packages.collect();
    resolve.push_groups(main, rest).map_err(|e| {
        diagnose::resolve_error(&e, &resolve.source_map, &texts, &known, request.declared)
    })?;
    limits::check(&resolve).map_err(|excess| {
        let excerpt = texts.excerpt(&resolve.source_map, excess.span);
        diagnose::at(excess.error(), excerpt)
    })?;
    let id = resolve.package_names[&main_name];
    Ok(Package {
        resolve,
        id,
        notes,
        parts,
    })
}

/// The syntax errors of the files of one package: the first of every file, or
/// else the first of them all together.
#[cfg(feature = "cli")]
pub fn syntax_errors(files: &[TextFile]) -> Vec<Error> {
    let mut texts = SourceTexts::default();
    for file in files {
        texts.insert(&file.path, &file.text);
    }
    let of = |files: &[TextFile]| -> Option<(ParseError, SourceMap)> {
        let mut map = SourceMap::default();
        for file in files {
            map.push(&file.path, file.text.as_str());
        }
        map.parse().err().map(|(map, error)| (error, map))
    };
    let alone = |file: &TextFile| {
        let (error, map) = of(std::slice::from_ref(file))?;
        // Another file may have what this one lacks.
        let own = match error.kind() {
            ParseErrorKind::Lex(_) => true,
            ParseErrorKind::Syntax { message, .. } => !message.contains("header was found"),
            _ => false,
        };
        own.then(|| diagnose::parse_error(&error, &map, &texts))
    };
    let mut errors: Vec<Error> = files.iter().filter_map(alone).collect();
    if errors.is_empty()
        && !files.is_empty()
        && let Some((error, map)) = of(files)
    {
        errors.push(diagnose::parse_error(&error, &map, &texts));
    }
    errors
}

/// All sources of a request, parsed and not yet resolved.
pub struct ParsedSources {
    /// The package of the project itself.
    main: PackageName,
    pub(super) loaded: LoadedSources,
}

/// Parses all sources of a request, each package once.
pub fn parse(request: &Request<'_>) -> Result<ParsedSources> {
    let mut loading = LoadedSources::default();
    let main_name = loading.main(&request.sources.main)?;
    let overrides: Vec<&Entry> = request.overrides.iter().map(|o| &o.main).collect();
    loading.add(&overrides, Rank::Override)?;
    let deps: Vec<&Entry> = request.sources.deps.iter().collect();
    loading.add(&deps, Rank::Deps)?;
    let adjacent: Vec<&Entry> = request.overrides.iter().flat_map(|o| &o.deps).collect();
    loading.add(&adjacent, Rank::Beside)?;
    let fetched: Vec<&Entry> = request.fetched.iter().collect();
    loading.add(&fetched, Rank::Fetched)?;
    loading.add_embedded()?;
    needed::refuse_broken(&loading.groups, std::mem::take(&mut loading.broken))?;
    supplement(&mut loading.groups, &loading.embedded, &mut loading.texts);
    Ok(ParsedSources {
        main: main_name,
        loaded: loading,
    })
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
        Entry::Wasm(file) => {
            let Decoded {
                resolve, package, ..
            } = decode(file).ok()?;
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
        Entry::Wasm(file) => match decode(file) {
            Ok(decoded) => decoded.resolve.package_names.keys().cloned().collect(),
            Err(_) => Vec::new(),
        },
    };
    entries.iter().flat_map(names).collect()
}

#[derive(Default)]
pub(super) struct LoadedSources {
    /// The main group first.
    pub(super) groups: Vec<Group>,
    /// Where each package comes from.
    origins: BTreeMap<PackageName, (Rank, PathBuf)>,
    pub(super) texts: SourceTexts,
    notes: Vec<String>,
    /// The content of binary packages, with their copies of others.
    embedded: Vec<(Rank, Resolve)>,
    /// Packages beside the project's own that could not be parsed.
    broken: Vec<BrokenSource>,
}

impl LoadedSources {
    /// Adds the project's own WIT; the name of its package.
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
                let name = self.text(path, files, Rank::Main)?;
                name.ok_or_else(|| Error::input(format!("no package in `{}`", path.display())))
            }
            Entry::Wasm(file) => {
                // The package of a component's world has a name that is no
                // name; everything it refers to is decoded beside it.
                let Decoded {
                    resolve, package, ..
                } = decode(file)?;
                let name = resolve.packages[package].name.clone();
                self.print(resolve, package, Rank::Main, &file.path)?;
                self.embedded.push((Rank::Embedded, resolve.clone()));
                Ok(name)
            }
        }
    }

    /// Adds all entries of one rank.
    fn add(&mut self, entries: &[&Entry], rank: Rank) -> Result<()> {
        for entry in entries {
            if let Entry::Text { path, files } = entry {
                self.text(path, files, rank)?;
            }
        }
        let files = entries.iter().filter_map(|entry| match entry {
            Entry::Wasm(file) => Some(file),
            Entry::Text { .. } => None,
        });
        let files: Vec<&WasmFile> = files.collect();
        // The results, and what is wrong with a file, are asked for in order below.
        parallel::compute(files.clone(), |file| {
            let _ = file.decoded();
        });
        let (mut decoded, mut components) = (Resolve::default(), Resolve::default());
        for file in files {
            let path = &file.path;
            let Decoded {
                resolve,
                package,
                is_component,
            } = decode(file)?;
            if is_component {
                self.notes.push(format!(
                    "`{}` is a component, of which only the WIT is used here; components to import from belong in `[package.metadata.component.dependencies]`",
                    path.display()
                ));
            } else if self.is_open(&resolve.packages[package].name, rank, &[path])? {
                // Before it is merged with others, whose copies of it lack
                // what they do not use, and its documentation.
                self.print(resolve, package, rank, path)?;
            }
            let all = match is_component {
                true => &mut components,
                false => &mut decoded,
            };
            all.merge(resolve.clone()).map_err(|e| {
                Error::input(format!(
                    "`{}` conflicts with the other WIT packages",
                    path.display()
                ))
                .with_cause(format!("{e:#}"))
                .hint("remove one of the conflicting packages")
            })?;
        }
        let rank = match rank {
            Rank::Deps => Rank::Enclosed,
            _ => Rank::Embedded,
        };
        self.embedded.push((rank, decoded));
        self.embedded.push((Rank::Enclosed, components));
        Ok(())
    }

    /// Adds text, without the packages that a stronger rank has; the name of the
    /// package it is of.
    fn text(&mut self, path: &Path, files: &[TextFile], rank: Rank) -> Result<Option<PackageName>> {
        if files.is_empty() {
            return Ok(None);
        }
        let mut map = SourceMap::default();
        for file in files {
            self.texts.insert(&file.path, &file.text);
            map.push(&file.path, file.text.as_str());
        }
        let group = match map.parse() {
            Ok(group) => group,
            Err((map, e)) => {
                let error = diagnose::parse_error(&e, &map, &self.texts);
                if rank != Rank::Deps && rank != Rank::Beside {
                    return Err(error);
                }
                self.broken
                    .push(BrokenSource::new(path.to_owned(), files, error));
                return Ok(None);
            }
        };
        let UnresolvedPackageGroup {
            main,
            nested,
            source_map,
        } = group;
        let name = main.name.clone();
        let mut packages = Vec::new();
        for package in std::iter::once(main).chain(nested) {
            let files: Vec<&PathBuf> = files.iter().map(|file| &file.path).collect();
            if !self.is_open(&package.name, rank, &files)? {
                continue;
            }
            let origin = (rank, path.to_owned());
            self.origins.insert(package.name.clone(), origin);
            packages.push(package);
        }
        let mut packages = packages.into_iter();
        if let Some(main) = packages.next() {
            let group = UnresolvedPackageGroup {
                main,
                nested: packages.collect(),
                source_map,
            };
            self.groups.push(Group { rank, group });
        }
        Ok(Some(name))
    }

    /// Whether nothing has the package yet that is stronger than these files of
    /// it; an error where something else of their rank, or the project itself, has.
    fn is_open(&self, package: &PackageName, rank: Rank, files: &[&PathBuf]) -> Result<bool> {
        let Some((stronger, other)) = self.origins.get(package) else {
            return Ok(true);
        };
        let hidden = *stronger != Rank::Main || rank > Rank::Deps;
        // Several requirements may have fetched one release.
        if *stronger != rank && hidden || rank == Rank::Fetched {
            return Ok(false);
        }
        let files = files.iter().map(|path| path.as_path());
        Err(self.texts.duplicate(package, other, files))
    }

    /// Adds the copies inside binary packages where nothing else has them.
    fn add_embedded(&mut self) -> Result<()> {
        let mut embedded = std::mem::take(&mut self.embedded);
        embedded.sort_by_key(|(rank, _)| *rank);
        for (rank, resolve) in &embedded {
            for (id, package) in resolve.packages.iter() {
                let root = package.name.namespace == "root" && package.name.version.is_none();
                if root || self.origins.contains_key(&package.name) {
                    continue;
                }
                let path = format!("{}.wasm", package.name);
                self.print(resolve, id, *rank, Path::new(&path))?;
            }
        }
        self.embedded = embedded;
        Ok(())
    }

    fn print(
        &mut self,
        resolve: &Resolve,
        package: PackageId,
        rank: Rank,
        path: &Path,
    ) -> Result<()> {
        let mut printer = WitPrinter::default();
        printer
            .print(resolve, package, &[])
            .map_err(|e| undecodable(path, &format!("{e:#}")))?;
        let file = TextFile {
            path: path.to_owned(),
            text: printer.output.to_string(),
        };
        self.text(path, &[file], rank).map(|_| ())
    }
}

/// Refuses packages that the project's own WIT names and that only other
/// dependencies bring for themselves.
fn refuse_undeclared(groups: &[Group], texts: &SourceTexts) -> Result<()> {
    let rank = |name: &PackageName| {
        let mut ranks = groups
            .iter()
            .filter(|g| g.packages().any(|p| p.name == *name));
        ranks.next().map(|group| group.rank)
    };
    for group in groups.iter().filter(|group| group.rank == Rank::Main) {
        for name in group.packages().flat_map(|p| p.foreign_deps.keys()) {
            if rank(name) > Some(Rank::Enclosed) {
                let error = diagnose::undeclared(name);
                return Err(match texts.reference(group, name) {
                    Some(excerpt) => error.at(excerpt),
                    None => error,
                });
            }
        }
    }
    Ok(())
}

//! The components a package depends on: from the entries of its manifest to
//! files, imports and hints.
//!
//! Directories are built first ([`first`]); what the components of others say
//! they need is followed to a tree ([`tree`]), so that linking only has to
//! read files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use super::closure::{Answer, Forest, Part};
use super::resolution::{Resolution, Role};
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef, is_label};
use crate::model::component::attributes::Attributes;
use crate::model::component::hint::{Hint, Known, Place, Wanted};
use crate::model::component::names;
use crate::model::component::outline::{Outline, outline};
use crate::model::manifest::{Dependency, DependencySource, HintPolicy, Manifest};
use crate::model::resolver::components::compatible_from;
use crate::model::wit::World;
use crate::model::wit::dependencies;
use crate::model::wit::dependencies::aliases::Alias;
use crate::model::wit::dependencies::{Bound, BoundImport, ComponentDependency};
use crate::pipeline::build::dependencies::Session;
use crate::pipeline::build::recipe::Recipe;
use crate::pipeline::fetch::component_versions::Tree;
use crate::pipeline::fetch::worlds::Worlds;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source::Loaded;

/// A component that answers an entry of a manifest.
#[derive(Clone, Debug)]
pub(crate) struct Provided {
    /// The key of the entry.
    pub key: String,
    /// The package, where it is known.
    pub package: Option<PackageRef>,
    /// Its version.
    pub version: Option<Version>,
    /// Where it is.
    pub file: PathBuf,
    /// Where others find it; none for what has no package.
    pub place: Option<Place>,
    /// The digest of its bytes; none for what is built from a path, whose
    /// digest changes with every edit.
    pub digest: Option<ContentDigest>,
    /// The versions that the manifest asks for, of a package of a registry.
    pub requirement: Option<VersionReq>,
    /// The address of its registry, which tells packages of one name apart.
    pub origin: Option<String>,
}

impl Provided {
    /// What it is called in messages.
    pub fn shown(&self) -> String {
        match (&self.package, &self.version) {
            (Some(package), Some(version)) => format!("{package}@{version}"),
            (Some(package), None) => package.to_string(),
            (None, _) => self.key.clone(),
        }
    }

    /// Its hint under a policy, for the export `item`.
    pub(crate) fn hint(&self, policy: HintPolicy, item: Option<&str>) -> Option<String> {
        let neutral = || {
            Some(Place::Package {
                package: self.package.clone()?,
                release: self.version.clone().map_or(Wanted::Any, Wanted::Exact),
            })
        };
        let place = match policy {
            HintPolicy::None => return None,
            HintPolicy::Package => neutral()?,
            HintPolicy::Location => self.place.clone().or_else(neutral)?,
        };
        let known = Known {
            place,
            digest: self.digest.clone(),
            requirement: said(self.requirement.as_ref(), self.version.as_ref()),
            item: item.map(str::to_owned),
        };
        Some(Hint::Known(known).text())
    }
}

/// What a hint says of the versions that its author asks for: nothing where
/// that is what the release that it names says by itself.
pub(crate) fn said(
    requirement: Option<&VersionReq>,
    version: Option<&Version>,
) -> Option<VersionReq> {
    let plain = version.map(compatible_from);
    let requirement = requirement.filter(|r| **r != VersionReq::STAR && Some(*r) != plain.as_ref());
    requirement.cloned()
}

/// The components that answer the entries of a manifest, by key, and what all
/// of them need.
pub(crate) fn provided(
    worlds: &mut Worlds<'_>,
    manifest: &Manifest,
    session: &Session,
) -> Result<(Vec<Provided>, Tree)> {
    let mut found = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        let at = |e: Error| e.at(dependency.file.excerpt(dependency.span.clone()));
        found.extend(from_path(key, dependency, session).map_err(at)?);
    }
    let built = session.packages();
    let resolution = Resolution::new(worlds, manifest, name_of(manifest));
    let mut resolution = resolution.built(&built);
    resolution.entries()?;
    let recipes = session.recipes();
    let files = found.iter().map(|one| (one.shown(), one.file.clone()));
    for (name, file) in
        crate::pipeline::build::dependencies::with_recipes(files.collect(), &recipes)?
    {
        let role = match recipes.contains_key(&file) {
            true => Role::Own,
            false => Role::Foreign,
        };
        resolution.component((&name, &file), role)?;
    }
    let tree = resolution.solve()?;
    found.extend(released(worlds, manifest, &tree)?);
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok((found, tree))
}

/// What the package of a manifest is called.
pub(crate) fn name_of(manifest: &Manifest) -> String {
    let text = manifest.file.text.parse::<toml_edit::DocumentMut>();
    let name = text.ok().and_then(|document| {
        let name = document.get("package")?.get("name")?;
        name.as_str().map(str::to_owned)
    });
    name.unwrap_or_else(|| manifest.file.path.display().to_string())
}

/// Those of registries; they are locked.
pub(crate) fn released(
    worlds: &mut Worlds<'_>,
    manifest: &Manifest,
    tree: &Tree,
) -> Result<Vec<Provided>> {
    let mut found = Vec::new();
    for (key, one) in worlds.component_releases(manifest, tree)? {
        if let Some(entry) = manifest.dependencies.get(key) {
            let at = |e: Error| e.at(entry.file.excerpt(entry.span.clone()));
            version_of(key, &one.found.file).map_err(at)?;
        }
        let place = one.source.as_deref().and_then(place_of);
        found.push(Provided {
            key: key.to_owned(),
            place: place.or(Some(Place::Package {
                package: one.found.package.clone(),
                release: Wanted::Exact(one.found.version.clone()),
            })),
            package: Some(one.found.package),
            version: Some(one.found.version),
            file: one.found.file,
            digest: Some(one.found.digest),
            requirement: one.requirement,
            origin: one.origin,
        });
    }
    Ok(found)
}

/// The component that answers an entry with a path; none for any other.
pub(crate) fn from_path(
    key: &str,
    dependency: &Dependency,
    session: &Session,
) -> Result<Option<Provided>> {
    let DependencySource::Path { path, .. } = &dependency.source else {
        return Ok(None);
    };
    match fs::is_dir(path) {
        true => session.provided(key, dependency, path),
        false => from_file(key, dependency, path.clone()),
    }
    .map(Some)
}

/// The place that the text of a hint names.
pub(crate) fn place_of(text: &str) -> Option<Place> {
    Hint::parse(text).known().map(|known| known.place.clone())
}

pub(crate) fn from_file(key: &str, dependency: &Dependency, file: PathBuf) -> Result<Provided> {
    let version = version_of(key, &file)?;
    Ok(Provided {
        key: key.to_owned(),
        package: dependency.package.clone(),
        version,
        file,
        place: None,
        digest: None,
        requirement: None,
        origin: None,
    })
}

/// The version that a component says of itself; an error if it is none.
pub(crate) fn version_of(key: &str, file: &Path) -> Result<Option<Version>> {
    let read = || outline(&fs::read(file)?);
    let outline = read().map_err(|e| {
        e.context(format!("failed to read the dependency `{key}`"))
            .hint("give a component file, or the directory of a crate that builds one")
    })?;
    match outline {
        Outline::Component { version, .. } => Ok(version),
        Outline::Wit { .. } => Err(Error::input(format!(
            "the dependency `{key}` is a WIT package, not a component"
        ))
        .hint("move the entry to `[package.metadata.component.target.dependencies]`")),
        Outline::Module => Err(Error::input(format!(
            "the dependency `{key}` is a core module, not a component"
        ))
        .hint(
            "give a component, as created by `cargo component build` or `wasm-tools component new`",
        )),
    }
}

/// What a finished component says of the imports that components provide, and
/// what answers them.
pub(crate) struct Imports {
    aliases: Vec<Alias>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// The attributes of the imports.
    pub attributes: BTreeMap<String, Attributes>,
    /// The component that answers an import, by its place among those given,
    /// and the export of it.
    answers: BTreeMap<String, (usize, Option<String>)>,
    /// Imports that are the same as one of a component: its place, and the
    /// name there.
    followed: BTreeMap<String, (usize, String)>,
}

impl Imports {
    /// Bindings in which the Rust paths of 0.21.1 lead somewhere.
    pub fn alias(&self, ctx: &Context, bindings: &str) -> Result<String> {
        let (bindings, notes) = dependencies::aliases::insert(bindings, &self.aliases)?;
        notes.into_iter().for_each(|note| ctx.shell.note(note));
        Ok(bindings)
    }

    /// What answers each import, among the parts that the components and what
    /// they need are; `places` are those of the components.
    pub fn answers(&self, parts: &[Part], places: &[usize]) -> BTreeMap<String, Answer> {
        let mut answers = BTreeMap::new();
        for (name, (component, item)) in &self.answers {
            let answer = Answer {
                part: places[*component],
                item: item.clone(),
            };
            answers.insert(name.clone(), answer);
        }
        for (name, (component, there)) in &self.followed {
            if let Some(answer) = parts[places[*component]].links.get(there) {
                answers.insert(name.clone(), answer.clone());
            }
        }
        answers
    }
}

/// Adds the exports of components to the imports of a world.
pub(crate) fn bind(
    world: Option<World>,
    provided: &[Provided],
    policy: HintPolicy,
) -> Result<(World, Imports)> {
    let mut components = Vec::new();
    for one in provided {
        let bytes = one.bytes()?;
        components.push(ComponentDependency {
            key: one.key.clone(),
            package: one.package.clone(),
            version: one.version.clone(),
            label: is_label(&one.key).then(|| one.key.clone()),
            file: Some(one.file.clone()),
            hints_of_imports: hints_of(&bytes)?,
            bytes,
        });
    }
    let Bound {
        world,
        bound,
        followed,
        aliases,
        notes,
    } = dependencies::bind(world, &components)?;
    let mut notes = notes;
    notes.extend(labelled(provided, &bound));
    let mut imports = Imports {
        aliases,
        notes,
        attributes: BTreeMap::new(),
        answers: BTreeMap::new(),
        followed: BTreeMap::new(),
    };
    let said = policy != HintPolicy::None;
    for import in bound {
        let hint = provided[import.dependency].hint(policy, import.item.as_deref());
        let here = Attributes {
            implements: import.implements.filter(|_| said),
            external_id: hint,
        };
        if here != Attributes::default() {
            imports.attributes.insert(import.name.clone(), here);
        }
        let answer = (import.dependency, import.item);
        imports.answers.insert(import.name, answer);
    }
    for import in followed {
        let hints = &components[import.dependency].hints_of_imports;
        let mut there = hints.iter().filter(|(_, hint)| **hint == import.hint);
        if let Some((there, _)) = there.next() {
            let at = (import.dependency, there.clone());
            imports.followed.insert(import.name.clone(), at);
        }
        if said {
            let here = Attributes {
                implements: None,
                external_id: Some(import.hint),
            };
            imports.attributes.insert(import.name, here);
        }
    }
    Ok((world, imports))
}

/// Sentences on the interfaces that several components export: each import of
/// theirs is in the bindings under a label, and where one was alone before, it
/// has moved.
pub(crate) fn labelled(provided: &[Provided], bound: &[BoundImport]) -> Vec<String> {
    let mut several: BTreeMap<&str, Vec<&BoundImport>> = BTreeMap::new();
    for import in bound {
        if let Some(interface) = &import.implements {
            // Compatible versions are one interface.
            let name = interface.split('@').next().unwrap_or(interface);
            several.entry(name).or_default().push(import);
        }
    }
    let told = |(interface, imports): (&str, Vec<&BoundImport>)| {
        let list = |text: &dyn Fn(&BoundImport) -> String| {
            let quoted: Vec<_> = imports
                .iter()
                .map(|one| format!("`{}`", text(one)))
                .collect();
            quoted.join(" and ")
        };
        format!(
            "{} export `{interface}`: it is imported as {}",
            list(&|one| provided[one.dependency].key.clone()),
            list(&|one| one.name.clone()),
        )
    };
    let several = several.into_iter().filter(|(_, imports)| imports.len() > 1);
    several.map(told).collect()
}

/// Adds what a manifest's dependencies export to its world, and what they are
/// to its recipe; `paths` get the files that decide it.
pub(crate) fn add(
    (worlds, manifest, session): (&mut Worlds<'_>, &Manifest, &Session),
    loaded: Option<Loaded>,
    (recipe, paths): (&mut Recipe, &mut Vec<PathBuf>),
) -> Result<(Loaded, Imports)> {
    let (provided, tree) = provided(worlds, manifest, session)?;
    let (world, watched) = match loaded {
        Some(loaded) => (Some(loaded.world), loaded.watched),
        None => (None, Vec::new()),
    };
    let (world, imports) = bind(world, &provided, manifest.hints)?;
    let (parts, answers) = composition((worlds, manifest, tree), session, (&provided, &imports))?;
    // Those that were given are among the parts.
    paths.extend(parts.iter().map(|part| part.file.clone()));
    recipe.parts = parts;
    recipe.answers = answers;
    Ok((Loaded { world, watched }, imports))
}

/// All that linking needs: the components a package's dependencies and theirs
/// are, and which of them answer its own imports.
pub(crate) fn composition(
    (worlds, manifest, tree): (&mut Worlds<'_>, &Manifest, Tree),
    session: &Session,
    (provided, imports): (&[Provided], &Imports),
) -> Result<(Vec<Part>, BTreeMap<String, Answer>)> {
    let forest = Forest::new(worlds, manifest, session.packages());
    let mut forest = forest.built_in(session).resolved(tree);
    let places = provided
        .iter()
        .map(|one| forest.add(one))
        .collect::<Result<Vec<_>>>()?;
    let mut parts = forest.parts;
    super::declared::answer_from_declared(&mut parts, &places.iter().copied().collect())?;
    let answers = imports.answers(&parts, &places);
    Ok((parts, answers))
}

impl Provided {
    /// Its bytes, in names of today.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let bytes = fs::read(&self.file)?;
        let modern = names::modern(&bytes).map(Cow::into_owned);
        modern.map_err(|e| e.context(format!("failed to read the dependency `{}`", self.key)))
    }
}

/// The hints of a component's imports, by name.
pub(crate) fn hints_of(component: &[u8]) -> Result<BTreeMap<String, String>> {
    let imports = names::imports(component)?.into_iter();
    Ok(imports
        .filter_map(|import| Some((import.name, import.external_id?)))
        .collect())
}

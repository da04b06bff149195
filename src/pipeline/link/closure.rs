//! The closure of component dependencies by their hints, in which every component is
//! a file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::built::{BuiltComponent, BuiltComponents};
use super::component::ProvidedComponent;
use super::declared::answer_from_declared;
use super::files::ComponentFiles;
use super::override_options::{Override, Overrides};
use super::part::{Part, PartLink};
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::hint::{Hint, HintLocation, HintRelease, KnownHint};
use crate::model::component::names;
use crate::model::component::names::Name;
use crate::model::manifest::Manifest;
use crate::pipeline::fetch::component_origins::origin_of_location;
use crate::pipeline::fetch::component_versions::ResolvedTree;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::system::fs;

/// The closure of the components that a root needs, by following hints.
pub(crate) struct DependencyClosure<'f, 'a> {
    worlds: &'f mut WorldResolver<'a>,
    manifest: &'f Manifest,
    /// The components built from directories; `None` where nothing was built.
    by_package: Option<BTreeMap<PackageRef, BuiltComponent>>,
    /// Every component once; those on the stack may lack links.
    pub parts: Vec<Part>,
    /// The indices of the parts in each file.
    by_file: HashMap<PathBuf, Vec<usize>>,
    stack: Vec<usize>,
    overrides: Overrides,
    /// The parts that override others.
    override_parts: BTreeSet<usize>,
    /// The number of overriding components on the stack, whose own imports are not
    /// overridden.
    override_depth: usize,
    /// The components that stand in for parts in tests, by the indices of these.
    substitutes: BTreeMap<usize, ProvidedComponent>,
    /// The components built from directories, whose own parts take precedence over
    /// their hints.
    built: BuiltComponents,
    /// The releases that were resolved for the whole tree.
    resolved_tree: ResolvedTree,
    files: Rc<ComponentFiles>,
}

impl<'f, 'a> DependencyClosure<'f, 'a> {
    /// An empty closure, in which built components take precedence over registries.
    pub fn new(
        worlds: &'f mut WorldResolver<'a>,
        manifest: &'f Manifest,
        built: BuiltComponents,
    ) -> Self {
        DependencyClosure {
            worlds,
            manifest,
            by_package: Some(built.by_package()),
            parts: Vec::new(),
            by_file: HashMap::new(),
            stack: Vec::new(),
            overrides: Overrides::default(),
            override_parts: BTreeSet::new(),
            override_depth: 0,
            substitutes: BTreeMap::new(),
            built,
            resolved_tree: ResolvedTree::default(),
            files: Rc::default(),
        }
    }

    /// Sets the files that were read already.
    pub(super) fn with_files(mut self, files: Rc<ComponentFiles>) -> Self {
        self.files = files;
        self
    }

    /// Sets the releases that were resolved for the whole tree.
    pub fn with_tree(mut self, resolved_tree: ResolvedTree) -> Self {
        self.resolved_tree = resolved_tree;
        self
    }

    /// As [`DependencyClosure::new`], without built components: hints that may not
    /// be followed are left out.
    pub fn without_builds(worlds: &'f mut WorldResolver<'a>, manifest: &'f Manifest) -> Self {
        let mut closure = DependencyClosure::new(worlds, manifest, BuiltComponents::default());
        closure.by_package = None;
        closure
    }

    /// Sets the overrides, which take precedence over hints.
    pub fn with_overrides(mut self, overrides: Overrides) -> Self {
        self.overrides = overrides;
        self
    }

    /// Sets the components that stand in for the parts with these indices, of those that
    /// the closure starts from, and all that were built for their sake.
    pub fn with_substitutes(
        mut self,
        substitutes: BTreeMap<usize, ProvidedComponent>,
        built: BuiltComponents,
    ) -> Self {
        self.substitutes = substitutes;
        self.built = built;
        self
    }

    /// Adds the component that is linked, with everything that it needs, and returns
    /// its index.
    pub fn root(&mut self, name: &str, file: &Path) -> Result<usize> {
        let root = self.push(name, file, None);
        self.stack.push(root);
        self.link(root, &BTreeMap::new(), true)?;
        self.stack.pop();
        answer_from_declared(&mut self.parts, &self.override_parts, &self.files)?;
        Ok(root)
    }

    /// Starts from parts that are linked already, except for overrides.
    pub fn start_from(&mut self, known: &[Part]) -> Result<()> {
        self.parts = known.to_vec();
        for (at, part) in known.iter().enumerate() {
            self.by_file.entry(part.file.clone()).or_default().push(at);
        }
        for (at, part) in known.iter().enumerate() {
            self.stack.push(at);
            self.parts[at].links.clear();
            self.link(at, &part.links, false)?;
            self.stack.pop();
        }
        Ok(())
    }

    /// Adds the components that override imports, with everything that they need;
    /// returns their indices, by file.
    pub fn add_overrides(&mut self) -> Result<BTreeMap<PathBuf, usize>> {
        let files = self.overrides.files();
        let files: Vec<_> = files
            .map(|(name, file)| (name.to_owned(), file.to_owned()))
            .collect();
        let mut places = BTreeMap::new();
        for (name, file) in files {
            let part = self.add_override(&name, &file)?;
            places.insert(file, part);
        }
        Ok(places)
    }

    /// The components, the overrides with their matches, and the parts that override
    /// imports.
    pub fn into_parts(self) -> (Vec<Part>, Overrides, BTreeSet<usize>) {
        (self.parts, self.overrides, self.override_parts)
    }

    /// Adds a component of the manifest with everything that it needs; returns its
    /// index.
    pub fn add(&mut self, provided: &ProvidedComponent) -> Result<usize> {
        let origin = provided.origin.as_deref();
        self.add_part(&provided.display_name(), &provided.file, origin)
    }

    /// Adds the component that a hint of `by` points to, with everything that it
    /// needs; returns its index.
    pub fn follow(&mut self, known: &KnownHint, by: &str) -> Result<usize> {
        let (of, file, origin) = self.resolve(known, by)?;
        self.add_part(&of, &file, origin.as_deref())
    }

    /// Adds the component that the hint of an import points to, and returns the link to
    /// it; `by` is the display name of the component that has the import.
    pub fn link_to_hint(&mut self, import: &Name, known: &KnownHint, by: &str) -> Result<PartLink> {
        let context = |e: Error| {
            e.with_cause(format!(
                "the import `{}` of `{by}` has the hint `{known}`",
                import.name
            ))
        };
        let (of, file, origin) = self.resolve(known, by).map_err(context)?;
        Ok(PartLink {
            part: self.add_part(&of, &file, origin.as_deref())?,
            item: known.item.clone(),
        })
    }

    /// Adds a component that overrides an import; its own imports are not overridden.
    fn add_override(&mut self, name: &str, file: &Path) -> Result<usize> {
        self.override_depth += 1;
        let part = self.add_part(name, file, None);
        self.override_depth -= 1;
        part
    }

    /// Adds a component that only tests are linked with; its own imports are not
    /// overridden.
    pub fn add_for_tests(&mut self, provided: &ProvidedComponent) -> Result<usize> {
        self.override_depth += 1;
        let part = self.add(provided);
        self.override_depth -= 1;
        let part = part?;
        self.override_parts.insert(part);
        Ok(part)
    }

    /// The link to the component that stands in for the part of a link; the link itself
    /// where there is none, and in what overrides others, which may need the very part.
    pub fn substituted(&mut self, link: PartLink) -> Result<PartLink> {
        let substitute = self.substitutes.get(&link.part);
        let Some(substitute) = substitute.filter(|_| self.override_depth == 0).cloned() else {
            return Ok(link);
        };
        let part = self.add_for_tests(&substitute)?;
        link_to_item(part, &substitute.file, link.item)
    }

    fn add_part(&mut self, name: &str, file: &Path, origin: Option<&str>) -> Result<usize> {
        let same = |at: &usize| {
            let either = origin.zip(self.parts[*at].origin.as_deref());
            either.is_none_or(|(one, other)| one == other)
        };
        let in_file = self.by_file.get(file);
        let known = in_file.and_then(|parts| parts.iter().copied().find(same));
        if let Some(known) = known {
            return match self.stack.iter().position(|on_stack| *on_stack == known) {
                Some(from) => Err(self.cycle_error(from, known)),
                None => Ok(known),
            };
        }
        let here = self.push(name, file, origin);
        self.stack.push(here);
        let built = self.built.in_file(file).cloned();
        let (parts, mut links) = built.map(|b| (b.parts, b.links)).unwrap_or_default();
        if !links.is_empty() {
            // A release is followed, so that it is locked here, too.
            let released_imports = released_imports(&self.files.imports(file)?);
            links.retain(|import, _| !released_imports.contains(import));
        }
        let mut given = BTreeMap::new();
        for (import, PartLink { part, item }) in links {
            let Part {
                name, file, origin, ..
            } = &parts[part];
            let part = self.add_part(name, file, origin.as_deref())?;
            given.insert(import, PartLink { part, item });
        }
        self.link(here, &given, false)?;
        self.stack.pop();
        Ok(here)
    }

    /// Adds a part without links, and returns its index.
    fn push(&mut self, name: &str, file: &Path, origin: Option<&str>) -> usize {
        let here = self.parts.len();
        self.by_file.entry(file.to_owned()).or_default().push(here);
        self.parts.push(Part {
            name: name.to_owned(),
            file: file.to_owned(),
            links: BTreeMap::new(),
            keep: BTreeSet::new(),
            stubs: BTreeSet::new(),
            origin: origin.map(str::to_owned),
        });
        here
    }

    /// Links the imports of a part: with an override, otherwise with a given link,
    /// otherwise by its hint.
    fn link(
        &mut self,
        here: usize,
        given: &BTreeMap<String, PartLink>,
        is_root: bool,
    ) -> Result<()> {
        let name = self.parts[here].name.clone();
        let imports = self.files.imports(&self.parts[here].file);
        let imports =
            imports.map_err(|e| e.context(format!("failed to read the component `{name}`")))?;
        for import in imports {
            let hint = import.external_id.as_deref().map(Hint::parse);
            let known = hint.as_ref().and_then(Hint::known);
            let override_ = match self.override_depth {
                0 => self.overrides.for_import(&import, known, is_root),
                _ => None,
            };
            let overridden = override_.is_some();
            let link = match override_ {
                Some(Override::Keep) => {
                    self.parts[here].keep.insert(import.name);
                    continue;
                }
                Some(Override::With(name, file)) => {
                    let part = self.add_override(&name, &file)?;
                    self.override_parts.insert(part);
                    link_to_override(part, &file, known)?
                }
                None => match (given.get(&import.name), known) {
                    (Some(link), _) => link.clone(),
                    (None, None) => continue,
                    (None, Some(known))
                        if self.by_package.is_none() && !self.worlds.may_follow(known) =>
                    {
                        continue;
                    }
                    (None, Some(known)) => self.link_to_hint(&import, known, &name)?,
                },
            };
            let link = match overridden {
                true => link,
                false => self.substituted(link)?,
            };
            self.parts[here].links.insert(import.name, link);
        }
        Ok(())
    }

    fn cycle_error(&self, from: usize, repeated: usize) -> Error {
        let mut chain: Vec<String> = self.stack[from..]
            .iter()
            .map(|part| format!("`{}`", self.parts[*part].name))
            .collect();
        chain.push(format!("`{}`", self.parts[repeated].name));
        Error::input("the component dependencies form a cycle")
            .with_cause(chain.join(" needs "))
            .hint("publish one of them without the dependency on the other")
    }

    /// The component that a hint points to: its name, its file, and the address of
    /// its registry.
    fn resolve(
        &mut self,
        known: &KnownHint,
        by: &str,
    ) -> Result<(String, PathBuf, Option<String>)> {
        if let HintLocation::Package { package, release } = &known.location
            && known.digest.is_none()
            && let Some(built) = self
                .by_package
                .as_ref()
                .and_then(|built| built.get(package))
            && admits(release, built)
        {
            let name = format!("{package}@{}", built.version);
            return Ok((name, built.file.clone(), None));
        }
        if let Some((origin, found)) = self.resolved_tree.answer(known) {
            let (name, file) = (found.name.clone(), found.fetched.file.clone());
            return Ok((name, file, Some(origin.address.clone())));
        }
        if let Some(digest) = &known.digest
            && let Some(file) = self.worlds.cached(digest)
        {
            return Ok((hint_display_name(known), file, None));
        }
        let pin = known.digest.clone();
        let pin = pin.or_else(|| self.worlds.locked_digest(known).cloned());
        let found = self.worlds.hinted(self.manifest, known, by)?;
        if let Some(digest) = pin
            && digest != found.digest
        {
            return Err(release_replaced(known, &digest, &found.digest));
        }
        let name = match &known.location {
            HintLocation::Oci { .. } => hint_display_name(known),
            _ => format!("{}@{}", found.package, found.version),
        };
        Ok((name, found.file, None))
    }
}

/// The imports whose hints have a digest and name a release of a package.
pub(crate) fn released_imports(imports: &[names::Name]) -> BTreeSet<String> {
    let is_released = |import: &&names::Name| {
        let hint = import.external_id.as_deref().map(Hint::parse);
        let known = hint.as_ref().and_then(Hint::known);
        known.is_some_and(|known| known.digest.is_some() && is_versioned(known))
    };
    let imports = imports.iter().filter(is_released);
    imports.map(|import| import.name.clone()).collect()
}

/// Whether a hint names one of several releases of a package.
fn is_versioned(known: &KnownHint) -> bool {
    matches!(known.location, HintLocation::Package { .. })
        || origin_of_location(&known.location).is_some()
}

/// The display name of the component that a hint points to.
pub(crate) fn hint_display_name(known: &KnownHint) -> String {
    match &known.location {
        HintLocation::Url {
            package, version, ..
        } => format!("{package}@{version}"),
        place => {
            let bare = KnownHint {
                location: place.clone(),
                digest: None,
                requirement: None,
                item: None,
            };
            let text = bare.to_string();
            let text = text.strip_prefix("oci://").unwrap_or(&text);
            text.strip_prefix("wasm-pkg:").unwrap_or(text).to_owned()
        }
    }
}

/// The link to a component that overrides an import, whose hint may name one of the
/// exports.
pub(crate) fn link_to_override(
    part: usize,
    file: &Path,
    known: Option<&KnownHint>,
) -> Result<PartLink> {
    link_to_item(part, file, known.and_then(|known| known.item.clone()))
}

/// The link to an export of a component in a file, if the component has it, or else to
/// the one that the import matches.
fn link_to_item(part: usize, file: &Path, item: Option<String>) -> Result<PartLink> {
    let item = match item {
        Some(item) => exports(file, &item)?.then_some(item),
        None => None,
    };
    Ok(PartLink { part, item })
}

/// Whether a component exports something of this name.
fn exports(file: &Path, item: &str) -> Result<bool> {
    let exports = names::exports(&fs::read(file)?)?;
    Ok(exports.iter().any(|export| export.name == item))
}

pub(crate) fn admits(release: &HintRelease, built: &BuiltComponent) -> bool {
    match release {
        HintRelease::Any => true,
        HintRelease::Exact(version) => *version == built.version,
        HintRelease::Range(range) => range.matches(&built.version),
    }
}

pub(crate) fn release_replaced(
    known: &KnownHint,
    digest: &ContentDigest,
    found: &ContentDigest,
) -> Error {
    Error::input(format!(
        "`{known}` points to a component with digest `{found}`, not `{digest}`"
    ))
    .hint("the release was replaced: find out why, and rebuild the component with the hint")
}

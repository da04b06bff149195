//! The overrides and dev-dependencies of a component that is yet to be built: which
//! components they are, and what these need, is decided before the build. Afterwards the imports of the component
//! are linked without a look into any registry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::built::BuiltComponents;
use super::capabilities::{reached, refuse_denied, refuse_denied_override, refuse_new};
use super::closure::{DependencyClosure, link_to_override};
use super::component::ProvidedComponent;
use super::composition::Composition;
use super::declared::answer_from_declared;
use super::files::ComponentFiles;
use super::override_options::{Override, Overrides};
use super::part::{Part, PartLink};
use super::provided::{add_entries, released_components};
use super::resolution::{Resolution, Role};
use super::stubs::stub_imports;
use crate::base::error::{Error, Result};
use crate::model::component::attributes::Attributes;
use crate::model::component::compose::compatible;
use crate::model::component::hint::Hint;
use crate::model::component::names;
use crate::model::component::names::Name;
use crate::model::manifest::Manifest;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::system::fs;

/// What is known of a component before it is built.
pub(crate) struct Expected<'a> {
    /// The name of its package, for messages.
    pub name: &'a str,
    /// The components that it may be linked with.
    pub parts: &'a [Part],
    /// Which of these parts answers an import, by the import's name.
    pub links: &'a BTreeMap<String, PartLink>,
    /// The attributes that its imports will have, by name.
    pub imports: &'a BTreeMap<String, Attributes>,
    /// The indices of the manifest's entries among the parts, by key, if the
    /// dev-dependencies of the manifest take part.
    pub entries: Option<&'a BTreeMap<String, usize>>,
}

/// The components that were built from directories in this run.
#[derive(Clone, Copy)]
pub(crate) struct AllBuilt<'a> {
    /// Those that the package depends on, to which hints may lead.
    pub own: &'a BuiltComponents,
    /// The same, with those that only tests or overrides need.
    pub linkable: &'a BuiltComponents,
}

/// The components that one will be linked with, once it is built.
#[derive(Clone, Debug)]
pub(crate) struct OverriddenParts {
    /// The components, of which some override imports.
    parts: Vec<Part>,
    /// The links of imports that are not overridden, by the import's name.
    links: BTreeMap<String, PartLink>,
    overrides: Overrides,
    /// The indices of the overriding components, by file.
    places: BTreeMap<PathBuf, usize>,
    /// The names of their imports, by index.
    imports: BTreeMap<usize, Vec<Name>>,
    /// Those of them that override the import of a part.
    used: BTreeSet<usize>,
}

impl OverriddenParts {
    /// Resolves the overrides of a component, its dev-dependencies if they take part, and
    /// the hints that it will have.
    ///
    /// # Errors
    ///
    /// Also if what is added may do more than the rules of the workspace or of its entry
    /// allow.
    pub fn resolve(
        worlds: &mut WorldResolver<'_>,
        manifest: &Manifest,
        built: AllBuilt<'_>,
        expected: &Expected<'_>,
        overrides: Overrides,
    ) -> Result<Self> {
        overrides.check_files(&ComponentFiles::default())?;
        let for_tests = expected.entries.map(|_| manifest.for_tests());
        let manifest = for_tests.as_ref().unwrap_or(manifest);
        let own = own_hints(expected, &overrides);
        let by_package = built.own.by_package();
        let resolution = Resolution::new(worlds, manifest, expected.name.to_owned());
        let mut resolution = resolution
            .with_built(&by_package)
            .with_overrides(&overrides);
        resolution.root_imports(expected.name, own.clone())?;
        for (name, file) in overrides.files() {
            resolution.component(name, file, Role::Override)?;
        }
        let mut dev = match for_tests {
            Some(_) => add_entries(&mut resolution, manifest, built.linkable)?,
            None => Vec::new(),
        };
        let tree = resolution.solve()?;
        if for_tests.is_some() {
            dev.extend(released_components(worlds, manifest, &tree)?);
        }
        let dev = DevComponents::of(dev, expected)?;
        let closure = DependencyClosure::new(worlds, manifest, built.own.clone());
        let mut closure = closure
            .with_overrides(overrides)
            .with_substitutes(dev.substitutes.clone(), built.linkable.clone())
            .with_tree(tree);
        closure.start_from(expected.parts)?;
        let places = closure.add_overrides()?;
        let entries = dev.add_to(&mut closure)?;
        let mut links = BTreeMap::new();
        for (import, link) in expected.links {
            links.insert(import.clone(), closure.substituted(link.clone())?);
        }
        for import in own {
            let hint = import.external_id.as_deref().map(Hint::parse);
            if let Some(known) = hint.as_ref().and_then(Hint::known) {
                let link = closure.link_to_hint(&import, known, expected.name)?;
                links.insert(import.name, closure.substituted(link)?);
            }
        }
        let mut imports = BTreeMap::new();
        for (file, at) in &places {
            imports.insert(*at, names::imports(&fs::read(file)?)?);
        }
        let (mut parts, overrides, used) = closure.into_parts();
        let entries = || entries.iter().map(|(key, place)| (key.as_str(), *place));
        stub_imports(manifest, &mut parts, entries())?;
        refuse_new(worlds, manifest, &parts, entries())?;
        refuse_denied(manifest, &parts, entries())?;
        let of_tests: BTreeSet<usize> = entries()
            .flat_map(|(_, place)| reached(&parts, place))
            .collect();
        for (at, part) in parts.iter().enumerate().skip(expected.parts.len()) {
            if !of_tests.contains(&at) {
                refuse_denied_override(manifest, part)?;
            }
        }
        Ok(OverriddenParts {
            parts,
            links,
            overrides,
            places,
            imports,
            used,
        })
    }

    /// Links the component, which was built by now, with its parts. Returns the overrides,
    /// too, with their matches.
    pub fn linked(mut self, name: &str, file: &Path) -> Result<(Composition, Overrides)> {
        self.refuse_changes(file)?;
        let mut root = Part {
            name: name.to_owned(),
            file: file.to_owned(),
            links: BTreeMap::new(),
            keep: BTreeSet::new(),
            stubs: BTreeSet::new(),
            origin: None,
        };
        for import in names::imports(&fs::read(file)?)? {
            let hint = import.external_id.as_deref().map(Hint::parse);
            let known = hint.as_ref().and_then(Hint::known);
            let link = match self.overrides.for_import(&import, known, true) {
                Some(Override::Keep) => {
                    root.keep.insert(import.name);
                    continue;
                }
                Some(Override::With(other, with)) => {
                    if with == file {
                        return Err(itself(name, &other));
                    }
                    let Some(part) = self.places.get(&with) else {
                        continue;
                    };
                    self.used.insert(*part);
                    link_to_override(*part, &with, known)?
                }
                None => match (self.links.get(&import.name), known) {
                    (Some(link), _) => link.clone(),
                    (None, None) => continue,
                    (None, Some(known)) => {
                        return Err(Error::input(format!(
                            "the import `{}` of `{name}` has the hint `{known}`, which its package does not declare",
                            import.name
                        ))
                        .hint("name the world of the package as `target` under `[package.metadata.component]`, or link the file that was built: `cargo component compose FILE`"));
                    }
                },
            };
            root.links.insert(import.name, link);
        }
        let at = self.parts.len();
        self.parts.push(root);
        answer_from_declared(&mut self.parts, &self.used, &ComponentFiles::default())?;
        let parts = self.parts;
        Ok((Composition { parts, root: at }, self.overrides))
    }

    /// Fails if the build gave an overriding component other imports, for which nothing
    /// was resolved; `root` is the file that is linked.
    fn refuse_changes(&self, root: &Path) -> Result<()> {
        for (file, at) in self.places.iter().filter(|(file, _)| *file != root) {
            if names::imports(&fs::read(file)?)? != self.imports[at] {
                return Err(Error::input(format!(
                    "the build changed the imports of `{}`, which was given with `--with`",
                    self.parts[*at].name
                ))
                .hint("run the command again"));
            }
        }
        Ok(())
    }
}

/// The components of the dev-dependencies of a manifest.
struct DevComponents {
    /// Those that stand in for a dependency, by the index of its part.
    substitutes: BTreeMap<usize, ProvidedComponent>,
    /// Those that are linked beside the dependencies.
    additional: Vec<ProvidedComponent>,
}

impl DevComponents {
    /// Divides the components by what they do for the expected one.
    ///
    /// # Errors
    ///
    /// If two additional ones export the same: it would not be clear which one answers.
    fn of(provided: Vec<ProvidedComponent>, expected: &Expected<'_>) -> Result<Self> {
        let mut dev = DevComponents {
            substitutes: BTreeMap::new(),
            additional: Vec::new(),
        };
        let mut exports: Vec<(String, Name)> = Vec::new();
        for one in provided {
            let replaced = expected.entries.and_then(|entries| entries.get(&one.key));
            if let Some(replaced) = replaced {
                dev.substitutes.insert(*replaced, one);
                continue;
            }
            for export in names::exports(&fs::read(&one.file)?)? {
                let name = export.interface().unwrap_or(&export.name);
                let same = |(key, other): &&(String, Name)| {
                    *key != one.key && compatible(other.interface().unwrap_or(&other.name), name)
                };
                if let Some((other, _)) = exports.iter().find(same) {
                    return Err(Error::input(format!(
                        "the dev-dependencies `{other}` and `{}` both export `{name}`",
                        one.key
                    ))
                    .hint("remove one of them, or its export"));
                }
                exports.push((one.key.clone(), export));
            }
            dev.additional.push(one);
        }
        Ok(dev)
    }

    /// Adds all of them to a closure; returns their indices among its parts, by key.
    fn add_to(&self, closure: &mut DependencyClosure<'_, '_>) -> Result<BTreeMap<String, usize>> {
        let all = self.substitutes.values().chain(&self.additional);
        all.map(|one| Ok((one.key.clone(), closure.add_for_tests(one)?)))
            .collect()
    }
}

/// The error for a component that would override one of its own imports.
fn itself(name: &str, other: &str) -> Error {
    Error::input("the component dependencies form a cycle")
        .with_cause(format!("`{name}` needs `{other}`, which is the same file"))
        .hint("give another component with `--with`")
}

/// The imports with a hint of its own that a component will have, which neither a
/// dependency nor an override answers.
fn own_hints(expected: &Expected<'_>, overrides: &Overrides) -> Vec<Name> {
    let imports = expected.imports.iter();
    let imports = imports.map(|(name, attributes)| Name {
        name: name.clone(),
        implements: attributes.implements.clone(),
        external_id: attributes.external_id.clone(),
    });
    let is_open = |import: &Name| {
        let hint = import.external_id.as_deref().map(Hint::parse);
        let known = hint.as_ref().and_then(Hint::known);
        known.is_some()
            && !expected.links.contains_key(&import.name)
            && !overrides.matches(import, known, true)
    };
    imports.filter(is_open).collect()
}

//! Links a finished component with its dependencies to one component.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::component_record::ComponentFacts;
use super::componentize::ComponentArtifact;
use super::prepare::Prepared;
use super::recipe::Recipe;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component::debug::without_dwarf;
use crate::model::component::names;
use crate::pipeline::link::composition::{Composition, check_parts, link_parts};
use crate::pipeline::link::override_options::Overrides;
use crate::pipeline::link::part::Part;
use crate::system::context::Context;
use crate::system::fs;

/// The record stored next to a cached linked component.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LinkRecord {
    /// The digest of all input of the linking.
    from: ContentDigest,
    /// Length and modification time of the linked component.
    component: Option<(u64, u128)>,
}

impl LinkRecord {
    /// The record of a file that was made from this input, as it is now.
    fn now(from: &ContentDigest, file: &Path) -> Self {
        LinkRecord {
            from: from.clone(),
            component: fs::stamp(file),
        }
    }

    /// Reads a record; `None` if there is none that can be read.
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_text(path).ok()?).ok()
    }

    fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string(self)
            .map_err(|e| Error::input("failed to describe a component").with_cause(e))?;
        fs::write_atomic(path, text.as_bytes())
    }
}

/// The composition of a component of a package: its dependencies, replaced as the
/// command line says. Returns the overrides, too, with their matches.
pub(crate) fn overridden_composition(
    prepared: &Prepared,
    member: usize,
    file: &Path,
) -> Result<(Composition, Overrides)> {
    let parts = prepared.overridden.get(&member).ok_or_else(|| {
        Error::input("the overrides of a component were not resolved before its build")
    })?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    parts.clone().linked(&name, file)
}

/// Fails if an override matches no import of the component in `file`, which messages call
/// `name`.
pub(crate) fn check_overrides(overrides: &Overrides, name: &str, file: &Path) -> Result<()> {
    overrides.check(name, &names::imports(&fs::read(file)?)?)
}

/// The composition of a component that was built; none if nothing is linked to it.
fn composition(
    ctx: &Context,
    prepared: &Prepared,
    artifact: &ComponentArtifact,
) -> Result<Option<Composition>> {
    let (Some(recipe), Some(facts)) = (prepared.recipe(artifact.member), &artifact.component)
    else {
        return Ok(None);
    };
    let replaced = prepared.overridden.contains_key(&artifact.member);
    let composition = match replaced || prepared.overrides.is_some() {
        false => own_composition(recipe, &artifact.path, facts),
        true => {
            let file = &artifact.path;
            let (composition, overrides) = overridden_composition(prepared, artifact.member, file)?;
            // Not every test has each import.
            if !artifact.cargo_artifact.test {
                check_overrides(&overrides, &ctx.display(file).to_string(), file)?;
            }
            composition
        }
    };
    let links = &composition.parts[composition.root].links;
    Ok((!links.is_empty()).then_some(composition))
}

/// The composition of a component with the dependencies of its package that satisfy its
/// imports.
fn own_composition(recipe: &Recipe, file: &Path, facts: &ComponentFacts) -> Composition {
    let mut links = recipe.links.clone();
    links.retain(|name, _| facts.surface.imports.contains(name));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = recipe.parts.clone();
    parts.push(Part {
        name: name.into_owned(),
        file: file.to_owned(),
        links,
        keep: BTreeSet::new(),
        stubs: BTreeSet::new(),
        origin: None,
    });
    Composition {
        root: parts.len() - 1,
        parts,
    }
}

/// The files of the other components that a component is linked with, each once.
pub(crate) fn linked_files(
    ctx: &Context,
    prepared: &Prepared,
    artifact: &ComponentArtifact,
) -> Result<Vec<PathBuf>> {
    let composition = composition(ctx, prepared, artifact)?;
    let of = |composition: &Composition| {
        let parts = composition.reached().into_iter();
        let others = parts.filter(|part| *part != composition.root);
        let file = |part: usize| composition.parts[part].file.clone();
        others.map(file).collect()
    };
    Ok(composition.as_ref().map(of).unwrap_or_default())
}

/// The file of a component linked with its dependencies or with the overrides of the
/// command line; the component itself if nothing is linked to it. The file is cached until
/// one of the parts changes.
pub(crate) fn linked(
    ctx: &Context,
    prepared: &Prepared,
    artifact: &ComponentArtifact,
) -> Result<PathBuf> {
    let (Some(composition), Some(facts)) =
        (composition(ctx, prepared, artifact)?, &artifact.component)
    else {
        return Ok(artifact.path.clone());
    };
    let from = inputs(&composition, &facts.digest);
    let file = cached_file(prepared, artifact);
    let record = file.with_extension("json");
    let now = || LinkRecord::now(&from, &file);
    if LinkRecord::read(&record).is_some_and(|stored| stored.component.is_some() && stored == now())
    {
        return Ok(file);
    }
    let display_path = ctx.display(&artifact.path);
    let with = match composition.others() {
        1 => "1 component".to_owned(),
        many => format!("{many} components"),
    };
    ctx.shell
        .status("Linking", format!("{display_path} with {with}"));
    let linked = link_parts(&composition).map_err(|e| {
        e.context(format!(
            "failed to link `{display_path}` with its dependencies"
        ))
    })?;
    fs::write_atomic(&file, &linked.bytes)?;
    now().write(&record)?;
    Ok(file)
}

/// Fails if a component cannot be linked with its dependencies. A success is recorded until
/// the component gets another shape or one of the other parts changes.
pub(crate) fn check(prepared: &Prepared, artifact: &ComponentArtifact) -> Result<()> {
    let (Some(recipe), Some(facts)) = (prepared.recipe(artifact.member), &artifact.component)
    else {
        return Ok(());
    };
    let composition = own_composition(recipe, &artifact.path, facts);
    if composition.others() == 0 {
        return Ok(());
    }
    let from = inputs(&composition, &facts.shape).to_string();
    let fits = cached_file(prepared, artifact).with_extension("fits");
    if fs::read_text_if_exists(&fits)?.as_deref() == Some(&from) {
        return Ok(());
    }
    check_parts(&composition)?;
    fs::write_atomic(&fits, from.as_bytes())
}

/// The cache path for the linked form of a component.
fn cached_file(prepared: &Prepared, artifact: &ComponentArtifact) -> PathBuf {
    let name = ContentDigest::of(artifact.path.to_string_lossy().as_bytes());
    let stem = artifact
        .path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let dir = prepared.state_dir().join("linked").join(&name.hex()[..16]);
    dir.join(format!("{stem}.wasm"))
}

/// The linked form for the embedded engine: without debug information, which the engine
/// does not use, much less has to be read in each run. It is cached until the linked
/// component changes. If debug information was removed, also the file that has it.
pub(crate) fn linked_to_run(
    ctx: &Context,
    prepared: &Prepared,
    artifact: &ComponentArtifact,
) -> Result<(PathBuf, Option<PathBuf>)> {
    let full = linked(ctx, prepared, artifact)?;
    let cached = cached_file(prepared, artifact);
    // A program sees its file name, which therefore stays.
    let name = cached.file_name().unwrap_or_default();
    let file = fs::parent(&cached).join("lean").join(name);
    let record = file.with_extension("json");
    let digest = artifact.component.as_ref().map(|facts| &facts.digest);
    let from = format!("{digest:?} {:?} {}", fs::stamp(&full), full.display());
    let from = ContentDigest::of(from.as_bytes());
    let now = || LinkRecord::now(&from, &file);
    let run = |lean: &LinkRecord| match lean.component {
        Some(_) => (file.clone(), Some(full.clone())),
        // It has no debug information.
        None => (full.clone(), None),
    };
    if let Some(stored) = LinkRecord::read(&record).filter(|stored| *stored == now()) {
        return Ok(run(&stored));
    }
    match without_dwarf(&fs::read(&full)?) {
        Some(without_debug_info) => fs::write_atomic(&file, &without_debug_info)?,
        None => fs::remove_file(&file)?,
    }
    let now = now();
    now.write(&record)?;
    Ok(run(&now))
}

/// The path for the linked form next to a component: `<name>.linked.wasm`.
pub(crate) fn linked_path(component: &Path) -> PathBuf {
    component.with_extension("linked.wasm")
}

/// Writes the linked form next to a component and into the artifact directory, unless the
/// files have that content already; returns its path.
pub(crate) fn write_linked(
    ctx: &Context,
    prepared: &Prepared,
    artifact: &ComponentArtifact,
    copy_to: Option<&Path>,
) -> Result<PathBuf> {
    let bytes = fs::read(&linked(ctx, prepared, artifact)?)?;
    let path = linked_path(&artifact.path);
    fs::write_if_changed(&path, &bytes)?;
    if let (Some(dir), Some(name)) = (copy_to, path.file_name()) {
        fs::write_if_changed(&dir.join(name), &bytes)?;
    }
    Ok(path)
}

/// A digest of all input of the linking; `component` is the digest of the root, or of its
/// shape.
fn inputs(composition: &Composition, component: &ContentDigest) -> ContentDigest {
    let mut text = format!("{} {component}", env!("CARGO_PKG_VERSION"));
    for (at, part) in composition.parts.iter().enumerate() {
        // The root is linked over at each build, so that its time says nothing.
        let stamp = (at != composition.root).then(|| fs::stamp(&part.file));
        text.push_str(&format!("\n{} {stamp:?}", part.file.display()));
    }
    text.push_str(&serde_json::to_string(composition).unwrap_or_default());
    ContentDigest::of(text.as_bytes())
}

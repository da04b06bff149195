//! From a finished component and the parts it may be linked with to one
//! component that needs none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::componentize::{Facts, Made};
use super::prepare::Prepared;
use super::recipe::Recipe;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component::debug::without_dwarf;
use crate::model::component::names;
use crate::pipeline::fetch::lock_update::LockUpdate;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::built::BuiltComponents;
use crate::pipeline::link::closure::Forest;
use crate::pipeline::link::composition::{Composition, link_parts};
use crate::pipeline::link::override_options::{Asked, Chosen};
use crate::pipeline::link::part::Part;
use crate::system::context::Context;
use crate::system::fs;

/// What stands beside a linked component that is kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LinkRecord {
    /// The digest of everything it was linked from.
    from: ContentDigest,
    /// Length and time of what was linked.
    kept: Option<(u64, u128)>,
}

/// A component with what a command line chose for its imports and for those of
/// what it needs.
pub(crate) struct ChosenComposition {
    /// The components that are linked.
    pub composition: Composition,
    /// What is to be locked of what was found for it.
    pub lock: Option<LockUpdate>,
    chosen: Chosen,
}

impl ChosenComposition {
    /// Fails if something was chosen for an import that nobody has; `name` and
    /// `file` are those of the component.
    pub fn check(&self, name: &str, file: &Path) -> Result<()> {
        let imports = names::imports(&fs::read(file)?)?;
        self.chosen.check(name, &imports)
    }
}

/// What a component of a package is linked with: its dependencies, and in their
/// place what `asked` chooses.
pub(crate) fn chosen(
    ctx: &Context,
    prepared: &Prepared,
    member: usize,
    file: &Path,
    asked: &Asked<'_>,
) -> Result<ChosenComposition> {
    let project = &prepared.project;
    let chosen = asked.find(ctx, project.mode)?;
    // Whatever is not known by now needs no lock file: the build locked it.
    let mut worlds = WorldResolver::new(ctx, project)?;
    let manifest = project.manifest(ctx, &project.workspace().members[member])?;
    let (parts, answers): (&[Part], _) = match prepared.recipe(member) {
        Some(recipe) => (&recipe.parts, recipe.answers.clone()),
        None => (&[], BTreeMap::new()),
    };
    let forest = Forest::new(
        &mut worlds,
        &manifest,
        BuiltComponents::clone(&prepared.built),
    );
    let mut forest = forest.choosing(chosen);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let root = forest.root(&name, file, parts, &answers)?;
    let (parts, chosen) = forest.into_parts();
    Ok(ChosenComposition {
        composition: Composition { parts, root },
        lock: worlds.finish()?,
        chosen,
    })
}

/// What a component that was made is linked with; none if that is nothing.
fn composition(ctx: &Context, prepared: &Prepared, made: &Made) -> Result<Option<Composition>> {
    let (Some(recipe), Some(facts)) = (prepared.recipe(made.member), &made.component) else {
        return Ok(None);
    };
    let composition = match prepared.with.is_empty() {
        true => own(recipe, &made.path, facts),
        false => {
            let asked = Asked::read(ctx, &prepared.with, &[])?;
            let chosen = chosen(ctx, prepared, made.member, &made.path, &asked)?;
            // Not every test has each import.
            if !made.artifact.test {
                chosen.check(&ctx.display(&made.path).to_string(), &made.path)?;
            }
            if let Some(lock) = chosen.lock {
                lock.write(ctx)?;
            }
            chosen.composition
        }
    };
    let links = &composition.parts[composition.root].links;
    Ok((!links.is_empty()).then_some(composition))
}

/// A component with the dependencies of its package that answer its imports; what
/// its code does not use is no import.
fn own(recipe: &Recipe, file: &Path, facts: &Facts) -> Composition {
    let mut links = recipe.answers.clone();
    links.retain(|name, _| facts.surface.imports.contains(name));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = recipe.parts.clone();
    parts.push(Part {
        name: name.into_owned(),
        file: file.to_owned(),
        links,
        keep: BTreeSet::new(),
        origin: None,
    });
    Composition {
        root: parts.len() - 1,
        parts,
    }
}

/// The file of a component that was made, linked with what its package depends
/// on, or what the command line chose; the component itself if that is nothing. It
/// is kept until one of the parts changes.
pub(crate) fn linked(ctx: &Context, prepared: &Prepared, made: &Made) -> Result<PathBuf> {
    let (Some(composition), Some(facts)) = (composition(ctx, prepared, made)?, &made.component)
    else {
        return Ok(made.path.clone());
    };
    let from = inputs(&composition, &facts.digest);
    let file = kept_file(prepared, made);
    let record = file.with_extension("json");
    let kept =
        || -> Option<LinkRecord> { serde_json::from_str(&fs::read_text(&record).ok()?).ok() };
    let now = || LinkRecord {
        from: from.clone(),
        kept: fs::stamp(&file),
    };
    if kept().is_some_and(|kept| kept.kept.is_some() && kept == now()) {
        return Ok(file);
    }
    let shown = ctx.display(&made.path);
    let with = match composition.others() {
        1 => "1 component".to_owned(),
        many => format!("{many} components"),
    };
    ctx.shell.status("Linking", format!("{shown} with {with}"));
    let linked = link_parts(&composition)
        .map_err(|e| e.context(format!("failed to link `{shown}` with its dependencies")))?;
    fs::write_atomic(&file, &linked.bytes)?;
    match without_dwarf(&linked.bytes) {
        Some(lean) => fs::write_atomic(&self::lean(&file), &lean)?,
        None => fs::remove_file(&self::lean(&file))?,
    }
    let text = serde_json::to_string(&now())
        .map_err(|e| Error::input("failed to describe the linked component").with_cause(e))?;
    fs::write_atomic(&record, text.as_bytes())?;
    Ok(file)
}

/// Fails if a component that was made cannot be linked with what its package
/// depends on. That it can is found out once, until one of the parts changes.
pub(crate) fn check(prepared: &Prepared, made: &Made) -> Result<()> {
    let (Some(recipe), Some(facts)) = (prepared.recipe(made.member), &made.component) else {
        return Ok(());
    };
    let composition = own(recipe, &made.path, facts);
    if composition.others() == 0 {
        return Ok(());
    }
    let from = inputs(&composition, &facts.digest).to_string();
    let fits = kept_file(prepared, made).with_extension("fits");
    if fs::read_text_if_exists(&fits)?.as_deref() == Some(&from) {
        return Ok(());
    }
    link_parts(&composition)?;
    fs::write_atomic(&fits, from.as_bytes())
}

/// Where the linked form of a component is kept.
fn kept_file(prepared: &Prepared, made: &Made) -> PathBuf {
    let name = ContentDigest::of(made.path.to_string_lossy().as_bytes());
    let stem = made.path.file_stem().unwrap_or_default().to_string_lossy();
    let dir = prepared.state_dir().join("linked").join(&name.hex()[..16]);
    dir.join(format!("{stem}.wasm"))
}

/// The same for the embedded engine, which makes nothing of debug information:
/// without that, much less has to be read each time.
pub(crate) fn linked_to_run(ctx: &Context, prepared: &Prepared, made: &Made) -> Result<PathBuf> {
    let file = linked(ctx, prepared, made)?;
    let lean = lean(&file);
    Ok(match file != made.path && fs::exists(&lean) {
        true => lean,
        false => file,
    })
}

/// In a folder of its own: a program sees the name of its file.
fn lean(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default();
    fs::parent(file).join("lean").join(name)
}

/// Where the linked form of a component is written: `<name>.linked.wasm`.
pub(crate) fn beside(component: &Path) -> PathBuf {
    component.with_extension("linked.wasm")
}

/// Writes the linked form of a component beside it, and into the folder that
/// artifacts are copied to; its path. One that is the same is left alone.
pub(crate) fn write_beside(
    ctx: &Context,
    prepared: &Prepared,
    made: &Made,
    copy_to: Option<&Path>,
) -> Result<PathBuf> {
    let bytes = fs::read(&linked(ctx, prepared, made)?)?;
    let path = beside(&made.path);
    fs::write_if_changed(&path, &bytes)?;
    if let (Some(dir), Some(name)) = (copy_to, path.file_name()) {
        fs::write_if_changed(&dir.join(name), &bytes)?;
    }
    Ok(path)
}

/// A digest of everything that decides the result; `component` is that of the
/// root.
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

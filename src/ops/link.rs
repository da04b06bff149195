//! From a finished component and the parts it may be linked with to one
//! component that needs none of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::componentize::Made;
use super::components::tree::{Answer, Part};
use super::prepare::Prepared;
use super::recipe::Recipe;
use crate::advice::{Error, Result};
use crate::component::compose::{self, Link, Linked, Node, Plan};
use crate::component::debug::without_dwarf;
use crate::component::names;
use crate::context::Context;
use crate::fs;
use crate::package::ContentDigest;

/// What stands beside a linked component that is kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// The digest of everything it was linked from.
    from: ContentDigest,
    /// Length and time of what was linked.
    kept: Option<(u64, u128)>,
}

/// The file of a component that was made, linked with what its package depends
/// on; the component itself if that is nothing. It is kept until one of the
/// parts changes.
pub(super) fn linked(ctx: &Context, prepared: &Prepared, made: &Made) -> Result<PathBuf> {
    let (Some(recipe), Some(facts)) = (prepared.recipe(made.member), &made.component) else {
        return Ok(made.path.clone());
    };
    if recipe.answers.is_empty() {
        return Ok(made.path.clone());
    }
    let from = inputs(recipe, &facts.digest);
    let name = ContentDigest::of(made.path.to_string_lossy().as_bytes());
    let stem = made.path.file_stem().unwrap_or_default().to_string_lossy();
    let dir = prepared.state_dir().join("linked").join(&name.hex()[..16]);
    let file = dir.join(format!("{stem}.wasm"));
    let record = dir.join(format!("{stem}.json"));
    let kept = || -> Option<Record> { serde_json::from_str(&fs::read_text(&record).ok()?).ok() };
    let now = || Record {
        from: from.clone(),
        kept: fs::stamp(&file),
    };
    if kept().is_some_and(|kept| kept.kept.is_some() && kept == now()) {
        return Ok(file);
    }
    let shown = ctx.display(&made.path);
    let with = match recipe.parts.len() {
        1 => "1 component".to_owned(),
        many => format!("{many} components"),
    };
    ctx.shell.status("Linking", format!("{shown} with {with}"));
    let linked = compose(&made.path, recipe)
        .map_err(|e| e.context(format!("failed to link `{shown}` with its dependencies")))?;
    fs::write_atomic(&file, &linked.bytes)?;
    match without_dwarf(&linked.bytes) {
        Some(lean) => fs::write_atomic(&self::lean(&file), &lean)?,
        None => fs::remove_file(&self::lean(&file))?,
    }
    let text = serde_json::to_string(&now())
        .map_err(|e| Error::input("failed to describe the linked component").because(e))?;
    fs::write_atomic(&record, text.as_bytes())?;
    Ok(file)
}

/// Fails if a component that was made cannot be linked with what its package
/// depends on. That it can is found out once, until one of the parts changes.
pub(super) fn check(prepared: &Prepared, made: &Made) -> Result<()> {
    let (Some(recipe), Some(facts)) = (prepared.recipe(made.member), &made.component) else {
        return Ok(());
    };
    if recipe.answers.is_empty() {
        return Ok(());
    }
    let from = inputs(recipe, &facts.digest).to_string();
    let name = ContentDigest::of(made.path.to_string_lossy().as_bytes());
    let stem = made.path.file_stem().unwrap_or_default().to_string_lossy();
    let dir = prepared.state_dir().join("linked").join(&name.hex()[..16]);
    let fits = dir.join(format!("{stem}.fits"));
    if fs::read_text_if_exists(&fits)?.as_deref() == Some(&from) {
        return Ok(());
    }
    compose(&made.path, recipe)?;
    fs::write_atomic(&fits, from.as_bytes())
}

/// The same for the embedded engine, which makes nothing of debug information:
/// without that, much less has to be read each time.
pub(super) fn linked_to_run(ctx: &Context, prepared: &Prepared, made: &Made) -> Result<PathBuf> {
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
pub(super) fn beside(component: &Path) -> PathBuf {
    component.with_extension("linked.wasm")
}

/// Writes the linked form of a component beside it, and into the folder that
/// artifacts are copied to; its path. One that is the same is left alone.
pub(super) fn write_beside(
    ctx: &Context,
    prepared: &Prepared,
    (made, copy_to): (&Made, Option<&Path>),
) -> Result<PathBuf> {
    let bytes = fs::read(&linked(ctx, prepared, made)?)?;
    let path = beside(&made.path);
    fs::write_if_changed(&path, &bytes)?;
    if let (Some(dir), Some(name)) = (copy_to, path.file_name()) {
        fs::write_if_changed(&dir.join(name), &bytes)?;
    }
    Ok(path)
}

/// A digest of everything that decides the result.
fn inputs(recipe: &Recipe, component: &ContentDigest) -> ContentDigest {
    let mut text = format!("{} {component}", env!("CARGO_PKG_VERSION"));
    for part in &recipe.parts {
        let stamp = fs::stamp(&part.file);
        text.push_str(&format!("\n{} {stamp:?}", part.file.display()));
    }
    let wiring = serde_json::to_string(&(&recipe.parts, &recipe.answers));
    text.push_str(&wiring.unwrap_or_default());
    ContentDigest::of(text.as_bytes())
}

/// Links a component with the parts of its recipe.
fn compose(file: &Path, recipe: &Recipe) -> Result<Linked> {
    let imports = names::imports(&fs::read(file)?)?;
    // What the code does not use is no import.
    let is_used = |name: &String| imports.iter().any(|import| import.name == *name);
    let mut links = recipe.answers.clone();
    links.retain(|name, _| is_used(name));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = recipe.parts.clone();
    parts.push(Part {
        name: name.into_owned(),
        file: file.to_owned(),
        links,
        keep: BTreeSet::new(),
        origin: None,
    });
    link_parts(&parts, parts.len() - 1)
}

/// Links one of some parts with those that answer its imports and theirs.
pub(super) fn link_parts(parts: &[Part], root: usize) -> Result<Linked> {
    let link = |(name, answer): (&String, &Answer)| {
        let link = Link {
            node: answer.part,
            item: answer.item.clone(),
        };
        (name.clone(), link)
    };
    let node = |part: &Part| {
        Ok(Node {
            name: part.name.clone(),
            bytes: fs::read(&part.file)?,
            links: part.links.iter().map(link).collect(),
            keep: part.keep.clone(),
        })
    };
    let nodes = parts.iter().map(node).collect::<Result<_>>()?;
    compose::link(&Plan { nodes, root })
}

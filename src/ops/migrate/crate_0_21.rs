//! Crates of cargo-component 0.21.1: the crate their bindings call, and keys
//! that it ignored.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::draft::Draft;
use super::source_crate::Crate;
use crate::base::error::Result;
use crate::model::manifest::edit::{
    CrateDependency, DependencyTable, ManifestEdit, ReplaceOutcome,
};
use crate::model::manifest::{Dependency, DependencySource, Manifest, Target};
use crate::model::wit::{Origin, generate, scaffold};
use crate::system::fs;
use crate::system::source;

const OLD: &str = "wit-bindgen-rt";

/// Replaces `wit-bindgen-rt` by `wit-bindgen` in the manifest.
pub(super) fn migrate(draft: &mut Draft<'_>, of: &Crate<'_>) -> Result<()> {
    let path = of.path();
    if of.member.dependency(OLD).is_none() {
        return Ok(());
    }
    let Some(text) = draft.text(path)? else {
        return Ok(());
    };
    draft.found(path, "a package of cargo-component 0.21.1");
    let mut manifest = ManifestEdit::new(path, &text)?;
    let before = manifest.text();
    for key in manifest.drop_unknown_bindings() {
        let text =
            format!("`bindings.{key}` is not a setting; 0.21.1 ignored it, and it was removed");
        draft.by_hand(path, text);
    }
    let named: Vec<String> = of.sources_naming("wit_bindgen_rt");
    let bindings = fs::read_text_if_exists(&of.bindings())?.unwrap_or_default();
    let mut features = vec!["realloc", "std", "bitflags"];
    features.extend(scaffold::features(&bindings));
    let wanted = CrateDependency {
        name: "wit-bindgen",
        version: scaffold::WIT_BINDGEN,
        features: &features,
    };
    let replaced = match named.as_slice() {
        [] => manifest.replace_dependency(OLD, &wanted)?,
        places => {
            let places = places.join(", ");
            draft.by_hand(path, format!(
                "`{OLD}` was kept, since {places} uses it; it works unchanged. To remove it, replace `wit_bindgen_rt` there by `wit_bindgen::rt`, and migrate again"
            ));
            ReplaceOutcome::Absent
        }
    };
    if matches!(replaced, ReplaceOutcome::Replaced(_)) {
        tell_shared(draft, of)?;
    }
    match replaced {
        ReplaceOutcome::Absent | ReplaceOutcome::Replaced(None) => {}
        ReplaceOutcome::Replaced(Some(version)) => draft.by_hand(path, format!(
            "the bindings need `wit-bindgen` {}, but the manifest requires `{version}`: raise that requirement",
            scaffold::WIT_BINDGEN
        )),
        ReplaceOutcome::Unchanged(reason) => draft.by_hand(path, format!(
            "`{OLD}` was kept, since {reason}; it works unchanged. To remove it, replace it by `wit-bindgen` {} with the features {}",
            scaffold::WIT_BINDGEN,
            features.join(", ")
        )),
    }
    if manifest.text() != before {
        draft.put(path, manifest.text())?;
    }
    match without_restated(of, &draft.text(path)?.unwrap_or_default())? {
        Some(text) => draft.put(path, text),
        None => Ok(()),
    }
}

/// Reports if the workspace still offers the old crate to its members.
fn tell_shared(draft: &mut Draft<'_>, of: &Crate<'_>) -> Result<()> {
    let root = of.workspace.root.join("Cargo.toml");
    let text = draft.text(&root)?.unwrap_or_default();
    if ManifestEdit::new(&root, &text)?.shares_dependency(OLD) {
        let text = format!(
            "`[workspace.dependencies]` still has `{OLD}`; remove it once no member uses it"
        );
        if !draft.by_hand.iter().any(|said| said.ends_with(&text)) {
            draft.by_hand(&root, text);
        }
    }
    Ok(())
}

/// The manifest without `target.dependencies`, if `deps` has all its entries, so
/// that the world consists of the same files.
fn without_restated(of: &Crate<'_>, text: &str) -> Result<Option<String>> {
    let manifest = of.read(text)?;
    let Target::Local(target) = &manifest.target else {
        return Ok(None);
    };
    let Some(entries) = target.dependencies.as_ref().filter(|e| !e.is_empty()) else {
        return Ok(None);
    };
    let wit = source::wit_path(&manifest, target)?;
    let Some(Ok(deps)) = wit.map(|wit| fs::canonical(&wit.join("deps"))) else {
        return Ok(None);
    };
    let restates = |entry: &Dependency| match &entry.source {
        DependencySource::Path {
            path,
            requirement: None,
            ..
        } => fs::canonical(path).is_ok_and(|path| path.parent() == Some(&deps)),
        _ => false,
    };
    if !entries.values().all(restates) {
        return Ok(None);
    }
    let mut edit = ManifestEdit::new(of.path(), text)?;
    for key in entries.keys() {
        edit.remove_dependency(DependencyTable::Target, key)?;
    }
    let new = edit.text();
    // Comments on entries must not be lost.
    if new.matches('#').count() < text.matches('#').count() {
        return Ok(None);
    }
    let same = match (made_of(&manifest), made_of(&of.read(&new)?)) {
        (Ok(before), Ok(after)) => before == after,
        _ => false,
    };
    Ok(same.then_some(new))
}

/// The packages of a world, with the path of each.
fn made_of(manifest: &Manifest) -> Result<BTreeSet<(String, PathBuf)>> {
    let loaded = source::load_from_disk(manifest)?;
    let parts = loaded.into_iter().flat_map(|loaded| loaded.world.parts);
    let parts = parts.map(|part| {
        let path = match &part.origin {
            Origin::Path(path) => fs::canonical(path)?,
            _ => PathBuf::new(),
        };
        Ok((part.name.to_string(), path))
    });
    parts.collect()
}

impl Crate<'_> {
    /// The places in the user's sources that name a crate, as `file:line`.
    fn sources_naming(&self, name: &str) -> Vec<String> {
        let bindings = self.bindings();
        let own = self.sources.iter().filter(|source| source.path != bindings);
        let shown = |path| self.ctx.display(path).to_string();
        own.flat_map(|source| {
            let lines = generate::lines_naming(&source.text, name);
            let file = shown(&source.path);
            lines
                .into_iter()
                .map(move |line| format!("`{file}:{line}`"))
        })
        .collect()
    }
}

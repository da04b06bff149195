//! Crates whose bindings wit-bindgen's macro makes: the tool has to know the
//! same world.

use std::path::Path;

use super::draft::Draft;
use super::source_crate::Crate;
use crate::base::error::{Error, Result};
use crate::model::manifest::edit::{ComponentTable, ManifestEdit, TargetEntry, WasiEntry};
use crate::model::manifest::{LocalTarget, Manifest, Target};
use crate::model::wit::generate::GenerateCall;
use crate::model::wit::template::ComponentName;
use crate::model::wit::{Entry, declared_packages};
use crate::system::cargo::workspace::TargetRole;
use crate::system::fs;
use crate::system::source;

/// Adds our section to the manifest of a crate that has none.
pub(super) fn migrate(draft: &mut Draft<'_>, of: &Crate<'_>, manifest: &Manifest) -> Result<()> {
    let path = of.path();
    let calls = of.calls();
    if manifest.declared || calls.is_empty() {
        return Ok(());
    }
    draft.found(
        path,
        "a package that generates its bindings with `wit_bindgen::generate!`",
    );
    if !is_component(of) {
        draft.by_hand(path, "it builds no component; to build one, set `crate-type = [\"cdylib\"]` under `[lib]`, and migrate again");
        return Ok(());
    }
    let call = match meant(of, &calls) {
        Ok(call) => call,
        Err(reason) => {
            draft.by_hand(path, reason);
            return Ok(());
        }
    };
    let Some(text) = draft.text(path)? else {
        return Ok(());
    };
    let mut edit = ManifestEdit::new(path, &text)?;
    edit.component(&ComponentTable {
        package: package(of, &call)?,
        target: target(&call),
        wasi: WasiEntry::All,
    })?;
    if !call.inline {
        edit.features(&call.features)?;
    }
    let text = edit.text();
    match of.loads(&text) {
        Ok(()) => {
            draft.ctx.shell.note(format!(
                "the macro in `{}` does not see component dependencies by itself: before you add some, set `bindings.wit = \"wit/resolved\"` in `[package.metadata.component]`, and `path: \"wit/resolved\"` in the macro",
                of.member.name
            ));
            draft.put(path, text)
        }
        Err(error) => {
            draft.by_hand(
                path,
                format!("the world of the macro cannot be read: {error}"),
            );
            Ok(())
        }
    }
}

/// Whether the package has a target that becomes a component.
fn is_component(of: &Crate<'_>) -> bool {
    let mut targets = of.member.targets.iter();
    targets.any(|target| match target.role {
        TargetRole::Binary => true,
        TargetRole::Library => target.cdylib,
        _ => false,
    })
}

/// The one call that names what the package implements; an error says what to do
/// by hand.
fn meant(of: &Crate<'_>, calls: &[GenerateCall]) -> Result<GenerateCall, String> {
    let mut different = calls.to_vec();
    different.sort();
    different.dedup();
    let [call] = different.as_slice() else {
        return Err("the macro is called for several worlds; set the world that the component implements in `[package.metadata.component]`: `target = { path = \"…\", world = \"…\" }`".into());
    };
    let wit = of.member.dir().join("wit");
    match call.paths.as_slice() {
        _ if call.computed => Err("the path or world of the macro is computed; set it in `[package.metadata.component]`: `target = { path = \"…\", world = \"…\" }`".into()),
        _ if call.inline && fs::exists(&wit) => Err("the world is inline in the macro, which builds as before; move it into `wit`, so that other commands can read it".into()),
        [] | [_] => Ok(call.clone()),
        _ if call.inline => Ok(call.clone()),
        [..] => Err("the macro has several paths; set the one with the world in `[package.metadata.component]`, `target = { path = \"…\", world = \"…\" }`, and add the others to `[package.metadata.component.target.dependencies]`".into()),
    }
}

/// The target of the manifest; `None` where the default is right.
fn target(call: &GenerateCall) -> Option<TargetEntry> {
    let path = call.paths.first().map_or("wit", String::as_str);
    let usual = path == "wit" && call.world.is_none();
    (!usual && !call.inline).then(|| TargetEntry::Local {
        path: path.to_owned(),
        world: call.world.clone(),
    })
}

/// The name to publish under: that of the crate's own WIT, or that of the crate.
fn package(of: &Crate<'_>, call: &GenerateCall) -> Result<String> {
    let dir = of.member.dir();
    let path = call.paths.first().map_or("wit", String::as_str);
    let path = dir.join(path);
    let inside = |path: &Path| match (fs::canonical(path), fs::canonical(dir)) {
        (Ok(path), Ok(dir)) => path.starts_with(dir),
        _ => false,
    };
    if !call.inline && inside(&path) {
        let main = source::read(&path)?.main;
        let names = declared_packages(std::slice::from_ref(&main));
        // The namespace of WASI is reserved.
        let own = names.first().filter(|name| name.namespace != "wasi");
        if let Some(name) = own {
            return Ok(format!("{}:{}", name.namespace, name.name));
        }
    }
    Ok(ComponentName::of_crate("component", &of.member.name)?.to_string())
}

impl Crate<'_> {
    /// The calls of wit-bindgen's macro in the sources.
    pub(super) fn calls(&self) -> Vec<GenerateCall> {
        let sources = self.sources.iter().filter(|source| source.of_code);
        let calls = sources.flat_map(|s| crate::model::wit::generate::calls(&s.text));
        calls.collect()
    }

    /// An error if the world of the package with a new manifest does not load from
    /// disk; missing packages of registries are no error.
    pub(super) fn loads(&self, text: &str) -> Result<()> {
        let manifest = self.read(text)?;
        let source::TargetSources::Local(local) = source::collect_sources(&manifest)? else {
            return match &manifest.target {
                Target::Local(LocalTarget { path: Some(_), .. }) => {
                    Err(Error::input("there is no WIT"))
                }
                _ => Ok(()),
            };
        };
        let empty =
            matches!(&local.request.sources.main, Entry::Text { files, .. } if files.is_empty());
        if empty {
            return Err(Error::input("there is no WIT"));
        }
        // A world with packages that have to be fetched is not loaded here.
        if !local.missing.is_empty()
            || !crate::model::wit::missing_packages(&local.request)?.is_empty()
        {
            return Ok(());
        }
        source::load(&manifest, local.request).map(|_| ())
    }
}

//! From cargo's artifacts to components.
//!
//! Cargo links `deps/foo.wasm` to the usual path in every build, so a finished
//! component is kept aside and linked back over it. What cargo wrote is never
//! written into: the usual path and `deps/foo.wasm` are one file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::prepare::Prepared;
use super::recipe::{Exports, Recipe};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component;
use crate::model::component::encode::encode;
use crate::model::component::{Surface, WasmKind, attributes, check, metadata, surface};
use crate::model::manifest::WorldCheck;
use crate::system::cargo::build::BuiltArtifact;
use crate::system::context::Context;
use crate::system::fs;

/// A component, or a module that is none, ready to be run.
#[derive(Clone, Debug)]
pub struct Made {
    /// The index of its package among the workspace's members.
    pub member: usize,
    /// What cargo said of it.
    pub artifact: BuiltArtifact,
    /// Where it lies: cargo's usual path, or aside for tests and benches.
    pub path: PathBuf,
    /// What it is; `None` for a module that was left as it is.
    pub component: Option<Facts>,
    /// Whether nothing had to be made.
    pub fresh: bool,
}

/// What is known of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The name of the declared world.
    pub world: Option<String>,
    /// The names of its imports and exports.
    pub surface: Surface,
    /// The digest of its bytes.
    pub digest: ContentDigest,
}

/// What stands beside a kept component.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ComponentRecord {
    /// Length and time of the module it was made from.
    module: Option<(u64, u128)>,
    /// Length and time of the kept component: it is one file with that at
    /// cargo's path, where anybody may write into it.
    kept: Option<(u64, u128)>,
    /// The digest of that module.
    content: ContentDigest,
    /// The digest of the recipe.
    recipe: ContentDigest,
    /// `None` if the module was left as it is.
    facts: Option<Facts>,
    /// What was warned of when it was made, to be told again as long as that
    /// holds, as cargo does with the compiler's warnings.
    #[serde(default)]
    warnings: Vec<String>,
}

/// Makes components of the artifacts of the selected packages.
///
/// What cannot be made is told in the second answer. At its path lies again
/// what was there before cargo put its module over it, as after a build that
/// fails in cargo.
pub(crate) fn componentize(
    ctx: &Context,
    prepared: &Prepared,
    artifacts: Vec<BuiltArtifact>,
    copy_to: Option<&Path>,
) -> (Vec<Made>, Vec<Error>) {
    let (mut made, mut failed) = (Vec::new(), Vec::new());
    for (at, artifact) in artifacts.iter().enumerate() {
        let members = &prepared.workspace().members;
        let index = members.iter().position(|m| m.id == artifact.package_id);
        let (Some(member), Some(wasm)) = (index, artifact.wasm().cloned()) else {
            continue;
        };
        // Of two that cargo writes to one path, the second lies there.
        let replaced = artifacts[at + 1..].iter().any(|a| a.wasm() == Some(&wasm));
        if replaced || is_intermediate(artifact, &wasm) || !prepared.selected.contains(&member) {
            continue;
        }
        let none = Recipe::default();
        let recipe = prepared.recipe(member).unwrap_or(&none);
        let one = One {
            ctx,
            prepared,
            recipe,
            member,
            artifact,
            kept: kept_path(prepared, &wasm),
            wasm,
            warnings: RefCell::default(),
        };
        match one.finish(copy_to) {
            Ok(one) => made.push(one),
            Err(error) => {
                one.restore();
                failed.push(error);
            }
        }
    }
    warn_of_unused(ctx, prepared, &made);
    (made, failed)
}

/// Warns of dependencies on components that answer no import of what was made: the
/// code calls nothing of them, or calls it by other bindings.
fn warn_of_unused(ctx: &Context, prepared: &Prepared, made: &[Made]) {
    let mut members: BTreeMap<usize, Vec<&Made>> = BTreeMap::new();
    for one in made.iter().filter(|one| !is_test(&one.artifact)) {
        members.entry(one.member).or_default().push(one);
    }
    for (member, made) in members {
        let Some(recipe) = prepared.recipe(member) else {
            continue;
        };
        let facts = made.iter().filter_map(|one| one.component.as_ref());
        let imports: BTreeSet<&String> = facts.flat_map(|facts| &facts.surface.imports).collect();
        let parts: BTreeSet<usize> = recipe.answers.values().map(|answer| answer.part).collect();
        for part in parts {
            let mut answers = recipe.answers.iter();
            if answers.any(|(import, answer)| answer.part == part && imports.contains(import)) {
                continue;
            }
            let paths: Vec<_> = made
                .iter()
                .map(|one| format!("`{}`", ctx.display(&one.path)))
                .collect();
            ctx.shell.warn(format!(
                "the dependency `{}` is not used: it satisfies no import of {}",
                recipe.parts[part].name,
                paths.join(" or ")
            ));
        }
    }
}

/// What the linker wrote is no wasm, or broken.
fn unreadable() -> Error {
    Error::input("the file is not a valid WebAssembly module")
        .hint("run `cargo clean`, and check the `linker` of cargo's configuration")
}

/// Whether the artifact is only there for another one, such as the library for
/// an example. It is a file of cargo's own, in `deps`.
fn is_intermediate(artifact: &BuiltArtifact, wasm: &Path) -> bool {
    !is_test(artifact) && fs::parent(wasm).ends_with("deps")
}

/// Whether it is the executable of tests or benches.
fn is_test(artifact: &BuiltArtifact) -> bool {
    artifact.test || artifact.kinds.iter().any(|k| k == "test" || k == "bench")
}

/// Where the component of an artifact is kept: as it lies below the target
/// directory, or under a digest of its path.
fn kept_path(prepared: &Prepared, wasm: &Path) -> PathBuf {
    let below = wasm
        .strip_prefix(&prepared.setup.target_dir)
        .map(Path::to_owned);
    let name = below.unwrap_or_else(|_| {
        let digest = ContentDigest::of(wasm.to_string_lossy().as_bytes());
        PathBuf::from(digest.hex()).with_extension("wasm")
    });
    prepared.state_dir().join("components").join(name)
}

/// One artifact on its way.
struct One<'a> {
    ctx: &'a Context,
    prepared: &'a Prepared,
    recipe: &'a Recipe,
    member: usize,
    artifact: &'a BuiltArtifact,
    wasm: PathBuf,
    kept: PathBuf,
    /// What was warned of.
    warnings: RefCell<Vec<String>>,
}

impl One<'_> {
    /// The component at its place.
    fn finish(&self, copy_to: Option<&Path>) -> Result<Made> {
        let (record, fresh) = self.record()?;
        if fresh {
            for warning in &record.warnings {
                self.ctx.shell.warn(warning.clone());
            }
        }
        Ok(Made {
            member: self.member,
            path: self.place(&record, copy_to)?,
            component: record.facts,
            fresh,
            artifact: self.artifact.clone(),
        })
    }

    /// Warns, now and whenever the component is used again.
    fn warn(&self, text: String) {
        self.ctx.shell.warn(text.clone());
        self.warnings.borrow_mut().push(text);
    }

    /// Puts back the component that was there before.
    fn restore(&self) {
        if !self.aside() && self.old().is_some_and(|old| old.facts.is_some()) {
            // The failure that led here is the one to be told.
            let _ = fs::link_over(&self.kept, &self.wasm);
        }
    }

    /// Where the record is kept.
    fn record_file(&self) -> PathBuf {
        self.kept.with_extension("wasm.json")
    }

    /// The record kept, if it can be read and speaks of the file that is kept.
    fn old(&self) -> Option<ComponentRecord> {
        let text = fs::read_text(&self.record_file()).ok()?;
        let old: ComponentRecord = serde_json::from_str(&text).ok()?;
        let stamp = || fs::stamp(&self.kept);
        (old.facts.is_none() || (old.kept.is_some() && old.kept == stamp())).then_some(old)
    }

    /// The record of the component, made if it is not there; whether it was.
    fn record(&self) -> Result<(ComponentRecord, bool)> {
        let recipe = self.recipe.digest(self.artifact.is_program());
        let old = self.old().filter(|old| old.recipe == recipe);
        let module = fs::stamp(&self.wasm);
        if let Some(old) = &old
            && old.module == module
        {
            return Ok((old.clone(), true));
        }
        let bytes = fs::read(&self.wasm)?;
        let content = ContentDigest::of(&bytes);
        let (record, fresh) = match old {
            // Built anew with the same result.
            Some(old) if old.content == content => (ComponentRecord { module, ..old }, true),
            _ => {
                let facts = self.make(&bytes)?;
                let record = ComponentRecord {
                    module,
                    kept: fs::stamp(&self.kept).filter(|_| facts.is_some()),
                    content,
                    recipe,
                    facts,
                    warnings: self.warnings.take(),
                };
                (record, false)
            }
        };
        let text = serde_json::to_string(&record)
            .map_err(|e| Error::input("failed to describe the component").with_cause(e))?;
        if let Err(error) = fs::write_atomic(&self.record_file(), text.as_bytes()) {
            // The next run only has to make the component again.
            let text = format!("the component's description: {error}");
            self.ctx.shell.detail("Skipping", text);
        }
        Ok((record, fresh))
    }

    /// Makes the component, if the module is to become one, and keeps it.
    fn make(&self, bytes: &[u8]) -> Result<Option<Facts>> {
        let name = &self.prepared.workspace().members[self.member].name;
        let context = |e: Error| {
            e.context(format!(
                "failed to create the component `{}` of the package `{name}`",
                self.ctx.display(&self.wasm)
            ))
        };
        let kind = component::kind(bytes);
        let component = match kind {
            None if self.recipe.declared => return Err(context(unreadable())),
            None => return Ok(None),
            Some(WasmKind::Module) if !self.recipe.declared => return Ok(None),
            Some(WasmKind::Module) if self.must_implement() => {
                return Err(context(self.no_world()));
            }
            Some(WasmKind::Module | WasmKind::Guest) => {
                let adapter = self.adapter().map_err(context)?;
                let component = encode(bytes, &adapter).map_err(context)?;
                self.check_world(&component, bytes, Some(&adapter))
                    .map_err(context)?;
                self.check_versions(&component, &adapter).map_err(context)?;
                component
            }
            Some(WasmKind::Component) => {
                self.check_world(bytes, bytes, None).map_err(context)?;
                bytes.to_vec()
            }
        };
        let component = attributes::add(&component, &self.recipe.attributes).map_err(context)?;
        let (component, left_out) =
            metadata::add(&component, &self.recipe.metadata).map_err(context)?;
        for key in left_out {
            self.warn(format!(
                "the component `{name}` does not include `{key}` of Cargo.toml, which component metadata cannot express"
            ));
        }
        let facts = Facts {
            world: self.recipe.world.clone(),
            surface: surface(&component).map_err(context)?,
            digest: ContentDigest::of(&component),
        };
        self.ctx.shell.status(
            "Creating",
            format!("component {}", self.ctx.display(&self.shown())),
        );
        fs::write_atomic(&self.kept, &component)?;
        Ok(Some(facts))
    }

    /// The path the user finds the component at.
    fn shown(&self) -> PathBuf {
        match self.aside() {
            true => self.kept.clone(),
            false => self.wasm.clone(),
        }
    }

    /// Test and bench executables stay as cargo made them.
    fn aside(&self) -> bool {
        is_test(self.artifact)
    }

    fn adapter(&self) -> Result<component::encode::Adapter> {
        let program = self.artifact.is_program();
        let ignored = match (&self.recipe.adapter, program) {
            _ if !self.recipe.proxy => None,
            (Some(_), _) => Some(
                "ignoring `proxy` setting due to `adapter` setting being present in `Cargo.toml`",
            ),
            (None, true) if !self.artifact.test => {
                Some("ignoring `proxy` setting in `Cargo.toml` for command component")
            }
            _ => None,
        };
        if let Some(text) = ignored {
            self.warn(text.to_owned());
        }
        self.recipe.adapter(program)
    }

    /// Whether the artifact has to implement the declared world: the library,
    /// or a program that stands alone. Examples and tests need not.
    fn must_implement(&self) -> bool {
        let is = |kind: &str| self.artifact.kinds.iter().any(|k| k == kind);
        if is_test(self.artifact) || is("example") {
            return false;
        }
        let member = &self.prepared.workspace().members[self.member];
        let beside_library = member.targets.iter().any(|target| target.cdylib);
        match self.recipe.exports {
            Exports::Nothing => false,
            Exports::Run => !self.artifact.is_program(),
            Exports::More => !(self.artifact.is_program() && beside_library),
        }
    }

    /// Warns where the versions of WASI in the world and in the adapter do not
    /// merge, so that a host has to offer both.
    fn check_versions(&self, component: &[u8], adapter: &component::encode::Adapter) -> Result<()> {
        let split = check::split_versions(&surface(component)?.imports);
        let of_adapter = adapter.wasi_version().unwrap_or_default();
        let names = split.get(&of_adapter).map(|names| names.join("`, `"));
        let others: Vec<&str> = split.keys().map(String::as_str).collect();
        let others: Vec<&str> = others.into_iter().filter(|v| *v != of_adapter).collect();
        if let Some(names) = names {
            self.warn(format!(
                "the world imports WASI {}, which differs from that of the {of_adapter} of the {}: the component imports two versions of `{names}`",
                others.join(", "),
                adapter.name(),
            ));
        }
        Ok(())
    }

    /// The module says nothing of a world, yet the declared one has exports.
    fn no_world(&self) -> Error {
        let world = self.recipe.world.as_deref().unwrap_or_default();
        let error = Error::input(format!(
            "the module contains no component type, so it cannot implement `{world}`"
        ));
        let member = &self.prepared.workspace().members[self.member];
        match self.recipe.bindings.is_none() && member.dependency("wit-bindgen").is_some() {
            false => error.hint(
                "add `mod bindings;` to the crate root and export an implementation: `bindings::export!(Component with_types_in bindings);`",
            ),
            true => error.hint("generate bindings in the crate with `wit_bindgen::generate!`"),
        }
    }

    /// Compares the declared world with what the component imports.
    fn check_world(
        &self,
        component: &[u8],
        module: &[u8],
        adapter: Option<&component::encode::Adapter>,
    ) -> Result<()> {
        let Some(world) = &self.recipe.world else {
            return Ok(());
        };
        if self.recipe.world_check == WorldCheck::Allow {
            return Ok(());
        }
        let imports = &self.recipe.world_imports;
        let undeclared = check::undeclared(imports, component, module, adapter)?;
        if undeclared.is_empty() {
            return Ok(());
        }
        let lines = undeclared.iter().map(|u| match u.needed_by.is_empty() {
            true => format!("`{}`", u.import),
            false => format!("`{}`, needed by {}", u.import, u.needed_by.join(", ")),
        });
        let message =
            format!("the component has imports that its world `{world}` does not declare");
        if self.recipe.world_check == WorldCheck::Warn {
            let lines: Vec<_> = lines.map(|line| format!("\n  {line}")).collect();
            self.warn(format!("{message}{}", lines.concat()));
            return Ok(());
        }
        let error = lines.fold(Error::input(message), Error::with_cause);
        Err(error.hint(
            "avoid the code that needs them, import them in the world, or set `world-check = \"warn\"`; a library without WASI can be built for `wasm32-unknown-unknown`",
        ))
    }

    /// Puts the component where the user finds it; that path, or the module's
    /// if it was left as it is.
    fn place(&self, record: &ComponentRecord, copy_to: Option<&Path>) -> Result<PathBuf> {
        if record.facts.is_none() {
            return Ok(self.wasm.clone());
        }
        if !self.aside() {
            fs::link_over(&self.kept, &self.wasm)?;
            if let (Some(dir), Some(name)) = (copy_to, self.wasm.file_name()) {
                fs::link_over(&self.kept, &dir.join(name))?;
            }
        }
        Ok(self.shown())
    }
}

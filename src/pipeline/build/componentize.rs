//! From cargo's artifacts to components.
//!
//! Cargo links `deps/foo.wasm` to the usual path in every build, so a finished
//! component is stored elsewhere and linked over that path again. The file that cargo
//! wrote is never modified: the usual path and `deps/foo.wasm` are the same file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::adapter::{adapter, is_test, linked, refuse_program};
use super::component_record::{ComponentFacts, ComponentRecord};
use super::prepare::Prepared;
use super::recipe::{Exports, Recipe};
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component;
use crate::model::component::debug::DebugSections;
use crate::model::component::encode::encode;
use crate::model::component::{WasmKind, attributes, check, metadata, shape, surface};
use crate::model::manifest::WorldCheck;
use crate::system::cargo::build::BuiltArtifact;
use crate::system::cargo::target::Target;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime::sends_http;

/// A component, or a module that stays one, at the path where it can be run.
#[derive(Clone, Debug)]
pub struct ComponentArtifact {
    /// The index of its package among the workspace's members.
    pub member: usize,
    /// The artifact as cargo reported it.
    pub cargo_artifact: BuiltArtifact,
    /// Its path: that of cargo, or a separate one for tests and benches.
    pub path: PathBuf,
    /// The facts about the component; `None` for a module that was left unchanged.
    pub component: Option<ComponentFacts>,
    /// Whether an earlier run made it.
    pub fresh: bool,
}

/// Makes components of the artifacts of the selected packages.
///
/// The second value holds the errors. Where a component could not be made, its path has
/// the previous component again, as after a build that fails in cargo.
pub(crate) fn componentize(
    ctx: &Context,
    prepared: &Prepared,
    cargo_artifacts: Vec<BuiltArtifact>,
    copy_to: Option<&Path>,
) -> (Vec<ComponentArtifact>, Vec<Error>) {
    let (mut artifacts, mut failed) = (Vec::new(), Vec::new());
    for (at, cargo_artifact) in cargo_artifacts.iter().enumerate() {
        let members = &prepared.workspace().members;
        let index = members
            .iter()
            .position(|m| m.id == cargo_artifact.package_id);
        let (Some(member), Some(wasm)) = (index, cargo_artifact.wasm().cloned()) else {
            continue;
        };
        // Of two that cargo writes to one path, the second lies there.
        let replaced = cargo_artifacts[at + 1..]
            .iter()
            .any(|a| a.wasm() == Some(&wasm));
        if replaced
            || is_intermediate(prepared, cargo_artifact, &wasm)
            || !prepared.selected.contains(&member)
        {
            continue;
        }
        let none = Recipe::default();
        let recipe = prepared.recipe(member).unwrap_or(&none);
        let componentizer = Componentizer {
            ctx,
            prepared,
            recipe,
            member,
            cargo_artifact,
            cached_path: cached_path_of(prepared, &wasm),
            wasm,
            warnings: RefCell::default(),
        };
        match componentizer.componentize_artifact(copy_to) {
            Ok(componentizer) => artifacts.push(componentizer),
            Err(error) => {
                componentizer.restore();
                failed.push(error);
            }
        }
    }
    warn_of_unused(ctx, prepared, &artifacts);
    (artifacts, failed)
}

/// Warns about component dependencies that satisfy no import: the code calls none of their
/// functions, or calls them through other bindings.
fn warn_of_unused(ctx: &Context, prepared: &Prepared, artifacts: &[ComponentArtifact]) {
    let mut members: BTreeMap<usize, Vec<&ComponentArtifact>> = BTreeMap::new();
    for artifact in artifacts
        .iter()
        .filter(|artifact| !is_test(&artifact.cargo_artifact))
    {
        members.entry(artifact.member).or_default().push(artifact);
    }
    for (member, artifacts) in members {
        let Some(recipe) = prepared.recipe(member) else {
            continue;
        };
        let facts = artifacts
            .iter()
            .filter_map(|artifact| artifact.component.as_ref());
        let imports: BTreeSet<&String> = facts.flat_map(|facts| &facts.surface.imports).collect();
        let parts: BTreeSet<usize> = recipe.links.values().map(|link| link.part).collect();
        for part in parts {
            let mut links = recipe.links.iter();
            if links.any(|(import, link)| link.part == part && imports.contains(import)) {
                continue;
            }
            let paths: Vec<_> = artifacts
                .iter()
                .map(|artifact| format!("`{}`", ctx.display(&artifact.path)))
                .collect();
            ctx.shell.warn(format!(
                "the dependency `{}` is not used: it satisfies no import of {}",
                recipe.parts[part].name,
                paths.join(" or ")
            ));
        }
    }
}

/// The error for a file of the linker that is not valid WebAssembly.
fn unreadable() -> Error {
    Error::input("the file is not a valid WebAssembly module")
        .hint("run `cargo clean`, and check the `linker` of cargo's configuration")
}

/// The target in whose directory cargo put a file, and the path of the file from there on.
/// The directory is in the target directory, or in `build.build-dir` of the configuration.
/// `None` if a package is built for a target of its own.
pub(crate) fn below_target<'t>(
    targets: &'t [Target],
    file: &Path,
) -> Option<(&'t Target, PathBuf)> {
    let named = |name: &OsStr| targets.iter().find(|target| name == target.triple());
    let names: Vec<&OsStr> = file.iter().collect();
    let at = names.iter().rposition(|name| named(name).is_some())?;
    Some((named(names[at])?, names[at..].iter().collect()))
}

/// Whether cargo built the artifact only for another one, such as the library for an
/// example. All others are directly in the directory of the profile, or in `examples` there.
fn is_intermediate(prepared: &Prepared, cargo_artifact: &BuiltArtifact, wasm: &Path) -> bool {
    if is_test(cargo_artifact) {
        return false;
    }
    let dir = fs::parent(wasm);
    match below_target(&prepared.setup.targets, dir) {
        Some((_, dir)) => match dir.iter().count() {
            2 => false,
            3 => !dir.ends_with("examples"),
            _ => true,
        },
        // Since cargo 1.100 in `out`.
        None => dir.ends_with("deps") || dir.ends_with("out"),
    }
}

/// The cache path for the component of an artifact: its path from the directory of the
/// target on, or else a digest of its path.
fn cached_path_of(prepared: &Prepared, wasm: &Path) -> PathBuf {
    let name = match below_target(&prepared.setup.targets, wasm) {
        Some((_, path)) => path,
        None => {
            let digest = ContentDigest::of(wasm.to_string_lossy().as_bytes());
            PathBuf::from(digest.hex()).with_extension("wasm")
        }
    };
    prepared.state_dir().join("components").join(name)
}

/// Makes the component of one artifact.
struct Componentizer<'a> {
    ctx: &'a Context,
    prepared: &'a Prepared,
    recipe: &'a Recipe,
    member: usize,
    cargo_artifact: &'a BuiltArtifact,
    wasm: PathBuf,
    cached_path: PathBuf,
    /// The warnings so far.
    warnings: RefCell<Vec<String>>,
}

impl Componentizer<'_> {
    /// Makes the component, or takes it from the cache, and puts it at its path.
    fn componentize_artifact(&self, copy_to: Option<&Path>) -> Result<ComponentArtifact> {
        let (record, fresh) = self.record()?;
        if fresh {
            for warning in &record.warnings {
                self.ctx.shell.warn(warning.clone());
            }
        }
        Ok(ComponentArtifact {
            member: self.member,
            path: self.put_in_place(&record, copy_to)?,
            component: record.facts,
            fresh,
            cargo_artifact: self.cargo_artifact.clone(),
        })
    }

    /// Warns now, and each time the component is taken from the cache.
    fn warn(&self, text: String) {
        self.ctx.shell.warn(text.clone());
        self.warnings.borrow_mut().push(text);
    }

    /// Puts the previous component back.
    fn restore(&self) {
        if !self.is_test_executable()
            && self
                .cached_record()
                .is_some_and(|cached_record| cached_record.facts.is_some())
        {
            // The failure that led here is the one to be told.
            let _ = fs::link_over(&self.cached_path, &self.wasm);
        }
    }

    /// The path of the record.
    fn record_file(&self) -> PathBuf {
        self.cached_path.with_extension("wasm.json")
    }

    /// The cached record, if it can be read and describes the cached file.
    fn cached_record(&self) -> Option<ComponentRecord> {
        let text = fs::read_text(&self.record_file()).ok()?;
        let cached_record: ComponentRecord = serde_json::from_str(&text).ok()?;
        let stamp = || fs::stamp(&self.cached_path);
        (cached_record.facts.is_none()
            || (cached_record.component.is_some() && cached_record.component == stamp()))
        .then_some(cached_record)
    }

    /// The record of the component, which is made if it is not cached; and whether it was
    /// cached.
    fn record(&self) -> Result<(ComponentRecord, bool)> {
        let recipe = self.recipe.digest(self.cargo_artifact.is_program());
        let cached_record = self
            .cached_record()
            .filter(|cached_record| cached_record.recipe == recipe);
        let module = fs::stamp(&self.wasm);
        if let Some(cached_record) = &cached_record
            && cached_record.module == module
        {
            return Ok((cached_record.clone(), true));
        }
        let bytes = fs::read(&self.wasm)?;
        let content = ContentDigest::of(&bytes);
        let (record, fresh) = match cached_record {
            // Built anew with the same result.
            Some(cached_record) if cached_record.content == content => (
                ComponentRecord {
                    module,
                    ..cached_record
                },
                true,
            ),
            _ => {
                let facts = self.create_component(&bytes)?;
                let record = ComponentRecord {
                    module,
                    component: fs::stamp(&self.cached_path).filter(|_| facts.is_some()),
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

    /// Makes the component, if the module becomes one, and stores it in the cache.
    fn create_component(&self, bytes: &[u8]) -> Result<Option<ComponentFacts>> {
        let name = &self.prepared.workspace().members[self.member].name;
        let context = |e: Error| {
            e.context(format!(
                "failed to create the component `{}` of the package `{name}`",
                self.ctx.display(&self.wasm)
            ))
        };
        refuse_program(self.recipe, self.cargo_artifact).map_err(context)?;
        let mut debug = DebugSections::default();
        let module = &*debug.set_aside(bytes);
        let component = match component::kind(module) {
            None if self.recipe.declared => return Err(context(unreadable())),
            None => return Ok(None),
            Some(WasmKind::Module) if !self.recipe.declared => return Ok(None),
            Some(WasmKind::Module) if self.must_implement() => {
                return Err(context(self.no_world()));
            }
            Some(WasmKind::Module | WasmKind::Guest) => {
                let (adapter, ignored) =
                    adapter(self.recipe, self.cargo_artifact, module).map_err(context)?;
                if let Some(text) = ignored {
                    self.warn(text.to_owned());
                }
                let component = encode(module, &adapter).map_err(context)?;
                self.check_world(&component, module, Some(&adapter))
                    .map_err(context)?;
                self.check_versions(&component, &adapter).map_err(context)?;
                component
            }
            Some(WasmKind::Component) => {
                let component =
                    linked(self.recipe, self.cargo_artifact, module).map_err(context)?;
                self.check_world(&component, &component, None)
                    .map_err(context)?;
                component
            }
        };
        let component = attributes::add(&component, &self.recipe.attributes).map_err(context)?;
        let (mut component, left_out) =
            metadata::add(&component, &self.recipe.metadata).map_err(context)?;
        for key in left_out {
            self.warn(format!(
                "the component `{name}` does not include `{key}` of Cargo.toml, which component metadata cannot express"
            ));
        }
        let (surface, shape) = (
            surface(&component).map_err(context)?,
            shape(&component).map_err(context)?,
        );
        let sends_requests = sends_http(&component).map_err(context)?;
        let names = [&surface.imports[..], &surface.exports[..]];
        self.recipe.docs.add_to(&mut component, &names);
        let pieces = debug.put_back(&component).map_err(context)?;
        self.ctx.shell.status(
            "Creating",
            format!("component {}", self.ctx.display(&self.output_path())),
        );
        Ok(Some(ComponentFacts {
            world: self.recipe.world.clone(),
            surface,
            shape,
            sends_requests,
            digest: fs::write_pieces(&self.cached_path, &pieces)?,
        }))
    }

    /// The path of the component for the user.
    fn output_path(&self) -> PathBuf {
        match self.is_test_executable() {
            true => self.cached_path.clone(),
            false => self.wasm.clone(),
        }
    }

    /// Whether cargo's file stays unchanged: that of tests and benches does.
    fn is_test_executable(&self) -> bool {
        is_test(self.cargo_artifact)
    }

    /// Whether the artifact has to implement the declared world: the library,
    /// or a program without a library. Examples and tests do not have to.
    fn must_implement(&self) -> bool {
        let is = |kind: &str| self.cargo_artifact.kinds.iter().any(|k| k == kind);
        if is_test(self.cargo_artifact) || is("example") {
            return false;
        }
        let member = &self.prepared.workspace().members[self.member];
        let beside_library = member.targets.iter().any(|target| target.cdylib);
        match self.recipe.exports {
            Exports::Nothing => false,
            Exports::Run => !self.cargo_artifact.is_program(),
            Exports::More => !(self.cargo_artifact.is_program() && beside_library),
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

    /// The error for a module without a component type, although its world has exports.
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

    /// Compares the imports of the component with those of the declared world.
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
        Err(error.hint(match self.recipe.wasi {
            None => {
                "avoid the code that needs them, import them in the world, or set `world-check = \"warn\"`; a library is built without WASI with `wasi = \"none\"`"
            }
            Some(_) => {
                "avoid the code that needs them, import them in the world, or set `world-check = \"warn\"`"
            }
        }))
    }

    /// Puts the component at its path, and returns that; or the path of the module if it was
    /// left unchanged.
    fn put_in_place(&self, record: &ComponentRecord, copy_to: Option<&Path>) -> Result<PathBuf> {
        if record.facts.is_none() {
            return Ok(self.wasm.clone());
        }
        if !self.is_test_executable() {
            fs::link_over(&self.cached_path, &self.wasm)?;
            if let (Some(dir), Some(name)) = (copy_to, self.wasm.file_name()) {
                fs::link_over(&self.cached_path, &dir.join(name))?;
            }
        }
        Ok(self.output_path())
    }
}

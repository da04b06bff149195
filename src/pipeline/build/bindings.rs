//! The bindings that every build brings up to date, and the recipe of each member.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::generated_world::GeneratedWorld;
use super::pending_writes::{GeneratedBindings, StaleBindings};
use super::recipe::{Exports, Recipe};
use super::runtime_crate::{RETIRED_CRATE, RUNTIME_CRATES, RuntimeNeeds, has_macro, runtime};
use crate::base::error::Result;
use crate::base::package::{ContentDigest, Digester};
use crate::model::component::attributes::RootAttributes;
use crate::model::component::check::declared_imports;
use crate::model::component::metadata::Metadata;
use crate::model::component::pure::kept_imports;
use crate::model::manifest::{BindingsSettings, Manifest, Target, WorldCheck};
use crate::model::wit::World;
use crate::model::wit::bindings::{WIT_BINDGEN_VERSION, generate};
use crate::model::wit::docs::ComponentDocs;
use crate::model::wit::generate as macros;
use crate::model::wit::resolved_world::render_world;
use crate::model::wit::runtime::Runtime;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::built::BuiltComponents;
use crate::pipeline::link::imports::Imports;
use crate::pipeline::link::provided::bind_dependencies;
use crate::pipeline::project::manifests::{
    Project, component_directories, dev_directories, is_component,
};
use crate::system::cargo::workspace::{DependencyUse, Member, Workspace};
use crate::system::cargo::workspace_cache::Cached;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// The inputs that the analysis of a member needs.
pub(crate) struct Sources<'s, 'a> {
    pub ctx: &'a Context,
    pub project: &'s Project,
    pub worlds: &'s mut WorldResolver<'a>,
    /// The components that were built for these members.
    pub built: &'s BuiltComponents,
}

/// The result of analyzing one member: its recipe, the paths that the recipe depends on,
/// and its new bindings.
pub(crate) struct AnalyzedMember {
    pub recipe: Option<Recipe>,
    pub paths: Vec<PathBuf>,
    pub bindings: Option<GeneratedBindings>,
    /// The world as WIT, if the manifest asks for it.
    pub world: Option<GeneratedWorld>,
}

/// Reads a member's manifest and WIT, and generates its bindings, unless the
/// existing ones were generated from the same input. Nothing is written. A member that is
/// not a component has no recipe.
pub(crate) fn analyze_member(
    sources: &mut Sources<'_, '_>,
    member: &Member,
    stale: StaleBindings,
    before: Option<&Cached<Option<Recipe>>>,
) -> Result<AnalyzedMember> {
    let (ctx, project) = (sources.ctx, sources.project);
    let (workspace, worlds) = (project.workspace(), &mut *sources.worlds);
    let manifest = project.manifest(ctx, member)?;
    let mut paths = vec![member.manifest_path.clone(), project.root_manifest()];
    paths.push(member.dir().join("wit"));
    if !is_component(&manifest, member) {
        return Ok(AnalyzedMember {
            recipe: None,
            paths,
            bindings: None,
            world: None,
        });
    }
    let maker = maker(&manifest, member, &mut paths);
    let loaded = match maker {
        // Which world is meant only the macro knows, and cargo sees to it.
        Maker::Macro if is_undecided(&manifest) => source::load_from_disk(&manifest).ok().flatten(),
        _ => worlds.resolve(&manifest)?,
    };
    warn_of_missing_wit(ctx, &manifest)?;
    paths.push(worlds.session().path().to_owned());
    let mut recipe = recipe(ctx, &manifest, member, &mut paths)?;
    recipe.built = sources.built.digest(&recipe.component_dirs);
    let (loaded, bound) = match manifest.dependencies.is_empty() {
        true => (loaded, None),
        false => {
            let bound = bind_dependencies(worlds, &manifest, sources.built, loaded)?;
            paths.extend(bound.parts.iter().map(|part| part.file.clone()));
            recipe.parts = bound.parts;
            recipe.entries = bound.entries;
            recipe.links = bound.links;
            (Some(bound.loaded), Some(bound.imports))
        }
    };
    let dirs = recipe.component_dirs.iter();
    let dirs = dirs.chain(recipe.dev_dirs.iter().flatten());
    paths.extend(dirs.map(|dir| dir.join("Cargo.toml")));
    paths.extend(manifest.adapter.clone());
    let (mut written, mut world_files) = (None, None);
    if let Some(loaded) = loaded {
        paths.extend(loaded.watched);
        let world = &loaded.world;
        describe_world(ctx, &mut recipe, world, bound.as_ref());
        world_files = generated_world(member, &manifest, world)?;
        paths.extend(world_files.iter().flat_map(GeneratedWorld::paths));
        let path = bindings_path(&manifest);
        paths.push(path.clone());
        if maker == Maker::Tool {
            paths.push(workspace.root.join("Cargo.lock"));
            let runtime = runtime_of(workspace, member, &manifest, world, stale)?;
            let from = digest(world, &manifest.bindings, runtime).filter(|_| bound.is_none());
            if from.is_none() || generated_from(before, &path) != from.as_ref() {
                let content = content(member, &manifest, world, runtime)?;
                written = Some(GeneratedBindings {
                    package: member.name.clone(),
                    path: path.clone(),
                    content: match &bound {
                        Some(imports) => imports.alias(ctx, &content)?,
                        None => content,
                    },
                });
            }
            recipe.generated_from = from;
            recipe.bindings = Some(path);
        }
    }
    Ok(AnalyzedMember {
        recipe: Some(recipe),
        paths,
        bindings: written,
        world: world_files,
    })
}

/// The world of a member as WIT, if its manifest names a directory for that.
fn generated_world(
    member: &Member,
    manifest: &Manifest,
    world: &World,
) -> Result<Option<GeneratedWorld>> {
    let Some(dir) = &manifest.bindings.wit else {
        return Ok(None);
    };
    let files = render_world(world).map_err(|e| {
        e.context(format!(
            "failed to write the WIT of the package `{}`",
            member.name
        ))
        .hint("remove `bindings.wit` from Cargo.toml: the Rust bindings support this world")
    })?;
    Ok(Some(GeneratedWorld {
        package: member.name.clone(),
        dir: manifest.file.dir().join(dir),
        files,
    }))
}

/// Adds the facts about a world to a recipe, and the attributes of the imports that
/// components satisfy, and prints the notes about them.
fn describe_world(ctx: &Context, recipe: &mut Recipe, world: &World, bound: Option<&Imports>) {
    for note in &world.notes {
        ctx.shell.note(note.clone());
    }
    recipe.world = Some(world.name());
    if recipe.world_check != WorldCheck::Allow || recipe.wasi.is_some() {
        recipe.world_imports.extend(declared_imports(world));
    }
    recipe.exports = exports(world);
    recipe.attributes = RootAttributes::of(world);
    recipe.docs = ComponentDocs::of(&world.resolve, world.id);
    if let Some(imports) = bound {
        let attributes = imports.attributes.clone();
        recipe.attributes.imports.extend(attributes);
        for note in &imports.notes {
            ctx.shell.note(note.clone());
        }
    }
}

/// The part of a member's recipe that its manifest determines.
fn recipe(
    ctx: &Context,
    manifest: &Manifest,
    member: &Member,
    paths: &mut Vec<PathBuf>,
) -> Result<Recipe> {
    Ok(Recipe {
        declared: manifest.declared,
        adapter: adapter(manifest)?,
        proxy: manifest.proxy,
        wasi: manifest.wasi,
        metadata: metadata(ctx, member, paths),
        world_check: manifest.world_check,
        world_imports: manifest.wasi.map(kept_imports).unwrap_or_default(),
        component_dirs: component_directories(manifest)?,
        dev_dirs: dev_directories(manifest)?,
        compose: manifest.compose,
        ..Recipe::default()
    })
}

/// The runtime crate for the bindings of a member's world.
fn runtime_of(
    workspace: &Workspace,
    member: &Member,
    manifest: &Manifest,
    world: &World,
    stale: StaleBindings,
) -> Result<Runtime> {
    let mut needs = RuntimeNeeds::of(world, &manifest.bindings.async_);
    needs.features = stale != StaleBindings::WriteFirst;
    runtime(workspace, member, world, &needs)
}

/// Generates the bindings of a member's world.
fn content(
    member: &Member,
    manifest: &Manifest,
    world: &World,
    runtime: Runtime,
) -> Result<String> {
    generate(world, &manifest.bindings, runtime).map_err(|e| {
        e.context(format!(
            "failed to generate the bindings of the package `{}`",
            member.name
        ))
    })
}

/// A digest of all input of the generated code.
fn digest(world: &World, settings: &BindingsSettings, runtime: Runtime) -> Option<ContentDigest> {
    let mut digester = BufWriter::new(Digester::default());
    let version = env!("CARGO_PKG_VERSION");
    let id = world.id.index();
    write!(
        digester,
        "{version} {WIT_BINDGEN_VERSION} {runtime:?} {settings:?} {id} {:?}",
        world.resolve
    )
    .ok()?;
    Some(digester.into_inner().ok()?.finish())
}

/// The digest of the input of the bindings in this file, if the file has not changed
/// since.
fn generated_from<'k>(
    before: Option<&'k Cached<Option<Recipe>>>,
    file: &Path,
) -> Option<&'k ContentDigest> {
    let before = before?;
    let mut seen = before.stamps.iter();
    let same = seen.any(|seen| seen.is_of(file) && seen.is_current());
    before
        .fact
        .as_ref()?
        .generated_from
        .as_ref()
        .filter(|_| same)
}

/// The kind of exports of a world that a library or a program has to implement.
fn exports(world: &World) -> Exports {
    let resolve = &world.resolve;
    let keys = resolve.worlds[world.id].exports.keys();
    let names: Vec<String> = keys.map(|key| resolve.name_world_key(key)).collect();
    let is_run = |name: &String| name.starts_with("wasi:cli/run@");
    match names.iter().all(is_run) {
        _ if names.is_empty() => Exports::Nothing,
        true => Exports::Run,
        false => Exports::More,
    }
}

fn bindings_path(manifest: &Manifest) -> PathBuf {
    let dir = manifest.file.dir();
    match &manifest.bindings.path {
        Some(path) => dir.join(path),
        None => dir.join("src").join("bindings.rs"),
    }
}

/// The file that this tool writes the bindings of a package to, if no source has a module
/// for it, and the manifest does not choose it.
pub(crate) fn unused_bindings(manifest: &Manifest, member: &Member) -> Option<PathBuf> {
    let file = bindings_path(manifest);
    let paths = &mut Vec::new();
    let unused = manifest.bindings.path.is_none()
        && maker(manifest, member, paths) == Maker::Tool
        && !scan_sources(member, &file, paths).includes_file;
    unused.then_some(file)
}

/// The origin of the bindings of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    /// This tool, into a file.
    Tool,
    /// The macro of wit-bindgen, when the crate is compiled.
    Macro,
    /// A build script that uses this crate.
    Script,
    /// A crate that the package depends on, which has them already.
    Dependency,
    /// A generator that reads the world as WIT, which this tool writes.
    WorldFiles,
}

/// Finds the origin of the bindings of a package. It is this tool if the manifest sets a
/// path for them, or (unless the manifest asks for the world as WIT) if their file exists (unless it calls the macro, or another source
/// does and none has a module for the file), or if a source has a module for the file and
/// none calls the macro. Without a runtime crate, only such a module counts. The files
/// that were read are added to `paths`.
fn maker(manifest: &Manifest, member: &Member, paths: &mut Vec<PathBuf>) -> Maker {
    let file = bindings_path(manifest);
    if manifest.bindings.path.is_some() {
        return Maker::Tool;
    }
    if manifest.bindings.wit.is_some() {
        return Maker::WorldFiles;
    }
    let there = fs::exists(&file) && !calls_the_macro(&file);
    let mut dependencies = member.dependencies.iter();
    if !there
        && dependencies.any(|d| {
            // Without features it only builds what a host embeds.
            let is_library = d.kind == DependencyUse::Build && d.name == env!("CARGO_PKG_NAME");
            is_library && !d.features.is_empty()
        })
    {
        return Maker::Script;
    }
    let has = |name: &str| member.dependency(name).is_some();
    let runs = RUNTIME_CRATES.iter().any(|(name, _)| has(name));
    if runs && !has_macro(member) {
        return Maker::Tool;
    }
    let bindings_use = scan_sources(member, &file, paths);
    // What took the place of its macro is a file.
    let includes_file =
        bindings_use.includes_file || (has(RETIRED_CRATE) && !bindings_use.calls_macro);
    match (runs, there) {
        (false, _) if includes_file => Maker::Tool,
        (false, _) => Maker::Dependency,
        (true, true) if includes_file || !bindings_use.calls_macro => Maker::Tool,
        (true, false) if includes_file && !bindings_use.calls_macro && manifest.declared => {
            Maker::Tool
        }
        (true, _) => Maker::Macro,
    }
}

/// How the sources of a package use bindings.
#[derive(Default)]
struct BindingsUse {
    /// Whether one has the module of a bindings file, or includes that file.
    includes_file: bool,
    /// Whether one calls the macro.
    calls_macro: bool,
}

/// Finds how the sources of a package use bindings, whose file is `file`.
fn scan_sources(member: &Member, file: &Path, paths: &mut Vec<PathBuf>) -> BindingsUse {
    let includes_file = |text: &str| {
        let included = ["\"bindings.rs\"", "../bindings.rs\"", "src/bindings.rs\""];
        macros::declares_module(text, "bindings") || included.iter().any(|name| text.contains(name))
    };
    let mut open = vec![member.dir().join("src")];
    let mut bindings_use = BindingsUse::default();
    while let Some(path) = open.pop() {
        if fs::is_dir(&path) {
            open.extend(fs::list(&path).unwrap_or_default());
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_text(&path).unwrap_or_default();
            let (calls_macro, includes_file) =
                (has_call(&text), path != file && includes_file(&text));
            bindings_use.calls_macro |= calls_macro;
            bindings_use.includes_file |= includes_file;
            if calls_macro || includes_file {
                paths.push(path);
            }
        }
    }
    if !bindings_use.includes_file {
        let roots = ["lib.rs", "main.rs"].map(|name| member.dir().join("src").join(name));
        paths.extend(roots);
    }
    bindings_use
}

/// Whether a manifest neither selects a world nor needs one.
fn is_undecided(manifest: &Manifest) -> bool {
    let target = match &manifest.target {
        Target::Local(target) => target,
        Target::Registry(_) | Target::Oci(_) => return false,
    };
    let names_world =
        target.path.is_some() || target.world.is_some() || target.dependencies.is_some();
    !names_world && manifest.dependencies.is_empty()
}

/// Warns about a world that is named although there is no WIT: 0.21.1 built such
/// packages.
fn warn_of_missing_wit(ctx: &Context, manifest: &Manifest) -> Result<()> {
    if let Target::Local(target) = &manifest.target
        && let Some(world) = &target.world
        && source::wit_path(manifest, target)?.is_none()
    {
        let wit = manifest.file.dir().join("wit");
        ctx.shell.warn(format!(
            "`{}` sets the world `{world}`, but `{}` does not exist: no bindings are generated, and the world check is skipped",
            ctx.display(&manifest.file.path),
            ctx.display(&wit)
        ));
    }
    Ok(())
}

/// Whether a file calls wit-bindgen's macro, and so was written by hand.
fn calls_the_macro(file: &Path) -> bool {
    has_call(&fs::read_text(file).unwrap_or_default())
}

/// Whether a source calls wit-bindgen's macro.
fn has_call(text: &str) -> bool {
    // Generated bindings are large, and hardly ever have the word.
    text.contains("generate!") && !macros::calls(text).is_empty()
}

fn adapter(manifest: &Manifest) -> Result<Option<(PathBuf, ContentDigest)>> {
    let Some(path) = &manifest.adapter else {
        return Ok(None);
    };
    let bytes = fs::read(path).map_err(|e| {
        let e = match &manifest.adapter_at {
            Some(at) => e.at(at.clone()),
            None => e,
        };
        e.hint("correct the `adapter` key in Cargo.toml, or remove it to use the built-in adapter")
    })?;
    Ok(Some((path.clone(), ContentDigest::of(&bytes))))
}

/// The metadata of the component; the files that determine the revision are added to
/// `paths`.
fn metadata(ctx: &Context, member: &Member, paths: &mut Vec<PathBuf>) -> Metadata {
    let about = &member.about;
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Metadata {
        name: member.name.clone(),
        version: Some(member.version.to_string()),
        authors: (!about.authors.is_empty()).then(|| about.authors.join(",")),
        description: filled(&about.description),
        licenses: filled(&about.license),
        source: filled(&about.repository),
        homepage: filled(&about.homepage),
        revision: revision(ctx, member.dir(), paths),
    }
}

/// The revision of the repository the directory is in; none where there is no
/// repository, no commit, or no git.
fn revision(ctx: &Context, dir: &Path, paths: &mut Vec<PathBuf>) -> Option<String> {
    let places = || dir.ancestors().map(|dir| dir.join(".git"));
    let found = places().position(|git| fs::exists(&git));
    // A repository may come into being, also nearer than the one there is.
    let nearer = places().take(found.unwrap_or(usize::MAX));
    paths.extend(nearer.map(|git| git.join("HEAD")));
    let git = places().nth(found?)?;
    let git = match fs::is_dir(&git) {
        true => git,
        // A linked work tree: the file says where its own directory is.
        false => {
            let text = fs::read_text(&git).ok()?;
            let at = text.trim().strip_prefix("gitdir:")?.trim().to_owned();
            git.parent()?.join(at)
        }
    };
    paths.extend([git.join("HEAD"), git.join("logs").join("HEAD")]);
    // Where no log is kept, the branch itself tells, which work trees share.
    let common = fs::read_text(&git.join("commondir")).unwrap_or_default();
    let common = git.join(common.trim());
    let head = fs::read_text(&git.join("HEAD")).unwrap_or_default();
    if let Some(branch) = head.trim().strip_prefix("ref: ") {
        paths.extend([common.join(branch), common.join("packed-refs")]);
    }
    paths.extend([&git, &common].map(|dir| dir.join("reftable").join("tables.list")));
    let command = crate::system::process::Invocation::new("git")
        .args(["rev-parse", "HEAD"])
        .dir(dir);
    let output = ctx
        .exec
        .output(&command)
        .ok()
        .filter(|output| output.code == 0)?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}

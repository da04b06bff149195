//! `cargo component bindings`, and the bindings every build brings up to date.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::dependencies::{Session, directories};
use super::pending_writes::Bindings;
use super::prepare::prepare;
use super::recipe::{Exports, Recipe};
use super::runtime_crate::{Needs, runtime};
use crate::base::error::Result;
use crate::base::package::{ContentDigest, Digester};
use crate::model::component::attributes::RootAttributes;
use crate::model::component::metadata::Metadata;
use crate::model::manifest;
use crate::model::manifest::{BindingsSettings, Manifest, ManifestFile, Target, WorkspaceManifest};
use crate::model::wit::World;
use crate::model::wit::bindings::{Runtime, WIT_BINDGEN_VERSION, generate};
use crate::model::wit::generate as macros;
use crate::pipeline::fetch::worlds::Worlds;
use crate::pipeline::link::provided;
use crate::pipeline::project::recover::settle_member;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::LockMode;
use crate::system::cargo::view::Kept;
use crate::system::cargo::workspace::{Member, Use, Workspace};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// What is done with bindings that are not up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// They are written.
    Write,
    /// They are written; the features of the runtime crate they need are
    /// seen to afterwards.
    WriteFirst,
    /// They are an error, and nothing is written.
    Refuse,
}

/// Brings the bindings of the selected packages up to date.
pub fn bindings(ctx: &Context, args: &CargoArgs, stale: Stale) -> Result<()> {
    let mut prepared = prepare(ctx, args, stale)?;
    prepared.write(ctx)?;
    prepared.keep(ctx);
    Ok(())
}

/// Brings the bindings of the package with this manifest up to date; the file,
/// if the package has one.
pub fn of_package(ctx: &Context, manifest: &Path, mode: LockMode) -> Result<Option<PathBuf>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(manifest.to_owned());
    args.own.native = true;
    args.lock_mode = mode;
    let mut prepared = prepare(ctx, &args, Stale::WriteFirst)?;
    prepared.write(ctx)?;
    let recipes = prepared
        .selected
        .iter()
        .filter_map(|member| prepared.recipe(*member));
    Ok(recipes.filter_map(|recipe| recipe.bindings.clone()).next())
}

/// One package looked at: its recipe, the paths that decide it, and the
/// bindings it should have.
pub(crate) struct Looked {
    pub recipe: Option<Recipe>,
    pub paths: Vec<PathBuf>,
    pub bindings: Option<Bindings>,
}

/// Reads a member's manifest and WIT, and generates its bindings, unless they
/// were generated from the same before. Nothing is written. A member that is
/// no component has no recipe.
pub(crate) fn look(
    ctx: &Context,
    workspace: &Workspace,
    member: &Member,
    (worlds, session, stale): (&mut Worlds<'_>, &Session, Stale),
    before: Option<&Kept<Option<Recipe>>>,
) -> Result<Looked> {
    let (manifest, mut paths) = read_manifest(ctx, workspace, member)?;
    paths.push(member.dir().join("wit"));
    if !is_guest(&manifest, member) {
        return Ok(Looked {
            recipe: None,
            paths,
            bindings: None,
        });
    }
    let maker = maker(&manifest, member, &mut paths);
    let loaded = match maker {
        // Which world is meant only the macro knows, and cargo sees to it.
        Maker::Macro if is_undecided(&manifest) => source::world(&manifest).ok().flatten(),
        _ => worlds.resolve(&manifest)?,
    };
    warn_of_missing_wit(ctx, &manifest)?;
    paths.push(worlds.lock_file().to_owned());
    let mut recipe = recipe(ctx, &manifest, member, &mut paths)?;
    let (loaded, bound) = match manifest.dependencies.is_empty() {
        true => (loaded, None),
        false => {
            let of = (&mut *worlds, &manifest, session);
            let (loaded, imports) = provided::add(of, loaded, (&mut recipe, &mut paths))?;
            (Some(loaded), Some(imports))
        }
    };
    paths.extend(recipe.first.iter().map(|dir| dir.join("Cargo.toml")));
    paths.extend(manifest.adapter.clone());
    let mut written = None;
    if let Some(loaded) = loaded {
        paths.extend(loaded.watched);
        for note in &loaded.world.notes {
            ctx.shell.note(note.clone());
        }
        let world = &loaded.world;
        recipe.world = Some(world.name());
        recipe.exports = exports(world);
        recipe.attributes = RootAttributes::of(world);
        if let Some(imports) = &bound {
            let attributes = imports.attributes.clone();
            recipe.attributes.imports.extend(attributes);
            for note in &imports.notes {
                ctx.shell.note(note.clone());
            }
        }
        let path = bindings_path(&manifest);
        paths.push(path.clone());
        if maker == Maker::Tool {
            paths.push(workspace.root.join("Cargo.lock"));
            let runtime = runtime_of((workspace, member, &manifest), world, stale)?;
            let from = digest(world, &manifest.bindings, runtime).filter(|_| bound.is_none());
            if from.is_none() || generated_from(before, &path) != from.as_ref() {
                let content = content((member, &manifest), world, runtime)?;
                written = Some(Bindings {
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
    Ok(Looked {
        recipe: Some(recipe),
        paths,
        bindings: written,
    })
}

/// The recipe of a member, as far as its manifest says it.
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
        metadata: metadata(ctx, member, paths),
        world_check: manifest.world_check,
        first: directories(manifest)?,
        compose: manifest.compose,
        ..Recipe::default()
    })
}

/// What the bindings of a member's world run on.
fn runtime_of(
    (workspace, member, manifest): (&Workspace, &Member, &Manifest),
    world: &World,
    stale: Stale,
) -> Result<Runtime> {
    let mut needs = Needs::of(world, &manifest.bindings.async_);
    needs.features = stale != Stale::WriteFirst;
    runtime(workspace, member, world, &needs)
}

/// The bindings of a member's world.
fn content(
    (member, manifest): (&Member, &Manifest),
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

/// A digest of everything that decides what is generated.
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

/// What the bindings in this file were generated from, if it is as it was then.
fn generated_from<'k>(
    before: Option<&'k Kept<Option<Recipe>>>,
    file: &Path,
) -> Option<&'k ContentDigest> {
    let before = before?;
    let mut seen = before.seen.iter();
    let same = seen.any(|seen| seen.is_of(file) && seen.holds());
    before
        .fact
        .as_ref()?
        .generated_from
        .as_ref()
        .filter(|_| same)
}

/// Whether the WIT of a package is that of a component. Where it can be no
/// guest it is for something else, such as embedding components.
pub(crate) fn is_guest(manifest: &Manifest, member: &Member) -> bool {
    let uses = |name: &&str| member.dependency(name).is_some();
    manifest.declared || ["wit-bindgen", "wit-bindgen-rt"].iter().any(uses)
}

/// The member's manifest with what its workspace shares, and the files read.
pub(crate) fn read_manifest(
    ctx: &Context,
    workspace: &Workspace,
    member: &Member,
) -> Result<(Manifest, Vec<PathBuf>)> {
    settle_member(ctx, member);
    let shown = |path: &Path| PathBuf::from(ctx.display(path).to_string());
    let file = |path: &Path| -> Result<ManifestFile> {
        Ok(ManifestFile::new(path, &fs::read_text(path)?))
    };
    let root = workspace.root.join("Cargo.toml");
    let shared = match fs::exists(&root) {
        true => manifest::read_workspace(&file(&root)?),
        false => Ok(WorkspaceManifest::default()),
    };
    let context = |path: &Path| {
        format!(
            "failed to deserialize component metadata from `{}`",
            shown(path).display()
        )
    };
    let shared = shared.map_err(|e| e.context(context(&root)))?;
    let path = &member.manifest_path;
    let manifest = manifest::read(file(path)?, &shared).map_err(|e| e.context(context(path)))?;
    Ok((manifest, vec![path.clone(), root]))
}

/// What of the world a library or a program has to implement.
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

/// Who makes the bindings of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    /// This tool, into a file.
    Tool,
    /// wit-bindgen's macro.
    Macro,
    /// A build script that uses this crate.
    Script,
}

/// Who makes the bindings of a package. A bindings file that is there, or a
/// path for it in the manifest, says that the tool does, unless it is that
/// file which calls the macro; so does a module for it where nothing calls the
/// macro. Files that were looked at for that are added to `paths`.
fn maker(manifest: &Manifest, member: &Member, paths: &mut Vec<PathBuf>) -> Maker {
    let file = bindings_path(manifest);
    if manifest.bindings.path.is_some() || (fs::exists(&file) && !calls_the_macro(&file)) {
        return Maker::Tool;
    }
    let mut dependencies = member.dependencies.iter();
    if dependencies.any(|d| d.kind == Use::Build && d.name == env!("CARGO_PKG_NAME")) {
        return Maker::Script;
    }
    let has_macro = member
        .dependency("wit-bindgen")
        .is_some_and(|d| d.features.iter().any(|f| f == "default" || f == "macros"));
    if !has_macro {
        return Maker::Tool;
    }
    match manifest.declared && !fs::exists(&file) && awaits_a_file(member, paths) {
        true => Maker::Tool,
        false => Maker::Macro,
    }
}

/// Whether sources of a package have the module of a bindings file, and none
/// calls the macro.
fn awaits_a_file(member: &Member, paths: &mut Vec<PathBuf>) -> bool {
    let mut open = vec![member.dir().join("src")];
    let mut awaits = false;
    while let Some(path) = open.pop() {
        if fs::is_dir(&path) {
            open.extend(fs::list(&path).unwrap_or_default());
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            if calls_the_macro(&path) {
                paths.push(path);
                return false;
            }
            let text = fs::read_text(&path).unwrap_or_default();
            awaits |= macros::declares_module(&text, "bindings");
        }
    }
    if !awaits {
        let roots = ["lib.rs", "main.rs"].map(|name| member.dir().join("src").join(name));
        paths.extend(roots);
    }
    awaits
}

/// Whether nothing in a manifest says which world is meant, nor needs one.
fn is_undecided(manifest: &Manifest) -> bool {
    let target = match &manifest.target {
        Target::Local(target) => target,
        Target::Registry(_) | Target::Oci(_) => return false,
    };
    let said = target.path.is_some() || target.world.is_some() || target.dependencies.is_some();
    !said && manifest.dependencies.is_empty()
}

/// Tells of a world that is named where there is no WIT: 0.21.1 built such
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

/// Whether a file, which somebody has written then, calls wit-bindgen's macro.
fn calls_the_macro(file: &Path) -> bool {
    let text = fs::read_text(file).unwrap_or_default();
    // Generated bindings are large, and hardly ever have the word.
    text.contains("generate!") && !macros::calls(&text).is_empty()
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

/// The component's facts about itself; files that decide the revision are
/// added to `paths`.
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
    // Where no log is kept, the branch itself tells.
    let head = fs::read_text(&git.join("HEAD")).unwrap_or_default();
    if let Some(branch) = head.trim().strip_prefix("ref: ") {
        paths.extend([git.join(branch), git.join("packed-refs")]);
    }
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

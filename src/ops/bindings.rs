//! `cargo component bindings`, and the bindings every build brings up to date.

use std::path::{Path, PathBuf};

use super::components;
use super::components::first::{Session, directories};
use super::due::Bindings;
use super::prepare::prepare;
use super::recipe::{Exports, Recipe};
use super::resolve::Worlds;
use super::runtime_crate::{Needs, runtime};
use super::settle::settle_member;
use crate::advice::Result;
use crate::cargo::arguments::CargoArgs;
use crate::cargo::config::LockMode;
use crate::cargo::workspace::{Member, Use, Workspace};
use crate::component::attributes::RootAttributes;
use crate::component::metadata::Metadata;
use crate::context::Context;
use crate::fs;
use crate::manifest::{self, Manifest, ManifestFile, WorkspaceManifest};
use crate::package::ContentDigest;
use crate::wit::World;
use crate::wit::bindings::generate;
use crate::wit::generate as macros;

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
pub(super) struct Looked {
    pub recipe: Option<Recipe>,
    pub paths: Vec<PathBuf>,
    pub bindings: Option<Bindings>,
}

/// Reads a member's manifest and WIT, and generates its bindings. Nothing is
/// written. A member that is no component has no recipe.
pub(super) fn look(
    ctx: &Context,
    workspace: &Workspace,
    member: &Member,
    (worlds, session, stale): (&mut Worlds<'_>, &Session, Stale),
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
    let loaded = worlds.resolve(&manifest)?;
    paths.push(worlds.lock_file().to_owned());
    let own = own_bindings(&manifest, member);
    let mut recipe = Recipe {
        declared: manifest.declared,
        adapter: adapter(&manifest)?,
        proxy: manifest.proxy,
        metadata: metadata(ctx, member, &mut paths),
        world_check: manifest.world_check,
        first: directories(&manifest)?,
        compose: manifest.compose,
        ..Recipe::default()
    };
    let (loaded, bound) = match manifest.dependencies.is_empty() {
        true => (loaded, None),
        false => {
            let of = (&mut *worlds, &manifest, session);
            let (loaded, imports) = components::add(of, loaded, (&mut recipe, &mut paths))?;
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
        if !own {
            paths.push(workspace.root.join("Cargo.lock"));
            let content = content((workspace, member, &manifest), world, stale)?;
            written = Some(Bindings {
                package: member.name.clone(),
                path: path.clone(),
                content: match &bound {
                    Some(imports) => imports.alias(ctx, &content)?,
                    None => content,
                },
            });
            recipe.bindings = Some(path);
        }
    }
    Ok(Looked {
        recipe: Some(recipe),
        paths,
        bindings: written,
    })
}

/// The bindings of a member's world.
fn content(
    (workspace, member, manifest): (&Workspace, &Member, &Manifest),
    world: &World,
    stale: Stale,
) -> Result<String> {
    let mut needs = Needs::of(world, &manifest.bindings.async_);
    needs.features = stale != Stale::WriteFirst;
    let runtime = runtime(workspace, member, world, &needs)?;
    generate(world, &manifest.bindings, runtime).map_err(|e| {
        e.context(format!(
            "failed to generate the bindings of the package `{}`",
            member.name
        ))
    })
}

/// Whether the WIT of a package is that of a component. Where it can be no
/// guest it is for something else, such as embedding components.
pub(super) fn is_guest(manifest: &Manifest, member: &Member) -> bool {
    let uses = |name: &&str| member.dependency(name).is_some();
    manifest.declared || ["wit-bindgen", "wit-bindgen-rt"].iter().any(uses)
}

/// The member's manifest with what its workspace shares, and the files read.
pub(super) fn read_manifest(
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

/// Whether the package makes its bindings itself: by wit-bindgen's macro, or
/// by a build script that uses this crate. A bindings file that is there, or
/// a path for it in the manifest, says otherwise, unless it is that file which
/// calls the macro.
fn own_bindings(manifest: &Manifest, member: &Member) -> bool {
    let file = bindings_path(manifest);
    if manifest.bindings.path.is_some() || (fs::exists(&file) && !calls_the_macro(&file)) {
        return false;
    }
    let by_macro = member
        .dependency("wit-bindgen")
        .is_some_and(|d| d.features.iter().any(|f| f == "default" || f == "macros"));
    let by_script = member
        .dependencies
        .iter()
        .any(|d| d.kind == Use::Build && d.name == env!("CARGO_PKG_NAME"));
    by_macro || by_script
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
    let command = crate::process::Invocation::new("git")
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

//! `cargo component bindings`, and the bindings every build brings up to date.

use std::path::{Path, PathBuf};

use semver::Version;

use super::prepare::{Prepared, prepare};
use super::recipe::{Exports, Recipe};
use super::resolve::Worlds;
use crate::advice::{Error, Result};
use crate::cargo::arguments::CargoArgs;
use crate::cargo::workspace::{Member, Workspace};
use crate::component::attributes::RootAttributes;
use crate::component::metadata::Metadata;
use crate::context::Context;
use crate::fs;
use crate::manifest::{self, Manifest, ManifestFile, WorkspaceManifest};
use crate::package::ContentDigest;
use crate::wit::World;
use crate::wit::bindings::{Runtime, WIT_BINDGEN_VERSION, generate};

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
    let prepared: Prepared = prepare(ctx, args, stale)?;
    prepared.keep(ctx);
    Ok(())
}

/// Brings the bindings of the package with this manifest up to date; the file,
/// if the package has one.
pub fn of_package(ctx: &Context, manifest: &Path) -> Result<Option<PathBuf>> {
    let mut args = CargoArgs::default();
    args.manifest_path = Some(manifest.to_owned());
    args.own.native = true;
    let prepared = prepare(ctx, &args, Stale::WriteFirst)?;
    let recipes = prepared
        .selected
        .iter()
        .filter_map(|member| prepared.recipe(*member));
    Ok(recipes.filter_map(|recipe| recipe.bindings.clone()).next())
}

/// One package looked at: its recipe, and the paths that decide it.
pub(super) struct Looked {
    pub recipe: Option<Recipe>,
    pub paths: Vec<PathBuf>,
}

/// Reads a member's manifest and WIT, and brings its bindings up to date.
/// A member that is no component has no recipe.
pub(super) fn look(
    ctx: &Context,
    workspace: &Workspace,
    member: &Member,
    (worlds, stale): (&mut Worlds<'_>, Stale),
) -> Result<Looked> {
    let (manifest, mut paths) = read_manifest(ctx, workspace, member)?;
    paths.push(member.dir().join("wit"));
    let uses_bindgen = ["wit-bindgen", "wit-bindgen-rt"]
        .iter()
        .any(|name| member.dependency(name).is_some());
    // The WIT of a package that can be no guest is for something else, such as
    // embedding components.
    if !manifest.declared && !uses_bindgen {
        return Ok(Looked {
            recipe: None,
            paths,
        });
    }
    let loaded = worlds.world(&manifest)?;
    paths.push(worlds.lock_file().to_owned());
    let own = own_bindings(&manifest, member);
    if !manifest.dependencies.is_empty() {
        return Err(unsupported_dependencies(&manifest));
    }
    let mut recipe = Recipe {
        declared: manifest.declared,
        adapter: adapter(&manifest)?,
        proxy: manifest.proxy,
        metadata: metadata(ctx, member, &mut paths),
        world_check: manifest.world_check,
        ..Recipe::default()
    };
    paths.extend(manifest.adapter.clone());
    if let Some(loaded) = loaded {
        paths.extend(loaded.watched);
        for note in &loaded.world.notes {
            ctx.shell.note(note.clone());
        }
        let world = &loaded.world;
        recipe.world = Some(world.name());
        recipe.exports = exports(world);
        recipe.attributes = RootAttributes::of(world);
        let path = bindings_path(&manifest);
        if own {
            paths.push(path);
        } else {
            let needs = Needs {
                features: stale != Stale::WriteFirst,
                ..Needs::of(world, &manifest.bindings.async_)
            };
            let runtime = runtime(workspace, member, world, &needs)?;
            paths.push(workspace.root.join("Cargo.lock"));
            let content = generate(world, &manifest.bindings, runtime).map_err(|e| {
                e.context(format!(
                    "failed to generate the bindings of the package `{}`",
                    member.name
                ))
            })?;
            update(ctx, member, &path, (&content, stale))?;
            paths.push(path.clone());
            recipe.bindings = Some(path);
        }
    }
    Ok(Looked {
        recipe: Some(recipe),
        paths,
    })
}

/// The member's manifest with what its workspace shares, and the files read.
pub(super) fn read_manifest(
    ctx: &Context,
    workspace: &Workspace,
    member: &Member,
) -> Result<(Manifest, Vec<PathBuf>)> {
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
/// a path for it in the manifest, says otherwise.
fn own_bindings(manifest: &Manifest, member: &Member) -> bool {
    if manifest.bindings.path.is_some() || fs::exists(&bindings_path(manifest)) {
        return false;
    }
    let by_macro = member
        .dependency("wit-bindgen")
        .is_some_and(|d| d.features.iter().any(|f| f == "default" || f == "macros"));
    let by_script = member
        .dependencies
        .iter()
        .any(|d| d.for_build && d.name == env!("CARGO_PKG_NAME"));
    by_macro || by_script
}

fn update(
    ctx: &Context,
    member: &Member,
    path: &Path,
    (content, stale): (&str, Stale),
) -> Result<()> {
    if fs::read_text_if_exists(path).is_ok_and(|old| old.as_deref() == Some(content)) {
        return Ok(());
    }
    if stale == Stale::Refuse {
        return Err(Error::input(format!(
            "the bindings of `{}` in `{}` are not up to date",
            member.name,
            ctx.display(path)
        ))
        .hint("run `cargo component bindings`"));
    }
    ctx.shell.status(
        "Generating",
        format!("bindings for {} ({})", member.name, ctx.display(path)),
    );
    fs::write_atomic(path, content.as_bytes())
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

fn unsupported_dependencies(manifest: &Manifest) -> Error {
    let first = manifest.dependencies.iter().next();
    let error = Error::unsupported("dependencies on components are not supported yet");
    match first {
        Some((key, dependency)) => error
            .because(format!("`{key}` is one"))
            .at(dependency.file.excerpt(dependency.span.clone()))
            .hint("remove it from `[package.metadata.component.dependencies]`"),
        None => error,
    }
}

/// Which runtime crate the bindings are for; an error if the one the package
/// has cannot serve them.
fn runtime(
    workspace: &Workspace,
    member: &Member,
    world: &World,
    needs: &Needs,
) -> Result<Runtime> {
    for (name, runtime) in [
        ("wit-bindgen", Runtime::WitBindgen),
        ("wit-bindgen-rt", Runtime::WitBindgenRt),
    ] {
        let Some(dependency) = member.dependency(name) else {
            continue;
        };
        let locked = workspace.locked_versions(name)?;
        let fitting = locked
            .iter()
            .filter(|v| dependency.requirement.matches(v))
            .max();
        let version = fitting.cloned().or_else(|| least(&dependency.requirement));
        let served = match (&version, needs.least()) {
            (_, None) => true,
            (Some(version), Some((least, _))) => {
                runtime == Runtime::WitBindgen && *version >= least
            }
            (None, Some(_)) => true,
        };
        if served {
            let lacks_async = needs.async_
                && needs.features
                && !dependency
                    .features
                    .iter()
                    .any(|f| f.starts_with("async") || f == "default");
            return match lacks_async {
                true => Err(async_missing(member, world, name)),
                false => Ok(runtime),
            };
        }
        let (least, why) = needs.least().unwrap_or((Version::new(0, 0, 0), ""));
        let version = version.map(|v| v.to_string()).unwrap_or_default();
        return Err(Error::input(format!(
            "`{name}` {version} of the package `{}` cannot serve the bindings of `{}`",
            member.name,
            world.name()
        ))
        .because(format!("{why}, which needs `wit-bindgen` {least} or newer"))
        .hint(format!("run `{}`", add_command(member, needs.async_))));
    }
    Err(Error::input(format!(
        "the package `{}` has bindings for `{}`, but no crate they can run on",
        member.name,
        world.name()
    ))
    .hint(format!("run `{}`", add_command(member, needs.async_))))
}

fn async_missing(member: &Member, world: &World, name: &str) -> Error {
    Error::input(format!(
        "`{}` has async functions, but the package `{}` uses `{name}` without its feature `async`",
        world.name(),
        member.name
    ))
    .hint(format!("run `{}`", add_command(member, true)))
}

fn add_command(member: &Member, async_: bool) -> String {
    let more = if async_ { ",async" } else { "" };
    format!(
        "cargo add --package {} wit-bindgen@{WIT_BINDGEN_VERSION} --no-default-features --features realloc,std,bitflags{more}",
        member.name
    )
}

/// The lowest version a requirement names.
fn least(requirement: &semver::VersionReq) -> Option<Version> {
    let first = requirement.comparators.first()?;
    let part = |part: Option<u64>| part.unwrap_or(0);
    Some(Version::new(
        first.major,
        part(first.minor),
        part(first.patch),
    ))
}

/// What the bindings of a world ask of their runtime crate. Worlds without
/// any of this run on every release since 0.24, tried one by one.
struct Needs {
    async_: bool,
    resources: bool,
    maps: bool,
    /// Whether the crate must have the features for it by now.
    features: bool,
}

impl Needs {
    fn of(world: &World, setting: &manifest::AsyncSetting) -> Self {
        use wit_parser::{TypeDefKind, WorldItem};
        let resolve = &world.resolve;
        let declared = &resolve.worlds[world.id];
        let interfaces = |items: &wit_parser::IndexMap<_, WorldItem>| -> Vec<_> {
            items
                .values()
                .filter_map(|item| match item {
                    WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
                    _ => None,
                })
                .collect()
        };
        let (imported, exported) = (interfaces(&declared.imports), interfaces(&declared.exports));
        let both = || imported.iter().chain(&exported);
        let root = declared.imports.values().chain(declared.exports.values());
        let root = root.filter_map(|item| match item {
            WorldItem::Function(function) => Some(function),
            _ => None,
        });
        let functions = both().flat_map(|i| i.functions.values()).chain(root);
        // What only lies beside the world asks for nothing.
        let mut live = wit_parser::LiveTypes::default();
        live.add_world(resolve, world.id);
        let kinds = || live.iter().map(|id| &resolve.types[id].kind);
        let streams = kinds().any(|k| matches!(k, TypeDefKind::Future(_) | TypeDefKind::Stream(_)));
        Needs {
            async_: *setting != manifest::AsyncSetting::None
                && (streams || functions.into_iter().any(|f| f.kind.is_async())),
            resources: exported.iter().any(|interface| {
                let mut types = interface.types.values();
                types.any(|ty| matches!(resolve.types[*ty].kind, TypeDefKind::Resource))
            }),
            maps: kinds().any(|k| matches!(k, TypeDefKind::Map(..))),
            features: true,
        }
    }

    /// The version of wit-bindgen needed, and why.
    fn least(&self) -> Option<(Version, &'static str)> {
        if self.async_ {
            Some((Version::new(0, 63, 0), "the world has async functions"))
        } else if self.maps {
            Some((Version::new(0, 63, 0), "the world has maps"))
        } else if self.resources {
            Some((Version::new(0, 60, 0), "the world exports resources"))
        } else {
            None
        }
    }
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

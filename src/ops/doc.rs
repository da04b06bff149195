//! `cargo component doc --wit`: pages of HTML for packages of WIT.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use wit_parser::{PackageId, Resolve};

use super::wit::build::resolve_all;
use super::wit::{ProjectKind, WitOptions, find};
use crate::base::error::{Error, Result};
use crate::model::component::{WasmKind, decode, kind};
use crate::model::doc::{DocumentedPackages, INDEX, pages};
use crate::model::manifest::Manifest;
use crate::model::wit::write::text as package_text;
use crate::model::wit::{Package, Request, is_absent_package, load_package};
use crate::pipeline::fetch::access::{Access, AccessOptions};
use crate::pipeline::fetch::registry_source::fetch_subject;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::override_options::ComponentSource;
use crate::pipeline::project::manifests::Project;
use crate::pipeline::project::output::tag_new_directory;
use crate::pipeline::project::recover::recover_directories;
use crate::pipeline::project::select::{in_package, workspace};
use crate::system::cargo::arguments::{CargoArgs, WitSource};
use crate::system::cargo::build::MessageFormat;
use crate::system::cargo::config::Config;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::process::Invocation;
use crate::system::source;
use crate::system::source::{TargetSources, collect_sources};

/// The directory of the pages, in the target directory.
const DIRECTORY: &str = "wit-doc";

/// Packages of WIT with all that they refer to, in one resolve.
struct WitPackages {
    resolve: Resolve,
    roots: Vec<PackageId>,
    /// The title of the pages; `None` for that of the packages.
    title: Option<String>,
}

/// Writes pages about WIT to `wit-doc` in the target directory, whose content they replace,
/// and opens them if that is asked for.
///
/// # Errors
///
/// If there is no WIT, if it cannot be read, or if the packages of several crates contradict
/// each other.
pub fn doc_wit(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let messages = MessageFormat::from_options(&args.message_format)?;
    let config = Config::load(&ctx.cwd, &ctx.env, &args.config)?;
    let found = match &args.own.wit {
        Some(WitSource::Named(what)) => named(ctx, args, what)?,
        _ => of_project(ctx, args)?,
    };
    let title = found.title.unwrap_or_else(|| match found.roots.as_slice() {
        [one] => found.resolve.packages[*one].name.to_string(),
        _ => "WIT packages".to_owned(),
    });
    let files = pages(&DocumentedPackages {
        title,
        resolve: &found.resolve,
        roots: found.roots,
        with_dependencies: !args.no_deps,
    });
    let target_dir = target_dir(ctx, args, &config)?;
    let dir = target_dir.join(DIRECTORY);
    tag_new_directory(&target_dir);
    write(ctx, &dir, &files)?;
    let index = dir.join(INDEX);
    let verb = if args.open { "Opening" } else { "Generated" };
    ctx.shell.status(verb, ctx.display(&index).to_string());
    if messages.is_json() {
        let last = json!({ "reason": "build-finished", "success": true });
        ctx.shell.data(last.to_string());
    }
    match args.open {
        true => open(ctx, &config, &index),
        false => Ok(()),
    }
}

/// The WIT that a command line names.
fn named(ctx: &Context, args: &CargoArgs, what: &str) -> Result<WitPackages> {
    let (name, file) = match ComponentSource::parse(ctx, what)? {
        ComponentSource::File(path) => {
            let is_text = path.extension().is_some_and(|extension| extension == "wit");
            if is_text || fs::is_dir(&path) {
                return text(ctx, &path);
            }
            (ctx.display(&path).to_string(), path)
        }
        ComponentSource::Subject(subject) => {
            let options = AccessOptions {
                registry: None,
                mode: args.lock_mode,
            };
            fetch_subject(&Access::new(ctx, &options)?, &subject)?
        }
    };
    let bytes = fs::read(&file)?;
    let what = match kind(&bytes) {
        Some(WasmKind::Component) => None,
        Some(_) => Some("a core module, which has no WIT"),
        None => Some("neither WebAssembly nor WIT"),
    };
    if let Some(what) = what {
        let hint = "give a component or a WIT package, or a file or directory of WIT";
        return Err(Error::input(format!("`{name}` is {what}")).hint(hint));
    }
    let decoded =
        decode(&bytes).map_err(|e| e.context(format!("failed to read the WIT of `{name}`")))?;
    Ok(WitPackages {
        roots: vec![decoded.package()],
        resolve: decoded.resolve().clone(),
        title: Some(name),
    })
}

/// The WIT in a file or directory, or in `wit` of a directory that has none itself.
fn text(ctx: &Context, path: &Path) -> Result<WitPackages> {
    let below = path.join("wit");
    let path = match fs::is_dir(&below) && !source::has_wit(path) {
        true => below.as_path(),
        false => path,
    };
    let shown = ctx.display(path);
    let package = load_package(&Request::of(source::read(path)?)).map_err(|e| {
        let hint = "put the package into `deps` beside the WIT, or run `cargo component doc --wit` in the project, which also looks in registries";
        let e = match is_absent_package(&e) {
            true => e.replace_hint(hint),
            false => e,
        };
        e.context(format!("failed to read the WIT in `{shown}`"))
    })?;
    merged(vec![(package.resolve, package.id)])
}

/// The WIT of the selected packages of a workspace, or of another project with WIT.
fn of_project(ctx: &Context, args: &CargoArgs) -> Result<WitPackages> {
    let is_selected = args.workspace || !args.packages.is_empty() || args.manifest_path.is_some();
    if !is_selected {
        let options = WitOptions {
            mode: args.lock_mode,
            ..WitOptions::default()
        };
        match find(ctx, &options) {
            Ok(project) if !matches!(project.kind, ProjectKind::Crate(_)) => {
                let packages = resolve_all(ctx, &project)?;
                return merged(packages.into_iter().map(|p| (p.resolve, p.id)).collect());
            }
            // A crate may have a world of a registry only.
            Err(error) if !in_package(ctx, args) => return Err(error),
            _ => {}
        }
    }
    of_crates(ctx, args)
}

/// The WIT of the selected crates; a crate need not be a component.
fn of_crates(ctx: &Context, args: &CargoArgs) -> Result<WitPackages> {
    let project = Project::load(ctx, args)?;
    let mut worlds = WorldResolver::new(ctx, &project)?;
    let mut found = Vec::new();
    for index in &project.selected {
        let member = &project.workspace().members[*index];
        let shared = project.manifest(ctx, member)?;
        let mut manifest = Manifest::clone(&shared);
        // What a feature gates has pages, too, which say so.
        manifest.bindings.all_features = true;
        found.extend(of_manifest(&mut worlds, &manifest)?);
    }
    if let Some(update) = worlds.finish()? {
        update.write(ctx)?;
    }
    if found.is_empty() {
        return Err(
            Error::input("none of the selected packages has WIT").hint(
                "add a `wit` directory with a world, set `target` in Cargo.toml, or name what to document: `--wit <SOURCE>`",
            ),
        );
    }
    merged(found)
}

/// The package of WIT that a manifest has or names; `None` if there is none.
fn of_manifest(
    worlds: &mut WorldResolver<'_>,
    manifest: &Manifest,
) -> Result<Option<(Resolve, PackageId)>> {
    if let TargetSources::Local(local) = collect_sources(manifest)? {
        // The package may have several worlds, of which none need be selected.
        let (request, _) = worlds.request(manifest, *local)?;
        let Package { resolve, id, .. } = load_package(&request)?;
        return Ok(Some((resolve, id)));
    }
    let Some(loaded) = worlds.resolve(manifest)? else {
        return Ok(None);
    };
    let resolve = loaded.world.resolve;
    let package = resolve.worlds[loaded.world.id].package;
    Ok(package.map(|id| (resolve, id)))
}

/// All packages in one resolve. Those that several need may be known in parts only, and are
/// united.
fn merged(packages: Vec<(Resolve, PackageId)>) -> Result<WitPackages> {
    let (mut resolve, mut roots) = (Resolve::default(), Vec::new());
    for (other, id) in packages {
        let name = other.packages[id].name.clone();
        let contradiction = |cause: Option<String>| {
            let message =
                format!("the packages of several crates contradict each other in `{name}`");
            let error = cause
                .into_iter()
                .fold(Error::input(message), Error::with_cause);
            error.hint("document one crate at a time, with `-p <package>`")
        };
        match resolve.package_names.get(&name) {
            // A union would have whatever either has.
            Some(known) if roots.contains(known) => {
                if package_text(&resolve, *known, &[])? != package_text(&other, id, &[])? {
                    return Err(contradiction(None));
                }
                continue;
            }
            _ if roots.is_empty() => resolve = other,
            _ => {
                let merged = resolve.merge(other);
                merged.map_err(|e| contradiction(Some(format!("{e:#}"))))?;
            }
        }
        roots.extend(resolve.package_names.get(&name).copied());
    }
    Ok(WitPackages {
        resolve,
        roots,
        title: None,
    })
}

/// The target directory of cargo; outside of any package that of the current directory.
fn target_dir(ctx: &Context, args: &CargoArgs, config: &Config) -> Result<PathBuf> {
    if let Some(dir) = config.target_dir(args.target_dir.as_deref())? {
        return Ok(dir);
    }
    match in_package(ctx, args) {
        true => Ok(workspace(ctx, args, config)?.fact.target_directory),
        false => Ok(ctx.cwd.join("target")),
    }
}

/// Replaces a directory by one with these files, in one step.
fn write(ctx: &Context, dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    recover_directories(ctx, [fs::parent(dir)]);
    fs::retry_if_changed(|| {
        let mut change = fs::Change::new();
        let new = change.replace_dir(dir)?;
        for (path, content) in files {
            let path = new.join(path);
            fs::create_dir(fs::parent(&path))?;
            fs::write_new(&path, content, false)?;
        }
        change.commit()
    })
}

/// Opens a page in the browser that cargo would take. Pages that were written but not
/// opened are a warning, as in cargo.
fn open(ctx: &Context, config: &Config, page: &Path) -> Result<()> {
    let command = match config.browser()? {
        Some(browser) => Invocation::new(browser.program).args(browser.args),
        None if cfg!(windows) => Invocation::new("cmd").args(["/c", "start", ""]),
        None if cfg!(target_os = "macos") => Invocation::new("open"),
        None => Invocation::new("xdg-open"),
    };
    let command = command.arg(page);
    let failed = match ctx.exec.run(&command) {
        Ok(0) => return Ok(()),
        Ok(code) => format!("`{command}` ended with exit code {code}"),
        Err(error) => error.to_string(),
    };
    ctx.shell.warn(format!(
        "the documentation was not opened: {failed}; set the program with `doc.browser` in cargo's configuration or with BROWSER"
    ));
    Ok(())
}

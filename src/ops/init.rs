//! `cargo component init`: a component in an existing directory. A crate gets
//! what it lacks and loses nothing; where there is none, cargo creates one.

use std::path::Path;

use crate::base::error::{Error, Result};
use crate::model::manifest::edit::{ManifestEdit, WasiEntry};
use crate::ops::new::crates::{create_crate, resume_crate};
use crate::ops::new::creation_note::CreationNote;
use crate::ops::new::options::{CrateKind, NewOptions};
use crate::ops::new::origin::CrateOrigin;
use crate::ops::new::setup::{ComponentSetup, GenerateBindings};
use crate::system::context::Context;
use crate::system::fs;

/// Makes the crate in `options.path` a component. Existing sources stay as they
/// are.
pub fn init(ctx: &Context, options: &NewOptions, bind: &mut GenerateBindings<'_>) -> Result<()> {
    let dir = ctx.absolute(&options.path);
    let path = dir.join("Cargo.toml");
    options.refuse_target(options.kind)?;
    let target = options.find_target(ctx)?;
    let note = CreationNote::find(ctx, "init", options);
    let existed = fs::exists(&path);
    let mut origin = CrateOrigin::Users;
    if let (true, Some(found)) = (existed, note.found()) {
        resume_crate(ctx, &dir, options, None)?;
        origin = match found {
            CrateOrigin::Users => CrateOrigin::Users,
            CrateOrigin::Fresh | CrateOrigin::Resumed => CrateOrigin::Resumed,
        };
    } else if existed {
        if options.vcs.is_some() || options.edition.is_some() {
            let text = "`--vcs` and `--edition` were ignored, since they are for new crates";
            ctx.shell.warn(text.to_owned());
        }
    } else {
        // The name is checked before anything is written.
        options.component_name(ctx, None)?;
        // Cargo uses the sources that it finds, or generates one.
        if !has_sources(&dir)? {
            origin = CrateOrigin::Fresh;
        }
        let kind = match options.kind {
            Some(CrateKind::Command) => Some("--bin"),
            Some(CrateKind::Library { .. }) => Some("--lib"),
            // Cargo would put a `main` beside a library.
            None if fs::exists(&dir.join("src/lib.rs")) => {
                (!fs::exists(&dir.join("src/main.rs"))).then_some("--lib")
            }
            None => None,
        };
        note.write(origin);
        create_crate(ctx, "init", options, kind)?;
    }
    let shown = path.strip_prefix(&ctx.cwd).unwrap_or(&path);
    let manifest = ManifestEdit::new(shown, &fs::read_text(&path)?)?;
    let Some(package) = manifest.package_name() else {
        let message = format!("`{}` is a workspace without a package", shown.display());
        return Err(Error::input(message).hint("run the command in the directory of a member"));
    };
    let library = manifest.declares_library() || fs::exists(&dir.join("src/lib.rs"));
    let kind = match options.kind {
        Some(kind) => kind,
        None if library => CrateKind::Library {
            wasi: WasiEntry::All,
        },
        None => CrateKind::Command,
    };
    if kind != CrateKind::Command {
        refuse_clash(&manifest, package, &dir)?;
    }
    // The kind of an existing crate is known only now.
    options.refuse_target(Some(kind))?;
    let setup = ComponentSetup {
        ctx,
        name: options.component_name(ctx, Some(package))?,
        dir,
        kind,
        target,
        http: options.http,
        origin,
    };
    setup.run(options, bind)
}

/// Fails where a binary has the name of the library: cargo would write both to
/// one file, and the component would be whichever came last.
fn refuse_clash(manifest: &ManifestEdit, package: &str, dir: &Path) -> Result<()> {
    let nested = format!("src/bin/{package}.rs");
    let mut inferred = Vec::new();
    for file in ["src/main.rs", nested.as_str()] {
        if fs::exists(&dir.join(file)) {
            inferred.push((package.to_owned(), file));
        }
    }
    match manifest.clashing_binary(&inferred) {
        None => Ok(()),
        Some(name) => Err(Error::input(format!(
            "the library of `{package}` cannot be a component, since its file name would be that of the binary `{name}`"
        ))
        .hint(
            "rename the library with `[lib] name = \"…\"`, or move it to a crate of its own; if only the program is needed, omit `--lib`",
        )),
    }
}

/// Whether there is a source that `cargo init` would take over.
fn has_sources(dir: &std::path::Path) -> Result<bool> {
    for dir in [dir.to_owned(), dir.join("src")] {
        if fs::is_dir(&dir) {
            let rust = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "rs");
            if fs::list(&dir)?.iter().any(rust) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

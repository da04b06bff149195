//! A component in a directory that is there: a crate gets what it lacks, and
//! loses nothing; where there is no crate, cargo makes one.

use std::path::Path;

use crate::base::error::{Error, Result};
use crate::model::manifest::edit::ManifestEdit;
use crate::ops::new::begun::Begun;
use crate::ops::new::{Bind, Kind, NewOptions, Origin, Start, cargo, resume};
use crate::system::context::Context;
use crate::system::fs;

/// Makes the crate in `options.path` a component. Sources that are there are
/// left as they are.
pub fn init(ctx: &Context, options: &NewOptions, bind: &mut Bind<'_>) -> Result<()> {
    let dir = ctx.absolute(&options.path);
    let path = dir.join("Cargo.toml");
    options.refuse_target(options.kind)?;
    let target = options.find_target(ctx)?;
    let begun = Begun::find(ctx, "init", options);
    let existed = fs::exists(&path);
    let mut origin = Origin::Users;
    if let (true, Some(found)) = (existed, begun.found()) {
        resume(ctx, &dir, options, None)?;
        origin = match found {
            Origin::Users => Origin::Users,
            Origin::Fresh | Origin::Resumed => Origin::Resumed,
        };
    } else if existed {
        if options.vcs.is_some() || options.edition.is_some() {
            let text = "`--vcs` and `--edition` were ignored, since they are for new crates";
            ctx.shell.warn(text.to_owned());
        }
    } else {
        // The name is checked before anything is written.
        options.component_name(ctx, None)?;
        // Cargo uses what sources it finds, or makes one that says nothing.
        if !has_sources(&dir)? {
            origin = Origin::Fresh;
        }
        let kind = match options.kind {
            Some(Kind::Command) => Some("--bin"),
            Some(Kind::Library { .. }) => Some("--lib"),
            // Cargo would put a `main` beside a library.
            None if fs::exists(&dir.join("src/lib.rs")) => {
                (!fs::exists(&dir.join("src/main.rs"))).then_some("--lib")
            }
            None => None,
        };
        begun.note(origin);
        cargo(ctx, "init", options, kind)?;
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
        None if library => Kind::Library { proxy: false },
        None => Kind::Command,
    };
    if kind != Kind::Command {
        refuse_clash(&manifest, package, &dir)?;
    }
    // What was only guessed above is known now.
    options.refuse_target(Some(kind))?;
    let start = Start {
        ctx,
        name: options.component_name(ctx, Some(package))?,
        dir,
        kind,
        target,
        origin,
    };
    start.run(options, bind)
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

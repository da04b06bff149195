//! The functions behind [`lock!`](crate::lock!) and
//! [`lock_sync!`](crate::lock_sync!).

use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

use super::context::{LockContext, NoPackages, Quiet};
use super::project::Project;
use super::run::lock;
use crate::base::error::{Error, Result};
use crate::model::manifest::ManifestFile;
use crate::model::manifest::deps::DepsSource;
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;

/// Locks what is in `dir`, seen from the current directory: the manifest with
/// this text, `deps.lock` and `deps`. Lines on standard output make cargo run the
/// script again when one of them or a directory that the manifest names
/// changes.
pub fn locked(dir: &str, manifest: &str) -> Result<()> {
    let dir = Path::new(dir);
    let file = ManifestFile::new(dir.join("deps.toml"), manifest);
    let project = Project::new(file, dir.join("deps.lock"), dir.join("deps"))?;
    let path = |source: &DepsSource| match source {
        DepsSource::Path(path) => Some(dir.join(path)),
        _ => None,
    };
    let own = ["deps.toml", "deps.lock", "deps"].map(|name| dir.join(name));
    let written = own[1..].to_vec();
    let entries = project.manifest.entries.values();
    let mut stdout = std::io::stdout();
    for watched in own
        .into_iter()
        .chain(entries.filter_map(|entry| path(&entry.source)))
    {
        // Cargo reads these lines; if it does not, nobody can be told.
        let _ = writeln!(stdout, "cargo::rerun-if-changed={}", watched.display());
    }
    let context = LockContext::system(&Quiet, &NoPackages);
    lock(&project, &context)?;
    // Cargo runs a script again when something it watches is newer than the start
    // of the script, which everything is that the script has just written.
    if let Some(start) = script_start(&context.env) {
        for path in written {
            fs::make_no_newer(&path, start);
        }
    }
    Ok(())
}

/// When cargo started the build script: the time of the file that it makes beside
/// the script's output directory just before, since 1.100 in `run`. `None` outside of cargo.
fn script_start(env: &Env) -> Option<SystemTime> {
    let dir = Path::new(env.get(env::OUT_DIR)?).parent()?;
    let files = ["run/invoked.timestamp", "invoked.timestamp"];
    files.iter().find_map(|file| fs::modified(&dir.join(file)))
}

/// As [`locked`], on a thread of its own. Any executor can wait for the result.
pub fn locked_later(
    dir: &'static str,
    manifest: &'static str,
) -> impl Future<Output = Result<()>> + Send {
    let (send, done) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("lock".to_owned());
    let thread = thread.spawn(move || {
        // The receiver may have been dropped.
        let _ = send.send(locked(dir, manifest));
    });
    async move {
        thread.map_err(|e| Error::input("failed to start a thread").with_cause(e))?;
        match done.await {
            Ok(result) => result,
            Err(_) => Err(Error::input("locking was interrupted")),
        }
    }
}

/// Brings `deps` beside a `deps.toml` to what that says, from a build script:
/// a future of [`Result`](crate::base::error::Result)`<()>`, which any executor can
/// wait for.
///
/// The argument is the directory of `deps.toml` as a literal, `"wit"` without
/// one. The manifest is read when the script is compiled, seen from the file
/// that holds the macro, and `deps.lock` and `deps` when it runs, seen from the
/// package: so the macro belongs into a `build.rs` beside `Cargo.toml`.
///
/// ```ignore
/// #[tokio::main]
/// async fn main() -> cargo_component::advice::Result<()> {
///     cargo_component::lock!("wit").await
/// }
/// ```
#[macro_export]
macro_rules! lock {
    () => {
        $crate::pipeline::wit_deps::script::locked_later(
            "wit",
            ::core::include_str!("wit/deps.toml"),
        )
    };
    ($dir:literal $(,)?) => {
        $crate::pipeline::wit_deps::script::locked_later(
            $dir,
            ::core::include_str!(::core::concat!($dir, "/deps.toml")),
        )
    };
}

/// As [`lock!`](crate::lock!), but done when it returns: a
/// [`Result`](crate::base::error::Result)`<()>`. It needs no runtime, and does no
/// harm within one.
///
/// ```ignore
/// fn main() -> cargo_component::advice::Result<()> {
///     cargo_component::lock_sync!()
/// }
/// ```
#[macro_export]
macro_rules! lock_sync {
    () => {
        $crate::pipeline::wit_deps::script::locked("wit", ::core::include_str!("wit/deps.toml"))
    };
    ($dir:literal $(,)?) => {
        $crate::pipeline::wit_deps::script::locked(
            $dir,
            ::core::include_str!(::core::concat!($dir, "/deps.toml")),
        )
    };
}

//! What `cargo component cache` does.

use semver::Version;

use crate::base::error::{Error, Result, nearest};
use crate::base::package::PackageRef;
use crate::pipeline::wit_deps;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::stored::{StoredFiles, directories};

/// Prints the directory of the cache, the number of its packages and its size.
pub fn show(ctx: &Context) -> Result<()> {
    let cache = ctx.cache();
    let stored = StoredFiles::read(&cache)?;
    ctx.shell.data(format!("path: {}", cache.dir().display()));
    ctx.shell
        .data(format!("packages: {}", stored.contents.len()));
    ctx.shell.data(format!("size: {} bytes", stored.size()));
    if !stored.leftovers.is_empty() {
        let bytes: u64 = stored.leftovers.iter().map(|file| file.size).sum();
        let count = stored.leftovers.len();
        let text = format!("of these, left by killed runs: {count}, {bytes} bytes");
        ctx.shell.data(text);
    }
    Ok(())
}

/// Prints the directory of the cache.
pub fn path(ctx: &Context) {
    ctx.shell.data(ctx.cache().dir().display().to_string());
}

/// Removes packages from the cache, or all if none is named. Files that the cache
/// does not own stay.
pub fn clean(ctx: &Context, packages: &[(PackageRef, Option<Version>)]) -> Result<()> {
    let cache = ctx.cache();
    let guard = cache.lock_file();
    let _held = fs::is_dir(cache.dir()).then(|| {
        fs::lock(&guard, || {
            let text = format!("while accessing the cache `{}`", cache.dir().display());
            ctx.shell.status("Blocking", text);
        })
    });
    let all = StoredFiles::read(&cache)?;
    for (package, version) in packages {
        let versions = all.records.iter().filter(|r| r.package == *package);
        let mut versions = versions.map(|record| &record.version);
        if !versions.any(|v| version.as_ref().is_none_or(|wanted| v == wanted)) {
            return Err(absent(&all, package, version.as_ref()));
        }
    }
    let part = match packages.is_empty() {
        true => all,
        false => all.part_for(|record| {
            packages.iter().any(|(package, version)| {
                record.package == *package && version.as_ref().is_none_or(|v| *v == record.version)
            })
        }),
    };
    for file in part.files() {
        cache.remove(&file.path)?;
    }
    let count = match part.contents.len() {
        1 => "1 package".to_owned(),
        many => format!("{many} packages"),
    };
    let size: u64 = part.files().map(|file| file.size).sum();
    let text = format!("{count}, {size} bytes, from {}", cache.dir().display());
    ctx.shell.status("Removed", text);
    if packages.is_empty() {
        directories(&cache)
            .iter()
            .for_each(|dir| fs::remove_leftovers(dir));
        let bytes: u64 = part.leftovers.iter().map(|file| file.size).sum();
        match part.leftovers.len() {
            0 => {}
            count => ctx.shell.status(
                "Removed",
                format!("leftovers of killed runs: {count}, {bytes} bytes"),
            ),
        }
        match wit_deps::forget(cache.dir())? {
            0 => {}
            1 => ctx.shell.status("Removed", "1 WIT archive".to_owned()),
            many => ctx.shell.status("Removed", format!("{many} WIT archives")),
        }
    }
    Ok(())
}

fn absent(all: &StoredFiles, package: &PackageRef, version: Option<&Version>) -> Error {
    let shown = match version {
        Some(version) => format!("{package}@{version}"),
        None => package.to_string(),
    };
    let error = Error::input(format!("the package `{shown}` is not in the cache"));
    let names: Vec<String> = all.records.iter().map(|r| r.package.to_string()).collect();
    let of = all.records.iter().filter(|r| r.package == *package);
    let versions: Vec<String> = of.map(|r| format!("`{}`", r.version)).collect();
    let near = nearest(&package.to_string(), names.iter().map(String::as_str));
    match (versions.is_empty(), near) {
        (false, _) => error.hint(format!("the cache has version {}", versions.join(", "))),
        (true, Some(near)) => error.hint(format!("did you mean `{near}`?")),
        (true, None) => {
            error.hint("use `cargo component cache clean` without a name to remove all packages")
        }
    }
}

//! What `cargo component vendor` does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use semver::Version;
use toml_edit::Value;

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::lockfile::{Locked, Lockfile};
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::locked::{RegistryFinder, locked_releases, requirement_of};
use crate::pipeline::fetch::packages::{PackageRequest, Packages};
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::embedded::resolve_embedded;
use crate::pipeline::link::without_build::dependencies_without_build;
use crate::pipeline::project::manifests::{Project, with_tests};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::local::LocalRegistry;

/// The file that lists the vendored files of a directory.
const LIST: &str = fs::VENDORED;

/// The name of the directory's registry in the configuration.
const NAME: &str = "vendored";

/// Copies every locked package into a directory, in the layout of a registry, and
/// prints the configuration for builds from it. Packages that are not locked yet get
/// locked, as by a build.
pub fn vendor(ctx: &Context, args: &CargoArgs, dir: &Path) -> Result<()> {
    let project = Project::load(ctx, args)?;
    let workspace = project.workspace();
    let lock = locked(ctx, &project)?;
    let releases = locked_releases(&lock);
    let dir = ctx.absolute(dir);
    let root = shown_root(&dir, &workspace.root)?;
    refuse_two_contents(&releases)?;
    let fetched = fetch(ctx, &project, &releases, &lock)?;
    let shell = &ctx.shell;
    // What an earlier run put there and is locked no more is removed.
    if !fetched.is_empty() || fs::exists(&dir) {
        let _held = fs::lock_directories_of(&[&dir.join(LIST)], || {
            let text = format!("while accessing `{}`", ctx.display(&dir));
            shell.status("Blocking", text);
        });
        copy(ctx, &dir, &fetched)?;
    }
    if fetched.is_empty() {
        shell.note(
            "the lock file has no packages from registries: there is nothing to vendor".to_owned(),
        );
        return Ok(());
    }
    for line in configuration(&releases, &root).lines() {
        shell.data(line.to_owned());
    }
    let file = workspace.root.join(".wasm-pkg").join("config.toml");
    shell.note(format!(
        "to build from `{}`, add the printed lines to `{}`",
        ctx.display(&dir),
        ctx.display(&file)
    ));
    Ok(())
}

/// The lock file, with everything the workspace needs.
fn locked(ctx: &Context, project: &Rc<Project>) -> Result<Lockfile> {
    let mut worlds = WorldResolver::new(ctx, project)?;
    for manifest in project.component_manifests(ctx)? {
        worlds.resolve(&manifest)?;
        for manifest in with_tests(&manifest) {
            dependencies_without_build(ctx, project, &mut worlds, &manifest)?;
        }
    }
    for manifest in project.embedding_manifests(ctx)? {
        resolve_embedded(&mut worlds, &manifest)?;
    }
    let lock = worlds.lock().clone();
    if let Some(update) = worlds.finish()? {
        update.write(ctx)?;
    }
    Ok(lock)
}

/// The path of the directory as a configuration file of the workspace names it.
fn shown_root(dir: &Path, workspace: &Path) -> Result<String> {
    let shown = dir.strip_prefix(workspace).unwrap_or(dir);
    let text = shown.to_str().ok_or_else(|| {
        Error::input(format!(
            "the directory `{}` cannot be written to a configuration file, since its name is not UTF-8",
            dir.display()
        ))
        .hint("choose another directory")
    })?;
    Ok(match (text, cfg!(windows)) {
        ("", _) => ".".to_owned(),
        (text, true) => text.replace('\\', "/"),
        (text, false) => text.to_owned(),
    })
}

/// Refuses two releases of one version with different digests, since the directory
/// can only have one of them.
fn refuse_two_contents(releases: &[&Locked]) -> Result<()> {
    let mut known: BTreeMap<_, &ContentDigest> = BTreeMap::new();
    for one in releases {
        let (package, version) = (&one.package, &one.version);
        match known.insert((package, version), &one.digest) {
            Some(other) if *other != one.digest => {
                return Err(Error::input(format!(
                    "`{package}@{version}` is locked with digest `{other}` from one registry and with `{}` from another",
                    one.digest
                ))
                .hint("use only one of the registries"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Fetches the locked packages into the cache.
fn fetch(
    ctx: &Context,
    project: &Project,
    releases: &[&Locked],
    lock: &Lockfile,
) -> Result<Vec<Fetched>> {
    let root = &project.workspace().root;
    let access = ctx.registries(root)?;
    let finder = RegistryFinder::new(ctx, project)?;
    let mut packages = Packages::new(ctx, root, project.mode)?;
    // Most often all are asked for by the same manifest.
    let mut groups: Vec<(&_, Vec<_>)> = Vec::new();
    let mut artifacts = Vec::new();
    for one in releases {
        if let Some(artifact) = RequestedArtifact::of_locked(one) {
            artifacts.push(artifact);
            continue;
        }
        let (named, _) = finder.find(one, &access)?;
        match groups
            .iter_mut()
            .find(|(known, _)| std::ptr::eq(*known, named))
        {
            Some((_, group)) => group.push(requirement_of(one)),
            None => groups.push((named, vec![requirement_of(one)])),
        }
    }
    let mut fetched = packages.artifacts(&artifacts, lock, None)?;
    for (named, asked) in groups {
        fetched.extend(packages.fetch(&PackageRequest {
            requirements: &asked,
            named,
            lock,
            locked: None,
        })?);
    }
    Ok(fetched)
}

/// The digests of the files that the list has, by package and version.
type Listed = BTreeMap<(PackageRef, Version), ContentDigest>;

/// Copies packages into the directory, and removes those that the list has but are
/// not needed any more. Other files are not touched.
fn copy(ctx: &Context, dir: &Path, fetched: &[Fetched]) -> Result<()> {
    let registry = LocalRegistry::new(dir);
    let list = dir.join(LIST);
    let old = read(&fs::read_text_if_exists(&list)?.unwrap_or_default());
    let key = |one: &Fetched| (one.package.clone(), one.version.clone());
    let new: Listed = fetched
        .iter()
        .map(|one| (key(one), one.digest.clone()))
        .collect();
    let mut due = Vec::new();
    for one in fetched {
        let file = registry.file(&one.package, &one.version);
        let digest = fs::exists(&file).then(|| fs::digest(&file)).transpose()?;
        match digest {
            Some((digest, _)) if digest == one.digest => {}
            Some(_) if !old.contains_key(&key(one)) => {
                return Err(Error::input(format!(
                    "`{}` exists with other content, and was not written by `cargo component vendor`",
                    ctx.display(&file)
                ))
                .hint("move the file, or choose another directory"));
            }
            _ => due.push((one, file)),
        }
    }
    if old.is_empty() && new.is_empty() {
        return Ok(());
    }
    // Should this break off, what is there by then is known to be ours.
    let mut both = old.clone();
    both.extend(new.clone());
    fs::write_if_changed(&list, print(&both).as_bytes())?;
    for (one, file) in due {
        let text = format!(
            "`{}` v{} to {}",
            one.package,
            one.version,
            ctx.display(&file)
        );
        ctx.shell.status("Vendoring", text);
        fs::copy_atomic(&one.file, &file)?;
    }
    for ((package, version), digest) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
        let file = registry.file(package, version);
        if !fs::exists(&file) {
            continue;
        }
        if fs::digest(&file)?.0 != *digest {
            let text = format!(
                "`{}` is no longer needed, but was kept since it has been changed",
                ctx.display(&file)
            );
            ctx.shell.warn(text);
            continue;
        }
        let text = format!("`{package}` v{version} from {}", ctx.display(dir));
        ctx.shell.status("Removing", text);
        fs::remove_file(&file)?;
        for parent in file.ancestors().skip(1).take(2) {
            fs::remove_empty_dir(parent);
        }
    }
    fs::write_if_changed(&list, print(&new).as_bytes())?;
    Ok(())
}

/// Parses the list, ignoring invalid lines.
fn read(text: &str) -> Listed {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let package = words.next()?.parse().ok()?;
        let version = words.next()?.parse().ok()?;
        Some(((package, version), words.next()?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

fn print(listed: &Listed) -> String {
    let mut text = "# Files written by `cargo component vendor`.\n".to_owned();
    for ((package, version), digest) in listed {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{package} {version} {digest}");
    }
    text
}

/// The configuration for builds from the directory: it maps each package, and every
/// registry that is required by name, to the directory.
fn configuration(releases: &[&Locked], root: &str) -> String {
    let mut packages: Vec<&PackageRef> = Vec::new();
    let mut registries = Vec::new();
    for one in releases {
        match &one.registry {
            None => packages.push(&one.package),
            Some(name) => registries.push(name.as_str()),
        }
    }
    packages.dedup();
    registries.sort_unstable();
    registries.dedup();
    let mut text = String::new();
    if !packages.is_empty() {
        text.push_str("[package_registry_overrides]\n");
        for package in packages {
            let _ = writeln!(text, "\"{package}\" = \"{NAME}\"");
        }
        registries.insert(0, NAME);
    }
    let path = Value::from(root);
    for name in registries {
        if !text.is_empty() {
            text.push('\n');
        }
        let key = toml_edit::Key::new(name);
        let _ = writeln!(
            text,
            "[registry.{}]\ndefault = \"local\"\nlocal = {{ root = {path} }}",
            key.display_repr()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(package: &str, registry: Option<&str>, content: &str) -> Locked {
        Locked {
            package: package.parse().unwrap(),
            registry: registry.map(str::to_owned),
            requirement: semver::VersionReq::STAR,
            version: Version::new(1, 0, 0),
            digest: ContentDigest::of(content.as_bytes()),
            source: None,
            address: None,
            imports: None,
        }
    }

    #[test]
    fn packages_are_mapped_and_named_registries_replaced() {
        let all = [
            locked("a:b", None, ""),
            locked("a:c", Some("r.example"), ""),
            locked("a:d", None, ""),
        ];
        let all: Vec<&Locked> = all.iter().collect();
        assert_eq!(
            configuration(&all, "vendor"),
            "[package_registry_overrides]\n\"a:b\" = \"vendored\"\n\"a:d\" = \"vendored\"\n\n\
             [registry.vendored]\ndefault = \"local\"\nlocal = { root = \"vendor\" }\n\n\
             [registry.\"r.example\"]\ndefault = \"local\"\nlocal = { root = \"vendor\" }\n"
        );
    }

    #[test]
    fn two_contents_of_a_version_are_refused() {
        let one = locked("a:b", None, "x");
        let same = locked("a:b", Some("r"), "x");
        let other = locked("a:b", Some("r"), "y");
        assert!(refuse_two_contents(&[&one, &same]).is_ok());
        assert!(refuse_two_contents(&[&one, &other]).is_err());
    }

    #[test]
    fn a_list_is_read_as_it_was_written_and_names_nothing_outside() {
        let mut listed = Listed::new();
        let key = ("a:b".parse().unwrap(), Version::new(1, 0, 0));
        listed.insert(key, ContentDigest::of(b""));
        assert_eq!(read(&print(&listed)), listed);
        let evil = format!("../..:x 1.0.0 {}\n", ContentDigest::of(b""));
        assert!(read(&evil).is_empty());
    }
}

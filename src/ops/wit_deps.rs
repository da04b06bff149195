//! `cargo component deps`: `wit/deps` as `deps.toml` says, with packages of
//! registries and artifacts.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use semver::Version;
use wit_parser::PackageName;

use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;
use crate::model::component::outline::wit_texts;
use crate::model::lockfile::deps::KeyValues;
use crate::model::lockfile::tree::{WitDirectory, WitFile};
use crate::model::lockfile::{Locked, Lockfile};
use crate::model::manifest::deps::DepsSource;
use crate::model::resolver::{PackageSource, Requirement};
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::fetched::Fetched;
use crate::pipeline::fetch::packages::{PackageRequest, Packages as Registries};
use crate::pipeline::wit_deps as library;
use crate::pipeline::wit_deps::{Listener, LockContext, Packages, Project, Rules, Tree};
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::ManifestRegistries;
use crate::system::shell::Shell;

/// The files of a `deps.toml` project, and the lock mode.
#[derive(Clone, Debug)]
pub struct DepsOptions {
    /// The path of the manifest.
    pub manifest: PathBuf,
    /// The path of the lock file.
    pub lock: PathBuf,
    /// The directory that dependencies are fetched to.
    pub deps: PathBuf,
    /// Whether the lock file may change and the network may be used.
    pub mode: LockMode,
}

/// Brings directories and lock file up to date with the manifest.
pub fn lock(ctx: &Context, options: &DepsOptions) -> Result<()> {
    within(ctx, options, library::lock)
}

/// An error that names everything that differs from manifest and lock file;
/// nothing in the project is written.
pub fn check(ctx: &Context, options: &DepsOptions) -> Result<()> {
    let found = within(ctx, options, library::check)?;
    refuse(ctx, options, &found)
}

/// An error that names the entries whose directories are missing or differ from
/// what is locked, for commands that use them. Only the directories are read: no
/// source is fetched, and nothing is written.
pub fn refuse_drift(ctx: &Context, options: &DepsOptions) -> Result<()> {
    let found = within(ctx, options, |project, _| library::drift(project))?;
    refuse(ctx, options, &found)
}

fn refuse(ctx: &Context, options: &DepsOptions, found: &[String]) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let manifest = ctx.absolute(&options.manifest);
    let message = format!(
        "the dependencies of `{}` are out of date",
        ctx.display(&manifest)
    );
    let error = found.iter().fold(Error::input(message), Error::with_cause);
    Err(error.hint("run `cargo component deps lock`"))
}

/// Fetches all sources anew and locks what they are now.
pub fn update(ctx: &Context, options: &DepsOptions) -> Result<()> {
    within(ctx, options, library::update)
}

/// Writes the stream that the digests of a directory are made from, to a file
/// or standard output, after [`lock`].
pub fn tar(ctx: &Context, options: &DepsOptions, id: &str, output: Option<&Path>) -> Result<()> {
    let stream = within(ctx, options, |project, around| {
        library::tar(project, around, id)
    })?;
    match output {
        Some(path) => fs::write_atomic(&ctx.absolute(path), &stream),
        None => ctx.shell.write_data(&stream),
    }
}

fn within<T>(
    ctx: &Context,
    options: &DepsOptions,
    verb: impl FnOnce(&Project, &LockContext<'_>) -> Result<T>,
) -> Result<T> {
    let config = Config::load(&ctx.cwd, &ctx.env, &[])?;
    let mode = config.lock_mode(options.mode)?;
    let [manifest, lock, deps] =
        [&options.manifest, &options.lock, &options.deps].map(|path| ctx.absolute(path));
    if !fs::exists(&manifest) {
        let shown = ctx.display(&manifest);
        return Err(
            Error::input(format!("failed to read manifest at `{shown}`")).hint(
 "create it, with entries such as `http = \"https://…/archive.tar.gz\"`, or set another path with `--manifest`",
),
        );
    }
    let dir = fs::parent(&manifest).to_owned();
    let mut project = Project::read(manifest, lock, deps)?;
    project.display_base.clone_from(&ctx.cwd);
    let listener = ShellListener(&*ctx.shell);
    let registries = FromRegistries { ctx, dir };
    let around = LockContext {
        env: ctx.env.clone(),
        exec: &*ctx.exec,
        cache: ctx.absolute(&ctx.packages.cache),
        patience: config.retry_policy()?,
        interactive: std::io::stdin().is_terminal(),
        rules: Rules {
            locked: mode.is_locked(),
            offline: mode.is_offline(),
        },
        packages: &registries,
        listener: &listener,
    };
    verb(&project, &around)
}

/// Forwards messages to the shell.
struct ShellListener<'a>(&'a dyn Shell);

impl Listener for ShellListener<'_> {
    fn status(&self, verb: &'static str, text: String) {
        self.0.status(verb, text);
    }

    fn detail(&self, verb: &'static str, text: String) {
        self.0.detail(verb, text);
    }

    fn warn(&self, text: String) {
        self.0.warn(text);
    }
}

/// Fetches packages and artifacts from the configured registries.
struct FromRegistries<'a> {
    ctx: &'a Context,
    dir: PathBuf,
}

impl Packages for FromRegistries<'_> {
    fn fetch(
        &self,
        source: &DepsSource,
        locked: Option<&KeyValues>,
        offline: bool,
    ) -> Result<(Tree, KeyValues)> {
        let mode = match offline {
            true => LockMode::Offline,
            false => LockMode::Update,
        };
        let mut registries = Registries::new(self.ctx, &self.dir, mode)?;
        let locked = locked.and_then(kept);
        let fetched = match source {
            DepsSource::Oci(reference) => artifact(&registries, reference, locked)?,
            DepsSource::Package {
                package,
                requirement,
                registry,
            } => {
                let wanted = Requirement {
                    source: PackageSource {
                        package: package.clone(),
                        registry: registry.clone(),
                        address: None,
                    },
                    version_req: requirement.clone(),
                    required_by: vec!["`deps.toml`".to_owned()],
                    excerpt: None,
                };
                one_package(&mut registries, wanted, locked)?
            }
            _ => None,
        };
        let fetched = fetched.ok_or_else(|| Error::input("it was not found in any registry"))?;
        let words = [
            ("release", fetched.version.to_string()),
            ("digest", fetched.digest.to_string()),
        ];
        Ok((tree(&fetched.file)?, words.into()))
    }
}

/// The version and digest in the words of the lock file.
fn kept(words: &KeyValues) -> Option<(Version, ContentDigest)> {
    let [version, digest] = ["release", "digest"].map(|key| words.get(key));
    Some((version?.parse().ok()?, digest?.parse().ok()?))
}

fn artifact(
    registries: &Registries<'_>,
    reference: &str,
    locked: Option<(Version, ContentDigest)>,
) -> Result<Option<Fetched>> {
    let wanted = RequestedArtifact::of_deps(reference)?;
    let mut lock = Lockfile::default();
    if let Some((version, digest)) = locked {
        lock.insert(Locked {
            // The lock file does not name the package.
            package: "root:component".parse()?,
            registry: Some(wanted.label()),
            requirement: semver::VersionReq::STAR,
            version,
            digest,
            source: None,
            address: None,
            imports: None,
        });
    }
    let mut fetched = registries.artifacts(&[wanted], &lock, None)?;
    Ok(fetched.pop())
}

fn one_package(
    registries: &mut Registries<'_>,
    wanted: Requirement,
    locked: Option<(Version, ContentDigest)>,
) -> Result<Option<Fetched>> {
    let mut lock = Lockfile::default();
    if let Some((version, digest)) = locked {
        lock.insert(Locked {
            package: wanted.source.package.clone(),
            registry: wanted.source.registry.clone(),
            requirement: wanted.version_req.clone(),
            version,
            digest,
            source: None,
            address: None,
            imports: None,
        });
    }
    let mut fetched = registries.fetch(&PackageRequest {
        requirements: &[wanted],
        named: &ManifestRegistries::default(),
        lock: &lock,
        locked: None,
    })?;
    Ok(fetched.pop())
}

/// The WIT of a package in its binary form as files: its own, and those of its
/// dependencies in directories that are called as they are.
fn tree(file: &Path) -> Result<Tree> {
    let (own, others) = wit_texts(&fs::read(file)?)?;
    let single =
        |text: &str| -> WitDirectory { [("package.wit".to_owned(), WitFile::new(text))].into() };
    let mut tree = Tree {
        own: single(&own),
        ..Tree::default()
    };
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&str> = others
        .iter()
        .filter(|(package, _)| !seen.insert(package.name.as_str()))
        .map(|(package, _)| package.name.as_str())
        .collect();
    for (package, text) in &others {
        let name = match twice.contains(package.name.as_str()) {
            true => whole_name(package),
            false => package.name.clone(),
        };
        tree.deps.insert(name, single(text));
    }
    Ok(tree)
}

/// A name for a directory that is unique among packages.
fn whole_name(package: &PackageName) -> String {
    match &package.version {
        Some(version) => format!("{}-{}-{version}", package.namespace, package.name),
        None => format!("{}-{}", package.namespace, package.name),
    }
}

//! `cargo component wit publish`: WIT packages, or files of WebAssembly, as
//! releases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use semver::Version;
use wit_parser::PackageName;

use super::build::{Encoded, encoded};
use super::discover::find;
use super::project::{ProjectKind, ProjectSearch, WitOptions, WitProject};
use super::resolver::WitResolver;
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::outline::{Outline, outline};
use crate::model::manifest::wkg::PackageMetadata;
use crate::pipeline::fetch::access::on_command_line;
use crate::pipeline::release::compatible::Neighbours;
use crate::pipeline::release::order::publish_order;
use crate::pipeline::release::{
    BreakingChange, Destination, ExistingRelease, PublishMode, ReadyRelease, upload,
};
use crate::system::cargo::config::Config;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::ManifestRegistries;
use crate::system::source::has_wit;

/// The options of `cargo component wit publish`.
#[derive(Clone, Debug)]
pub struct PublishOptions {
    /// The project whose packages are published.
    pub project: WitOptions,
    /// Directories of WIT and files of WebAssembly; none for the project of the
    /// current directory.
    pub paths: Vec<PathBuf>,
    /// The name and version that the only file is published under.
    pub package: Option<PackageVersion>,
    /// The name that a package is published under instead of its own.
    pub rename: Option<PackageRef>,
    /// The registry to publish to; `None` for the configured one.
    pub registry: Option<String>,
    /// What is done with versions that are published already.
    pub existing: ExistingRelease,
    /// What is done with versions that break compatible ones.
    pub breaking: BreakingChange,
    /// Whether anything is published.
    pub mode: PublishMode,
}

/// A package with one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageVersion {
    /// The name of the package.
    pub package: PackageRef,
    /// The version of the package.
    pub version: Version,
}

impl std::fmt::Display for PackageVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.package, self.version)
    }
}

impl FromStr for PackageVersion {
    type Err = Error;

    /// Reads the form `namespace:name@version`.
    fn from_str(text: &str) -> Result<Self> {
        let parsed = text.split_once('@').map(|(package, version)| {
            let version = version.parse().map_err(|e| {
                Error::usage(format!("invalid version `{version}`"))
                    .with_cause(e)
                    .hint("use a full version, such as `0.1.0`")
            })?;
            Ok(PackageVersion {
                package: package.parse()?,
                version,
            })
        });
        parsed.unwrap_or_else(|| {
            Err(Error::usage(format!("`{text}` has no version"))
                .hint(format!("use `{text}@0.1.0`")))
        })
    }
}

/// A package or file to publish.
struct Candidate {
    release: PackageVersion,
    bytes: Vec<u8>,
    /// The file or directory that it was built from.
    built_from: PathBuf,
    about: PackageMetadata,
    noun: &'static str,
    /// The packages that it names.
    needs: Vec<PackageRef>,
}

/// Publishes packages, each after those it needs. Nothing is published unless all
/// of them can be. The result leaves out versions that were published before.
pub fn publish(ctx: &Context, options: &PublishOptions) -> Result<Vec<PackageVersion>> {
    let (candidates, offline) = candidates(ctx, options)?;
    let registries = ctx.registries(&ctx.cwd)?;
    let requested = options.registry.as_deref();
    let requested = requested.map(|name| on_command_line(ctx, name));
    let destination = Destination {
        registries: &registries,
        requested: requested.as_deref(),
        offline,
        existing: options.existing,
    };
    let packages: Vec<_> = candidates
        .iter()
        .map(|c| (&c.release.package, c.needs.as_slice()))
        .collect();
    let mut ready = Vec::new();
    for index in publish_order(&packages) {
        ready.push(prepare(ctx, &destination, &candidates[index])?);
    }
    for one in ready.iter().filter(|ready| !ready.published) {
        if options.breaking == BreakingChange::Refuse {
            let registry = &*one.registry;
            Neighbours::fetch(ctx, registry, &one.package, &one.version)?.refuse_breaking(one)?;
        }
    }
    let mut published = Vec::new();
    for one in &ready {
        upload(ctx, one, options.mode)?;
        if !one.published {
            published.push(PackageVersion {
                package: one.package.clone(),
                version: one.version.clone(),
            });
        }
    }
    Ok(published)
}

/// Prepares and checks a release before the upload.
fn prepare(
    ctx: &Context,
    destination: &Destination<'_>,
    candidate: &Candidate,
) -> Result<ReadyRelease> {
    let PackageVersion { package, version } = &candidate.release;
    let (registry, published) =
        destination.open_registry(package, version, &ManifestRegistries::default())?;
    let digest = ContentDigest::of(&candidate.bytes);
    // The cache stores it under its digest, and serves later requests for it.
    let file = ctx.cache().get_or_write(
        &digest,
        |to| {
            to.write_all(&candidate.bytes)
                .map_err(|e| Error::input("failed to write into the cache").with_cause(e))
        },
        |_| Error::input("failed to write into the cache"),
    )?;
    Ok(ReadyRelease {
        noun: candidate.noun,
        package: package.clone(),
        version: version.clone(),
        size: candidate.bytes.len() as u64,
        digest,
        file,
        annotations: annotations(&candidate.about, version),
        registry,
        published,
        built_from: candidate.built_from.clone(),
    })
}

/// The annotations of a release from the metadata of its package.
fn annotations(about: &PackageMetadata, version: &Version) -> BTreeMap<String, String> {
    let facts = [
        ("authors", &about.authors),
        ("description", &about.description),
        ("licenses", &about.licenses),
        ("source", &about.source),
        ("url", &about.homepage),
        ("revision", &about.revision),
    ];
    let known = facts.into_iter().filter_map(|(key, value)| {
        let value = value.clone()?;
        Some((key.to_owned(), value))
    });
    let mut annotations: BTreeMap<_, _> = known.collect();
    annotations.insert("version".to_owned(), version.to_string());
    annotations
}

/// The packages and files to publish, and whether the network must not be used.
fn candidates(ctx: &Context, options: &PublishOptions) -> Result<(Vec<Candidate>, bool)> {
    let is_file = |path: &&PathBuf| !fs::is_dir(&ctx.absolute(path));
    if options.package.is_some() && options.paths.len() > 1 {
        return Err(Error::usage("`--package` can be used with one path only")
            .hint("publish the paths one at a time"));
    }
    let mut found = Vec::new();
    // Files are published without a project, too.
    let config = Config::load(&ctx.cwd, &ctx.env, &[])?;
    let mode = config.lock_mode(options.project.mode)?;
    for path in options.paths.iter().filter(is_file) {
        found.push(of_file(ctx, path, options.package.as_ref())?);
    }
    let dirs: Vec<_> = options.paths.iter().filter(|p| !is_file(p)).collect();
    if options.paths.is_empty() {
        let project = find(ctx, &options.project)?;
        found.extend(of_project(ctx, &project, options)?);
    }
    for dir in dirs {
        let wit = WitOptions {
            wit_dir: Some(inner(ctx, dir)),
            ..options.project.clone()
        };
        let project = find(ctx, &wit)?;
        found.extend(of_project(ctx, &project, options)?);
    }
    Ok((distinct(ctx, found)?, mode.is_offline()))
}

/// Keeps each release once; an error where two of them differ.
fn distinct(ctx: &Context, found: Vec<Candidate>) -> Result<Vec<Candidate>> {
    let mut all: Vec<Candidate> = Vec::new();
    for one in found {
        let Some(known) = all.iter().find(|known| known.release == one.release) else {
            all.push(one);
            continue;
        };
        if known.bytes != one.bytes {
            return Err(Error::input(format!(
                "`{}` would be published twice, with different content",
                one.release
            ))
            .with_cause(format!(
                "it is in both `{}` and `{}`",
                ctx.display(&known.built_from),
                ctx.display(&one.built_from)
            ))
            .hint("change the name or version of one of them, or publish only one"));
        }
    }
    Ok(all)
}

/// The directory of WIT for a directory: itself, or the `wit` in it.
fn inner(ctx: &Context, dir: &Path) -> PathBuf {
    let path = ctx.absolute(dir);
    let below = path.join("wit");
    match has_wit(&path) || !fs::exists(&below) {
        true => path,
        false => below,
    }
}

/// Builds the packages of a project to publish.
fn of_project(
    ctx: &Context,
    project: &WitProject,
    options: &PublishOptions,
) -> Result<Vec<Candidate>> {
    if let (Some(release), count @ 2..) = (&options.package, project.members.len()) {
        return Err(Error::usage(format!(
            "`--package {release}` can be used with one package only, but `{}` has {count}",
            ctx.display(&project.root)
        ))
        .hint("give the directory of one package"));
    }
    let mut resolver = WitResolver::refusing_drift(ctx, project)?;
    let mut found = Vec::new();
    for member in &project.members {
        let Encoded { name, bytes, needs } = encoded(ctx, project, &mut resolver, member)?;
        let manifest = project.manifest().map(|path| ctx.display(path).to_string());
        let declared = match &project.kind {
            ProjectKind::Wit(manifest) => Some(manifest.version.clone()),
            ProjectKind::Wasm(manifest) => {
                let package = manifest.package.as_ref();
                package.map(|package| package.version.clone())
            }
            _ => None,
        };
        let release = match &options.package {
            Some(release) => release.clone(),
            None => PackageVersion {
                package: match &options.rename {
                    Some(package) => package.clone(),
                    None => package(&name)?,
                },
                version: version(&name, declared, manifest)?,
            },
        };
        found.push(Candidate {
            release,
            bytes,
            built_from: member.wit.clone(),
            about: project.about(),
            noun: "package",
            needs: needs.iter().filter_map(|name| package(name).ok()).collect(),
        });
    }
    lock(resolver, options)?;
    Ok(found)
}

/// Writes the lock file, unless this is a dry run; for `wkg` a lock file that has
/// to change is an error.
fn lock(resolver: WitResolver<'_>, options: &PublishOptions) -> Result<()> {
    if resolver.changed_lock().is_none() {
        return Ok(());
    }
    match (options.mode, options.project.search) {
        (PublishMode::Real, ProjectSearch::Wkg) => Err(Error::input(
            "wkg.lock would be updated during publish, aborting",
        )
        .hint("run `wkg build`, and check the lock file")),
        (PublishMode::Dry | PublishMode::DrySilent, _) if !resolver.project.mode.is_locked() => {
            Ok(())
        }
        _ => resolver.finish(),
    }
}

fn package(name: &PackageName) -> Result<PackageRef> {
    format!("{}:{}", name.namespace, name.name).parse()
}

/// The version to publish: that of the WIT, or else that of `wit.toml` or `wasm.toml`.
fn version(
    name: &PackageName,
    declared: Option<Version>,
    manifest: Option<String>,
) -> Result<Version> {
    let manifest = manifest.unwrap_or_default();
    match (&name.version, declared) {
        (Some(version), Some(declared)) if *version != declared => Err(Error::input(format!(
            "the package `{name}` has a different version than `{manifest}`, which has `{declared}`"
        ))
        .hint("set the same version in both")),
        (Some(version), _) => Ok(version.clone()),
        (None, Some(declared)) => Ok(declared),
        (None, None) => Err(Error::input(format!("the package `{name}` has no version"))
            .hint(format!("add `package {name}@0.1.0;` to its WIT"))),
    }
}

/// A file to publish, with its bytes as they are.
fn of_file(ctx: &Context, path: &Path, asked: Option<&PackageVersion>) -> Result<Candidate> {
    let path = ctx.absolute(path);
    let bytes = fs::read(&path)?;
    let shown = ctx.display(&path).to_string();
    let outline = outline(&bytes).map_err(|e| e.context(format!("failed to read `{shown}`")))?;
    let nameless = |what: &str| {
        Error::input(format!(
            "the package name and version of {what} `{shown}` are not known"
        ))
        .hint("set them with `--package namespace:name@version`")
    };
    let (own, noun) = match outline {
        Outline::Wit {
            package, version, ..
        } => {
            let own = version.map(|version| PackageVersion { package, version });
            (own, "package")
        }
        Outline::Component { version, .. } => (own_name(&bytes, version), "component"),
        Outline::Module => return Err(Error::input(format!(
            "`{shown}` is a core module, which cannot be published as a package"
        ))
        .hint(
            "build a component from it, or push it unchanged with `cargo component registry push`",
        )),
    };
    let release = match asked {
        Some(release) => release.clone(),
        None => own.ok_or_else(|| nameless(noun))?,
    };
    Ok(Candidate {
        release,
        about: about(&bytes),
        bytes,
        built_from: path,
        noun,
        needs: Vec::new(),
    })
}

/// The name and version in the metadata of a component, if they are those of a
/// package.
fn own_name(bytes: &[u8], version: Option<Version>) -> Option<PackageVersion> {
    let found = wasm_metadata::Payload::from_binary(bytes).ok()?;
    let package = found.metadata().name.as_ref()?.parse().ok()?;
    Some(PackageVersion {
        package,
        version: version?,
    })
}

/// The metadata in the bytes of a file.
fn about(bytes: &[u8]) -> PackageMetadata {
    let Ok(found) = wasm_metadata::Payload::from_binary(bytes) else {
        return PackageMetadata::default();
    };
    let facts = found.metadata();
    PackageMetadata {
        authors: facts.authors.as_ref().map(ToString::to_string),
        description: facts.description.as_ref().map(ToString::to_string),
        licenses: facts.licenses.as_ref().map(ToString::to_string),
        source: facts.source.as_ref().map(ToString::to_string),
        homepage: facts.homepage.as_ref().map(ToString::to_string),
        revision: facts.revision.as_ref().map(ToString::to_string),
    }
}

//! `cargo component wit publish`: WIT packages, or files of WebAssembly, as
//! releases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use semver::Version;
use wit_parser::PackageName;

use super::build::{Encoded, encoded};
use super::project::{Kind, Project, Whose, WitOptions, find};
use super::resolve::Session;
use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::outline::{Outline, outline};
use crate::model::manifest::wkg::About;
use crate::pipeline::fetch::access::on_command_line;
use crate::pipeline::release::{
    Breaking, Destination, Existing, Ready, Run, compatible, order, upload,
};
use crate::system::cargo::config::Config;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::routes::Named;

/// How to publish.
#[derive(Clone, Debug)]
pub struct PublishOptions {
    /// See [`WitOptions`].
    pub project: WitOptions,
    /// Directories of WIT and files of WebAssembly; none for the project the
    /// user stands in.
    pub paths: Vec<PathBuf>,
    /// What the only file is published as.
    pub package: Option<Exact>,
    /// What a package is called instead of its own name.
    pub rename: Option<PackageRef>,
    /// The registry to publish to, instead of the configured one.
    pub registry: Option<String>,
    /// See [`Existing`].
    pub existing: Existing,
    /// See [`Breaking`].
    pub breaking: Breaking,
    /// See [`Run`].
    pub run: Run,
}

/// A package with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exact {
    /// The package.
    pub package: PackageRef,
    /// Its version.
    pub version: Version,
}

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.package, self.version)
    }
}

impl FromStr for Exact {
    type Err = Error;

    /// `namespace:name@version`.
    fn from_str(text: &str) -> Result<Self> {
        let parsed = text.split_once('@').map(|(package, version)| {
            let version = version.parse().map_err(|e| {
                Error::usage(format!("invalid version `{version}`"))
                    .because(e)
                    .hint("use a full version, such as `0.1.0`")
            })?;
            Ok(Exact {
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

/// What is to go out.
struct Candidate {
    release: Exact,
    bytes: Vec<u8>,
    /// The file or directory it was made of.
    made: PathBuf,
    about: About,
    noun: &'static str,
    /// The packages it names.
    needs: Vec<PackageRef>,
}

/// Publishes packages, each after those it needs; those that were not there.
/// Nothing is published unless all of them can be.
pub fn publish(ctx: &Context, options: &PublishOptions) -> Result<Vec<Exact>> {
    let (candidates, offline) = candidates(ctx, options)?;
    let registries = ctx.registries(&ctx.cwd)?;
    let asked = options.registry.as_deref();
    let asked = asked.map(|name| on_command_line(ctx, name));
    let destination = Destination {
        registries: &registries,
        asked: asked.as_deref(),
        offline,
        existing: options.existing,
    };
    let packages: Vec<_> = candidates
        .iter()
        .map(|c| (&c.release.package, c.needs.as_slice()))
        .collect();
    let mut ready = Vec::new();
    for index in order::order(&packages) {
        ready.push(prepare(ctx, &destination, &candidates[index])?);
    }
    for one in ready.iter().filter(|ready| !ready.published) {
        if options.breaking == Breaking::Refuse {
            compatible::check(ctx, one)?;
        }
    }
    let mut published = Vec::new();
    for one in &ready {
        upload(ctx, one, options.run)?;
        if !one.published {
            published.push(Exact {
                package: one.package.clone(),
                version: one.version.clone(),
            });
        }
    }
    Ok(published)
}

/// Everything that can be known before the upload.
fn prepare(ctx: &Context, destination: &Destination<'_>, candidate: &Candidate) -> Result<Ready> {
    let Exact { package, version } = &candidate.release;
    let (registry, published) = destination.of((package, version), &Named::default())?;
    let digest = ContentDigest::of(&candidate.bytes);
    // In the cache it has a name that is its digest, and serves who needs it.
    let file = ctx.cache().keep(
        &digest,
        |to| {
            to.write_all(&candidate.bytes)
                .map_err(|e| Error::input("failed to write into the cache").because(e))
        },
        |_| Error::input("failed to write into the cache"),
    )?;
    Ok(Ready {
        noun: candidate.noun,
        package: package.clone(),
        version: version.clone(),
        size: candidate.bytes.len() as u64,
        digest,
        file,
        annotations: annotations(&candidate.about, version),
        registry,
        published,
        made: candidate.made.clone(),
    })
}

/// What a registry is told.
fn annotations(about: &About, version: &Version) -> BTreeMap<String, String> {
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

/// What is to go out, and whether the network must not be used.
fn candidates(ctx: &Context, options: &PublishOptions) -> Result<(Vec<Candidate>, bool)> {
    let is_file = |path: &&PathBuf| !fs::is_dir(&ctx.absolute(path));
    if options.package.is_some() && options.paths.len() > 1 {
        return Err(Error::usage("`--package` can be used with one path only")
            .hint("publish the paths one at a time"));
    }
    let mut found = Vec::new();
    // Also where there is no project but files alone.
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

/// Each release once; an error where two would differ.
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
            .because(format!(
                "it is in both `{}` and `{}`",
                ctx.display(&known.made),
                ctx.display(&one.made)
            ))
            .hint("change the name or version of one of them, or publish only one"));
        }
    }
    Ok(all)
}

/// The directory of WIT that a directory stands for.
fn inner(ctx: &Context, dir: &Path) -> PathBuf {
    let path = ctx.absolute(dir);
    let below = path.join("wit");
    match super::project::has_wit(&path) || !fs::exists(&below) {
        true => path,
        false => below,
    }
}

/// The packages of a project, built.
fn of_project(
    ctx: &Context,
    project: &Project,
    options: &PublishOptions,
) -> Result<Vec<Candidate>> {
    if let (Some(release), count @ 2..) = (&options.package, project.members.len()) {
        return Err(Error::usage(format!(
            "`--package {release}` can be used with one package only, but `{}` has {count}",
            ctx.display(&project.root)
        ))
        .hint("give the directory of one package"));
    }
    let mut session = Session::settled(ctx, project)?;
    let mut found = Vec::new();
    for member in &project.members {
        let Encoded { name, bytes, needs } = encoded(ctx, project, &mut session, member)?;
        let manifest = project.manifest().map(|path| ctx.display(path).to_string());
        let said = match &project.kind {
            Kind::Wit(manifest) => Some(manifest.version.clone()),
            _ => None,
        };
        let release = match &options.package {
            Some(release) => release.clone(),
            None => Exact {
                package: match &options.rename {
                    Some(package) => package.clone(),
                    None => package(&name)?,
                },
                version: version(&name, said, manifest)?,
            },
        };
        found.push(Candidate {
            release,
            bytes,
            made: member.wit.clone(),
            about: project.about(),
            noun: "package",
            needs: needs.iter().filter_map(|name| package(name).ok()).collect(),
        });
    }
    lock(session, options)?;
    Ok(found)
}

/// Writes the lock file, unless this is a dry run or that of `wkg`, which
/// refuses to.
fn lock(session: Session<'_>, options: &PublishOptions) -> Result<()> {
    if session.lock().is_none() {
        return Ok(());
    }
    match (options.run, options.project.whose) {
        (Run::Real, Whose::Wkg) => Err(Error::input(
            "wkg.lock would be updated during publish, aborting",
        )
        .hint("run `wkg build`, and check the lock file")),
        (Run::Dry | Run::DrySilent, _) if !session.project.mode.is_locked() => Ok(()),
        _ => session.finish(),
    }
}

fn package(name: &PackageName) -> Result<PackageRef> {
    format!("{}:{}", name.namespace, name.name).parse()
}

/// The version to publish under: that of the WIT, or else of `wit.toml`.
fn version(name: &PackageName, said: Option<Version>, manifest: Option<String>) -> Result<Version> {
    let manifest = manifest.unwrap_or_default();
    match (&name.version, said) {
        (Some(version), Some(said)) if *version != said => Err(Error::input(format!(
            "the package `{name}` has a different version than `{manifest}`, which has `{said}`"
        ))
        .hint("set the same version in both")),
        (Some(version), _) => Ok(version.clone()),
        (None, Some(said)) => Ok(said),
        (None, None) => Err(Error::input(format!("the package `{name}` has no version"))
            .hint(format!("add `package {name}@0.1.0;` to its WIT"))),
    }
}

/// A file as it is.
fn of_file(ctx: &Context, path: &Path, asked: Option<&Exact>) -> Result<Candidate> {
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
            let own = version.map(|version| Exact { package, version });
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
        made: path,
        noun,
        needs: Vec::new(),
    })
}

/// What a component is called by its metadata, if that is the name of a
/// package.
fn own_name(bytes: &[u8], version: Option<Version>) -> Option<Exact> {
    let found = wasm_metadata::Payload::from_binary(bytes).ok()?;
    let package = found.metadata().name.as_ref()?.parse().ok()?;
    Some(Exact {
        package,
        version: version?,
    })
}

/// What a file says about itself.
fn about(bytes: &[u8]) -> About {
    let Ok(found) = wasm_metadata::Payload::from_binary(bytes) else {
        return About::default();
    };
    let facts = found.metadata();
    About {
        authors: facts.authors.as_ref().map(ToString::to_string),
        description: facts.description.as_ref().map(ToString::to_string),
        licenses: facts.licenses.as_ref().map(ToString::to_string),
        source: facts.source.as_ref().map(ToString::to_string),
        homepage: facts.homepage.as_ref().map(ToString::to_string),
        revision: facts.revision.as_ref().map(ToString::to_string),
    }
}

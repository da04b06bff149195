//! Composition by a `.wac` document. Its packages are found by the command line,
//! in a folder, by the manifest or in registries.

use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use super::composed::Composed;
use super::options::ComposeOptions;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::parallel;
use crate::model::component::compose::Node;
use crate::model::component::compose::wac;
use crate::model::component::compose::wac::PackageReference;
use crate::model::manifest::{Dependency, DependencySource, Manifest};
use crate::model::resolver::{PackageSource, Requirement};
use crate::model::wit;
use crate::model::wit::TextFile;
use crate::pipeline::fetch::artifacts::RequestedArtifact;
use crate::pipeline::fetch::requirement::{exactly, registry_requirement};
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::foreign::current_resolver;
use crate::pipeline::project::current_package::manifest_of_current_package;
use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::project::manifests::named_registries;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source;

/// How many bytes a file is taken for when it is decided whether to start threads; its size is
/// not known before it is read.
const ASSUMED_SIZE: usize = 8 << 10;

/// Whether the options name a `.wac` document. An error where options do not go
/// with what they name.
pub(super) fn is_document(options: &ComposeOptions) -> Result<bool> {
    let extension = options.file.as_ref().and_then(|file| file.extension());
    let is_document = extension.is_some_and(|extension| extension == "wac");
    let given = |options: [(&'static str, bool); 3]| {
        let mut given = options.into_iter().filter(|(_, is_given)| *is_given);
        given.next().map(|(name, _)| name)
    };
    let misplaced = match is_document {
        true => given([
            ("--with", !options.with.is_empty()),
            ("--keep", !options.keep.is_empty()),
            ("--trust-unpinned", options.unpinned != Unpinned::default()),
        ])
        .map(|option| {
            let text = format!(
                "`{option}` cannot be used with a `.wac` document, which defines itself what is linked"
            );
            let fix = "remove it; use `--dep PACKAGE=PATH` to replace a package";
            Error::usage(text).hint(fix)
        }),
        false => given([
            ("--dep", !options.dep.is_empty()),
            ("--deps-dir", options.deps_dir.is_some()),
            ("", false),
        ])
        .map(|option| {
            let text = format!("`{option}` can be used with `.wac` documents only");
            Error::usage(text).hint("for a component, use `--with IMPORT=WHAT`")
        }),
    };
    misplaced.map_or(Ok(is_document), Err)
}

/// Composes the component that a document describes.
pub(super) fn compose(
    ctx: &Context,
    args: &CargoArgs,
    file: &Path,
    options: &ComposeOptions,
) -> Result<Composed> {
    let path = ctx.absolute(file);
    let document = TextFile {
        path: ctx.display(&path).to_string().into(),
        text: fs::read_text(&path)?,
    };
    let shown = document.path.display();
    let references = wac::references(&document)?;
    let given = given_packages(ctx, &options.dep, &references, &document)?;
    let deps = deps_dir(ctx, &path, options)?;
    let worlds = current_resolver(ctx, args, Unpinned::Refuse)?;
    let mut search = PackageSearch {
        ctx,
        document: &document,
        manifest: manifest_of_current_package(ctx)?,
        given,
        deps,
        worlds,
    };
    let nodes = search.find_all(&references)?;
    ctx.shell.status("Composing", format!("`{shown}`"));
    let packages: Vec<_> = references.into_iter().zip(nodes).collect();
    let linked = wac::compose(&document, &packages)?;
    Ok(Composed {
        source: path,
        linked,
        lock: search.worlds.finish()?,
    })
}

/// A package that `--dep` gives.
struct GivenPackage<'o> {
    name: &'o str,
    version: Option<Version>,
    path: &'o Path,
}

impl GivenPackage<'_> {
    fn matches(&self, reference: &PackageReference) -> bool {
        self.name == reference.name && (self.version.is_none() || self.version == reference.version)
    }
}

/// Reads the values of `--dep`. A package that the document does not name is only
/// a warning, since one list may serve several documents.
fn given_packages<'o>(
    ctx: &Context,
    dep: &'o [String],
    references: &[PackageReference],
    document: &TextFile,
) -> Result<Vec<GivenPackage<'o>>> {
    let mut given: Vec<GivenPackage<'o>> = Vec::new();
    for text in dep {
        let invalid = |why: String| {
            Error::usage(format!("`--dep {text}` is not of the form `PACKAGE=PATH`"))
                .with_cause(why)
                .hint("use `--dep namespace:name=PATH` or `--dep namespace:name@1.2.3=PATH`")
        };
        let (package, path) = text
            .split_once('=')
            .filter(|(package, path)| package.contains(':') && !path.is_empty())
            .ok_or_else(|| {
                invalid("the package before `=` or the path after it is missing".into())
            })?;
        let (name, version) = match package.split_once('@') {
            Some((name, version)) => {
                let version = version
                    .parse()
                    .map_err(|e| invalid(format!("`{version}` is not a valid version: {e}")))?;
                (name, Some(version))
            }
            None => (package, None),
        };
        let one = GivenPackage {
            name,
            version,
            path: Path::new(path),
        };
        if !references.iter().any(|reference| one.matches(reference)) {
            let names: Vec<_> = references.iter().map(|r| format!("`{r}`")).collect();
            let names = match names.is_empty() {
                true => "no packages".to_owned(),
                false => names.join(", "),
            };
            ctx.shell.warn(format!(
                "`--dep` gives `{package}`, but `{}` uses only {names}",
                document.path.display()
            ));
            continue;
        }
        if given
            .iter()
            .any(|o| (o.name, &o.version) == (one.name, &one.version))
        {
            return Err(
                Error::usage(format!("`--dep` gives `{package}` more than once"))
                    .hint("remove one of them"),
            );
        }
        given.push(one);
    }
    // A package with a version is preferred to one without.
    given.sort_by_key(|given| given.version.is_none());
    Ok(given)
}

/// The folder that packages are searched in.
fn deps_dir(ctx: &Context, document: &Path, options: &ComposeOptions) -> Result<PathBuf> {
    let Some(dir) = &options.deps_dir else {
        return Ok(fs::parent(document).join("deps"));
    };
    let dir = ctx.absolute(dir);
    match fs::is_dir(&dir) {
        true => Ok(dir),
        false => Err(Error::usage(format!(
            "`--deps-dir {}` is not a directory",
            ctx.display(&dir)
        ))
        .hint("give a directory with a subdirectory for each namespace")),
    }
}

/// The places where the packages of a document are searched.
struct PackageSearch<'s> {
    ctx: &'s Context,
    document: &'s TextFile,
    manifest: Manifest,
    given: Vec<GivenPackage<'s>>,
    deps: PathBuf,
    worlds: WorldResolver<'s>,
}

/// A package that has to be fetched.
enum RemotePackage {
    Registry(Requirement),
    Artifact(RequestedArtifact),
}

impl PackageSearch<'_> {
    /// Finds the packages, in the order of the references. Packages of registries
    /// are fetched together.
    fn find_all(&mut self, references: &[PackageReference]) -> Result<Vec<Node<'static>>> {
        let document = self.document;
        let at_reference =
            |reference: &PackageReference| wac::excerpt(document, reference.range.clone());
        // The names and files.
        let mut found: Vec<Option<(String, PathBuf)>> = Vec::new();
        let (mut wanted, mut artifacts) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        for (at, reference) in references.iter().enumerate() {
            let place = |e: Error| e.at(at_reference(reference));
            let local = self.local(reference).map_err(place)?;
            found.push(local.map(|path| (reference.to_string(), path)));
            if found[at].is_none() {
                match self.remote(reference).map_err(place)? {
                    RemotePackage::Registry(package) => {
                        wanted.0.push(at);
                        wanted.1.push(package);
                    }
                    RemotePackage::Artifact(artifact) => {
                        artifacts.0.push(at);
                        artifacts.1.push(artifact);
                    }
                }
            }
        }
        let manifest = self.manifest.clone();
        let fetched = self.worlds.fetch(&manifest, &wanted.1).map_err(|e| {
            let at = e.excerpt().map(|excerpt| excerpt.span().start);
            match references.iter().find(|r| Some(r.range.start) == at) {
                Some(reference) => e.with_cause(self.no_file(reference)),
                None => e,
            }
        })?;
        let pulled = self.worlds.artifacts(&artifacts.1)?;
        let at = wanted.0.into_iter().chain(artifacts.0);
        for (at, fetched) in at.zip(fetched.into_iter().chain(pulled)) {
            let name = format!("{}@{}", fetched.package, fetched.version);
            found[at] = Some((name, fetched.file));
        }
        let files: Vec<_> = references.iter().zip(found.into_iter().flatten()).collect();
        let read = parallel::compute_sized(
            files.len() * ASSUMED_SIZE,
            files,
            |(reference, (name, path))| {
                let bytes = read_package(&path).map_err(|e| e.at(at_reference(reference)))?;
                Ok(Node {
                    name,
                    bytes: bytes.into(),
                    ..Node::default()
                })
            },
        );
        read.into_iter().collect()
    }

    /// The file or folder that has the package, if there is one.
    fn local(&self, reference: &PackageReference) -> Result<Option<PathBuf>> {
        if let Some(given) = self.given.iter().find(|given| given.matches(reference)) {
            let path = self.ctx.absolute(given.path);
            if !fs::exists(&path) {
                return Err(Error::input(format!(
                    "`{}`, given with `--dep` for `{reference}`, does not exist",
                    self.ctx.display(&path)
                ))
                .hint("give the path of a component, or of a WIT file or directory"));
            }
            return Ok(Some(path));
        }
        let stem = self.stem(reference);
        // A folder of versions is no package itself.
        let wit = |path: &PathBuf| path.extension().is_some_and(|e| e == "wit");
        if fs::is_dir(&stem) && fs::list(&stem)?.iter().any(wit) {
            return Ok(Some(stem));
        }
        let files = ["wasm", "wit"].map(|extension| with_extension(&stem, extension));
        if let Some(file) = files.into_iter().find(|file| fs::exists(file)) {
            return Ok(Some(file));
        }
        let entry = self.entry(reference).map(|(_, entry)| &entry.source);
        Ok(match entry {
            Some(DependencySource::Path { path, .. }) if !fs::is_dir(path) => Some(path.clone()),
            _ => None,
        })
    }

    /// The path of the package in the folder of packages, without a file
    /// extension.
    fn stem(&self, reference: &PackageReference) -> PathBuf {
        let mut path = self.deps.clone();
        path.extend(reference.name.split(':'));
        path.extend(reference.version.as_ref().map(Version::to_string));
        path
    }

    fn no_file(&self, reference: &PackageReference) -> String {
        let file = with_extension(&self.stem(reference), "wasm");
        format!("the file `{}` does not exist", self.ctx.display(&file))
    }

    /// The entry of the manifest for the package.
    fn entry(&self, reference: &PackageReference) -> Option<(&str, &Dependency)> {
        let admits = |entry: &Dependency| match (&entry.source, &reference.version) {
            (_, None) => true,
            (DependencySource::Registry { requirement, .. }, Some(version)) => {
                requirement.matches(version)
            }
            (_, Some(_)) => false,
        };
        let is_it = |entry: &Dependency| {
            let package = entry.package.as_ref().map(PackageRef::to_string);
            package.as_deref() == Some(&reference.name) && admits(entry)
        };
        let mut entries = self.manifest.dependencies.iter();
        let (key, entry) = entries.find(|(_, entry)| is_it(entry))?;
        Some((key, entry))
    }

    /// The request for a package of a registry: that of the manifest's entry, if
    /// it has one.
    fn remote(&mut self, reference: &PackageReference) -> Result<RemotePackage> {
        let package: PackageRef = reference.name.parse().map_err(|e: Error| {
            e.with_cause(self.no_file(reference))
                .hint(format!("give its path with `--dep {reference}=PATH`"))
        })?;
        let mut wanted = Requirement {
            source: PackageSource {
                package,
                registry: None,
                address: None,
            },
            version_req: VersionReq::STAR,
            required_by: vec![format!("`{}`", self.document.path.display())],
            excerpt: Some(wac::excerpt(self.document, reference.range.clone())),
        };
        if let Some((key, entry)) = self.entry(reference) {
            if let Some(artifact) = RequestedArtifact::of_component(key, entry)? {
                return Ok(RemotePackage::Artifact(artifact));
            }
            if let DependencySource::Path { path, .. } = &entry.source {
                return Err(Error::input(format!(
                    "`{reference}` is built from the directory `{}`, but `compose` does not build packages of a `.wac` document",
                    self.ctx.display(path)
                ))
                .hint(format!("build it, and give the component with `--dep {reference}=FILE`")));
            }
            if let Some(declared) = registry_requirement(key, entry) {
                wanted.source = declared.source;
                wanted.version_req = declared.version_req;
            }
        }
        if let Some(version) = &reference.version {
            wanted.version_req = exactly(version);
        }
        let named = named_registries(&self.manifest);
        if let Err(e) = self.worlds.packages()?.route(&wanted.source, &named) {
            let namespace = wanted.source.package.namespace();
            return Err(Error::input(format!("unknown package `{reference}`"))
                .with_cause(self.no_file(reference))
                .with_cause(e)
                .hint(format!(
                    "give its path with `--dep {reference}=PATH`, or configure a registry: `{namespace} = \"…\"` under `[namespace_registries]` in `.wasm-pkg/config.toml`"
                )));
        }
        Ok(RemotePackage::Registry(wanted))
    }
}

/// Adds an extension to a path; dots of a version in its name stay.
fn with_extension(stem: &Path, extension: &str) -> PathBuf {
    let mut name = stem.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    stem.with_file_name(name)
}

/// Reads a component, or a package of WIT as text or in its binary form, and returns the
/// binary form.
fn read_package(path: &Path) -> Result<Vec<u8>> {
    let is_text = path.extension().is_some_and(|extension| extension == "wit");
    match is_text || fs::is_dir(path) {
        true => wit::write::encode_sources(source::read(path)?),
        false => fs::read(path),
    }
}

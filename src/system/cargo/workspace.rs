//! The packages of a workspace, as `cargo metadata` reports them.

use std::path::{Path, PathBuf};

use cargo_metadata::{Dependency, DependencyKind, Metadata as CargoMetadata, Package, TargetKind};
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use toml_edit::Document;

use super::spec::{PackageIdentity, PackageSpec};
use crate::base::error::{Error, Result};
use crate::system::fs;
use crate::system::process::{Exec, Invocation};

/// A workspace, as plain data that can be cached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Workspace {
    /// The directory of the root manifest and Cargo.lock.
    pub root: PathBuf,
    /// The directory that cargo builds in without `--target-dir`.
    pub target_directory: PathBuf,
    /// The directory for what cargo only needs while it builds: the target directory, unless
    /// `build.build-dir` of its configuration is another one.
    pub build_directory: PathBuf,
    /// All members of the workspace.
    pub members: Vec<Member>,
    /// The indices of the members that cargo takes by default.
    pub default_members: Vec<usize>,
    /// The text of the root manifest as cargo has just read it, so that nobody
    /// reads it again; a cached workspace has none.
    #[serde(skip)]
    pub root_text: Option<String>,
}

/// A package of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// The identifier of the package in messages of cargo.
    pub id: String,
    /// The name of the package.
    pub name: String,
    /// The version of the package.
    pub version: Version,
    /// The path of its Cargo.toml.
    pub manifest_path: PathBuf,
    /// The targets of the package.
    pub targets: Vec<CrateTarget>,
    /// The binary that `run` takes by default.
    pub default_run: Option<String>,
    /// The direct dependencies of the package.
    pub dependencies: Vec<CrateDependency>,
    /// The metadata that a component repeats.
    pub about: PackageMetadata,
}

/// A target that a package builds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrateTarget {
    /// The name of the target.
    pub name: String,
    /// What kind of target it is.
    pub role: TargetRole,
    /// Whether `cdylib` is among its crate types.
    pub cdylib: bool,
}

/// What kind of target of a package it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetRole {
    /// A library of any crate type.
    Library,
    /// A program with a `main`.
    Binary,
    /// An example, program or library.
    Example,
    /// An integration test or benchmark.
    Test,
    /// A build script or procedural macro, which runs on the host.
    Host,
}

/// A direct dependency of a package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrateDependency {
    /// The name of the crate in its own manifest.
    pub name: String,
    /// The versions that satisfy the dependency.
    pub requirement: VersionReq,
    /// The requested features; `default` is one unless switched off.
    pub features: Vec<String>,
    /// What part of the package uses it.
    pub kind: DependencyUse,
    /// Whether it is optional, and no declared feature of the package enables it.
    pub optional: bool,
    /// The name by which code knows it, where the package renames it.
    pub rename: Option<String>,
    /// The directory of a path dependency.
    pub path: Option<PathBuf>,
}

/// What part of a package uses a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DependencyUse {
    /// The library and the programs.
    Code,
    /// Only tests, benchmarks and examples.
    Tests,
    /// The build script of the package.
    Build,
}

/// The metadata in Cargo.toml that a component repeats.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "each is the key of the same name in Cargo.toml"
)]
pub struct PackageMetadata {
    pub authors: Vec<String>,
    pub description: Option<String>,
    pub license: Option<String>,
    pub repository: Option<String>,
    pub homepage: Option<String>,
}

impl Member {
    /// The directory of its manifest.
    pub fn dir(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }

    /// The dependency on the crate `name` that is linked, not one of the build
    /// script; of several one for code, not renamed and not optional if possible.
    pub fn dependency(&self, name: &str) -> Option<&CrateDependency> {
        let linked = |d: &&CrateDependency| d.name == name && d.kind != DependencyUse::Build;
        self.dependencies.iter().filter(linked).min_by_key(|d| {
            (
                d.kind == DependencyUse::Tests,
                d.rename.is_some(),
                d.optional,
            )
        })
    }
}

impl Workspace {
    /// Runs `cargo metadata`: `command` is it with the options that decide which
    /// workspace is read and how dependencies are resolved.
    pub fn load(exec: &dyn Exec, command: Invocation) -> Result<Self> {
        let output = exec.output(&command)?;
        if output.code != 0 {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(metadata_failed(text.trim()));
        }
        let metadata: CargoMetadata = serde_json::from_slice(&output.stdout).map_err(|e| {
            Error::input("failed to read the output of `cargo metadata`").with_cause(e)
        })?;
        let members: Vec<_> = metadata.workspace_packages();
        let defaults = metadata.workspace_default_members.iter();
        let default_members = defaults
            .filter_map(|id| members.iter().position(|member| member.id == *id))
            .collect();
        let root: PathBuf = metadata.workspace_root.clone().into();
        // Cargo before 1.91 had no other.
        let build_directory = metadata.build_directory.as_ref();
        let build_directory = build_directory.unwrap_or(&metadata.target_directory);
        Ok(Workspace {
            root_text: fs::read_text(&root.join("Cargo.toml")).ok(),
            root,
            build_directory: build_directory.clone().into(),
            target_directory: metadata.target_directory.clone().into(),
            members: members.into_iter().map(to_member).collect(),
            default_members,
        })
    }

    /// The member with this identifier.
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// What a [`PackageSpec`] can select the members by, in their order.
    pub fn identities(&self) -> Vec<PackageIdentity<'_>> {
        fn identity(member: &Member) -> PackageIdentity<'_> {
            PackageIdentity {
                name: &member.name,
                version: &member.version,
                id: &member.id,
                manifest_dir: member.dir(),
            }
        }
        self.members.iter().map(identity).collect()
    }

    /// The members at these indices and those they depend on by path.
    pub fn with_path_dependencies(&self, selected: &[usize]) -> Vec<usize> {
        let mut all = selected.to_vec();
        let mut next = 0;
        while next < all.len() {
            let paths = self.members[all[next]]
                .dependencies
                .iter()
                .filter_map(|d| d.path.as_ref());
            for path in paths {
                if let Some(index) = self.members.iter().position(|m| m.dir() == path)
                    && !all.contains(&index)
                {
                    all.push(index);
                }
            }
            next += 1;
        }
        all
    }

    /// Every path whose change may change what `cargo metadata` reports, or the
    /// toolchain that runs it: the manifests, also those that do not exist but would
    /// count, the directories in which globs among the members find packages, and
    /// those in which cargo finds targets by itself.
    pub fn watched_paths(&self) -> Vec<PathBuf> {
        let manifest = |dir: &Path| dir.join("Cargo.toml");
        let mut paths: Vec<PathBuf> = self.root.ancestors().map(manifest).collect();
        for dir in self.root.ancestors() {
            // Another toolchain may lack installed targets.
            paths.extend(["rust-toolchain", "rust-toolchain.toml"].map(|name| dir.join(name)));
        }
        for member in &self.members {
            paths.push(member.manifest_path.clone());
            paths.push(member.dir().join("src/bin"));
        }
        let text = self.root_text.as_deref().unwrap_or_default();
        let Ok(document) = Document::parse(text) else {
            return paths;
        };
        let members = document.get("workspace").and_then(|w| w.get("members"));
        for pattern in members.and_then(|m| m.as_array()).into_iter().flatten() {
            let pattern = pattern.as_str().unwrap_or_default();
            if pattern.contains(['*', '?', '[']) {
                paths.extend(glob_paths(&self.root, pattern));
            }
        }
        paths
    }

    /// The files at which cargo finds targets by itself: what `cargo metadata` reports
    /// changes when one of them is made or removed, but not with its content.
    pub fn target_files(&self) -> Vec<PathBuf> {
        let files = ["src/lib.rs", "src/main.rs", "build.rs"];
        let of = |member: &Member| files.map(|file| member.dir().join(file));
        self.members.iter().flat_map(of).collect()
    }

    /// Whether Cargo.lock has a package that the specification selects.
    pub fn has_locked(&self, spec: &PackageSpec) -> bool {
        self.locked().unwrap_or_default().iter().any(|package| {
            let (Some(name), Some(version)) = (&package.name, &package.version) else {
                return false;
            };
            let source = package.source.as_deref().unwrap_or_default();
            spec.matches(&PackageIdentity {
                name,
                version,
                id: &format!("{source}#{name}@{version}"),
                manifest_dir: Path::new(""),
            })
        })
    }

    /// The version in Cargo.lock of a dependency of a member: that which the entry
    /// of the member names, or else the highest that satisfies the dependency.
    pub fn locked_version(
        &self,
        member: &Member,
        dependency: &CrateDependency,
    ) -> Result<Option<Version>> {
        let packages = self.locked()?;
        let matching = packages.iter().filter(|package| {
            package.name.as_ref() == Some(&dependency.name)
                && matches!(&package.version, Some(v) if dependency.requirement.matches(v))
        });
        let entry = packages.iter().find(|package| {
            package.source.is_none()
                && package.name.as_ref() == Some(&member.name)
                && package.version.as_ref() == Some(&member.version)
        });
        // An edge has the version only if the name alone is ambiguous.
        let is_edge = |package: &&LockedCrate| {
            let edges = entry.into_iter().flat_map(|entry| &entry.dependencies);
            edges.into_iter().any(|edge| {
                let mut words = edge.split(' ');
                let (name, version) = (words.next(), words.next());
                let same = |version: &str| {
                    let of_package = package.version.as_ref().map(ToString::to_string);
                    of_package.as_deref() == Some(version)
                };
                name == package.name.as_deref() && version.is_none_or(same)
            })
        };
        let versions = |package: &LockedCrate| package.version.clone();
        let resolved = matching.clone().filter(is_edge).filter_map(versions);
        Ok(resolved
            .max()
            .or_else(|| matching.filter_map(versions).max()))
    }

    /// The packages of Cargo.lock.
    fn locked(&self) -> Result<Vec<LockedCrate>> {
        let path = self.root.join("Cargo.lock");
        let Some(text) = fs::read_text_if_exists(&path)? else {
            return Ok(Vec::new());
        };
        let document = Document::parse(text).map_err(|e| {
            Error::input(format!("failed to read `{}`", path.display())).with_cause(e.message())
        })?;
        let packages = document.get("package").and_then(|p| p.as_array_of_tables());
        let field = |table: &toml_edit::Table, key: &str| {
            table.get(key).and_then(|v| v.as_str()).map(str::to_owned)
        };
        Ok(packages
            .into_iter()
            .flatten()
            .map(|table| LockedCrate {
                name: field(table, "name"),
                version: field(table, "version").and_then(|version| version.parse().ok()),
                source: field(table, "source"),
                dependencies: table
                    .get("dependencies")
                    .and_then(|edges| edges.as_array())
                    .into_iter()
                    .flatten()
                    .filter_map(|edge| edge.as_str().map(str::to_owned))
                    .collect(),
            })
            .collect())
    }
}

/// A package of Cargo.lock.
struct LockedCrate {
    name: Option<String>,
    version: Option<Version>,
    source: Option<String>,
    /// Entries of the form `name`, `name version` or `name version (source)`.
    dependencies: Vec<String>,
}

/// The directories that a glob searches, and the manifests of all directories
/// there, whether the glob matches their names or not.
fn glob_paths(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut dirs = vec![root.to_owned()];
    for word in pattern.split('/').filter(|word| !word.is_empty()) {
        if !word.contains(['*', '?', '[']) {
            dirs.iter_mut().for_each(|dir| dir.push(word));
            continue;
        }
        paths.extend(dirs.iter().cloned());
        let entries = dirs.iter().filter_map(|dir| fs::list(dir).ok()).flatten();
        dirs = entries.filter(|entry| fs::is_dir(entry)).collect();
    }
    paths.extend(dirs.iter().map(|dir| dir.join("Cargo.toml")));
    paths
}

/// The error message of cargo as an error of this tool.
fn metadata_failed(text: &str) -> Error {
    let mut parts = text.splitn(2, "\n\nCaused by:");
    let message = parts.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message).trim();
    let error = Error::input(message);
    let error = match parts.next() {
        Some(causes) => causes
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && *line != "Caused by:")
            .fold(error, Error::with_cause),
        None => error,
    };
    match message.contains("could not find `Cargo.toml`") {
        true => error
            .hint("run the command in a package, or create one with `cargo component new <path>`"),
        false => error,
    }
}

/// Whether a feature other than that of the optional dependency itself enables it.
fn is_enabled_by_feature(package: &Package, dependency: &Dependency) -> bool {
    let key = dependency.rename.as_deref().unwrap_or(&dependency.name);
    let on = |value: &String| {
        let name = value.strip_prefix("dep:").unwrap_or(value);
        name == key || matches!(name.split_once('/'), Some((name, _)) if name == key)
    };
    let mut features = package.features.iter();
    features.any(|(feature, values)| feature != key && values.iter().any(on))
}

/// Whether code has one name for both crates, which has `_` for a `-`.
fn is_one_name(one: &str, other: &str) -> bool {
    one.replace('-', "_") == other.replace('-', "_")
}

fn to_member(package: &Package) -> Member {
    let targets = package.targets.iter().map(|target| {
        let is = |kinds: &[TargetKind]| target.kind.iter().any(|kind| kinds.contains(kind));
        CrateTarget {
            name: target.name.clone(),
            cdylib: is(&[TargetKind::CDyLib]),
            role: if is(&[TargetKind::CustomBuild, TargetKind::ProcMacro]) {
                TargetRole::Host
            } else if is(&[TargetKind::Bin]) {
                TargetRole::Binary
            } else if is(&[TargetKind::Example]) {
                TargetRole::Example
            } else if is(&[TargetKind::Test, TargetKind::Bench]) {
                TargetRole::Test
            } else {
                TargetRole::Library
            },
        }
    });
    let dependencies = package.dependencies.iter().map(|dependency| {
        let mut features = dependency.features.clone();
        if dependency.uses_default_features {
            features.push("default".to_owned());
        }
        CrateDependency {
            name: dependency.name.to_string(),
            requirement: dependency.req.clone(),
            features,
            kind: match dependency.kind {
                DependencyKind::Build => DependencyUse::Build,
                DependencyKind::Development => DependencyUse::Tests,
                _ => DependencyUse::Code,
            },
            optional: dependency.optional && !is_enabled_by_feature(package, dependency),
            rename: dependency
                .rename
                .clone()
                .filter(|name| !is_one_name(name, &dependency.name)),
            path: dependency.path.clone().map(Into::into),
        }
    });
    Member {
        id: package.id.repr.clone(),
        name: package.name.to_string(),
        version: package.version.clone(),
        manifest_path: package.manifest_path.clone().into(),
        targets: targets.collect(),
        default_run: package.default_run.clone(),
        dependencies: dependencies.collect(),
        about: PackageMetadata {
            authors: package.authors.clone(),
            description: package.description.clone(),
            license: package.license.clone(),
            repository: package.repository.clone(),
            homepage: package.homepage.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_looks_into_directories_and_for_manifests() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in ["crates/a", "crates/b", "x/one/inner", "y"] {
            fs::create_dir(&root.join(path)).unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let paths = glob_paths(root, pattern).into_iter();
            paths
                .map(|path| path.strip_prefix(root).unwrap().display().to_string())
                .map(|path| path.replace('\\', "/"))
                .collect()
        };
        assert_eq!(
            found("crates/*"),
            ["crates", "crates/a/Cargo.toml", "crates/b/Cargo.toml"]
        );
        // What does not match now may be a directory of another name later.
        assert_eq!(found("crates/z?")[0], "crates");
        assert_eq!(found("x/*/inner"), ["x", "x/one/inner/Cargo.toml"]);
        assert_eq!(found("none/*"), ["none"]);
    }

    #[test]
    fn what_is_locked_is_found_by_name_version_and_source() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        let text = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"registry+https://r.example/i\"\n";
        fs::write_atomic(&root.join("Cargo.lock"), text.as_bytes()).unwrap();
        let workspace = Workspace {
            root,
            target_directory: PathBuf::new(),
            build_directory: PathBuf::new(),
            members: Vec::new(),
            default_members: Vec::new(),
            root_text: None,
        };
        let has = |spec: &str| workspace.has_locked(&PackageSpec::parse(spec).unwrap());
        for spec in [
            "a",
            "a@1",
            "a@1.2.3",
            "a*",
            "registry+https://r.example/i#a@1.2.3",
        ] {
            assert!(has(spec), "{spec}");
        }
        for spec in ["b", "a@2", "https://other.example/i#a"] {
            assert!(!has(spec), "{spec}");
        }
    }

    #[test]
    fn the_locked_version_is_the_one_the_member_was_resolved_to() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        let mut member = Member {
            id: String::new(),
            name: "m".to_owned(),
            version: Version::new(0, 1, 0),
            manifest_path: PathBuf::new(),
            targets: Vec::new(),
            default_run: None,
            dependencies: Vec::new(),
            about: PackageMetadata::default(),
        };
        let dependency = CrateDependency {
            name: "a".to_owned(),
            requirement: VersionReq::parse(">=1").unwrap(),
            features: Vec::new(),
            kind: DependencyUse::Code,
            optional: false,
            rename: None,
            path: None,
        };
        let workspace = Workspace {
            root: root.clone(),
            target_directory: PathBuf::new(),
            build_directory: PathBuf::new(),
            members: Vec::new(),
            default_members: Vec::new(),
            root_text: None,
        };
        let lock = |edge: &str, versions: &[&str]| {
            let mut text = format!(
                "[[package]]\nname = \"m\"\nversion = \"0.1.0\"\ndependencies = [{edge}]\n"
            );
            for version in versions {
                text.push_str(&format!(
                    "[[package]]\nname = \"a\"\nversion = \"{version}\"\nsource = \"r\"\n"
                ));
            }
            fs::write_atomic(&root.join("Cargo.lock"), text.as_bytes()).unwrap();
        };
        let found = |member: &Member| {
            let version = workspace.locked_version(member, &dependency).unwrap();
            version.map(|version| version.to_string())
        };
        assert_eq!(found(&member), None);
        lock("\"a 1.2.3\"", &["1.2.3", "2.0.0"]);
        assert_eq!(found(&member).as_deref(), Some("1.2.3"));
        lock("\"a 2.0.0 (r)\", \"b\"", &["1.2.3", "2.0.0"]);
        assert_eq!(found(&member).as_deref(), Some("2.0.0"));
        lock("\"a\"", &["1.2.3"]);
        assert_eq!(found(&member).as_deref(), Some("1.2.3"));
        // What is not resolved yet takes the highest.
        member.name = "other".to_owned();
        lock("", &["1.2.3", "2.0.0"]);
        assert_eq!(found(&member).as_deref(), Some("2.0.0"));
    }
}

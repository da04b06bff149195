//! The packages of a workspace, as `cargo metadata` tells them.

use std::path::{Path, PathBuf};

use cargo_metadata::{Dependency, DependencyKind, Metadata as CargoMetadata, Package, TargetKind};
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use toml_edit::Document;

use super::spec;
use crate::base::error::{Error, Result};
use crate::system::fs;
use crate::system::process::{Exec, Invocation};

/// A workspace: plain data that can be kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Workspace {
    /// The directory of the root manifest and Cargo.lock.
    pub root: PathBuf,
    /// Where cargo builds, without a `--target-dir`.
    pub target_directory: PathBuf,
    /// All members.
    pub members: Vec<Member>,
    /// Indices of the members cargo takes when nothing is said.
    pub default_members: Vec<usize>,
}

/// A package of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Cargo's identifier, as in its messages.
    pub id: String,
    /// The crate's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its Cargo.toml.
    pub manifest_path: PathBuf,
    /// What it builds.
    pub targets: Vec<CrateTarget>,
    /// The binary `run` takes.
    pub default_run: Option<String>,
    /// What it depends on directly.
    pub dependencies: Vec<CrateDependency>,
    /// Facts for the component's metadata.
    pub about: About,
}

/// One thing a package builds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrateTarget {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// Whether it is a `cdylib`.
    pub cdylib: bool,
}

/// What a target of a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// A library of whatever sort.
    Library,
    /// A program.
    Binary,
    /// An example.
    Example,
    /// A test or bench.
    Test,
    /// Something that runs on the host: build script, procedural macro.
    Host,
}

/// A dependency of a package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrateDependency {
    /// The crate's name, without renaming.
    pub name: String,
    /// The versions that will do.
    pub requirement: VersionReq,
    /// Features asked for; `default` among them unless turned off.
    pub features: Vec<String>,
    /// What uses it.
    pub kind: Use,
    /// Whether it is optional and no feature the package declares turns it on.
    pub optional: bool,
    /// The name the package gives it instead of its own.
    pub rename: Option<String>,
    /// The directory, if it is a path.
    pub path: Option<PathBuf>,
}

/// What of a package uses a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Use {
    /// Its library and programs.
    Code,
    /// Its tests, benches and examples alone.
    Tests,
    /// Its build script.
    Build,
}

/// Facts from Cargo.toml that a component repeats.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "each is the key of the same name in Cargo.toml"
)]
pub struct About {
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
    /// script; of several the one that code can name without more ado.
    pub fn dependency(&self, name: &str) -> Option<&CrateDependency> {
        let linked = |d: &&CrateDependency| d.name == name && d.kind != Use::Build;
        self.dependencies
            .iter()
            .filter(linked)
            .min_by_key(|d| (d.kind == Use::Tests, d.rename.is_some(), d.optional))
    }
}

impl Workspace {
    /// Asks `cargo metadata`; `command` is cargo with the options that decide
    /// which workspace it is about and how it may be resolved.
    pub fn load(exec: &dyn Exec, command: Invocation) -> Result<Self> {
        let output = exec.output(&command)?;
        if output.code != 0 {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(metadata_failed(text.trim()));
        }
        let metadata: CargoMetadata = serde_json::from_slice(&output.stdout).map_err(|e| {
            Error::input("failed to read the output of `cargo metadata`").because(e)
        })?;
        let members: Vec<_> = metadata.workspace_packages();
        let defaults = metadata.workspace_default_members.iter();
        let default_members = defaults
            .filter_map(|id| members.iter().position(|member| member.id == *id))
            .collect();
        Ok(Workspace {
            root: metadata.workspace_root.clone().into(),
            target_directory: metadata.target_directory.clone().into(),
            members: members.into_iter().map(member).collect(),
            default_members,
        })
    }

    /// The member with this identifier.
    pub fn by_id(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The members, for [`spec`].
    pub fn spec_members(&self) -> Vec<spec::Member<'_>> {
        fn entry(member: &Member) -> spec::Member<'_> {
            spec::Member {
                name: &member.name,
                version: &member.version,
                id: &member.id,
                manifest_dir: member.dir(),
            }
        }
        self.members.iter().map(entry).collect()
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

    /// Every path whose change may change what `cargo metadata` says, or which
    /// toolchain says it: the manifests, those that do not exist but would count, the directories in
    /// which a glob among the members finds new ones, and where targets are
    /// found without being named.
    pub fn decided_by(&self) -> Vec<PathBuf> {
        let manifest = |dir: &Path| dir.join("Cargo.toml");
        let mut paths: Vec<PathBuf> = self.root.ancestors().map(manifest).collect();
        for dir in self.root.ancestors() {
            // Another toolchain has other targets installed.
            paths.extend(["rust-toolchain", "rust-toolchain.toml"].map(|name| dir.join(name)));
        }
        for member in &self.members {
            paths.push(member.manifest_path.clone());
            let places = ["src/lib.rs", "src/main.rs", "src/bin", "build.rs"];
            paths.extend(places.map(|place| member.dir().join(place)));
        }
        let Ok(text) = fs::read_text(&manifest(&self.root)) else {
            return paths;
        };
        let Ok(document) = Document::parse(text) else {
            return paths;
        };
        let members = document.get("workspace").and_then(|w| w.get("members"));
        for pattern in members.and_then(|m| m.as_array()).into_iter().flatten() {
            let pattern = pattern.as_str().unwrap_or_default();
            if pattern.contains(['*', '?', '[']) {
                paths.extend(globbed(&self.root, pattern));
            }
        }
        paths
    }

    /// Whether Cargo.lock has a package that matches.
    pub fn has_locked(&self, spec: &spec::Spec) -> bool {
        self.locked().unwrap_or_default().iter().any(|package| {
            let (Some(name), Some(version)) = (&package.name, &package.version) else {
                return false;
            };
            let source = package.source.as_deref().unwrap_or_default();
            spec.matches(&spec::Member {
                name,
                version,
                id: &format!("{source}#{name}@{version}"),
                manifest_dir: Path::new(""),
            })
        })
    }

    /// The version that Cargo.lock has for a dependency of a member: the one
    /// the member was resolved to, or else the highest that would do.
    pub fn locked_version(
        &self,
        member: &Member,
        dependency: &CrateDependency,
    ) -> Result<Option<Version>> {
        let packages = self.locked()?;
        let fitting = packages.iter().filter(|package| {
            package.name.as_ref() == Some(&dependency.name)
                && matches!(&package.version, Some(v) if dependency.requirement.matches(v))
        });
        let entry = packages.iter().find(|package| {
            package.source.is_none()
                && package.name.as_ref() == Some(&member.name)
                && package.version.as_ref() == Some(&member.version)
        });
        // An edge says no more than it takes to tell the packages apart.
        let is_edge = |package: &&Locked| {
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
        let versions = |package: &Locked| package.version.clone();
        let resolved = fitting.clone().filter(is_edge).filter_map(versions);
        Ok(resolved
            .max()
            .or_else(|| fitting.filter_map(versions).max()))
    }

    /// The packages of Cargo.lock.
    fn locked(&self) -> Result<Vec<Locked>> {
        let path = self.root.join("Cargo.lock");
        let Some(text) = fs::read_text_if_exists(&path)? else {
            return Ok(Vec::new());
        };
        let document = Document::parse(text).map_err(|e| {
            Error::input(format!("failed to read `{}`", path.display())).because(e.message())
        })?;
        let packages = document.get("package").and_then(|p| p.as_array_of_tables());
        let field = |table: &toml_edit::Table, key: &str| {
            table.get(key).and_then(|v| v.as_str()).map(str::to_owned)
        };
        Ok(packages
            .into_iter()
            .flatten()
            .map(|table| Locked {
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
struct Locked {
    name: Option<String>,
    version: Option<Version>,
    source: Option<String>,
    /// Each `name`, `name version` or `name version (source)`.
    dependencies: Vec<String>,
}

/// The directories a glob looks into, and the manifests it finds or would
/// find: whatever a pattern's word is, every directory beside counts.
fn globbed(root: &Path, pattern: &str) -> Vec<PathBuf> {
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

/// Cargo's own words, told as ours.
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
            .fold(error, Error::because),
        None => error,
    };
    match message.contains("could not find `Cargo.toml`") {
        true => error
            .hint("run the command in a package, or create one with `cargo component new <path>`"),
        false => error,
    }
}

/// Whether a feature that is more than the optional dependency itself turns it
/// on.
fn is_turned_on(package: &Package, dependency: &Dependency) -> bool {
    let key = dependency.rename.as_deref().unwrap_or(&dependency.name);
    let on = |value: &String| {
        let name = value.strip_prefix("dep:").unwrap_or(value);
        name == key || matches!(name.split_once('/'), Some((name, _)) if name == key)
    };
    let mut features = package.features.iter();
    features.any(|(feature, values)| feature != key && values.iter().any(on))
}

fn member(package: &Package) -> Member {
    let targets = package.targets.iter().map(|target| {
        let is = |kinds: &[TargetKind]| target.kind.iter().any(|kind| kinds.contains(kind));
        CrateTarget {
            name: target.name.clone(),
            cdylib: is(&[TargetKind::CDyLib]),
            role: if is(&[TargetKind::CustomBuild, TargetKind::ProcMacro]) {
                Role::Host
            } else if is(&[TargetKind::Bin]) {
                Role::Binary
            } else if is(&[TargetKind::Example]) {
                Role::Example
            } else if is(&[TargetKind::Test, TargetKind::Bench]) {
                Role::Test
            } else {
                Role::Library
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
                DependencyKind::Build => Use::Build,
                DependencyKind::Development => Use::Tests,
                _ => Use::Code,
            },
            optional: dependency.optional && !is_turned_on(package, dependency),
            rename: dependency.rename.clone(),
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
        about: About {
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
            let paths = globbed(root, pattern).into_iter();
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
            members: Vec::new(),
            default_members: Vec::new(),
        };
        let has = |spec: &str| workspace.has_locked(&spec::Spec::parse(spec).unwrap());
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
            about: About::default(),
        };
        let dependency = CrateDependency {
            name: "a".to_owned(),
            requirement: VersionReq::parse(">=1").unwrap(),
            features: Vec::new(),
            kind: Use::Code,
            optional: false,
            rename: None,
            path: None,
        };
        let workspace = Workspace {
            root: root.clone(),
            target_directory: PathBuf::new(),
            members: Vec::new(),
            default_members: Vec::new(),
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

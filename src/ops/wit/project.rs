//! A project with WIT packages: one of `wkg`, of the `wit` CLI, of `wit-deps`, a
//! crate, or a folder of WIT.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::base::error::{Error, Result};
use crate::model::lockfile::LockForm;
use crate::model::manifest::wasm_toml::WasmManifest;
use crate::model::manifest::wit_toml;
use crate::model::manifest::wit_toml::WitManifest;
use crate::model::manifest::wkg;
use crate::model::manifest::wkg::{PackageMetadata, WkgManifest};
use crate::model::manifest::{Manifest, ManifestFile};
use crate::ops::wit_deps::DepsOptions;
use crate::pipeline::project::manifests;
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::fs;

/// The options that all verbs on WIT packages have.
#[derive(Clone, Debug, Default)]
pub struct WitOptions {
    /// The directory of WIT; `None` searches for the project.
    pub wit_dir: Option<PathBuf>,
    /// Whether lock files may change and the network may be used.
    pub mode: LockMode,
    /// The projects that are searched for.
    pub search: ProjectSearch,
}

/// The kind of project that is searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectSearch {
    /// Any project; a message says which one was found.
    #[default]
    Any,
    /// A project as `wkg` finds it: the directory `wit`, with the next `wkg.toml`
    /// above.
    Wkg,
    /// A project as the `wit` CLI finds it: the next `wit.toml` above.
    Wit,
}

/// A project with WIT packages.
#[derive(Clone, Debug)]
pub struct WitProject {
    /// The tool whose project it is.
    pub kind: ProjectKind,
    /// The directory of its manifest, or of the WIT where it has none.
    pub root: PathBuf,
    /// The packages that are selected.
    pub members: Vec<WitMember>,
    /// All packages of the project.
    pub all: Vec<WitMember>,
    /// The path of the lock file.
    pub lock_file: PathBuf,
    /// Whether lock files may change and the network may be used.
    pub mode: LockMode,
}

/// The tool whose project it is, with its manifest.
#[derive(Clone, Debug)]
pub enum ProjectKind {
    /// Packages of a cargo workspace.
    Crate(Rc<manifests::Project>),
    /// A project with a `wkg.toml`.
    Wkg(WkgManifest),
    /// A project with a `wit.toml`.
    Wit(WitManifest),
    /// A project with a `wasm.toml`, which this tool does not change.
    Wasm(WasmManifest),
    /// A project with a `wit/deps.toml`, whose path this is.
    Deps(PathBuf),
    /// A folder of WIT without a manifest.
    Plain,
}

/// A WIT package of a project.
#[derive(Clone, Debug)]
pub struct WitMember {
    /// The directory of its WIT.
    pub wit: PathBuf,
    /// The folder that its dependencies are fetched to.
    pub deps: PathBuf,
    /// The manifest of its crate, if it has one.
    pub manifest: Option<Rc<Manifest>>,
}

impl WitMember {
    pub(super) fn of(wit: PathBuf) -> Self {
        WitMember {
            deps: wit.join("deps"),
            wit,
            manifest: None,
        }
    }
}

impl WitProject {
    /// The format of the lock file.
    pub fn lock_form(&self) -> LockForm {
        match self.kind {
            ProjectKind::Crate(_) => LockForm::Crate,
            ProjectKind::Wit(_) | ProjectKind::Wasm(_) => LockForm::Wit,
            _ => LockForm::Wkg,
        }
    }

    /// Whether the project is a workspace of `wkg`.
    pub fn is_workspace(&self) -> bool {
        matches!(&self.kind, ProjectKind::Wkg(manifest) if manifest.workspace.is_some())
    }

    /// The metadata that the manifest gives its packages.
    pub fn about(&self) -> PackageMetadata {
        match &self.kind {
            ProjectKind::Wkg(manifest) => manifest.about.clone(),
            ProjectKind::Wit(manifest) => manifest.about.clone(),
            ProjectKind::Wasm(manifest) => {
                let package = manifest.package.as_ref();
                package.map_or_else(PackageMetadata::default, |of| of.about.clone())
            }
            _ => PackageMetadata::default(),
        }
    }

    /// The path of the manifest, if there is one.
    pub fn manifest(&self) -> Option<&Path> {
        match &self.kind {
            ProjectKind::Crate(_) => self.members[0].manifest.as_ref().map(|m| &*m.file.path),
            ProjectKind::Wkg(manifest) => Some(&manifest.file.path),
            ProjectKind::Wit(manifest) => Some(&manifest.file.path),
            ProjectKind::Wasm(manifest) => Some(&manifest.file.path),
            ProjectKind::Deps(path) => Some(path),
            ProjectKind::Plain => None,
        }
    }

    /// The only selected package; an error where there are several.
    pub fn only_member(&self) -> Result<&WitMember> {
        match self.members.as_slice() {
            [one] => Ok(one),
            _ => Err(Error::usage(format!(
                "the project in `{}` has {} WIT packages",
                self.root.display(),
                self.members.len()
            ))
            .hint("run the command in one of their directories, or set it with `--wit-dir`")),
        }
    }

    /// The same project with all its packages selected.
    pub fn with_all_members(mut self) -> Self {
        if !self.all.is_empty() {
            self.members = self.all.clone();
        }
        self
    }

    /// The same project with another text of its manifest.
    pub fn with_manifest(&self, path: &Path, text: &str) -> Result<Self> {
        let file = ManifestFile::new(path, text);
        let kind = match &self.kind {
            ProjectKind::Wkg(_) | ProjectKind::Plain => ProjectKind::Wkg(wkg::read(file)?),
            ProjectKind::Wit(_) => ProjectKind::Wit(wit_toml::read(file)?),
            // Crates, `wasm.toml` and `deps.toml` need no new manifest to find what WIT names.
            other => other.clone(),
        };
        Ok(WitProject {
            kind,
            ..self.clone()
        })
    }

    /// The hint for a package that a member needs and that was not found.
    pub(super) fn missing_package_hint(&self, ctx: &Context, member: &WitMember) -> String {
        let deps = ctx.display(&member.deps);
        let registry = "set its registry with `cargo component config set`";
        match &self.kind {
            ProjectKind::Wkg(_) => format!(
                "{registry} so that `cargo component wit fetch` finds it, set its directory under `[overrides]` in `wkg.toml`, or put it into `{deps}`"
            ),
            ProjectKind::Wit(_) => format!(
                "add it with `cargo component wit add`, or {registry} so that `cargo component wit fetch` finds it"
            ),
            ProjectKind::Wasm(_) => format!(
                "add it with `component install`, or {registry} so that `cargo component wit fetch` finds it"
            ),
            ProjectKind::Deps(file) => format!(
                "add it to `{}` and run `cargo component wit fetch`, or put it into `{deps}`",
                ctx.display(file)
            ),
            ProjectKind::Plain | ProjectKind::Crate(_) => format!(
                "put the package into `{deps}`, or {registry} so that `cargo component wit fetch` finds it"
            ),
        }
    }

    /// Reports which project was found.
    pub(super) fn report_found(&self, ctx: &Context) {
        let shown = match self.manifest() {
            Some(path) => ctx.display(path).to_string(),
            None => match ctx.display(&self.members[0].wit).to_string() {
                here if here.is_empty() => ".".to_owned(),
                shown => shown,
            },
        };
        ctx.shell.status("Reading", format!("`{shown}`"));
        if let ProjectKind::Wkg(manifest) = &self.kind {
            for note in &manifest.notes {
                ctx.shell.warn(note.clone());
            }
        }
    }
}

/// The files of `wit-deps` in a project, for each selected package that has a
/// `deps.toml`.
pub(super) fn deps_files(project: &WitProject) -> Vec<DepsOptions> {
    let of = |member: &WitMember| {
        let manifest = member.wit.join("deps.toml");
        fs::exists(&manifest).then(|| DepsOptions {
            lock: manifest.with_extension("lock"),
            deps: member.deps.clone(),
            mode: project.mode,
            manifest,
        })
    };
    match project.kind {
        ProjectKind::Deps(_) | ProjectKind::Crate(_) => {
            project.members.iter().filter_map(of).collect()
        }
        _ => Vec::new(),
    }
}

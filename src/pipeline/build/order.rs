//! The order in which the components of directories are built: each after those
//! that it depends on, as manifests say, before anything is built.

use std::path::{Path, PathBuf};

use super::prepare::{BuildSetup, builds_tests};
use crate::base::error::{Error, Result};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::arguments::dependency::DependencyPackage;
use crate::system::context::Context;
use crate::system::fs;

/// The build of one crate whose component other builds need.
#[derive(Debug)]
pub(crate) struct BuildStep {
    /// The directory of the crate, as a canonical path.
    pub dir: PathBuf,
    /// Its workspace, by its place among those of the order.
    pub workspace: usize,
    /// The packages that are built, as indices of the workspace's members.
    pub selected: Vec<usize>,
    /// The command line of that build.
    pub args: CargoArgs,
}

/// All builds before the one that the user requested.
pub(crate) struct BuildOrder<'c> {
    ctx: &'c Context,
    args: &'c CargoArgs,
    /// The workspaces; the first is the one that the user builds in.
    pub workspaces: Vec<BuildSetup>,
    /// The builds, each after those that it depends on.
    pub steps: Vec<BuildStep>,
    /// How many of them, at the beginning, the selected packages depend on; the others are
    /// for tests and overrides.
    pub needed: usize,
    /// The directories from the requested package to the one that is visited.
    path: Vec<PathBuf>,
}

impl<'c> BuildOrder<'c> {
    /// Finds what has to be built before the selected packages of a workspace, and before
    /// their tests if these are built. `overriding` are the directories of crates that
    /// override imports.
    ///
    /// # Errors
    ///
    /// If components depend on each other in a circle, or a manifest cannot be
    /// read.
    pub fn of(
        ctx: &'c Context,
        args: &'c CargoArgs,
        setup: BuildSetup,
        overriding: &[PathBuf],
    ) -> Result<Self> {
        let selected = setup.project.selected.clone();
        let mut order = BuildOrder {
            ctx,
            args,
            workspaces: vec![setup],
            steps: Vec::new(),
            needed: 0,
            path: Vec::new(),
        };
        order.visit(0, &selected)?;
        order.needed = order.steps.len();
        if builds_tests(args) {
            for member in selected {
                let dirs = order.workspaces[0].dev_directories(ctx, member)?;
                order.visit_directories(0, member, dirs)?;
            }
        }
        for dir in overriding {
            let dir = fs::canonical(dir)?;
            if !order.steps.iter().any(|step| step.dir == dir) {
                order.add(0, dir)?;
            }
        }
        Ok(order)
    }

    /// Adds what members of a workspace depend on.
    fn visit(&mut self, workspace: usize, selected: &[usize]) -> Result<()> {
        let project = self.workspaces[workspace].project.clone();
        for member in project.workspace().with_path_dependencies(selected) {
            let setup = &self.workspaces[workspace];
            let dirs = setup.component_directories(self.ctx, member)?;
            self.visit_directories(workspace, member, dirs)?;
        }
        Ok(())
    }

    /// Adds the crates in directories, which a member depends on.
    fn visit_directories(
        &mut self,
        workspace: usize,
        member: usize,
        dirs: Vec<PathBuf>,
    ) -> Result<()> {
        let project = self.workspaces[workspace].project.clone();
        for dir in dirs {
            let dir = fs::canonical(&dir)?;
            if self.steps.iter().any(|step| step.dir == dir) {
                continue;
            }
            let of = project.workspace().members[member].dir();
            self.path.push(fs::canonical(of)?);
            if self.path.contains(&dir) {
                return Err(self.cycle_error(&dir));
            }
            self.add(workspace, dir)?;
            self.path.pop();
        }
        Ok(())
    }

    /// Adds the crate in a directory, after what it depends on itself.
    fn add(&mut self, needed_by: usize, dir: PathBuf) -> Result<()> {
        let here = &self.workspaces[needed_by].project;
        if let Some(member) = here.member_at(&dir)? {
            let package = DependencyPackage::Member {
                id: here.workspace().members[member].id.clone(),
                manifest_path: self.manifest_path(needed_by),
            };
            return self.add_step(needed_by, dir, vec![member], &package);
        }
        let manifest = dir.join("Cargo.toml");
        let package = DependencyPackage::Other(manifest);
        let mut known = None;
        for (at, other) in self.workspaces.iter().enumerate() {
            if let Some(member) = other.project.member_at(&dir)? {
                known = Some((at, vec![member]));
            }
        }
        let (workspace, selected) = match known {
            Some(known) => known,
            None => {
                let mode = self.workspaces[needed_by].project.mode;
                let args = self.args.for_dependency(&package, mode);
                let setup = BuildSetup::open(self.ctx, &args)?;
                let selected = setup.project.selected.clone();
                self.workspaces.push(setup);
                (self.workspaces.len() - 1, selected)
            }
        };
        self.add_step(workspace, dir, selected, &package)
    }

    fn add_step(
        &mut self,
        workspace: usize,
        dir: PathBuf,
        selected: Vec<usize>,
        package: &DependencyPackage,
    ) -> Result<()> {
        self.visit(workspace, &selected)?;
        let mode = self.workspaces[workspace].project.mode;
        self.steps.push(BuildStep {
            args: self.args.for_dependency(package, mode),
            dir,
            workspace,
            selected,
        });
        Ok(())
    }

    /// The manifest that leads cargo to a workspace; none where the current
    /// directory does.
    fn manifest_path(&self, workspace: usize) -> Option<PathBuf> {
        let root = || self.workspaces[workspace].project.root_manifest();
        match (workspace, &self.args.directory, &self.args.manifest_path) {
            (0, None, path) => path.clone(),
            _ => Some(root()),
        }
    }

    fn cycle_error(&self, repeated: &Path) -> Error {
        let from = self
            .path
            .iter()
            .position(|dir| dir == repeated)
            .unwrap_or(0);
        let mut chain: Vec<String> = self.path[from..]
            .iter()
            .map(|dir| format!("`{}`", self.ctx.display(dir)))
            .collect();
        chain.push(format!("`{}`", self.ctx.display(repeated)));
        Error::input("the component dependencies form a cycle")
            .with_cause(chain.join(" needs "))
            .hint("remove one of these entries from `[package.metadata.component.dependencies]` or `dev-dependencies`")
    }
}

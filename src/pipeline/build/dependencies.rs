//! Components that are built before those that depend on them: entries whose
//! path is the directory of a crate.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use semver::Version;

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::component::hint::{Place, Wanted};
use crate::model::component::names;
use crate::model::manifest::{Dependency, DependencySource, Manifest};
use crate::pipeline::build::bindings::read_manifest;
use crate::pipeline::build::cargo::{Built, build_in};
use crate::pipeline::fetch::worlds::Worlds;
use crate::pipeline::link::closure::{Answer, Part, released};
use crate::pipeline::link::provided::Provided;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::LockMode;
use crate::system::cargo::workspace::Workspace;
use crate::system::context::Context;
use crate::system::fs;

/// What was built from directories in this run, each once.
#[derive(Debug, Default)]
pub(crate) struct Session {
    built: RefCell<BTreeMap<PathBuf, FromDirectory>>,
    /// The directories on the way from the package that is built to the one
    /// that is being built for it.
    building: RefCell<Vec<PathBuf>>,
    /// Whether hints without a digest are followed.
    trust_unpinned: bool,
}

/// A component built from a directory.
#[derive(Clone, Debug)]
pub(crate) struct FromDirectory {
    pub file: PathBuf,
    pub package: Option<PackageRef>,
    pub version: Version,
    /// What it may be linked with.
    parts: Vec<Part>,
    /// Which of them answer its imports.
    answers: BTreeMap<String, Answer>,
}

/// What components may be linked with, and which of that answers their
/// imports, by file.
pub(crate) type Recipes = BTreeMap<PathBuf, (Vec<Part>, BTreeMap<String, Answer>)>;

/// Components by their names, and those that were built or given for them: what
/// their recipes have beside releases, which are resolved anew.
pub(crate) fn with_recipes(
    mut files: Vec<(String, PathBuf)>,
    recipes: &Recipes,
) -> Result<Vec<(String, PathBuf)>> {
    let mut at = 0;
    while at < files.len() {
        let file = files[at].1.clone();
        at += 1;
        let Some((parts, answers)) = recipes.get(&file) else {
            continue;
        };
        let released = released(&names::imports(&fs::read(&file)?)?);
        for (_, answer) in answers
            .iter()
            .filter(|(import, _)| !released.contains(*import))
        {
            let part = &parts[answer.part];
            if !files.iter().any(|(_, known)| *known == part.file) {
                files.push((part.name.clone(), part.file.clone()));
            }
        }
    }
    Ok(files)
}

impl Session {
    /// One as a command line wants it.
    pub(crate) fn new(args: &CargoArgs) -> Self {
        Session {
            trust_unpinned: args.own.trust_unpinned,
            ..Session::default()
        }
    }

    /// The worlds of a workspace, resolved for these builds.
    pub(crate) fn worlds<'a>(
        &self,
        ctx: &'a Context,
        workspace: &Workspace,
        mode: LockMode,
    ) -> Result<Worlds<'a>> {
        let mut worlds = Worlds::new(ctx, workspace, mode)?;
        if self.trust_unpinned {
            worlds.trust_unpinned();
        }
        Ok(worlds)
    }

    /// Whether what was built of these directories in this run is among the
    /// parts.
    pub(crate) fn made(&self, dirs: &[PathBuf], parts: &[Part]) -> bool {
        let built = self.built.borrow();
        dirs.iter().all(|dir| {
            let one = fs::canonical(dir).ok().and_then(|dir| built.get(&dir));
            one.is_some_and(|one| parts.iter().any(|part| part.file == one.file))
        })
    }

    /// What answers the imports of what was built, by its file.
    pub(crate) fn recipes(&self) -> Recipes {
        let built = self.built.borrow();
        let recipe =
            |one: &FromDirectory| (one.file.clone(), (one.parts.clone(), one.answers.clone()));
        built.values().map(recipe).collect()
    }

    /// The component of an entry whose directory was built.
    pub(crate) fn provided(
        &self,
        key: &str,
        dependency: &Dependency,
        dir: &Path,
    ) -> Result<Provided> {
        let dir = fs::canonical(dir)?;
        let built = self.built.borrow();
        let found = built.get(&dir).ok_or_else(|| {
            Error::input(format!("the dependency `{key}` was not built"))
                .because(format!("its directory is `{}`", dir.display()))
                .hint("run `cargo component build`")
        })?;
        if let (Some(asked), Some(is)) = (&dependency.package, &found.package)
            && asked != is
        {
            return Err(Error::input(format!(
                "the dependency `{key}` is the package `{is}`, not `{asked}`"
            ))
            .hint(format!("rename the entry to `\"{is}\"`, or to a label")));
        }
        let package = found.package.clone().or(dependency.package.clone());
        Ok(Provided {
            key: key.to_owned(),
            place: package.clone().map(|package| Place::Package {
                package,
                release: Wanted::Exact(found.version.clone()),
            }),
            package,
            version: Some(found.version.clone()),
            file: found.file.clone(),
            digest: None,
            requirement: None,
            origin: None,
        })
    }

    /// Whether what is being built is for something else.
    pub(crate) fn is_on_the_way(&self) -> bool {
        !self.building.borrow().is_empty()
    }

    /// What was built, by its package.
    pub(crate) fn packages(&self) -> BTreeMap<PackageRef, FromDirectory> {
        let built = self.built.borrow();
        let named = |one: &FromDirectory| Some((one.package.clone()?, one.clone()));
        built.values().filter_map(named).collect()
    }

    /// Builds the components in these directories, with all that they need,
    /// for the targets and under the profile of `args`.
    pub(crate) fn build(
        self: &Rc<Self>,
        ctx: &Context,
        (args, mode): (&CargoArgs, LockMode),
        (workspace, of): (&Workspace, &Path),
        dirs: &[PathBuf],
    ) -> Result<()> {
        for dir in dirs {
            let dir = fs::canonical(dir)?;
            if self.built.borrow().contains_key(&dir) {
                continue;
            }
            self.building.borrow_mut().push(fs::canonical(of)?);
            if self.building.borrow().contains(&dir) {
                return Err(self.cycle(ctx, &dir));
            }
            let line = command_line(args, mode, workspace, &dir);
            let built = build_in(ctx, &CargoArgs::parse(&line)?, self)?;
            let found = component_of(ctx, &built, &dir)?;
            self.built.borrow_mut().insert(dir, found);
            self.building.borrow_mut().pop();
        }
        Ok(())
    }

    fn cycle(&self, ctx: &Context, again: &Path) -> Error {
        let building = self.building.borrow();
        let from = building.iter().position(|dir| dir == again).unwrap_or(0);
        let mut chain: Vec<String> = building[from..]
            .iter()
            .map(|dir| format!("`{}`", ctx.display(dir)))
            .collect();
        chain.push(format!("`{}`", ctx.display(again)));
        Error::input("the component dependencies form a cycle")
            .because(chain.join(" needs "))
            .hint("remove one of these entries from `[package.metadata.component.dependencies]`")
    }
}

/// The directories of crates a manifest depends on.
pub(crate) fn directories(manifest: &Manifest) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for (key, dependency) in &manifest.dependencies {
        let DependencySource::Path { path, .. } = &dependency.source else {
            continue;
        };
        if !fs::is_dir(path) {
            continue;
        }
        if !fs::exists(&path.join("Cargo.toml")) {
            return Err(Error::input(format!(
                "the directory of the dependency `{key}` has no `Cargo.toml`"
            ))
            .at(dependency.file.excerpt(dependency.span.clone()))
            .because(format!("it is `{}`", path.display()))
            .hint("give the directory of a crate that builds a component, or a component file; WIT belongs in `[package.metadata.component.target.dependencies]`"));
        }
        found.push(path.clone());
    }
    Ok(found)
}

/// How the component of a directory is built: as what depends on it, but
/// nothing else of it.
fn command_line(
    args: &CargoArgs,
    mode: LockMode,
    workspace: &Workspace,
    dir: &Path,
) -> Vec<OsString> {
    let mut line: Vec<OsString> = args.toolchain.iter().cloned().collect();
    line.push("build".into());
    let mut option = |name: &str, value: OsString| line.extend([name.into(), value]);
    let here = |member: &&crate::system::cargo::workspace::Member| {
        fs::canonical(member.dir()).is_ok_and(|path| path == dir)
    };
    match workspace.members.iter().find(here) {
        // In the same workspace, what is known of it serves.
        Some(member) => {
            match (&args.directory, &args.manifest_path) {
                (Some(_), _) => option("--manifest-path", workspace.root.join("Cargo.toml").into()),
                (None, Some(path)) => option("--manifest-path", path.into()),
                (None, None) => {}
            }
            option("--package", member.id.clone().into());
        }
        None => option("--manifest-path", dir.join("Cargo.toml").into()),
    }
    for target in &args.targets {
        option("--target", target.into());
    }
    option(
        "--profile",
        match args.profile_name() {
            "test" => "dev".into(),
            "bench" => "release".into(),
            own => own.into(),
        },
    );
    if let Some(dir) = &args.target_dir {
        option("--target-dir", dir.into());
    }
    for config in &args.config {
        option("--config", config.clone());
    }
    for flag in &args.unstable {
        option("-Z", flag.clone());
    }
    for format in &args.message_format {
        option("--message-format", format.into());
    }
    if let Some(color) = args.color {
        option("--color", color.as_str().into());
    }
    line.extend(mode.is_locked().then(|| "--locked".into()));
    line.extend(mode.is_offline().then(|| "--offline".into()));
    line.extend(args.quiet.then(|| "--quiet".into()));
    line.extend((0..args.verbose).map(|_| "--verbose".into()));
    line
}

/// The one component of the package in a directory.
fn component_of(ctx: &Context, built: &Built, dir: &Path) -> Result<FromDirectory> {
    let workspace = built.prepared.workspace();
    let here = |made: &&crate::pipeline::build::componentize::Made| {
        let member = &workspace.members[made.member];
        let example = made.artifact.kinds.iter().any(|kind| kind == "example");
        fs::canonical(member.dir()).is_ok_and(|path| path == dir)
            && made.component.is_some()
            && !made.artifact.test
            && !example
    };
    let all: Vec<_> = built.made.iter().filter(here).collect();
    let library = all.iter().find(|made| !made.artifact.is_program());
    let shown = ctx.display(dir);
    let made = match (library, all.as_slice()) {
        (Some(library), _) => library,
        (None, [one]) => one,
        (None, []) => {
            return Err(
                Error::input(format!("`{shown}` builds no component")).hint(
                    "add `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml, or a `main` function",
                ),
            );
        }
        (None, many) => {
            return Err(Error::input(format!(
                "`{shown}` has {} programs, but a dependency must be exactly one component",
                many.len()
            ))
            .hint("keep one component in the package, or give the path of a component file"));
        }
    };
    let member = &workspace.members[made.member];
    let recipe = built.prepared.recipe(made.member).cloned();
    let recipe = recipe.unwrap_or_default();
    Ok(FromDirectory {
        parts: recipe.parts,
        answers: recipe.answers,
        file: made.path.clone(),
        package: read_manifest(ctx, workspace, member)?.0.package,
        version: member.version.clone(),
    })
}

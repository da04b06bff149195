//! What every operation is given: where it runs, what it may ask, where it
//! speaks.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::system::env::Env;
use crate::system::process::Exec;
use crate::system::registry::cache::Cache;
use crate::system::registry::layers::Layers;
use crate::system::registry::routes::Route;
use crate::system::registry::{ArtifactsOpener, Opener, Registries};
use crate::system::shell::Shell;

impl Default for PackageAccess {
    /// No registry can be opened.
    fn default() -> Self {
        let refused = |route: &Route| {
            let name = &route.name;
            Error::unsupported(format!("the registry `{name}` cannot be opened here"))
        };
        PackageAccess {
            config: None,
            cache: PathBuf::new(),
            open: Box::new(move |route| Err(refused(route))),
            artifacts: Box::new(move |route| Err(refused(route))),
        }
    }
}

/// The surroundings of one run of the tool.
pub struct Context {
    /// The directory the user stands in; absolute.
    pub cwd: PathBuf,
    /// The environment.
    pub env: Env,
    /// Where the tool speaks.
    pub shell: Box<dyn Shell>,
    /// How other programs are run.
    pub exec: Box<dyn Exec>,
    /// Where packages come from and go to.
    pub packages: PackageAccess,
}

/// How packages are reached.
pub struct PackageAccess {
    /// The configuration of registries given explicitly.
    pub config: Option<PathBuf>,
    /// The directory of downloaded packages.
    pub cache: PathBuf,
    /// Opens a registry.
    pub open: Box<Opener>,
    /// Opens a registry for its artifacts.
    pub artifacts: Box<ArtifactsOpener>,
}

impl Context {
    /// The surroundings of this process.
    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    pub fn system(env: Env, shell: Box<dyn Shell>, packages: PackageAccess) -> Result<Self> {
        let cwd = std::env::current_dir()
            .map_err(|e| Error::input("failed to find the current directory").with_cause(e))?;
        Ok(Context {
            cwd,
            env,
            shell,
            exec: Box::new(crate::system::process::System),
            packages,
        })
    }

    /// The registries of a project in this directory.
    pub fn registries(&self, dir: &Path) -> Result<Registries<'_>> {
        let explicit = self
            .packages
            .config
            .as_ref()
            .map(|path| self.absolute(path));
        let layers = Layers::load(dir, explicit.as_deref(), &self.env)?;
        Ok(Registries::new(
            layers,
            &*self.packages.open,
            &*self.packages.artifacts,
        ))
    }

    /// The cache of downloaded packages.
    pub fn cache(&self) -> Cache {
        Cache::new(self.absolute(&self.packages.cache))
    }

    /// `path` seen from where the user stands.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }

    /// `path` as it is best shown: relative to where the user stands, if it
    /// lies below it.
    pub fn display<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.cwd).unwrap_or(path).display()
    }
}

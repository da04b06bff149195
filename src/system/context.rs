//! The context that every operation is given: directory, environment, terminal,
//! other programs and packages.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::system::env::Env;
use crate::system::process::Exec;
use crate::system::registry::cache::Cache;
use crate::system::registry::layers::Layers;
use crate::system::registry::routes::Route;
use crate::system::registry::{ArtifactsOpener, IndexReader, IndexRoute, Opener, Registries};
use crate::system::shell::Shell;

/// The context of one run of the tool.
pub struct Context {
    /// The absolute path of the current directory of the user.
    pub cwd: PathBuf,
    /// The variables of the environment.
    pub env: Env,
    /// The terminal that the tool prints to.
    pub shell: Box<dyn Shell>,
    /// The means to run other programs.
    pub exec: Box<dyn Exec>,
    /// The access to registries and downloaded packages.
    pub packages: PackageAccess,
}

/// The access to registries and downloaded packages.
pub struct PackageAccess {
    /// The configuration file of registries, if the user named one.
    pub config: Option<PathBuf>,
    /// The directory of downloaded packages.
    pub cache: PathBuf,
    /// Opens a registry for packages.
    pub open: Box<Opener>,
    /// Opens a registry for its artifacts.
    pub artifacts: Box<ArtifactsOpener>,
    /// Reads an index of packages.
    pub index: Box<IndexReader>,
}

impl Default for PackageAccess {
    /// An access with which no registry can be opened.
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
            index: Box::new(|route: &IndexRoute, _| {
                let name = &route.name;
                let text = format!("the index `{name}` cannot be read here");
                Err(Error::unsupported(text))
            }),
        }
    }
}

impl Context {
    /// The context of this process.
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

    /// `path` made absolute against the current directory of the user.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }

    /// `path` for messages: relative to the current directory of the user, if it
    /// lies below that.
    pub fn display<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.cwd).unwrap_or(path).display()
    }
}

//! What every operation is given: where it runs, what it may ask, where it
//! speaks.

use std::path::{Path, PathBuf};

use crate::advice::{Error, Result};
use crate::env::Env;
use crate::process::Exec;
use crate::shell::Shell;

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
}

impl Context {
    /// The surroundings of this process.
    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    pub fn system(env: Env, shell: Box<dyn Shell>) -> Result<Self> {
        let cwd = std::env::current_dir()
            .map_err(|e| Error::input("failed to find the current directory").because(e))?;
        Ok(Context {
            cwd,
            env,
            shell,
            exec: Box::new(crate::process::System),
        })
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

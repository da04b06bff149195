use std::path::PathBuf;

use clap::Args;

use super::ProjectOptions;
use crate::base::error::{Error, Result};
use crate::cli::add::{named, write};
use crate::ops::wit::add::{AddOptions, add};
use crate::ops::wit::remove::{RemoveOptions, remove};
use crate::system::context::Context;

/// Add a package that WIT needs to the manifest
///
/// With an interface its import is put into a world as well. The lock file and
/// `deps` are left to `build` and `fetch`.
#[derive(Args, Debug)]
pub(super) struct Add {
    /// `namespace:name`, perhaps `/interface`, perhaps a version requirement after `@`
    #[arg(value_name = "PACKAGE")]
    spec: String,

    /// The world that imports the interface, if there are several
    #[arg(long, short, value_name = "WORLD")]
    world: Option<String>,

    /// The key of the entry, if not the package's name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// A file or directory instead of a registry
    #[arg(long, value_name = "PATH", conflicts_with = "registry")]
    path: Option<PathBuf>,

    /// The name of the registry it is in
    #[arg(long, short, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Only tell what would be added
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Add {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let (package, interface) = parts(&self.spec);
        world_of_interface(&self.spec, (self.world.as_deref(), interface.as_deref()))?;
        let (package, requirement) = named(&package)?;
        let options = AddOptions {
            project: self.project.options(),
            package,
            interface,
            requirement,
            world: self.world,
            name: self.name,
            registry: self.registry,
            path: self.path,
            write: write(self.dry_run),
        };
        add(ctx, &options)
    }
}

/// Remove a package from the manifest
///
/// With an interface its import is removed, and the entry of the manifest where
/// nothing else of the package is named.
#[derive(Args, Debug)]
pub(super) struct Remove {
    /// `namespace:name`, perhaps `/interface`; or the key of the entry
    #[arg(value_name = "PACKAGE")]
    spec: String,

    /// The world that imports the interface; all without it
    #[arg(long, short, value_name = "WORLD")]
    world: Option<String>,

    /// Only tell what would be removed
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Remove {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let (key, interface) = parts(&self.spec);
        world_of_interface(&self.spec, (self.world.as_deref(), interface.as_deref()))?;
        let options = RemoveOptions {
            project: self.project.options(),
            key,
            interface,
            world: self.world,
            write: write(self.dry_run),
        };
        remove(ctx, &options)
    }
}

/// Refuses a world where no interface is named for it.
pub(in crate::cli) fn world_of_interface(
    spec: &str,
    named: (Option<&str>, Option<&str>),
) -> Result<()> {
    let (Some(world), None) = named else {
        return Ok(());
    };
    Err(Error::usage(format!(
        "`--world {world}` is for an interface, and `{spec}` names none"
    ))
    .hint("write `namespace:name/interface`, or leave out `--world`"))
}

/// A package, with its requirement, without the interface; and the interface.
pub(in crate::cli) fn parts(spec: &str) -> (String, Option<String>) {
    let (name, requirement) = match spec.split_once('@') {
        Some((name, requirement)) => (name, Some(requirement)),
        None => (spec, None),
    };
    let (package, interface) = match name.split_once('/') {
        Some((package, interface)) => (package, Some(interface.to_owned())),
        None => (name, None),
    };
    match requirement {
        Some(requirement) => (format!("{package}@{requirement}"), interface),
        None => (package.to_owned(), interface),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_stands_before_the_requirement() {
        for (spec, package, interface) in [
            ("a:b", "a:b", None),
            ("a:b@^1", "a:b@^1", None),
            ("a:b/c@1.0.0", "a:b@1.0.0", Some("c")),
            ("a:b/c", "a:b", Some("c")),
        ] {
            let told = parts(spec);
            assert_eq!(told, (package.to_owned(), interface.map(str::to_owned)));
        }
    }
}

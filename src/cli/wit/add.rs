use std::path::PathBuf;

use clap::Args;

use super::options::ProjectOptions;
use crate::base::error::{Error, Result};
use crate::cli::add::{parse_package, write};
use crate::ops::wit::add::{AddOptions, add};
use crate::ops::wit::remove::{RemoveOptions, remove};
use crate::system::context::Context;

/// Add a WIT dependency to the manifest
///
/// If an interface is given, its import is added to a world as well. The lock file and `deps`
/// are updated by `build` and `fetch`.
#[derive(Args, Debug)]
pub(super) struct Add {
    /// `namespace:name`, optionally followed by `/interface`, then by `@` and a version requirement
    #[arg(value_name = "PACKAGE")]
    spec: String,

    /// World that imports the interface, if there are several
    #[arg(long, short, value_name = "WORLD")]
    world: Option<String>,

    /// Key of the entry [default: the package name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Use a file or directory instead of a registry
    #[arg(long, value_name = "PATH", conflicts_with = "registry")]
    path: Option<PathBuf>,

    /// Name of the registry that has the package
    #[arg(long, short, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Print what would be added, without writing anything
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Add {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let (package, interface) = split_interface(&self.spec);
        check_world_option(&self.spec, self.world.as_deref(), interface.as_deref())?;
        let (package, requirement) = parse_package(&package)?;
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

/// Remove a WIT dependency from the manifest
///
/// If an interface is given, its import is removed; the manifest entry is removed as well if
/// nothing else from the package is used.
#[derive(Args, Debug)]
pub(super) struct Remove {
    /// `namespace:name`, optionally followed by `/interface`, or the key of the entry
    #[arg(value_name = "PACKAGE")]
    spec: String,

    /// World to remove the import from [default: all worlds]
    #[arg(long, short, value_name = "WORLD")]
    world: Option<String>,

    /// Print what would be removed, without writing anything
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    project: ProjectOptions,
}

impl Remove {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let (key, interface) = split_interface(&self.spec);
        check_world_option(&self.spec, self.world.as_deref(), interface.as_deref())?;
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

/// Refuses `--world` if the package specification `spec` names no interface.
pub(in crate::cli) fn check_world_option(
    spec: &str,
    world: Option<&str>,
    interface: Option<&str>,
) -> Result<()> {
    let (Some(world), None) = (world, interface) else {
        return Ok(());
    };
    Err(Error::usage(format!(
        "`--world {world}` needs an interface, but `{spec}` names none"
    ))
    .hint("write `namespace:name/interface`, or omit `--world`"))
}

/// Splits `package/interface@requirement` into `package@requirement` and the interface.
pub(in crate::cli) fn split_interface(spec: &str) -> (String, Option<String>) {
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
            let split = split_interface(spec);
            assert_eq!(split, (package.to_owned(), interface.map(str::to_owned)));
        }
    }
}

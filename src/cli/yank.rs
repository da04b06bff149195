//! The options of `cargo component yank` and how they are run.

use clap::Args;
use semver::Version;

use super::options::LockOptions;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::ops::yank::yank;
use crate::pipeline::fetch::access::AccessOptions;
use crate::system::context::Context;

/// Withdraw a version of a package from its registry
///
/// Those who locked the version keep it, and nobody else gets it. Only Warg registries can do
/// that; for others, the error says what to do instead. To withdraw a crate, use `cargo yank`.
#[derive(Args, Debug)]
pub(super) struct Yank {
    /// Version to withdraw: `namespace:name@1.2.3`, or the package and `--version`
    #[arg(value_name = "PACKAGE")]
    spec: String,

    /// Version to withdraw
    #[arg(long = "version", alias = "vers", value_name = "VERSION")]
    number: Option<Version>,

    /// Name or address of the registry, instead of the configured one
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    #[command(flatten)]
    lock: LockOptions,
}

impl Yank {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let (package, version) = release(&self.spec, self.number)?;
        let options = AccessOptions {
            registry: self.registry,
            mode: self.lock.mode(),
        };
        yank(ctx, &package, &version, &options)
    }
}

/// The release that the argument and the option name together.
fn release(spec: &str, option: Option<Version>) -> Result<(PackageRef, Version)> {
    let example = "write it as `namespace:name@1.2.3`";
    let (name, version) = match (spec.split_once('@'), option) {
        (Some((name, version)), None) => {
            let version = version.parse().map_err(|e| {
                Error::usage(format!("invalid version `{version}`"))
                    .with_cause(e)
                    .hint(example)
            })?;
            (name, version)
        }
        (None, Some(version)) => (spec, version),
        (Some(_), Some(version)) => {
            let text = format!("`{spec}` and `--version {version}` both name a version");
            return Err(Error::usage(text).hint("remove one of them"));
        }
        (None, None) => {
            let text = format!("no version of `{spec}` was given");
            return Err(Error::usage(text).hint(example));
        }
    };
    Ok((name.parse()?, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_named_once() {
        let read = |spec: &str, option: Option<&str>| {
            let option = option.map(|version| version.parse().unwrap());
            release(spec, option).map(|(package, version)| format!("{package}@{version}"))
        };
        assert_eq!(read("a:b@1.2.3", None).unwrap(), "a:b@1.2.3");
        assert_eq!(read("a:b", Some("1.2.3")).unwrap(), "a:b@1.2.3");
        for (spec, option) in [
            ("a:b", None),
            ("a:b@1.2.3", Some("1.2.3")),
            ("a:b@1", None),
            ("ab@1.2.3", None),
        ] {
            assert!(read(spec, option).is_err(), "{spec}");
        }
    }
}

//! The command line of the build of a component that another one depends on.

use std::ffi::OsString;
use std::path::PathBuf;

use super::cargo_args::{ArgumentGroup, CargoArgs};
use super::options::KnownOption;
use crate::system::cargo::config::LockMode;

/// The package that is built for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencyPackage {
    /// A member of the workspace at hand, by its package identifier; and the
    /// manifest that leads to the workspace, unless cargo finds it by itself.
    Member {
        /// The identifier that cargo gives the package.
        id: String,
        /// The manifest of a package of the workspace, or of its root.
        manifest_path: Option<PathBuf>,
    },
    /// A package of another workspace, by the path of its manifest.
    Other(PathBuf),
}

impl CargoArgs {
    /// The command line that builds a package as this one builds its own: with
    /// the same toolchain, targets, profile, target directory, configuration and
    /// form of output, but none of its packages, features or artifacts.
    pub fn for_dependency(&self, package: &DependencyPackage, mode: LockMode) -> CargoArgs {
        let profile = self.profile_of_dependencies();
        let (packages, manifest_path) = match package {
            DependencyPackage::Member { id, manifest_path } => {
                (vec![id.clone()], manifest_path.clone())
            }
            DependencyPackage::Other(path) => (Vec::new(), Some(path.clone())),
        };
        let mut args = CargoArgs {
            toolchain: self.toolchain.clone(),
            subcommand: Some("build".to_owned()),
            packages,
            manifest_path,
            targets: self.targets.clone(),
            target_dir: self.target_dir.clone(),
            profile: Some(profile.to_owned()),
            message_format: self.message_format.clone(),
            config: self.config.clone(),
            lock_mode: mode,
            color: self.color,
            verbose: self.verbose,
            quiet: self.quiet,
            unstable: self.unstable.clone(),
            ..CargoArgs::default()
        };
        args.own.trust_unpinned = self.own.trust_unpinned;
        args.after = args.pieces();
        args
    }

    /// The profile of the packages that are built for this command.
    pub fn profile_of_dependencies(&self) -> &str {
        match self.profile_name() {
            "test" => "dev",
            "bench" => "release",
            own => own,
        }
    }

    /// The options of the fields, each as cargo reads it.
    fn pieces(&self) -> Vec<ArgumentGroup> {
        let mut pieces = Vec::new();
        let mut option = |known, name: &str, value: OsString| {
            pieces.push(ArgumentGroup {
                known: Some(known),
                args: vec![name.into(), value],
            });
        };
        if let Some(path) = &self.manifest_path {
            option(KnownOption::ManifestPath, "--manifest-path", path.into());
        }
        for package in &self.packages {
            option(KnownOption::Package, "--package", package.into());
        }
        for target in &self.targets {
            option(KnownOption::Target, "--target", target.into());
        }
        if let Some(profile) = &self.profile {
            option(KnownOption::Profile, "--profile", profile.into());
        }
        if let Some(dir) = &self.target_dir {
            option(KnownOption::TargetDir, "--target-dir", dir.into());
        }
        for config in &self.config {
            option(KnownOption::Config, "--config", config.clone());
        }
        for flag in &self.unstable {
            option(KnownOption::Unstable, "-Z", flag.clone());
        }
        for format in &self.message_format {
            option(
                KnownOption::MessageFormat,
                "--message-format",
                format.into(),
            );
        }
        if let Some(color) = self.color {
            option(KnownOption::Color, "--color", color.as_str().into());
        }
        let mut flag = |known, name: &str| {
            pieces.push(ArgumentGroup {
                known: Some(known),
                args: vec![name.into()],
            });
        };
        if self.lock_mode.is_locked() {
            flag(KnownOption::Locked, "--locked");
        }
        if self.lock_mode.is_offline() {
            flag(KnownOption::Offline, "--offline");
        }
        if self.quiet {
            flag(KnownOption::Quiet, "--quiet");
        }
        (0..self.verbose).for_each(|_| flag(KnownOption::Verbose, "--verbose"));
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_says_what_its_fields_say() {
        let words = [
            "+nightly",
            "test",
            "-p",
            "app",
            "--features",
            "x",
            "--target",
            "wasm32-wasip2",
            "--config",
            "a.b=1",
            "-Z",
            "unstable",
            "--message-format",
            "json",
            "--color",
            "never",
            "-vv",
            "--target-dir",
            "out",
            "--trust-unpinned",
        ];
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let args = CargoArgs::parse(&words).unwrap();
        let package = DependencyPackage::Member {
            id: "path+file:///w#dep@0.1.0".to_owned(),
            manifest_path: Some(PathBuf::from("/w/Cargo.toml")),
        };
        let mode = LockMode::default();
        let made = args.for_dependency(&package, mode);
        let mut line = made.cargo_args();
        line.push("--trust-unpinned".into());
        let mut read = CargoArgs::parse(&line).unwrap();
        assert_eq!(read.after.pop().map(|piece| piece.args.len()), Some(1));
        read.after = made.after.clone();
        assert_eq!(made, read);
        assert!(!made.cargo_args().iter().any(|arg| arg == "--features"));
    }
}

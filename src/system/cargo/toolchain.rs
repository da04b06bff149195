//! The standard library that a target needs, and its installation.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result, nearest};
use crate::system::cargo::config::LockMode;
use crate::system::cargo::target::Target;
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::{Exec, Invocation};
use crate::system::shell::Shell;

/// The Rust toolchain in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    sysroot: PathBuf,
    /// The name of the toolchain in rustup, if rustup installed it.
    name: Option<OsString>,
}

impl Toolchain {
    /// Finds the toolchain of `rustc`, run in `dir`; with a `name`, rustup's
    /// toolchain of that name.
    pub fn find(
        rustc: &OsStr,
        name: Option<&str>,
        dir: &Path,
        exec: &dyn Exec,
        env: &Env,
    ) -> Result<Toolchain> {
        let mut query = Invocation::new(rustc).args(["--print", "sysroot"]).dir(dir);
        if let Some(name) = name {
            query = query.env(env::RUSTUP_TOOLCHAIN.name, name);
        }
        let output = exec.output(&query)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let sysroot = text.trim_end_matches(['\r', '\n']);
        if output.code != 0 || sysroot.is_empty() {
            return Err(Error::input(format!("`{query}` printed no directory"))
                .with_cause(String::from_utf8_lossy(&output.stderr).trim())
                .hint("check that `rustc` works"));
        }
        let mut toolchain = Toolchain::at(PathBuf::from(sysroot), env);
        if let Some(name) = name {
            toolchain.name = Some(name.into());
        }
        Ok(toolchain)
    }

    /// The toolchain with this sysroot.
    pub fn at(sysroot: PathBuf, env: &Env) -> Toolchain {
        let name = env.get(env::RUSTUP_TOOLCHAIN).or_else(|| {
            // Rustup installs toolchains in `toolchains`. It cannot install anything
            // for another compiler.
            let dir = sysroot.parent()?.file_name()?;
            sysroot.file_name().filter(|_| dir == "toolchains")
        });
        Toolchain {
            name: name.map(OsStr::to_owned),
            sysroot,
        }
    }

    /// The directory of the toolchain.
    pub fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// Whether it has a standard library for the target triple. Runs no
    /// program.
    pub fn has(&self, triple: &str) -> bool {
        fs::is_dir(&self.library(triple))
    }

    /// The directory of its standard library for the target triple, there or not.
    pub fn library(&self, triple: &str) -> PathBuf {
        ["lib", "rustlib", triple, "lib"]
            .iter()
            .fold(self.sysroot.clone(), |dir, part| dir.join(part))
    }

    /// Makes sure that there is a standard library for the target: rustup installs
    /// a missing one, unless `mode` forbids the use of the network.
    ///
    /// A target specification file needs none, and neither does a build of the
    /// standard library (`-Z build-std`), for which this is not called.
    pub fn ensure(
        &self,
        target: &Target,
        mode: LockMode,
        exec: &dyn Exec,
        shell: &dyn Shell,
    ) -> Result<()> {
        let triple = target.name();
        if target.is_file() || self.has(triple) {
            return Ok(());
        }
        let missing = Error::input(format!(
            "the standard library for target `{triple}` is not installed"
        ));
        let Some(name) = &self.name else {
            return Err(missing
                .with_cause(format!(
                    "the toolchain `{}` is not managed by rustup",
                    self.sysroot.display()
                ))
                .hint(hint_for_other_target(triple).unwrap_or_else(|| {
                    format!("install it in the same way as the toolchain, or use rustup: `rustup target add {triple}`")
                })));
        };
        let add = Invocation::new("rustup")
            .args(["target", "add", triple, "--toolchain"])
            .arg(name);
        if mode.is_offline() {
            return Err(missing
                .with_cause("it is not downloaded with `--offline`")
                .hint(format!("run `{add}`")));
        }
        shell.status("Installing", format!("{triple} target"));
        let code = exec.run(&add).map_err(|error| {
            let error = error.context(missing.message());
            error.hint(hint_for_other_target(triple).unwrap_or_else(|| format!("run `{add}`")))
        })?;
        if code != 0 {
            return Err(missing
                .with_cause(format!("`{add}` failed with exit code {code}"))
                .hint(
                    hint_for_other_target(triple).unwrap_or_else(|| hint_for_unavailable(triple)),
                ));
        }
        if !self.has(triple) {
            return Err(missing
                .with_cause(format!(
                    "`{add}` did not install it in `{}`",
                    self.sysroot.display()
                ))
                .hint("unset `RUSTC` and `RUSTUP_TOOLCHAIN`, so that both refer to the same toolchain"));
        }
        Ok(())
    }
}

/// The hint after rustup failed to install a target.
fn hint_for_unavailable(triple: &str) -> String {
    let usual = ["wasm32-wasip1", "wasm32-wasip2", "wasm32-unknown-unknown"];
    match nearest(triple, usual) {
        Some(near) if near == triple => {
            "see the message of rustup above; the target is downloaded from the network".to_owned()
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "use one of `{}`, or see `rustup target list`",
            usual.join("`, `")
        ),
    }
}

/// The hint for targets that most toolchains do not have.
fn hint_for_other_target(triple: &str) -> Option<String> {
    match triple {
        "wasm32-wasip3" => Some(
            "use `--target wasm32-wasip2`, which supports worlds of WASI 0.3 as well".to_owned(),
        ),
        "wasm32-wasi" => Some("use `--target wasm32-wasip1`, its name since Rust 1.84".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::{Output, Scripted};
    use crate::system::shell::Buffer;

    struct Sandbox {
        dir: tempfile::TempDir,
        shell: Buffer,
    }

    impl Sandbox {
        fn new() -> Sandbox {
            let sandbox = Sandbox {
                dir: tempfile::tempdir().unwrap(),
                shell: Buffer::default(),
            };
            sandbox.install("wasm32-wasip1");
            sandbox
        }

        /// A sysroot with a path as rustup chooses it.
        fn sysroot(&self) -> PathBuf {
            self.dir.path().join("toolchains/stable-x")
        }

        fn install(&self, triple: &str) {
            let dir = self.sysroot().join("lib/rustlib").join(triple).join("lib");
            fs::create_dir(&dir).unwrap();
        }

        fn ensure(&self, toolchain: &Toolchain, triple: &str, exec: &Scripted) -> Result<()> {
            let target = Target::new(triple).unwrap();
            toolchain.ensure(&target, LockMode::Update, exec, &self.shell)
        }
    }

    fn code(code: i32) -> Scripted {
        Scripted::new([Output {
            code,
            ..Output::default()
        }])
    }

    #[test]
    fn what_is_there_needs_nothing() {
        let sandbox = Sandbox::new();
        let exec = Scripted::default();
        let toolchain = Toolchain::at(sandbox.sysroot(), &Env::default());
        sandbox.ensure(&toolchain, "wasm32-wasip1", &exec).unwrap();
        sandbox
            .ensure(&toolchain, "own-wasm32.json", &exec)
            .unwrap();
        assert!(exec.invocations().is_empty() && sandbox.shell.messages().is_empty());
    }

    #[test]
    fn rustc_says_where_the_toolchain_is() {
        let exec = Scripted::new([
            Output {
                stdout: b"/x/toolchains/nightly\n".to_vec(),
                ..Output::default()
            },
            Output {
                code: 1,
                stderr: b"no default toolchain".to_vec(),
                ..Output::default()
            },
        ]);
        let find = || {
            let env = Env::default();
            Toolchain::find(OsStr::new("my-rustc"), None, Path::new("/w"), &exec, &env)
        };
        let toolchain = find().unwrap();
        assert_eq!(toolchain.sysroot(), Path::new("/x/toolchains/nightly"));
        assert_eq!(toolchain.name.unwrap(), "nightly");
        assert_eq!(
            exec.invocations()[0].to_string(),
            "my-rustc --print sysroot"
        );
        assert_eq!(exec.invocations()[0].dir.as_deref(), Some(Path::new("/w")));
        let error = find().unwrap_err().to_string();
        assert!(error.contains("no default toolchain"), "{error}");
    }

    #[test]
    fn rustup_installs_into_the_toolchain_in_use() {
        let sandbox = Sandbox::new();
        let named = Env::from_vars([("RUSTUP_TOOLCHAIN", "1.95.0")]);
        for (env, name) in [(Env::default(), "stable-x"), (named, "1.95.0")] {
            let exec = code(0);
            let toolchain = Toolchain::at(sandbox.sysroot(), &env);
            // The script installs nothing, which does not go unnoticed.
            let error = sandbox
                .ensure(&toolchain, "wasm32-wasip2", &exec)
                .unwrap_err();
            assert!(
                error.to_string().contains("did not install it in"),
                "{error}"
            );
            assert_eq!(
                exec.invocations()[0].to_string(),
                format!("rustup target add wasm32-wasip2 --toolchain {name}")
            );
        }
        assert_eq!(
            sandbox.shell.messages()[0],
            "  Installing wasm32-wasip2 target"
        );
    }

    #[test]
    fn what_rustup_cannot_do_is_said() {
        let sandbox = Sandbox::new();
        let toolchain = Toolchain::at(sandbox.sysroot(), &Env::default());
        let error = sandbox
            .ensure(&toolchain, "wasm32-wasip2", &code(1))
            .unwrap_err();
        assert_eq!(
            error.message(),
            "the standard library for target `wasm32-wasip2` is not installed"
        );
        assert_eq!(
            error.advice(),
            Some("see the message of rustup above; the target is downloaded from the network")
        );
        for (triple, hint) in [
            ("wasm32-wasip7", "did you mean `wasm32-wasip1`?"),
            ("wasm32-some-other-system", "use one of `wasm32-wasip1`"),
        ] {
            let error = sandbox.ensure(&toolchain, triple, &code(1)).unwrap_err();
            assert!(error.advice().unwrap().starts_with(hint), "{error:?}");
        }
        let error = sandbox
            .ensure(&toolchain, "wasm32-wasip3", &code(1))
            .unwrap_err();
        assert!(error.advice().unwrap().contains("wasm32-wasip2"));
        let error = sandbox
            .ensure(&toolchain, "wasm32-wasi", &code(1))
            .unwrap_err();
        assert!(error.advice().unwrap().contains("wasm32-wasip1"));
    }

    #[test]
    fn other_toolchains_and_offline_start_nothing() {
        let sandbox = Sandbox::new();
        let exec = Scripted::default();
        let distribution = Toolchain::at("/usr".into(), &Env::default());
        let error = sandbox
            .ensure(&distribution, "wasm32-no-such", &exec)
            .unwrap_err();
        assert!(
            error.to_string().contains("not managed by rustup"),
            "{error}"
        );

        let target = Target::new("wasm32-wasip2").unwrap();
        let toolchain = Toolchain::at(sandbox.sysroot(), &Env::default());
        let error = toolchain
            .ensure(&target, LockMode::Frozen, &exec, &sandbox.shell)
            .unwrap_err();
        assert!(error.to_string().contains("offline"), "{error}");
        assert!(exec.invocations().is_empty() && sandbox.shell.messages().is_empty());
    }
}

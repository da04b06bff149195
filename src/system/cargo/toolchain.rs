//! The standard library a target needs, and how it is got.

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

/// The toolchain in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    sysroot: PathBuf,
    /// The name rustup has for it, if it is one of rustup's.
    name: Option<OsString>,
}

impl Toolchain {
    /// Asks `rustc`, run in `dir`, where the toolchain lies; where one is
    /// `named`, it is rustup's of that name.
    pub fn find(
        (rustc, named): (&OsStr, Option<&str>),
        dir: &Path,
        exec: &dyn Exec,
        env: &Env,
    ) -> Result<Toolchain> {
        let mut ask = Invocation::new(rustc).args(["--print", "sysroot"]).dir(dir);
        if let Some(name) = named {
            ask = ask.env(env::RUSTUP_TOOLCHAIN.name, name);
        }
        let output = exec.output(&ask)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let sysroot = text.trim_end_matches(['\r', '\n']);
        if output.code != 0 || sysroot.is_empty() {
            return Err(Error::input(format!("`{ask}` printed no directory"))
                .because(String::from_utf8_lossy(&output.stderr).trim())
                .hint("check that `rustc` works"));
        }
        let mut toolchain = Toolchain::at(PathBuf::from(sysroot), env);
        if let Some(name) = named {
            toolchain.name = Some(name.into());
        }
        Ok(toolchain)
    }

    /// The toolchain in a directory known already.
    pub fn at(sysroot: PathBuf, env: &Env) -> Toolchain {
        let name = env.get(env::RUSTUP_TOOLCHAIN).or_else(|| {
            // Rustup keeps its own in `toolchains`; another compiler beside a
            // rustup on `PATH` is not helped by what that one installs.
            let dir = sysroot.parent()?.file_name()?;
            sysroot.file_name().filter(|_| dir == "toolchains")
        });
        Toolchain {
            name: name.map(OsStr::to_owned),
            sysroot,
        }
    }

    /// Where it lies.
    pub fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// Whether it has a standard library for the target triple. Starts
    /// nothing.
    pub fn has(&self, triple: &str) -> bool {
        fs::is_dir(&self.library(triple))
    }

    /// Where its standard library for the target triple lies, if it has one.
    pub fn library(&self, triple: &str) -> PathBuf {
        ["lib", "rustlib", triple, "lib"]
            .iter()
            .fold(self.sysroot.clone(), |dir, part| dir.join(part))
    }

    /// Makes sure that there is a standard library for the target: one that
    /// is missing is installed by rustup, unless `mode` keeps off the network.
    ///
    /// A target specification of the user's own needs none. Whoever has the
    /// library built along (`-Z build-std`) does not ask.
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
                .because(format!(
                    "the toolchain `{}` is not managed by rustup",
                    self.sysroot.display()
                ))
                .hint(other_target(triple).unwrap_or_else(|| {
                    format!("install it in the same way as the toolchain, or use rustup: `rustup target add {triple}`")
                })));
        };
        let add = Invocation::new("rustup")
            .args(["target", "add", triple, "--toolchain"])
            .arg(name);
        if mode.is_offline() {
            return Err(missing
                .because("it is not downloaded with `--offline`")
                .hint(format!("run `{add}`")));
        }
        shell.status("Installing", format!("{triple} target"));
        let code = exec.run(&add).map_err(|error| {
            let error = error.context(missing.message());
            error.hint(other_target(triple).unwrap_or_else(|| format!("run `{add}`")))
        })?;
        if code != 0 {
            return Err(missing
                .because(format!("`{add}` failed with exit code {code}"))
                .hint(other_target(triple).unwrap_or_else(|| otherwise(triple))));
        }
        if !self.has(triple) {
            return Err(missing
                .because(format!(
                    "`{add}` did not install it in `{}`",
                    self.sysroot.display()
                ))
                .hint("unset `RUSTC` and `RUSTUP_TOOLCHAIN`, so that both refer to the same toolchain"));
        }
        Ok(())
    }
}

/// What to do where rustup was asked for a target in vain.
fn otherwise(triple: &str) -> String {
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

/// The way out for targets that most toolchains do not have.
fn other_target(triple: &str) -> Option<String> {
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

    struct Place {
        dir: tempfile::TempDir,
        shell: Buffer,
    }

    impl Place {
        fn new() -> Place {
            let place = Place {
                dir: tempfile::tempdir().unwrap(),
                shell: Buffer::default(),
            };
            place.install("wasm32-wasip1");
            place
        }

        /// A sysroot as rustup has it.
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
        let place = Place::new();
        let exec = Scripted::default();
        let toolchain = Toolchain::at(place.sysroot(), &Env::default());
        place.ensure(&toolchain, "wasm32-wasip1", &exec).unwrap();
        place.ensure(&toolchain, "own-wasm32.json", &exec).unwrap();
        assert!(exec.asked().is_empty() && place.shell.said().is_empty());
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
            Toolchain::find((OsStr::new("my-rustc"), None), Path::new("/w"), &exec, &env)
        };
        let toolchain = find().unwrap();
        assert_eq!(toolchain.sysroot(), Path::new("/x/toolchains/nightly"));
        assert_eq!(toolchain.name.unwrap(), "nightly");
        assert_eq!(exec.asked()[0].to_string(), "my-rustc --print sysroot");
        assert_eq!(exec.asked()[0].dir.as_deref(), Some(Path::new("/w")));
        let error = find().unwrap_err().to_string();
        assert!(error.contains("no default toolchain"), "{error}");
    }

    #[test]
    fn rustup_installs_into_the_toolchain_in_use() {
        let place = Place::new();
        let named = Env::from_vars([("RUSTUP_TOOLCHAIN", "1.95.0")]);
        for (env, name) in [(Env::default(), "stable-x"), (named, "1.95.0")] {
            let exec = code(0);
            let toolchain = Toolchain::at(place.sysroot(), &env);
            // The script installs nothing, which does not go unnoticed.
            let error = place
                .ensure(&toolchain, "wasm32-wasip2", &exec)
                .unwrap_err();
            assert!(
                error.to_string().contains("did not install it in"),
                "{error}"
            );
            assert_eq!(
                exec.asked()[0].to_string(),
                format!("rustup target add wasm32-wasip2 --toolchain {name}")
            );
        }
        assert_eq!(place.shell.said()[0], "  Installing wasm32-wasip2 target");
    }

    #[test]
    fn what_rustup_cannot_do_is_said() {
        let place = Place::new();
        let toolchain = Toolchain::at(place.sysroot(), &Env::default());
        let error = place
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
            let error = place.ensure(&toolchain, triple, &code(1)).unwrap_err();
            assert!(error.advice().unwrap().starts_with(hint), "{error:?}");
        }
        let error = place
            .ensure(&toolchain, "wasm32-wasip3", &code(1))
            .unwrap_err();
        assert!(error.advice().unwrap().contains("wasm32-wasip2"));
        let error = place
            .ensure(&toolchain, "wasm32-wasi", &code(1))
            .unwrap_err();
        assert!(error.advice().unwrap().contains("wasm32-wasip1"));
    }

    #[test]
    fn other_toolchains_and_offline_start_nothing() {
        let place = Place::new();
        let exec = Scripted::default();
        let distribution = Toolchain::at("/usr".into(), &Env::default());
        let error = place
            .ensure(&distribution, "wasm32-no-such", &exec)
            .unwrap_err();
        assert!(
            error.to_string().contains("not managed by rustup"),
            "{error}"
        );

        let target = Target::new("wasm32-wasip2").unwrap();
        let toolchain = Toolchain::at(place.sysroot(), &Env::default());
        let error = toolchain
            .ensure(&target, LockMode::Frozen, &exec, &place.shell)
            .unwrap_err();
        assert!(error.to_string().contains("offline"), "{error}");
        assert!(exec.asked().is_empty() && place.shell.said().is_empty());
    }
}

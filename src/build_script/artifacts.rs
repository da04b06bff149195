//! The components that a host embeds, built by its build script.
//!
//! This only runs the installed tool: `cargo component artifacts` builds or fetches the
//! components, and prints what cargo has to know.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::variables::required;
use crate::base::error::{Error, Result};
use crate::system::env;
use crate::system::env::Env;
use crate::system::process::{Exec, Invocation, Output, System};

/// Builds or fetches the components that the package being built lists in
/// `[package.metadata.component.artifacts]`, and tells cargo their paths and sources: the
/// code of the package gets the absolute path of the component `adder` by
/// `env!("COMPONENT_ADDER")`, and the script is run again when a source changes.
///
/// The tool must be installed as `cargo component`. Components are built with the profile of
/// the package, in a target directory of their own.
///
/// Returns the paths by the names of the variables.
///
/// # Errors
///
/// If the tool is not installed, or reports an error, which is printed to standard error.
pub fn artifacts() -> Result<BTreeMap<String, PathBuf>> {
    let env = Env::system();
    let output = run(&env, &System)?;
    // Cargo reads these; if it does not, nobody can be told.
    let _ = std::io::stderr().write_all(&output.stderr);
    let result = finish(&env, &output);
    if result.is_ok() {
        let _ = std::io::stdout().write_all(&output.stdout);
    }
    result
}

/// Runs the tool for the package being built.
fn run(env: &Env, exec: &dyn Exec) -> Result<Output> {
    let dir = PathBuf::from(required(env, env::CARGO_MANIFEST_DIR)?);
    let out = PathBuf::from(required(env, env::OUT_DIR)?);
    let cargo = env.get(env::CARGO).unwrap_or(OsStr::new("cargo"));
    let invocation = Invocation::new(cargo)
        .args(["component", "artifacts", "--manifest-path"])
        .arg(dir.join("Cargo.toml"))
        .arg("--profile")
        .arg(profile(env, &out))
        .arg("--out-dir")
        .arg(&out)
        .arg("--target-dir")
        .arg(target_dir(&out))
        .dir(&dir)
        .without(variables_of_the_host(env))
        .env(env::CARGO_COMPONENT_EMBEDDED_IN.name, hosts(env, &dir)?);
    exec.output(&invocation)
}

/// The paths that the tool printed, or the error that it ended with.
fn finish(env: &Env, output: &Output) -> Result<BTreeMap<String, PathBuf>> {
    let said = String::from_utf8_lossy(&output.stderr);
    let lacks = |command: &str| said.contains(&format!("no such command: `{command}`"));
    let failed = Error::input(format!(
        "failed to build the components that `{}` embeds",
        Path::new(required(env, env::CARGO_MANIFEST_DIR)?).display()
    ));
    match output.code {
        0 => {}
        _ if lacks("component") => {
            return Err(failed
                .with_cause("`cargo component` is not installed")
                .hint("install it: `cargo install --locked cargo-component`"));
        }
        _ if lacks("artifacts") => {
            return Err(failed
                .with_cause("the installed `cargo component` is older than this crate")
                .hint("update it: `cargo install --locked cargo-component`"));
        }
        code => {
            return Err(failed.with_cause(format!(
                "`cargo component artifacts` ended with exit code {code}; what it said is above"
            )));
        }
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let set = text
        .lines()
        .filter_map(|line| line.strip_prefix("cargo::rustc-env="));
    let pairs = set.filter_map(|pair| pair.split_once('='));
    Ok(pairs
        .map(|(name, path)| (name.to_owned(), PathBuf::from(path)))
        .collect())
}

/// The profile of the build. Cargo only says whether it is like `debug` or `release`, but
/// calls the directory around `build/` after the profile.
fn profile(env: &Env, out: &Path) -> String {
    let dir = profile_dir(out).and_then(|dir| dir.file_name()?.to_str());
    match dir.or(env.text(env::PROFILE)) {
        Some("debug") | None => "dev".to_owned(),
        Some(profile) => profile.to_owned(),
    }
}

/// The directory of the profile in the target directory: it is around `build/`, in which the
/// output directory of a build script is `<package>-<hash>/out`, and since cargo 1.100
/// `<package>/<hash>/out`.
fn profile_dir(out: &Path) -> Option<&Path> {
    let is_build = |dir: &&Path| dir.file_name() == Some(OsStr::new("build"));
    // A package may have that name, too.
    let new = out.ancestors().nth(3).filter(is_build);
    new.or_else(|| out.ancestors().find(is_build))?.parent()
}

/// The directory in which components are built: not that of the host, which cargo has
/// locked, and one for all hosts.
fn target_dir(out: &Path) -> PathBuf {
    match profile_dir(out).and_then(Path::parent) {
        Some(dir) => dir.join("cargo-component").join("artifacts"),
        None => out.join("target"),
    }
}

/// The hosts whose build scripts are running, with the one in `dir` at the end. One that
/// embeds itself, directly or through others, would be built without end.
fn hosts(env: &Env, dir: &Path) -> Result<OsString> {
    let mut hosts = env.paths(env::CARGO_COMPONENT_EMBEDDED_IN);
    if hosts.iter().any(|host| host == dir) {
        let chain = hosts.iter().map(PathBuf::as_path).chain([dir]);
        let chain: Vec<String> = chain.map(|host| format!("`{}`", host.display())).collect();
        return Err(Error::input("the components that hosts embed form a cycle")
            .with_cause(chain.join(" embeds "))
            .hint("remove one of these entries from `[package.metadata.component.artifacts]`"));
    }
    hosts.push(dir.to_owned());
    Env::joined_paths(&hosts).ok_or_else(|| {
        let dir = dir.display();
        Error::input(format!("the path `{dir}` cannot be listed in a variable"))
            .hint("move the package to a directory without `:` or `;` in its name")
    })
}

/// The variables that are about the host and its build, and not about its components: those
/// that cargo sets for build scripts, its target and its flags, and the compiler that `cargo
/// clippy` sets.
fn variables_of_the_host(env: &Env) -> Vec<String> {
    const PREFIXES: &[&str] = &[
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
    ];
    const NAMES: &[&str] = &[
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_PRIMARY_PACKAGE",
        "CLIPPY_ARGS",
        "DEBUG",
        "HOST",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PROFILE",
        "RUSTC_LINKER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "TARGET",
    ];
    let all = env.with_prefix("").into_iter().map(|(name, _)| name);
    let is_of_host = |name: &&str| {
        NAMES.contains(name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    all.filter(is_of_host).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::Scripted;

    fn env(more: &[(&str, &str)]) -> Env {
        let own = [
            ("CARGO", "/bin/cargo"),
            ("CARGO_MANIFEST_DIR", "/w/host"),
            ("OUT_DIR", "/w/target/debug/build/host-1/out"),
            ("PROFILE", "debug"),
        ];
        Env::from_vars(own.iter().chain(more).copied())
    }

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        Output {
            code,
            stdout: stdout.as_bytes().to_vec(),
            stderr: stderr.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_tool_is_run_without_what_is_about_the_host() {
        let env = env(&[
            ("CARGO_FEATURE_X", "1"),
            ("CARGO_PKG_NAME", "host"),
            ("CARGO_NET_OFFLINE", "true"),
            ("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"),
            ("TARGET", "x86_64-unknown-linux-gnu"),
        ]);
        let exec = Scripted::new([Output::default()]);
        run(&env, &exec).unwrap();
        let invocation = exec.invocations().remove(0);
        assert_eq!(
            crate::base::slashes::with_slashes(invocation.to_string()),
            "/bin/cargo component artifacts --manifest-path /w/host/Cargo.toml --profile dev --out-dir /w/target/debug/build/host-1/out --target-dir /w/target/cargo-component/artifacts"
        );
        let without = [
            "CARGO_FEATURE_X",
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "OUT_DIR",
            "PROFILE",
            "RUSTC_WORKSPACE_WRAPPER",
            "TARGET",
        ];
        assert_eq!(invocation.without, without.map(OsString::from));
        assert_eq!(invocation.env[0].1, "/w/host");
    }

    #[test]
    fn the_profile_is_that_of_the_directory() {
        let profile = |out: &str, profile: &str| {
            let env = Env::from_vars([("PROFILE", profile)]);
            super::profile(&env, Path::new(out))
        };
        for (out, like, expected) in [
            ("/build/t/debug/build/h-1/out", "debug", "dev"),
            ("/t/release/build/h-1/out", "release", "release"),
            (
                "/t/x86_64-unknown-linux-gnu/small/build/h-1/out",
                "release",
                "small",
            ),
            ("/t/small/build/h/1/out", "debug", "small"),
            ("/t/small/build/build/1/out", "debug", "small"),
            ("/elsewhere", "release", "release"),
            ("/elsewhere", "debug", "dev"),
        ] {
            assert_eq!(profile(out, like), expected, "{out}");
        }
    }

    #[test]
    fn paths_are_returned_by_their_variables() {
        let text = "cargo::rerun-if-changed=/w/a=b\ncargo::rustc-env=COMPONENT_A=/o/a=1.wasm\n";
        let paths = finish(&env(&[]), &output(0, text, "")).unwrap();
        let expected = ("COMPONENT_A".to_owned(), PathBuf::from("/o/a=1.wasm"));
        assert_eq!(paths, BTreeMap::from([expected]));
    }

    #[test]
    fn an_error_says_what_to_do_about_the_tool() {
        let error = |stderr: &str| finish(&env(&[]), &output(101, "", stderr)).unwrap_err();
        let missing = error("error: no such command: `component`\n");
        assert_eq!(
            missing.to_string(),
            "failed to build the components that `/w/host` embeds: `cargo component` is not installed"
        );
        let install = "cargo install --locked cargo-component";
        assert!(missing.advice().unwrap().contains(install));
        let old = error("error: no such command: `artifacts`\n");
        assert!(
            old.to_string().ends_with("is older than this crate"),
            "{old}"
        );
        assert!(old.advice().unwrap().contains(install));
        let other = error("error: could not compile `adder`\n");
        assert!(other.to_string().contains("exit code 101"), "{other}");
    }

    #[test]
    fn a_host_that_embeds_itself_is_refused() {
        let hosts = Env::joined_paths(&["/w/host".into(), "/w/guest".into()]).unwrap();
        let env = env(&[("CARGO_COMPONENT_EMBEDDED_IN", hosts.to_str().unwrap())]);
        let error = run(&env, &Scripted::default()).unwrap_err();
        let chain = "`/w/host` embeds `/w/guest` embeds `/w/host`";
        assert!(error.to_string().ends_with(chain), "{error}");
    }
}

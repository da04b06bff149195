//! The one door to the environment: every variable the tool reads is declared
//! here once, and read from a snapshot taken at the start.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A variable that the tool reads, and its description.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// The name in the environment.
    pub name: &'static str,
    /// The description in the reference.
    pub about: &'static str,
}

macro_rules! variables {
    ($($name:ident = $text:literal;)*) => {
        $(#[doc = $text] pub const $name: Variable = Variable {
            name: stringify!($name),
            about: $text,
        };)*

        /// All variables, in the order of the reference.
        pub const ALL: &[Variable] = &[$($name),*];
    };
}

variables! {
    CARGO = "the cargo executable to run; cargo sets it when it starts the tool";
    CARGO_BUILD_TARGET = "the target to build for, as in cargo";
    CARGO_TARGET_DIR = "the target directory, as in cargo";
    CARGO_BUILD_ARTIFACT_DIR = "the directory for copies of the final artifacts, as in cargo";
    CARGO_BUILD_TARGET_DIR = "the target directory, as in cargo";
    CARGO_BUILD_RUSTC = "the compiler, as in cargo";
    CARGO_HTTP_TIMEOUT = "how many seconds to wait for data from a registry, as in cargo [default: 30]";
    CARGO_HTTP_LOW_SPEED_LIMIT = "the minimum average speed of a download over that time, in bytes per second, as in cargo [default: 10]";
    CARGO_NET_RETRY = "how many times to retry a request to a registry, as in cargo [default: 4]";
    CARGO_NET_OFFLINE = "`true` prevents network access, like `--offline`";
    CARGO_DOC_BROWSER = "the program that `doc --wit --open` opens pages with, as in cargo";
    BROWSER = "the program that `doc --wit --open` opens pages with if cargo's configuration names none";
    CARGO_HOME = "cargo's home directory, for its configuration";
    CARGO_TERM_COLOR = "when to color the output: `auto`, `always` or `never`";
    CARGO_TERM_PROGRESS_WHEN = "when to show progress: `auto`, `always` or `never`; `always` needs a width";
    CARGO_TERM_PROGRESS_WIDTH = "the width of the progress bar in columns";
    CARGO_TERM_QUIET = "`true` hides status lines, like `--quiet`";
    CARGO_TERM_VERBOSE = "`true` prints more details, like `--verbose`";
    CI = "if set, no progress is shown, as in cargo";
    TERM = "if set to `dumb`, no progress is shown";
    TERM_PROGRAM = "if set to `mintty` on Windows, passwords are read from a pipe only, since prompts of Windows do not appear there";
    APPDATA = "the parent directory of the package configuration on Windows";
    CARGO_COMPONENT_CACHE_DIR = "the directory of the package cache";
    CARGO_COMPONENT_CONFIG_FILE = "the configuration file for package registries, instead of the user's own file";
    CARGO_COMPONENT_DEFAULT_REGISTRY = "the registry for packages that no other setting assigns to a registry";
    CARGO_COMPONENT_LOCKED = "`true` lets `cargo component artifacts` in a build script fail if a lock file would have to change, like `--locked`; `build --locked` sets it";
    CARGO_COMPONENT_BUILT = "the components that this run of the tool has built for the build scripts of hosts; set by the tool";
    CARGO_COMPONENT_EMBEDDED_IN = "the hosts whose build scripts are running; set by these build scripts";
    CARGO_COMPONENT_PUBLISH_KEY = "the key that signs releases published to a Warg registry, `ecdsa-p256:…`";
    WKG_CACHE_DIR = "the directory of the package cache, when called as `wkg`";
    WKG_CONFIG_FILE = "the configuration file for package registries, when called as `wkg`";
    WKG_OCI_INSECURE = "hosts to contact by plain http, when called as `wkg`";
    WKG_OCI_PASSWORD = "the password for a registry, when called as `wkg`";
    WKG_OCI_USERNAME = "the user name for a registry, when called as `wkg`";
    WKG_PACKAGE = "the name and version to publish a file under, when called as `wkg`";
    WKG_REGISTRY = "the registry to use, when called as `wkg`";
    WIT_PUBLISH_KEY = "same as `CARGO_COMPONENT_PUBLISH_KEY`, when called as `wit`";
    LOCALAPPDATA = "the parent directory of the package cache on Windows";
    NETRC = "the file with logins for archives, as used by `curl` [default: `~/.netrc`]";
    XDG_CACHE_HOME = "the parent directory of the package cache `wasm-pkg` [default: `~/.cache`]";
    XDG_CONFIG_HOME = "the parent directory of the package configuration [default: `~/.config`]";
    DOCKER_CONFIG = "the directory of docker's `config.json` with logins [default: `~/.docker`]";
    REGISTRY_AUTH_FILE = "podman's file with logins";
    XDG_RUNTIME_DIR = "the directory of podman's file with logins, if `REGISTRY_AUTH_FILE` is not set";
    SOURCE_DATE_EPOCH = "the creation time recorded in published artifacts, in seconds since 1970";
    CARGO_MANIFEST_DIR = "the package directory of a build script; set by cargo";
    PROFILE = "`debug` or `release`, in a build script; set by cargo";
    OUT_DIR = "the output directory of a build script; set by cargo";
    PATH = "the directories to search for the runner that cargo's configuration names";
    NO_COLOR = "if set, colors are off unless another setting turns them on";
    RUST_BACKTRACE = "how much is shown of the stack of a component that failed: `0` for no files and lines, `full` for every frame";
    RUSTC = "the compiler that is asked for its installed targets, as in cargo";
    RUSTUP_TOOLCHAIN = "the toolchain that rustup selected; set by rustup's cargo";
    HTTPS_PROXY = "the proxy for https; the lower-case name works too";
    HTTP_PROXY = "the proxy for http; the lower-case name works too";
    ALL_PROXY = "the proxy for both; the lower-case name works too";
    HOME = "the parent directory of `.cargo` if `CARGO_HOME` is not set";
    USERPROFILE = "same as `HOME`, on Windows";
}

/// A snapshot of the variables of the environment.
#[derive(Clone, Debug, Default)]
pub struct Env {
    vars: HashMap<OsString, OsString>,
}

/// The key of a variable. Case tells names apart, except on Windows, where the variable with the
/// search path is mostly called `Path`.
fn key(name: impl Into<OsString>) -> OsString {
    let mut name = name.into();
    if cfg!(windows) {
        name.make_ascii_uppercase();
    }
    name
}

impl Env {
    /// The environment of this process.
    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    pub fn system() -> Self {
        Env::from_vars(std::env::vars_os())
    }

    /// The same, except that `other` has the value of `given` where that is set.
    pub fn with_alias(mut self, given: Variable, other: Variable) -> Self {
        if let Some(value) = self.get(given).map(OsStr::to_owned) {
            self.vars.insert(key(other.name), value);
        }
        self
    }

    /// An environment made of these variables.
    pub fn from_vars<K: Into<OsString>, V: Into<OsString>>(
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Env {
            vars: vars.into_iter().map(|(k, v)| (key(k), v.into())).collect(),
        }
    }

    /// The value of a declared variable; an empty one counts as not set.
    pub fn get(&self, variable: Variable) -> Option<&OsStr> {
        self.vars
            .get(&key(variable.name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// As [`Env::get`], where only text makes sense.
    pub fn text(&self, variable: Variable) -> Option<&str> {
        self.get(variable)?.to_str()
    }

    /// All variables whose name starts with `prefix`, sorted by name.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> Vec<(&'a str, &'a OsStr)> {
        let mut found: Vec<_> = self
            .vars
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value.as_os_str())))
            .filter(|(name, _)| name.starts_with(prefix))
            .collect();
        found.sort_unstable();
        found
    }

    /// The name and value of the variable with the token for a registry's host,
    /// `WKG_REGISTRY_<HOST>_AUTH_BEARER`, as for `wkg`. The host may have a port.
    pub fn bearer_token(&self, host: &str) -> Option<(String, String)> {
        let name = Env::bearer_variable(host);
        let value = self.inherited(&name).filter(|value| !value.is_empty())?;
        Some((name, value))
    }

    /// The name of the variable with the token for a host. Several hosts may
    /// share it: a dot and a hyphen read the same.
    pub fn bearer_variable(host: &str) -> String {
        let upper = |c: char| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_uppercase(),
            false => '_',
        };
        let host: String = host.chars().map(upper).collect();
        format!("WKG_REGISTRY_{host}_AUTH_BEARER")
    }

    /// The addresses of the proxies that the environment names, as written.
    pub fn proxies(&self) -> Vec<String> {
        let given = [
            self.get(HTTPS_PROXY),
            self.get(HTTP_PROXY),
            self.get(ALL_PROXY),
        ];
        let given = given.into_iter().flatten().filter_map(OsStr::to_str);
        let lower = ["https_proxy", "http_proxy", "all_proxy"];
        // Elsewhere they are those above.
        let lower = lower.into_iter().filter(|_| cfg!(not(windows)));
        let lower = lower.filter_map(|name| self.inherited(name));
        given.map(str::to_owned).chain(lower).collect()
    }

    /// The directory of downloaded packages. Unless a variable names another, it is
    /// shared with the tools of wasm-pkg.
    pub fn package_cache(&self) -> PathBuf {
        if let Some(dir) = self.get(CARGO_COMPONENT_CACHE_DIR) {
            return PathBuf::from(dir);
        }
        let base = match cfg!(windows) {
            true => self.get(LOCALAPPDATA).map(PathBuf::from),
            false => self.get(XDG_CACHE_HOME).map(PathBuf::from).or_else(|| {
                let home = self.get(HOME)?;
                Some(PathBuf::from(home).join(".cache"))
            }),
        };
        base.unwrap_or_default().join("wasm-pkg")
    }

    /// The paths that a variable lists, as `PATH` does.
    pub fn paths(&self, variable: Variable) -> Vec<PathBuf> {
        self.get(variable)
            .map(|path| std::env::split_paths(path).collect())
            .unwrap_or_default()
    }

    /// The value of a variable that lists paths; `None` where one of them has the character
    /// that separates them.
    pub fn joined_paths(paths: &[PathBuf]) -> Option<OsString> {
        std::env::join_paths(paths).ok()
    }

    /// The value of any variable, for one that the user names; also an empty one.
    pub fn inherited(&self, name: &str) -> Option<String> {
        self.vars.get(&key(name))?.to_str().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_tells_names_apart_except_on_windows() {
        let env = Env::from_vars([("Path", "a")]);
        assert_eq!(env.get(PATH).is_some(), cfg!(windows));
        assert_eq!(env.inherited("path").is_some(), cfg!(windows));
    }
}

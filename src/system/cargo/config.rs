//! The part of cargo's configuration that this tool needs.
//!
//! As in cargo, `--config` prevails over the environment, and that over the
//! files, of which the nearest to the user counts. Reading it starts no other
//! program; only a runner under `target.'cfg(..)'` makes it run rustc, for the
//! configuration of the target.

mod layer;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cargo_metadata::cargo_platform::{Cfg, CfgExpr};
use toml_edit::Item;

use crate::base::error::{Error, Result};
use crate::base::retry::RetryPolicy;
use crate::system::cargo::target::{RequestedTargets, Target, TargetOrigin};
use crate::system::env;
use crate::system::env::Env;
use crate::system::process::{Exec, Invocation};
use layer::{Layer, Level};

/// Whether the lock file may change, and the network be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LockMode {
    /// The lock file may change, and the network be used.
    #[default]
    Update,
    /// The lock file must stay as it is.
    Locked,
    /// The network must not be used.
    Offline,
    /// The lock file must stay as it is, and the network must not be used.
    Frozen,
}

impl LockMode {
    /// Whether the lock file must stay as it is.
    pub fn is_locked(self) -> bool {
        matches!(self, LockMode::Locked | LockMode::Frozen)
    }

    /// Whether the network must not be used.
    pub fn is_offline(self) -> bool {
        matches!(self, LockMode::Offline | LockMode::Frozen)
    }

    /// The mode that allows what both modes allow.
    pub fn and(self, other: LockMode) -> LockMode {
        match (self, other) {
            (LockMode::Update, mode) | (mode, LockMode::Update) => mode,
            (a, b) if a == b => a,
            _ => LockMode::Frozen,
        }
    }
}

/// A program that cargo's configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredProgram {
    /// The program: a bare name, or an absolute path.
    pub program: OsString,
    /// The arguments before the file to run or to open.
    pub args: Vec<String>,
    /// The variable or the file that names it, in backticks.
    pub origin: String,
}

/// Cargo's configuration for one directory.
#[derive(Clone, Debug)]
pub struct Config {
    cwd: PathBuf,
    env: Env,
    /// The layers, the one that prevails first.
    layers: Vec<Layer>,
    files: Vec<PathBuf>,
}

impl Config {
    /// Reads the configuration for the directory `cwd`, an absolute path;
    /// `overrides` are the values of `--config`.
    pub fn load(cwd: &Path, env: &Env, overrides: &[OsString]) -> Result<Config> {
        let (layers, files) = layer::load(cwd, env, overrides)?;
        Ok(Config {
            cwd: cwd.to_owned(),
            env: env.clone(),
            layers,
            files,
        })
    }

    /// Every file that may change the configuration, there or not: those searched
    /// for from the directory upwards and in cargo's home, those that `--config`
    /// names, and those that they include.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The targets requested by `flags`, the values of `--target`, or else by the
    /// configuration.
    pub fn targets(&self, flags: &[String]) -> Result<RequestedTargets> {
        if !flags.is_empty() {
            return Ok(RequestedTargets {
                targets: flags.to_vec(),
                origin: TargetOrigin::Flag,
            });
        }
        const KEY: &[&str] = &["build", "target"];
        let effective = self.values(KEY).next();
        let from_command_line =
            effective.is_some_and(|(layer, _)| layer.level == Level::CommandLine);
        if let Some(target) = self.env.get(env::CARGO_BUILD_TARGET)
            && !from_command_line
        {
            let target = utf8(env::CARGO_BUILD_TARGET.name, target)?;
            return Ok(RequestedTargets {
                targets: vec![target.to_owned()],
                origin: TargetOrigin::Environment,
            });
        }
        let Some((layer, _)) = effective else {
            return Ok(RequestedTargets::default());
        };
        Ok(RequestedTargets {
            targets: self.joined_targets(KEY)?,
            origin: match (&layer.file, layer.level) {
                (Some(file), Level::File) => TargetOrigin::File(file.clone()),
                _ => TargetOrigin::CommandLine,
            },
        })
    }

    /// Joins the arrays of several layers, that of the layer that prevails last; a
    /// text hides the layers below.
    fn joined_targets(&self, key: &[&str]) -> Result<Vec<String>> {
        let mut joined: Vec<String> = Vec::new();
        for (layer, item) in self.values(key) {
            let strings =
                strings(item).ok_or_else(|| wrong_type(layer, key, "a string or an array"))?;
            if item.is_str() && !joined.is_empty() {
                break;
            }
            let here = strings.into_iter().map(|target| {
                if target.ends_with(".json") {
                    layer.path(&target).to_string_lossy().into_owned()
                } else {
                    target
                }
            });
            joined = here.chain(joined).collect();
            if item.is_str() {
                break;
            }
        }
        Ok(joined)
    }

    /// The program that the configuration names to run what was built for `target`.
    pub fn runner(&self, target: &Target, exec: &dyn Exec) -> Result<Option<ConfiguredProgram>> {
        let key = ["target", target.triple(), "runner"];
        let named = self.values(&key).next();
        if let Some((layer, item)) = named.filter(|(layer, _)| layer.level == Level::CommandLine) {
            return configured_program(layer, &key, item);
        }
        let variable = format!("CARGO_TARGET_{}_RUNNER", variable_name(target.triple()));
        let set = self.env.with_prefix(&variable);
        if let Some((_, value)) = set.iter().find(|(name, _)| *name == variable) {
            let mut words = utf8(&variable, value)?.split_whitespace();
            if let Some(program) = words.next() {
                return Ok(Some(ConfiguredProgram {
                    program: resolve_program(program, |program| self.cwd.join(program)),
                    args: words.map(str::to_owned).collect(),
                    origin: format!("`{variable}`"),
                }));
            }
        }
        match named {
            Some((layer, item)) => configured_program(layer, &key, item),
            None => self.runner_by_cfg(target, exec),
        }
    }

    fn runner_by_cfg(&self, target: &Target, exec: &dyn Exec) -> Result<Option<ConfiguredProgram>> {
        let mut found: Vec<(&Layer, &str, &Item)> = Vec::new();
        for layer in &self.layers {
            let table = layer.get(&["target"]).and_then(Item::as_table_like);
            for (key, item) in table.iter().flat_map(|table| table.iter()) {
                let runner = item.as_table_like().and_then(|table| table.get("runner"));
                if let Some(runner) = runner
                    && key.starts_with("cfg(")
                    && found.iter().all(|(_, seen, _)| *seen != key)
                {
                    found.push((layer, key, runner));
                }
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let holds = self.target_cfg(target, exec)?;
        found.retain(|(_, key, _)| CfgExpr::matches_key(key, &holds));
        match found.as_slice() {
            [] => Ok(None),
            [(layer, key, item)] => configured_program(layer, &["target", key, "runner"], item),
            [(a, first, _), (b, second, _), ..] => Err(Error::input(format!(
                "several runners are configured for target `{}`",
                target.name()
            ))
            .with_cause(format!("`{first}` in {}", a.display_origin()))
            .with_cause(format!("`{second}` in {}", b.display_origin()))
            .hint(format!("set `target.{}.runner`", target.triple()))),
        }
    }

    /// The values of `cfg(..)` for a target, from rustc.
    fn target_cfg(&self, target: &Target, exec: &dyn Exec) -> Result<Vec<Cfg>> {
        let query = Invocation::new(self.rustc()?)
            .args(["--print", "cfg", "--target", target.name()])
            .dir(&self.cwd);
        let output = exec.output(&query)?;
        if output.code != 0 {
            return Err(
                Error::input(format!("`{query}` failed with exit code {}", output.code))
                    .with_cause(String::from_utf8_lossy(&output.stderr).trim())
                    .hint(format!("set `target.{}.runner`", target.triple())),
            );
        }
        let lines = String::from_utf8_lossy(&output.stdout);
        Ok(lines.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// The program that opens documentation: that of the configuration, or else of the
    /// variable `BROWSER`. `None` leaves the choice to the system.
    pub fn browser(&self) -> Result<Option<ConfiguredProgram>> {
        const KEY: &[&str] = &["doc", "browser"];
        let variable = env::CARGO_DOC_BROWSER;
        let configured = self.value(KEY, variable, |value| match value {
            ConfigValue::Item(layer, item) => configured_program(layer, KEY, item),
            ConfigValue::Variable(value) => {
                let mut words = utf8(variable.name, value)?.split_whitespace();
                let program = words.next();
                Ok(program.map(|program| ConfiguredProgram {
                    program: resolve_program(program, |program| self.cwd.join(program)),
                    args: words.map(str::to_owned).collect(),
                    origin: format!("`{}`", variable.name),
                }))
            }
        })?;
        let of_system = || {
            let program = self.env.get(env::BROWSER)?.to_owned();
            Some(ConfiguredProgram {
                program,
                args: Vec::new(),
                origin: format!("`{}`", env::BROWSER.name),
            })
        };
        Ok(configured.flatten().or_else(of_system))
    }

    /// The directory into which cargo copies what it builds: `flag`, or that of the
    /// configuration. Cargo does so with unstable options only.
    pub fn artifact_dir(&self, flag: Option<&Path>) -> Result<Option<PathBuf>> {
        const KEY: &[&str] = &["build", "artifact-dir"];
        if let Some(dir) = flag {
            return Ok(Some(self.cwd.join(dir)));
        }
        self.value(KEY, env::CARGO_BUILD_ARTIFACT_DIR, |value| match value {
            ConfigValue::Variable(dir) => Ok(self.cwd.join(dir)),
            ConfigValue::Item(layer, item) => match item.as_str() {
                Some(dir) => Ok(layer.path(dir)),
                None => Err(wrong_type(layer, KEY, "text")),
            },
        })
    }

    /// The absolute target directory of `flag`, the value of `--target-dir`, or else
    /// of the configuration. `None` leaves it to cargo.
    pub fn target_dir(&self, flag: Option<&Path>) -> Result<Option<PathBuf>> {
        const KEY: &[&str] = &["build", "target-dir"];
        // In cargo this variable prevails even over `--config`.
        let first = flag.map(Path::as_os_str);
        if let Some(dir) = first.or_else(|| self.env.get(env::CARGO_TARGET_DIR)) {
            return Ok(Some(self.cwd.join(dir)));
        }
        let variable = env::CARGO_BUILD_TARGET_DIR;
        self.value(KEY, variable, |value| match value {
            ConfigValue::Variable(dir) => Ok(self.cwd.join(dir)),
            ConfigValue::Item(layer, item) => match item.as_str() {
                Some(dir) => Ok(layer.path(dir)),
                None => Err(wrong_type(layer, KEY, "text")),
            },
        })
    }

    /// The lock mode requested on the command line, together with `net.offline` of
    /// the configuration.
    pub fn lock_mode(&self, requested: LockMode) -> Result<LockMode> {
        const KEY: &[&str] = &["net", "offline"];
        let variable = env::CARGO_NET_OFFLINE;
        let offline = self.value(KEY, variable, |value| match value {
            ConfigValue::Variable(value) => match value.to_str() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                _ => Err(Error::input(format!(
                    "`{}` is neither `true` nor `false`",
                    variable.name
                ))
                .hint(format!("set `{}=true` or unset it", variable.name))),
            },
            ConfigValue::Item(layer, item) => item
                .as_bool()
                .ok_or_else(|| wrong_type(layer, KEY, "`true` or `false`")),
        })?;
        Ok(match offline {
            Some(true) => requested.and(LockMode::Offline),
            _ => requested,
        })
    }

    /// The timeout of requests to registries, how slow they may be, and how often
    /// they are repeated: as configured for the requests of cargo.
    pub fn retry_policy(&self) -> Result<RetryPolicy> {
        let silence = self.number(&["http", "timeout"], env::CARGO_HTTP_TIMEOUT, 1)?;
        let repeats = self.number(&["net", "retry"], env::CARGO_NET_RETRY, 0)?;
        let speed = ["http", "low-speed-limit"];
        let speed = self.number(&speed, env::CARGO_HTTP_LOW_SPEED_LIMIT, 0)?;
        Ok(RetryPolicy::from_cargo_settings(silence, repeats, speed))
    }

    /// A number of at least `minimum`, from a key or a variable.
    pub fn number(
        &self,
        key: &[&str],
        variable: env::Variable,
        minimum: u32,
    ) -> Result<Option<u32>> {
        let fits = |number: &u32| *number >= minimum;
        self.value(key, variable, |value| match value {
            ConfigValue::Variable(value) => {
                let number = value.to_str().and_then(|text| text.parse().ok());
                number.filter(fits).ok_or_else(|| {
                    Error::input(format!(
                        "`{}` is `{}`, which is not a number of at least {minimum}",
                        variable.name,
                        value.to_string_lossy()
                    ))
                    .hint(format!("correct it, or unset `{}`", variable.name))
                })
            }
            ConfigValue::Item(layer, item) => {
                let number = item.as_integer().and_then(|n| u32::try_from(n).ok());
                let expected = format!("a number of at least {minimum}");
                number
                    .filter(fits)
                    .ok_or_else(|| wrong_type(layer, key, &expected))
            }
        })
    }

    /// The compiler: a bare name or a path.
    pub fn rustc(&self) -> Result<OsString> {
        const KEY: &[&str] = &["build", "rustc"];
        if let Some(rustc) = self.env.get(env::RUSTC) {
            return Ok(rustc.to_owned());
        }
        let rustc = self.value(KEY, env::CARGO_BUILD_RUSTC, |value| match value {
            ConfigValue::Variable(rustc) => Ok(rustc.to_owned()),
            ConfigValue::Item(layer, item) => match item.as_str() {
                Some(rustc) => Ok(resolve_program(rustc, |rustc| layer.path(rustc))),
                None => Err(wrong_type(layer, KEY, "text")),
            },
        })?;
        Ok(rustc.unwrap_or_else(|| "rustc".into()))
    }

    /// Whether the configuration requests that the standard library is built too.
    pub fn builds_std(&self) -> bool {
        self.values(&["unstable", "build-std"]).next().is_some()
    }

    /// Whether the subcommand is an alias.
    pub fn has_alias(&self, name: &str) -> bool {
        let variable = format!("CARGO_ALIAS_{}", variable_name(name));
        self.env.inherited(&variable).is_some() || self.values(&["alias", name]).next().is_some()
    }

    /// The home directory of cargo, with the programs it installed in `bin`.
    pub fn home(&self) -> Option<PathBuf> {
        layer::home(&self.cwd, &self.env)
    }

    fn values<'a>(&'a self, key: &'a [&'a str]) -> impl Iterator<Item = (&'a Layer, &'a Item)> {
        self.layers
            .iter()
            .filter_map(|layer| Some((layer, layer.get(key)?)))
    }

    /// The value that prevails of a key that a variable can set too.
    fn value<T>(
        &self,
        key: &[&str],
        variable: env::Variable,
        read: impl Fn(ConfigValue<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let set = self.env.get(variable).map(ConfigValue::Variable);
        let effective = self.values(key).next();
        let from_command_line =
            effective.is_some_and(|(layer, _)| layer.level == Level::CommandLine);
        let item = effective.map(|(layer, item)| ConfigValue::Item(layer, item));
        let value = if from_command_line {
            item
        } else {
            set.or(item)
        };
        value.map(read).transpose()
    }
}

/// A value of the configuration, with the layer of a key.
enum ConfigValue<'a> {
    Variable(&'a OsStr),
    Item(&'a Layer, &'a Item),
}

/// The texts of an item that is text or an array of text.
fn strings(item: &Item) -> Option<Vec<String>> {
    if let Some(text) = item.as_str() {
        return Some(vec![text.to_owned()]);
    }
    let array = item.as_array()?;
    array
        .iter()
        .map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn configured_program(
    layer: &Layer,
    key: &[&str],
    item: &Item,
) -> Result<Option<ConfiguredProgram>> {
    let words = match item.as_str() {
        Some(line) => line.split_whitespace().map(str::to_owned).collect(),
        None => strings(item)
            .ok_or_else(|| wrong_type(layer, key, "a string or an array of strings"))?,
    };
    let Some((program, args)) = words.split_first() else {
        return Err(wrong_type(layer, key, "a program and its arguments"));
    };
    Ok(Some(ConfiguredProgram {
        program: resolve_program(program, |program| layer.path(program)),
        args: args.to_vec(),
        origin: layer.display_origin(),
    }))
}

/// The program: a bare name is looked up on `PATH`, a path is resolved by `resolve`.
fn resolve_program(program: &str, resolve: impl Fn(&str) -> PathBuf) -> OsString {
    if program.contains('/') || (cfg!(windows) && program.contains('\\')) {
        resolve(program).into_os_string()
    } else {
        program.into()
    }
}

/// The form of a name in the names of cargo's variables.
fn variable_name(triple: &str) -> String {
    triple.to_uppercase().replace(['-', '.'], "_")
}

fn wrong_type(layer: &Layer, key: &[&str], expected: &str) -> Error {
    let key = key.join(".");
    Error::input(format!(
        "`{key}` in {} is not {expected}",
        layer.display_origin()
    ))
    .hint(format!("give `{key}` {expected}"))
}

fn utf8<'a>(variable: &str, value: &'a OsStr) -> Result<&'a str> {
    value.to_str().ok_or_else(|| {
        Error::input(format!("`{variable}` is not valid UTF-8")).hint(format!("unset `{variable}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::slashes::with_slashes;
    use crate::system::cargo::target::DEFAULT_TARGET;
    use crate::system::fs;
    use crate::system::process::{Output, Scripted};

    /// The current directory is `a/b`, and cargo's home is `home`.
    struct Directory(tempfile::TempDir);

    impl Directory {
        fn new(files: &[(&str, &str)]) -> Directory {
            let dir = tempfile::tempdir().unwrap();
            for (name, text) in files {
                fs::write_atomic(&dir.path().join(name), text.as_bytes()).unwrap();
            }
            Directory(dir)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn load(&self, vars: &[(&str, &str)], overrides: &[&str]) -> Result<Config> {
            let home = self.path("home").into_os_string();
            let vars = vars.iter().map(|(k, v)| (*k, OsString::from(v)));
            let env = Env::from_vars(vars.chain([("CARGO_HOME", home)]));
            let overrides: Vec<OsString> = overrides.iter().map(OsString::from).collect();
            Config::load(&self.path("a/b"), &env, &overrides)
        }
    }

    fn wasip1() -> Target {
        Target::new(DEFAULT_TARGET).unwrap()
    }

    const NEAR: &str = "a/b/.cargo/config.toml";
    const FAR: &str = "a/.cargo/config.toml";

    #[test]
    fn targets_come_from_the_strongest_place() {
        let directory = Directory::new(&[
            (NEAR, "build.target = 'near'"),
            (FAR, "build.target = 'far'"),
        ]);
        let requested = |flags: &[&str], vars: &[(&str, &str)], overrides: &[&str]| {
            let flags: Vec<String> = flags.iter().map(|f| (*f).to_owned()).collect();
            let requested = directory.load(vars, overrides).unwrap().targets(&flags);
            requested
                .map(|requested| (requested.targets.join(" "), requested.origin))
                .unwrap()
        };
        let env = [("CARGO_BUILD_TARGET", "env")];
        let cli = ["build.target='one'", "build.target='cli'"];
        assert_eq!(
            requested(&["x", "y"], &env, &cli),
            ("x y".into(), TargetOrigin::Flag)
        );
        assert_eq!(
            requested(&[], &env, &cli),
            ("cli".into(), TargetOrigin::CommandLine)
        );
        assert_eq!(
            requested(&[], &env, &[]),
            ("env".into(), TargetOrigin::Environment)
        );
        let near = TargetOrigin::File(directory.path(NEAR));
        assert_eq!(requested(&[], &[], &[]), ("near".into(), near));
        let nothing = Directory::new(&[]).load(&[], &[]).unwrap();
        assert_eq!(nothing.targets(&[]).unwrap(), RequestedTargets::default());
    }

    #[test]
    fn arrays_of_targets_are_joined() {
        let directory = Directory::new(&[
            (NEAR, "[build]\ntarget = ['near', 'own.json']"),
            ("home/config.toml", "[build]\ntarget = ['home']"),
        ]);
        let config = directory.load(&[], &["build.target=['cli']"]).unwrap();
        let own = directory.path("a/b").join("own.json").display().to_string();
        assert_eq!(
            config.targets(&[]).unwrap(),
            RequestedTargets {
                targets: vec!["home".into(), "near".into(), own, "cli".into()],
                origin: TargetOrigin::CommandLine,
            }
        );
        let config = directory.load(&[], &["build.target=3"]).unwrap();
        let error = config.targets(&[]).unwrap_err();
        assert!(error.message().starts_with("`build.target` in `--config`"));
    }

    #[test]
    fn runners_are_text_or_arrays() {
        let none = Scripted::default();
        let directory = Directory::new(&[
            (NEAR, "[target.wasm32-wasip1]\nrunner = 'tools/run  -x'"),
            (FAR, "[target.wasm32-wasip1]\nrunner = ['far run', 'a b']"),
        ]);
        let runner = |vars: &[(&str, &str)], overrides: &[&str]| {
            let config = directory.load(vars, overrides).unwrap();
            let runner = config.runner(&wasip1(), &none).unwrap().unwrap();
            let origin = with_slashes(runner.origin);
            (PathBuf::from(runner.program), runner.args.join("|"), origin)
        };
        let path = directory.path("a/b/tools/run");
        let near = with_slashes(format!("`{}`", directory.path(NEAR).display()));
        assert_eq!(runner(&[], &[]), (path.clone(), "-x".into(), near));
        let name = "CARGO_TARGET_WASM32_WASIP1_RUNNER";
        assert_eq!(
            runner(&[(name, " env  -y z ")], &[]),
            ("env".into(), "-y|z".into(), format!("`{name}`"))
        );
        let cli = "target.wasm32-wasip1.runner=['cli', 'a b']";
        assert_eq!(
            runner(&[(name, "env")], &[cli]),
            ("cli".into(), "a b".into(), "`--config`".into())
        );
        let config = directory.load(&[], &[]).unwrap();
        let wasip2 = Target::new("wasm32-wasip2").unwrap();
        assert_eq!(config.runner(&wasip2, &none).unwrap(), None);
        assert!(none.invocations().is_empty());
    }

    #[test]
    fn only_a_runner_under_cfg_has_rustc_asked() {
        let holds = || {
            Scripted::new([Output {
                stdout: b"target_arch=\"wasm32\"\ntarget_os=\"wasi\"\n".to_vec(),
                ..Output::default()
            }])
        };
        let text = "[target.'cfg(target_os = \"wasi\")']\nrunner = 'wasi'\n\
                    [target.'cfg(unix)']\nrunner = 'unix'\n";
        let directory = Directory::new(&[(NEAR, text)]);
        let exec = holds();
        let config = directory.load(&[("RUSTC", "my-rustc")], &[]).unwrap();
        let runner = config.runner(&wasip1(), &exec).unwrap().unwrap();
        assert_eq!(runner.program, "wasi");
        assert_eq!(
            exec.invocations()[0].to_string(),
            "my-rustc --print cfg --target wasm32-wasip1"
        );

        let more = "target.'cfg(target_arch = \"wasm32\")'.runner='arch'";
        let config = directory.load(&[], &[more]).unwrap();
        let error = config.runner(&wasip1(), &holds()).unwrap_err();
        assert!(error.message().starts_with("several runners"), "{error}");
        let more = "target.wasm32-wasip1.runner='named'";
        let config = directory.load(&[], &[more]).unwrap();
        let runner = config.runner(&wasip1(), &Scripted::default()).unwrap();
        assert_eq!(runner.unwrap().program, "named");
    }

    #[test]
    fn the_browser_is_that_of_the_configuration_before_that_of_the_system() {
        let directory =
            Directory::new(&[("a/.cargo/config.toml", "doc.browser = ['bin/b', '-n']")]);
        let plain = Directory::new(&[]);
        let browser = |config: Result<Config>| {
            let found = config.unwrap().browser().unwrap()?;
            let program = found.program.into_string().unwrap();
            Some(with_slashes([vec![program], found.args].concat().join(" ")))
        };
        let ours = with_slashes(directory.path("a/bin/b").to_str().unwrap()) + " -n";
        let system = [("BROWSER", "lynx")];
        assert_eq!(browser(directory.load(&system, &[])), Some(ours));
        assert_eq!(browser(plain.load(&system, &[])).as_deref(), Some("lynx"));
        assert_eq!(browser(plain.load(&[], &[])), None);
        let variable = [
            ("CARGO_DOC_BROWSER", "firefox --new-tab"),
            ("BROWSER", "lynx"),
        ];
        let found = browser(directory.load(&variable, &[]));
        assert_eq!(found.as_deref(), Some("firefox --new-tab"));
        let found = browser(directory.load(&variable, &["doc.browser='w3m'"]));
        assert_eq!(found.as_deref(), Some("w3m"));
        let wrong = plain.load(&[], &["doc.browser=1"]).unwrap();
        assert!(wrong.browser().is_err());
    }

    #[test]
    fn the_target_directory_is_seen_from_where_it_is_written() {
        let directory = Directory::new(&[(FAR, "build.target-dir = 'out'")]);
        let dir = |flag: Option<&str>, vars: &[(&str, &str)], overrides: &[&str]| {
            let config = directory.load(vars, overrides).unwrap();
            config.target_dir(flag.map(Path::new)).unwrap()
        };
        let one = [("CARGO_TARGET_DIR", "one")];
        let two = [("CARGO_BUILD_TARGET_DIR", "two")];
        let cli = ["build.target-dir='cli'"];
        assert_eq!(
            dir(Some("flag"), &one, &cli),
            Some(directory.path("a/b/flag"))
        );
        assert_eq!(dir(None, &one, &cli), Some(directory.path("a/b/one")));
        assert_eq!(dir(None, &two, &cli), Some(directory.path("a/b/cli")));
        assert_eq!(dir(None, &two, &[]), Some(directory.path("a/b/two")));
        assert_eq!(dir(None, &[], &[]), Some(directory.path("a/out")));
        let nothing = Directory::new(&[]).load(&[], &[]).unwrap();
        assert_eq!(nothing.target_dir(None).unwrap(), None);
    }

    #[test]
    fn offline_adds_to_the_lock_mode() {
        let directory = Directory::new(&[(NEAR, "net.offline = true")]);
        let mode = |vars: &[(&str, &str)], overrides: &[&str], requested| {
            directory
                .load(vars, overrides)
                .unwrap()
                .lock_mode(requested)
        };
        let frozen = mode(&[], &[], LockMode::Locked).unwrap();
        assert_eq!(frozen, LockMode::Frozen);
        assert!(frozen.is_locked() && frozen.is_offline());
        let no = [("CARGO_NET_OFFLINE", "false")];
        assert_eq!(mode(&no, &[], LockMode::Locked).unwrap(), LockMode::Locked);
        let yes = ["net.offline=true"];
        assert_eq!(
            mode(&no, &yes, LockMode::Update).unwrap(),
            LockMode::Offline
        );
        let requested = mode(&[], &["net.offline=false"], LockMode::Offline);
        assert_eq!(requested.unwrap(), LockMode::Offline);
        assert!(mode(&[("CARGO_NET_OFFLINE", "1")], &[], LockMode::Update).is_err());
    }

    #[test]
    fn files_include_others_and_all_are_named() {
        let directory = Directory::new(&[
            (
                NEAR,
                "include = ['one.toml', { path = 'sub/two.toml' }, { path = 'no.toml', optional = true }]",
            ),
            (
                "a/b/.cargo/one.toml",
                "build.target = 'one'\nbuild.rustc = 'one'",
            ),
            (
                "a/b/.cargo/sub/two.toml",
                "include = 'three.toml'\nbuild.rustc = 'bin/two'",
            ),
            (
                "a/b/.cargo/sub/three.toml",
                "build.target = 'three'\nunstable.build-std = []",
            ),
            ("a/.cargo/config", ""),
            (FAR, "build.target-dir = 'ignored for the file beside it'"),
            ("a/b/cli.toml", "include = 'cli.toml'\nnet.offline = true"),
        ]);
        let config = directory.load(&[], &["cli.toml"]).unwrap();
        assert_eq!(config.targets(&[]).unwrap().targets, ["three"]);
        assert_eq!(
            config.rustc().unwrap(),
            directory.path("a/b/.cargo/bin/two")
        );
        assert_eq!(config.target_dir(None).unwrap(), None);
        let mode = config.lock_mode(LockMode::Update).unwrap();
        assert_eq!(mode, LockMode::Offline);
        assert!(config.builds_std());

        let home = directory.path("home").into_os_string();
        let env = Env::from_vars([("CARGO_HOME", home)]);
        let without_options = Config::load(&directory.path("a/b"), &env, &[]).unwrap();
        let files = without_options.files();
        for name in [
            NEAR,
            "a/b/.cargo/config",
            "a/b/.cargo/one.toml",
            "a/b/.cargo/sub/two.toml",
            "a/b/.cargo/sub/three.toml",
            "a/b/.cargo/no.toml",
            FAR,
            ".cargo/config.toml",
            "home/config.toml",
        ] {
            assert!(files.contains(&directory.path(name)), "{name}");
        }
        assert!(config.files().contains(&directory.path("a/b/cli.toml")));
    }

    #[test]
    fn what_cannot_be_read_is_pointed_at() {
        let directory = Directory::new(&[(NEAR, "[build]\ntarget = =")]);
        let error = directory.load(&[], &[]).unwrap_err();
        assert_eq!(error.excerpt().unwrap().line_column().0, 2);
        let error = Directory::new(&[]).load(&[], &["net.offline"]).unwrap_err();
        assert!(error.message().contains("neither a file nor a setting"));
        let directory = Directory::new(&[(NEAR, "target.wasm32-wasip1.runner = []")]);
        let config = directory.load(&[], &[]).unwrap();
        assert!(config.runner(&wasip1(), &Scripted::default()).is_err());
    }
}

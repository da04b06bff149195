//! The part of cargo's configuration that concerns us.
//!
//! As in cargo, `--config` goes before the environment and that before the
//! files, of which the nearest to the user counts. Reading it starts no other
//! program; only a runner under `target.'cfg(..)'` has rustc asked what holds
//! for the target.

mod layer;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cargo_metadata::cargo_platform::{Cfg, CfgExpr};
use toml_edit::Item;

use crate::base::error::{Error, Result};
use crate::base::retry::Patience;
use crate::system::cargo::target::{Asked, Origin, Target};
use crate::system::env;
use crate::system::env::Env;
use crate::system::process::{Exec, Invocation};
use layer::{Layer, Level};

/// What may happen to the lock file and the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LockMode {
    /// Both may be used.
    #[default]
    Update,
    /// The lock file must stay as it is.
    Locked,
    /// The network must not be used.
    Offline,
    /// Both.
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

    /// What both modes allow.
    pub fn and(self, other: LockMode) -> LockMode {
        match (self, other) {
            (LockMode::Update, mode) | (mode, LockMode::Update) => mode,
            (a, b) if a == b => a,
            _ => LockMode::Frozen,
        }
    }
}

/// A program that runs what was built, as cargo's configuration has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// The program: a bare name, or an absolute path.
    pub program: OsString,
    /// What it is given before the file to run.
    pub args: Vec<String>,
    /// The variable or the file that asks for it, in backticks.
    pub place: String,
}

/// Cargo's configuration, seen from one directory.
#[derive(Clone, Debug)]
pub struct Config {
    cwd: PathBuf,
    env: Env,
    /// The strongest first.
    layers: Vec<Layer>,
    files: Vec<PathBuf>,
}

/// Every file whose content or coming into being may change the
/// configuration: those looked for from `cwd` upwards and in cargo's home,
/// there or not, and those they include. Starts nothing.
pub fn config_files(cwd: &Path, env: &Env) -> Result<Vec<PathBuf>> {
    Config::load(cwd, env, &[]).map(|config| config.files)
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

    /// As [`config_files`], with the files `--config` names.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The targets asked for by `--target`, given here, or else by the
    /// configuration.
    pub fn targets(&self, flags: &[String]) -> Result<Asked> {
        if !flags.is_empty() {
            return Ok(Asked {
                targets: flags.to_vec(),
                origin: Origin::Flag,
            });
        }
        const KEY: &[&str] = &["build", "target"];
        let strongest = self.values(KEY).next();
        let commanded = strongest.is_some_and(|(layer, _)| layer.level == Level::CommandLine);
        if let Some(target) = self.env.get(env::CARGO_BUILD_TARGET)
            && !commanded
        {
            let target = utf8(env::CARGO_BUILD_TARGET.name, target)?;
            return Ok(Asked {
                targets: vec![target.to_owned()],
                origin: Origin::Environment,
            });
        }
        let Some((layer, _)) = strongest else {
            return Ok(Asked::default());
        };
        Ok(Asked {
            targets: self.joined_targets(KEY)?,
            origin: match (&layer.file, layer.level) {
                (Some(file), Level::File) => Origin::File(file.clone()),
                _ => Origin::CommandLine,
            },
        })
    }

    /// Arrays of several layers make one, the weakest first; text stands for
    /// itself.
    fn joined_targets(&self, key: &[&str]) -> Result<Vec<String>> {
        let mut joined: Vec<String> = Vec::new();
        for (layer, item) in self.values(key) {
            let strings =
                strings(item).ok_or_else(|| mistyped(layer, key, "a string or an array"))?;
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

    /// The program the configuration names for running what was built for
    /// `target`.
    pub fn runner(&self, target: &Target, exec: &dyn Exec) -> Result<Option<Runner>> {
        let key = ["target", target.triple(), "runner"];
        let named = self.values(&key).next();
        if let Some((layer, item)) = named.filter(|(layer, _)| layer.level == Level::CommandLine) {
            return configured_runner(layer, &key, item);
        }
        let variable = format!("CARGO_TARGET_{}_RUNNER", screaming(target.triple()));
        let set = self.env.with_prefix(&variable);
        if let Some((_, value)) = set.iter().find(|(name, _)| *name == variable) {
            let mut words = utf8(&variable, value)?.split_whitespace();
            if let Some(program) = words.next() {
                return Ok(Some(Runner {
                    program: program_at(program, |program| self.cwd.join(program)),
                    args: words.map(str::to_owned).collect(),
                    place: format!("`{variable}`"),
                }));
            }
        }
        match named {
            Some((layer, item)) => configured_runner(layer, &key, item),
            None => self.runner_by_cfg(target, exec),
        }
    }

    fn runner_by_cfg(&self, target: &Target, exec: &dyn Exec) -> Result<Option<Runner>> {
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
            [(layer, key, item)] => configured_runner(layer, &["target", key, "runner"], item),
            [(a, first, _), (b, second, _), ..] => Err(Error::input(format!(
                "several runners are configured for target `{}`",
                target.name()
            ))
            .because(format!("`{first}` in {}", a.place()))
            .because(format!("`{second}` in {}", b.place()))
            .hint(format!("set `target.{}.runner`", target.triple()))),
        }
    }

    /// What `cfg(..)` holds for a target.
    fn target_cfg(&self, target: &Target, exec: &dyn Exec) -> Result<Vec<Cfg>> {
        let ask = Invocation::new(self.rustc()?)
            .args(["--print", "cfg", "--target", target.name()])
            .dir(&self.cwd);
        let output = exec.output(&ask)?;
        if output.code != 0 {
            return Err(
                Error::input(format!("`{ask}` failed with exit code {}", output.code))
                    .because(String::from_utf8_lossy(&output.stderr).trim())
                    .hint(format!("set `target.{}.runner`", target.triple())),
            );
        }
        let lines = String::from_utf8_lossy(&output.stdout);
        Ok(lines.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// Where cargo puts copies of what it builds: `flag` or what the
    /// configuration says. Only cargo with unstable options does so.
    pub fn artifact_dir(&self, flag: Option<&Path>) -> Result<Option<PathBuf>> {
        const KEY: &[&str] = &["build", "artifact-dir"];
        if let Some(dir) = flag {
            return Ok(Some(self.cwd.join(dir)));
        }
        self.one(KEY, env::CARGO_BUILD_ARTIFACT_DIR, |value| match value {
            Found::Variable(dir) => Ok(self.cwd.join(dir)),
            Found::Item(layer, item) => match item.as_str() {
                Some(dir) => Ok(layer.path(dir)),
                None => Err(mistyped(layer, KEY, "text")),
            },
        })
    }

    /// The target directory asked for by `--target-dir`, given here, or else
    /// by the configuration; absolute. `None` leaves it to cargo.
    pub fn target_dir(&self, flag: Option<&Path>) -> Result<Option<PathBuf>> {
        const KEY: &[&str] = &["build", "target-dir"];
        // Cargo lets this variable go before even `--config`.
        let first = flag.map(Path::as_os_str);
        if let Some(dir) = first.or_else(|| self.env.get(env::CARGO_TARGET_DIR)) {
            return Ok(Some(self.cwd.join(dir)));
        }
        let between = env::CARGO_BUILD_TARGET_DIR;
        self.one(KEY, between, |value| match value {
            Found::Variable(dir) => Ok(self.cwd.join(dir)),
            Found::Item(layer, item) => match item.as_str() {
                Some(dir) => Ok(layer.path(dir)),
                None => Err(mistyped(layer, KEY, "text")),
            },
        })
    }

    /// The lock mode asked for on the command line, with `net.offline` of the
    /// configuration.
    pub fn lock_mode(&self, asked: LockMode) -> Result<LockMode> {
        const KEY: &[&str] = &["net", "offline"];
        let variable = env::CARGO_NET_OFFLINE;
        let offline = self.one(KEY, variable, |value| match value {
            Found::Variable(value) => match value.to_str() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                _ => Err(Error::input(format!(
                    "`{}` is neither `true` nor `false`",
                    variable.name
                ))
                .hint(format!("set `{}=true` or unset it", variable.name))),
            },
            Found::Item(layer, item) => item
                .as_bool()
                .ok_or_else(|| mistyped(layer, KEY, "`true` or `false`")),
        })?;
        Ok(match offline {
            Some(true) => asked.and(LockMode::Offline),
            _ => asked,
        })
    }

    /// How long a registry is waited for, how slow it may be, and how often it
    /// is asked: what is said of cargo's own requests.
    pub fn patience(&self) -> Result<Patience> {
        let silence = self.number(&["http", "timeout"], env::CARGO_HTTP_TIMEOUT, 1)?;
        let repeats = self.number(&["net", "retry"], env::CARGO_NET_RETRY, 0)?;
        let speed = ["http", "low-speed-limit"];
        let speed = self.number(&speed, env::CARGO_HTTP_LOW_SPEED_LIMIT, 0)?;
        Ok(Patience::of(silence, repeats, speed))
    }

    /// A number of at least `least`, by its key or its variable.
    pub fn number(&self, key: &[&str], variable: env::Variable, least: u32) -> Result<Option<u32>> {
        let fits = |number: &u32| *number >= least;
        self.one(key, variable, |value| match value {
            Found::Variable(value) => {
                let number = value.to_str().and_then(|text| text.parse().ok());
                number.filter(fits).ok_or_else(|| {
                    Error::input(format!(
                        "`{}` is `{}`, which is not a number of at least {least}",
                        variable.name,
                        value.to_string_lossy()
                    ))
                    .hint(format!("correct it, or unset `{}`", variable.name))
                })
            }
            Found::Item(layer, item) => {
                let number = item.as_integer().and_then(|n| u32::try_from(n).ok());
                let wanted = format!("a number of at least {least}");
                number
                    .filter(fits)
                    .ok_or_else(|| mistyped(layer, key, &wanted))
            }
        })
    }

    /// The compiler: a bare name or a path.
    pub fn rustc(&self) -> Result<OsString> {
        const KEY: &[&str] = &["build", "rustc"];
        if let Some(rustc) = self.env.get(env::RUSTC) {
            return Ok(rustc.to_owned());
        }
        let rustc = self.one(KEY, env::CARGO_BUILD_RUSTC, |value| match value {
            Found::Variable(rustc) => Ok(rustc.to_owned()),
            Found::Item(layer, item) => match item.as_str() {
                Some(rustc) => Ok(program_at(rustc, |rustc| layer.path(rustc))),
                None => Err(mistyped(layer, KEY, "text")),
            },
        })?;
        Ok(rustc.unwrap_or_else(|| "rustc".into()))
    }

    /// Whether the configuration has the standard library built along.
    pub fn builds_std(&self) -> bool {
        self.values(&["unstable", "build-std"]).next().is_some()
    }

    /// Whether the subcommand is an alias.
    pub fn has_alias(&self, name: &str) -> bool {
        let variable = format!("CARGO_ALIAS_{}", screaming(name));
        self.env.inherited(&variable).is_some() || self.values(&["alias", name]).next().is_some()
    }

    /// Cargo's home, where the programs it installs lie in `bin`.
    pub fn home(&self) -> Option<PathBuf> {
        layer::home(&self.cwd, &self.env)
    }

    fn values<'a>(&'a self, key: &'a [&'a str]) -> impl Iterator<Item = (&'a Layer, &'a Item)> {
        self.layers
            .iter()
            .filter_map(|layer| Some((layer, layer.get(key)?)))
    }

    /// The strongest value of a key that a variable can set too.
    fn one<T>(
        &self,
        key: &[&str],
        variable: env::Variable,
        read: impl Fn(Found<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let set = self.env.get(variable).map(Found::Variable);
        let strongest = self.values(key).next();
        let commanded = strongest.is_some_and(|(layer, _)| layer.level == Level::CommandLine);
        let item = strongest.map(|(layer, item)| Found::Item(layer, item));
        let value = if commanded { item } else { set.or(item) };
        value.map(read).transpose()
    }
}

/// A value where it was found.
enum Found<'a> {
    Variable(&'a OsStr),
    Item(&'a Layer, &'a Item),
}

/// Text or an array of text.
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

fn configured_runner(layer: &Layer, key: &[&str], item: &Item) -> Result<Option<Runner>> {
    let words = match item.as_str() {
        Some(line) => line.split_whitespace().map(str::to_owned).collect(),
        None => {
            strings(item).ok_or_else(|| mistyped(layer, key, "a string or an array of strings"))?
        }
    };
    let Some((program, args)) = words.split_first() else {
        return Err(mistyped(layer, key, "a program and its arguments"));
    };
    Ok(Some(Runner {
        program: program_at(program, |program| layer.path(program)),
        args: args.to_vec(),
        place: layer.place(),
    }))
}

/// A bare name is for `PATH`; a path is seen from where it was configured.
fn program_at(program: &str, place: impl Fn(&str) -> PathBuf) -> OsString {
    if program.contains('/') || (cfg!(windows) && program.contains('\\')) {
        place(program).into_os_string()
    } else {
        program.into()
    }
}

/// A target as it stands in the names of cargo's variables.
fn screaming(triple: &str) -> String {
    triple.to_uppercase().replace(['-', '.'], "_")
}

fn mistyped(layer: &Layer, key: &[&str], wanted: &str) -> Error {
    let key = key.join(".");
    Error::input(format!("`{key}` in {} is not {wanted}", layer.place()))
        .hint(format!("give `{key}` {wanted}"))
}

fn utf8<'a>(variable: &str, value: &'a OsStr) -> Result<&'a str> {
    value.to_str().ok_or_else(|| {
        Error::input(format!("`{variable}` is not valid UTF-8")).hint(format!("unset `{variable}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::cargo::target::DEFAULT;
    use crate::system::fs;
    use crate::system::process::{Output, Scripted};

    /// `a/b` is where the user stands and `home` is cargo's.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new(files: &[(&str, &str)]) -> Place {
            let dir = tempfile::tempdir().unwrap();
            for (name, text) in files {
                fs::write_atomic(&dir.path().join(name), text.as_bytes()).unwrap();
            }
            Place(dir)
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
        Target::new(DEFAULT).unwrap()
    }

    const NEAR: &str = "a/b/.cargo/config.toml";
    const FAR: &str = "a/.cargo/config.toml";

    #[test]
    fn targets_come_from_the_strongest_place() {
        let place = Place::new(&[
            (NEAR, "build.target = 'near'"),
            (FAR, "build.target = 'far'"),
        ]);
        let asked = |flags: &[&str], vars: &[(&str, &str)], overrides: &[&str]| {
            let flags: Vec<String> = flags.iter().map(|f| (*f).to_owned()).collect();
            let asked = place.load(vars, overrides).unwrap().targets(&flags);
            asked
                .map(|asked| (asked.targets.join(" "), asked.origin))
                .unwrap()
        };
        let env = [("CARGO_BUILD_TARGET", "env")];
        let cli = ["build.target='one'", "build.target='cli'"];
        assert_eq!(asked(&["x", "y"], &env, &cli), ("x y".into(), Origin::Flag));
        assert_eq!(asked(&[], &env, &cli), ("cli".into(), Origin::CommandLine));
        assert_eq!(asked(&[], &env, &[]), ("env".into(), Origin::Environment));
        let near = Origin::File(place.path(NEAR));
        assert_eq!(asked(&[], &[], &[]), ("near".into(), near));
        let nothing = Place::new(&[]).load(&[], &[]).unwrap();
        assert_eq!(nothing.targets(&[]).unwrap(), Asked::default());
    }

    #[test]
    fn arrays_of_targets_are_joined() {
        let place = Place::new(&[
            (NEAR, "[build]\ntarget = ['near', 'own.json']"),
            ("home/config.toml", "[build]\ntarget = ['home']"),
        ]);
        let config = place.load(&[], &["build.target=['cli']"]).unwrap();
        let own = place.path("a/b/own.json").display().to_string();
        assert_eq!(
            config.targets(&[]).unwrap(),
            Asked {
                targets: vec!["home".into(), "near".into(), own, "cli".into()],
                origin: Origin::CommandLine,
            }
        );
        let config = place.load(&[], &["build.target=3"]).unwrap();
        let error = config.targets(&[]).unwrap_err();
        assert!(error.message().starts_with("`build.target` in `--config`"));
    }

    #[test]
    fn runners_are_text_or_arrays() {
        let none = Scripted::default();
        let place = Place::new(&[
            (NEAR, "[target.wasm32-wasip1]\nrunner = 'tools/run  -x'"),
            (FAR, "[target.wasm32-wasip1]\nrunner = ['far run', 'a b']"),
        ]);
        let runner = |vars: &[(&str, &str)], overrides: &[&str]| {
            let config = place.load(vars, overrides).unwrap();
            let runner = config.runner(&wasip1(), &none).unwrap().unwrap();
            (runner.program, runner.args.join("|"), runner.place)
        };
        let path = place.path("a/b/tools/run").into_os_string();
        let near = format!("`{}`", place.path(NEAR).display());
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
        let config = place.load(&[], &[]).unwrap();
        let wasip2 = Target::new("wasm32-wasip2").unwrap();
        assert_eq!(config.runner(&wasip2, &none).unwrap(), None);
        assert!(none.asked().is_empty());
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
        let place = Place::new(&[(NEAR, text)]);
        let exec = holds();
        let config = place.load(&[("RUSTC", "my-rustc")], &[]).unwrap();
        let runner = config.runner(&wasip1(), &exec).unwrap().unwrap();
        assert_eq!(runner.program, "wasi");
        assert_eq!(
            exec.asked()[0].to_string(),
            "my-rustc --print cfg --target wasm32-wasip1"
        );

        let more = "target.'cfg(target_arch = \"wasm32\")'.runner='arch'";
        let config = place.load(&[], &[more]).unwrap();
        let error = config.runner(&wasip1(), &holds()).unwrap_err();
        assert!(error.message().starts_with("several runners"), "{error}");
        let more = "target.wasm32-wasip1.runner='named'";
        let config = place.load(&[], &[more]).unwrap();
        let runner = config.runner(&wasip1(), &Scripted::default()).unwrap();
        assert_eq!(runner.unwrap().program, "named");
    }

    #[test]
    fn the_target_directory_is_seen_from_where_it_is_written() {
        let place = Place::new(&[(FAR, "build.target-dir = 'out'")]);
        let dir = |flag: Option<&str>, vars: &[(&str, &str)], overrides: &[&str]| {
            let config = place.load(vars, overrides).unwrap();
            config.target_dir(flag.map(Path::new)).unwrap()
        };
        let one = [("CARGO_TARGET_DIR", "one")];
        let two = [("CARGO_BUILD_TARGET_DIR", "two")];
        let cli = ["build.target-dir='cli'"];
        assert_eq!(dir(Some("flag"), &one, &cli), Some(place.path("a/b/flag")));
        assert_eq!(dir(None, &one, &cli), Some(place.path("a/b/one")));
        assert_eq!(dir(None, &two, &cli), Some(place.path("a/b/cli")));
        assert_eq!(dir(None, &two, &[]), Some(place.path("a/b/two")));
        assert_eq!(dir(None, &[], &[]), Some(place.path("a/out")));
        let nothing = Place::new(&[]).load(&[], &[]).unwrap();
        assert_eq!(nothing.target_dir(None).unwrap(), None);
    }

    #[test]
    fn offline_adds_to_the_lock_mode() {
        let place = Place::new(&[(NEAR, "net.offline = true")]);
        let mode = |vars: &[(&str, &str)], overrides: &[&str], asked| {
            place.load(vars, overrides).unwrap().lock_mode(asked)
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
        let asked = mode(&[], &["net.offline=false"], LockMode::Offline);
        assert_eq!(asked.unwrap(), LockMode::Offline);
        assert!(mode(&[("CARGO_NET_OFFLINE", "1")], &[], LockMode::Update).is_err());
    }

    #[test]
    fn files_include_others_and_all_are_named() {
        let place = Place::new(&[
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
        let config = place.load(&[], &["cli.toml"]).unwrap();
        assert_eq!(config.targets(&[]).unwrap().targets, ["three"]);
        assert_eq!(config.rustc().unwrap(), place.path("a/b/.cargo/bin/two"));
        assert_eq!(config.target_dir(None).unwrap(), None);
        let mode = config.lock_mode(LockMode::Update).unwrap();
        assert_eq!(mode, LockMode::Offline);
        assert!(config.builds_std());

        let home = place.path("home").into_os_string();
        let env = Env::from_vars([("CARGO_HOME", home)]);
        let files = config_files(&place.path("a/b"), &env).unwrap();
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
            assert!(files.contains(&place.path(name)), "{name}");
        }
        assert!(config.files().contains(&place.path("a/b/cli.toml")));
    }

    #[test]
    fn what_cannot_be_read_is_pointed_at() {
        let place = Place::new(&[(NEAR, "[build]\ntarget = =")]);
        let error = place.load(&[], &[]).unwrap_err();
        assert_eq!(error.excerpt().unwrap().line_column().0, 2);
        let error = Place::new(&[]).load(&[], &["net.offline"]).unwrap_err();
        assert!(error.message().contains("neither a file nor a setting"));
        let place = Place::new(&[(NEAR, "target.wasm32-wasip1.runner = []")]);
        let config = place.load(&[], &[]).unwrap();
        assert!(config.runner(&wasip1(), &Scripted::default()).is_err());
    }
}

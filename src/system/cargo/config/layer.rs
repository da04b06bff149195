//! The files and `--config` values cargo's configuration is made of.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::base::error::{Error, Excerpt, Result};
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;

/// One file or one `--config key=value`.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// The file; `None` for a `key=value`.
    pub(super) file: Option<PathBuf>,
    /// Whether it comes from the command line.
    pub(super) level: Level,
    /// What relative paths in it start from.
    root: PathBuf,
    table: Table,
}

/// How strongly a layer speaks: the environment lies between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    CommandLine,
    File,
}

impl Layer {
    /// The value of a dotted key.
    pub(super) fn get(&self, key: &[&str]) -> Option<&Item> {
        let (last, tables) = key.split_last()?;
        let mut table: &dyn TableLike = &self.table;
        for key in tables {
            table = table.get(key)?.as_table_like()?;
        }
        table.get(last)
    }

    /// `path` as it is meant in this layer.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Where it is, for a person.
    pub(super) fn place(&self) -> String {
        match &self.file {
            Some(file) => format!("`{}`", file.display()),
            None => "`--config`".to_owned(),
        }
    }
}

/// Cargo's home.
pub(super) fn home(cwd: &Path, env: &Env) -> Option<PathBuf> {
    match env.get(env::CARGO_HOME) {
        Some(home) => Some(cwd.join(home)),
        None => {
            let home = env.get(env::HOME).or_else(|| env.get(env::USERPROFILE));
            home.map(|home| Path::new(home).join(".cargo"))
        }
    }
}

/// The files cargo looks for from `cwd` upwards and in its home, nearest
/// first, whether they are there or not. Of two files side by side cargo takes
/// the first.
fn places(cwd: &Path, env: &Env) -> Vec<[PathBuf; 2]> {
    let mut dirs: Vec<PathBuf> = cwd.ancestors().map(|dir| dir.join(".cargo")).collect();
    if let Some(home) = home(cwd, env).filter(|home| !dirs.contains(home)) {
        dirs.push(home);
    }
    dirs.iter()
        .map(|dir| ["config", "config.toml"].map(|name| dir.join(name)))
        .collect()
}

/// Reads every layer, strongest first, and names each file that was read or
/// looked for.
pub(super) fn load(
    cwd: &Path,
    env: &Env,
    overrides: &[OsString],
) -> Result<(Vec<Layer>, Vec<PathBuf>)> {
    let mut reading = Reading::default();
    for value in overrides.iter().rev() {
        reading.command_line(cwd, value)?;
    }
    for pair in places(cwd, env) {
        let taken = pair.iter().find(|path| fs::exists(path)).cloned();
        reading.files.extend(pair);
        if let Some(path) = taken {
            reading.file(&path, Level::File)?;
        }
    }
    let mut files = reading.files;
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok((reading.layers, files))
}

#[derive(Default)]
struct Reading {
    layers: Vec<Layer>,
    files: Vec<PathBuf>,
    /// Files being read, each included by the one before.
    open: Vec<PathBuf>,
}

impl Reading {
    /// Adds what one `--config` gives: a file if there is one of that name.
    fn command_line(&mut self, cwd: &Path, value: &OsStr) -> Result<()> {
        let file = cwd.join(value);
        if fs::exists(&file) {
            return self.file(&file, Level::CommandLine);
        }
        let wrong = || {
            Error::input(format!(
                "`--config {}` is neither a file nor a setting",
                value.display()
            ))
            .hint("use `key=value` in TOML syntax, with strings in quotes")
        };
        let text = value.to_str().ok_or_else(wrong)?;
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            wrong().because(error.message().trim_end_matches('\n'))
        })?;
        self.layers.push(Layer {
            file: None,
            level: Level::CommandLine,
            root: cwd.to_owned(),
            table: document.into_table(),
        });
        Ok(())
    }

    /// Adds a file and below it what it includes, the last of it first.
    fn file(&mut self, path: &Path, level: Level) -> Result<()> {
        self.files.push(path.to_owned());
        // Cargo complains of a file that is missing or includes itself.
        if self.open.iter().any(|open| open == path) {
            return Ok(());
        }
        let Some(text) = fs::read_text_if_exists(path)? else {
            return Ok(());
        };
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            let span = error.span().unwrap_or_default();
            Error::input(format!(
                "failed to parse cargo's configuration `{}`",
                path.display()
            ))
            .because(error.message().trim_end_matches('\n'))
            .at(Excerpt::new(path, text.clone(), span))
            .hint("correct the file, which cargo cannot read either")
        })?;
        let dir = fs::parent(path);
        let layer = Layer {
            file: Some(path.to_owned()),
            level,
            root: fs::parent(dir).to_owned(),
            table: document.into_table(),
        };
        let included = includes(&layer);
        self.layers.push(layer);
        self.open.push(path.to_owned());
        for name in included.iter().rev() {
            self.file(&dir.join(name), level)?;
        }
        self.open.pop();
        Ok(())
    }
}

/// The files a layer includes: `include` is a path, or an array of paths and
/// of tables with a `path`.
fn includes(layer: &Layer) -> Vec<String> {
    let Some(include) = layer.get(&["include"]) else {
        return Vec::new();
    };
    let name = |item: &dyn TableLike| Some(item.get("path")?.as_str()?.to_owned());
    if let Some(one) = include.as_str() {
        return vec![one.to_owned()];
    }
    if let Some(tables) = include.as_array_of_tables() {
        return tables.iter().filter_map(|table| name(table)).collect();
    }
    let values = include.as_array().into_iter().flatten();
    values
        .filter_map(|value| match value.as_inline_table() {
            Some(table) => name(table),
            None => value.as_str().map(str::to_owned),
        })
        .collect()
}

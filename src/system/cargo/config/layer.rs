//! The layers of cargo's configuration: its files and the values of `--config`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::base::error::{Error, Excerpt, Result};
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;

/// One file or one `--config key=value` of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// The path of the file; `None` for a `key=value`.
    pub(super) file: Option<PathBuf>,
    /// Whether the layer is of the command line.
    pub(super) level: Level,
    /// The directory that relative paths in it are relative to.
    root: PathBuf,
    table: Table,
}

/// The precedence of a layer; that of the environment is between the two.
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

    /// `path` resolved against the directory of this layer.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The origin of the layer for messages, in backticks.
    pub(super) fn display_origin(&self) -> String {
        match &self.file {
            Some(file) => format!("`{}`", file.display()),
            None => "`--config`".to_owned(),
        }
    }
}

/// The home directory of cargo.
pub(super) fn home(cwd: &Path, env: &Env) -> Option<PathBuf> {
    match env.get(env::CARGO_HOME) {
        Some(home) => Some(cwd.join(home)),
        None => {
            let home = env.get(env::HOME).or_else(|| env.get(env::USERPROFILE));
            home.map(|home| Path::new(home).join(".cargo"))
        }
    }
}

/// The files that cargo searches for from `cwd` upwards and in its home, nearest
/// first, whether they are there or not. Of the two in one directory it reads the
/// first.
fn candidate_files(cwd: &Path, env: &Env) -> Vec<[PathBuf; 2]> {
    let mut dirs: Vec<PathBuf> = cwd.ancestors().map(|dir| dir.join(".cargo")).collect();
    if let Some(home) = home(cwd, env).filter(|home| !dirs.contains(home)) {
        dirs.push(home);
    }
    dirs.iter()
        .map(|dir| ["config", "config.toml"].map(|name| dir.join(name)))
        .collect()
}

/// Reads every layer, the one that prevails first, and returns the files that were
/// read or searched for as well.
pub(super) fn load(
    cwd: &Path,
    env: &Env,
    overrides: &[OsString],
) -> Result<(Vec<Layer>, Vec<PathBuf>)> {
    let mut reader = LayerReader::default();
    for value in overrides.iter().rev() {
        reader.command_line(cwd, value)?;
    }
    for pair in candidate_files(cwd, env) {
        let existing = pair.iter().find(|path| fs::exists(path)).cloned();
        reader.files.extend(pair);
        if let Some(path) = existing {
            reader.file(&path, Level::File)?;
        }
    }
    let mut files = reader.files;
    let mut listed = std::collections::HashSet::new();
    files.retain(|file| listed.insert(file.clone()));
    Ok((reader.layers, files))
}

#[derive(Default)]
struct LayerReader {
    layers: Vec<Layer>,
    files: Vec<PathBuf>,
    /// The files being read, each included by the one before.
    open: Vec<PathBuf>,
}

impl LayerReader {
    /// Adds the value of one `--config`: a file, if there is one of that name.
    fn command_line(&mut self, cwd: &Path, value: &OsStr) -> Result<()> {
        let file = cwd.join(value);
        if fs::exists(&file) {
            return self.file(&file, Level::CommandLine);
        }
        let invalid = || {
            Error::input(format!(
                "`--config {}` is neither a file nor a setting",
                value.display()
            ))
            .hint("use `key=value` in TOML syntax, with strings in quotes")
        };
        let text = value.to_str().ok_or_else(invalid)?;
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            invalid().with_cause(error.message().trim_end_matches('\n'))
        })?;
        self.layers.push(Layer {
            file: None,
            level: Level::CommandLine,
            root: cwd.to_owned(),
            table: document.into_table(),
        });
        Ok(())
    }

    /// Adds a file and after it those that it includes, the last one first.
    fn file(&mut self, path: &Path, level: Level) -> Result<()> {
        self.files.push(path.to_owned());
        // Cargo reports a file that is missing or includes itself.
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
            .with_cause(error.message().trim_end_matches('\n'))
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

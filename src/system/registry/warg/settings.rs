//! The table `[registry."<name>".warg]`, and the file `warg-config.json` of
//! cargo-component 0.21.1 and of `warg`.

use std::path::{Path, PathBuf};

use toml_edit::Item;
use warg_client::Config;

use crate::base::error::{Error, Result};
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;
use crate::system::registry::config::ProtocolTable;

/// The settings for one registry. Secrets stay in the table, which does not
/// show them.
pub struct Settings {
    name: String,
    table: ProtocolTable,
    /// The content of the file.
    pub file: Config,
    /// The path of the file, if there is one.
    path: Option<PathBuf>,
}

impl Settings {
    /// Reads the table and the file.
    pub fn read(name: &str, table: &ProtocolTable, env: &Env) -> Result<Self> {
        let mut settings = Settings {
            name: name.to_owned(),
            table: table.clone(),
            file: Config::default(),
            path: None,
        };
        for key in ["auth_token", "signing_key", "protocol"] {
            settings.text(key)?;
        }
        settings.path = match settings.text("config_file")? {
            Some(path) => Some(path.into()),
            None => find(&fs::canonical(Path::new("."))?, env),
        };
        if let Some(path) = &settings.path {
            settings.file = read(path)?;
        }
        Ok(settings)
    }

    /// A key of the table, which must be text.
    pub fn text(&self, key: &str) -> Result<Option<&str>> {
        match self.table.get(key).map(Item::as_str) {
            None => Ok(None),
            Some(Some(text)) => Ok(Some(text)),
            Some(None) => Err(Error::input(format!(
                "`{key}` of the registry `{}` must be a string",
                self.name
            ))
            .with_cause(format!("it is set under `{}`", self.table_name()))),
        }
    }

    /// The name of the table in the configuration.
    pub fn table_name(&self) -> String {
        format!("[registry.{:?}.warg]", self.name)
    }

    /// The name of the file, for messages.
    pub fn file_name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "warg-config.json".to_owned(),
        }
    }

    /// The directory of logs: that of the file, or else one below `cache` if it
    /// is given, or else that of other tools.
    pub fn registries_dir(&self, cache: Option<&Path>) -> Result<PathBuf> {
        match (&self.file.registries_dir, cache) {
            (None, Some(cache)) => Ok(cache.join("registries")),
            _ => self.file.registries_dir().map_err(|e| no_directory(&e)),
        }
    }

    /// The directory of content, found in the same way.
    pub fn content_dir(&self, cache: Option<&Path>) -> Result<PathBuf> {
        match (&self.file.content_dir, cache) {
            (None, Some(cache)) => Ok(cache.join("content")),
            _ => self.file.content_dir().map_err(|e| no_directory(&e)),
        }
    }

    /// The file of namespaces, found in the same way.
    pub fn namespaces(&self, cache: Option<&Path>) -> Result<PathBuf> {
        match (&self.file.namespace_map_path, cache) {
            (None, Some(cache)) => Ok(cache.join("namespaces")),
            _ => self.file.namespace_map_path().map_err(|e| no_directory(&e)),
        }
    }
}

fn no_directory(e: &dyn std::fmt::Display) -> Error {
    Error::input("failed to find a directory for the logs of a Warg registry")
        .with_cause(e)
        .hint("give `--cache-dir`")
}

/// The file that applies in a directory: the nearest, or else the user's.
fn find(cwd: &Path, env: &Env) -> Option<PathBuf> {
    let near = cwd.ancestors().map(|dir| dir.join("warg-config.json"));
    near.chain(user_file(env)).find(|path| fs::exists(path))
}

fn user_file(env: &Env) -> Option<PathBuf> {
    let home = || env.get(env::HOME).map(Path::new);
    let dir = if cfg!(windows) {
        env.get(env::APPDATA).map(PathBuf::from)?
    } else if cfg!(target_os = "macos") {
        home()?.join("Library/Application Support")
    } else {
        let set = env.get(env::XDG_CONFIG_HOME).map(PathBuf::from);
        set.or_else(|| Some(home()?.join(".config")))?
    };
    Some(dir.join("warg").join("config.json"))
}

fn read(path: &Path) -> Result<Config> {
    let broken = |e: serde_json::Error| {
        Error::input(format!("failed to read `{}`", path.display())).with_cause(e)
    };
    let mut config: Config = serde_json::from_str(&fs::read_text(path)?).map_err(broken)?;
    let dir = fs::parent(path);
    for place in [
        &mut config.registries_dir,
        &mut config.content_dir,
        &mut config.namespace_map_path,
    ] {
        *place = place.take().map(|path| dir.join(path));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_applies_and_its_paths_start_there() {
        let dir = tempfile::tempdir().unwrap();
        let env = Env::from_vars([("XDG_CONFIG_HOME", dir.path()), ("HOME", dir.path())]);
        let user = user_file(&env).unwrap();
        fs::write_atomic(&user, b"{}").unwrap();
        let deep = dir.path().join("a/b");
        assert_eq!(find(&deep, &env), Some(user));
        let near = dir.path().join("a/warg-config.json");
        let text = br#"{"homeUrl":"https://h","registriesDir":"logs","contentDir":"/c","namespaceMapPath":"n","keys":["default"],"x":1}"#;
        fs::write_atomic(&near, text).unwrap();
        assert_eq!(find(&deep, &env), Some(near.clone()));
        let table = [(
            "config_file".to_owned(),
            toml_edit::value(near.to_str().unwrap()),
        )];
        let settings = Settings::read("r", &table.into_iter().collect(), &env).unwrap();
        let cache = Some(Path::new("/cache"));
        let logs = settings.registries_dir(cache).unwrap();
        assert_eq!(logs, dir.path().join("a/logs"));
        assert_eq!(settings.content_dir(cache).unwrap(), Path::new("/c"));
        assert_eq!(settings.namespaces(cache).unwrap(), dir.path().join("a/n"));
        assert!(settings.file.keys.contains("default"));
    }

    #[test]
    fn an_error_names_the_key_and_not_the_secret() {
        let table = |text: &str| -> ProtocolTable {
            let table = text.parse::<toml_edit::DocumentMut>().unwrap();
            let entries = table.iter();
            entries
                .map(|(key, item)| (key.to_owned(), item.clone()))
                .collect()
        };
        let env = Env::default();
        for text in [
            "signing_key = [\"hunter2\"]",
            "auth_token = { a = \"hunter2\" }",
        ] {
            let error = Settings::read("r", &table(text), &env)
                .map(|_| ())
                .unwrap_err();
            let key = text.split(' ').next().unwrap();
            assert!(error.message().contains(key), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}

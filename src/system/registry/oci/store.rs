//! The files that docker and podman keep logins in, changed as they do it.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde::Serialize as _;
use serde_json::{Map, Value, json};

use super::client_context::ClientContext;
use super::credentials::{Credential, docker_file, host_of, podman_file};
use super::headers::one_line;
use super::settings::BASE64;
use crate::base::error::{Error, Result};
use crate::system::env;
use crate::system::fs;
use crate::system::process::Invocation;
use crate::system::registry::secret::Secret;

/// Stores a login. Returns where it is, and the path of the file that leads
/// there.
pub fn save(
    host: &str,
    user: &str,
    credential: &Credential,
    context: &ClientContext,
) -> Result<(String, String)> {
    fs::create_private_dir(fs::parent(&login_file(&context.env)?.0))?;
    let (_held, mut file) = LoginFile::open(host, context)?;
    let none = Secret(String::new());
    let (name, password, identity) = match credential {
        Credential::Identity(token) => ("<token>", &none, Some(token)),
        Credential::Password(_, password) => (user, password, None),
        _ => return Err(Error::input("there are no credentials to store")),
    };
    let display_path = file.path.display().to_string();
    let helper = file.helper();
    let key = file.key.clone();
    let entry = file.entry()?;
    for old in [
        "auth",
        "identitytoken",
        "registrytoken",
        "username",
        "password",
    ] {
        entry.shift_remove(old);
    }
    let place = match helper {
        // An empty entry means that there is a login, as with docker.
        Some(helper) => {
            let secret = identity.unwrap_or(password);
            let login = json!({ "ServerURL": key, "Username": name, "Secret": secret.0 });
            run(&helper, "store", &login.to_string(), context)?;
            format!("the helper `{helper}` of `{display_path}`")
        }
        None => {
            let both = BASE64.encode(format!("{user}:{}", password.0));
            entry.insert("auth".to_owned(), json!(both));
            if let Some(token) = identity {
                entry.insert("identitytoken".to_owned(), json!(token.0));
            }
            format!("`{display_path}`")
        }
    };
    file.write()?;
    Ok((place, display_path))
}

/// Removes a login. Returns where it was, if there was one.
pub fn erase(host: &str, context: &ClientContext) -> Result<Option<String>> {
    let (_held, mut file) = LoginFile::open(host, context)?;
    let display_path = file.path.display().to_string();
    let mut place = None;
    let key = file.key.clone();
    if let Some(helper) = file.helper() {
        let failed = || format!("failed to remove the login for `{host}`");
        let login = super::credentials::ask_helper(&helper, &key, context);
        let login = login.map_err(|why| Error::input(failed()).with_cause(why))?;
        if login.is_some() {
            run(&helper, "erase", &key, context)?;
            place = Some(format!("the helper `{helper}` of `{display_path}`"));
        }
    }
    let Some(Value::Object(auths)) = file.content.get_mut("auths") else {
        return Ok(place);
    };
    let same: Vec<String> = auths
        .keys()
        .filter(|other| host_of(other) == host_of(&key))
        .cloned()
        .collect();
    for other in &same {
        auths.shift_remove(other);
    }
    if !same.is_empty() {
        file.write()?;
        place = place.or(Some(format!("`{display_path}`")));
    }
    Ok(place)
}

/// A file of logins, with all of its content in order.
struct LoginFile {
    path: PathBuf,
    key: String,
    content: Map<String, Value>,
    text: String,
}

/// The file that logins go to, and what it calls the hub: podman's where only
/// that is chosen by a variable, else docker's.
fn login_file(env: &env::Env) -> Result<(PathBuf, &'static str)> {
    let podman = env.get(env::REGISTRY_AUTH_FILE).is_some();
    let (path, hub) = match podman && env.get(env::DOCKER_CONFIG).is_none() {
        true => (podman_file(env), "docker.io"),
        false => (docker_file(env), "https://index.docker.io/v1/"),
    };
    let path = path.ok_or_else(|| {
        Error::input("there is no directory for the file with logins")
            .hint("set `HOME` or `DOCKER_CONFIG`")
    })?;
    Ok((path, hub))
}

impl LoginFile {
    /// The file a login for this host goes to, which nobody else changes as
    /// long as it is held.
    fn open(host: &str, context: &ClientContext) -> Result<(Option<fs::DirectoryLocks>, Self)> {
        let (path, hub) = login_file(&context.env)?;
        let key = match host_of(host) {
            "index.docker.io" => hub,
            host => host,
        };
        let is_there = fs::is_dir(fs::parent(&path));
        let held = is_there.then(|| fs::lock_directories_of(&[&path], || {}));
        let text = fs::read_text_if_exists(&path)?.unwrap_or_default();
        let content = match text.trim() {
            "" => Map::new(),
            text => read(&path, text)?,
        };
        let file = LoginFile {
            key: key.to_owned(),
            path,
            content,
            text,
        };
        Ok((held, file))
    }

    /// The helper that keeps the login, if one does.
    fn helper(&self) -> Option<String> {
        let own = self
            .content
            .get("credHelpers")
            .and_then(|all| all.get(&self.key));
        let helper = own.or(self.content.get("credsStore"))?.as_str()?;
        (!helper.is_empty()).then(|| helper.to_owned())
    }

    /// The entry of the host, which is made if need be.
    fn entry(&mut self) -> Result<&mut Map<String, Value>> {
        let auths = self.content.entry("auths").or_insert_with(|| json!({}));
        let entry = auths
            .as_object_mut()
            .map(|auths| auths.entry(&self.key).or_insert_with(|| json!({})));
        entry.and_then(Value::as_object_mut).ok_or_else(|| {
            let path = self.path.display();
            Error::input(format!("failed to change `{path}`"))
                .with_cause("`auths` is not an object of objects")
                .hint("correct the file")
        })
    }

    /// Writes the file for its owner alone, indented as it was.
    fn write(&self) -> Result<()> {
        let mut lines = self.text.lines();
        let blank = |c: char| c == ' ' || c == '\t';
        let indented = lines.find(|line| line.starts_with(blank) && !line.trim().is_empty());
        let indent =
            indented.map(|line| &line[..line.len() - line.trim_start_matches(blank).len()]);
        let mut bytes = Vec::new();
        let formatter =
            serde_json::ser::PrettyFormatter::with_indent(indent.unwrap_or("\t").as_bytes());
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        let failed = || format!("failed to change `{}`", self.path.display());
        self.content
            .serialize(&mut serializer)
            .map_err(|e| Error::input(failed()).with_cause(e))?;
        bytes.extend(self.text.ends_with('\n').then_some(b'\n'));
        fs::write_private(&self.path, &bytes)
    }
}

/// The text of a JSON error may show what stands there, which is secret.
fn read(path: &Path, text: &str) -> Result<Map<String, Value>> {
    let path = path.display();
    let wrong = |why: String| {
        Error::input(format!("failed to read the file with logins `{path}`"))
            .with_cause(why)
            .hint("correct the file, or remove it")
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(content)) => Ok(content),
        Ok(_) => Err(wrong("it is not a JSON object".to_owned())),
        Err(e) => Err(wrong(format!("it is not JSON (line {})", e.line()))),
    }
}

/// Runs a helper that changes what it keeps.
fn run(helper: &str, action: &str, input: &str, context: &ClientContext) -> Result<()> {
    let invocation = super::credentials::helper(helper, action, input).map_err(Error::input)?;
    let output = context.exec.output(&invocation)?;
    if output.code == 0 {
        return Ok(());
    }
    let Invocation { program, .. } = &invocation;
    let program = program.to_string_lossy();
    let error = Error::input(format!(
        "`{program} {action}` ended with exit code {}",
        output.code
    ))
    .hint("check that the helper works, or remove it from the file with logins");
    // Helpers tell on standard output; what they were given is not repeated.
    let message = String::from_utf8_lossy(&output.stdout).into_owned();
    let secret = serde_json::from_str::<Value>(input).unwrap_or_default();
    let secret = secret["Secret"].as_str().unwrap_or_default();
    Err(match message.trim() {
        "" => error,
        text if !secret.is_empty() && text.contains(secret) => error,
        text => error.with_cause(one_line(text)),
    })
}

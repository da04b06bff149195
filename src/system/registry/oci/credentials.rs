//! The login for a registry: the first one found in the environment, the
//! configuration, docker's file and podman's.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::client_context::ClientContext;
use super::settings::{Settings, user_and_password};
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::Invocation;
use crate::system::registry::hosts::unused_variable;
use crate::system::registry::layers::Layers;
use crate::system::registry::secret::Secret;

/// A login, and where it comes from.
#[derive(Clone, Debug)]
pub struct Login {
    /// The credential that the registry gets.
    pub credential: Credential,
    /// The place it was found in, for messages; empty for an anonymous one.
    pub source: String,
    /// Messages on sources that could not be used.
    pub notes: Vec<String>,
}

/// A credential that a registry gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// No login at all.
    Anonymous,
    /// A user and a password, to the registry or where it gives out tokens.
    Password(String, Secret),
    /// A token that is exchanged for those that open something.
    Identity(Secret),
    /// A token as it is.
    Bearer(Secret),
}

/// The facts by which the login for a registry is found.
#[derive(Clone, Copy, Debug)]
pub struct RegistryId<'a> {
    /// The name of its settings in the configuration.
    pub name: &'a str,
    /// The host, with a port where it is not the usual one.
    pub host: &'a str,
    /// The prefix of its repositories, for which podman's file may have a login
    /// of their own.
    pub prefix: &'a str,
    /// The configuration, which tells who names the host.
    pub layers: &'a Layers,
}

/// Finds the login for a registry. A source that cannot be read adds a note,
/// and counts as absent.
pub fn find(registry: RegistryId<'_>, settings: &Settings, context: &ClientContext) -> Login {
    let login = |credential, source| Login {
        credential,
        source,
        notes: Vec::new(),
    };
    let mut notes = Vec::new();
    match registry.layers.bearer_token(&context.env, registry.host) {
        Ok(None) => {}
        Ok(Some((variable, token))) => {
            return login(
                Credential::Bearer(Secret(token)),
                format!("the variable `{variable}`"),
            );
        }
        Err(variable) => notes.push(unused_variable(&variable, registry.host)),
    }
    if let Some((user, password)) = settings.auth.clone() {
        return login(
            Credential::Password(user, password),
            format!("`auth` under `[registry.{:?}.oci]`", registry.name),
        );
    }
    let docker = docker_file(&context.env).map(|file| (file, docker_keys(registry)));
    let podman = podman_file(&context.env).map(|file| (file, podman_keys(registry)));
    for (path, keys) in [docker, podman].into_iter().flatten() {
        match in_file(&path, &keys, context) {
            Ok(Some((credential, source))) => {
                return Login {
                    credential,
                    source,
                    notes,
                };
            }
            Ok(None) => {}
            Err(note) => notes.push(note),
        }
    }
    Login {
        credential: Credential::Anonymous,
        source: String::new(),
        notes,
    }
}

fn home(env: &Env) -> Option<&Path> {
    let home = env.get(env::HOME).or(env.get(env::USERPROFILE));
    home.map(Path::new)
}

/// Docker's file of logins.
pub fn docker_file(env: &Env) -> Option<PathBuf> {
    let dir = match env.get(env::DOCKER_CONFIG) {
        Some(dir) => PathBuf::from(dir),
        None => home(env)?.join(".docker"),
    };
    Some(dir.join("config.json"))
}

/// Podman's file of logins.
pub fn podman_file(env: &Env) -> Option<PathBuf> {
    if let Some(file) = env.get(env::REGISTRY_AUTH_FILE) {
        return Some(PathBuf::from(file));
    }
    let runtime = env.get(env::XDG_RUNTIME_DIR).map(PathBuf::from);
    // Where there is no such directory, podman keeps it in the home.
    let dir = runtime.or_else(|| Some(home(env)?.join(".config")))?;
    Some(dir.join("containers/auth.json"))
}

fn docker_keys(registry: RegistryId<'_>) -> Vec<String> {
    match registry.host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            vec!["https://index.docker.io/v1/".to_owned()]
        }
        host => vec![host.to_owned(), format!("https://{host}")],
    }
}

/// The keys for podman's file, the most specific first.
fn podman_keys(registry: RegistryId<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    // A prefix that does not end in `/` is the beginning of a word.
    let mut path = registry.prefix;
    while let Some((parent, _)) = path.rsplit_once('/') {
        keys.push(format!("{}/{parent}", registry.host));
        path = parent;
    }
    keys.extend(docker_keys(registry));
    keys
}

/// A credential with its source, if there is one. The error is a fragment.
type Lookup = Result<Option<(Credential, String)>, String>;

/// Looks into a file of logins. The error is a fragment.
fn in_file(path: &Path, keys: &[String], context: &ClientContext) -> Lookup {
    let display_path = path.display();
    let Some(text) = fs::read_text_if_exists(path).map_err(|e| e.to_string())? else {
        return Ok(None);
    };
    // The text of a JSON error may show what stands there, which is secret.
    let file: Value = serde_json::from_str(&text)
        .map_err(|e| format!("`{display_path}` is not JSON (line {})", e.line()))?;
    for key in keys {
        let helper = file["credHelpers"][key].as_str().unwrap_or_default();
        if let Some(credential) = ask_helper(helper, key, context)? {
            return Ok(Some((
                credential,
                format!("the helper `{helper}` of `{display_path}`"),
            )));
        }
        if let Some(entry) = entry(&file["auths"], key)
            && let Some(credential) = entry_credential(entry)
                .ok_or_else(|| format!("the login for `{key}` in `{display_path}` is invalid"))?
        {
            return Ok(Some((credential, format!("`{display_path}`"))));
        }
        let store = file["credsStore"].as_str().unwrap_or_default();
        if let Some(credential) = ask_helper(store, key, context)? {
            return Ok(Some((
                credential,
                format!("the store `{store}` of `{display_path}`"),
            )));
        }
    }
    Ok(None)
}

/// The entry of a key, or of one that names the same host.
fn entry<'a>(auths: &'a Value, key: &str) -> Option<&'a Value> {
    let auths = auths.as_object()?;
    auths.get(key).or_else(|| {
        let same = auths
            .iter()
            .find(|(other, _)| host_of(other) == host_of(key));
        same.map(|(_, entry)| entry)
    })
}

/// A key without scheme and, only then, path; Docker Hub by one name.
pub fn host_of(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or(key.strip_prefix("http://"));
    let host = bare.map_or(key, |rest| rest.split('/').next().unwrap_or(rest));
    match host {
        "docker.io" | "registry-1.docker.io" => "index.docker.io",
        host => host,
    }
}

/// The credential of an entry of `auths`; `None` inside for one that leaves it
/// to the store, outside for an invalid one.
fn entry_credential(entry: &Value) -> Option<Option<Credential>> {
    let text = |key: &str| {
        let value = entry[key].as_str().filter(|text| !text.is_empty());
        value.map(str::to_owned)
    };
    if let Some(token) = text("identitytoken") {
        return Some(Some(Credential::Identity(Secret(token))));
    }
    if let Some(token) = text("registrytoken") {
        return Some(Some(Credential::Bearer(Secret(token))));
    }
    let (user, password) = match (text("auth"), text("username"), text("password")) {
        (Some(auth), ..) => user_and_password(&auth)?,
        (None, Some(user), Some(password)) => (user, Secret(password)),
        _ => return Some(None),
    };
    Some(Some(credential_of_user(user, password)))
}

fn credential_of_user(user: String, password: Secret) -> Credential {
    match user.as_str() {
        "<token>" => Credential::Identity(password),
        _ => Credential::Password(user, password),
    }
}

/// The invocation of a credential helper with an action and its input. The
/// error is a fragment.
pub fn helper(name: &str, action: &str, input: &str) -> Result<Invocation, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match name.chars().all(legal) {
        true => Ok(Invocation::new(format!("docker-credential-{name}"))
            .arg(action)
            .input(input)),
        false => Err(format!("`{name}` is not a name of a credential helper")),
    }
}

/// Asks a credential helper; an empty name stands for none.
pub fn ask_helper(
    helper: &str,
    key: &str,
    context: &ClientContext,
) -> Result<Option<Credential>, String> {
    if helper.is_empty() {
        return Ok(None);
    }
    let program = format!("docker-credential-{helper}");
    let invocation = self::helper(helper, "get", key)?;
    let output = context
        .exec
        .output(&invocation)
        .map_err(|e| e.to_string())?;
    let answer_text = String::from_utf8_lossy(&output.stdout);
    if output.code != 0 {
        // The answer of every helper for a server it does not know.
        let unknown = answer_text.contains("credentials not found");
        let code = output.code;
        return match unknown {
            true => Ok(None),
            false => Err(format!("`{program} get` ended with exit code {code}")),
        };
    }
    let answer: Value = serde_json::from_str(&answer_text)
        .map_err(|_| format!("`{program} get` did not print JSON"))?;
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let secret = Secret(text("Secret"));
    Ok((!secret.0.is_empty()).then(|| credential_of_user(text("Username"), secret)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::retry::RetryPolicy;
    use crate::system::env::Env;
    use crate::system::process::{Output, Scripted};

    fn registry_id(layers: &Layers) -> RegistryId<'_> {
        RegistryId {
            name: "mine",
            host: "r.example:5000",
            prefix: "team/x/",
            layers,
        }
    }

    fn password(user: &str) -> Credential {
        Credential::Password(user.into(), Secret("hunter2".into()))
    }

    fn answer(code: i32, stdout: &str) -> Output {
        Output {
            code,
            stdout: stdout.into(),
            stderr: Vec::new(),
        }
    }

    /// Looks with these files, variables and answers of helpers.
    fn found(
        files: &[(&str, &str)],
        vars: &[(&str, &str)],
        helpers: Vec<Output>,
    ) -> (Login, Vec<Invocation>) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::write_atomic(&dir.path().join(path), text.as_bytes()).unwrap();
        }
        let place = |value: &str| value.replace('@', &dir.path().display().to_string());
        let env = Env::from_vars(vars.iter().map(|(k, v)| ((*k).to_owned(), place(v))));
        let exec = Arc::new(Scripted::new(helpers));
        let context = ClientContext {
            env: Arc::new(env),
            exec: Arc::<Scripted>::clone(&exec),
            patience: RetryPolicy::default(),
            warnings: Default::default(),
        };
        let login = find(
            registry_id(&Layers::default()),
            &Settings::default(),
            &context,
        );
        assert!(!format!("{login:?}").contains("hunter2"), "{login:?}");
        (login, exec.invocations())
    }

    // `u:hunter2` in base64.
    const AUTH: &str = "dTpodW50ZXIy";

    #[test]
    fn the_sources_come_in_their_order() {
        let docker =
            format!("{{\"auths\":{{\"https://r.example:5000/v1/\":{{\"auth\":\"{AUTH}\"}}}}}}");
        let podman = format!(
            "{{\"auths\":{{\"r.example:5000\":{{\"auth\":\"AAA\"}},\"r.example:5000/team\":{{\"auth\":\"{AUTH}\"}}}}}}"
        );
        let both = [
            (".docker/config.json", docker.as_str()),
            ("containers/auth.json", podman.as_str()),
        ];
        let vars = [("HOME", "@"), ("XDG_RUNTIME_DIR", "@")];
        let (login, _) = found(&both, &vars, vec![]);
        assert_eq!(login.credential, password("u"));
        assert!(login.source.contains("config.json"), "{}", login.source);
        let (login, _) = found(&both[1..], &vars, vec![]);
        assert_eq!(login.credential, password("u"));
        assert!(login.source.contains("auth.json"), "{}", login.source);
        let moved = [("elsewhere.json", podman.as_str())];
        let (login, _) = found(
            &moved,
            &[("REGISTRY_AUTH_FILE", "@/elsewhere.json")],
            vec![],
        );
        assert_eq!(login.credential, password("u"));
        let moved = [("d/config.json", docker.as_str())];
        let (login, _) = found(&moved, &[("DOCKER_CONFIG", "@/d")], vec![]);
        assert_eq!(login.credential, password("u"));
        let vars = [
            ("HOME", "@"),
            ("WKG_REGISTRY_R_EXAMPLE_5000_AUTH_BEARER", "hunter2"),
        ];
        let (login, _) = found(&both, &vars, vec![]);
        assert_eq!(
            login.credential,
            Credential::Bearer(Secret("hunter2".into()))
        );
        let (login, _) = found(&[], &[], vec![]);
        assert_eq!(login.credential, Credential::Anonymous);
    }

    #[test]
    fn helpers_are_asked_and_tokens_known() {
        let store = [(
            ".docker/config.json",
            r#"{"auths":{"r.example:5000":{}},"credsStore":"pass","credHelpers":{"r.example:5000":"gcr"}}"#,
        )];
        let home = [("HOME", "@")];
        let none = || answer(1, "credentials not found in native keychain\n");
        let secret = answer(
            0,
            r#"{"ServerURL":"x","Username":"<token>","Secret":"hunter2"}"#,
        );
        let (login, invocations) = found(&store, &home, vec![none(), secret]);
        assert_eq!(
            login.credential,
            Credential::Identity(Secret("hunter2".into()))
        );
        let lines: Vec<String> = invocations.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            ["docker-credential-gcr get", "docker-credential-pass get"]
        );
        assert_eq!(invocations[0].input.0, b"r.example:5000");
        let (login, _) = found(&store, &home, vec![answer(2, "locked")]);
        assert_eq!(login.credential, Credential::Anonymous);
        assert!(login.notes[0].contains("exit code 2"), "{:?}", login.notes);
        let identity = [(
            ".docker/config.json",
            r#"{"auths":{"r.example:5000":{"identitytoken":"hunter2","auth":"x"}}}"#,
        )];
        let (login, _) = found(&identity, &home, vec![]);
        assert_eq!(
            login.credential,
            Credential::Identity(Secret("hunter2".into()))
        );
    }

    #[test]
    fn a_broken_file_is_noted_without_its_content() {
        for text in [
            "{\"auths\": hunter2",
            "{\"auths\":{\"r.example:5000\":{\"auth\":\"hunter2\"}}}",
            "{\"credsStore\":\"../hunter\"}",
        ] {
            let (login, _) = found(&[(".docker/config.json", text)], &[("HOME", "@")], vec![]);
            assert_eq!(login.credential, Credential::Anonymous);
            assert_eq!(login.notes.len(), 1, "{text}");
        }
    }
}

//! `cargo component login` and `logout`, and the files they change.

use std::io::Write as _;
use std::process::{Command, Stdio};

#[cfg(unix)]
use crate::observe::Tools;
use crate::registry_servers::{self, DockerRegistry};
use crate::registry_verbs::shapes;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project, assert_mode};

fn command(project: &Project, line: &str) -> Command {
    let mut command = project.command(line);
    command.env("CARGO_COMPONENT_CACHE_DIR", project.path("cache"));
    command.env("HOME", project.path("home"));
    command.env("DOCKER_CONFIG", project.path("docker"));
    command.env_remove("XDG_RUNTIME_DIR");
    command.env_remove("REGISTRY_AUTH_FILE");
    command
}

/// Runs with this on standard input. Whatever it was, it is not shown.
fn piped(project: &Project, mut command: Command, input: &str) -> Output {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(input.as_bytes()).unwrap();
    command.stdin(Stdio::from(file.reopen().unwrap()));
    let output = project.run(command);
    let secret = input.trim();
    for text in [&output.stdout, &output.stderr] {
        assert!(secret.is_empty() || !text.contains(secret), "{output}");
    }
    output
}

fn login(project: &Project, host: &str, password: &str) -> Output {
    let line = format!("login {host} -u user --password-stdin");
    piped(project, command(project, &line), password)
}

fn push(project: &Project, host: &str) -> Output {
    project.write("shapes.wasm", shapes("0.2.0"));
    let line = format!("registry push {host}/team/shapes:0.2.0 shapes.wasm");
    project.run(command(project, &line))
}

/// `user:secret` in base64.
const AUTH: &str = "dXNlcjpzZWNyZXQ=";

/// Logs in, works and logs out again, with a file of logins that has more.
fn round_trip(host: &str) {
    let project = Project::empty();
    push(&project, host).code(1).says("no login was sent");
    login(&project, host, "wrong")
        .code(1)
        .says(&format!("failed to log in to `{host}`"))
        .says("access token");
    assert!(!project.has("docker"));
    let old = "{\n  \"z\": [\n    1,\n    2.5\n  ],\n  \"auths\": {\n    \"other.example\": {\n      \"auth\": \"eDp5\",\n      \"email\": \"e\"\n    }\n  },\n  \"a\": {}\n}\n";
    project.write("docker/config.json", old);
    login(&project, host, "secret\n")
        .ok()
        .says(&format!("Login for `{host}` saved in `"));
    let added = format!(
        "\n    }},\n    \"{host}\": {{\n      \"auth\": \"{AUTH}\"\n    }}\n  }},\n  \"a\""
    );
    let expected = old.replace("\n    }\n  },\n  \"a\"", &added);
    assert_eq!(project.read("docker/config.json"), expected);
    assert_mode(&project.path("docker/config.json"), 0o600);
    push(&project, host).ok();
    let line = format!("logout {host}");
    project
        .run(command(&project, &line))
        .ok()
        .says(&format!("Logout for `{host}` removed from `"));
    assert_eq!(project.read("docker/config.json"), old);
    project
        .run(command(&project, &line))
        .ok()
        .says("not currently logged in");
    push(&project, host).code(1);
}

#[test]
fn a_login_is_tried_kept_used_and_forgotten() {
    for access in [Access::Basic, Access::PrivateToken] {
        round_trip(&SmallRegistry::start(access).host());
    }
    if let Some(server) = DockerRegistry::start(registry_servers::Access::Htpasswd) {
        round_trip(&server.host());
    }
}

#[test]
fn a_login_nobody_asked_for_is_kept_with_a_warning() {
    let host = SmallRegistry::start(Access::Open).host();
    let project = Project::empty();
    login(&project, &host, "secret")
        .ok()
        .says("does not ask for credentials, so they could not be verified");
    assert!(project.read("docker/config.json").contains(AUTH));
}

#[test]
fn an_identity_token_is_kept_in_the_place_of_the_password() {
    let registry = SmallRegistry::start(Access::Identity);
    let host = registry.host();
    let project = Project::empty();
    login(&project, &host, "secret").ok();
    // As docker writes it: the user without a password.
    let expected = format!(
        "{{\n\t\"auths\": {{\n\t\t\"{host}\": {{\n\t\t\t\"auth\": \"dXNlcjo=\",\n\t\t\t\"identitytoken\": \"identity\"\n\t\t}}\n\t}}\n}}"
    );
    assert_eq!(project.read("docker/config.json"), expected);
    push(&project, &host).ok();
    let refreshed = |r: &crate::http::Request| r.method == "POST" && r.path() == "/token";
    assert!(registry.requests().iter().any(refreshed));
}

// The helper is a script of a shell.
#[cfg(unix)]
#[test]
fn a_helper_keeps_the_login_where_one_is_configured() {
    let host = SmallRegistry::start(Access::Basic).host();
    let tools = Tools::new();
    let store = tools.path("store");
    tools.script(
        "docker-credential-test",
        &format!(
            "case $1 in\nstore) cat > '{0}';;\nget) cat > '{0}-asked'; cat '{0}' 2>/dev/null || {{ echo 'credentials not found in native keychain'; exit 1; }};;\nerase) cat > '{0}-erased'; rm '{0}';;\nesac",
            store.display()
        ),
    );
    let mut path = tools.path("").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let project = Project::empty();
    for config in [
        "{\"credsStore\":\"test\"}".to_owned(),
        format!("{{\"credHelpers\":{{\"{host}\":\"test\"}}}}"),
    ] {
        project.write("docker/config.json", &config);
        let with_path = |line: &str| {
            let mut command = command(&project, line);
            command.env("PATH", &path);
            command
        };
        let line = format!("login {host} -u user");
        piped(&project, with_path(&line), "secret")
            .ok()
            .says("the helper `test` of `");
        let kept = std::fs::read_to_string(&store).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept["ServerURL"], host.as_str());
        assert_eq!(
            (&kept["Username"], &kept["Secret"]),
            (&"user".into(), &"secret".into())
        );
        // The file tells that there is one, and no more.
        let text = project.read("docker/config.json");
        assert!(text.contains(&format!("\"{host}\": {{}}")), "{text}");
        project.write("shapes.wasm", shapes("0.2.0"));
        let push = format!("registry push {host}/team/shapes:0.2.0 shapes.wasm");
        project.run(with_path(&push)).ok();
        project
            .run(with_path(&format!("logout {host}")))
            .ok()
            .says("removed from the helper `test`");
        let erased = format!("{}-erased", store.display());
        assert_eq!(std::fs::read_to_string(erased).unwrap(), host);
        assert!(
            !project
                .read("docker/config.json")
                .contains(&format!("\"{host}\": {{}}"))
        );
    }
    tools.script("docker-credential-test", "cat; exit 3");
    let mut failing = command(&project, &format!("login {host} -u user"));
    failing.env("PATH", &path);
    project.write("docker/config.json", "{\"credsStore\":\"test\"}");
    piped(&project, failing, "secret")
        .code(1)
        .says("`docker-credential-test store` ended with exit code 3");
    assert_eq!(
        project.read("docker/config.json"),
        "{\"credsStore\":\"test\"}"
    );
}

#[test]
fn the_file_of_podman_is_used_where_it_is_named() {
    let host = SmallRegistry::start(Access::Basic).host();
    let project = Project::empty();
    let podman = |line: &str| {
        let mut command = command(&project, line);
        command.env_remove("DOCKER_CONFIG");
        command.env("REGISTRY_AUTH_FILE", project.path("run/auth.json"));
        command
    };
    piped(&project, podman(&format!("login {host} -u user")), "secret").ok();
    assert!(project.read("run/auth.json").contains(AUTH));
    assert!(!project.has("home"));
    assert_mode(&project.path("run"), 0o700);
    project.run(podman(&format!("logout {host}"))).ok();
    assert!(!project.read("run/auth.json").contains(&host));
    // Another login that goes first is told.
    project.write(
        "home/.docker/config.json",
        format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"eDp5\"}}}}}}"),
    );
    piped(&project, podman(&format!("login {host} -u user")), "secret")
        .ok()
        .says("warning: the login from `");
}

#[test]
fn the_default_registry_and_names_of_the_configuration_are_known() {
    let registry = SmallRegistry::start(Access::Basic);
    let host = registry.host();
    let project = Project::empty();
    project.write("config.toml", format!("default_registry = \"{host}\"\n"));
    // What the project says leads no password anywhere.
    project.write(
        "Cargo.toml",
        "[package]\nname = \"x\"\n[package.metadata.component.registries]\ndefault = \"oci://127.0.0.1:1\"\n",
    );
    let command = |line: &str| {
        let mut command = command(&project, line);
        command.env("CARGO_COMPONENT_CONFIG_FILE", project.path("config.toml"));
        command
    };
    for name in ["", &host, &format!("oci://{host}/team")] {
        let line = format!("login {name} --username user");
        piped(&project, command(&line), "secret")
            .ok()
            .says(&format!("Login for `{host}`"));
        project
            .run(command(&format!("logout {name}")))
            .ok()
            .says("removed");
    }
}

#[test]
fn what_cannot_be_done_is_told_and_changes_nothing() {
    let host = SmallRegistry::start(Access::Basic).host();
    let project = Project::empty();
    for (line, input, code, message) in [
        (
            "login -u user".to_owned(),
            "secret",
            2,
            "no registry was given",
        ),
        (
            format!("login {host}"),
            "secret",
            2,
            "no user name was given",
        ),
        (
            format!("login {host} -u user"),
            "",
            1,
            "the password is empty",
        ),
        (
            format!("login {host} -u us:er"),
            "secret",
            1,
            "cannot be empty or contain `:`",
        ),
        (
            format!("login {host} -u user --offline"),
            "secret",
            1,
            "needs network access",
        ),
        (
            "login 'a b' -u user".to_owned(),
            "secret",
            1,
            "`a b` is not the host of a registry",
        ),
    ] {
        piped(&project, command(&project, &line), input)
            .code(code)
            .says(message);
        assert!(!project.has("docker"));
    }
    for broken in [
        "{\"auths\": hunter2",
        "[\"hunter2\"]",
        "{\"auths\":{\"HOST\":\"hunter2\"}}",
    ] {
        let broken = broken.replace("HOST", &host);
        project.write("docker/config.json", &broken);
        login(&project, &host, "secret")
            .code(1)
            .says("docker/config.json`")
            .silent_on("hunter2");
        assert_eq!(project.read("docker/config.json"), broken);
    }
}

/// What `script` prints up to a text, which it has to print.
fn read_until(output: &mut impl std::io::Read, text: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = output.read(&mut byte).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&read));
        read.push(byte[0]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[test]
fn a_password_is_asked_for_on_the_terminal_and_not_shown() {
    // Only that of util-linux is known to take these arguments.
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|v| String::from_utf8_lossy(&v.stdout).contains("util-linux")) {
        return;
    }
    let registry = SmallRegistry::start(Access::Basic);
    for (typed, code) in [("secret\n", 0), ("wrong\n", 1), ("\n", 2), ("sec\x03", 130)] {
        let project = Project::empty();
        let login = command(&project, &format!("login {} -u user", registry.host()));
        let mut line = vec![login.get_program().to_str().unwrap()];
        line.extend(login.get_args().map(|arg| arg.to_str().unwrap()));
        let mut script = project.clean("script");
        script.args(["-qec", &line.join(" "), "/dev/null"]);
        for (name, value) in login.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = script.spawn().unwrap();
        let mut output = running.stdout.take().unwrap();
        let mut shown = read_until(&mut output, "Password for `user`: ");
        let mut input = running.stdin.take().unwrap();
        input.write_all(typed.as_bytes()).unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut output, &mut rest).unwrap();
        shown += &rest;
        drop(input);
        let ended = running.wait().unwrap();
        assert_eq!(ended.code(), Some(code), "{shown}");
        assert!(
            !shown.contains(typed.trim()) || typed.trim().is_empty(),
            "{shown}"
        );
        assert_eq!(project.has("docker/config.json"), code == 0, "{shown}");
    }
}

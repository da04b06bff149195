//! What is sent to whom: a login goes to the host it is for, whatever a
//! project, a registry or a redirect says, and components of others lead to
//! no host of this machine or its network.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::component_releases::over;
use crate::http::{Answer, Request, read_request, send};
use crate::registry_verbs::shapes;
use crate::small_registry::{Access, SmallRegistry};
use crate::support::{Output, Project, make_executable, set_config_dir};

/// A host that keeps what it is sent and wants a login for everything.
struct Ear {
    host: String,
    heard: Arc<Mutex<Vec<Request>>>,
    answers: Arc<Mutex<Vec<(String, Answer)>>>,
}

impl Ear {
    fn at(address: &str) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let heard = Arc::<Mutex<Vec<Request>>>::default();
        let answers = Arc::<Mutex<Vec<(String, Answer)>>>::default();
        let shared = (Arc::clone(&heard), Arc::clone(&answers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = read_request(&stream) else {
                    continue;
                };
                let answers = shared.1.lock().unwrap();
                let known = answers
                    .iter()
                    .find(|(start, _)| request.path().starts_with(start));
                let answer = match known {
                    Some((_, answer)) => answer.clone(),
                    None if request.path().starts_with("/.well-known/") => Answer::new(404),
                    None => Answer::new(401).header("WWW-Authenticate", "Basic realm=\"ear\""),
                };
                shared.0.lock().unwrap().push(request.clone());
                send(&stream, &answer.bytes(request.method == "HEAD"));
            }
        });
        Ear {
            host,
            heard,
            answers,
        }
    }

    /// Answers so where the path starts with this.
    fn says(&self, start: &str, answer: Answer) {
        let mut answers = self.answers.lock().unwrap();
        answers.push((start.to_owned(), answer));
    }

    fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// The logins it was sent since it was last looked at.
    fn logins(&self) -> Vec<String> {
        let heard = self.take();
        let sent = heard.iter().filter_map(|request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let header = request.header("authorization").map(str::to_owned);
            header.or(Some(body).filter(|body| body.contains("s3cret")))
        });
        sent.collect()
    }
}

/// A crate that needs `demo:shapes`, with a user's home beside it.
fn project() -> Project {
    let mut project = Project::empty();
    project.write("home/config/wasm-pkg/config.toml", "");
    project.write(
        "work/crate/Cargo.toml",
        "[package]\nname = \"guest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n\
         [dependencies]\nwit-bindgen = { version = \"0.63.0\", default-features = false, features = [\"realloc\"] }\n\
         [package.metadata.component]\npackage = \"demo:guest\"\n",
    );
    project.write("work/crate/src/lib.rs", "mod bindings;\n");
    let wit = "package demo:guest;\nworld guest { import demo:shapes/area@0.2.0; }\n";
    project.write("work/crate/wit/own.wit", wit);
    project.enter("work/crate");
    project
}

const USER: &str = "../../home/config/wasm-pkg/config.toml";

fn run(project: &Project, line: &str, variables: &[(String, String)]) -> Output {
    let mut command = project.command(line);
    let home = project.path("../../home");
    command.env_remove("CARGO_COMPONENT_CONFIG_FILE");
    set_config_dir(&mut command, &home.join("config"));
    command.env("CARGO_COMPONENT_CACHE_DIR", home.join("cache"));
    command.env("DOCKER_CONFIG", home.join("docker"));
    command.env("REGISTRY_AUTH_FILE", home.join("podman.json"));
    command.env("NETRC", home.join("netrc"));
    command.env("CARGO_NET_RETRY", "0");
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::split_paths(&path);
    let path = std::env::join_paths([home.join("bin")].into_iter().chain(path));
    command.env("PATH", path.unwrap());
    for (name, value) in variables {
        command.env(name, value);
    }
    let output = project.run(command);
    for text in [&output.stdout, &output.stderr] {
        assert!(!text.contains("s3cret"), "{output}");
    }
    output
}

const LINES: [&str; 5] = [
    "build",
    "wit fetch",
    "wit tree",
    "registry versions demo:shapes",
    "registry get demo:shapes@0.2.0 -o out.wit",
];

/// The ways a login for `host` is given but in the configuration: a file of
/// docker or podman, a helper, a variable.
const ELSEWHERE: &[&str] = match cfg!(unix) {
    true => &["docker", "podman", "variable", "helper"],
    // The helper is a script of a shell.
    false => &["docker", "podman", "variable"],
};

/// Gives a login in one of these ways; the variables of it.
fn log_in(project: &Project, host: &str, way: &str) -> Vec<(String, String)> {
    let home = "../../home";
    for file in ["docker/config.json", "podman.json"] {
        let _ = std::fs::remove_file(project.path(&format!("{home}/{file}")));
    }
    let auth = STANDARD.encode("user:s3cret");
    let auths = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{auth}\"}}}}}}");
    match way {
        "docker" => {
            project.write(&format!("{home}/docker/config.json"), auths);
        }
        "podman" => {
            project.write(&format!("{home}/podman.json"), auths);
        }
        "helper" => {
            let text = format!("{{\"credHelpers\":{{\"{host}\":\"h1\"}},\"credsStore\":\"h1\"}}");
            project.write(&format!("{home}/docker/config.json"), text);
            let file = format!("{home}/bin/docker-credential-h1");
            let script = format!(
                "#!/bin/sh\nread host\n[ \"$host\" = '{host}' ] || {{ echo credentials not found; exit 1; }}\n\
                 echo '{{\"Username\":\"user\",\"Secret\":\"s3cret\"}}'\n"
            );
            project.write(&file, script);
            make_executable(&project.path(&file));
        }
        _ => {
            let upper = host.replace(['.', ':'], "_").to_uppercase();
            let name = format!("WKG_REGISTRY_{upper}_AUTH_BEARER");
            return vec![(name, "s3cret".to_owned())];
        }
    }
    Vec::new()
}

/// The protocols of registries that this build of the tool can contact.
const PROTOCOLS: &[&str] = match cfg!(feature = "warg") {
    true => &["oci", "warg"],
    false => &["oci"],
};

/// A mapping of `demo` to a registry by its name, which is at a host.
fn mapping(name: &str, host: &str, protocol: &str) -> String {
    let place = match protocol {
        "oci" => format!("oci = {{ registry = \"{host}\" }}"),
        _ => format!("warg = {{ url = \"http://{host}\" }}"),
    };
    format!(
        "{{ registry = \"{name}\", metadata = {{ preferredProtocol = \"{protocol}\", {place} }} }}\n"
    )
}

/// Puts what redirects `demo` into a file that can be committed, and takes it
/// out again.
fn committed(project: &Project, file: &str, content: &str, mut work: impl FnMut()) {
    let old = project.has(file).then(|| project.read(file));
    project.write(
        file,
        format!("{}{content}", old.clone().unwrap_or_default()),
    );
    work();
    match old {
        Some(old) => {
            project.write(file, old);
        }
        None => std::fs::remove_file(project.path(file)).unwrap(),
    }
}

#[test]
fn a_project_leads_no_login_of_the_user_to_another_host() {
    let (owner, other) = (Ear::at("127.0.0.1"), Ear::at("127.0.0.2"));
    let project = project();
    let (near, far) = (".wasm-pkg/config.toml", "../.wasm-pkg/config.toml");
    for (name, table) in [
        (owner.host.as_str(), "oci"),
        ("mine", "oci"),
        (owner.host.as_str(), "warg"),
        ("mine", "warg"),
    ] {
        let login = match table {
            "oci" => "auth = { username = \"user\", password = \"s3cret\" }",
            _ => "auth_token = \"s3cret\"",
        };
        let user = format!("[registry.\"{name}\".{table}]\n{login}\n");
        for protocol in ["oci", "warg"] {
            // Where there is a table of one protocol, that counts otherwise.
            let table = format!("[registry.\"{name}\"]\ndefault = \"{protocol}\"\n");
            let led = mapping(name, &other.host, protocol) + &table;
            for (file, content) in [
                (near, format!("[namespace_registries]\ndemo = {led}")),
                (far, format!("[namespace_registries]\ndemo = {led}")),
                (
                    near,
                    format!("[package_registry_overrides]\n\"demo:shapes\" = {led}"),
                ),
            ] {
                project.write(USER, &user);
                committed(&project, file, &content, || {
                    for line in LINES {
                        run(&project, line, &[])
                            .code(1)
                            .says(&format!("the registry `{name}`"))
                            .says(&format!("is redirected to another host, `{}`", other.host))
                            .says("config.toml`")
                            .says("help: ");
                    }
                });
                assert_eq!(other.take().len(), 0, "{content}");
            }
        }
        assert_eq!(owner.take().len(), 0);
    }
    // Names in Cargo.toml are no more than that.
    project.write(
        USER,
        format!(
            "[registry.\"{}\".oci]\nauth = {{ username = \"user\", password = \"s3cret\" }}\n",
            owner.host
        ),
    );
    let table = format!(
        "[package.metadata.component.registries]\ndefault = \"{0}\"\n\"{0}\" = \"oci://{1}/x\"\n",
        owner.host, other.host
    );
    committed(&project, "Cargo.toml", &table, || {
        for line in LINES {
            run(&project, line, &[]).code(1);
        }
        let line = format!("registry versions demo:shapes --registry {}", owner.host);
        run(&project, &line, &[]).code(1);
    });
    assert_eq!(other.logins(), [""; 0]);
}

#[test]
fn logins_of_files_helpers_and_variables_go_to_their_host_only() {
    let (owner, other) = (Ear::at("127.0.0.1"), Ear::at("127.0.0.2"));
    let project = project();
    let file = ".wasm-pkg/config.toml";
    for way in ELSEWHERE {
        let variables = log_in(&project, &owner.host, way);
        for protocol in PROTOCOLS {
            let led = mapping(&owner.host, &other.host, protocol);
            let content = format!("[namespace_registries]\ndemo = {led}");
            committed(&project, file, &content, || {
                for line in LINES {
                    run(&project, line, &variables).code(1);
                }
            });
            assert!(!other.heard.lock().unwrap().is_empty(), "{protocol}");
            assert_eq!(other.logins(), [""; 0], "{way} {protocol}");
            assert_eq!(owner.take().len(), 0, "{way} {protocol}");
        }
        // And there they go, whoever says that the packages are there.
        let there = mapping("somewhere", &owner.host, "oci");
        let content = format!("[namespace_registries]\ndemo = {there}");
        committed(&project, file, &content, || {
            run(&project, "registry versions demo:shapes", &variables).code(1);
        });
        assert!(!owner.logins().is_empty(), "{way}");
    }
}

#[test]
fn a_variable_that_several_hosts_share_is_for_the_one_the_user_names() {
    // `127.0.0.1:<port>` reads like a host that would be written with hyphens.
    let owner = Ear::at("127.0.0.1");
    let project = project();
    let token = log_in(&project, &owner.host, "variable");
    let there = mapping("x", &owner.host, "oci");
    let content = format!("[namespace_registries]\ndemo = {there}");
    let line = "registry versions demo:shapes";
    committed(&project, ".wasm-pkg/config.toml", &content, || {
        run(&project, line, &token).code(1);
        assert!(!owner.logins().is_empty());
        let other = owner.host.replacen('.', "-", 1);
        project.write(USER, format!("default_registry = \"{other}\"\n"));
        run(&project, line, &token)
            .code(1)
            .says("was not used, since it may be meant for another host")
            .says("config set 'registry.");
        assert_eq!(owner.logins(), [""; 0]);
        // Unless the user names this one as well.
        let both = format!(
            "default_registry = \"{other}\"\n[registry.\"{}\".oci]\n",
            owner.host
        );
        project.write(USER, both);
        run(&project, line, &token).code(1);
        assert!(!owner.logins().is_empty());
    });
}

#[test]
fn a_login_under_a_name_goes_where_the_user_says_the_name_is() {
    let (owner, other) = (Ear::at("127.0.0.1"), Ear::at("127.0.0.2"));
    let project = project();
    let auth = "auth = { username = \"user\", password = \"s3cret\" }";
    let there = mapping("mine", &owner.host, "oci");
    let user = format!("[namespace_registries]\ndemo = {there}[registry.mine.oci]\n{auth}\n");
    let asks = "registry versions demo:shapes";
    let expected = format!("Basic {}", STANDARD.encode("user:s3cret"));
    for explicit in [false, true] {
        project.write(USER, if explicit { "" } else { &user });
        project.write("../../home/explicit.toml", &user);
        let line = match explicit {
            true => format!("{asks} --registry-config ../../home/explicit.toml"),
            false => asks.to_owned(),
        };
        run(&project, &line, &[]).code(1).says("the login from");
        assert!(owner.logins().contains(&expected), "{line}");
        // The project may say the same, and nothing else.
        let file = ".wasm-pkg/config.toml";
        let content = format!("[package_registry_overrides]\n\"demo:shapes\" = {there}");
        committed(&project, file, &content, || {
            run(&project, &line, &[]).code(1);
        });
        assert!(owner.logins().contains(&expected), "{line}");
        let led = mapping("mine", &other.host, "oci");
        let content = format!("[package_registry_overrides]\n\"demo:shapes\" = {led}");
        committed(&project, file, &content, || {
            run(&project, &line, &[])
                .code(1)
                .says("is redirected to another");
        });
        assert_eq!((owner.take().len(), other.take().len()), (0, 0), "{line}");
    }
}

#[test]
fn a_host_s_own_document_takes_its_login_along_and_that_of_another_does_not() {
    let (owner, other, third) = (
        Ear::at("127.0.0.1"),
        Ear::at("127.0.0.2"),
        Ear::at("127.0.0.3"),
    );
    let project = project();
    project.write(
        USER,
        format!(
            "[namespace_registries]\ndemo = \"{0}\"\n[registry.\"{0}\".oci]\nauth = {{ username = \"user\", password = \"s3cret\" }}\n",
            owner.host
        ),
    );
    let well_known = "/.well-known/wasm-pkg/registry.json";
    let document = format!("{{\"oci\":{{\"registry\":\"{}\"}}}}", other.host);
    owner.says(well_known, Answer::new(200).body(document.as_str()));
    let line = "registry versions demo:shapes";
    run(&project, line, &[]).code(1);
    assert!(!other.logins().is_empty());
    assert_eq!(owner.logins(), [""; 0]);
    // Now somebody else answers for it.
    let elsewhere = format!("http://{}{well_known}", third.host);
    *owner.answers.lock().unwrap() = vec![(
        well_known.to_owned(),
        Answer::new(302).header("Location", elsewhere),
    )];
    third.says(well_known, Answer::new(200).body(document.as_str()));
    run(&project, line, &[]).code(1);
    assert!(!other.heard.lock().unwrap().is_empty());
    for ear in [&owner, &other, &third] {
        assert_eq!(ear.logins(), [""; 0], "{}", ear.host);
    }
}

#[test]
fn tokens_are_not_fetched_in_plain_from_another_host() {
    let (owner, other) = (Ear::at("127.0.0.1"), Ear::at("127.0.0.2"));
    let beside = Ear::at("127.0.0.1");
    beside.says("/token", Answer::new(200).body("{\"token\":\"t\"}"));
    let project = project();
    let line = "registry versions demo:shapes";
    for way in ["configuration", "docker"] {
        let mut user = format!("[namespace_registries]\ndemo = \"{}\"\n", owner.host);
        match way {
            "docker" => drop(log_in(&project, &owner.host, way)),
            _ => {
                user += &format!(
                    "[registry.\"{}\".oci]\nauth = {{ username = \"user\", password = \"s3cret\" }}\n",
                    owner.host
                );
            }
        }
        project.write(USER, user);
        let realm = |host: &str| {
            let realm = format!("Bearer realm=\"http://{host}/token\",service=\"x\"");
            let answer = Answer::new(401).header("WWW-Authenticate", realm);
            *owner.answers.lock().unwrap() = vec![("/v2/".to_owned(), answer)];
        };
        realm(&other.host);
        run(&project, line, &[])
            .code(1)
            .says("to which credentials cannot be sent safely");
        assert_eq!((other.take().len(), owner.logins().len()), (0, 0), "{way}");
        // Another port of the machine that the registry is on will do.
        realm(&beside.host);
        run(&project, line, &[]).code(1);
        assert!(!beside.logins().is_empty(), "{way}");
        owner.take();
    }
}

#[test]
fn a_redirect_takes_no_login_along_and_leads_to_no_plain_host_of_others() {
    let (owner, other) = (Ear::at("127.0.0.1"), Ear::at("127.0.0.2"));
    let project = project();
    project.write(
        USER,
        format!(
            "[namespace_registries]\ndemo = \"{0}\"\n[registry.\"{0}\".oci]\nauth = {{ username = \"user\", password = \"s3cret\" }}\n",
            owner.host
        ),
    );
    let line = "registry versions demo:shapes";
    let lead = |to: String| {
        let answer = Answer::new(307).header("Location", to);
        *owner.answers.lock().unwrap() = vec![("/v2/demo/".to_owned(), answer)];
    };
    lead(format!("http://{}/v2/x", other.host));
    run(&project, line, &[]).code(1);
    assert!(!owner.logins().is_empty());
    assert!(!other.heard.lock().unwrap().is_empty());
    assert_eq!(other.logins(), [""; 0]);
    lead("http://r.example/v2/x".to_owned());
    run(&project, line, &[])
        .code(1)
        .says("a redirect leads to `r.example` by plain http");
}

#[test]
fn a_password_goes_to_no_host_that_only_the_project_names() {
    let other = Ear::at("127.0.0.2");
    let project = project();
    let table = format!(
        "[package.metadata.component.registries]\ndefault = \"oci://{0}\"\nmine = \"oci://{0}\"\n\"ghcr.localhost\" = \"oci://{0}\"\n",
        other.host
    );
    let file = project.path("../../home/password");
    std::fs::write(&file, "s3cret").unwrap();
    let login = |name: &str| {
        let mut command = project.command(&format!("login {name} -u user --password-stdin"));
        command.env_remove("CARGO_COMPONENT_CONFIG_FILE");
        set_config_dir(&mut command, &project.path("../../home/config"));
        command.env("DOCKER_CONFIG", project.path("../../home/docker"));
        command.env("CARGO_NET_RETRY", "0");
        command.stdin(std::fs::File::open(&file).unwrap());
        project.run(command)
    };
    let mapped = format!("default_registry = \"{}\"\n", other.host);
    committed(&project, "Cargo.toml", &table, || {
        login("mine")
            .code(2)
            .says("the registry `mine` is configured by the project")
            .says(&format!("cargo component login {}", other.host));
        login("")
            .code(2)
            .says(&format!("cargo component login {}", other.host));
        login("ghcr.localhost").code(1).silent_on(&other.host);
    });
    committed(&project, ".wasm-pkg/config.toml", &mapped, || {
        login("")
            .code(2)
            .says("your own configuration has no default registry");
    });
    assert_eq!(other.take().len(), 0);
    assert!(!project.has("../../home/docker"));
}

#[test]
fn a_hint_leads_to_nothing_inside_however_it_gets_there() {
    let registry = SmallRegistry::start(Access::Open);
    let base = shapes("0.2.0");
    let digest = registry.package("team/base", "1.0.0", &base);
    let host = registry.host();
    let inside = Ear::at("127.0.0.2");
    let project = project();
    let compose = |place: &str| {
        let id = format!("oci://{place}/team/base:1.0.0?digest={digest}");
        project.write("app.wasm", over("app", &id));
        run(&project, "compose app.wasm", &[]).code(1)
    };
    let refused = "is on this machine or its network";
    for place in [
        host.as_str(),
        "printer.local",
        "metadata.google.internal",
        "198.18.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "[fd00::1]:5000",
        "[64:ff9b::a00:1]",
    ] {
        compose(place).says(refused);
    }
    // A file of the project gives no permission, in whatever form.
    for content in [
        format!("[registry.\"{host}\".oci]\n"),
        format!("default_registry = \"{host}\"\n"),
        format!("[namespace_registries]\nx = \"{host}\"\n"),
    ] {
        committed(&project, ".wasm-pkg/config.toml", &content, || {
            compose(&host).says(refused);
        });
    }
    assert_eq!(registry.requests().len(), 0);
    // One of the user does, in any.
    for content in [
        format!("[registry.\"{host}\".oci]\n"),
        format!("default_registry = \"{host}\"\n"),
        format!("[namespace_registries]\nx = \"{host}\"\n"),
        format!("[namespace_registries]\nx = {}", mapping("x", &host, "oci")),
        format!("[package_registry_overrides]\n\"x:y\" = \"{host}\"\n"),
    ] {
        project.write(USER, &content);
        let _ = std::fs::remove_dir_all(project.path("../../home/cache"));
        let asked = registry.requests().len();
        compose(&host).silent_on(refused);
        assert!(registry.requests().len() > asked, "{content}");
    }
    // Such a host leads nowhere else.
    let owner = Ear::at("127.0.0.1");
    project.write(USER, format!("[registry.\"{}\".oci]\n", owner.host));
    let port = inside.host.rsplit(':').next().unwrap();
    for to in [
        format!("http://{}/x", inside.host),
        format!("http://localhost:{port}/x"),
        format!("http://127.0.0.1:{port}/x"),
        "https://registry.local/x".to_owned(),
        "https://[64:ff9b::a00:1]/x".to_owned(),
    ] {
        let answer = Answer::new(307).header("Location", to);
        *owner.answers.lock().unwrap() = vec![("/v2/".to_owned(), answer)];
        compose(&owner.host).says(refused);
    }
    assert_eq!(inside.take().len(), 0);
    // Warg's client connects by itself, so that it is given no such host.
    let id = format!("warg://{}/demo:base@1.0.0?digest={digest}", inside.host);
    project.write("app.wasm", over("app", &id));
    run(&project, "compose app.wasm", &[]).code(1).says(refused);
    let id = format!("warg://r.example/demo:base@1.0.0?digest={digest}");
    project.write("app.wasm", over("app", &id));
    run(&project, "compose app.wasm", &[])
        .code(1)
        .says("`r.example` is a Warg registry that your configuration does not name");
    assert_eq!(inside.take().len(), 0);
}

//! A registry in memory with what Debian's has not: pages of tags, token
//! servers of several kinds, and `registry.json`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cargo_component::package::ContentDigest;

use super::http::{Answer, Request, read_request, send, serve};

/// Who may do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everybody everything.
    #[default]
    Open,
    /// `user` with `secret`, with each request.
    Basic,
    /// With a token, which anybody gets for reading.
    Token,
    /// With a token, which only `user` with `secret` or the identity token
    /// `identity` gets.
    PrivateToken,
    /// The same, and who asks for it gets the identity token.
    Identity,
}

#[derive(Default)]
struct State {
    // Repository and digest.
    blobs: BTreeMap<(String, String), Vec<u8>>,
    // Repository and tag or digest.
    manifests: BTreeMap<(String, String), Vec<u8>>,
    uploads: BTreeMap<String, Vec<u8>>,
    requests: Vec<Request>,
    well_known: Option<(u16, String)>,
    tokens: usize,
    overtaking: Option<Vec<u8>>,
    catalog: Catalog,
}

/// What it answers who asks for its repositories.
#[derive(Clone, Copy)]
enum Catalog {
    Refused(u16),
    Pages(usize),
}

impl Default for Catalog {
    fn default() -> Self {
        Catalog::Refused(404)
    }
}

/// A registry on a port of its own.
pub struct SmallRegistry {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl SmallRegistry {
    pub fn start(access: Access) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let port = serve(move |stream| {
            let Some(request) = read_request(&stream) else {
                return;
            };
            let head = request.method == "HEAD";
            let port = stream.local_addr().unwrap().port();
            let mut state = shared.lock().unwrap();
            state.requests.push(request.clone());
            let answer = answer(&request, access, port, &mut state);
            send(&stream, &answer.bytes(head));
        });
        SmallRegistry { port, state }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it says of itself.
    pub fn says(&self, status: u16, document: &str) {
        self.state.lock().unwrap().well_known = Some((status, document.to_owned()));
    }

    /// Adds tags without checking what they stand for.
    pub fn tag(&self, repository: &str, tags: impl IntoIterator<Item = String>, manifest: &[u8]) {
        let mut state = self.state.lock().unwrap();
        for tag in tags {
            state
                .manifests
                .insert((repository.to_owned(), tag), manifest.to_vec());
        }
    }

    /// Adds a blob.
    pub fn blob(&self, repository: &str, bytes: &[u8]) -> ContentDigest {
        let digest = ContentDigest::of(bytes);
        let key = (repository.to_owned(), digest.to_string());
        self.state.lock().unwrap().blobs.insert(key, bytes.to_vec());
        digest
    }

    /// Adds a version of a package, as a peer would have published it.
    pub fn package(&self, repository: &str, version: &str, bytes: &[u8]) -> ContentDigest {
        let digest = self.blob(repository, bytes);
        let size = bytes.len();
        let manifest = format!(
            "{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":[{{\"mediaType\":\"application/wasm\",\"digest\":\"{digest}\",\"size\":{size}}}]}}"
        );
        self.tag(repository, [version.to_owned()], manifest.as_bytes());
        digest
    }

    /// From now on, whoever pushes a manifest, somebody else pushes this one to
    /// the same tag right behind.
    pub fn overtake(&self, manifest: &[u8]) {
        self.state.lock().unwrap().overtaking = Some(manifest.to_vec());
    }

    /// From now on, it lists its repositories, so many a page.
    pub fn lists_catalog(&self, page: usize) {
        self.state.lock().unwrap().catalog = Catalog::Pages(page);
    }

    /// From now on, it refuses to list its repositories by this status.
    pub fn refuses_catalog(&self, status: u16) {
        self.state.lock().unwrap().catalog = Catalog::Refused(status);
    }

    /// Forgets everything it has in a repository.
    pub fn forget(&self, repository: &str) {
        let mut state = self.state.lock().unwrap();
        state.blobs.retain(|(name, _), _| name != repository);
        state.manifests.retain(|(name, _), _| name != repository);
    }

    pub fn manifest(&self, repository: &str, tag: &str) -> String {
        let state = self.state.lock().unwrap();
        String::from_utf8(state.manifests[&(repository.to_owned(), tag.to_owned())].clone())
            .unwrap()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// Withdraws all tokens.
    pub fn withdraw_tokens(&self) {
        self.state.lock().unwrap().tokens += 1;
    }
}

fn error(status: u16, code: &str) -> Answer {
    let text = format!("{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"as it is\"}}]}}");
    Answer::new(status)
        .header("Content-Type", "application/json")
        .body(text)
}

fn answer(request: &Request, access: Access, port: u16, state: &mut State) -> Answer {
    if request.path() == "/.well-known/wasm-pkg/registry.json" {
        return match &state.well_known {
            Some((status, text)) => Answer::new(*status).body(text.as_str()),
            None => Answer::new(404),
        };
    }
    if request.path() == "/token" {
        return token(request, access, state);
    }
    if let Some(refusal) = refusal(request, access, port, state) {
        return refusal;
    }
    let Some(rest) = request.path().strip_prefix("/v2/") else {
        return Answer::new(404);
    };
    if rest.is_empty() {
        return Answer::new(200).body("{}");
    }
    if rest == "_catalog" {
        return catalog(request, state);
    }
    for (marker, handler) in [
        (
            "/tags/list",
            tags as fn(&Request, &str, &str, &mut State) -> Answer,
        ),
        ("/manifests/", manifests),
        ("/blobs/uploads/", uploads),
        ("/blobs/", blobs),
    ] {
        if let Some((repository, rest)) = rest.split_once(marker) {
            return handler(request, repository, rest, state);
        }
    }
    Answer::new(404)
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn token(request: &Request, access: Access, state: &State) -> Answer {
    let form = Request {
        target: format!("?{}", String::from_utf8_lossy(&request.body)),
        ..Request::default()
    };
    let identified = request.method == "POST"
        && form.query("refresh_token").as_deref() == Some("identity")
        && form.query("grant_type").as_deref() == Some("refresh_token");
    // Who only wants to know whether a login is good asks for nothing.
    let scope = request.query("scope").or(form.query("scope"));
    let scope = scope.unwrap_or_default();
    let login = request.header("authorization");
    let user = identified || login == Some(&basic("user", "secret"));
    let wrong = !user && login.is_some();
    let writes = scope.ends_with("push");
    let private = matches!(access, Access::PrivateToken | Access::Identity);
    if wrong || (!user && (writes || private)) {
        return error(401, "UNAUTHORIZED");
    }
    let token = format!("{}|{scope}", state.tokens);
    let offline = request.query("offline_token").as_deref() == Some("true");
    let more = match access == Access::Identity && offline {
        true => ",\"refresh_token\":\"identity\"",
        false => "",
    };
    Answer::new(200).body(format!("{{\"token\":{token:?},\"expires_in\":300{more}}}"))
}

fn refusal(request: &Request, access: Access, port: u16, state: &State) -> Option<Answer> {
    let login = request.header("authorization");
    match access {
        Access::Open => None,
        Access::Basic if login == Some(&basic("user", "secret")) => None,
        Access::Basic => {
            Some(error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=\"small\""))
        }
        Access::Token | Access::PrivateToken | Access::Identity => {
            let (_, generation) = login.and_then(|l| l.split_once(' ')).unwrap_or_default();
            let (generation, scope) = generation.split_once('|').unwrap_or_default();
            let writes = !matches!(request.method.as_str(), "GET" | "HEAD");
            let repository = scope.split(':').nth(1).unwrap_or("-");
            let inside = match scope {
                "registry:catalog:*" => request.path() == "/v2/_catalog",
                _ => request.path().starts_with(&format!("/v2/{repository}/")),
            };
            let fits = generation == state.tokens.to_string()
                && (inside || request.path() == "/v2/")
                && (scope.ends_with("push") || !writes);
            let realm = format!("Bearer realm=\"http://127.0.0.1:{port}/token\",service=\"small\"");
            (!fits).then(|| error(401, "UNAUTHORIZED").header("WWW-Authenticate", realm))
        }
    }
}

fn tags(request: &Request, repository: &str, _: &str, state: &mut State) -> Answer {
    let mut tags: Vec<&String> = state
        .manifests
        .keys()
        .filter(|(name, tag)| name == repository && !tag.starts_with("sha256:"))
        .map(|(_, tag)| tag)
        .collect();
    if tags.is_empty() {
        return error(404, "NAME_UNKNOWN");
    }
    if let Some(last) = request.query("last") {
        tags.retain(|tag| **tag > last);
    }
    // Fewer than it is asked for, as registries may.
    let page = 400.min(request.query("n").map_or(400, |n| n.parse().unwrap()));
    let more = tags.len() > page;
    tags.truncate(page);
    let answer = Answer::new(200).body(format!("{{\"name\":\"{repository}\",\"tags\":{tags:?}}}"));
    match more {
        true => answer.header(
            "Link",
            format!(
                "</v2/{repository}/tags/list?n={page}&last={}>; rel=\"next\"",
                tags[page - 1]
            ),
        ),
        false => answer,
    }
}

fn catalog(request: &Request, state: &State) -> Answer {
    let page = match state.catalog {
        Catalog::Refused(status) => return error(status, "UNSUPPORTED"),
        Catalog::Pages(page) => page,
    };
    let names = state.manifests.keys().map(|(name, _)| name);
    let last = request.query("last").unwrap_or_default();
    let mut names: Vec<&String> = names.filter(|name| **name > last).collect();
    names.dedup();
    let more = names.len() > page;
    names.truncate(page);
    let answer = Answer::new(200).body(format!("{{\"repositories\":{names:?}}}"));
    match more {
        true => answer.header(
            "Link",
            format!(
                "</v2/_catalog?n={page}&last={}>; rel=\"next\"",
                names[page - 1]
            ),
        ),
        false => answer,
    }
}

fn manifests(request: &Request, repository: &str, tag: &str, state: &mut State) -> Answer {
    let key = (repository.to_owned(), tag.to_owned());
    if request.method == "PUT" {
        let digest = ContentDigest::of(&request.body).to_string();
        let by_digest = (repository.to_owned(), digest);
        state.manifests.insert(by_digest, request.body.clone());
        let last = state.overtaking.clone();
        let last = last.unwrap_or_else(|| request.body.clone());
        state.manifests.insert(key, last);
        return Answer::new(201);
    }
    match state.manifests.get(&key) {
        Some(manifest) => Answer::new(200)
            .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .header("Docker-Content-Digest", ContentDigest::of(manifest))
            .body(manifest.as_slice()),
        None => error(404, "MANIFEST_UNKNOWN"),
    }
}

fn blobs(request: &Request, repository: &str, digest: &str, state: &mut State) -> Answer {
    let Some(blob) = state.blobs.get(&(repository.to_owned(), digest.to_owned())) else {
        return error(404, "BLOB_UNKNOWN");
    };
    let range = request
        .header("range")
        .and_then(|range| range.strip_prefix("bytes="));
    match range.and_then(|range| range.strip_suffix('-')?.parse::<usize>().ok()) {
        Some(from) => Answer::new(206)
            .header(
                "Content-Range",
                format!("bytes {from}-{}/{}", blob.len() - 1, blob.len()),
            )
            .body(&blob[from..]),
        None => Answer::new(200).body(blob.as_slice()),
    }
}

fn uploads(request: &Request, repository: &str, id: &str, state: &mut State) -> Answer {
    let next = state.uploads.len();
    let place = |id: &str| format!("/v2/{repository}/blobs/uploads/{id}?state=x");
    if request.method == "POST" {
        let id = next.to_string();
        state.uploads.insert(id.clone(), Vec::new());
        return Answer::new(202).header("Location", place(&id));
    }
    let Some(upload) = state.uploads.get_mut(id) else {
        return error(404, "BLOB_UPLOAD_UNKNOWN");
    };
    let range = |upload: &Vec<u8>| format!("0-{}", upload.len().saturating_sub(1));
    if request.method == "GET" {
        return Answer::new(204)
            .header("Location", place(id))
            .header("Range", range(upload));
    }
    if let Some(part) = request.header("content-range") {
        let first: usize = part.split('-').next().unwrap().parse().unwrap();
        if first != upload.len() {
            return Answer::new(416)
                .header("Location", place(id))
                .header("Range", range(upload));
        }
    }
    upload.extend(&request.body);
    if request.method == "PATCH" {
        return Answer::new(202)
            .header("Location", place(id))
            .header("Range", range(upload));
    }
    let digest = ContentDigest::of(upload).to_string();
    if request.query("digest").as_deref() != Some(&digest) {
        return error(400, "DIGEST_INVALID");
    }
    let blob = state.uploads.remove(id).unwrap();
    // Removed ones keep their number.
    state.uploads.insert(format!("{id}-done"), Vec::new());
    state.blobs.insert((repository.to_owned(), digest), blob);
    Answer::new(201)
}

//! A server of archives for tests of `deps.toml`, and projects that use it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::http::{Answer, Request, read_request, send, serve};
use super::support::{Output, Project};

/// One entry of an archive: name, kind as in tar's header, content.
pub type Entry<'a> = (&'a [u8], u8, &'a str);

/// A gzipped tar archive of these entries, as they are, hostile or not.
pub fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::new(*kind));
        if matches!(kind, b'1' | b'2') {
            header.set_link_name(content).unwrap();
            header.set_size(0);
        } else {
            header.set_size(content.len() as u64);
        }
        header.set_cksum();
        packed.write_all(header.as_bytes()).unwrap();
        if !matches!(kind, b'1' | b'2') {
            let mut padded = content.as_bytes().to_vec();
            padded.resize(padded.len().next_multiple_of(512), 0);
            packed.write_all(&padded).unwrap();
        }
    }
    packed.write_all(&[0; 1024]).unwrap();
    packed.finish().unwrap()
}

/// An archive of files.
pub fn files(entries: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<Entry<'_>> = entries
        .iter()
        .map(|(name, content)| (name.as_bytes(), b'0', *content))
        .collect();
    archive(&entries)
}

#[derive(Default)]
struct State {
    answers: BTreeMap<String, Vec<u8>>,
    requests: Vec<Request>,
}

/// A server that gives what it was told to give.
#[derive(Clone)]
pub struct Server {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let port = serve(move |stream| {
            let Some(request) = read_request(&stream) else {
                return;
            };
            let mut state = shared.lock().unwrap();
            state.requests.push(request.clone());
            let none = || Answer::new(404).bytes(false);
            let answer = state.answers.get(request.path()).cloned();
            send(&stream, &answer.unwrap_or_else(none));
        });
        Server { port, state }
    }

    /// From now on this is at the path.
    pub fn put(&self, path: &str, archive: impl Into<Vec<u8>>) {
        self.answer(path, Answer::new(200).body(archive));
    }

    /// From now on this is answered.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.raw(path, answer.bytes(false));
    }

    /// From now on these bytes go over the wire.
    pub fn raw(&self, path: &str, bytes: Vec<u8>) {
        let mut state = self.state.lock().unwrap();
        state.answers.insert(path.to_owned(), bytes);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests since this was asked last.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    /// The paths of the requests since then, sorted.
    pub fn asked(&self) -> Vec<String> {
        let requests = self.requests();
        let mut paths: Vec<String> = requests.iter().map(|r| r.path().to_owned()).collect();
        paths.sort();
        paths
    }
}

/// A project with `wit/deps.toml`, a cache and a home of its own.
pub struct Deps {
    pub project: Project,
    pub server: Server,
}

impl Deps {
    pub fn new() -> Self {
        Deps {
            project: Project::empty(),
            server: Server::start(),
        }
    }

    /// Writes the manifest; `$` stands for the address of the server.
    pub fn manifest(&self, text: &str) -> &Self {
        let text = text.replace('$', &self.server.url(""));
        self.project.write("wit/deps.toml", text);
        self
    }

    /// `cargo component deps <line>`, which asks once.
    pub fn command(&self, line: &str) -> Command {
        let mut command = self.project.command(&format!("deps {line}"));
        command
            .env("CARGO_COMPONENT_CACHE_DIR", self.project.path("cache"))
            .env("HOME", self.project.path("home"))
            .env_remove("NETRC")
            .env("CARGO_NET_RETRY", "0");
        command
    }

    pub fn run(&self, line: &str) -> Output {
        self.project.run(self.command(line))
    }

    /// Every file below `wit` with its content, its time and whether it can be
    /// executed.
    pub fn snapshot(&self) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
        let mut found = BTreeMap::new();
        below(&self.project.path("wit"), "", &mut found);
        found
    }

    /// The same without times.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.snapshot().into_iter();
        files.map(|(path, (bytes, _))| (path, bytes)).collect()
    }
}

fn below(dir: &Path, name: &str, found: &mut BTreeMap<String, (Vec<u8>, std::time::SystemTime)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_string_lossy());
        let time = std::fs::symlink_metadata(&path)
            .unwrap()
            .modified()
            .unwrap();
        match path.is_dir() {
            true => {
                found.insert(format!("{name}/"), (Vec::new(), time));
                below(&path, &name, found);
            }
            false => {
                found.insert(name, (std::fs::read(&path).unwrap(), time));
            }
        }
    }
}

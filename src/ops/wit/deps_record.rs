//! The record of what `fetch` wrote into a `deps` folder, by which the next run
//! knows its own entries. It is in the cache, by the path of the folder; where it
//! is missing, the lock file says what would have been written.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::base::error::Result;
use crate::base::package::{ContentDigest, Digester};
use crate::model::lockfile::Lockfile;
use crate::model::wit::write::{folder, render_dependencies};
use crate::model::wit::{Entry, Origin, Request, Sources, TextFile, WasmFile, load_package};
use crate::system::context::Context;
use crate::system::fs;

/// The entries that `fetch` wrote into one folder: names with the digests of
/// their content.
pub(super) struct DepsRecord {
    file: PathBuf,
    known: BTreeMap<String, String>,
    locked: BTreeMap<String, Vec<ContentDigest>>,
}

impl DepsRecord {
    /// Reads the record of a folder; empty where there is none.
    pub fn of(ctx: &Context, deps: &Path) -> Self {
        let place = fs::canonical(fs::parent(deps)).unwrap_or_else(|_| deps.to_owned());
        let place = place.join(deps.file_name().unwrap_or_default());
        let key = ContentDigest::of(place.to_string_lossy().as_bytes());
        let file = ctx.cache().dir().join("fetched").join(key.hex());
        let text = match fs::is_regular(&file) {
            true => fs::read_text(&file).unwrap_or_default(),
            false => String::new(),
        };
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        let known = lines.map(|(digest, name)| (name.to_owned(), digest.to_owned()));
        DepsRecord {
            file,
            known: known.collect(),
            locked: BTreeMap::new(),
        }
    }

    /// Keeps other runs of the tool from the folder until it is dropped.
    pub fn lock(&self, ctx: &Context, deps: &Path) -> Option<fs::Lock> {
        fs::lock(&self.file.with_extension("lock"), || {
            let text = format!("waiting for another run on `{}`", ctx.display(deps));
            ctx.shell.status("Blocking", text);
        })
    }

    /// Adds the entries that `fetch` writes for a lock file, for packages in the
    /// cache.
    pub fn add_locked(&mut self, ctx: &Context, lock: &Lockfile) {
        for entry in lock.entries() {
            let Some(file) = ctx.cache().get(&entry.digest) else {
                continue;
            };
            let Ok(bytes) = fs::read(&file) else { continue };
            let path = PathBuf::from(entry.package.to_string());
            for (name, digest) in rendered(Entry::Wasm(WasmFile::new(path, bytes))) {
                self.locked.entry(name).or_default().push(digest);
            }
        }
    }

    /// The digest of an entry of the folder that is as `fetch` wrote it; `None` for
    /// others.
    pub fn own_digest(&self, entry: &Path) -> Option<ContentDigest> {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        let (known, locked) = (self.known.get(&*name), self.locked.get(&*name));
        if (known.is_none() && locked.is_none()) || fs::is_link(entry) {
            return None;
        }
        let digest = digest_below(entry).ok()?;
        let is_own = known.is_some_and(|known| *known == digest.to_string())
            || locked.is_some_and(|all| all.contains(&digest));
        is_own.then_some(digest)
    }

    /// Saves the entries that were written. A failure is ignored: the lock file
    /// leads to the same entries.
    pub fn save(self, now: &BTreeMap<String, ContentDigest>) {
        let lines = now
            .iter()
            .map(|(name, digest)| format!("{digest} {name}\n"));
        let text: String = lines.collect();
        let _ = fs::remove_irregular(&self.file)
            .and_then(|()| fs::write_if_changed(&self.file, text.as_bytes()));
    }
}

/// The entries for a package and everything in it, with their digests.
fn rendered(entry: Entry) -> Vec<(String, ContentDigest)> {
    let whole = match &entry {
        Entry::Wasm(file) => Some(digest_of([(Path::new(""), file.bytes.as_slice())])),
        Entry::Text { .. } => None,
    };
    let none = PathBuf::from("none.wit");
    // An empty main package, so that all others are its dependencies.
    let main = Entry::Text {
        path: none.clone(),
        files: vec![TextFile {
            path: none,
            text: "package cargo-component:none;".to_owned(),
        }],
    };
    let request = Request {
        fetched: vec![entry],
        ..Request::of(Sources {
            main,
            deps: Vec::new(),
        })
    };
    let Ok(package) = load_package(&request) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for one in render_dependencies(&package).unwrap_or_default() {
        let name = folder(&one.name);
        if let (Some(digest), Origin::Fetched) = (&whole, &one.origin) {
            all.push((format!("{name}.wasm"), digest.clone()));
        }
        let file = (Path::new("package.wit"), one.text.as_bytes());
        all.push((name, digest_of([file])));
    }
    all
}

/// The digest over files with their paths, with `/` between names, and sizes.
pub(super) fn digest_of<'f>(
    files: impl IntoIterator<Item = (&'f Path, &'f [u8])>,
) -> ContentDigest {
    let mut digester = Digester::default();
    for (path, bytes) in files {
        // Writing to it cannot fail.
        let path: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
        let _ = write!(digester, "{}\0{}\0", path.join("/"), bytes.len());
        let _ = digester.write_all(bytes);
    }
    digester.finish()
}

/// The digest, as of [`digest_of`], of a file or folder on disk.
pub(super) fn digest_below(path: &Path) -> Result<ContentDigest> {
    let mut files = Vec::new();
    for file in fs::files_below(path)? {
        let below = file.strip_prefix(path).unwrap_or(&file).to_owned();
        files.push((below, fs::read(&file)?));
    }
    let files = files.iter();
    Ok(digest_of(files.map(|(p, b)| (p.as_path(), b.as_slice()))))
}

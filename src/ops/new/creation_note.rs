//! The note that a crate is being created, so that a killed run can be repeated.
//! It is in the cache, by the directory of the crate.

use std::path::{Path, PathBuf};

use super::options::NewOptions;
use super::origin::CrateOrigin;
use crate::base::package::ContentDigest;
use crate::system::context::Context;
use crate::system::fs;

/// The note of one run, which is removed when this is dropped, so that only a
/// killed run leaves it.
pub(in crate::ops) struct CreationNote {
    file: Option<PathBuf>,
    /// The options that make two runs the same.
    fingerprint: String,
    found: Option<CrateOrigin>,
    _lock: Option<fs::Lock>,
}

impl CreationNote {
    /// Finds the note that a killed run with the same options left for the
    /// directory.
    pub fn find(ctx: &Context, verb: &str, options: &NewOptions) -> Self {
        let dir = ctx.absolute(&options.path);
        let parent = fs::canonical(fs::parent(&dir)).unwrap_or_default();
        let place = parent.join(dir.file_name().unwrap_or_default());
        let (kind, target) = (&options.kind, &options.target);
        let (name, edition, http) = (&options.name, &options.edition, &options.http);
        let fingerprint = format!(
            "{verb} {kind:?} {target:?} {name:?} {edition:?} {http:?} {:?}\n",
            options.namespace
        );
        let mut note = CreationNote {
            file: None,
            fingerprint,
            found: None,
            _lock: None,
        };
        if ctx.packages.cache.as_os_str().is_empty() {
            return note;
        }
        let notes = ctx.cache().dir().join("begun");
        let name = ContentDigest::of(place.as_os_str().as_encoded_bytes());
        let file = notes.join(name.hex());
        // Without a note the run only cannot be repeated.
        let Ok(Some(lock)) = fs::lock_if_free(&file.with_extension("lock")) else {
            return note;
        };
        let text = fs::read_text_if_exists(&file).ok().flatten();
        note.found = text.and_then(|text| match text.strip_prefix(&note.fingerprint)? {
            "fresh" => Some(CrateOrigin::Fresh),
            "users" => Some(CrateOrigin::Users),
            _ => None,
        });
        note.file = Some(file);
        note._lock = Some(lock);
        note
    }

    /// The state in which the killed run found the crate; `None` without such a
    /// run.
    pub fn found(&self) -> Option<CrateOrigin> {
        self.found
    }

    /// Writes the note that the crate is being created.
    pub fn write(&self, origin: CrateOrigin) {
        if let Some(file) = &self.file {
            let origin = match origin {
                CrateOrigin::Fresh | CrateOrigin::Resumed => "fresh",
                CrateOrigin::Users => "users",
            };
            let _ = fs::write_atomic(file, format!("{}{origin}", self.fingerprint).as_bytes());
        }
    }
}

impl Drop for CreationNote {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = fs::remove_file(file);
            let _ = fs::remove_file(&file.with_extension("lock"));
            fs::remove_empty_dir(fs::parent(file));
        }
    }
}

/// The source that `cargo new` generates for a library.
const LIBRARY: &str = "pub fn add(left: u64, right: u64) -> u64 {
    left + right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works() {
        let result = add(2, 2);
        assert_eq!(result, 4);
    }
}
";

/// The source that `cargo new` generates for a program.
const PROGRAM: &str = "fn main() {\n    println!(\"Hello, world!\");\n}\n";

/// Whether a source is as cargo or this tool generated it.
pub(super) fn is_generated(path: &Path) -> bool {
    use crate::model::wit::http_service::HttpVersion;
    use crate::model::wit::template;
    let text = fs::read_text_if_exists(path).ok().flatten();
    let text = text.unwrap_or_default();
    let all = [LIBRARY, PROGRAM, template::LIBRARY, template::COMMAND];
    let mut services = HttpVersion::ALL.into_iter().map(HttpVersion::source);
    text.trim().is_empty() || all.contains(&&*text) || services.any(|service| service == text)
}

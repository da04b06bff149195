//! The note that a crate is being made, so that a run that was killed can be
//! repeated: it is in the cache, by the directory of the crate.

use std::path::{Path, PathBuf};

use super::{NewOptions, Origin};
use crate::base::package::ContentDigest;
use crate::system::context::Context;
use crate::system::fs;

/// The note, which goes with this, however that ends but by a kill.
pub(in crate::ops) struct Begun {
    file: Option<PathBuf>,
    words: String,
    found: Option<Origin>,
    _lock: Option<fs::Lock>,
}

impl Begun {
    /// Finds what a killed run noted of the directory, where it was asked for
    /// the same.
    pub fn find(ctx: &Context, verb: &str, options: &NewOptions) -> Self {
        let dir = ctx.absolute(&options.path);
        let parent = fs::canonical(fs::parent(&dir)).unwrap_or_default();
        let place = parent.join(dir.file_name().unwrap_or_default());
        let (kind, target) = (&options.kind, &options.target);
        let (name, edition) = (&options.name, &options.edition);
        let words = format!(
            "{verb} {kind:?} {target:?} {name:?} {edition:?} {:?}\n",
            options.namespace
        );
        let mut begun = Begun {
            file: None,
            words,
            found: None,
            _lock: None,
        };
        if ctx.packages.cache.as_os_str().is_empty() {
            return begun;
        }
        let notes = ctx.cache().dir().join("begun");
        let name = ContentDigest::of(place.as_os_str().as_encoded_bytes());
        let file = notes.join(name.hex());
        // Without a note it only cannot be repeated.
        let Ok(Some(lock)) = fs::lock_if_free(&file.with_extension("lock")) else {
            return begun;
        };
        let text = fs::read_text_if_exists(&file).ok().flatten();
        begun.found = text.and_then(|text| match text.strip_prefix(&begun.words)? {
            "fresh" => Some(Origin::Fresh),
            "users" => Some(Origin::Users),
            _ => None,
        });
        begun.file = Some(file);
        begun._lock = Some(lock);
        begun
    }

    /// What the killed run found in the directory; `None` where there was none.
    pub fn found(&self) -> Option<Origin> {
        self.found
    }

    /// Notes that a crate is made from now on.
    pub fn note(&self, origin: Origin) {
        if let Some(file) = &self.file {
            let origin = match origin {
                Origin::Fresh | Origin::Resumed => "fresh",
                Origin::Users => "users",
            };
            let _ = fs::write_atomic(file, format!("{}{origin}", self.words).as_bytes());
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = fs::remove_file(file);
            let _ = fs::remove_file(&file.with_extension("lock"));
            fs::remove_empty_dir(fs::parent(file));
        }
    }
}

/// What `cargo new` makes of a library.
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

/// What `cargo new` makes of a program.
const PROGRAM: &str = "fn main() {\n    println!(\"Hello, world!\");\n}\n";

/// Whether cargo or this tool wrote a source, and nobody changed it since.
pub(super) fn is_generated(path: &Path) -> bool {
    use crate::model::wit::template;
    let text = fs::read_text_if_exists(path).ok().flatten();
    let text = text.unwrap_or_default();
    let all = [LIBRARY, PROGRAM, template::LIBRARY, template::COMMAND];
    text.trim().is_empty() || all.contains(&&*text)
}

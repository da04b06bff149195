//! Which files of an archive or repository become which files of `wit/deps`:
//! those that `wit-deps` 0.6 would take, unless they are refused as unsafe.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::error::{Error, Result};
use crate::model::lockfile::tree::{WitDirectory, WitFile, is_wit};
use crate::model::manifest::deps::{Within, invalid_dir_name};

/// How many files are taken.
const MOST_FILES: usize = 10_000;
/// How many bytes of them.
pub const MOST_BYTES: usize = 64 << 20;

/// The files that one entry of a manifest brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files of its own directory.
    pub own: WitDirectory,
    /// The files of the directories that come with it, by name.
    pub deps: BTreeMap<String, WitDirectory>,
}

/// The place of a file below `wit/deps`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    /// The directory that came with the entry; none for the entry's own.
    pub dep: Option<String>,
    /// The name of the file.
    pub name: String,
}

/// The type of an entry of an archive or repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file with content.
    File,
    /// Something else, with its name for messages.
    Other(&'static str),
}

/// The files that are extracted, and the rules for them.
pub struct Extraction<'a> {
    within: &'a Within,
    /// Directories that the manifest has entries for: nothing brings them.
    pinned: &'a BTreeSet<String>,
    tree: Tree,
    /// Directories and files in lower case, with the names they had.
    offered: BTreeMap<(Option<String>, String), (Destination, String)>,
    /// Directories in lower case, as they were written.
    dirs: BTreeMap<String, String>,
    bytes: usize,
}

impl<'a> Extraction<'a> {
    /// An extraction that has no files yet.
    pub fn new(within: &'a Within, pinned: &'a BTreeSet<String>) -> Self {
        Extraction {
            within,
            pinned,
            tree: Tree::default(),
            offered: BTreeMap::new(),
            dirs: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// The destination of an entry of this name, if it is extracted. An entry
    /// that would be extracted, but must not be, is an error that names it.
    pub fn destination(&mut self, path: &[u8], kind: EntryKind) -> Result<Option<Destination>> {
        let display = String::from_utf8_lossy(path).into_owned();
        let Some((dep, name)) = self.parse_path(&display) else {
            return Ok(None);
        };
        let refused = |why: &str| {
            Error::input(format!("the entry `{}` is refused", display.escape_debug()))
                .with_cause(why)
                .hint("ask the author of the archive; `prefix` selects another directory of it")
        };
        if dep.is_some_and(|dep| self.pinned.contains(dep)) {
            return Ok(None);
        }
        if std::str::from_utf8(path).is_err() {
            return Err(refused("its name is not UTF-8"));
        }
        let parts = display.split('/');
        if display.starts_with('/') {
            return Err(refused("its name is absolute"));
        }
        if parts.clone().any(|part| part == "..") {
            return Err(refused("its name contains `..`"));
        }
        if let Some(why) = dep
            .and_then(invalid_dir_name)
            .or_else(|| invalid_dir_name(name))
        {
            return Err(refused(why));
        }
        if let EntryKind::Other(what) = kind {
            return Err(refused(&format!("it is {what}")));
        }
        let destination = Destination {
            dep: dep.map(str::to_owned),
            name: name.to_owned(),
        };
        if let Some(dep) = dep {
            let written = self.dirs.entry(dep.to_lowercase());
            let written = written.or_insert_with(|| dep.to_owned());
            if written != dep {
                let why = format!("`{written}` and `{dep}` are the same directory on some systems");
                return Err(refused(&why));
            }
        }
        let key = (destination.dep.clone(), name.to_lowercase());
        if let Some((other, path)) = self.offered.get(&key) {
            let why = match *other == destination {
                true => format!("`{}` is the same file", path.escape_debug()),
                false => format!("`{}` is the same file on some systems", path.escape_debug()),
            };
            return Err(refused(&why));
        }
        if self.offered.len() == MOST_FILES {
            return Err(refused(&format!("there are more than {MOST_FILES} files")));
        }
        self.offered
            .insert(key, (destination.clone(), display.clone()));
        Ok(Some(destination))
    }

    /// Whether something in this directory, or further down, may be extracted.
    pub fn may_contain(&self, dir: &[u8]) -> bool {
        let display = String::from_utf8_lossy(dir);
        let parts = parts(&display);
        // The directory to look in, or the way to it.
        let (parts, base) = match self.within {
            Within::Anywhere => (parts.as_slice(), Vec::new()),
            Within::Prefix(prefix) => (parts.as_slice(), directory_parts(prefix)),
            Within::Subdir(subdir) => match parts.split_first() {
                Some((_, parts)) => (parts, directory_parts(subdir)),
                None => return true,
            },
        };
        let Some((top, rest)) = parts.split_at_checked(base.len()) else {
            return base.starts_with(parts);
        };
        let shape = match (self.within, rest) {
            (_, [] | ["deps"] | ["deps", _]) => true,
            (Within::Subdir(_), _) => false,
            (_, [_] | [_, "wit"]) => true,
            (_, ["wit", "deps"] | ["wit", "deps", _]) => true,
            (_, [_, "wit", "deps"] | [_, "wit", "deps", _]) => true,
            _ => false,
        };
        top == base && shape
    }

    /// How many more bytes may be inserted.
    pub fn remaining_bytes(&self) -> usize {
        MOST_BYTES - self.bytes
    }

    /// Inserts a file at its destination.
    pub fn insert(&mut self, destination: Destination, file: WitFile) -> Result<()> {
        if file.bytes.len() > self.remaining_bytes() {
            return Err(too_much(&format!("`{}`", destination.name.escape_debug())));
        }
        self.bytes += file.bytes.len();
        let dir = match destination.dep {
            Some(dep) => self.tree.deps.entry(dep).or_default(),
            None => &mut self.tree.own,
        };
        dir.insert(destination.name, file);
        Ok(())
    }

    /// The extracted files; `source` names the archive or commit in the error
    /// where there are none.
    pub fn finish(self, source: &str) -> Result<Tree> {
        if !self.offered.is_empty() {
            return Ok(self.tree);
        }
        let (what, hint) = match self.within {
            Within::Anywhere => (
                "at its top, in `wit`, or in `wit` of a top-level directory".to_owned(),
                "set the directory with `prefix`, including the archive's top directory: `prefix = \"name-1.0/wit\"`",
            ),
            Within::Prefix(prefix) => (
                format!("below `{prefix}`"),
                "correct `prefix`, which includes the archive's top directory: `name-1.0/wit`",
            ),
            Within::Subdir(subdir) => (
                format!("in `{subdir}` of its top-level directories"),
                "correct `subdir`, or set the whole path with `prefix`",
            ),
        };
        Err(Error::input(format!("{source} has no WIT {what}")).hint(hint))
    }

    /// The directory and the name of a path that has the shape of one that is
    /// extracted.
    fn parse_path<'p>(&self, path: &'p str) -> Option<(Option<&'p str>, &'p str)> {
        let parts = parts(path);
        let parts = match self.within {
            Within::Anywhere => parts.as_slice(),
            Within::Prefix(prefix) => below(&parts, prefix)?,
            Within::Subdir(subdir) => below(parts.get(1..)?, subdir)?,
        };
        let (dep, name) = match (self.within, parts) {
            (_, [name]) => (None, *name),
            (Within::Subdir(_), ["deps", dep, name]) => (Some(*dep), *name),
            (Within::Subdir(_), _) => return None,
            (_, ["wit", name] | [_, "wit", name]) => (None, *name),
            (_, ["deps", dep, name]) => (Some(*dep), *name),
            (_, ["wit", "deps", dep, name] | [_, "wit", "deps", dep, name]) => (Some(*dep), *name),
            _ => return None,
        };
        is_wit(name).then_some((dep, name))
    }
}

/// The error where there is more than may be extracted.
pub fn too_much(what: &str) -> Error {
    let most = MOST_BYTES >> 20;
    Error::input(format!(
        "{what} is refused: its WIT is larger than {most} MiB"
    ))
    .hint("ask the author of the archive; `prefix` selects another directory of it")
}

/// The parts of a path, as in paths of the file system: an empty part and a `.`
/// that is not the first say nothing, and the root is a part.
fn parts(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for (at, part) in path.split('/').enumerate() {
        match part {
            "" if at == 0 && path.starts_with('/') => parts.push("/"),
            "" => {}
            "." if at > 0 => {}
            part => parts.push(part),
        }
    }
    parts
}

/// The parts below a directory.
fn below<'s, 'p>(parts: &'s [&'p str], dir: &str) -> Option<&'s [&'p str]> {
    let dir = directory_parts(dir);
    let (top, rest) = parts.split_at_checked(dir.len())?;
    (top == dir).then_some(rest)
}

/// The parts of a directory of the manifest.
fn directory_parts(dir: &str) -> Vec<&str> {
    let mut dir: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    let mut at = 0;
    dir.retain(|part| {
        at += 1;
        at == 1 || *part != "."
    });
    if dir == ["."] {
        dir.clear();
    }
    dir
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(within: &Within, pinned: &[&str], path: &str) -> Result<Option<String>> {
        let pinned = pinned.iter().map(|id| (*id).to_owned()).collect();
        let destination =
            Extraction::new(within, &pinned).destination(path.as_bytes(), EntryKind::File)?;
        Ok(destination.map(|destination| match destination.dep {
            Some(dep) => format!("{dep}/{}", destination.name),
            None => destination.name,
        }))
    }

    /// Whether a file is found by going down.
    fn all_lead(within: &Within, path: &str) -> bool {
        let pinned = BTreeSet::new();
        let extraction = Extraction::new(within, &pinned);
        let mut parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        extraction.may_contain(b"")
            && parents.all(|parent| extraction.may_contain(parent.as_bytes()))
    }

    #[test]
    fn directories_that_cannot_lead_to_wit_are_passed_over() {
        let anywhere = Within::Anywhere;
        for path in ["a/b/x", "wit/sub/x", "deps/d/e/x", "a/wit/deps/d/e/x"] {
            assert!(!all_lead(&anywhere, path), "{path}");
        }
        let within = Within::Prefix("a-1/wit".to_owned());
        assert!(all_lead(&within, "a-1/wit/deps/d/x.wit"));
        assert!(all_lead(&within, "a-1/wit/wit/x.wit"));
        assert!(!all_lead(&within, "a-2/x") && !all_lead(&within, "a-1/wit-2/x"));
        let within = Within::Subdir("b/c".to_owned());
        assert!(all_lead(&within, "any/b/c/deps/d/x.wit"));
        assert!(!all_lead(&within, "any/b/c/wit/x.wit") && !all_lead(&within, "any/c/x"));
    }

    #[test]
    fn the_shapes_are_those_of_wit_deps() {
        let anywhere = Within::Anywhere;
        for (path, goes) in [
            ("X.wit", "X.wit"),
            ("wit/x.WIT", "x.WIT"),
            ("any/wit/x.wit", "x.wit"),
            ("./wit/x.wit", "x.wit"),
            ("deps/wit/x.wit", "x.wit"),
            ("any//wit/./x.wit", "x.wit"),
            ("deps/d/x.wit", "d/x.wit"),
            ("wit/deps/d/x.wit", "d/x.wit"),
            ("any/wit/deps/d/x.wit", "d/x.wit"),
        ] {
            let destination = offered(&anywhere, &[], path).unwrap();
            assert_eq!(destination.as_deref(), Some(goes), "{path}");
            assert!(all_lead(&anywhere, path), "{path}");
        }
        for path in [
            "any/x.wit",
            "./x.wit",
            "a/b/wit/x.wit",
            "wit/sub/x.wit",
            "wit/x.md",
            "wit/deps/x.wit",
            "wit/deps/d/e/x.wit",
            "a/../../x.wit",
            "/x.wit",
            "",
        ] {
            assert_eq!(offered(&anywhere, &[], path).unwrap(), None, "{path}");
        }
        assert_eq!(
            offered(&anywhere, &["d"], "wit/deps/d/x.wit").unwrap(),
            None
        );
        // Entries that are not extracted are not checked either.
        assert_eq!(
            offered(&anywhere, &[".."], "wit/deps/../x.wit").unwrap(),
            None
        );
    }

    #[test]
    fn a_prefix_goes_part_by_part() {
        let within = Within::Prefix("a-1/wit/".to_owned());
        let destination = |path| offered(&within, &[], path).unwrap();
        assert_eq!(destination("a-1/wit/x.wit").as_deref(), Some("x.wit"));
        assert_eq!(
            destination("a-1/wit/deps/d/x.wit").as_deref(),
            Some("d/x.wit")
        );
        assert_eq!(destination("a-1/wit/wit/x.wit").as_deref(), Some("x.wit"));
        assert_eq!(destination("a-1/wit-2/x.wit"), None);
        assert_eq!(destination("./a-1/wit/x.wit"), None);
        assert_eq!(destination("wit/x.wit"), None);
    }

    #[test]
    fn a_subdir_is_below_whatever_is_at_the_top() {
        let within = Within::Subdir("proposals/x".to_owned());
        let destination = |path| offered(&within, &[], path).unwrap();
        assert_eq!(
            destination("any/proposals/x/a.wit").as_deref(),
            Some("a.wit")
        );
        assert_eq!(
            destination("any/proposals/x/deps/d/a.wit").as_deref(),
            Some("d/a.wit")
        );
        assert_eq!(destination("any/proposals/x/wit/a.wit"), None);
        assert_eq!(destination("proposals/x/a.wit"), None);
        let top = Within::Subdir(String::new());
        let destination = offered(&top, &[], "any/a.wit").unwrap();
        assert_eq!(destination.as_deref(), Some("a.wit"));
    }

    #[test]
    fn a_hostile_path_that_would_be_extracted_is_named() {
        let anywhere = Within::Anywhere;
        for (path, why) in [
            ("wit/deps/../evil.wit", "contains `..`"),
            ("../wit/x.wit", "contains `..`"),
            ("/wit/x.wit", "is absolute"),
            ("/wit/deps/d/x.wit", "is absolute"),
            ("deps/a:b/x.wit", "separate directories"),
            ("wit/a\\..\\x.wit", "separate directories"),
            ("wit/a\u{7}.wit", "control character"),
        ] {
            let error = offered(&anywhere, &[], path).unwrap_err();
            assert!(error.to_string().contains(why), "{path}: {error}");
            assert!(error.message().contains(&path.escape_debug().to_string()));
            assert!(error.advice().is_some());
        }
        let pinned = BTreeSet::new();
        let mut extraction = Extraction::new(&anywhere, &pinned);
        let error = extraction
            .destination(b"wit/\xff.wit", EntryKind::File)
            .unwrap_err();
        assert!(error.to_string().contains("not UTF-8"), "{error}");
        let link = extraction.destination(b"wit/s.wit", EntryKind::Other("a link"));
        assert!(link.unwrap_err().to_string().contains("it is a link"));
        assert_eq!(
            extraction
                .destination(b"wit/s", EntryKind::Other("a link"))
                .unwrap(),
            None
        );
    }

    #[test]
    fn two_entries_with_one_destination_are_refused() {
        let (anywhere, pinned) = (Within::Anywhere, BTreeSet::new());
        for (first, second, why) in [
            ("wit/x.wit", "wit/x.wit", "`wit/x.wit` is the same file"),
            ("x.wit", "wit/x.wit", "`x.wit` is the same file"),
            ("wit/x.wit", "wit/X.wit", "on some systems"),
            ("deps/d/x.wit", "deps/D/y.wit", "the same directory on some"),
        ] {
            let mut extraction = Extraction::new(&anywhere, &pinned);
            extraction
                .destination(first.as_bytes(), EntryKind::File)
                .unwrap();
            let error = extraction
                .destination(second.as_bytes(), EntryKind::File)
                .unwrap_err();
            assert!(error.to_string().contains(why), "{second}: {error}");
        }
    }

    #[test]
    fn the_number_of_files_and_bytes_is_limited() {
        let (anywhere, pinned) = (Within::Anywhere, BTreeSet::new());
        let mut extraction = Extraction::new(&anywhere, &pinned);
        for at in 0..MOST_FILES {
            let path = format!("wit/{at}.wit");
            extraction
                .destination(path.as_bytes(), EntryKind::File)
                .unwrap();
        }
        let error = extraction
            .destination(b"wit/x.wit", EntryKind::File)
            .unwrap_err();
        assert!(error.to_string().contains("more than"), "{error}");
        let mut extraction = Extraction::new(&anywhere, &pinned);
        let destination = extraction
            .destination(b"wit/x.wit", EntryKind::File)
            .unwrap()
            .unwrap();
        let file = WitFile::new(vec![0; MOST_BYTES + 1]);
        assert!(extraction.insert(destination, file).is_err());
    }

    #[test]
    fn an_error_says_where_no_wit_was_found() {
        let pinned = BTreeSet::new();
        for (within, text) in [
            (Within::Anywhere, "at its top"),
            (Within::Prefix("p".to_owned()), "below `p`"),
            (Within::Subdir("s".to_owned()), "in `s`"),
        ] {
            let error = Extraction::new(&within, &pinned)
                .finish("the archive")
                .unwrap_err();
            assert!(error.message().contains(text), "{error}");
            assert!(error.advice().is_some());
        }
    }
}

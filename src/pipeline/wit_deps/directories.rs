//! The directories below `wit/deps`: read, and replaced together.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::lockfile::tree::{WitDirectory, WitFile, is_wit};
use crate::system::fs;
use crate::system::fs::Change;

/// The WIT files of a directory; `None` where the directory does not exist.
pub fn read(dir: &Path) -> Result<Option<WitDirectory>> {
    if !fs::is_dir(dir) {
        return Ok(None);
    }
    let mut files = WitDirectory::new();
    for path in fs::list(dir)? {
        if let Some(name) = wit_name(&path) {
            let file = WitFile {
                executable: fs::is_executable(&path),
                bytes: fs::read(&path)?,
            };
            files.insert(name.to_owned(), file);
        }
    }
    Ok(Some(files))
}

/// The name of a file, if it is a WIT file.
fn wit_name(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    (is_wit(name) && !fs::is_dir(path)).then_some(name)
}

/// Whether a directory holds nothing but WIT files, which the lock file covers.
pub fn is_ours_alone(dir: &Path) -> Result<bool> {
    let ours = |path: &PathBuf| wit_name(path).is_some() && !fs::is_link(path);
    Ok(!fs::is_link(dir) && fs::list(dir)?.iter().all(ours))
}

/// Adds to a change that directories of `deps` are written and removed.
///
/// Files of an old directory that are no WIT are copied to the new one.
pub fn replace(
    change: &mut Change,
    deps: &Path,
    write: &[(&str, &WitDirectory)],
    remove: &[&str],
) -> Result<()> {
    if write.is_empty() && remove.is_empty() {
        return Ok(());
    }
    fs::create_dir(deps)?;
    let deps = &fs::canonical(deps)?;
    // Comes first, so that new directories are made beside `deps`, not in it.
    change.stage_beside(deps)?;
    for (id, dir) in write {
        let at = deps.join(id);
        if fs::is_link(&at) || (fs::exists(&at) && !fs::is_dir(&at)) {
            let what = if fs::is_link(&at) { "a link" } else { "a file" };
            let message = format!("`{}` is {what}, which cannot be replaced", at.display());
            return Err(Error::input(message).hint("remove it, or rename the entry"));
        }
        let new = change.replace_dir(&at)?;
        if fs::exists(&at) {
            for stray in fs::list(&at)? {
                if let (None, Some(name)) = (wit_name(&stray), stray.file_name()) {
                    fs::copy_all(&stray, &new.join(name))?;
                }
            }
        }
        for (name, file) in *dir {
            fs::write_new(&new.join(name), &file.bytes, file.executable)?;
        }
    }
    for id in remove {
        change.remove_dir(&deps.join(id))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(text: &str) -> WitDirectory {
        [("a.wit".to_owned(), WitFile::new(text))].into()
    }

    #[test]
    fn directories_are_replaced_together_or_not_at_all() {
        let temporary = tempfile::tempdir().unwrap();
        let deps = temporary.path().join("deps");
        let write = |path: &str, text: &str| {
            fs::write_atomic(&deps.join(path), text.as_bytes()).unwrap();
        };
        write("one/a.wit", "old");
        write("one/notes/n.md", "mine");
        write("gone/a.wit", "gone");
        write("mine/a.wit", "mine");
        let text = |path: &str| fs::read_text_if_exists(&deps.join(path)).unwrap();
        let new = dir("new");
        let put: &[(&str, &WitDirectory)] = &[("one", &new), ("two", &new)];
        let lock = temporary.path().join("lock");
        let replaced = |put, remove, old| {
            let mut change = Change::new();
            replace(&mut change, &deps, put, remove)?;
            change.write_text(&lock, old, "new");
            change.commit()
        };
        // The lock file is not what it was.
        assert!(replaced(put, &["gone"], Some("old")).is_err());
        assert_eq!(text("one/a.wit").as_deref(), Some("old"));
        assert_eq!(text("one/notes/n.md").as_deref(), Some("mine"));
        assert_eq!(text("gone/a.wit").as_deref(), Some("gone"));
        assert_eq!(text("two/a.wit"), None);
        // One in the middle that cannot be replaced.
        write("two", "a file");
        let error = replaced(put, &[], None).unwrap_err();
        assert!(error.message().contains("cannot be replaced"), "{error}");
        assert_eq!(text("one/a.wit").as_deref(), Some("old"));
        fs::remove_file(&deps.join("two")).unwrap();

        replaced(put, &["gone"], None).unwrap();
        assert_eq!(fs::read_text(&lock).unwrap(), "new");
        assert_eq!(text("one/a.wit").as_deref(), Some("new"));
        assert_eq!(text("one/notes/n.md").as_deref(), Some("mine"));
        assert_eq!(text("two/a.wit").as_deref(), Some("new"));
        assert_eq!(text("gone/a.wit"), None);
        assert_eq!(text("mine/a.wit").as_deref(), Some("mine"));
        // Nothing is left beside it.
        assert_eq!(fs::list(temporary.path()).unwrap(), [deps, lock]);
    }

    #[test]
    fn what_is_not_wit_is_not_ours() {
        let temporary = tempfile::tempdir().unwrap();
        let at = |name: &str| temporary.path().join(name);
        fs::write_atomic(&at("a.wit"), b"x").unwrap();
        assert!(is_ours_alone(temporary.path()).unwrap());
        fs::write_atomic(&at("sub.wit/x.md"), b"x").unwrap();
        assert!(!is_ours_alone(temporary.path()).unwrap());
        assert_eq!(read(temporary.path()).unwrap().unwrap().len(), 1);
        assert_eq!(read(&at("none")).unwrap(), None);
    }
}

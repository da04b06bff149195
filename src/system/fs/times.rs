//! Modification times, for those who compare them.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The modification time of a file or directory; `None` where there is none.
pub fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

/// Gives whatever is newer than `time`, of `path` and all that is below it, that
/// time instead. Links are left alone, and so is what does not allow it: the time
/// spares a build, nothing depends on it.
pub fn make_no_newer(path: &Path, time: SystemTime) {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return;
    };
    if meta.is_symlink() {
        return;
    }
    if meta.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            make_no_newer(&entry.path(), time);
        }
    }
    if meta.modified().is_ok_and(|modified| modified > time) {
        let _ = fs::File::open(path).and_then(|file| file.set_modified(time));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_what_is_newer_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("sub/new"), b"").unwrap();
        fs::write(at("old"), b"").unwrap();
        let now = modified(&at("sub/new")).unwrap();
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86400));
        let old = fs::File::open(at("old")).unwrap();
        old.set_modified(now - day).unwrap();
        make_no_newer(dir.path(), now - hour);
        assert_eq!(modified(&at("old")), Some(now - day));
        for newer in ["sub/new", "sub", ""] {
            assert_eq!(modified(&at(newer)), Some(now - hour), "{newer}");
        }
    }
}

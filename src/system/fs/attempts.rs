//! More attempts at a step that Windows refuses while another program has the file open.

use std::io;
use std::path::Path;
use std::time::Duration;

/// The pause after which no further attempt is made; each is twice as long as the one before.
const LONGEST: Duration = Duration::from_millis(500);

/// Takes a step that replaces or moves a file. On Windows it is refused while anybody reads the
/// file, such as another run or a program that looks for viruses: it is taken again for up to
/// a second.
pub(super) fn repeat_if_in_use<T>(mut step: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut pause = Duration::from_millis(1);
    loop {
        match step() {
            Err(e) if is_in_use(&e) && pause < LONGEST => {
                std::thread::sleep(pause);
                pause *= 2;
            }
            ended => return ended,
        }
    }
}

fn is_in_use(error: &io::Error) -> bool {
    cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied
}

/// Gives a file or directory another name; a file that had that name is removed.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    repeat_if_in_use(|| std::fs::rename(from, to))
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_once_its_reader_has_ended() {
        let dir = tempfile::tempdir().unwrap();
        let [old, new] = ["old", "new"].map(|name| dir.path().join(name));
        std::fs::write(&old, "old").unwrap();
        std::fs::write(&new, "new").unwrap();
        let mut reader = Some(std::fs::File::open(&old).unwrap());
        repeat_if_in_use(|| {
            let renamed = std::fs::rename(&new, &old);
            reader = None;
            renamed
        })
        .unwrap();
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "new");
    }
}

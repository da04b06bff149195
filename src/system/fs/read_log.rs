//! How often files were read, for tests that say how often they may be.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

thread_local! {
    static READS: RefCell<BTreeMap<PathBuf, usize>> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts one read of a file by this thread.
pub(super) fn note_read(path: &Path) {
    READS.with_borrow_mut(|reads| *reads.entry(path.to_owned()).or_default() += 1);
}

/// The reads of this thread since this was last called, by path.
pub fn take_reads() -> BTreeMap<PathBuf, usize> {
    READS.take()
}

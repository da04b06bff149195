//! The files of the components that are linked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::base::error::Result;
use crate::model::component::names;
use crate::model::component::names::Name;
use crate::system::fs;

/// The files of the components that are linked. What several steps read of a file is
/// its names; the last one takes the bytes.
#[derive(Debug, Default)]
pub(crate) struct ComponentFiles {
    /// The bytes by path, where they are kept.
    kept: Option<RefCell<HashMap<PathBuf, Rc<Vec<u8>>>>>,
}

impl ComponentFiles {
    /// Keeps the bytes of files until they are taken, so that each is read once: for
    /// a command that builds none of them and links all of them.
    pub fn kept() -> Self {
        ComponentFiles {
            kept: Some(RefCell::default()),
        }
    }

    /// The bytes of a file, which may be needed again.
    pub fn read(&self, file: &Path) -> Result<Rc<Vec<u8>>> {
        let Some(kept) = &self.kept else {
            return fs::read(file).map(Rc::new);
        };
        if let Some(bytes) = kept.borrow().get(file) {
            return Ok(bytes.clone());
        }
        let bytes = Rc::new(fs::read(file)?);
        kept.borrow_mut().insert(file.to_owned(), bytes.clone());
        Ok(bytes)
    }

    /// The names at the root that a component imports.
    pub fn imports(&self, file: &Path) -> Result<Vec<Name>> {
        names::imports(&self.read(file)?)
    }

    /// The names at the root that a component exports.
    pub fn exports(&self, file: &Path) -> Result<Vec<Name>> {
        names::exports(&self.read(file)?)
    }

    /// The bytes of a file, which are not kept any longer.
    pub fn take(&self, file: &Path) -> Result<Vec<u8>> {
        let kept = self.kept.as_ref();
        let kept = kept.and_then(|kept| kept.borrow_mut().remove(file));
        match kept {
            Some(bytes) => Ok(Rc::unwrap_or_clone(bytes)),
            None => fs::read(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_is_read_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.wasm");
        let text = "(component (import \"a\" (instance)) (export \"b\" (instance 0)))";
        let bytes = wat::parse_str(text).unwrap();
        fs::write_atomic(&file, &bytes).unwrap();
        let reads = |files: &ComponentFiles| {
            fs::take_reads();
            assert_eq!(files.imports(&file).unwrap(), [Name::plain("a")]);
            assert_eq!(files.exports(&file).unwrap(), [Name::plain("b")]);
            assert_eq!(files.take(&file).unwrap(), bytes);
            fs::take_reads()[&file]
        };
        let kept = ComponentFiles::kept();
        assert_eq!(reads(&kept), 1);
        // It is not kept any longer.
        assert_eq!(reads(&kept), 1);
        assert_eq!(reads(&ComponentFiles::default()), 3);
    }
}

//! The one door to the file system.
//!
//! Every error names its path. Writes that matter go to a temporary file
//! beside the destination, which a rename then replaces.

mod attempts;
#[cfg(feature = "lock")]
mod change;
mod destination;
mod directory;
#[cfg(feature = "lock")]
mod directory_lock;
#[cfg(feature = "lock")]
mod file;
#[cfg(feature = "lock")]
mod journal;
mod lock;
mod path;
mod read;
#[cfg(test)]
mod read_log;
#[cfg(feature = "lock")]
mod recovery;
mod reserved_names;
#[cfg(feature = "lock")]
mod state;
mod temporary;
#[cfg(feature = "lock")]
mod times;
mod write;

#[cfg(feature = "lock")]
pub use change::{Change, retry_if_changed};
#[cfg(feature = "cli")]
pub use destination::is_printed_to;
pub use destination::is_special;
#[cfg(feature = "lock")]
pub use destination::{is_regular, remove_irregular};
pub use directory::{create_dir, list};
#[cfg(feature = "cli")]
pub use directory::{create_private_dir, files_below, remove_all, remove_empty_dir};
#[cfg(feature = "lock")]
pub use directory_lock::{DirectoryLocks, lock_directories_of};
#[cfg(feature = "lock")]
pub use file::{copy_all, remove_file, rename, write_new};
#[cfg(feature = "lock")]
pub use journal::Recovery;
#[cfg(feature = "cli")]
pub use lock::lock_if_free;
pub use lock::{Lock, lock};
pub use path::{canonical, clock, exists, is_dir, parent, stamp};
#[cfg(feature = "cli")]
pub use path::{has_drive, path_of_url};
#[cfg(feature = "lock")]
pub use path::{is_executable, is_link};
#[cfg(feature = "lock")]
pub use read::open;
#[cfg(feature = "cli")]
pub use read::{digest, has_text, read_part, size};
pub use read::{read, read_text, read_text_if_exists};
#[cfg(test)]
pub use read_log::take_reads;
#[cfg(feature = "lock")]
pub use recovery::{RecoveredChange, recover};
pub use reserved_names::VENDORED;
pub use temporary::remove_leftovers;
#[cfg(feature = "lock")]
pub use temporary::{TemporaryDir, leftovers};
#[cfg(feature = "lock")]
pub use times::{make_no_newer, modified};
#[cfg(feature = "cli")]
pub use write::{copy_atomic, copy_new, copy_to, write_pieces, write_private};
pub use write::{link_over, write_atomic, write_atomic_with, write_if_changed};

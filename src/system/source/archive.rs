//! Gzipped tar archives, read in one pass into memory: only WIT is kept, and
//! whoever made the archive decides neither how long that takes nor
//! how much memory it needs.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read};
use std::path::Path;

use tar::{Archive, Entry, EntryType};

use super::extraction::{EntryKind, Extraction, Tree};
use super::gzip::Members;
use crate::base::error::{Error, Result};
use crate::model::lockfile::tree::{Digests, DirectoryDigester, WitFile};
use crate::model::manifest::deps::Within;
use crate::system::fs;

/// How much of an archive is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The number of entries that are read.
    pub entries: usize,
    /// The number of bytes, decompressed.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            entries: 200_000,
            bytes: 1 << 30,
        }
    }
}

/// The longest name, and the longest list of attributes.
const LONGEST: u64 = 1 << 20;

/// Reads the archive in a file, whose bytes must have these digests while they
/// are read. Errors call it `name`.
pub fn read(
    file: &Path,
    digests: &Digests,
    name: &str,
    within: &Within,
    pinned: &BTreeSet<String>,
) -> Result<Tree> {
    let mut extraction = Extraction::new(within, pinned);
    let mut whole = BufReader::new(Digested {
        stream: fs::open(file)?,
        digester: DirectoryDigester::default(),
    });
    let outcome = extract(Members::new(&mut whole), Limits::default(), &mut extraction);
    // The bytes after the end of the archive are part of its digests.
    let rest = io::copy(&mut whole, &mut io::sink());
    rest.map_err(|e| Error::io("read", file, &e))?;
    if whole.into_inner().digester.finish() != *digests {
        return Err(Error::input(format!(
            "the copy of {name} in the cache changed while it was read"
        ))
        .hint("run the command again"));
    }
    outcome
        .and_then(|()| extraction.finish("the archive"))
        .map_err(|e| e.context(format!("failed to read WIT from {name}")))
}

/// A stream that digests what is read of it.
struct Digested<R> {
    stream: R,
    digester: DirectoryDigester,
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(to)?;
        self.digester.update(&to[..count]);
        Ok(count)
    }
}

/// Extracts the files of a tar stream that are WIT.
fn extract(stream: impl Read, limits: Limits, extraction: &mut Extraction<'_>) -> Result<()> {
    let mut archive = Archive::new(Limited {
        stream,
        left: limits.bytes,
    });
    let mut extended = ExtendedHeader::default();
    // Raw: what an entry says of the next one is read here, with a limit.
    let entries = archive.entries().map_err(|e| unreadable(&e))?.raw(true);
    for (at, entry) in entries.enumerate() {
        let mut entry = entry.map_err(|e| unreadable(&e))?;
        if at == limits.entries {
            return Err(too_much(&format!("{} entries", limits.entries)));
        }
        let kind = match entry.header().entry_type() {
            EntryType::GNULongName => {
                let mut name = read_description(&mut entry)?;
                name.truncate(name.iter().position(|b| *b == 0).unwrap_or(name.len()));
                extended.name = Some(name);
                continue;
            }
            EntryType::XHeader => {
                extended.attributes(&read_description(&mut entry)?)?;
                continue;
            }
            // The target of a link, and attributes of all entries, among which
            // a name makes no sense.
            EntryType::GNULongLink | EntryType::XGlobalHeader => continue,
            EntryType::Regular | EntryType::Continuous => EntryKind::File,
            EntryType::Directory => EntryKind::Other("a directory"),
            EntryType::Symlink => EntryKind::Other("a symbolic link"),
            EntryType::Link => EntryKind::Other("a hard link"),
            EntryType::Char | EntryType::Block => EntryKind::Other("a device"),
            EntryType::Fifo => EntryKind::Other("a named pipe"),
            EntryType::GNUSparse => EntryKind::Other("a sparse file"),
            _ => EntryKind::Other("not a regular file"),
        };
        let ExtendedHeader { name, size } = std::mem::take(&mut extended);
        let name = name.unwrap_or_else(|| entry.path_bytes().into_owned());
        if size.is_some_and(|size| size != entry.size()) {
            let display = String::from_utf8_lossy(&name).escape_debug().to_string();
            return Err(Error::input(format!("the entry `{display}` has two sizes"))
                .hint("ask the author of the archive"));
        }
        let Some(destination) = extraction.destination(&name, kind)? else {
            continue;
        };
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
        let mut bytes = Vec::new();
        // One byte more than there is room for shows that it is too much.
        let most = extraction.remaining_bytes() as u64 + 1;
        let mut part = (&mut entry).take(most);
        part.read_to_end(&mut bytes).map_err(|e| unreadable(&e))?;
        if (bytes.len() as u64) < entry.size().min(most) {
            return Err(unreadable(&io::ErrorKind::UnexpectedEof.into()));
        }
        extraction.insert(destination, WitFile { executable, bytes })?;
    }
    // To the end, where the checksum of what was read is.
    let rest = io::copy(&mut archive.into_inner(), &mut io::sink());
    rest.map_err(|e| unreadable(&e))?;
    Ok(())
}

/// The name and size that entries before it give for the next one.
#[derive(Default)]
struct ExtendedHeader {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl ExtendedHeader {
    /// Reads the attributes of the next entry.
    fn attributes(&mut self, bytes: &[u8]) -> Result<()> {
        for attribute in tar::PaxExtensions::new(bytes) {
            let attribute = attribute.map_err(|e| unreadable(&e))?;
            let value = attribute.value_bytes();
            match attribute.key_bytes() {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => {
                    let text = std::str::from_utf8(value).ok();
                    // A text that is no number differs from the size of the header.
                    self.size = Some(text.and_then(|t| t.parse().ok()).unwrap_or(u64::MAX));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The content of an entry that describes the next one.
fn read_description<R: Read>(entry: &mut Entry<'_, R>) -> Result<Vec<u8>> {
    if entry.size() > LONGEST {
        return Err(too_much("a name of 1 MiB"));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|e| unreadable(&e))?;
    Ok(bytes)
}

/// A stream that ends with an error where it is longer than the limit.
struct Limited<R> {
    stream: R,
    left: u64,
}

/// The text by which the error of [`Limited`] is recognized.
const BOMB: &str = "the archive is too large";

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(to)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(BOMB)),
        }
        Ok(count)
    }
}

fn unreadable(error: &io::Error) -> Error {
    if error.to_string().contains(BOMB) {
        return too_much("1 GiB");
    }
    Error::input("it is not a complete gzipped tar archive")
        .with_cause(error)
        .hint("only `.tar.gz` archives can be read; check the address, or remove a damaged file at its source")
}

fn too_much(what: &str) -> Error {
    Error::input(format!("the archive has more than {what}"))
        .hint("use an archive with less content besides its WIT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    static NONE: BTreeSet<String> = BTreeSet::new();

    fn entry(kind: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_entry_type(EntryType::new(kind));
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }

    fn read_from(stream: impl Read, limits: Limits) -> Result<Tree> {
        let mut extraction = Extraction::new(&Within::Anywhere, &NONE);
        extract(stream, limits, &mut extraction)?;
        extraction.finish("the archive")
    }

    fn read_all(entries: &[Vec<u8>]) -> Result<Tree> {
        let mut bytes = entries.concat();
        bytes.extend([0; 1024]);
        read_from(bytes.as_slice(), Limits::default())
    }

    #[test]
    fn long_names_come_before_their_entry() {
        let long = format!("{}/wit/a.wit", "n".repeat(200));
        let gnu = entry(b'L', b"././@LongLink", format!("{long}\0").as_bytes());
        let record = |key: &str, value: &str| {
            let rest = format!(" {key}={value}\n");
            let mut length = rest.len() + 2;
            length = rest.len() + length.to_string().len();
            format!("{length}{rest}")
        };
        let pax = entry(b'x', b"p", record("path", &long).as_bytes());
        for before in [gnu, pax] {
            let tree = read_all(&[before, entry(b'0', b"cut", b"x")]).unwrap();
            assert_eq!(tree.own["a.wit"].bytes, b"x");
        }
        let lies = entry(b'x', b"p", record("size", "7").as_bytes());
        let error = read_all(&[lies, entry(b'0', b"wit/a.wit", b"x")]).unwrap_err();
        assert!(error.message().contains("two sizes"), "{error}");
    }

    #[test]
    fn only_files_are_extracted() {
        for (kind, what) in [
            (b'1', "a hard link"),
            (b'2', "a symbolic link"),
            (b'3', "a device"),
            (b'4', "a device"),
            (b'5', "a directory"),
            (b'6', "a named pipe"),
            (b'S', "a sparse file"),
        ] {
            let error = read_all(&[entry(kind, b"wit/s.wit", b"")]).unwrap_err();
            assert!(error.message().contains("wit/s.wit"), "{error}");
            assert!(error.to_string().contains(what), "{error}");
            // Elsewhere they are nobody's business.
            let good = entry(b'0', b"wit/a.wit", b"x");
            read_all(&[entry(kind, b"link", b""), good]).unwrap();
        }
    }

    #[test]
    fn hostile_names_are_refused_and_nothing_is_extracted() {
        for name in [
            &b"wit/deps/../evil.wit"[..],
            b"/wit/evil.wit",
            b"../wit/evil.wit",
            b"wit/\xff.wit",
        ] {
            let good = entry(b'0', b"wit/a.wit", b"x");
            let error = read_all(&[good, entry(b'0', name, b"x")]).unwrap_err();
            let display = String::from_utf8_lossy(name).escape_debug().to_string();
            assert!(error.message().contains(&display), "{error}");
        }
    }

    #[test]
    fn many_entries_come_to_an_end() {
        // Any number of them, from a stream that is never in memory.
        let one = entry(b'0', b"x", b"");
        let endless = std::iter::repeat_n(one, 10_000_000);
        let mut served = 0;
        let stream = Endless(endless.inspect(|_| served += 1), Vec::new());
        let limits = Limits {
            entries: 1000,
            ..Limits::default()
        };
        let error = read_from(stream, limits).unwrap_err();
        assert!(
            error.message().contains("more than 1000 entries"),
            "{error}"
        );
        assert!(served < 1100);
        assert!(Limits::default().entries < 1_000_000);
    }

    struct Endless<I>(I, Vec<u8>);

    impl<I: Iterator<Item = Vec<u8>>> Read for Endless<I> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            if self.1.is_empty() {
                self.1 = self.0.next().unwrap_or_default();
            }
            let count = to.len().min(self.1.len());
            to[..count].copy_from_slice(&self.1[..count]);
            self.1.drain(..count);
            Ok(count)
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let limits = Limits {
            bytes: 1 << 20,
            ..Limits::default()
        };
        // Much of what is not taken counts as well.
        for name in [&b"wit/a.wit"[..], b"big"] {
            let mut header = entry(b'0', name, b"");
            let mut sized = tar::Header::from_byte_slice(&header[..512]).clone();
            sized.set_size(1 << 40);
            sized.set_cksum();
            header = sized.as_bytes().to_vec();
            let stream = header.chain(io::repeat(0));
            let error = read_from(stream, limits).unwrap_err();
            assert!(error.message().contains("more than"), "{error}");
        }
        // Neither is one that is a name.
        let mut name = tar::Header::from_byte_slice(&entry(b'L', b"l", b"")[..512]).clone();
        name.set_size(1 << 40);
        name.set_cksum();
        let stream = name.as_bytes().chain(io::repeat(b'n'));
        let error = read_from(stream, Limits::default()).unwrap_err();
        assert!(error.message().contains("1 MiB"), "{error}");
    }

    #[test]
    fn a_cut_or_foreign_file_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.tar.gz");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let bytes: Vec<u8> = (0..5000u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        packed
            .write_all(&entry(b'0', b"wit/a.wit", &bytes))
            .unwrap();
        packed.write_all(&[0; 1024]).unwrap();
        let packed = packed.finish().unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            let digests = Digests::of_bytes(bytes);
            super::read(&file, &digests, "`a`", &Within::Anywhere, &NONE)
        };
        assert_eq!(read(&packed).unwrap().own["a.wit"].bytes, bytes);
        // Bytes after the archive count, and another archive is refused.
        let longer = [&packed, &b"more"[..]].concat();
        assert!(read(&longer).is_ok());
        let other = Digests::of_bytes(&packed);
        let error = super::read(&file, &other, "`a`", &Within::Anywhere, &NONE).unwrap_err();
        assert!(error.message().contains("changed while"), "{error}");
        // As `gzip -t` does, it compares the checksum behind the archive's end.
        let mut changed = packed.clone();
        let checksum = packed.len() - 8;
        changed[checksum] ^= 1;
        let cut = &packed[..packed.len() - 4];
        for bad in [&packed[..packed.len() / 2], cut, &changed, b"<html>", b""] {
            let error = read(bad).unwrap_err();
            assert!(error.message().contains("`a`"), "{error}");
        }
    }
}

//! The files of one directory of `wit/deps`, and their digest: that of a tar
//! stream that depends only on names, content and execute bits, so that it is
//! the same on every system. `wit-deps` 0.6 makes the same stream.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha512};

use crate::base::error::Error;

/// The size of everything in a tar stream is a multiple of this.
const BLOCK: usize = 512;
/// The longest name a header holds.
const LONGEST_NAME: usize = 100;

/// The `.wit` files of one directory, by name.
pub type WitDirectory = BTreeMap<String, WitFile>;

/// One `.wit` file of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WitFile {
    /// Whether the owner has the permission to execute the file.
    pub executable: bool,
    /// The content of the file.
    pub bytes: Vec<u8>,
}

impl WitFile {
    /// A file that is not executable.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        WitFile {
            executable: false,
            bytes: bytes.into(),
        }
    }
}

/// Whether a file of this name is WIT: it ends with `.wit` in any case.
pub fn is_wit(name: &str) -> bool {
    let split = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    split.is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("wit"))
}

/// The tar stream: files in the order of their names, as `wit/<name>`, without
/// owners and times.
pub fn tar(dir: &WitDirectory) -> Vec<u8> {
    let mut stream = Vec::new();
    for (name, file) in dir {
        let name = format!("wit/{name}");
        let mut stored = name.as_bytes();
        if stored.len() > LONGEST_NAME {
            let mut whole = stored.to_vec();
            whole.push(0);
            stream.extend(header(b"././@LongLink", 0o644, whole.len(), b'L'));
            padded(&mut stream, &whole);
            stored = &stored[..LONGEST_NAME];
        }
        let mode = if file.executable { 0o755 } else { 0o644 };
        stream.extend(header(stored, mode, file.bytes.len(), b'0'));
        padded(&mut stream, &file.bytes);
    }
    stream.extend([0; 2 * BLOCK]);
    stream
}

fn padded(stream: &mut Vec<u8>, bytes: &[u8]) {
    stream.extend(bytes);
    stream.resize(stream.len().next_multiple_of(BLOCK), 0);
}

fn header(name: &[u8], mode: u32, size: usize, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name);
    put(100, format!("{mode:07o}").as_bytes());
    // Owner and group.
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    // The time.
    put(136, b"00000000000");
    put(156, &[kind]);
    put(257, b"ustar  ");
    // The device numbers, which only files have.
    if kind == b'0' {
        put(329, b"0000000");
        put(337, b"0000000");
    }
    // The checksum is computed as if its field were spaces.
    put(148, b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:07o}").as_bytes());
    block[155] = 0;
    block
}

/// The two digests of a directory, each in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// The SHA-256 digest, 64 hex digits.
    pub sha256: HexDigest<32>,
    /// The SHA-512 digest, 128 hex digits.
    pub sha512: HexDigest<64>,
}

impl Digests {
    /// The digests of a directory.
    pub fn of(dir: &WitDirectory) -> Self {
        Digests::of_bytes(&tar(dir))
    }

    /// The digests of the given bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut digester = DirectoryDigester::default();
        digester.update(bytes);
        digester.finish()
    }
}

/// Computes both digests of bytes that arrive in pieces; a writer.
#[derive(Clone, Debug, Default)]
pub struct DirectoryDigester(Sha256, Sha512);

impl DirectoryDigester {
    /// Adds more bytes to the content.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
        self.1.update(bytes);
    }

    /// The digests of all bytes added.
    pub fn finish(self) -> Digests {
        Digests {
            sha256: HexDigest(self.0.finalize().into()),
            sha512: HexDigest(self.1.finalize().into()),
        }
    }
}

impl std::io::Write for DirectoryDigester {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A digest of `N` bytes, printed in lower-case hex and read in either case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HexDigest<const N: usize>([u8; N]);

impl<const N: usize> fmt::Display for HexDigest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<const N: usize> fmt::Debug for HexDigest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for HexDigest<N> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::input(format!("`{text}` is not a SHA-{}", N * 8))
                .hint(format!("it has {} hex digits", N * 2))
        };
        if text.len() != N * 2 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; N];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = digits.iter().map(|digit| char::from(*digit).to_digit(16));
            let value = digits.collect::<Option<Vec<u32>>>().ok_or_else(wrong)?;
            // Two hex digits are a byte.
            *byte = (value[0] * 16 + value[1]) as u8;
        }
        Ok(HexDigest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(files: &[(&str, bool, &str)]) -> WitDirectory {
        let file = |(name, executable, text): &(&str, bool, &str)| {
            let file = WitFile {
                executable: *executable,
                bytes: text.as_bytes().to_vec(),
            };
            ((*name).to_owned(), file)
        };
        files.iter().map(file).collect()
    }

    /// What `wit-deps` 0.6.0 wrote into locks for these files.
    #[test]
    fn digests_are_those_of_wit_deps() {
        let sha256 = |files| Digests::of(&dir(files)).sha256.to_string();
        assert_eq!(
            sha256(&[]),
            "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
        );
        assert_eq!(
            sha256(&[("n.wit", false, "x")]),
            "0ddf8c8c0439add9e8316435312d9356b0aece5a70fabde9856a5eac52e845eb"
        );
        // Capitals come first, and an execute bit counts.
        let files = [
            ("a.wit", false, "package x:a;\n"),
            ("ex.wit", true, "// e\n"),
            ("B.WIT", true, "package x:a;\n"),
        ];
        assert_eq!(
            sha256(&files),
            "3bb51745bcfb23ae28b8b9130892d282c628fdcab21335a61f227dc94d0bd917"
        );
        let long = format!("{}.wit", "n".repeat(110));
        let digests = Digests::of(&dir(&[("U.WIT", false, "x"), (&long, false, "x")]));
        assert_eq!(
            digests.sha256.to_string(),
            "5a0b3fe127f8a3191cd6526c78702cb453a0f63844a7c8106dac4adeabc0f59b"
        );
        assert_eq!(
            digests.sha512.to_string(),
            "066a818e6dc425fbab7b75ea498623504d4acbd29cf15f69310e81f2f2851ad1\
             577418399fff0106be6c0bcbd1d8313c7ab47dd5e329d327abda2f1968415caa"
        );
    }

    #[test]
    fn the_stream_is_whole_blocks() {
        assert_eq!(tar(&dir(&[])), [0; 1024]);
        let exact = "x".repeat(BLOCK);
        assert_eq!(tar(&dir(&[("a.wit", false, &exact)])).len(), 4 * BLOCK);
    }

    #[test]
    fn hex_has_its_length_and_either_case() {
        let text = "AB".repeat(32);
        let hex: HexDigest<32> = text.parse().unwrap();
        assert_eq!(hex.to_string(), text.to_lowercase());
        for bad in ["", "ab", &"g".repeat(64), &"é".repeat(32), &"+1".repeat(32)] {
            let error = bad.parse::<HexDigest<32>>().unwrap_err();
            assert!(error.advice().unwrap().contains("64 hex"), "{bad}");
        }
    }

    #[test]
    fn wit_is_known_by_the_end_of_its_name() {
        assert!(is_wit("a.wit") && is_wit("A.WIT") && is_wit("a.b.wit"));
        assert!(!is_wit(".wit") && !is_wit("wit") && !is_wit("a.wit.md"));
    }
}

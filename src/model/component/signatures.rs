//! The signatures in a file of WebAssembly: who says that its content is theirs.
//!
//! The format is that of `Signatures.md` in the repository `WebAssembly/tool-conventions`: a
//! custom section `signature`, which is the first one, has hashes of the sections after it,
//! up to each custom section `signature_delimiter`, and signatures of these hashes. As
//! `wasmsign2` 0.2 writes it, each set of hashes and each signature follows its length. Which
//! keys are trusted is not known here: the hashes are compared, the signatures are not.

use wasmparser::{BinaryReader, Payload};

use super::sections::sections;
use crate::base::error::Result;
use crate::base::package::{ContentDigest, Digester};

/// The length of a SHA-256 in bytes.
const HASH: usize = 32;

/// One signature of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name that the signer gave the key: text, or else its bytes in hex; empty if none.
    pub key: String,
    /// The algorithm: `Ed25519`, or the number of one that the format does not define.
    pub algorithm: String,
    /// What the signed hashes are of.
    pub signed: SignedContent,
}

/// What the hashes that somebody signed are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedContent {
    /// All sections of the file.
    Whole,
    /// The first sections; others follow that nobody signed with it.
    Beginning,
    /// Something else: the file was changed since then.
    Other,
}

/// The signatures in the section of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// It has no section of that name.
    #[default]
    None,
    /// It has such a section, with these in it.
    Found(Vec<Signature>),
    /// It has a section of that name in another format.
    Unknown,
}

/// Reads the signatures of a component or module, not those of modules in it.
///
/// # Errors
///
/// If the bytes are not WebAssembly.
pub fn signatures(bytes: &[u8]) -> Result<Signatures> {
    let mut section = None;
    let mut hashes = Hashes::default();
    for found in sections(bytes) {
        let found = found?;
        match &found.payload {
            Payload::Version { .. } => continue,
            Payload::CustomSection(custom) if custom.name() == "signature" && section.is_none() => {
                section = Some(custom.data());
                continue;
            }
            // Most files have none, and their sections need not be hashed.
            _ if section.is_none() => return Ok(Signatures::None),
            _ => {}
        }
        hashes.digester.update(found.raw);
        hashes.is_delimited = matches!(
            &found.payload,
            Payload::CustomSection(custom) if custom.name() == "signature_delimiter"
        );
        if hashes.is_delimited {
            hashes.parts.push(hashes.digester.clone().finish());
        }
    }
    let Some(section) = section else {
        return Ok(Signatures::None);
    };
    if !hashes.is_delimited {
        hashes.parts.push(hashes.digester.clone().finish());
    }
    let read = read(section, &hashes.parts);
    Ok(read.map_or(Signatures::Unknown, Signatures::Found))
}

/// The hashes of the sections up to each delimiter, the last of all sections.
#[derive(Default)]
struct Hashes {
    digester: Digester,
    parts: Vec<ContentDigest>,
    /// Whether the last section is a delimiter.
    is_delimited: bool,
}

/// The signatures in a section; none if its format is another.
fn read(section: &[u8], parts: &[ContentDigest]) -> Option<Vec<Signature>> {
    let mut reader = BinaryReader::new(section, 0);
    for expected in [1, 1, 1] {
        if reader.read_u8().ok()? != expected {
            return None;
        }
    }
    let mut signatures = Vec::new();
    for _ in 0..reader.read_var_u32().ok()? {
        let mut set = BinaryReader::new(bytes(&mut reader)?, 0);
        let count = usize::try_from(set.read_var_u32().ok()?).ok()?;
        let hashes = set.read_bytes(count.checked_mul(HASH)?).ok()?;
        let signed = signed_content(hashes, parts);
        for _ in 0..set.read_var_u32().ok()? {
            let mut signature = BinaryReader::new(bytes(&mut set)?, 0);
            let key = bytes(&mut signature)?;
            let algorithm = signature.read_u8().ok()?;
            bytes(&mut signature)?;
            signatures.push(Signature {
                key: key_name(key),
                algorithm: match algorithm {
                    1 => "Ed25519".to_owned(),
                    other => format!("algorithm {other}"),
                },
                signed,
            });
        }
    }
    reader.eof().then_some(signatures)
}

/// Bytes after their length.
fn bytes<'a>(reader: &mut BinaryReader<'a>) -> Option<&'a [u8]> {
    let length = reader.read_var_u32().ok()?;
    reader.read_bytes(usize::try_from(length).ok()?).ok()
}

fn signed_content(hashes: &[u8], parts: &[ContentDigest]) -> SignedContent {
    let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let hashes: Vec<String> = hashes.chunks(HASH).map(hex).collect();
    let is_known = |hash: &String| parts.iter().any(|part| part.hex() == hash);
    match (hashes.last(), parts.last()) {
        (Some(last), Some(whole)) if hashes.iter().all(is_known) => match last == whole.hex() {
            true => SignedContent::Whole,
            false => SignedContent::Beginning,
        },
        _ => SignedContent::Other,
    }
}

fn key_name(key: &[u8]) -> String {
    match str::from_utf8(key) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => key.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a section of `signature` with these hashes and one signature, by `key`.
    fn section(hashes: &[ContentDigest], key: &[u8]) -> Vec<u8> {
        let prefixed = |bytes: &[u8]| {
            let length = u8::try_from(bytes.len()).unwrap();
            // Two bytes of LEB128, whatever the length.
            [&[length & 0x7f | 0x80, length >> 7], bytes].concat()
        };
        let mut set = vec![u8::try_from(hashes.len()).unwrap()];
        for hash in hashes {
            let hex = hash.hex().as_bytes().chunks(2);
            let byte = |two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap();
            set.extend(hex.map(byte));
        }
        set.push(1);
        let signature = [&prefixed(key)[..], &[1], &prefixed(&[7; 64])].concat();
        set.extend(prefixed(&signature));
        [&[1, 1, 1, 1], &prefixed(&set)[..]].concat()
    }

    /// A module of the header, these sections, and before them the section `signature`.
    fn signed(signature: &[u8], rest: &[&[u8]]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend(custom("signature", signature));
        module.extend(rest.concat());
        module
    }

    fn custom(name: &str, data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(name.len()).unwrap();
        let size = 1 + name.len() + data.len();
        let mut bytes = vec![0];
        // Two bytes of LEB128, whatever the size.
        bytes.extend([(size & 0x7f | 0x80) as u8, (size >> 7) as u8]);
        bytes.push(length);
        bytes.extend(name.bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn the_content_that_was_signed_is_compared() {
        let (first, second) = (custom("a", &[1]), custom("b", &[2]));
        let delimiter = custom("signature_delimiter", &[5; 16]);
        let half = [&first[..], &delimiter].concat();
        let whole = [&half[..], &second, &delimiter].concat();
        let [half_hash, whole_hash] = [&half, &whole].map(|bytes| ContentDigest::of(bytes));
        let read = |hashes: &[ContentDigest], rest: &[u8]| {
            let file = signed(&section(hashes, b"first"), &[rest]);
            match signatures(&file).unwrap() {
                Signatures::Found(found) => found[0].clone(),
                other => panic!("{other:?}"),
            }
        };
        let found = read(&[half_hash.clone(), whole_hash.clone()], &whole);
        assert_eq!(found.signed, SignedContent::Whole);
        assert_eq!((&*found.key, &*found.algorithm), ("first", "Ed25519"));
        let found = read(std::slice::from_ref(&half_hash), &whole);
        assert_eq!(found.signed, SignedContent::Beginning);
        let found = read(std::slice::from_ref(&whole_hash), &half);
        assert_eq!(found.signed, SignedContent::Other);
        assert_eq!(read(&[], &whole).signed, SignedContent::Other);
        // Without a delimiter, all of it is one part.
        let found = read(&[ContentDigest::of(&first)], &first);
        assert_eq!(found.signed, SignedContent::Whole);
    }

    #[test]
    fn other_sections_and_other_formats_are_no_signatures() {
        let hash = ContentDigest::of(b"");
        let right = section(std::slice::from_ref(&hash), &[0xff, 0]);
        let Signatures::Found(found) = signatures(&signed(&right, &[])).unwrap() else {
            panic!("no signature");
        };
        assert_eq!(found[0].key, "ff00");
        // Another tool uses the same name for a section of 104 bytes.
        let other = [&[0, 72], &[9; 102][..]].concat();
        assert_eq!(
            signatures(&signed(&other, &[])).unwrap(),
            Signatures::Unknown
        );
        for length in 0..right.len() {
            let cut = signatures(&signed(&right[..length], &[])).unwrap();
            assert_eq!(cut, Signatures::Unknown, "{length}");
        }
        let later = [&custom("a", &[])[..], &custom("signature", &right)].concat();
        let module = [b"\0asm\x01\0\0\0", &later[..]].concat();
        assert_eq!(signatures(&module).unwrap(), Signatures::None);
        assert!(signatures(b"text").is_err());
    }
}

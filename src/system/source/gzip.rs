//! Gzip streams (RFC 1952) of any number of members, read to the end of the last
//! one, so that its checksum and length are compared.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The first byte of a member.
const MAGIC: u8 = 0x1f;

/// The decompressed bytes of all members. As with `gzip`, zeros between members
/// and what follows the last one are passed over.
pub(super) enum Members<B> {
    /// The stream is within a member.
    Inside(GzDecoder<B>),
    /// After the last member, where the rest of the stream is.
    Ended(B),
    /// Only while one member is exchanged for the next.
    Between,
}

impl<B: BufRead> Members<B> {
    /// Starts at the first member of `stream`.
    pub(super) fn new(stream: B) -> Self {
        Members::Inside(GzDecoder::new(stream))
    }

    /// The compressed stream, from where reading stopped.
    fn into_inner(self) -> Option<B> {
        match self {
            Members::Inside(member) => Some(member.into_inner()),
            Members::Ended(stream) => Some(stream),
            Members::Between => None,
        }
    }
}

impl<B: BufRead> Read for Members<B> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            let Members::Inside(member) = self else {
                return Ok(0);
            };
            let count = member.read(to)?;
            if count > 0 || to.is_empty() {
                return Ok(count);
            }
            let ended = std::mem::replace(self, Members::Between);
            let Some(mut stream) = ended.into_inner() else {
                return Ok(0);
            };
            *self = match member_follows(&mut stream)? {
                true => Members::new(stream),
                false => Members::Ended(stream),
            };
        }
    }
}

/// Passes over zeros; whether another member begins there.
fn member_follows(stream: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = stream.fill_buf()?;
        let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
        match buffer.get(zeros) {
            Some(byte) => {
                let follows = *byte == MAGIC;
                stream.consume(zeros);
                return Ok(follows);
            }
            None if buffer.is_empty() => return Ok(false),
            None => stream.consume(zeros),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(content).unwrap();
        packed.finish().unwrap()
    }

    fn unpacked(stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Members::new(stream).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn members_are_joined_and_trailing_bytes_are_passed_over() {
        let two = [member(b"one "), vec![0; 3], member(b"two")].concat();
        for rest in [&b""[..], b"\0\0\0\0", b"more", b"\0more"] {
            let stream = [&two[..], rest].concat();
            assert_eq!(unpacked(&stream).unwrap(), b"one two");
        }
    }

    #[test]
    fn a_member_that_is_cut_or_changed_anywhere_is_an_error() {
        let packed = member(b"some text, some more text");
        for length in 0..packed.len() {
            assert!(unpacked(&packed[..length]).is_err(), "cut at {length}");
        }
        // The last eight bytes are the checksum and the length of the content.
        for at in packed.len() - 8..packed.len() {
            let mut changed = packed.clone();
            changed[at] ^= 1;
            assert!(unpacked(&changed).is_err(), "changed at {at}");
        }
    }
}

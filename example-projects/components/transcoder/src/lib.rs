//! Makes text of bytes. What a character lacks is kept until it comes.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use std::cell::RefCell;

use bindings::exports::example::transcoder::decoding::{Encoding, Guest, GuestDecoder};

struct Component;

impl Guest for Component {
    type Decoder = Decoder;
}

struct Decoder {
    encoding: Encoding,
    kept: RefCell<Vec<u8>>,
}

impl GuestDecoder for Decoder {
    fn new(encoding: Encoding) -> Self {
        let kept = RefCell::default();
        Decoder { encoding, kept }
    }

    fn push(&self, bytes: Vec<u8>) -> String {
        let mut kept = self.kept.borrow_mut();
        kept.extend(bytes);
        match self.encoding {
            Encoding::Latin1 => kept.drain(..).map(char::from).collect(),
            Encoding::Utf16Le => {
                let unit = |pair: &[u8]| u16::from_le_bytes([pair[0], pair[1]]);
                let mut units: Vec<u16> = kept.chunks_exact(2).map(unit).collect();
                // The first half of a character that takes two units.
                units.pop_if(|last| (0xd800..0xdc00).contains(last));
                kept.drain(..units.len() * 2);
                String::from_utf16_lossy(&units)
            }
        }
    }

    fn pending(&self) -> u32 {
        self.kept.borrow().len() as u32
    }
}

bindings::export!(Component with_types_in bindings);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_in_pieces() {
        let decoder = Decoder::new(Encoding::Utf16Le);
        let bytes: Vec<u8> = "a😀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text: String = bytes.iter().map(|b| decoder.push(vec![*b])).collect();
        assert_eq!((text.as_str(), decoder.pending()), ("a😀", 0));
    }
}

//! Changes of valid components, in their text and in their bytes.

#[path = "../../../src/model/component/compose/tests/random.rs"]
mod random;

use std::ops::Range;

pub use random::Random;

/// One of the texts with some of its parts exchanged, doubled or left out. It
/// may be no component any more, but what can be written as bytes often is.
pub fn text(texts: &[&str], random: &mut Random) -> String {
    let mut text = (*random.one(texts)).to_owned();
    for _ in 0..1 + random.below(2) {
        // What names are exchanged in stays valid most often.
        let names = random.once_in(2);
        let wanted = |at: &Range<usize>| !names || text[at.clone()].starts_with('"');
        let mut places = parts(&text);
        places.retain(wanted);
        let one = random.one(&places).clone();
        let other = random.one(&places).clone();
        let foreign = *random.one(texts);
        let own = text[one.clone()].to_owned();
        let another = text[other].to_owned();
        match if names { 2 } else { random.below(5) } {
            0 => text.replace_range(one, ""),
            1 => text.insert_str(one.end, &own),
            2 => text.replace_range(one, &another),
            3 => {
                let places = parts(foreign);
                text.replace_range(one, &foreign[random.one(&places).clone()]);
            }
            _ => text.insert_str(one.end, &format!(" {another}")),
        }
    }
    text
}

/// The expressions, words and strings in a text.
fn parts(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    let mut word: Option<usize> = None;
    let mut quoted = false;
    for (at, char) in text.char_indices() {
        let inside = quoted || !(char.is_whitespace() || char == '(' || char == ')');
        match (inside, word) {
            (true, None) => word = Some(at),
            (false, Some(start)) => {
                found.push(start..at);
                word = None;
            }
            _ => {}
        }
        match char {
            '"' => quoted = !quoted,
            '(' if !quoted => open.push(at),
            // The whole of it is no part.
            ')' if !quoted && open.len() > 1 => {
                found.extend(open.pop().map(|start| start..at + 1));
            }
            _ => {}
        }
    }
    found
}

/// The bytes with some of them changed.
pub fn bytes(of: &[u8], others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = of.to_vec();
    for _ in 0..1 + random.below(4) {
        if bytes.len() < 9 {
            return bytes;
        }
        // Mostly behind the header.
        let at = match random.once_in(20) {
            true => random.below(bytes.len()),
            false => 8 + random.below(bytes.len() - 8),
        };
        let end = (at + 1 + random.below(16)).min(bytes.len());
        match random.below(7) {
            0 => bytes[at] = random.number() as u8,
            1 => bytes[at] = bytes[at].wrapping_add(1),
            2 => bytes[at] = *random.one(&[0, 1, 0x40, 0x7f, 0x80, 0xff]),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let other = random.one(others);
                let from = random.below(other.len());
                let to = (from + random.below(40)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

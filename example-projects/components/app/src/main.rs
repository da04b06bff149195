//! Decodes a text in one component, and looks for something in it in another.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::example::transcoder::decoding::{Decoder, Encoding};
use bindings::regex;

const TEXT: &[u8] = b"caf\xe9 au lait";

fn main() {
    let pattern = std::env::args().nth(1).unwrap_or("caf.".to_owned());
    let text = Decoder::new(Encoding::Latin1).push(TEXT);
    match regex::find(&pattern, &text) {
        Some(regex::Span { start, end }) => {
            let found = &text[start as usize..end as usize];
            println!("{start}..{end} of {text:?}: {found:?}");
        }
        None => println!("not in {text:?}"),
    }
}

//! How much room text takes in a drawing.
//!
//! A drawing is laid out without the font of whoever looks at it. Its text is set in a
//! monospace font of [`FONT_SIZE`] pixels, whose letters are 0.6 em wide or a little more
//! (7.23 pixels in DejaVu Sans Mono). A terminal column counts as 7.25 pixels here, and wide
//! characters as two columns. The drawing states this width of each text (`textLength`), so
//! that a viewer fits a wider font into it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The size of all text, in pixels.
pub(super) const FONT_SIZE: i64 = 12;

/// The distance between the lines of a text, in pixels.
pub(super) const LINE_HEIGHT: i64 = 17;

/// The number of columns that a line has at most.
const COLUMNS: usize = 60;

/// The width of a text, in pixels.
pub(super) fn width(text: &str) -> i64 {
    let columns = i64::try_from(text.width()).unwrap_or(i64::MAX / 64);
    (columns * 29 + 3) / 4
}

/// The text, without its middle if it is very long: names differ in how they start, and
/// versions are at the end.
pub(super) fn shortened(text: &str) -> String {
    if text.width() <= COLUMNS {
        return text.to_owned();
    }
    let half = (COLUMNS - 1) / 2;
    let mut room = half;
    let start: String = text.chars().take_while(|c| takes(*c, &mut room)).collect();
    let mut room = half;
    let end = text.chars().rev().take_while(|c| takes(*c, &mut room));
    let mut end: Vec<char> = end.collect();
    end.push('…');
    start.chars().chain(end.into_iter().rev()).collect()
}

/// Whether the character still fits, whose columns are taken from the room then.
fn takes(letter: char, room: &mut usize) -> bool {
    let columns = letter.width().unwrap_or(1);
    let fits = columns <= *room;
    *room = room.saturating_sub(columns);
    fits
}

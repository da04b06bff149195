//! Frames as lines of text, in the form of Rust's own backtraces.

use super::frame::Frame;

/// How many frames are written in the short form, without repeated ones.
const FRAMES: usize = 50;

/// How many frames a recursion may consist of to be written once.
const PERIOD: usize = 8;

/// The frames as lines, the innermost first, below a heading. Frames that repeat, as in a
/// recursion, are written once; in the short form there are no more than [`FRAMES`].
pub fn text(frames: &[Frame], full: bool) -> String {
    let mut lines = vec!["stack backtrace:".to_owned()];
    let mut written = 0;
    let mut at = 0;
    while at < frames.len() {
        if written >= FRAMES && !full {
            let more = frames.len() - at;
            lines.push(format!(
                "      and {more} more, which `RUST_BACKTRACE=full` shows"
            ));
            break;
        }
        let (period, times) = repeated(&frames[at..]);
        for (number, frame) in frames.iter().enumerate().skip(at).take(period) {
            add(frame, number, &mut lines);
        }
        if times > 1 {
            let what = match period {
                1 => "the frame above is repeated".to_owned(),
                many => format!("the {many} frames above are repeated"),
            };
            let more = match times - 1 {
                1 => "once".to_owned(),
                more => format!("{more} times"),
            };
            lines.push(format!("      [{what} {more}]"));
        }
        written += period;
        at += period * times;
    }
    lines.join("\n")
}

fn add(frame: &Frame, number: usize, lines: &mut Vec<String>) {
    let component = match &frame.component {
        Some(component) => format!(" (in `{component}`)"),
        None => String::new(),
    };
    lines.push(format!("{number:>4}: {}{component}", frame.function));
    if let Some(place) = &frame.place {
        lines.push(format!("             at {place}"));
    }
}

/// How many of the first frames repeat at once, and how many times they are there in all;
/// one frame, once, if nothing repeats.
fn repeated(frames: &[Frame]) -> (usize, usize) {
    for period in 1..=PERIOD.min(frames.len() / 2) {
        let mut times = 1;
        while frames
            .get(times * period..(times + 1) * period)
            .is_some_and(|next| next == &frames[..period])
        {
            times += 1;
        }
        if times > 1 {
            return (period, times);
        }
    }
    (1, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(names: impl IntoIterator<Item = String>) -> Vec<Frame> {
        let frame = |function| Frame {
            function,
            place: Some("src/lib.rs:1:2".to_owned()),
            ..Frame::default()
        };
        names.into_iter().map(frame).collect()
    }

    #[test]
    fn frames_are_written_as_rust_does() {
        let mut frames = frames(["a::f".to_owned(), "a::g".to_owned()]);
        frames[1].component = Some("app".to_owned());
        frames[1].place = None;
        let expected =
            "stack backtrace:\n   0: a::f\n             at src/lib.rs:1:2\n   1: a::g (in `app`)";
        assert_eq!(text(&frames, false), expected);
    }

    #[test]
    fn a_recursion_is_written_once() {
        let names = std::iter::once("leaf").chain(std::iter::repeat_n("f", 1000));
        let of_one = frames(names.chain(["main"]).map(str::to_owned));
        let written = text(&of_one, true);
        assert_eq!(written.lines().count(), 8, "{written}");
        assert!(written.contains("[the frame above is repeated 999 times]"));
        assert!(written.contains("\n1001: main\n"), "{written}");
        let of_two = (0..9).map(|n| ["even", "odd"][n % 2].to_owned());
        let written = text(&frames(of_two), false);
        assert!(written.contains("[the 2 frames above are repeated 3 times]"));
        assert!(written.contains("   8: even"), "{written}");
    }

    #[test]
    fn many_frames_are_cut_unless_all_are_wanted() {
        let many = frames((0..80).map(|n| format!("f{n}")));
        let written = text(&many, false);
        assert!(written.contains("  49: f49") && !written.contains("f50"));
        assert!(written.ends_with("and 30 more, which `RUST_BACKTRACE=full` shows"));
        assert!(text(&many, true).contains("  79: f79"));
    }
}

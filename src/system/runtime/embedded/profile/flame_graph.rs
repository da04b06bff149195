//! Samples as a flame graph: a picture in SVG in which each function is as wide as the number
//! of samples in which it ran, and stands on the function that called it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::samples::Samples;

/// The width of the picture, in pixels.
const WIDTH: f64 = 1200.0;

/// The height of a function, and that of the title, in pixels.
const ROW: usize = 18;

/// How wide a letter is at most, in pixels.
const LETTER: f64 = 7.0;

/// A function below the same callers, with what it calls by number of its name.
#[derive(Debug, Default)]
struct Node {
    count: usize,
    calls: BTreeMap<u32, Node>,
}

impl Node {
    fn add(&mut self, stack: &[u32], count: usize) {
        self.count += count;
        if let [first, rest @ ..] = stack {
            self.calls.entry(*first).or_default().add(rest, count);
        }
    }

    /// The number of functions above each other.
    fn depth(&self) -> usize {
        let depths = self.calls.values().map(|node| 1 + node.depth());
        depths.max().unwrap_or(0)
    }
}

/// The flame graph as SVG. `names` has a text for each name in `samples`.
pub(super) fn graph(component: &str, samples: &Samples, names: &[String]) -> String {
    let mut counts = vec![0_usize; samples.stacks().len()];
    for (_, stack) in samples.taken() {
        counts[*stack] += 1;
    }
    let mut root = Node::default();
    for (stack, count) in samples.stacks().iter().zip(counts) {
        root.add(stack, count);
    }
    let depth = root.depth();
    let height = (depth + 1) * ROW;
    let mut svg = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"4\" y=\"13\">{}, {} samples</text>\n",
        escaped(component),
        root.count
    );
    let mut picture = Picture {
        svg: &mut svg,
        names,
        all: root.count,
    };
    picture.draw(&root, 0.0, depth);
    svg.push_str("</svg>\n");
    svg
}

/// A flame graph that is being drawn.
struct Picture<'a> {
    svg: &'a mut String,
    names: &'a [String],
    /// The number of all samples.
    all: usize,
}

impl Picture<'_> {
    /// Draws what a function calls, in this row from the top and from this position on.
    fn draw(&mut self, caller: &Node, mut left: f64, row: usize) {
        for (name, node) in &caller.calls {
            let share = node.count as f64 / self.all as f64;
            let width = WIDTH * share;
            let name = self.names.get(*name as usize).map_or("", String::as_str);
            let top = row * ROW;
            let room = (width / LETTER) as usize;
            let text = match name.chars().count() <= room {
                true => name.to_owned(),
                false if room < 4 => String::new(),
                false => name.chars().take(room - 1).chain(['…']).collect(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                self.svg,
                "<g><title>{} ({} samples, {:.1} %)</title>\
                 <rect x=\"{left:.2}\" y=\"{top}\" width=\"{width:.2}\" height=\"{}\" fill=\"{}\" \
                 stroke=\"#fff\"/><text x=\"{:.2}\" y=\"{}\">{}</text></g>",
                escaped(name),
                node.count,
                100.0 * share,
                ROW,
                color(name),
                left + 3.0,
                top + 13,
                escaped(&text),
            );
            self.draw(node, left, row.saturating_sub(1));
            left += width;
        }
    }
}

/// A light, warm color, the same for all functions of a crate.
fn color(name: &str) -> String {
    let of_crate = name.trim_start_matches('<').split("::").next();
    let bytes = of_crate.unwrap_or(name).bytes();
    let hash = bytes.fold(7_u32, |hash, byte| hash.wrapping_mul(31) ^ u32::from(byte));
    format!("hsl({}, 80%, 72%)", hash % 70)
}

/// Text as XML has it, without characters that it does not allow.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn svg() -> String {
        let mut samples = Samples::default();
        for at in 1..4 {
            samples.add(Duration::from_millis(at), ["g", "f"].into_iter());
        }
        samples.add(Duration::from_millis(4), ["f"].into_iter());
        let names = ["<[u8; 4] as a::G>::g", "a::f"].map(str::to_owned);
        // The innermost function of the first sample has the first name.
        graph("a & b.wasm", &samples, &names)
    }

    #[test]
    fn each_function_is_as_wide_as_its_samples() {
        let svg = svg();
        assert!(svg.contains("a &amp; b.wasm, 4 samples"), "{svg}");
        assert!(
            svg.contains("&lt;[u8; 4] as a::G&gt;::g (3 samples, 75.0 %)"),
            "{svg}"
        );
        assert!(svg.contains("a::f (4 samples, 100.0 %)"), "{svg}");
        assert!(svg.contains("width=\"1200.00\"") && svg.contains("width=\"900.00\""));
    }

    #[test]
    fn a_caller_is_below_what_it_calls() {
        let svg = svg();
        let top = |width: &str| -> usize {
            let (before, _) = svg.split_once(&format!("\" width=\"{width}\"")).unwrap();
            let (_, top) = before.rsplit_once("y=\"").unwrap();
            top.parse().unwrap()
        };
        assert!(top("1200.00") > top("900.00"), "{svg}");
    }
}

//! The graph of a composition as an SVG drawing.

use std::fmt::Write as _;

use super::data::{Component, Edge, Graph};
use super::layout::{Arrow, Block, Line, layout};
use super::measure::FONT_SIZE;
use super::text::clean;

/// How far the text is above the lower end of its line, in pixels.
const BASELINE: i64 = 5;

/// The colors of a drawing, as SVG writes them.
struct Palette {
    background: &'static str,
    /// The inside of boxes.
    box_fill: &'static str,
    /// Arrows, and the borders of boxes.
    stroke: &'static str,
    /// The names of components.
    text: &'static str,
    /// The text that is not a name.
    small_text: &'static str,
}

const LIGHT: Palette = Palette {
    background: "#ffffff",
    box_fill: "#f2f4f7",
    stroke: "#3d4654",
    text: "#111418",
    small_text: "#4a5361",
};

/// For viewers that prefer dark pages.
const DARK: Palette = Palette {
    background: "#16191d",
    box_fill: "#252a31",
    stroke: "#a9b3c1",
    text: "#f2f4f7",
    small_text: "#bac3cf",
};

/// The graph as SVG.
pub fn svg(graph: &Graph) -> String {
    let layout = layout(graph);
    let (width, height) = (layout.width, layout.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"{FONT_SIZE}\" \
         fill=\"{}\">\n",
        LIGHT.small_text
    );
    let _ = writeln!(
        svg,
        "<style>@media (prefers-color-scheme: dark) {{ svg {{ fill: {}; }} \
         .background {{ fill: {}; }} .box {{ fill: {}; stroke: {}; }} \
         .arrow {{ stroke: {}; }} .tip {{ fill: {}; }} .name {{ fill: {}; }} }}</style>",
        DARK.small_text,
        DARK.background,
        DARK.box_fill,
        DARK.stroke,
        DARK.stroke,
        DARK.stroke,
        DARK.text
    );
    let _ = writeln!(
        svg,
        "<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path class=\"tip\" d=\"M0 1L10 5L0 9z\" fill=\"{}\"/>\
         </marker></defs>",
        LIGHT.stroke
    );
    let _ = writeln!(
        svg,
        "<rect class=\"background\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
        LIGHT.background
    );
    for (arrow, label) in layout.arrows.iter().zip(&layout.labels) {
        draw_arrow(&mut svg, graph, arrow, label);
    }
    for (at, block) in layout.boxes.iter().enumerate() {
        draw_box(&mut svg, &graph.components[at], block, at == 0);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws an arrow with its label. Viewers show the title where the mouse is.
fn draw_arrow(svg: &mut String, graph: &Graph, arrow: &Arrow, label: &Block) {
    let links: Vec<&Edge> = arrow.links.iter().map(|&at| &graph.links[at]).collect();
    let _ = write!(svg, "<g><title>");
    for (at, link) in links.iter().enumerate() {
        let (from, to) = (&graph.components[link.from], &graph.components[link.to]);
        let start = match at {
            0 => format!("{} imports from {}:\n", from.name, to.name),
            _ => "\n".to_owned(),
        };
        let _ = write!(svg, "{}", escaped(&format!("{start}{}", link.label())));
    }
    let dashes = match links.iter().any(|link| link.implied) {
        true => " stroke-dasharray=\"5 3\"",
        false => "",
    };
    let _ = writeln!(
        svg,
        "</title>\n<path class=\"arrow\" d=\"{}\" fill=\"none\" stroke=\"{}\"{dashes} \
         marker-end=\"url(#tip)\"/>",
        path(arrow),
        LIGHT.stroke
    );
    for line in &label.lines {
        draw_line(svg, line, "");
    }
    svg.push_str("</g>\n");
}

/// The path of an arrow: straight down, and in curves that start and end downwards, inside the
/// rectangle that the two points span.
fn path(arrow: &Arrow) -> String {
    let start = arrow.points[0];
    let mut path = format!("M{} {}", start.x, start.y);
    for ends in arrow.points.windows(2) {
        let [from, to] = [ends[0], ends[1]];
        let middle = (from.y + to.y) / 2;
        let _ = match from.x == to.x {
            true => write!(path, "V{}", to.y),
            false => write!(
                path,
                "C{} {middle} {} {middle} {} {}",
                from.x, to.x, to.x, to.y
            ),
        };
    }
    path
}

/// Draws the box of a component.
fn draw_box(svg: &mut String, component: &Component, block: &Block, is_root: bool) {
    let mut title = component.name.clone();
    for need in &component.open {
        let _ = write!(title, "\nneeds {need}");
    }
    let _ = writeln!(
        svg,
        "<g><title>{}</title>\n<rect class=\"box\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" \
         rx=\"4\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
        escaped(&title),
        block.area.left,
        block.area.top,
        block.area.width(),
        block.area.height(),
        LIGHT.box_fill,
        LIGHT.stroke,
        if is_root { 2 } else { 1 }
    );
    for (at, line) in block.lines.iter().enumerate() {
        let name = format!(" class=\"name\" fill=\"{}\"", LIGHT.text);
        draw_line(svg, line, if at == 0 { &name } else { "" });
    }
    svg.push_str("</g>\n");
}

/// Draws a line of text into its room, whatever font the viewer has.
fn draw_line(svg: &mut String, line: &Line, attributes: &str) {
    if line.area.width() > 0 {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"\
             {attributes}>{}</text>",
            line.area.left,
            line.area.bottom - BASELINE,
            line.area.width(),
            escaped(&line.text)
        );
    }
}

/// The text as XML can have it. Only line ends remain of control characters.
fn escaped(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(clean).collect();
    let text = lines
        .join("\n")
        .replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{DARK, LIGHT};

    /// The contrast of two colors as the guidelines for accessible pages (WCAG) define it.
    fn contrast(one: &str, other: &str) -> f64 {
        let luminance = |color: &str| {
            let part = |at: usize| {
                let value = u8::from_str_radix(&color[at..at + 2], 16).unwrap();
                let value = f64::from(value) / 255.0;
                match value <= 0.04045 {
                    true => value / 12.92,
                    false => ((value + 0.055) / 1.055).powf(2.4),
                }
            };
            0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) + 0.05
        };
        let (one, other) = (luminance(one), luminance(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn text_is_readable_on_light_and_on_dark_pages() {
        for colors in [LIGHT, DARK] {
            for (text, behind) in [
                (colors.text, colors.box_fill),
                (colors.small_text, colors.box_fill),
                (colors.small_text, colors.background),
                (colors.stroke, colors.background),
            ] {
                let contrast = contrast(text, behind);
                assert!(contrast >= 7.0, "{text} on {behind}: {contrast}");
            }
        }
    }
}

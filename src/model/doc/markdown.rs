//! Doc comments, which are Markdown.

use pulldown_cmark::{
    BrokenLink, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd,
};

use super::html::Html;

/// The address of the item that documentation links to by its name, as in
/// ``[`input-stream`]``; `None` if nothing has the name.
pub(super) type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

/// The number of characters of a summary in the index of the search.
const SUMMARY: usize = 160;

/// The documentation as HTML: HTML in it is shown as text, images become links, and links
/// that are neither to the web nor to a name are only text.
pub(super) fn document(text: &str, lookup: Lookup<'_>) -> Html {
    let mut html = Html::default();
    html.markdown(events(text, lookup).into_iter());
    html
}

/// The first paragraph of the documentation as HTML without links.
pub(super) fn summary(text: &str) -> Html {
    let mut html = Html::default();
    html.markdown(first_paragraph(text).into_iter());
    html
}

/// The first paragraph of the documentation as text, shortened.
pub(super) fn plain_summary(text: &str) -> String {
    let mut plain = String::new();
    for event in first_paragraph(text) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => {
                plain.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            _ => {}
        }
    }
    match plain.char_indices().nth(SUMMARY) {
        None => plain,
        Some((end, _)) => format!("{}…", plain[..end].trim_end()),
    }
}

fn options() -> Options {
    // Not footnotes, whose anchors could be those of an item.
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

/// What the first paragraph contains but for links and images.
fn first_paragraph(text: &str) -> Vec<Event<'_>> {
    let mut inside = false;
    let mut found = Vec::new();
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::Paragraph | Tag::HtmlBlock) => inside = true,
            Event::End(TagEnd::Paragraph | TagEnd::HtmlBlock) => break,
            Event::Start(Tag::Link { .. } | Tag::Image { .. })
            | Event::End(TagEnd::Link | TagEnd::Image) => {}
            Event::Html(text) | Event::InlineHtml(text) if inside => {
                found.push(Event::Text(text));
            }
            event if inside => found.push(event),
            _ => {}
        }
    }
    found
}

/// The parsed documentation, with harmless links, below the headings of the page.
fn events<'t>(text: &'t str, lookup: Lookup<'_>) -> Vec<Event<'t>> {
    let mut by_name = |link: BrokenLink<'t>| {
        let href = lookup(link.reference.trim_matches('`'))?;
        Some((CowStr::from(href), CowStr::from("")))
    };
    let parser = Parser::new_with_broken_link_callback(text, options(), Some(&mut by_name));
    let mut found = Vec::new();
    // Whether each link that is open was kept.
    let mut open: Vec<bool> = Vec::new();
    for event in parser {
        match event {
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            }) => {
                let is_allowed = is_named(link_type) || is_of_the_web(&dest_url);
                link(&mut found, &mut open, is_allowed, dest_url, title);
            }
            Event::Start(Tag::Image {
                dest_url, title, ..
            }) => {
                let is_allowed = is_of_the_web(&dest_url);
                link(&mut found, &mut open, is_allowed, dest_url, title);
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if open.pop() == Some(true) {
                    found.push(Event::End(TagEnd::Link));
                }
            }
            Event::Start(Tag::Heading { level, .. }) => found.push(Event::Start(Tag::Heading {
                level: below(level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            })),
            Event::End(TagEnd::Heading(level)) => {
                found.push(Event::End(TagEnd::Heading(below(level))));
            }
            Event::Start(Tag::HtmlBlock) => found.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => found.push(Event::End(TagEnd::Paragraph)),
            event => found.push(event),
        }
    }
    found
}

/// Opens a link if it is allowed and in no other one.
fn link<'t>(
    found: &mut Vec<Event<'t>>,
    open: &mut Vec<bool>,
    is_allowed: bool,
    dest_url: CowStr<'t>,
    title: CowStr<'t>,
) {
    let is_kept = is_allowed && !open.contains(&true);
    open.push(is_kept);
    if is_kept {
        found.push(Event::Start(Tag::Link {
            link_type: LinkType::Inline,
            dest_url,
            title,
            id: CowStr::from(""),
        }));
    }
}

/// Whether the address of a link is of this program, found by its name.
fn is_named(kind: LinkType) -> bool {
    matches!(
        kind,
        LinkType::ReferenceUnknown | LinkType::CollapsedUnknown | LinkType::ShortcutUnknown
    )
}

/// Whether an address is a page of the web. Everything else leads nowhere from these pages,
/// or runs a script.
fn is_of_the_web(address: &str) -> bool {
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// The level of a heading below those of the page.
fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H4,
        HeadingLevel::H2 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let lookup = |name: &str| match name {
            "pen.draw" => Some("#method.pen.draw".to_owned()),
            "point" => Some("../p.html#x".to_owned()),
            _ => None,
        };
        document(text, &lookup).as_str().trim_end().to_owned()
    }

    #[test]
    fn markdown_is_rendered_below_the_headings_of_the_page() {
        assert_eq!(
            shown("# Use\n\nWith *care*."),
            "<h4>Use</h4>\n<p>With <em>care</em>.</p>"
        );
        assert!(shown("| a |\n| - |\n| b |").contains("<td>b</td>"));
    }

    #[test]
    fn names_are_links_to_what_they_name() {
        assert_eq!(
            shown("See [`point`], [pen.draw] and [drawing][point], not [`other`]."),
            "<p>See <a href=\"../p.html#x\"><code>point</code></a>, \
             <a href=\"#method.pen.draw\">pen.draw</a> and \
             <a href=\"../p.html#x\">drawing</a>, not [<code>other</code>].</p>"
        );
    }

    #[test]
    fn no_markup_and_no_script_comes_through() {
        for (text, expected) in [
            (
                "<script>alert(1)</script>",
                "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
            ),
            (
                "a <img src=x onerror=alert(1)>",
                "<p>a &lt;img src=x onerror=alert(1)&gt;</p>",
            ),
            ("[x](javascript:alert(1))", "<p>x</p>"),
            ("[x](JavaScript:alert(1))", "<p>x</p>"),
            ("[x](<java\tscript:alert(1)>)", "<p>x</p>"),
            ("[x](&#106;avascript:alert(1))", "<p>x</p>"),
            ("[x]\n\n[x]: data:text/html,x", "<p>x</p>"),
            ("[x](//elsewhere.test)", "<p>x</p>"),
            ("[x](../../secret.html)", "<p>x</p>"),
            ("<javascript:alert(1)>", "<p>javascript:alert(1)</p>"),
            (
                "![x](https://a.test/pixel.png)",
                "<p><a href=\"https://a.test/pixel.png\">x</a></p>",
            ),
            (
                "[![x](https://a.test/b)](https://a.test/c)",
                "<p><a href=\"https://a.test/c\">x</a></p>",
            ),
            (
                "[x](https://a.test/\"onmouseover=\"alert(1))",
                "<p><a href=\"https://a.test/%22onmouseover=%22alert(1)\">x</a></p>",
            ),
            (
                "[x](https://a.test 'a\" onclick=\"b')",
                "<p><a href=\"https://a.test\" title=\"a&quot; onclick=&quot;b\">x</a></p>",
            ),
            (
                "# x {#main onclick=alert(1)}",
                "<h4>x {#main onclick=alert(1)}</h4>",
            ),
            ("x[^1]\n\n[^1]: y", "<p>x^1</p>"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        let code = shown("```\"><script>\n</code><script>\n```");
        assert!(!code.contains("<script"), "{code}");
    }

    #[test]
    fn a_summary_is_the_first_paragraph() {
        let text = "# Title\n\nReads `bytes` of [it](x),\nmany.\n\nMore.";
        assert_eq!(
            summary(text).as_str(),
            "Reads <code>bytes</code> of it,\nmany."
        );
        assert_eq!(plain_summary(text), "Reads bytes of it, many.");
        let long = plain_summary(&"é".repeat(500));
        assert_eq!(long.chars().count(), SUMMARY + 1);
        assert_eq!(plain_summary("<b>x</b>"), "<b>x</b>");
    }
}

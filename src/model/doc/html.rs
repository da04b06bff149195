//! HTML that is escaped unless it is markup of this program.

use pulldown_cmark::{Event, html};

/// A part of a page. Only literals of this program get into it as they are; all other text
/// is escaped, so that no text can open an element or leave an attribute.
#[derive(Clone, Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds markup of this program as it is.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text in its escaped form.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Opens an element; the values of its attributes are escaped.
    pub fn open(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) -> &mut Self {
        self.markup("<").markup(tag);
        for (name, value) in attributes {
            self.markup(" ").markup(name).markup("=\"").text(value);
            self.markup("\"");
        }
        self.markup(">")
    }

    /// Closes the element of this name.
    pub fn close(&mut self, tag: &'static str) -> &mut Self {
        self.markup("</").markup(tag).markup(">")
    }

    /// Adds an element with text.
    pub fn element(
        &mut self,
        tag: &'static str,
        attributes: &[(&'static str, &str)],
        text: &str,
    ) -> &mut Self {
        self.open(tag, attributes).text(text).close(tag)
    }

    /// Adds another part behind this one.
    pub fn append(&mut self, other: &Html) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Adds what was parsed as Markdown. HTML in it is shown as text. The addresses of its
    /// links are escaped, but otherwise as they are: the caller has checked them.
    pub fn markdown<'e>(&mut self, events: impl Iterator<Item = Event<'e>>) -> &mut Self {
        let escaped = events.map(|event| match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            event => event,
        });
        html::push_html(&mut self.0, escaped);
        self
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of the part.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// The text of the part, for tests.
    #[cfg(test)]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

//! Errors as text, with the source line and a caret.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};

use super::interface::Shell;
use super::message::Message;
use crate::base::error::{Error, ErrorKind};

/// Bold in the given colour, as cargo prints labels.
pub(super) fn bold(color: AnsiColor) -> Style {
    Style::new().bold().fg_color(Some(color.into()))
}

/// A label and a colon, bold in `color` if `colored`.
pub(super) fn label(label: &str, color: AnsiColor, colored: bool) -> String {
    if colored {
        let style = bold(color);
        format!("{style}{label}{style:#}:")
    } else {
        format!("{label}:")
    }
}

/// The whole error, ending without a line end: the message, the excerpt, the
/// causes as cargo lists them, and the hint.
pub fn render_error(error: &Error, colored: bool) -> String {
    let mut text = match error.excerpt() {
        Some(excerpt) => {
            let renderer = match colored {
                true => Renderer::styled(),
                false => Renderer::plain(),
            };
            let path = excerpt.path().display().to_string();
            let mut annotation = AnnotationKind::Primary.span(excerpt.span());
            if !excerpt.label_text().is_empty() {
                annotation = annotation.label(excerpt.label_text());
            }
            let snippet = Snippet::source(excerpt.text())
                .path(path.as_str())
                .annotation(annotation);
            let report = [Level::ERROR.primary_title(error.message()).element(snippet)];
            renderer.render(&report).trim_end().to_owned()
        }
        None => format!(
            "{} {}",
            label("error", AnsiColor::BrightRed, colored),
            error.message()
        ),
    };
    if !error.causes().is_empty() {
        text.push_str("\n\nCaused by:");
    }
    let below: Vec<&str> = error
        .causes()
        .iter()
        .map(String::as_str)
        .chain(error.trace())
        .collect();
    for line in below.iter().flat_map(|part| part.lines()) {
        text.push_str("\n  ");
        text.push_str(line);
    }
    if let Some(hint) = error.advice() {
        let gap = if below.is_empty() { "\n" } else { "\n\n" };
        text.push_str(gap);
        text.push_str(&label("help", AnsiColor::BrightCyan, colored));
        text.push(' ');
        text.push_str(hint);
    }
    text
}

/// Prints an error, unless a child program has printed it already.
pub fn report(shell: &dyn Shell, error: &Error) {
    if !matches!(error.kind(), ErrorKind::Child(_)) {
        shell.print(Message::Error(error.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Excerpt;

    #[test]
    fn an_error_shows_line_caret_causes_and_hint() {
        let error = Error::input("unknown key `pakage`")
            .at(Excerpt::new("Cargo.toml", "[a]\npakage = 1\n", 4..10))
            .with_cause("the table has no such key")
            .hint("write `package`");
        let text = render_error(&error, false);
        assert!(text.starts_with("error: unknown key `pakage`\n"), "{text}");
        assert!(text.contains("Cargo.toml:2:1"), "{text}");
        assert!(text.contains("^^^^^^"), "{text}");
        assert!(
            text.contains("Caused by:\n  the table has no such key"),
            "{text}"
        );
        assert!(text.ends_with("\n\nhelp: write `package`"), "{text}");
    }

    #[test]
    fn a_trace_follows_the_causes_and_is_no_part_of_the_line() {
        let error = Error::input("it trapped")
            .with_cause("unreachable")
            .with_trace("stack backtrace:\n   0: f")
            .hint("fix it");
        assert_eq!(
            render_error(&error, false),
            "error: it trapped\n\nCaused by:\n  unreachable\n  stack backtrace:\n     0: f\n\nhelp: fix it"
        );
        assert_eq!(error.to_string(), "it trapped: unreachable");
    }
}

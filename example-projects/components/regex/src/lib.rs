//! Finds regular expressions.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::{Guest, Span};

struct Component;

impl Guest for Component {
    fn find(pattern: String, text: String) -> Option<Span> {
        let anchored = pattern.strip_prefix('^');
        let pattern: Vec<char> = anchored.unwrap_or(&pattern).chars().collect();
        let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        starts.push(text.len());
        if anchored.is_some() {
            starts.truncate(1);
        }
        starts.into_iter().find_map(|start| {
            let end = start + length(&pattern, &text[start..])?;
            Some(Span {
                start: start as u32,
                end: end as u32,
            })
        })
    }

    fn is_match(pattern: String, text: String) -> bool {
        Self::find(pattern, text).is_some()
    }
}

/// How much of the beginning of `text` matches, as much as can be.
fn length(pattern: &[char], text: &str) -> Option<usize> {
    let first = text.chars().next();
    let fits = |wanted: char| first.filter(|c| wanted == '.' || wanted == *c);
    match pattern {
        [] => Some(0),
        ['$'] => text.is_empty().then_some(0),
        [wanted, '*', rest @ ..] => {
            let more = fits(*wanted).and_then(|c| {
                let rest = length(pattern, &text[c.len_utf8()..])?;
                Some(c.len_utf8() + rest)
            });
            more.or_else(|| length(rest, text))
        }
        [wanted, rest @ ..] => {
            let c = fits(*wanted)?.len_utf8();
            Some(c + length(rest, &text[c..])?)
        }
    }
}

bindings::export!(Component with_types_in bindings);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_can_be() {
        let span = Component::find("bö*.".to_owned(), "a bööö!".to_owned()).unwrap();
        assert_eq!((span.start, span.end), (2, 10));
        assert!(!Component::is_match("^b$".to_owned(), "ab".to_owned()));
    }
}

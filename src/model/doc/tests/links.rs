//! Checks pages as a browser would read them: every link leads to a page and an anchor that
//! is there, and there are no elements and attributes but those that the pages are made of.

use std::collections::{BTreeMap, BTreeSet};

const ELEMENTS: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "body",
    "br",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "input",
    "kbd",
    "li",
    "link",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

const ATTRIBUTES: &[&str] = &[
    "aria-current",
    "aria-label",
    "autocomplete",
    "charset",
    "class",
    "content",
    "data-root",
    "defer",
    "hidden",
    "href",
    "id",
    "lang",
    "name",
    "placeholder",
    "rel",
    "role",
    "spellcheck",
    "src",
    "start",
    "style",
    "title",
    "type",
];

/// An element with its attributes.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

/// Fails where a page of these files has a link that leads nowhere, two equal anchors, or
/// markup that the pages are not made of.
pub fn check(files: &BTreeMap<String, String>) {
    let pages = files.iter().filter(|(path, _)| path.ends_with(".html"));
    let elements: BTreeMap<&str, Vec<Element>> = pages
        .map(|(path, text)| (path.as_str(), elements(path, text)))
        .collect();
    let anchors: BTreeMap<&str, BTreeSet<&str>> = elements
        .iter()
        .map(|(path, elements)| (*path, anchors(path, elements)))
        .collect();
    let mut links = 0;
    for (path, elements) in &elements {
        for element in elements {
            for (name, value) in &element.attributes {
                if name == "href" || name == "src" {
                    links += 1;
                    check_link(path, value, files, &anchors);
                }
            }
        }
    }
    assert!(links > elements.len(), "{links} links");
    let index = &files["search-index.js"];
    for row in index.lines().filter(|line| line.starts_with('[')) {
        let row: Vec<String> = serde_json::from_str(row.trim_end_matches(',')).unwrap();
        check_link("index.html", &row[3], files, &anchors);
    }
}

fn check_link(
    from: &str,
    link: &str,
    files: &BTreeMap<String, String>,
    anchors: &BTreeMap<&str, BTreeSet<&str>>,
) {
    if ["https://", "http://"]
        .iter()
        .any(|scheme| link.to_lowercase().starts_with(scheme))
        || link == "data:,"
    {
        return;
    }
    let (page, anchor) = match link.split_once('#') {
        Some((page, anchor)) => (page, Some(decoded(anchor))),
        None => (link, None),
    };
    let mut at: Vec<&str> = from.split('/').collect();
    at.pop();
    let mut rest = page;
    while let Some(up) = rest.strip_prefix("../") {
        assert!(at.pop().is_some(), "{from}: {link} leads out of the pages");
        rest = up;
    }
    let rest = decoded(rest);
    let target = match page.is_empty() {
        true => from.to_owned(),
        false => at
            .into_iter()
            .chain([rest.as_str()])
            .collect::<Vec<_>>()
            .join("/"),
    };
    assert!(
        files.contains_key(&target),
        "{from}: {link}: there is no {target}"
    );
    if let Some(anchor) = anchor {
        let there = &anchors[target.as_str()];
        assert!(there.contains(anchor.as_str()), "{from}: {link}: no anchor");
    }
}

fn anchors<'e>(path: &str, elements: &'e [Element]) -> BTreeSet<&'e str> {
    let mut found = BTreeSet::new();
    for element in elements {
        for (name, value) in &element.attributes {
            if name == "id" {
                assert!(found.insert(value.as_str()), "{path}: two of {value}");
            }
        }
    }
    found
}

/// The elements of a page, of which all that are opened must be closed.
fn elements(path: &str, text: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some((_, tag)) = rest.split_once('<') {
        let end = tag.find('>').unwrap();
        let (inner, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if let Some(name) = inner.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{path}: </{name}>");
            continue;
        }
        let element = element(path, inner.trim_end_matches('/'));
        if !["br", "hr", "input", "link", "meta"].contains(&element.name.as_str()) {
            open.push(element.name.clone());
        }
        found.push(element);
    }
    assert!(open.is_empty(), "{path}: {open:?}");
    let scripts = found.iter().filter(|element| element.name == "script");
    assert_eq!(scripts.count(), 2, "{path}");
    found
}

fn element(path: &str, text: &str) -> Element {
    let (name, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    assert!(ELEMENTS.contains(&name), "{path}: <{text}>");
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let trimmed = rest.trim_start();
        let end = trimmed.find(['=', ' ']).unwrap_or(trimmed.len());
        let (name, after) = trimmed.split_at(end);
        assert!(ATTRIBUTES.contains(&name), "{path}: <{text}>");
        let Some(quoted) = after.strip_prefix("=\"") else {
            attributes.push((name.to_owned(), String::new()));
            rest = after;
            continue;
        };
        let (value, after) = quoted.split_once('"').unwrap();
        if name == "style" {
            assert!(value.starts_with("text-align: "), "{path}: <{text}>");
        }
        attributes.push((name.to_owned(), unescaped(value)));
        rest = after;
    }
    Element {
        name: name.to_owned(),
        attributes,
    }
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
    ];
    let text = pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&amp;", "&")
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

//! The names of imports that said where the import comes from, until
//! attributes replaced them in 2026: `unlocked-dep=<…>`, `locked-dep=<…>`,
//! `url=<…>` and `integrity=<…>`.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Name, free};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::hint::HintRelease;

/// Whether a name has one of the old forms.
pub(super) fn is_legacy(name: &str) -> bool {
    ["unlocked-dep=<", "locked-dep=<", "url=<", "integrity=<"]
        .iter()
        .any(|form| name.starts_with(form))
}

/// A name of the old forms as a label that is not taken, with its hint; none
/// for other names, and for those whose inside cannot be read.
pub(super) fn read(name: &str, taken: &mut BTreeSet<String>) -> Option<Name> {
    let (form, rest) = name.split_once("=<")?;
    let (inside, rest) = rest.split_once('>').filter(|_| is_legacy(name))?;
    // The `>` of a range is no end.
    let (inside, rest) = match form {
        "unlocked-dep" => (name[form.len() + 2..].strip_suffix('>')?, ""),
        _ => (inside, rest),
    };
    let digest = rest.strip_prefix(",integrity=<");
    let digest = digest
        .and_then(|rest| rest.strip_suffix('>'))
        .and_then(sha256);
    let query = digest.map_or(String::new(), |digest| format!("?digest={digest}"));
    let (label, external_id) = match form {
        "unlocked-dep" | "locked-dep" => package(inside, &query)?,
        "url" => (url_label(inside), url(inside, &query)),
        "integrity" => ("component".to_owned(), name.to_owned()),
        _ => return None,
    };
    taken.remove(name);
    Some(Name {
        name: free(&label, taken),
        implements: None,
        external_id: Some(external_id),
    })
}

/// `ns:pkg[/item][@release]` as label and hint.
fn package(text: &str, query: &str) -> Option<(String, String)> {
    let (path, release) = match text.split_once('@') {
        Some((path, release)) => (path, Some(release)),
        None => (text, None),
    };
    let (package, item) = match path.split_once('/') {
        Some((package, item)) => (package, Some(item)),
        None => (path, None),
    };
    let package: PackageRef = package.parse().ok()?;
    let release = match release {
        None | Some("*") => String::new(),
        Some(release) => {
            let range = release.strip_prefix('{').and_then(|r| r.strip_suffix('}'));
            let release = range.unwrap_or(release);
            release.parse::<HintRelease>().ok()?;
            format!("@{release}")
        }
    };
    let mut label = format!("{}-{}", package.namespace(), package.name());
    let mut hint = format!("wasm-pkg:{package}{release}{query}");
    if let Some(item) = item {
        label.push('-');
        label.push_str(item);
        hint.push('#');
        hint.push_str(item);
    }
    Some((label, hint))
}

/// The first SHA-256 of integrity metadata, which is in base64; some tools
/// wrote it in hex.
fn sha256(metadata: &str) -> Option<ContentDigest> {
    metadata.split_whitespace().find_map(|hash| {
        let hash = hash.strip_prefix("sha256-")?;
        let hash = hash.split('?').next()?;
        let hex = match STANDARD.decode(hash) {
            Ok(bytes) if bytes.len() == 32 => bytes.iter().map(|b| format!("{b:02x}")).collect(),
            _ => hash.to_owned(),
        };
        format!("sha256:{hex}").parse().ok()
    })
}

/// The URL with the digest, and without a user name or password.
fn url(text: &str, query: &str) -> String {
    let text = match text.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[host..])
        }
        None => text.to_owned(),
    };
    match text.contains(['?', '#']) {
        true => text,
        false => format!("{text}{query}"),
    }
}

/// A label made of the last part of a URL.
fn url_label(text: &str) -> String {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.strip_suffix(".wasm").unwrap_or(file);
    let label = super::label(stem);
    label.unwrap_or_else(|| "component".to_owned())
}

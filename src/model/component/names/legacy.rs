//! Names of imports in the format that attributes replaced in 2026, with the
//! location of the import: `unlocked-dep=<…>`, `locked-dep=<…>`, `url=<…>` and
//! `integrity=<…>`.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::name::{Name, label, unused_label};
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::component::hint::HintRelease;

/// Whether a name has one of the older formats.
pub(super) fn is_legacy(name: &str) -> bool {
    ["unlocked-dep=<", "locked-dep=<", "url=<", "integrity=<"]
        .iter()
        .any(|form| name.starts_with(form))
}

/// Converts a name in an older format to an unused label with a hint; none for
/// other names, and for those that cannot be parsed.
pub(super) fn read(name: &str, used: &mut BTreeSet<String>) -> Option<Name> {
    let (form, rest) = name.split_once("=<")?;
    let (inside, rest) = rest.split_once('>').filter(|_| is_legacy(name))?;
    // The `>` of a version range does not end the name.
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
    used.remove(name);
    Some(Name {
        name: unused_label(&label, used),
        implements: None,
        external_id: Some(external_id),
    })
}

/// The label and hint for `ns:pkg[/item][@release]`.
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

/// The first SHA-256 digest of integrity metadata, which is in base64; some tools
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

/// The URL with the digest and without user name and password.
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

/// A label made from the last segment of a URL.
fn url_label(text: &str) -> String {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.strip_suffix(".wasm").unwrap_or(file);
    label(stem).unwrap_or_else(|| "component".to_owned())
}

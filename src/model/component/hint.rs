//! Hints: where the component is that an import was made for.
//!
//! A hint is the `external-id` of an import. It names a location, often the
//! digest of the component there, and sometimes the export that provides the
//! import. Text in other formats is preserved and never an error.

use std::fmt;
use std::str::FromStr;

use semver::{Version, VersionReq};

use crate::base::package::{ContentDigest, PackageRef};
use crate::model::url_protocol::UrlProtocol;

/// A hint, read from the text of an `external-id`.
///
/// `Display` prints hints of this tool as they are written into components, and
/// foreign text without the parts that may be secret; [`Hint::text`] has all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A hint in one of the formats that this tool writes.
    Known(KnownHint),
    /// Text in any other format.
    Foreign(ForeignHint),
}

/// A hint that can be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHint {
    /// The location of the component.
    pub location: HintLocation,
    /// The digest of the component's bytes.
    pub digest: Option<ContentDigest>,
    /// The version requirement of the author of the hint; without one,
    /// compatible versions match.
    pub requirement: Option<VersionReq>,
    /// The export that provides the import; none for the root of the component,
    /// or the interface that the import names.
    pub item: Option<String>,
}

/// The location of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HintLocation {
    /// `oci://<host>[:port]/<repository>:<tag>`, or `@sha256:…` of a manifest.
    Oci {
        /// The host of the registry, with its port if it has one.
        host: String,
        /// The path of the repository on the host.
        repository: String,
        /// The artifact in the repository.
        reference: HintReference,
    },
    /// A release by its address: `<protocol>://<host>[:port]/<ns>:<name>@<version>`.
    Url {
        /// The protocol of the registry.
        protocol: &'static UrlProtocol,
        /// The registry, with its port if it has one.
        host: String,
        /// The name of the package.
        package: PackageRef,
        /// The version of the release.
        version: Version,
    },
    /// `wasm-pkg:<ns>:<name>[@<version>]`: in the registry to which the
    /// configuration of the reader maps the package.
    Package {
        /// The name of the package.
        package: PackageRef,
        /// The releases of it that match.
        release: HintRelease,
    },
}

/// The reference to an artifact in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HintReference {
    /// The tag of the artifact.
    Tag(String),
    /// The digest of its manifest, which is not that of the component.
    Manifest(ContentDigest),
}

/// The releases of a package that a hint allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HintRelease {
    /// Any release of the package.
    Any,
    /// The release with exactly this version.
    Exact(Version),
    /// A release that matches the requirement.
    Range(VersionReq),
}

/// The text of an `external-id` in a format that this tool does not write.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignHint(String);

impl Hint {
    /// Reads the text of an `external-id`. Never fails: text in other formats,
    /// and text with a user name or password, is foreign.
    pub fn parse(text: &str) -> Self {
        match parse_known(text) {
            Some(known) => Hint::Known(known),
            None => Hint::Foreign(ForeignHint(text.to_owned())),
        }
    }

    /// The text of the `external-id`, for writing; it may contain secrets.
    pub fn text(&self) -> String {
        match self {
            Hint::Known(known) => known.to_string(),
            Hint::Foreign(foreign) => foreign.0.clone(),
        }
    }

    /// The hint, if it is one that can be resolved.
    pub fn known(&self) -> Option<&KnownHint> {
        match self {
            Hint::Known(known) => Some(known),
            Hint::Foreign(_) => None,
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hint::Known(known) => known.fmt(f),
            Hint::Foreign(foreign) => foreign.fmt(f),
        }
    }
}

impl fmt::Display for KnownHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            HintLocation::Oci {
                host,
                repository,
                reference,
            } => match reference {
                HintReference::Tag(tag) => write!(f, "oci://{host}/{repository}:{tag}")?,
                HintReference::Manifest(digest) => write!(f, "oci://{host}/{repository}@{digest}")?,
            },
            HintLocation::Url {
                protocol,
                host,
                package,
                version,
            } => write!(f, "{}/{package}@{version}", protocol.address(host))?,
            HintLocation::Package { package, release } => {
                write!(f, "wasm-pkg:{package}")?;
                match release {
                    HintRelease::Any => {}
                    HintRelease::Exact(version) => write!(f, "@{version}")?,
                    HintRelease::Range(range) => write!(f, "@{}", joined(range, " "))?,
                }
            }
        }
        let digest = self
            .digest
            .as_ref()
            .map(|digest| format!("digest={digest}"));
        let requirement = self.requirement.as_ref();
        let requirement = requirement.map(|r| format!("req={}", joined(r, ",")));
        let query: Vec<String> = digest.into_iter().chain(requirement).collect();
        if !query.is_empty() {
            write!(f, "?{}", query.join("&"))?;
        }
        match &self.item {
            Some(item) => write!(f, "#{item}"),
            None => Ok(()),
        }
    }
}

/// The comparators of a range with `between` between them.
fn joined(range: &VersionReq, between: &str) -> String {
    let comparators: Vec<String> = range.comparators.iter().map(ToString::to_string).collect();
    match comparators.is_empty() {
        true => "*".to_owned(),
        false => comparators.join(between),
    }
}

/// The number of characters of a foreign text that are printed.
const MAX_PRINTED: usize = 120;

impl fmt::Display for ForeignHint {
    /// Prints no user name, no password, no query and no control characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.as_str();
        if let Some((before, rest)) = text.split_once("://") {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            write!(f, "{}://", before.escape_debug())?;
            text = match rest[..end].rfind('@') {
                Some(at) => {
                    f.write_str("…@")?;
                    &rest[at + 1..]
                }
                None => rest,
            };
        }
        let (text, query) = match text.find('?') {
            Some(at) => (&text[..at], "?…"),
            None => (text, ""),
        };
        let printed: String = text.chars().take(MAX_PRINTED).collect();
        let more = if printed.len() < text.len() {
            "…"
        } else {
            ""
        };
        write!(f, "{}{more}{query}", printed.escape_debug())
    }
}

impl fmt::Debug for ForeignHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Foreign({self})")
    }
}

fn parse_known(text: &str) -> Option<KnownHint> {
    let (rest, item) = match text.split_once('#') {
        Some((rest, item)) => (rest, Some(item)),
        None => (text, None),
    };
    let item = match item {
        Some(item) if is_item(item) => Some(item.to_owned()),
        Some(_) => return None,
        None => None,
    };
    let (location, query) = match rest.split_once('?') {
        Some((location, query)) => (location, Some(query)),
        None => (rest, None),
    };
    let mut known = KnownHint {
        location: parse_location(location)?,
        digest: None,
        requirement: None,
        item,
    };
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        match pair.split_once('=')? {
            ("digest", digest) if known.digest.is_none() => {
                known.digest = Some(digest.parse().ok()?);
            }
            ("req", requirement) if known.requirement.is_none() => {
                known.requirement = Some(requirement.parse().ok()?);
            }
            _ => return None,
        }
    }
    Some(known)
}

/// Whether text can be the name of an export.
fn is_item(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_:/@.+[]".contains(c);
    !text.is_empty() && text.chars().all(letters)
}

fn parse_location(text: &str) -> Option<HintLocation> {
    if let Some(rest) = text.strip_prefix("oci://") {
        let (host, rest) = split_host(rest)?;
        let (repository, reference) = match rest.split_once('@') {
            Some((repository, digest)) => {
                (repository, HintReference::Manifest(digest.parse().ok()?))
            }
            None => {
                let (repository, tag) = rest.rsplit_once(':')?;
                (repository, HintReference::Tag(tag.to_owned()))
            }
        };
        let tagged = match &reference {
            HintReference::Tag(tag) => is_tag(tag),
            HintReference::Manifest(_) => true,
        };
        return (tagged && repository.split('/').all(is_segment)).then(|| HintLocation::Oci {
            host: host.to_owned(),
            repository: repository.to_owned(),
            reference,
        });
    }
    if let Some((protocol, rest)) = UrlProtocol::of_address(text) {
        let (host, rest) = split_host(rest)?;
        let (package, version) = rest.split_once('@')?;
        return Some(HintLocation::Url {
            protocol,
            host: host.to_owned(),
            package: package.parse().ok()?,
            version: version.parse().ok()?,
        });
    }
    let rest = text.strip_prefix("wasm-pkg:")?;
    let (package, release) = match rest.split_once('@') {
        Some((package, release)) => (package, release.parse().ok()?),
        None => (rest, HintRelease::Any),
    };
    Some(HintLocation::Package {
        package: package.parse().ok()?,
        release,
    })
}

impl FromStr for HintRelease {
    type Err = semver::Error;

    /// Reads a version, or comparators with spaces or commas between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(version) = text.parse() {
            return Ok(HintRelease::Exact(version));
        }
        let comparators = text.split([' ', ',']).filter(|part| !part.is_empty());
        let comparators: Vec<&str> = comparators.collect();
        comparators.join(", ").parse().map(HintRelease::Range)
    }
}

/// The host with its port, and the text after the slash.
fn split_host(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = text.split_once('/')?;
    let (name, port) = match host.rsplit_once(':') {
        // The colons inside the brackets of an IPv6 address are no port.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
    let name_fits = match name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        Some(address) => {
            let letters = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
            address.chars().all(letters) && address.matches(':').count() > 1
        }
        None => !name.is_empty() && name.chars().all(letters),
    };
    let port_fits = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    (name_fits && port.is_none_or(port_fits)).then_some((host, rest))
}

/// Whether text is one segment of the path of a repository.
fn is_segment(text: &str) -> bool {
    let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = |c: char| outer(c) || "._-".contains(c);
    text.starts_with(outer) && text.ends_with(outer) && text.chars().all(inner)
}

fn is_tag(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let letters = |c: char| first(c) || c == '.' || c == '-';
    text.starts_with(first) && text.chars().all(letters) && text.len() <= 128
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn every_format_is_printed_as_it_was_read() {
        for text in [
            "oci://ghcr.io/fancy/regex:1.2.0",
            &format!("oci://localhost:5000/regex:1.2.0?digest={DIGEST}"),
            &format!("oci://[::1]:5000/a/b-c:v1?digest={DIGEST}#baz"),
            &format!("oci://ghcr.io/fancy/regex@{DIGEST}"),
            &format!("oci://ghcr.io/fancy/regex@{DIGEST}?digest={DIGEST}#a:b/c@1.0.0+x"),
            "warg://wa.dev/fancy:regex@1.2.0",
            &format!("warg://wa.dev:8443/fancy:regex@1.2.0-rc.1?digest={DIGEST}#baz"),
            "wasm-pkg:fancy:regex",
            "wasm-pkg:fancy:regex@1.2.0",
            "wasm-pkg:fancy:regex@>=0.3.0 <0.4.0#baz",
            "wasm-pkg:fancy:regex@*",
            &format!("wasm-pkg:fancy:regex?digest={DIGEST}"),
            &format!("wasm-pkg:fancy:regex@1.2.3?digest={DIGEST}&req=^1.2#baz"),
            "oci://ghcr.io/fancy/regex:1.2.3?req=>=1.2,<1.4",
            "warg://wa.dev/fancy:regex@1.2.0?req==1.2.0",
        ] {
            let hint = Hint::parse(text);
            assert!(hint.known().is_some(), "{text}");
            assert_eq!(hint.to_string(), text);
            assert_eq!(hint.text(), text);
        }
    }

    #[test]
    fn the_parts_of_a_hint_are_typed() {
        let hint = Hint::parse("wasm-pkg:fancy:geo@>=0.3.0, <0.4.0#baz");
        let known = hint.known().unwrap();
        assert_eq!(known.item.as_deref(), Some("baz"));
        let HintLocation::Package { package, release } = &known.location else {
            panic!("{known:?}");
        };
        assert_eq!(package.to_string(), "fancy:geo");
        let HintRelease::Range(range) = release else {
            panic!("{release:?}");
        };
        let matches = |version: &str| range.matches(&version.parse().unwrap());
        assert!(matches("0.3.7") && !matches("0.4.0"));

        let text = format!("oci://ghcr.io:443/fancy/geo:0.3.0?digest={DIGEST}");
        let hint = Hint::parse(&text);
        let known = hint.known().unwrap();
        assert_eq!(known.digest, Some(DIGEST.parse().unwrap()));
        let HintLocation::Oci {
            host,
            repository,
            reference,
        } = &known.location
        else {
            panic!("{known:?}");
        };
        assert_eq!(
            (host.as_str(), repository.as_str()),
            ("ghcr.io:443", "fancy/geo")
        );
        assert_eq!(*reference, HintReference::Tag("0.3.0".to_owned()));
    }

    #[test]
    fn other_formats_are_foreign_and_preserved() {
        for text in [
            "",
            "#",
            "?",
            "oci://",
            "oci://host",
            "oci://host/",
            "oci://host/repository",
            "oci:///repository:1",
            "oci://host:0/r:1",
            "oci://host:99999/r:1",
            "oci://host:+1/r:1",
            "oci://host/../r:1",
            "oci://host/R:1",
            "oci://host/r@sha256:12",
            "oci://host/r:1?digest=md5:12",
            "oci://host/r:1?other=x",
            "oci://host/r:1?req=one",
            "oci://host/r:1?req=^1&req=^2",
            "oci://host/r:1?req=^1&",
            "oci://host/r:1?",
            "oci://host/r:1#",
            "oci://host/r:1#a b",
            "oci://[::1/r:1",
            "warg://wa.dev/fancy:regex",
            "warg://wa.dev/fancy@1.0.0",
            "wasm-pkg:fancy",
            "wasm-pkg:fancy:regex@",
            "wasm-pkg:fancy:../x",
            "https://example.com/x.wasm",
            "ünd etwas\u{1b}[31m",
        ] {
            let hint = Hint::parse(text);
            assert!(matches!(hint, Hint::Foreign(_)), "{text}");
            assert_eq!(hint.text(), text);
            assert!(!hint.to_string().contains('\u{1b}'));
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        for text in [
            "oci://user:SECRET@ghcr.io/fancy/regex:1.0.0",
            "warg://SECRET@wa.dev/fancy:regex@1.0.0",
            "https://u:SECRET@example.com/x.wasm?token=SECRET#y",
            "https://example.com/x.wasm?token=SECRET",
            "https://u:p@SECRET@example.com",
        ] {
            let hint = Hint::parse(text);
            assert!(matches!(hint, Hint::Foreign(_)), "{text}");
            assert!(!hint.to_string().contains("SECRET"), "{hint}");
            assert!(!format!("{hint:?}").contains("SECRET"), "{hint:?}");
        }
        let shown = Hint::parse("https://u:p@example.com/x.wasm").to_string();
        assert_eq!(shown, "https://…@example.com/x.wasm");
    }

    #[test]
    fn no_text_panics() {
        let forms = [
            format!("oci://[::1]:5000/a/b-c:v1?digest={DIGEST}#baz"),
            "wasm-pkg:fancy:regex@>=0.3.0 <0.4.0#baz".to_owned(),
            "https://ü:ö@example.com/ä?x".to_owned(),
        ];
        for form in forms {
            let ends = (0..=form.len()).filter(|at| form.is_char_boundary(*at));
            for at in ends {
                for part in [
                    form[..at].to_owned(),
                    form[at..].to_owned(),
                    format!("{}@{}", &form[..at], &form[at..]),
                    format!("{}\u{301}:{}", &form[..at], &form[at..]),
                ] {
                    let hint = Hint::parse(&part);
                    assert_eq!(Hint::parse(&hint.text()), hint);
                    let _ = hint.to_string();
                }
            }
        }
    }
}

//! Package ID specifications, as `cargo --package` takes them.

use std::path::Path;

use semver::{BuildMetadata, Prerelease, Version};

use crate::base::error::{Error, Result, nearest};
use crate::system::fs::path_of_url;

/// What a specification can select a package by.
#[derive(Clone, Copy, Debug)]
pub struct PackageIdentity<'a> {
    /// The name of the package.
    pub name: &'a str,
    /// The version of the package.
    pub version: &'a Version,
    /// The package ID of `cargo metadata`, such as
    /// `path+file:///x/y#name@0.1.0`.
    pub id: &'a str,
    /// The absolute directory of its manifest.
    pub manifest_dir: &'a Path,
}

/// A package ID specification, the value of `--package` or `--exclude`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSpec {
    text: String,
    pattern: SpecPattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum SpecPattern {
    /// A pattern that the name matches.
    Glob(Vec<GlobPart>),
    /// A name, perhaps with a version.
    Name(String, Option<PartialVersion>),
    /// A source and a name, perhaps with a version.
    Url {
        /// `path`, `git`, `registry` or `sparse`; any where none is given.
        kind: Option<String>,
        /// The URL without query, fragment and final slash.
        url: String,
        name: String,
        version: Option<PartialVersion>,
    },
}

impl PackageSpec {
    /// Reads a specification: `name`, `name@1.2`, `name:1.2.3`, a pattern for
    /// the name with `*`, `?` and `[..]`, or an address such as
    /// `file:///path#name@1.2` or `path+file:///path#name`.
    pub fn parse(text: &str) -> Result<PackageSpec> {
        let pattern = if text.contains("://") {
            parse_url(text)
        } else if text.contains(['*', '?', '[', ']']) {
            parse_glob(text).map(SpecPattern::Glob)
        } else if text.contains(['/', '\\']) {
            return Err(invalid(text)
                .with_cause("it looks like a path")
                .hint("use the package name, or its directory as `file:///path#name`"));
        } else {
            parse_name(text).map(|(name, version)| SpecPattern::Name(name, version))
        };
        match pattern {
            Ok(pattern) => Ok(PackageSpec {
                text: text.to_owned(),
                pattern,
            }),
            Err(reason) => Err(invalid(text)
                .with_cause(reason)
                .hint("use `name`, `name@1.2.3` or a pattern such as `app-*`")),
        }
    }

    /// Whether the specification selects a package.
    pub fn matches(&self, member: &PackageIdentity<'_>) -> bool {
        let is_version = |version: &Option<PartialVersion>| {
            version
                .as_ref()
                .is_none_or(|version| version.matches(member.version))
        };
        match &self.pattern {
            SpecPattern::Glob(glob) => {
                let name: Vec<char> = member.name.chars().collect();
                glob_matches(glob, &name)
            }
            SpecPattern::Name(name, version) => name == member.name && is_version(version),
            SpecPattern::Url {
                kind,
                url,
                name,
                version,
            } => name == member.name && is_version(version) && comes_from(member, kind, url),
        }
    }

    /// The indices of the selected members; it is an error if there are none.
    pub fn select(&self, members: &[PackageIdentity<'_>]) -> Result<Vec<usize>> {
        let found: Vec<usize> = (0..members.len())
            .filter(|&index| self.matches(&members[index]))
            .collect();
        if found.is_empty() {
            return Err(self.not_found(members));
        }
        Ok(found)
    }

    fn not_found(&self, members: &[PackageIdentity<'_>]) -> Error {
        let (what, name) = match &self.pattern {
            SpecPattern::Glob(_) => ("package pattern", None),
            SpecPattern::Name(name, _) | SpecPattern::Url { name, .. } => {
                ("package ID specification", Some(name.as_str()))
            }
        };
        let error = Error::input(format!("{what} `{}` did not match any packages", self.text));
        let named = name.and_then(|name| members.iter().find(|member| member.name == name));
        if let Some(member) = named {
            return error.hint(format!(
                "the workspace has `{}@{}`",
                member.name, member.version
            ));
        }
        let names = members.iter().map(|member| member.name);
        match name.and_then(|name| nearest(name, names.clone())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => {
                let mut names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
                names.sort();
                error.hint(format!("the workspace has {}", names.join(", ")))
            }
        }
    }
}

fn invalid(text: &str) -> Error {
    Error::input(format!("invalid package ID specification `{text}`"))
}

/// A version whose last parts may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PartialVersion {
    major: u64,
    minor: Option<u64>,
    patch: Option<u64>,
    pre: Option<Prerelease>,
    build: Option<BuildMetadata>,
}

impl PartialVersion {
    fn parse(text: &str) -> Result<Self, String> {
        if let Ok(full) = Version::parse(text) {
            return Ok(PartialVersion {
                major: full.major,
                minor: Some(full.minor),
                patch: Some(full.patch),
                pre: Some(full.pre).filter(|pre| !pre.is_empty()),
                build: Some(full.build).filter(|build| !build.is_empty()),
            });
        }
        let wrong = || format!("`{text}` is not a valid version, such as `1.32`");
        let mut parts = text.splitn(2, '.').map(|part| {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| digits).ok_or_else(wrong)
        });
        Ok(PartialVersion {
            major: parts.next().ok_or_else(wrong)??,
            minor: parts.next().transpose()?,
            patch: None,
            pre: None,
            build: None,
        })
    }

    /// Whether the version matches as in cargo: a pre-release only if requested.
    fn matches(&self, version: &Version) -> bool {
        let pre = match &self.pre {
            Some(pre) => *pre == version.pre,
            None => version.pre.is_empty(),
        };
        pre && self.major == version.major
            && self.minor.is_none_or(|minor| minor == version.minor)
            && self.patch.is_none_or(|patch| patch == version.patch)
            && self
                .build
                .as_ref()
                .is_none_or(|build| *build == version.build)
    }
}

/// Reads `name`, `name@version` or `name:version`.
fn parse_name(text: &str) -> Result<(String, Option<PartialVersion>), String> {
    let (name, version) = match text.split_once(['@', ':']) {
        Some((name, version)) => (name, Some(PartialVersion::parse(version)?)),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("the package name is empty".to_owned());
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    match name.chars().find(|c| !is_name(*c)) {
        Some(c) => Err(format!("a package name cannot contain `{c}`")),
        None if name.starts_with(|c: char| c.is_ascii_digit()) => {
            Err("a package name cannot start with a digit".to_owned())
        }
        None => Ok((name.to_owned(), version)),
    }
}

/// Reads a URL, whose fragment has the name and the version of a package.
fn parse_url(text: &str) -> Result<SpecPattern, String> {
    let (address, fragment) = match text.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (text, None),
    };
    let (kind, url) = split_address(address);
    let last = || {
        let path = url.split_once("://").map_or("", |(_, path)| path);
        path.rsplit('/').next().unwrap_or_default()
    };
    let (name, version) = match fragment {
        Some(fragment) if fragment.starts_with(|c: char| c.is_ascii_digit()) => {
            (last().to_owned(), Some(PartialVersion::parse(fragment)?))
        }
        Some(fragment) => parse_name(fragment)?,
        None => (last().to_owned(), None),
    };
    if name.is_empty() {
        return Err("it contains no package name".to_owned());
    }
    Ok(SpecPattern::Url {
        kind: kind.map(str::to_owned),
        url: url.to_owned(),
        name,
        version,
    })
}

/// Splits off the kind of source, and returns the URL without query.
fn split_address(address: &str) -> (Option<&str>, &str) {
    let bare = address.split('?').next().unwrap_or(address);
    let scheme = bare.find("://").unwrap_or(0);
    let (kind, url) = match bare[..scheme].split_once('+') {
        Some((kind, _)) => (Some(kind), &bare[kind.len() + 1..]),
        None => (None, bare),
    };
    (kind, url.trim_end_matches('/'))
}

fn comes_from(member: &PackageIdentity<'_>, kind: &Option<String>, url: &str) -> bool {
    // Before 1.77 an ID was `name version (source)`.
    let source = match member.id.split_once(" (") {
        Some((_, source)) => source.trim_end_matches(')'),
        None => member.id,
    };
    let address = source.split('#').next().unwrap_or(source);
    let (member_kind, member_url) = split_address(address);
    if kind
        .as_deref()
        .is_some_and(|kind| member_kind != Some(kind))
    {
        return false;
    }
    // The two may differ in the characters that they escape.
    url == member_url
        || url
            .strip_prefix("file://")
            .and_then(percent_decode)
            .is_some_and(|path| Path::new(path_of_url(&path)) == member.manifest_dir)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// Whether a pattern with `*`, `?` and `[…]` matches a name; an invalid pattern
/// matches nothing.
pub fn matches_glob(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    parse_glob(pattern).is_ok_and(|pattern| glob_matches(&pattern, &name))
}

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum GlobPart {
    /// `*`, which matches any text.
    Any,
    /// `?`, which matches one letter.
    AnyLetter,
    /// `[..]` or `[!..]`, a set of ranges of letters.
    Set(Vec<(char, char)>, Inverted),
    /// A letter that matches itself.
    Letter(char),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inverted {
    No,
    Yes,
}

fn parse_glob(text: &str) -> Result<Vec<GlobPart>, String> {
    let letters: Vec<char> = text.chars().collect();
    let mut pattern = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        at += 1;
        pattern.push(match letter {
            '*' => GlobPart::Any,
            '?' => GlobPart::AnyLetter,
            '[' => {
                let inverted = match letters.get(at) {
                    Some('!') => Inverted::Yes,
                    _ => Inverted::No,
                };
                at += usize::from(inverted == Inverted::Yes);
                // A bracket right at the start is a member of the set.
                let end = letters
                    .iter()
                    .skip(at + 1)
                    .position(|c| *c == ']')
                    .map(|offset| at + 1 + offset)
                    .ok_or("a `[` is not closed")?;
                let set = ranges(&letters[at..end]);
                at = end + 1;
                GlobPart::Set(set, inverted)
            }
            letter => GlobPart::Letter(letter),
        });
    }
    Ok(pattern)
}

fn ranges(letters: &[char]) -> Vec<(char, char)> {
    match letters {
        [] => Vec::new(),
        [from, '-', to, rest @ ..] => {
            let mut all = ranges(rest);
            all.push((*from, *to));
            all
        }
        [one, rest @ ..] => {
            let mut all = ranges(rest);
            all.push((*one, *one));
            all
        }
    }
}

/// Matches with a retry at the last `*` only, so that time stays within the
/// product of both lengths.
fn glob_matches(pattern: &[GlobPart], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry = None;
    while n < name.len() {
        let letter = name[n];
        let here = match pattern.get(p) {
            Some(GlobPart::Any) => {
                retry = Some((p + 1, n));
                p += 1;
                continue;
            }
            Some(GlobPart::AnyLetter) => true,
            Some(GlobPart::Letter(c)) => *c == letter,
            Some(GlobPart::Set(set, inverted)) => {
                let inside = set.iter().any(|(a, b)| (*a..=*b).contains(&letter));
                inside == (*inverted == Inverted::No)
            }
            None => false,
        };
        if here {
            (p, n) = (p + 1, n + 1);
        } else if let Some((after, from)) = retry {
            (p, n) = (after, from + 1);
            retry = Some((after, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|piece| *piece == GlobPart::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(spec: &str, name: &str, version: &str, id: &str) -> bool {
        PackageSpec::parse(spec).unwrap().matches(&PackageIdentity {
            name,
            version: &Version::parse(version).unwrap(),
            id,
            manifest_dir: Path::new("/x/my y"),
        })
    }

    #[test]
    fn names_with_and_without_a_version() {
        for (spec, version, expected) in [
            ("foo", "1.2.3", true),
            ("fo", "1.2.3", false),
            ("foo@1", "1.2.3", true),
            ("foo@1.2", "1.2.3", true),
            ("foo:1.2.3", "1.2.3", true),
            ("foo@1.3", "1.2.3", false),
            ("foo@1.2.4", "1.2.3", false),
            ("foo@1.2.3", "1.2.3-rc.1", false),
            ("foo@1", "1.2.3-rc.1", false),
            ("foo@1.2.3-rc.1", "1.2.3-rc.1", true),
            ("foo@1.2.3", "1.2.3+b", true),
            ("foo@1.2.3+c", "1.2.3+b", false),
        ] {
            let id = "path+file:///x#foo@1.2.3";
            assert_eq!(matches(spec, "foo", version, id), expected, "{spec}");
        }
    }

    #[test]
    fn patterns_match_whole_names() {
        for (spec, name, expected) in [
            ("*", "foo", true),
            ("f*", "foo", true),
            ("*o", "foo", true),
            ("f*b*r", "foo-bar", true),
            ("f*b*z", "foo-bar", false),
            ("f?o", "foo", true),
            ("f?", "foo", false),
            ("[a-f]oo", "foo", true),
            ("[!a-f]oo", "foo", false),
            ("[xyf]o[o-]", "foo", true),
            ("foo**", "foo", true),
            ("oo*", "foo", false),
        ] {
            assert_eq!(matches(spec, name, "0.1.0", "x"), expected, "{spec}");
        }
    }

    #[test]
    fn addresses_name_a_source() {
        let id = "path+file:///x/my%20y#foo@1.2.3";
        for (spec, expected) in [
            ("file:///x/my%20y#foo", true),
            ("file:///x/my y#foo", true),
            ("path+file:///x/my%20y#foo@1.2", true),
            ("path+file:///x/my%20y/#foo:1.2.3", true),
            ("git+file:///x/my%20y#foo", false),
            ("file:///x/my%20y#bar", false),
            ("file:///x/my%20y#foo@2", false),
            ("file:///x/z#foo", false),
            ("https://example.com/foo", false),
            // As in cargo, the last directory names the package if nothing does.
            ("file:///x/my%20y#1.2.3", false),
        ] {
            assert_eq!(matches(spec, "foo", "1.2.3", id), expected, "{spec}");
        }
        let (short, old) = ("path+file:///a/foo#1.2.3", "foo 1.2.3 (path+file:///a/foo)");
        for id in [short, old] {
            for spec in [
                "file:///a/foo#1.2",
                "path+file:///a/foo",
                "file:///a/foo/#foo",
            ] {
                assert!(matches(spec, "foo", "1.2.3", id), "{spec} {id}");
            }
        }
        assert!(matches(
            "git+https://e.com/r?branch=b#foo",
            "foo",
            "1.2.3",
            "git+https://e.com/r?branch=b#foo@1.2.3"
        ));
    }

    #[test]
    fn what_is_no_specification_is_refused() {
        for (spec, reason) in [
            ("", "is empty"),
            ("./foo", "looks like a path"),
            ("foo@x", "`x` is not a valid version"),
            ("foo@1.x", "`1.x` is not a valid version"),
            ("foo@+1", "is not a valid version"),
            ("a b", "cannot contain ` `"),
            ("1a", "start with a digit"),
            ("[a", "not closed"),
            ("file:///", "contains no package name"),
        ] {
            let error = PackageSpec::parse(spec).unwrap_err().to_string();
            assert!(error.contains(reason), "{spec}: {error}");
        }
    }

    #[test]
    fn nothing_found_says_what_there_is() {
        let version = Version::new(1, 2, 3);
        let member = |name| PackageIdentity {
            name,
            version: &version,
            id: "",
            manifest_dir: Path::new("/x"),
        };
        let members = [member("server"), member("client")];
        for (spec, hint) in [
            ("servr", "did you mean `server`?"),
            ("server@2", "the workspace has `server@1.2.3`"),
            ("x*", "the workspace has `client`, `server`"),
        ] {
            let error = PackageSpec::parse(spec)
                .unwrap()
                .select(&members)
                .unwrap_err();
            assert!(error.message().contains("did not match any packages"));
            assert_eq!(error.advice(), Some(hint));
        }
        assert_eq!(
            PackageSpec::parse("*e*").unwrap().select(&members).unwrap(),
            [0, 1]
        );
    }
}

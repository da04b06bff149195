//! Names in an OCI registry: repositories, tags, references. No request is sent
//! from here.

use std::fmt;
use std::str::FromStr;

use semver::Version;

use crate::base::error::{Error, Result};
use crate::base::package::{ContentDigest, PackageRef};

/// The longest tag, in bytes.
pub const TAG_LENGTH: usize = 128;

/// The tag of a version: its text, with `_` for the `+` that no tag may hold.
pub fn tag(version: &Version) -> Result<String> {
    let tag = version.to_string().replacen('+', "_", 1);
    match tag.len() <= TAG_LENGTH {
        true => Ok(tag),
        false => Err(Error::input(format!(
            "the version `{version}` is too long for a tag of an OCI registry"
        ))
        .hint(format!(
            "shorten it to at most {TAG_LENGTH} characters in Cargo.toml"
        ))),
    }
}

/// The version a tag names; `latest`, `v1.2.3` and `1.2` name none.
pub fn version(tag: &str) -> Option<Version> {
    let plain = tag.parse().ok();
    plain.or_else(|| tag.replacen('_', "+", 1).parse().ok())
}

/// The repository of a package: the prefix as it is, then `<namespace>/<name>`.
pub fn repository(prefix: &str, package: &PackageRef) -> Result<String> {
    let name = format!("{prefix}{}/{}", package.namespace(), package.name());
    match is_repository(&name) {
        true => Ok(name),
        false => Err(Error::input(format!(
            "`{name}` is not a valid repository name in an OCI registry"
        ))
        .with_cause(format!("the prefix is `{prefix}`"))
        .hint("a prefix consists of lower-case letters, digits and `/`, separated by single `-`, `.` or `_`")),
    }
}

/// Whether `text` is `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, once or more with `/`
/// between.
fn is_repository(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.split('/').all(|part| {
        part.starts_with(word)
            && part.ends_with(word)
            && part
                .split(word)
                .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.chars().all(|c| c == '-'))
    })
}

fn is_tag(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= TAG_LENGTH
        && text.starts_with(first)
        && text.chars().all(|c| first(c) || matches!(c, '.' | '-'))
}

/// One artifact in a registry: `[host[:port]/]repository[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The host, with a port where one is given.
    pub host: String,
    /// The repository below the host.
    pub repository: String,
    /// The tag or digest in the repository.
    pub target: Target,
}

/// The tag or digest of a [`Reference`]; a digest wins over a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The name of a tag.
    Tag(String),
    /// The digest of a manifest.
    Digest(ContentDigest),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Tag(tag) => f.write_str(tag),
            Target::Digest(digest) => digest.fmt(f),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.target {
            Target::Tag(_) => ':',
            Target::Digest(_) => '@',
        };
        write!(f, "{}/{}{sign}{}", self.host, self.repository, self.target)
    }
}

impl Reference {
    /// The version its tag names, if it does.
    pub fn version(&self) -> Option<Version> {
        match &self.target {
            Target::Tag(tag) => version(tag),
            Target::Digest(_) => None,
        }
    }
}

impl Reference {
    /// The package that the repository is taken for, see [`package_of`].
    pub fn package(&self) -> PackageRef {
        package_of(&self.host, &self.repository)
    }
}

/// The package that a repository is taken for where nothing else names one: its
/// last two parts, as packages are put there, or the host and the repository
/// where that has one part only.
pub fn package_of(host: &str, repository: &str) -> PackageRef {
    let mut parts = repository.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let namespace = parts.next().unwrap_or(host);
    PackageRef::from_words(namespace, name)
}

impl FromStr for Reference {
    type Err = Error;

    /// Without a host it is Docker Hub's, without a tag `latest`. It may be
    /// written with `oci://`.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.strip_prefix("oci://").unwrap_or(text);
        let wrong = |why: &str| {
            Error::input(format!("invalid OCI reference `{text}`"))
                .with_cause(why)
                .hint("use `host/repository:tag` or `host/repository@sha256:…`")
        };
        let (name, digest) = match text.split_once('@') {
            // It may be a password that stands before the `@`.
            Some((_, rest)) if !rest.starts_with("sha256:") => {
                return Err(Error::input(
                    "invalid OCI reference: the part after `@` is not a digest",
                )
                .hint("use `host/repository:tag` or `host/repository@sha256:…`"));
            }
            Some((name, digest)) => (name, Some(digest.parse::<ContentDigest>()?)),
            None => (text, None),
        };
        let (host, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (first, rest)
            }
            _ => ("docker.io", name),
        };
        if !is_host(host) {
            return Err(wrong(&format!("`{host}` is not a host")));
        }
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, tag),
            None => (path, "latest"),
        };
        let repository = match host == "docker.io" && !repository.contains('/') {
            true => format!("library/{repository}"),
            false => repository.to_owned(),
        };
        if !is_repository(&repository) {
            return Err(wrong(&format!("`{repository}` is not a repository")));
        }
        if !is_tag(tag) {
            return Err(wrong(&format!("`{tag}` is not a tag")));
        }
        Ok(Reference {
            host: host.to_owned(),
            repository,
            target: match digest {
                Some(digest) => Target::Digest(digest),
                None => Target::Tag(tag.to_owned()),
            },
        })
    }
}

/// Whether `text` is `host[:port]`.
pub fn is_host(text: &str) -> bool {
    let legal =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    !text.is_empty() && text.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_versions_are_mapped_both_ways() {
        for (version, tag) in [
            ("1.2.3", "1.2.3"),
            ("0.1.0-rc.1", "0.1.0-rc.1"),
            ("0.2.4+build.1", "0.2.4_build.1"),
            ("0.2.4-a+b-c.d", "0.2.4-a_b-c.d"),
        ] {
            let version: Version = version.parse().unwrap();
            assert_eq!(super::tag(&version).unwrap(), tag);
            assert_eq!(super::version(tag), Some(version));
        }
        for no in [
            "latest",
            "v1.2.3",
            "1.2",
            "sha256-aa.sig",
            "1.0.0_a_b",
            "_",
            "",
        ] {
            assert_eq!(version(no), None, "{no}");
        }
        let long = format!("1.0.0-{}", "a".repeat(130)).parse().unwrap();
        assert!(tag(&long).is_err());
    }

    #[test]
    fn a_prefix_is_put_in_front_as_it_is() {
        let package = "wasi:http".parse().unwrap();
        for (prefix, name) in [
            ("", "wasi/http"),
            ("webassembly/", "webassembly/wasi/http"),
            ("pre-", "pre-wasi/http"),
            ("a__b.c/d---e/", "a__b.c/d---e/wasi/http"),
        ] {
            assert_eq!(repository(prefix, &package).unwrap(), name);
        }
        for bad in [
            "../", "a//", "A/", "a/../b/", "/", "a___b/", "a b/", "a?x=/",
        ] {
            let error = repository(bad, &package).unwrap_err();
            assert!(
                error.to_string().contains("not a valid repository name"),
                "{bad}"
            );
        }
    }

    #[test]
    fn references_are_read() {
        let digest = ContentDigest::of(b"");
        for (text, expected) in [
            ("ghcr.io/x/y:1.0".to_owned(), "ghcr.io/x/y:1.0".to_owned()),
            ("localhost:5000/x".into(), "localhost:5000/x:latest".into()),
            ("alpine".into(), "docker.io/library/alpine:latest".into()),
            ("a/b:c".into(), "docker.io/a/b:c".into()),
            (
                format!("ghcr.io/x/y:1.0@{digest}"),
                format!("ghcr.io/x/y@{digest}"),
            ),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), expected);
        }
        for bad in [
            "",
            "ghcr.io/",
            "ghcr.io/X",
            "ghcr.io/x:1.0+b",
            "ghcr.io/x:",
            "ghcr.io/x@md5:1",
            "gh cr.io/x",
            "ghcr.io/../x",
            "https://ghcr.io/x",
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repository_names_a_package() {
        for (text, package) in [
            ("ghcr.io/acme/tool:1.2.0", "acme:tool"),
            ("ghcr.io/wasm/acme/my-tool:1", "acme:my-tool"),
            ("ghcr.io/acme/my_tool.wasm:1", "acme:my-tool-wasm"),
            ("ghcr.io/7zip/zip-7z:1", "x7zip:zip7z"),
            ("localhost:5000/tool", "localhost5000:tool"),
            ("alpine", "library:alpine"),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.package().to_string(), package, "{text}");
        }
    }
}

//! The names of interfaces that a search selects by.

use std::str::FromStr;

use semver::{Version, VersionReq};

use crate::base::error::{Error, Result};
use crate::base::package::is_label;

/// The imports or exports that a search asks for: an interface, all interfaces of a
/// package, or a function, with or without a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfacePattern {
    /// `namespace:name/interface`, `namespace:name` or the name of a function.
    name: String,
    version: VersionPattern,
}

/// The versions of an interface that a pattern accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum VersionPattern {
    Any,
    Exactly(Version),
    Matching(VersionReq),
}

impl FromStr for InterfacePattern {
    type Err = Error;

    /// Parses `namespace:name/interface`, `namespace:name` or the name of a function, with an
    /// optional version or requirement after `@`: a full version stands for itself only.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = || {
            Error::usage(format!("invalid interface `{text}`")).hint(
                "write it as `namespace:name/interface`, optionally followed by `@` and a version",
            )
        };
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let labels: Vec<&str> = match name.split_once(':') {
            Some((namespace, rest)) => match rest.split_once('/') {
                Some((package, interface)) => vec![namespace, package, interface],
                None => vec![namespace, rest],
            },
            None => vec![name],
        };
        if !labels.into_iter().all(is_label) {
            return Err(invalid());
        }
        let version = match version {
            None => VersionPattern::Any,
            Some(version) => match (version.parse(), version.parse()) {
                (Ok(version), _) => VersionPattern::Exactly(version),
                (_, Ok(requirement)) => VersionPattern::Matching(requirement),
                (_, Err(e)) => return Err(invalid().with_cause(e)),
            },
        };
        Ok(InterfacePattern {
            name: name.to_owned(),
            version,
        })
    }
}

impl InterfacePattern {
    /// The package of the interface, `namespace:name`; `None` for a function.
    pub fn package(&self) -> Option<&str> {
        let package = self.name.split('/').next().unwrap_or(&self.name);
        package.contains(':').then_some(package)
    }

    /// Whether the pattern accepts the name of an import or export.
    pub fn accepts(&self, name: &str) -> bool {
        let (name, version) = match name.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (name, None),
        };
        let is_whole_package = self.name.contains(':') && !self.name.contains('/');
        let is_named = match is_whole_package {
            true => name.split('/').next() == Some(self.name.as_str()),
            false => name == self.name,
        };
        let version = || version.and_then(|version| version.parse::<Version>().ok());
        is_named
            && match &self.version {
                VersionPattern::Any => true,
                VersionPattern::Exactly(exact) => version().as_ref() == Some(exact),
                VersionPattern::Matching(requirement) => {
                    version().is_some_and(|version| requirement.matches(&version))
                }
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(pattern: &str, name: &str) -> bool {
        pattern.parse::<InterfacePattern>().unwrap().accepts(name)
    }

    #[test]
    fn an_interface_is_accepted_with_any_version_or_the_given_one() {
        for (pattern, name) in [
            ("wasi:http/handler", "wasi:http/handler@0.3.0"),
            ("wasi:http/handler", "wasi:http/handler"),
            ("wasi:http/handler@0.3.0", "wasi:http/handler@0.3.0"),
            ("wasi:http/handler@0.3", "wasi:http/handler@0.3.7"),
            ("wasi:http", "wasi:http/types@0.2.3"),
            ("run", "run"),
        ] {
            assert!(accepts(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("wasi:http/handler", "wasi:http/handlers@0.3.0"),
            ("wasi:http/handler", "other:http/handler@0.3.0"),
            ("wasi:http/handler@0.3.0", "wasi:http/handler@0.3.1"),
            ("wasi:http/handler@0.3.0", "wasi:http/handler"),
            ("wasi:http/handler@0.2", "wasi:http/handler@0.3.0"),
            ("wasi:http", "wasi:http2/types"),
            ("run", "wasi:cli/run@0.2.0"),
        ] {
            assert!(!accepts(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_no_interface_is_refused() {
        for bad in [
            "",
            "Wasi:http/handler",
            "wasi:http/",
            "wasi:/x",
            "a:b/c/d",
            "wasi:http/handler@",
            "wasi:http/handler@one",
            "a b",
            "\u{1b}[31m",
        ] {
            let error = bad.parse::<InterfacePattern>().unwrap_err();
            assert!(error.message().starts_with("invalid interface"), "{bad}");
        }
        let package = |text: &str| {
            let pattern: InterfacePattern = text.parse().unwrap();
            pattern.package().map(str::to_owned)
        };
        assert_eq!(package("a:b/c@1.0.0").as_deref(), Some("a:b"));
        assert_eq!(package("run"), None);
    }
}

//! The versions of other packages that WIT names.

use std::ops::Range;

use semver::Version;
use wit_parser::PackageName;

use super::tokens::{Token, tokens};

/// All references to packages with a version in a text, with the byte range of the
/// version. The header of a package is not among them, nor are the versions of
/// gates such as `@since`.
pub fn named_versions(text: &str) -> Vec<(PackageName, Range<usize>)> {
    let tokens = tokens(text);
    let found = tokens.iter().enumerate().filter_map(|(at, token)| {
        let version: Version = token.text.parse().ok()?;
        let (sign, before) = tokens[..at].split_last()?;
        let package = package(before).filter(|_| sign.text == "@")?;
        Some((
            PackageName {
                version: Some(version),
                ..package
            },
            token.range(),
        ))
    });
    found.collect()
}

/// The package that tokens end with: `a:b`, or `a:b/c`.
fn package(tokens: &[Token<'_>]) -> Option<PackageName> {
    let path = match tokens {
        [path @ .., slash, item] if slash.text == "/" && item.is_word() => path,
        path => path,
    };
    let [before @ .., namespace, colon, name] = path else {
        return None;
    };
    let is_path = namespace.is_word() && colon.text == ":" && name.is_word();
    let declares = before.last().is_some_and(|last| last.text == "package");
    (is_path && !declares).then(|| PackageName {
        namespace: namespace.name().to_owned(),
        name: name.name().to_owned(),
        version: None,
    })
}

/// The text with other versions for the packages `new` has one for; `None`
/// where nothing changes.
pub fn replace_versions(
    text: &str,
    new: impl Fn(&PackageName) -> Option<Version>,
) -> Option<String> {
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for (name, at) in named_versions(text) {
        let Some(version) = new(&name).filter(|new| name.version.as_ref() != Some(new)) else {
            continue;
        };
        replaced.push_str(&text[copied..at.start]);
        replaced.push_str(&version.to_string());
        copied = at.end;
    }
    (copied > 0).then(|| replaced + &text[copied..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "package my:app@0.2.0;\r
// b:io/s@0.2.0 stays
/* and b:io/s@0.2.0 /* too */ */
interface i {\r
    use b:io/s@0.2.0.{x};
    @since(version = 0.2.0)
    f: func() -> %b : io / s @ 0.2.0;
}
world w {
    import b:io/s@0.2.0; include b:io/w@0.2.0;
    import n: interface { use b:io/s@0.2.0-rc.1.{x}; }
    export c:d/e@0.2.0;
}
package my:nested@0.2.0 { interface n { use b:io/s@0.2.0.{x as y}; } }
use b:io/s@0.2.0 as z;";

    #[test]
    fn only_references_have_versions_of_packages() {
        let all = named_versions(TEXT);
        assert_eq!(all.len(), 8, "{all:?}");
        for (name, at) in &all {
            assert_eq!(
                &TEXT[at.clone()],
                name.version.as_ref().unwrap().to_string()
            );
        }
        assert!(all.iter().all(|(name, _)| name.namespace != "my"));
    }

    #[test]
    fn versions_are_raised_and_nothing_else_changes() {
        let io = |name: &PackageName| {
            let old = name.version == Some(Version::new(0, 2, 0));
            (name.name == "io" && old).then(|| Version::new(0, 2, 10))
        };
        let replaced = replace_versions(TEXT, io).unwrap();
        assert_eq!(replaced.matches("0.2.10").count(), 6, "{replaced}");
        assert!(replaced.contains("use b:io/s@0.2.0-rc.1.{x}"), "{replaced}");
        assert!(replaced.contains("// b:io/s@0.2.0 stays"), "{replaced}");
        assert!(replaced.contains("@since(version = 0.2.0)"), "{replaced}");
        assert!(replaced.contains("package my:nested@0.2.0 {"), "{replaced}");
        assert_eq!(replaced.replace("0.2.10", "0.2.0"), TEXT);
        assert_eq!(replace_versions(&replaced, io), None);
        assert_eq!(replace_versions("", io), None);
    }
}

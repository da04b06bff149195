//! Names of packages and digests of content.

use std::fmt;
use std::str::FromStr;

use crate::base::error::Error;

/// The name of a package, `namespace:name`.
///
/// Both parts are labels: words joined by `-`, each `[a-z][a-z0-9]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageRef {
    namespace: String,
    name: String,
}

impl PackageRef {
    /// A package whose namespace and name are made from any text: characters
    /// other than letters and digits separate words, and a word that begins with
    /// a digit is appended to the word before it.
    #[cfg(feature = "cli")]
    pub fn from_words(namespace: &str, name: &str) -> Self {
        PackageRef {
            namespace: label(namespace),
            name: label(name),
        }
    }

    /// The part before the colon.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The part after the colon.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for PackageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

impl FromStr for PackageRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            Some((namespace, name)) if is_label(namespace) && is_label(name) => Ok(PackageRef {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(Error::input(format!("invalid package name `{text}`"))
                .hint("use `namespace:name`, in lower case with words joined by `-`")),
        }
    }
}

/// The text converted to a label.
#[cfg(feature = "cli")]
fn label(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let mut label = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        let is_letter = word.starts_with(|c: char| c.is_ascii_lowercase());
        label.push_str(match (label.is_empty(), is_letter) {
            (true, true) | (false, false) => "",
            (true, false) => "x",
            (false, true) => "-",
        });
        label.push_str(word);
    }
    match label.is_empty() {
        true => "x".to_owned(),
        false => label,
    }
}

/// Whether `text` is a label: words joined by `-`, each `[a-z][a-z0-9]*`.
pub fn is_label(text: &str) -> bool {
    text.split('-').all(|word| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

/// The SHA-256 of some content, shown as `sha256:` and 64 hex digits.
#[cfg(feature = "lock")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub struct ContentDigest(String);

#[cfg(feature = "lock")]
impl ContentDigest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::default();
        digester.update(bytes);
        digester.finish()
    }

    /// The 64 hex digits.
    pub fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or(&self.0)
    }
}

/// Computes a [`ContentDigest`] of bytes that arrive in pieces; a writer.
#[cfg(feature = "lock")]
#[derive(Clone, Debug, Default)]
pub struct Digester(sha2::Sha256);

#[cfg(feature = "lock")]
impl Digester {
    /// Adds more bytes to the content.
    pub fn update(&mut self, bytes: &[u8]) {
        sha2::Digest::update(&mut self.0, bytes);
    }

    /// The digest of all bytes added.
    pub fn finish(self) -> ContentDigest {
        use std::fmt::Write as _;
        let mut text = String::from("sha256:");
        for byte in sha2::Digest::finalize(self.0) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        ContentDigest(text)
    }
}

#[cfg(feature = "lock")]
impl std::io::Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "lock")]
impl FromStr for ContentDigest {
    type Err = Error;

    /// Reads `sha256:` and 64 hex digits of either case.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            Some(("sha256", hex))
                if hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()) =>
            {
                Ok(ContentDigest(text.to_ascii_lowercase()))
            }
            _ => Err(Error::input(format!("invalid content digest `{text}`"))
                .hint("a digest is `sha256:` followed by 64 hex digits")),
        }
    }
}

#[cfg(feature = "lock")]
impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_are_two_labels() {
        for good in ["a:b", "wasi:http", "a-b1:c-d"] {
            assert_eq!(good.parse::<PackageRef>().unwrap().to_string(), good);
        }
        for bad in [
            "", "a", "a:b:c", "A:b", "a:1", "a-:b", "a:b-1", "a:b%c", "a/b:c",
        ] {
            assert!(bad.parse::<PackageRef>().is_err(), "{bad}");
        }
    }
}

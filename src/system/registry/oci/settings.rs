//! The table `[registry."<name>".oci]` of the configuration.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use toml_edit::{Item, TableLike};

use crate::base::error::{Error, Result};
use crate::system::registry::config::ProtocolTable;
use crate::system::registry::layers::is_loopback;
use crate::system::registry::secret::Secret;

/// Base64 with or without padding, as docker and wkg take it.
pub const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The settings of the table.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The user and the password.
    pub auth: Option<(String, Secret)>,
    /// `http` or `https`, where it is given.
    pub scheme: Option<&'static str>,
    /// The certificates that are trusted.
    pub trust: Trust,
}

/// The certificates that are trusted besides those of the system.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trust {
    /// Whether any certificate is trusted.
    pub accept_invalid: bool,
    /// More authorities that are trusted.
    pub roots: Vec<RootCertificate>,
}

/// The certificate of an authority.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootCertificate {
    /// The text of one or more certificates.
    Pem(String),
    /// The bytes of one certificate.
    Der(Vec<u8>),
}

impl Settings {
    /// Reads the table of the registry `name`. No error shows a secret.
    pub fn read(name: &str, table: &ProtocolTable) -> Result<Self> {
        let wrong = |key: &str, what: &str| {
            Error::input(format!("`{key}` of the registry `{name}` {what}"))
                .with_cause(format!("it is set under `[registry.{name:?}.oci]`"))
        };
        let auth = match table.get("auth") {
            Some(item) => Some(auth(item).ok_or_else(|| {
                wrong("auth", "must be a user name and password").hint(
                    "use `{ username = \"…\", password = \"…\" }`, or `username:password` in base64",
                )
            })?),
            None => None,
        };
        let scheme = match table.get("protocol").map(Item::as_str) {
            None => None,
            Some(Some("http")) => Some("http"),
            Some(Some("https")) => Some("https"),
            Some(_) => {
                return Err(wrong("protocol", "must be `http` or `https`"));
            }
        };
        let accept_invalid = match table.get("accept_invalid_certificates") {
            None => false,
            Some(item) => item
                .as_bool()
                .ok_or_else(|| wrong("accept_invalid_certificates", "must be `true` or `false`"))?,
        };
        let roots = match table.get("extra_root_certificates") {
            None => Vec::new(),
            Some(item) => roots(item).ok_or_else(|| {
                wrong("extra_root_certificates", "must be a list of certificates").hint(
                    "write `[{ encoding = \"pem\", data = \"-----BEGIN CERTIFICATE-----…\" }]`",
                )
            })?,
        };
        Ok(Settings {
            auth,
            scheme,
            trust: Trust {
                accept_invalid,
                roots,
            },
        })
    }

    /// `http` for this machine, `https` for others, unless it is given.
    pub fn scheme_for(&self, host: &str) -> &'static str {
        let usual = match is_loopback(host) {
            true => "http",
            false => "https",
        };
        self.scheme.unwrap_or(usual)
    }
}

fn auth(item: &Item) -> Option<(String, Secret)> {
    if let Some(text) = item.as_str() {
        return user_and_password(text);
    }
    let table = item.as_table_like()?;
    let text = |key| table.get(key).and_then(Item::as_str).map(str::to_owned);
    Some((text("username")?, Secret(text("password")?)))
}

/// Reads `user:password` in base64.
pub fn user_and_password(encoded: &str) -> Option<(String, Secret)> {
    let text = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    // Docker pads the password with zeros in old files.
    let password = password.trim_end_matches('\0');
    Some((user.to_owned(), Secret(password.to_owned())))
}

fn roots(item: &Item) -> Option<Vec<RootCertificate>> {
    let root = |table: &dyn TableLike| {
        let text = |key| table.get(key).and_then(Item::as_str);
        match (text("encoding")?, text("data")?) {
            ("pem", data) => Some(RootCertificate::Pem(data.to_owned())),
            // wkg takes the text itself for the bytes, which no certificate
            // survives, so base64 is what can be meant.
            ("der", data) => Some(RootCertificate::Der(
                BASE64
                    .decode(data.split_whitespace().collect::<String>())
                    .unwrap_or_else(|_| data.as_bytes().to_vec()),
            )),
            _ => None,
        }
    };
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().map(|table| root(table)).collect();
    }
    let array = item.as_array()?;
    array
        .iter()
        .map(|value| root(value.as_inline_table()?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings> {
        let table = text.parse::<toml_edit::DocumentMut>().unwrap();
        let entries = table.iter();
        let table = entries
            .map(|(key, item)| (key.to_owned(), item.clone()))
            .collect();
        Settings::read("r.example", &table)
    }

    #[test]
    fn the_table_of_wkg_is_read() {
        for auth in [
            "auth = { username = \"u\", password = \"p:q\" }",
            "auth = \"dTpwOnE=\"",
            "auth = \"dTpwOnE\"",
            "[auth]\nusername = \"u\"\npassword = \"p:q\"",
        ] {
            let (user, password) = read(auth).unwrap().auth.unwrap();
            assert_eq!((user.as_str(), password.0.as_str()), ("u", "p:q"));
        }
        for roots in [
            "extra_root_certificates = [{ encoding = \"pem\", data = \"x\" }, { encoding = \"der\", data = \"AAEC\" }]",
            "[[extra_root_certificates]]\nencoding = \"pem\"\ndata = \"x\"\n[[extra_root_certificates]]\nencoding = \"der\"\ndata = \"AAEC\"",
        ] {
            let roots = read(roots).unwrap().trust.roots;
            assert_eq!(
                roots,
                [
                    RootCertificate::Pem("x".into()),
                    RootCertificate::Der(vec![0, 1, 2])
                ]
            );
        }
        let other = read("protocol = \"http\"\naccept_invalid_certificates = true\nx = 1").unwrap();
        assert!(other.trust.accept_invalid);
        assert_eq!(other.scheme_for("r.example"), "http");
        let plain = read("").unwrap();
        assert_eq!(plain.scheme_for("127.0.0.1:5000"), "http");
        assert_eq!(plain.scheme_for("r.example"), "https");
    }

    #[test]
    fn an_error_names_the_key_and_not_the_secret() {
        for (text, key) in [
            ("auth = \"hunter2\"", "auth"),
            ("auth = { username = \"hunter2\" }", "auth"),
            ("auth = { username = 1, password = \"hunter2\" }", "auth"),
            ("protocol = \"ftp\"", "protocol"),
            (
                "accept_invalid_certificates = 1",
                "accept_invalid_certificates",
            ),
            ("extra_root_certificates = [1]", "extra_root_certificates"),
        ] {
            let error = format!("{:?}", read(text).unwrap_err());
            assert!(
                error.contains(key) && error.contains("r.example"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
        let settings = read("auth = \"dTpodW50ZXIy\"").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}

//! Logins for hosts: in an address, or in `.netrc`, the file of `ftp` that
//! `curl`, git and others read.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::base::error::Result;
use crate::system::env;
use crate::system::env::Env;
use crate::system::fs;

/// A login. The password is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name of the user.
    pub user: String,
    /// The password of the user.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Login {
    /// The login an address holds.
    pub fn of_url(url: &Url) -> Option<Self> {
        let (user, password) = (url.username(), url.password());
        let has_login = !user.is_empty() || password.is_some();
        has_login.then(|| Login {
            user: decoded(user),
            password: decoded(password.unwrap_or_default()),
        })
    }
}

/// The text with percent-encoding (RFC 3986, section 2.1) undone.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// The logins of a `.netrc`.
#[derive(Clone, Debug, Default)]
pub struct Netrc {
    // The entry `default` has no host. It is for whatever host somebody names, so
    // that a manifest of others could take it anywhere: it is not used.
    entries: Vec<(Option<String>, Login)>,
}

impl Netrc {
    /// Reads the file of the user, if there is one.
    pub fn read(env: &Env) -> Result<Self> {
        let home = || env.get(env::HOME).or_else(|| env.get(env::USERPROFILE));
        // On Windows the second has been the name for long; curl reads either.
        let names = match cfg!(windows) {
            true => [".netrc", "_netrc"].as_slice(),
            false => &[".netrc"],
        };
        let files: Vec<PathBuf> = match (env.get(env::NETRC), home()) {
            (Some(file), _) => vec![PathBuf::from(file)],
            (None, Some(home)) => names
                .iter()
                .map(|name| Path::new(home).join(name))
                .collect(),
            (None, None) => Vec::new(),
        };
        let file = files.iter().find(|file| fs::exists(file));
        let text = match file {
            Some(file) => fs::read_text_if_exists(file)?,
            None => None,
        };
        Ok(text.map(|text| Netrc::parse(&text)).unwrap_or_default())
    }

    /// The login for a host, if there is one.
    pub fn find(&self, host: &str) -> Option<Login> {
        let named = |(name, _): &&(Option<String>, Login)| {
            name.as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(host))
        };
        self.entries
            .iter()
            .find(named)
            .map(|(_, login)| login.clone())
    }

    /// Reads the text of such a file. What makes no sense in it is passed over.
    fn parse(text: &str) -> Self {
        let mut netrc = Netrc::default();
        let mut words = words(text).into_iter();
        while let Some(word) = words.next() {
            let last = netrc.entries.last_mut();
            match (word.as_str(), last) {
                ("machine", _) => {
                    let host = words.next().unwrap_or_default();
                    netrc.entries.push((Some(host), Login::empty()));
                }
                ("default", _) => netrc.entries.push((None, Login::empty())),
                ("login", Some((_, login))) => login.user = words.next().unwrap_or_default(),
                ("password", Some((_, login))) => {
                    login.password = words.next().unwrap_or_default();
                }
                ("account", _) => drop(words.next()),
                _ => {}
            }
        }
        netrc
    }
}

impl Login {
    fn empty() -> Self {
        Login {
            user: String::new(),
            password: String::new(),
        }
    }
}

/// The words of the file, those in quotes whole, without comments and macros.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut chars = line.chars().peekable();
        while let Some(first) = chars.find(|c| !c.is_whitespace()) {
            let mut word = String::new();
            match first {
                '"' => {
                    while let Some(c) = chars.next().filter(|c| *c != '"') {
                        word.push(if c == '\\' {
                            chars.next().unwrap_or(c)
                        } else {
                            c
                        });
                    }
                }
                first => {
                    word.push(first);
                    while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                        word.push(c);
                    }
                }
            }
            if word == "macdef" {
                in_macro = true;
                break;
            }
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_of_a_host_counts() {
        let netrc = Netrc::parse(
            "# machine no login no\nmachine A.example login me password \"p \\\" w\"\n\
             macdef init\nmachine b.example login wrong\n\nmachine b.example\n\tlogin b\n\
             \taccount x password #pw\nmachine a.example login later password x\n\
             default login anybody password guess",
        );
        let found = |host| netrc.find(host).map(|login| (login.user, login.password));
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(found("a.example"), pair("me", "p \" w"));
        assert_eq!(found("b.example"), pair("b", "#pw"));
        assert_eq!(found("c.example"), None);
        assert_eq!(found(""), None);
        assert!(Netrc::parse("machine x login y").find("z").is_none());
    }

    #[test]
    fn the_login_of_an_address_is_decoded_and_not_shown() {
        let of = |text: &str| Login::of_url(&Url::parse(text).unwrap());
        let login = of("http://m%40x:p%3Aw%zz@h/").unwrap();
        assert_eq!(
            (login.user.as_str(), login.password.as_str()),
            ("m@x", "p:w%zz")
        );
        assert!(!format!("{login:?}").contains("p:w"));
        assert!(of("http://h/").is_none());
    }
}

//! What a component is given, how much it may use, and what it is told it lacks.

use std::path::PathBuf;
use std::time::Duration;

use crate::base::error::{Error, Result};
use crate::model::component::names;

/// How much memory an instance may have unless something else is said: 1 GiB.
pub const MAX_MEMORY: u64 = 1 << 30;

/// A directory of the host a component may use, for reading and writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preopen {
    /// Where it is.
    pub host: PathBuf,
    /// What the component calls it.
    pub guest: String,
}

impl Preopen {
    /// Reads `HOST` or `HOST::GUEST`; without the second part the component
    /// sees the name the user wrote.
    pub fn parse(text: &str) -> Result<Self> {
        let (host, guest) = text.split_once("::").unwrap_or((text, text));
        if host.is_empty() || guest.is_empty() {
            return Err(Error::usage(format!("`{text}` does not name a directory"))
                .hint("use `HOST` or `HOST::GUEST`"));
        }
        Ok(Preopen {
            host: PathBuf::from(host),
            guest: guest.to_string(),
        })
    }
}

/// How much of the network a component may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nothing: `wasi:http` and `wasi:sockets` are there, but refuse every
    /// request, address and name.
    #[default]
    None,
    /// Outgoing requests of `wasi:http`.
    Http,
    /// All of it, sockets and name lookup included.
    Full,
}

/// What a component is given. The default is its standard streams, and
/// [`MAX_MEMORY`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Arguments after the program's name.
    pub args: Vec<String>,
    /// Variables; the last of one name counts. Nothing is inherited.
    pub env: Vec<(String, String)>,
    /// Directories.
    pub dirs: Vec<Preopen>,
    /// The network.
    pub network: Network,
    /// How many bytes of memory an instance may have; [`MAX_MEMORY`] if `None`.
    pub max_memory: Option<u64>,
    /// How long one run, call or request may take; for ever if `None`.
    pub timeout: Option<Duration>,
}

impl Grant {
    /// The same with other arguments.
    pub fn with_args(&self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Grant {
            args: args.into_iter().map(Into::into).collect(),
            ..self.clone()
        }
    }

    /// How many bytes of memory an instance may have.
    pub fn memory(&self) -> u64 {
        self.max_memory.unwrap_or(MAX_MEMORY)
    }

    /// The error of what took longer than it may; what that was may be added.
    pub fn late(limit: Duration) -> Error {
        Error::input(format!("the component took longer than {limit:?}"))
            .hint("increase the limit with `--timeout <SECONDS>`, where 0 means no limit")
    }
}

/// Whether code has to be stopped while it runs, which makes it a little slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupts {
    /// It runs until it ends or waits.
    Never,
    /// It lets others run, and can be ended, many times a second.
    Regular,
}

impl Interrupts {
    /// What this grant needs.
    pub fn of(grant: &Grant) -> Self {
        match grant.timeout {
            Some(_) => Interrupts::Regular,
            None => Interrupts::Never,
        }
    }
}

/// Something a component wanted and was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// To send a request by `wasi:http`.
    Http,
    /// To use a socket.
    Network,
    /// More memory than so many bytes.
    Memory(u64),
}

impl Missing {
    /// What was refused, as a fragment.
    pub fn what(self) -> String {
        match self {
            Missing::Http => "an HTTP request".to_owned(),
            Missing::Network => "access to a socket".to_owned(),
            Missing::Memory(bytes) => format!("more than {} of memory", size(bytes)),
        }
    }

    /// How it is granted.
    pub fn hint(self) -> &'static str {
        match self {
            Missing::Http => "if you trust it, allow HTTP requests with `--http`",
            Missing::Network => "if you trust it, allow network access with `--network`",
            Missing::Memory(_) => "increase the limit with `--max-memory <SIZE>`, such as `2GiB`",
        }
    }
}

/// A number of bytes as people write it.
fn size(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

/// Whether a component imports what sends HTTP requests, in any version of WASI.
pub fn sends_http(component: &[u8]) -> Result<bool> {
    let imports = names::imports(component)?;
    let mut interfaces = imports.iter().filter_map(|import| import.interface());
    Ok(interfaces.any(|interface| {
        let name = interface.split('@').next().unwrap_or_default();
        // A handler that is imported is the next one in a chain, or the network.
        let of_http = ["outgoing-handler", "client", "handler"];
        let name = name.strip_prefix("wasi:http/");
        name.is_some_and(|name| of_http.contains(&name))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_may_get_another_name() {
        let preopen = Preopen::parse("a/b::/c").unwrap();
        assert_eq!((preopen.host, preopen.guest), ("a/b".into(), "/c".into()));
        assert_eq!(Preopen::parse("x").unwrap().guest, "x");
        assert!(Preopen::parse("::x").is_err());
    }

    #[test]
    fn who_sends_requests_imports_what_does() {
        let imports = |name: &str| {
            let text = format!("(component (import \"{name}\" (instance)))");
            sends_http(&wat::parse_str(text).unwrap()).unwrap()
        };
        assert!(imports("wasi:http/outgoing-handler@0.2.3"));
        assert!(imports("wasi:http/client@0.3.0"));
        assert!(!imports("wasi:http/types@0.2.3"));
        assert!(!imports("my:http/client@0.3.0"));
    }

    #[test]
    fn sizes_are_told_in_round_units() {
        assert_eq!(size(MAX_MEMORY), "1 GiB");
        assert_eq!(size(3 << 19), "1536 KiB");
        assert_eq!(size(1000), "1000 bytes");
    }
}

//! What a component may use, how much of it, and how a refusal is explained.

use std::path::PathBuf;
use std::time::Duration;

use crate::base::error::{Error, Result};
use crate::model::component::names;

/// How many bytes of memory an instance may have by default: 1 GiB.
pub const MAX_MEMORY: u64 = 1 << 30;

/// A directory of the host that a component may read and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preopen {
    /// The path on the host.
    pub host: PathBuf,
    /// The path by which the component opens it.
    pub guest: String,
}

impl Preopen {
    /// Reads `HOST` or `HOST::GUEST`; without the second part the component opens
    /// it by the path of the host as written.
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
    /// Nothing: `wasi:http` and `wasi:sockets` can be imported, but refuse every
    /// request, address and name.
    #[default]
    None,
    /// Outgoing requests of `wasi:http`.
    Http,
    /// All of the network, including sockets and name lookup.
    Full,
}

/// What a component may use. The default is its standard streams, and
/// [`MAX_MEMORY`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Arguments after the program's name.
    pub args: Vec<String>,
    /// The variables; the last of one name counts. None is inherited.
    pub env: Vec<(String, String)>,
    /// The directories that it may use.
    pub dirs: Vec<Preopen>,
    /// How much of the network it may use.
    pub network: Network,
    /// How many bytes of memory an instance may have; [`MAX_MEMORY`] if `None`.
    pub max_memory: Option<u64>,
    /// How long one run, call or request may take; no limit if `None`.
    pub timeout: Option<Duration>,
}

impl Permissions {
    /// The same permissions with other arguments.
    pub fn with_args(&self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Permissions {
            args: args.into_iter().map(Into::into).collect(),
            ..self.clone()
        }
    }

    /// How many bytes of memory an instance may have.
    pub fn memory(&self) -> u64 {
        self.max_memory.unwrap_or(MAX_MEMORY)
    }

    /// The error of a run, call or request that exceeded its timeout.
    pub fn timeout_error(limit: Duration) -> Error {
        Error::input(format!("the component took longer than {limit:?}"))
            .hint("increase the limit with `--timeout <SECONDS>`, where 0 means no limit")
    }
}

/// Whether the engine can interrupt running code, which makes it a little slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupts {
    /// Code runs until it ends or waits.
    Never,
    /// Code is interrupted many times a second, to let other code run or to end.
    Regular,
    /// Code is interrupted a thousand times a second, to see which functions run.
    Samples,
}

impl Interrupts {
    /// What the timeout of these permissions needs.
    pub fn of(permissions: &Permissions) -> Self {
        match permissions.timeout {
            Some(_) => Interrupts::Regular,
            None => Interrupts::Never,
        }
    }
}

/// Something that was refused to a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Sending a request by `wasi:http`.
    Http,
    /// The use of a socket.
    Network,
    /// More memory than so many bytes.
    Memory(u64),
}

impl Refusal {
    /// What was refused, as a noun phrase.
    pub fn description(self) -> String {
        match self {
            Refusal::Http => "an HTTP request".to_owned(),
            Refusal::Network => "access to a socket".to_owned(),
            Refusal::Memory(bytes) => format!("more than {} of memory", display_size(bytes)),
        }
    }

    /// The option that grants it, as a sentence.
    pub fn hint(self) -> &'static str {
        match self {
            Refusal::Http => "if you trust it, allow HTTP requests with `--http`",
            Refusal::Network => "if you trust it, allow network access with `--network`",
            Refusal::Memory(_) => "increase the limit with `--max-memory <SIZE>`, such as `2GiB`",
        }
    }
}

/// A number of bytes in the largest unit that divides it.
fn display_size(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

/// Whether a component imports an interface of `wasi:http` that sends requests,
/// in any version of WASI.
pub fn sends_http(component: &[u8]) -> Result<bool> {
    let imports = names::imports(component)?;
    let mut interfaces = imports.iter().filter_map(|import| import.interface());
    Ok(interfaces.any(|interface| {
        let name = interface.split('@').next().unwrap_or_default();
        // An imported handler is the next one in a chain, or the network.
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
        assert_eq!(display_size(MAX_MEMORY), "1 GiB");
        assert_eq!(display_size(3 << 19), "1536 KiB");
        assert_eq!(display_size(1000), "1000 bytes");
    }
}

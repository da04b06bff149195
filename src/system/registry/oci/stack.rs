//! The network stack for a host: which certificates are trusted, whether plain
//! http is allowed, and whether the host may be connected to. All of that
//! belongs to the host that is contacted, also where another one leads there.

use reqwest::{Client, Url};

use super::client::{Via, client};
use super::client_context::ClientContext;
use super::public_only::NotPublic;
use super::settings::{Settings, Trust};
use super::transport_error::TransportError;
use crate::base::error::Result;
use crate::system::registry::layers::{Layers, is_loopback};
use crate::system::registry::public::{Reach, is_internal_host, is_public};
use crate::system::registry::routes;

/// The network stack for one host, and for those that it leads to.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The address of the host, without a path.
    base: Url,
    trust: Trust,
    layers: Layers,
    reach: Reach,
    proxies: Vec<String>,
}

impl Stack {
    /// The network stack for a registry at this address.
    pub fn new(base: &Url, trust: &Trust, oci: &routes::OciRoute, context: &ClientContext) -> Self {
        let proxies = context.env.proxies().into_iter().filter_map(|proxy| {
            let url = match proxy.contains("://") {
                true => Url::parse(&proxy),
                false => Url::parse(&format!("http://{proxy}")),
            };
            Some(url.ok()?.host_str()?.to_owned())
        });
        Stack {
            base: base.clone(),
            trust: trust.clone(),
            layers: oci.layers.clone(),
            reach: oci.reach.clone(),
            proxies: proxies.collect(),
        }
    }

    /// The client for an address, if that may be connected to.
    pub async fn client(&self, url: &Url) -> Result<Client, TransportError> {
        let host = host_of(url);
        let permanent = |e: crate::base::error::Error| TransportError::permanent(e.to_string());
        let trust = match self.is_own(url) {
            true => self.trust.clone(),
            false => self.trust_of(&host).map_err(permanent)?,
        };
        if self.is_foreign(&host) {
            let found = check(url).await;
            found.map_err(|refused| TransportError::permanent(refused.to_string()))?;
            return client(&trust, &Via::Public(self.proxies.clone())).map_err(permanent);
        }
        // This machine is not behind a proxy.
        let via = match (is_loopback(&host), url.scheme()) {
            (true, "http") => Via::Plain,
            (true, _) => Via::Direct,
            (false, _) => Via::Usual,
        };
        client(&trust, &via).map_err(permanent)
    }

    /// Whether an address may be contacted in plain http, after `from` led
    /// there: another port of the same machine, this machine, or a host for
    /// which the user allows it.
    pub fn may_be_plain(&self, from: &Url, to: &Url) -> bool {
        let host = host_of(to);
        let here = from.scheme() == "http" && from.host_str() == to.host_str();
        here || is_loopback(&host) || self.is_plain(&host)
    }

    /// Whether an address may be sent a login for the registry, which led
    /// there. In plain http that is only the registry's own machine, or one for
    /// which the user allows it.
    pub fn may_have_login(&self, to: &Url) -> bool {
        let own = self.base.scheme() == "http" && self.base.host_str() == to.host_str();
        match to.scheme() {
            "https" => true,
            "http" => own || self.is_plain(&host_of(to)),
            _ => false,
        }
    }

    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    fn is_plain(&self, host: &str) -> bool {
        self.settings(host)
            .is_ok_and(|settings| settings.scheme == Some("http"))
    }

    /// The trust in a host that the registry leads to: the host's own, and the
    /// authorities that vouch for the registry.
    fn trust_of(&self, host: &str) -> Result<Trust> {
        let mut trust = self.settings(host)?.trust;
        trust.roots.extend(self.trust.roots.iter().cloned());
        Ok(trust)
    }

    fn settings(&self, host: &str) -> Result<Settings> {
        Settings::read(host, &self.layers.table("oci", host))
    }

    /// Whether a host has to have an address of the internet.
    fn is_foreign(&self, host: &str) -> bool {
        match &self.reach {
            Reach::Anywhere => false,
            Reach::Public { also } => {
                !also.iter().any(|one| one.eq_ignore_ascii_case(host))
                    && !self.layers.names_host(host)
            }
        }
    }
}

/// The host of an address, with a port where it is not the usual one.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Refuses an address by its spelling, or by what it stands for here and now:
/// where there is a proxy, nobody but us would look.
async fn check(url: &Url) -> Result<(), NotPublic> {
    let host = url.host_str().unwrap_or_default();
    if is_internal_host(host) {
        return Err(NotPublic::name(host));
    }
    let port = url.port_or_known_default().unwrap_or(443);
    match tokio::net::lookup_host((host, port)).await {
        Ok(mut found) => match found.find(|found| !is_public(found.ip())) {
            Some(found) => Err(NotPublic::address(host, found.ip())),
            None => Ok(()),
        },
        // Who connects will find that out too, or a proxy knows more.
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;

    use reqwest::dns::Resolve as _;

    use super::*;
    use crate::base::retry::RetryPolicy;
    use crate::system::env::Env;
    use crate::system::process::Scripted;
    use crate::system::registry::oci::client::wait_for;
    use crate::system::registry::oci::public_only::PublicOnly;

    fn stack(base: &str, env: &[(&str, &str)], reach: Reach) -> Stack {
        let context = ClientContext {
            env: Arc::new(Env::from_vars(env.iter().copied())),
            exec: Arc::new(Scripted::new(Vec::new())),
            patience: RetryPolicy::without_delays(),
            warnings: Default::default(),
        };
        let oci = routes::OciRoute {
            reach,
            ..routes::OciRoute::default()
        };
        let trust = Trust {
            accept_invalid: true,
            roots: Vec::new(),
        };
        Stack::new(&Url::parse(base).unwrap(), &trust, &oci, &context)
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_name_that_resolves_inside_is_refused_when_it_is_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        // The name is one that resolves on every machine; nothing looks at how
        // it is spelled here.
        let public = client(&Trust::default(), &Via::Public(Vec::new())).unwrap();
        let sent = wait_for(async {
            let address = format!("http://localhost:{port}/");
            let sent = public.get(address).send().await;
            Ok(TransportError::from(sent.unwrap_err()))
        });
        let failure = sent.unwrap();
        assert!(failure.message.contains("`localhost` has the address"));
        assert!(failure.message.contains("on this machine or its network"));
        assert!(!failure.transient);
        assert!(listener.accept().is_err());
    }

    #[test]
    fn hosts_that_a_foreign_component_names_are_checked_by_name_and_address() {
        let public = |also: Vec<String>| Reach::Public { also };
        let refused = |stack: &Stack, to: &str| {
            let found = wait_for(async { Ok(stack.client(&url(to)).await) });
            let found = found.unwrap().err();
            found.is_some_and(|failure| {
                assert!(!failure.transient);
                failure.message.contains("on this machine or its network")
            })
        };
        let stack =
            super::tests::stack("https://r.example", &[], public(vec!["10.0.0.1:5".into()]));
        for to in [
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://10.0.0.1:6/",
            "https://198.18.0.1/",
            "https://[fd00::1]/",
            "https://[64:ff9b::a00:1]/",
            "https://0x7f.1/",
            "https://localhost:1/",
            "https://printer.local/",
        ] {
            assert!(refused(&stack, to), "{to}");
        }
        for to in ["https://10.0.0.1:5/", "https://8.8.8.8/"] {
            assert!(!refused(&stack, to), "{to}");
        }
        let any = self::stack("https://r.example", &[], Reach::Anywhere);
        assert!(!refused(&any, "https://127.0.0.1/"));
    }

    #[test]
    fn a_proxy_of_the_user_may_be_inside() {
        let proxies = [
            ("https_proxy", "localhost:1"),
            ("HTTP_PROXY", "http://p.corp:3128"),
        ];
        let mut found = stack("https://r.example", &proxies, Reach::Anywhere).proxies;
        found.sort();
        assert_eq!(found, ["localhost", "p.corp"]);
        let resolver = PublicOnly { proxies: found };
        let resolved = wait_for(async {
            let resolved = resolver.resolve("localhost".parse().unwrap()).await;
            Ok(resolved.is_ok_and(|mut found| found.next().is_some()))
        });
        assert!(resolved.unwrap());
    }

    #[test]
    fn trust_and_plain_http_do_not_follow_to_another_host() {
        let stack = stack("http://127.0.0.1:5000", &[], Reach::Anywhere);
        assert!(!stack.trust_of("other.example").unwrap().accept_invalid);
        for (to, login) in [
            ("https://auth.example/token", true),
            ("http://127.0.0.1:5001/token", true),
            ("http://127.0.0.2:5000/token", false),
            ("http://auth.example/token", false),
            ("ftp://127.0.0.1/", false),
        ] {
            assert_eq!(stack.may_have_login(&url(to)), login, "{to}");
        }
        let here = url("http://r.example:5000/");
        for (to, plain) in [
            ("http://r.example:9000/", true),
            ("http://127.0.0.1:1/", true),
            ("http://other.example/", false),
        ] {
            assert_eq!(stack.may_be_plain(&here, &url(to)), plain, "{to}");
        }
    }
}

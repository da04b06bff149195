//! Files fetched over HTTP. A login goes to its own host only, and into no
//! message.

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Client, Response, StatusCode};
use tokio::runtime::Runtime;
use url::Url;

use super::netrc::{Login, Netrc};
use crate::base::error::{Error, Result};
use crate::base::retry::{RetryPolicy, TransferRate, TransferTooSlow};
use crate::model::lockfile::tree::{Digests, DirectoryDigester};
use crate::system::env::Env;
use crate::system::fs;
use crate::system::http_retry::{is_transient, retry_after};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// The largest file that is fetched.
const LARGEST: u64 = 512 << 20;

/// The address for messages: without a login, and without a query, which may
/// be one.
pub fn display_url(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that cannot have a login.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query().is_some() {
        url.set_query(Some("…"));
    }
    url.set_fragment(None);
    url.to_string().replace("%E2%80%A6", "…")
}

/// Fetches files over HTTP.
#[derive(Debug)]
pub struct Downloader {
    patience: RetryPolicy,
    logins: OnceLock<Result<Netrc>>,
    env: Env,
}

/// Why there is no file, and whether another try may succeed.
struct DownloadError {
    error: Error,
    transient: bool,
    after: Option<Duration>,
}

impl From<Error> for DownloadError {
    fn from(error: Error) -> Self {
        DownloadError {
            error,
            transient: false,
            after: None,
        }
    }
}

impl From<TransferTooSlow> for DownloadError {
    fn from(slow: TransferTooSlow) -> Self {
        DownloadError {
            error: Error::input(slow.to_string()),
            transient: true,
            after: None,
        }
    }
}

impl From<reqwest::Error> for DownloadError {
    /// Addresses are left out: they may hold secrets.
    fn from(error: reqwest::Error) -> Self {
        let permanent = error.is_builder();
        let error = error.without_url();
        let mut converted = Error::input(error.to_string());
        let mut source = std::error::Error::source(&error);
        let mut permanent = permanent;
        while let Some(cause) = source {
            let text = cause.to_string();
            permanent |= text.contains("certificate");
            converted = converted.with_cause(text);
            source = cause.source();
        }
        DownloadError {
            error: converted,
            transient: !permanent,
            after: None,
        }
    }
}

impl Downloader {
    /// A downloader with the proxies and logins of this environment.
    pub fn new(env: Env, patience: RetryPolicy) -> Self {
        Downloader {
            patience,
            logins: OnceLock::new(),
            env,
        }
    }

    /// Fetches a file to `to`, which keeps its old content if that fails, and
    /// returns the digests. Must not be called within an asynchronous runtime.
    pub fn fetch(&self, url: &Url, to: &Path) -> Result<Digests> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut failure = None;
            let mut digests = None;
            let written = fs::write_atomic_with(to, |out| {
                match wait_for(self.fetch_once(url, out))? {
                    Ok(found) => digests = Some(found),
                    Err(failed) => {
                        let error = failed.error.clone();
                        failure = Some(failed);
                        return Err(error);
                    }
                }
                Ok(())
            });
            let error = match (written, digests) {
                (Ok(()), Some(digests)) => return Ok(digests),
                (Err(error), _) => error,
                (Ok(()), None) => Error::input("the response was empty"),
            };
            let retry = failure.filter(|failure| failure.transient);
            let pause =
                retry.and_then(|failure| self.patience.delay_before_retry(attempts, failure.after));
            let Some(pause) = pause else {
                return Err(error.context(format!("failed to fetch `{}`", display_url(url))));
            };
            std::thread::sleep(pause);
        }
    }

    /// Fetches once, following redirects.
    async fn fetch_once(&self, url: &Url, to: &mut dyn Write) -> Result<Digests, DownloadError> {
        let login = self.login(url)?;
        let mut bare = url.clone();
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        let mut current = bare.clone();
        for _ in 0..=REDIRECTS {
            let mut request = client(&current)?.get(current.clone());
            if let Some(login) = login.as_ref().filter(|_| current.origin() == bare.origin()) {
                request = request.basic_auth(&login.user, Some(&login.password));
            }
            let response = self.within_patience(request.send()).await??;
            if response.status().is_redirection() {
                current = redirected(&current, &response)?;
                continue;
            }
            if response.status() != StatusCode::OK {
                return Err(refused(&current, &response, login.is_some()));
            }
            return self.receive(response, to).await;
        }
        let text = format!("there were more than {REDIRECTS} redirects");
        Err(Error::input(text).hint("check the address").into())
    }

    async fn receive(
        &self,
        mut response: Response,
        to: &mut dyn Write,
    ) -> Result<Digests, DownloadError> {
        let mut digester = DirectoryDigester::default();
        let mut size = 0;
        let mut pace = TransferRate::new(&self.patience);
        while let Some(part) = pace.wait(response.chunk()).await?? {
            pace.count(part.len());
            size += part.len() as u64;
            if size > LARGEST {
                let text = format!("it is larger than {} MiB", LARGEST >> 20);
                return Err(Error::input(text).hint("check the address").into());
            }
            digester.update(&part);
            to.write_all(&part)
                .map_err(|e| Error::input("failed to write the download").with_cause(e))?;
        }
        Ok(digester.finish())
    }

    async fn within_patience<T>(&self, task: impl Future<Output = T>) -> Result<T, DownloadError> {
        let idle = self.patience.idle_timeout;
        tokio::time::timeout(idle, task)
            .await
            .map_err(|_| DownloadError {
                error: Error::input(format!("no data was received for {idle:?}")),
                transient: true,
                after: None,
            })
    }

    /// The login for an address: its own, or that of `.netrc` for its host,
    /// which is not sent in plain because a manifest says `http`.
    fn login(&self, url: &Url) -> Result<Option<Login>> {
        if let Some(login) = Login::of_url(url) {
            return Ok(Some(login));
        }
        if url.scheme() != "https" && !is_loopback(url) {
            return Ok(None);
        }
        let netrc = self.logins.get_or_init(|| Netrc::read(&self.env));
        let netrc = netrc.as_ref().map_err(Clone::clone)?;
        Ok(netrc.find(url.host_str().unwrap_or_default()))
    }
}

fn refused(url: &Url, response: &Response, with_login: bool) -> DownloadError {
    let status = response.status();
    let error = Error::input(format!("the server responded with {status}"));
    let host = url.host_str().unwrap_or_default();
    let error = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if with_login => error.hint(format!(
            "the login for `{host}` was rejected: correct it in `.netrc` or in the address"
        )),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => error.hint(format!(
            "add a login for `{host}` to `.netrc`: `machine {host} login … password …`"
        )),
        StatusCode::NOT_FOUND => error.hint(
            "check the address; a private archive needs a login, in `.netrc` or in the address",
        ),
        _ => error,
    };
    DownloadError {
        error,
        transient: is_transient(status),
        after: retry_after(response.headers()),
    }
}

fn redirected(from: &Url, response: &Response) -> Result<Url> {
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or_else(|| Error::input("a redirect has an invalid address"))?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        (_, scheme) => Err(Error::input(format!(
            "a redirect leads from https to {scheme} at `{}`, which is not allowed",
            to.host_str().unwrap_or_default()
        ))
        .hint("check the address")),
    }
}

/// The client for an address; proxies stand between us and others, but not
/// between us and this machine.
fn client(url: &Url) -> Result<Client> {
    static DIRECT: OnceLock<Result<Client>> = OnceLock::new();
    static OUTSIDE: OnceLock<Result<Client>> = OnceLock::new();
    let direct = is_loopback(url);
    let cell = if direct { &DIRECT } else { &OUTSIDE };
    cell.get_or_init(|| build(direct)).clone()
}

/// Whether an address is on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn build(direct: bool) -> Result<Client> {
    // Without a provider the builder panics; another one may be there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("cargo-component/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        if direct { builder.no_proxy() } else { builder }
    };
    let client = match builder().build() {
        // A system without certificates still reaches itself.
        Err(_) if direct => builder().tls_certs_only([]).build(),
        built => built,
    };
    client.map_err(|e| {
        DownloadError::from(e)
            .error
            .context("failed to set up network access")
    })
}

fn wait_for<T>(task: impl Future<Output = T>) -> Result<T> {
    static RUNTIME: OnceLock<Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("download")
            .enable_all()
            .build()
            .map_err(|e| Error::input("failed to set up network access").with_cause(e))
    });
    runtime
        .as_ref()
        .map(|runtime| runtime.block_on(task))
        .map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_of_netrc_is_for_its_host_and_not_sent_in_plain() {
        let dir = tempfile::tempdir().unwrap();
        let netrc = "machine h.example login me password secret\n\
            machine 127.0.0.1 login me password secret\n\
            default login any password secret\n";
        let file = dir.path().join("netrc");
        fs::write_atomic(&file, netrc.as_bytes()).unwrap();
        let env = Env::from_vars([("NETRC", file)]);
        let downloader = Downloader::new(env, RetryPolicy::default());
        for (url, sent) in [
            ("https://h.example/a.tgz", true),
            ("https://h.example:8443/a.tgz", true),
            ("http://h.example/a.tgz", false),
            ("http://127.0.0.1:80/a.tgz", true),
            ("https://other.example/a.tgz", false),
            ("https://h.example.other.example/a.tgz", false),
            ("http://127.0.0.2/a.tgz", false),
            ("http://me:secret@other.example/a.tgz", true),
        ] {
            let login = downloader.login(&Url::parse(url).unwrap()).unwrap();
            assert_eq!(login.is_some(), sent, "{url}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let display_url = |text: &str| display_url(&Url::parse(text).unwrap());
        assert_eq!(
            display_url("https://me:pw@h:1/a.tgz?t=secret#f"),
            "https://h:1/a.tgz?…"
        );
        assert_eq!(display_url("http://h/a.tgz"), "http://h/a.tgz");
    }
}

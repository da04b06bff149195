//! Packages of a Warg registry: a log a package, signed and proven, content by
//! its digest.
//!
//! The protocol with its proofs is warg-client's; this module gives it a place
//! to remember things, time limits, keys, and words for what goes wrong.
//! Nothing outside of it knows that there is such a client.

mod error;
mod secrets;
mod settings;
mod storage;

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use semver::Version;
use warg_client::storage::{PublishEntry, PublishInfo};
use warg_client::{ClientError, RegistryUrl, api};
use warg_crypto::hash::AnyHash;
use warg_protocol::package::{LogState, Permission, Release as Logged};
use warg_protocol::registry::PackageName;

use super::layers::{Layers, is_loopback};
use super::oci::{answers_itself, wait_for};
use super::{Publication, Registry, Release, routes};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::retry::{Pace, Patience, TooSlow};
use crate::model::resolver::Listed;
use crate::system::env::Env;
use crate::system::fs;
use error::About;
use secrets::SigningKey;
use settings::Settings;
use storage::{Contents, Logs, Namespaces};

type Client = warg_client::Client<Logs, Contents, Namespaces>;

/// What a registry is reached with.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The environment: keys, tokens, and where configuration is.
    pub env: Arc<Env>,
    /// Where logs are kept unless the configuration says so; without it, where
    /// other tools keep them.
    pub cache: Option<PathBuf>,
    /// How long each piece of work may take.
    pub limits: Limits,
}

/// How long the registry is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a log with its proofs, or the start of content.
    pub answer: Duration,
    /// For a record to be published.
    pub publish: Duration,
    /// How content may come.
    pub content: Patience,
}

impl Limits {
    /// The usual ones, with content as cargo's configuration has it.
    pub fn of(content: Patience) -> Self {
        Limits {
            content,
            ..Limits::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            answer: Duration::from_secs(60),
            publish: Duration::from_secs(600),
            content: Patience::default(),
        }
    }
}

/// The largest content, since logs do not say how large it is.
const LARGEST: u64 = 2 << 30;

/// How often it is asked whether a record is published.
const INTERVAL: Duration = Duration::from_millis(300);

/// A Warg registry. It is asked for nothing before that is needed, and for one
/// thing at a time: the logs it is held against are shared by all tools.
pub struct Warg {
    url: RegistryUrl,
    settings: Settings,
    layers: Layers,
    around: Surroundings,
    /// Where the registry really is.
    found: OnceLock<Place>,
    turn: Mutex<()>,
}

/// Where a registry really is.
struct Place {
    url: RegistryUrl,
    /// What the configuration says of it, where what it says of the host that
    /// led here does not hold.
    settings: Option<Settings>,
}

impl Warg {
    /// The registry of this route. Nothing is asked yet; an error is one of
    /// its settings.
    pub fn new(warg: &routes::Warg, around: Surroundings) -> Result<Self> {
        Ok(Warg {
            url: address(&warg.url).map_err(|e| e.because(format!("it is of `{}`", warg.name)))?,
            settings: Settings::read(&warg.name, &warg.settings, &around.env)?,
            layers: warg.layers.clone(),
            around,
            found: OnceLock::new(),
            turn: Mutex::default(),
        })
    }

    /// Where it is, as far as is known.
    fn url(&self) -> &RegistryUrl {
        self.found.get().map_or(&self.url, |found| &found.url)
    }

    /// What the configuration says of the place where it is.
    fn settings(&self) -> &Settings {
        let found = self.found.get();
        let own = found.and_then(|found| found.settings.as_ref());
        own.unwrap_or(&self.settings)
    }

    /// Does some work with the client, within a time; an error says `what` was
    /// being done.
    fn with<T>(
        &self,
        what: &str,
        work: Work,
        task: impl AsyncFnOnce(&Client) -> Told<T>,
    ) -> Result<T> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.found.get().is_none() {
            let found = self.wait(what, self.around.limits.answer, self.find())?;
            let _ = self.found.set(found);
        }
        let client = self.client(work.publish)?;
        let lock = client.registry().dir().join(".lock");
        self.wait(what, work.limit, async {
            let _lock = locked(&lock).await?;
            task(&client).await
        })
    }

    /// Work that is one question.
    fn question(&self) -> Work {
        Work {
            limit: self.around.limits.answer,
            publish: None,
        }
    }

    /// Runs something of the client's. What breaks in it is an error too.
    fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        task: impl Future<Output = Told<T>>,
    ) -> Result<T> {
        let host = secrets::host(self.url());
        let settings = self.settings();
        let logs = settings.registries_dir(self.around.cache.as_deref())?;
        let unused = self.layers.bearer_token(&self.around.env, &host).err();
        let about = About {
            what,
            host: &host,
            logs: &logs.join(self.url().safe_label()).display().to_string(),
            settings,
            unused: unused.as_deref(),
        };
        wait_for(async {
            let task = AssertUnwindSafe(task).catch_unwind();
            match tokio::time::timeout(limit, task).await {
                Ok(Ok(done)) => done.map_err(|e| about.error(&e)),
                Ok(Err(_)) => {
                    Err(Error::input(what).because("the response of the registry is invalid"))
                }
                Err(_) => Err(about.late()),
            }
        })
    }

    /// Asks the host where the registry is. What is set for the host goes with
    /// its own word only, not where somebody else led.
    async fn find(&self) -> Told<Place> {
        let api = api::Client::new(self.url.to_string(), None)?;
        let url = match api.well_known_config().await? {
            Some(url) => address(&url.to_string()).map_err(own)?,
            None => self.url.clone(),
        };
        let host = secrets::host(&url);
        let document = format!("{}.well-known/wasm-pkg/registry.json", self.url);
        let same = host == secrets::host(&self.url);
        if same || answers_itself(&document).await {
            return Ok(Place {
                url,
                settings: None,
            });
        }
        let table = self.layers.table("warg", &host);
        let settings = Settings::read(&host, &table, &self.around.env).map_err(own)?;
        Ok(Place {
            url,
            settings: Some(settings),
        })
    }

    fn client(&self, published: Option<(AnyHash, PathBuf)>) -> Result<Client> {
        let (url, settings) = (self.url(), self.settings());
        let cache = self.around.cache.as_deref();
        let logs = Logs {
            all: settings.registries_dir(cache)?,
            label: url.safe_label(),
        };
        let contents = Contents {
            dir: settings.content_dir(cache)?,
            published,
        };
        let namespaces = Namespaces {
            file: settings.namespaces(cache)?,
        };
        let token = match secrets::token(settings, url, &self.around.env, &self.layers)? {
            Some(token) => Some(token.into()),
            None if settings.file.keyring_auth => secrets::keyring(settings)?
                .get_auth_token(url)
                .map_err(|e| secrets::refused(settings, &e))?,
            None => None,
        };
        let file = &settings.file;
        Client::new(
            url.to_string(),
            logs,
            contents,
            namespaces,
            token,
            file.ignore_federation_hints,
            file.disable_auto_accept_federation_hints,
            file.disable_auto_package_init,
            true,
            file.keyring_backend.clone(),
            file.keys.clone(),
        )
        .map_err(|e| Error::input("failed to set up network access").because(error::chain(&e)))
    }
}

/// What work needs besides the client.
struct Work {
    limit: Duration,
    publish: Option<(AnyHash, PathBuf)>,
}

/// What the client says.
type Told<T> = std::result::Result<T, ClientError>;

/// This tool's own error, passed up through the client's.
fn own(error: Error) -> ClientError {
    ClientError::Other(anyhow::Error::new(error))
}

/// Reads the address of a registry.
fn address(text: &str) -> Result<RegistryUrl> {
    let invalid = || Error::input("the address of the Warg registry is invalid");
    if text.split('/').any(|part| part.contains('@')) {
        return Err(invalid().because("it contains credentials").hint(
            "set a token in your own file, `~/.config/wasm-pkg/config.toml`, as `auth_token`",
        ));
    }
    RegistryUrl::new(text).map_err(|e| {
        invalid()
            .because(error::chain(e.as_ref()))
            .hint("use https; plain http is allowed only for Warg registries on this machine")
    })
}

/// The lock of a registry's logs; others may hold it for a while.
async fn locked(path: &std::path::Path) -> Told<fs::Lock> {
    loop {
        if let Some(lock) = fs::lock_if_free(path).map_err(own)? {
            return Ok(lock);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The log of a package as the registry has it now, with its proofs; `None` if
/// there is no such package.
async fn log(client: &Client, name: &PackageName) -> Told<Option<LogState>> {
    match client.fetch_package(name).await {
        Ok(info) => Ok(Some(info.state)),
        Err(ClientError::PackageDoesNotExist { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

fn name(package: &PackageRef) -> Result<PackageName> {
    let name = PackageName::new(package.to_string());
    name.map_err(|e| Error::input(format!("invalid package name `{package}`")).because(e))
}

impl Registry for Warg {
    fn location(&self, _package: &PackageRef) -> String {
        format!("the Warg registry `{}`", self.url())
    }

    fn url(&self, package: &PackageRef, version: &Version) -> Option<String> {
        let url = Warg::url(self).to_string();
        // Plain http is what the scheme means on this machine, and only there.
        let plain = |url: &str| url.strip_prefix("http://").is_some_and(is_loopback);
        let host = match url.trim_end_matches('/') {
            url if plain(url) => url.strip_prefix("http://")?,
            url => url.strip_prefix("https://")?,
        };
        Some(format!("warg://{host}/{package}@{version}"))
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<Listed>>> {
        let what = format!(
            "failed to list the versions of `{package}` in {}",
            self.location(package)
        );
        let name = name(package)?;
        let log = self.with(&what, self.question(), async |client| {
            log(client, &name).await
        })?;
        let listed = |release: &Logged| Listed {
            version: release.version.clone(),
            yanked: release.yanked(),
        };
        Ok(log.map(|log| log.releases().map(listed).collect()))
    }

    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>> {
        let place = self.location(package);
        let what = format!("failed to find `{package}@{version}` in {place}");
        let name = name(package)?;
        let log = self.with(&what, self.question(), async |client| {
            log(client, &name).await
        })?;
        let Some(found) = log.as_ref().and_then(|log| log.release(version)) else {
            return Ok(None);
        };
        let Some(digest) = found.content() else {
            return Err(Error::input(format!("`{package}@{version}` was yanked"))
                .because(format!("its registry is {place}, which does not provide it any more"))
                .hint("select another version with `cargo component update`; to publish, increase its version"));
        };
        Ok(Some(Release {
            version: version.clone(),
            digest: digest.to_string().parse()?,
            size: None,
        }))
    }

    fn fetch(&self, package: &PackageRef, release: &Release, to: &mut dyn Write) -> Result<()> {
        let version = &release.version;
        let what = format!(
            "failed to fetch `{package}@{version}` from {}",
            self.location(package)
        );
        let name = name(package)?;
        let limits = self.around.limits;
        // As long as it takes, but for each piece only so long.
        let work = Work {
            limit: Duration::MAX,
            publish: None,
        };
        self.with(&what, work, async |client| {
            let late = || own(Error::input("the download stopped").hint("try again"));
            let content = client.download_exact_as_stream(&name, version);
            let content = tokio::time::timeout(limits.answer, content).await;
            let (_, mut content) = content.map_err(|_| late())??;
            let mut pace = Pace::new(&limits.content);
            let mut size = 0;
            loop {
                let part = pace.wait(content.next()).await;
                let slow = |slow: TooSlow| own(Error::input(slow.to_string()).hint("try again"));
                let Some(part) = part.map_err(slow)?.transpose()? else {
                    return Ok(());
                };
                pace.count(part.len());
                size += part.len() as u64;
                if size > LARGEST {
                    let text = format!("it is larger than {} GiB", LARGEST >> 30);
                    return Err(own(
                        Error::input(text).hint("ask the operator of the registry")
                    ));
                }
                let written = to.write_all(&part);
                written.map_err(|e| own(Error::input("failed to write the package").because(e)))?;
            }
        })
    }

    fn publish(&self, publication: &Publication<'_>) -> Result<()> {
        let (package, version) = (publication.package, publication.version);
        let what = format!(
            "failed to publish `{package}@{version}` to {}",
            self.location(package)
        );
        let name = name(package)?;
        let digest = publication.digest.to_string();
        let digest: AnyHash = digest
            .parse()
            .map_err(|e| Error::input(what.clone()).because(e))?;
        let work = Work {
            limit: self.around.limits.publish,
            publish: Some((digest.clone(), publication.content.to_owned())),
        };
        self.with(&what, work, async |client| {
            let federated = client.get_warg_registry(name.namespace()).await?;
            let federated = federated.as_ref().map(|domain| domain.as_str());
            let (url, env) = (client.url(), &self.around.env);
            let signing =
                secrets::signing_key(self.settings(), url, federated, env).map_err(own)?;
            if let Some(log) = log(client, &name).await? {
                may_release(&log, &signing, publication).map_err(own)?;
            }
            // The client makes the package if it is not there.
            let info = PublishInfo {
                name: name.clone(),
                head: None,
                entries: vec![PublishEntry::Release {
                    version: version.clone(),
                    content: digest,
                }],
            };
            let record = client.publish_with_info(&signing.key, info).await?;
            // The client sends it in one go.
            let size = fs::stamp(publication.content).map_or(0, |(size, _)| size);
            publication.progress.bytes(size);
            client.wait_for_publish(&name, &record, INTERVAL).await
        })
    }
}

/// What the registry would refuse without saying much.
fn may_release(log: &LogState, signing: &SigningKey, publication: &Publication<'_>) -> Result<()> {
    let (package, version) = (publication.package, publication.version);
    if log.release(version).is_some() {
        return Err(
            Error::input(format!("`{package}@{version}` is already published"))
                .hint("increase its version"),
        );
    }
    let id = signing.key.public_key().fingerprint();
    let permissions = log.key_permissions(&id);
    if permissions.is_some_and(|all| all.contains(&Permission::Release)) {
        return Ok(());
    }
    Err(
        Error::input(format!("the key `{id}` is not allowed to release `{package}`"))
            .because(format!("the key comes from {}", signing.from))
            .hint("sign with the key that first published the package, or have its owner run `warg publish grant` for this key"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::registry::hosts::Says;

    fn registry(address: &str, cache: &std::path::Path) -> Result<Warg> {
        let around = Surroundings {
            env: Arc::new(Env::default()),
            cache: Some(cache.to_owned()),
            limits: Limits {
                answer: Duration::from_millis(50),
                publish: Duration::from_millis(50),
                content: Patience::default(),
            },
        };
        Warg::new(
            &routes::Warg::new("r", Some(address), Says::Document, &Layers::default()),
            around,
        )
    }

    #[test]
    fn a_server_that_says_nothing_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        // Connections are made, and nobody ever answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap().to_string();
        let registry = registry(&address, dir.path()).unwrap();
        let error = registry.versions(&"a:b".parse().unwrap()).unwrap_err();
        let told = format!("{error:?}");
        assert!(
            told.contains("failed to list the versions of `a:b`"),
            "{told}"
        );
        assert!(
            told.contains(&format!("`{address}` does not respond")),
            "{told}"
        );
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_plain() {
        let dir = tempfile::tempdir().unwrap();
        let location = |address| {
            let registry = registry(address, dir.path())?;
            Ok::<_, Error>(registry.location(&"a:b".parse()?))
        };
        for (address, url) in [
            ("r.example", "https://r.example/"),
            ("r.example/path", "https://r.example/path/"),
            ("localhost:5000", "http://localhost:5000/"),
            ("http://[::1]:5000", "http://[::1]:5000/"),
            ("https://localhost", "https://localhost/"),
        ] {
            assert!(location(address).unwrap().contains(&format!("`{url}`")));
        }
        for address in [
            "http://r.example",
            "ftp://r.example",
            "https://u:secret@r.example",
        ] {
            let told = format!("{:?}", location(address).unwrap_err());
            assert!(
                told.contains("is invalid") && !told.contains("secret"),
                "{told}"
            );
        }
    }
}

//! The backend of Warg registries.

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use semver::Version;
use warg_client::storage::{PublishEntry, PublishInfo};
use warg_client::{ClientError, RegistryUrl, api};
use warg_crypto::hash::AnyHash;
use warg_protocol::package::{LogState, Permission, Release as Logged};
use warg_protocol::registry::PackageName;

use super::address::{address, answers_itself};
use super::context::{TimeLimits, WargContext};
use super::error;
use super::error::ErrorContext;
use super::secrets;
use super::secrets::SigningKey;
use super::settings::Settings;
use super::storage::{Contents, Logs, Namespaces};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::retry::{TransferRate, TransferTooSlow};
use crate::model::resolver::ListedVersion;
use crate::system::fs;
use crate::system::registry::interface::{Publication, Registry, Release};
use crate::system::registry::layers::{Layers, is_loopback};
use crate::system::registry::oci;
use crate::system::registry::oci::client::wait_for;
use crate::system::registry::url_route::UrlRoute;

type Client = warg_client::Client<Logs, Contents, Namespaces>;

/// The largest content, since logs do not say how large it is.
const LARGEST: u64 = 2 << 30;

/// How often it is asked whether a record is published.
const INTERVAL: Duration = Duration::from_millis(300);

/// A Warg registry. It is asked for nothing before that is needed, and for one
/// thing at a time: the logs it is held against are shared by all tools.
pub struct WargRegistry {
    url: RegistryUrl,
    settings: Settings,
    layers: Layers,
    context: WargContext,
    /// The location of the registry, once its host was asked for it.
    location: OnceLock<Location>,
    /// Held while a request to the registry is under way.
    busy: Mutex<()>,
}

/// Opens the registry of a route. `cache` is the directory below which it
/// keeps logs in `warg`, if one is given.
pub fn open(
    route: &UrlRoute,
    context: &oci::ClientContext,
    cache: Option<&Path>,
) -> Result<Arc<dyn Registry>> {
    let context = WargContext {
        env: context.env.clone(),
        cache: cache.map(|cache| cache.join("warg")),
        limits: TimeLimits::of(context.patience),
    };
    Ok(Arc::new(WargRegistry::new(route, context)?))
}

/// The location of a registry, as its host gives it.
struct Location {
    url: RegistryUrl,
    /// The settings of its host, where those of the host that led here do not
    /// apply.
    settings: Option<Settings>,
}

impl WargRegistry {
    /// The registry of this route. No request is sent yet; an error is one of
    /// its settings.
    pub fn new(warg: &UrlRoute, context: WargContext) -> Result<Self> {
        Ok(WargRegistry {
            url: address(&warg.url)
                .map_err(|e| e.with_cause(format!("it is of `{}`", warg.name)))?,
            settings: Settings::read(&warg.name, &warg.settings, &context.env)?,
            layers: warg.layers.clone(),
            context,
            location: OnceLock::new(),
            busy: Mutex::default(),
        })
    }

    /// The address, as far as it is known.
    fn url(&self) -> &RegistryUrl {
        self.location.get().map_or(&self.url, |found| &found.url)
    }

    /// The settings for the place where it is.
    fn settings(&self) -> &Settings {
        let found = self.location.get();
        let own = found.and_then(|found| found.settings.as_ref());
        own.unwrap_or(&self.settings)
    }

    /// Does some work with the client, within a time limit. `error_message`
    /// says what failed, for errors.
    fn with_client<T>(
        &self,
        error_message: &str,
        options: TaskOptions,
        task: impl AsyncFnOnce(&Client) -> ClientResult<T>,
    ) -> Result<T> {
        let _busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if self.location.get().is_none() {
            let location = self.wait(error_message, self.context.limits.answer, self.locate())?;
            let _ = self.location.set(location);
        }
        let client = self.client(options.publish)?;
        let lock = client.registry().dir().join(".lock");
        self.wait(error_message, options.limit, async {
            let _lock = lock_logs(&lock).await?;
            task(&client).await
        })
    }

    /// The options of a request that changes nothing.
    fn query(&self) -> TaskOptions {
        TaskOptions {
            limit: self.context.limits.answer,
            publish: None,
        }
    }

    /// Runs a call of the client. A panic in it becomes an error too.
    fn wait<T>(
        &self,
        error_message: &str,
        limit: Duration,
        task: impl Future<Output = ClientResult<T>>,
    ) -> Result<T> {
        let host = secrets::host(self.url());
        let settings = self.settings();
        let logs = settings.registries_dir(self.context.cache.as_deref())?;
        let unused = self.layers.bearer_token(&self.context.env, &host).err();
        let error_context = ErrorContext {
            error_message,
            host: &host,
            logs: &logs.join(self.url().safe_label()).display().to_string(),
            settings,
            unused: unused.as_deref(),
        };
        wait_for(async {
            let task = AssertUnwindSafe(task).catch_unwind();
            match tokio::time::timeout(limit, task).await {
                Ok(Ok(done)) => done.map_err(|e| error_context.error(&e)),
                Ok(Err(_)) => Err(Error::input(error_message)
                    .with_cause("the response of the registry is invalid")),
                Err(_) => Err(error_context.timed_out()),
            }
        })
    }

    /// Asks the host where the registry is. The settings of the host apply there
    /// only if the host itself answered.
    async fn locate(&self) -> ClientResult<Location> {
        let api = api::Client::new(self.url.to_string(), None)?;
        let url = match api.well_known_config().await? {
            Some(url) => address(&url.to_string()).map_err(as_client_error)?,
            None => self.url.clone(),
        };
        let host = secrets::host(&url);
        let document = format!("{}.well-known/wasm-pkg/registry.json", self.url);
        let same = host == secrets::host(&self.url);
        if same || answers_itself(&document).await {
            return Ok(Location {
                url,
                settings: None,
            });
        }
        let table = self.layers.table("warg", &host);
        let settings = Settings::read(&host, &table, &self.context.env).map_err(as_client_error)?;
        Ok(Location {
            url,
            settings: Some(settings),
        })
    }

    fn client(&self, published: Option<(AnyHash, PathBuf)>) -> Result<Client> {
        let (url, settings) = (self.url(), self.settings());
        let cache = self.context.cache.as_deref();
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
        let token = match secrets::token(settings, url, &self.context.env, &self.layers)? {
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
        .map_err(|e| Error::input("failed to set up network access").with_cause(error::chain(&e)))
    }
}

/// The limits of a task, and the file that it publishes.
struct TaskOptions {
    limit: Duration,
    publish: Option<(AnyHash, PathBuf)>,
}

/// The result of a call of the client.
type ClientResult<T> = std::result::Result<T, ClientError>;

/// This tool's own error, passed up through the client's.
fn as_client_error(error: Error) -> ClientError {
    ClientError::Other(anyhow::Error::new(error))
}

/// The lock of a registry's logs; others may hold it for a while.
async fn lock_logs(path: &std::path::Path) -> ClientResult<fs::Lock> {
    loop {
        if let Some(lock) = fs::lock_if_free(path).map_err(as_client_error)? {
            return Ok(lock);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The log of a package as the registry has it now, with its proofs; `None` if
/// there is no such package.
async fn package_log(client: &Client, name: &PackageName) -> ClientResult<Option<LogState>> {
    match client.fetch_package(name).await {
        Ok(info) => Ok(Some(info.state)),
        Err(ClientError::PackageDoesNotExist { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

fn name(package: &PackageRef) -> Result<PackageName> {
    let name = PackageName::new(package.to_string());
    name.map_err(|e| Error::input(format!("invalid package name `{package}`")).with_cause(e))
}

impl Registry for WargRegistry {
    fn location(&self, _package: &PackageRef) -> String {
        format!("the Warg registry `{}`", self.url())
    }

    fn url(&self, package: &PackageRef, version: &Version) -> Option<String> {
        let url = WargRegistry::url(self).to_string();
        // Plain http is what the scheme means on this machine, and only there.
        let plain = |url: &str| url.strip_prefix("http://").is_some_and(is_loopback);
        let host = match url.trim_end_matches('/') {
            url if plain(url) => url.strip_prefix("http://")?,
            url => url.strip_prefix("https://")?,
        };
        Some(format!("warg://{host}/{package}@{version}"))
    }

    fn versions(&self, package: &PackageRef) -> Result<Option<Vec<ListedVersion>>> {
        let error_message = format!(
            "failed to list the versions of `{package}` in {}",
            self.location(package)
        );
        let name = name(package)?;
        let log = self.with_client(&error_message, self.query(), async |client| {
            package_log(client, &name).await
        })?;
        let listed = |release: &Logged| ListedVersion {
            version: release.version.clone(),
            yanked: release.yanked(),
        };
        Ok(log.map(|log| log.releases().map(listed).collect()))
    }

    fn release(&self, package: &PackageRef, version: &Version) -> Result<Option<Release>> {
        let place = self.location(package);
        let error_message = format!("failed to find `{package}@{version}` in {place}");
        let name = name(package)?;
        let log = self.with_client(&error_message, self.query(), async |client| {
            package_log(client, &name).await
        })?;
        let Some(found) = log.as_ref().and_then(|log| log.release(version)) else {
            return Ok(None);
        };
        let Some(digest) = found.content() else {
            return Err(Error::input(format!("`{package}@{version}` was yanked"))
                .with_cause(format!("its registry is {place}, which does not provide it any more"))
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
        let error_message = format!(
            "failed to fetch `{package}@{version}` from {}",
            self.location(package)
        );
        let name = name(package)?;
        let limits = self.context.limits;
        // The whole may take any time, each piece only a limited one.
        let options = TaskOptions {
            limit: Duration::MAX,
            publish: None,
        };
        self.with_client(&error_message, options, async |client| {
            let timed_out =
                || as_client_error(Error::input("the download stopped").hint("try again"));
            let content = client.download_exact_as_stream(&name, version);
            let content = tokio::time::timeout(limits.answer, content).await;
            let (_, mut content) = content.map_err(|_| timed_out())??;
            let mut pace = TransferRate::new(&limits.content);
            let mut size = 0;
            loop {
                let part = pace.wait(content.next()).await;
                let slow = |slow: TransferTooSlow| {
                    as_client_error(Error::input(slow.to_string()).hint("try again"))
                };
                let Some(part) = part.map_err(slow)?.transpose()? else {
                    return Ok(());
                };
                pace.count(part.len());
                size += part.len() as u64;
                if size > LARGEST {
                    let text = format!("it is larger than {} GiB", LARGEST >> 30);
                    return Err(as_client_error(
                        Error::input(text).hint("ask the operator of the registry"),
                    ));
                }
                let written = to.write_all(&part);
                written.map_err(|e| {
                    as_client_error(Error::input("failed to write the package").with_cause(e))
                })?;
            }
        })
    }

    fn publish(&self, publication: &Publication<'_>) -> Result<()> {
        let (package, version) = (publication.package, publication.version);
        let error_message = format!(
            "failed to publish `{package}@{version}` to {}",
            self.location(package)
        );
        let name = name(package)?;
        let digest = publication.digest.to_string();
        let digest: AnyHash = digest
            .parse()
            .map_err(|e| Error::input(error_message.clone()).with_cause(e))?;
        let options = TaskOptions {
            limit: self.context.limits.publish,
            publish: Some((digest.clone(), publication.content.to_owned())),
        };
        self.with_client(&error_message, options, async |client| {
            let federated = client.get_warg_registry(name.namespace()).await?;
            let federated = federated.as_ref().map(|domain| domain.as_str());
            let (url, env) = (client.url(), &self.context.env);
            let signing = secrets::signing_key(self.settings(), url, federated, env)
                .map_err(as_client_error)?;
            if let Some(log) = package_log(client, &name).await? {
                may_release(&log, &signing, publication).map_err(as_client_error)?;
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

    fn yank(&self, package: &PackageRef, version: &Version) -> Result<()> {
        let error_message = format!(
            "failed to withdraw `{package}@{version}` from {}",
            self.location(package)
        );
        let name = name(package)?;
        let options = TaskOptions {
            limit: self.context.limits.publish,
            publish: None,
        };
        self.with_client(&error_message, options, async |client| {
            let federated = client.get_warg_registry(name.namespace()).await?;
            let federated = federated.as_ref().map(|domain| domain.as_str());
            let (url, env) = (client.url(), &self.context.env);
            let signing = secrets::signing_key(self.settings(), url, federated, env)
                .map_err(as_client_error)?;
            if let Some(log) = package_log(client, &name).await? {
                may_change(&log, &signing, package, Permission::Yank).map_err(as_client_error)?;
            }
            let version = version.clone();
            let info = PublishInfo {
                name: name.clone(),
                head: None,
                entries: vec![PublishEntry::Yank { version }],
            };
            let record = client.publish_with_info(&signing.key, info).await?;
            client.wait_for_publish(&name, &record, INTERVAL).await
        })
    }
}

/// Refuses a release that the registry would refuse without a reason.
fn may_release(log: &LogState, signing: &SigningKey, publication: &Publication<'_>) -> Result<()> {
    let (package, version) = (publication.package, publication.version);
    if log.release(version).is_some() {
        return Err(
            Error::input(format!("`{package}@{version}` is already published"))
                .hint("increase its version"),
        );
    }
    may_change(log, signing, package, Permission::Release)
}

/// Refuses a change of a package for which a key has no permission.
fn may_change(
    log: &LogState,
    signing: &SigningKey,
    package: &PackageRef,
    permission: Permission,
) -> Result<()> {
    let id = signing.key.public_key().fingerprint();
    let permissions = log.key_permissions(&id);
    if permissions.is_some_and(|all| all.contains(&permission)) {
        return Ok(());
    }
    Err(
        Error::input(format!("the key `{id}` is not allowed to {permission} `{package}`"))
            .with_cause(format!("it is from {}", signing.from))
            .hint("sign with the key that first published the package, or have its owner run `warg publish grant` for this key"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::retry::RetryPolicy;
    use crate::model::url_protocol::UrlProtocol;
    use crate::system::env::Env;
    use crate::system::registry::hosts::LocationSource;

    fn registry(address: &str, cache: &std::path::Path) -> Result<WargRegistry> {
        let context = WargContext {
            env: Arc::new(Env::default()),
            cache: Some(cache.to_owned()),
            limits: TimeLimits {
                answer: Duration::from_millis(50),
                publish: Duration::from_millis(50),
                content: RetryPolicy::default(),
            },
        };
        let protocol = UrlProtocol::named("warg").unwrap();
        let source = LocationSource::Document;
        WargRegistry::new(
            &UrlRoute::new(protocol, "r", Some(address), source, &Layers::default()),
            context,
        )
    }

    #[test]
    fn a_silent_server_times_out() {
        let dir = tempfile::tempdir().unwrap();
        // Connections are made, and nobody ever answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap().to_string();
        let registry = registry(&address, dir.path()).unwrap();
        let error = registry.versions(&"a:b".parse().unwrap()).unwrap_err();
        let text = format!("{error:?}");
        assert!(
            text.contains("failed to list the versions of `a:b`"),
            "{text}"
        );
        assert!(
            text.contains(&format!("`{address}` does not respond")),
            "{text}"
        );
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
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
            let text = format!("{:?}", location(address).unwrap_err());
            assert!(
                text.contains("is invalid") && !text.contains("secret"),
                "{text}"
            );
        }
    }
}

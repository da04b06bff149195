//! Releases of components: those a manifest names, and those the hints of
//! components lead to.

use std::net::IpAddr;

use semver::VersionReq;

use super::origins::of_artifact;
use super::solved::Tree;
use crate::advice::{Error, Result};
use crate::component::hint::{Known, Place, Wanted as Released};
use crate::lockfile;
use crate::manifest::Manifest;
use crate::ops::artifacts::{WantedArtifact, reference};
use crate::ops::packages::Fetched;
use crate::ops::resolve::{Asked, Worlds, registries};
use crate::ops::wanted::exactly;
use crate::package::ContentDigest;
use crate::resolver::{Source, Wanted};

/// A release of a component.
#[derive(Clone, Debug)]
pub(in crate::ops) struct Release {
    /// Its bytes.
    pub found: Fetched,
    /// Where others find it; none where the configuration has to say.
    pub source: Option<String>,
    /// The versions that the manifest asks for; none for an artifact.
    pub requirement: Option<VersionReq>,
    /// The address of the registry, which tells packages of one name apart.
    pub origin: Option<String>,
}

/// The repository that the label of an artifact in a lock file leads to.
fn artifact_origin(label: &str) -> Option<String> {
    let (origin, _) = of_artifact(&reference(Some(label))?)?;
    Some(origin.address)
}

/// Whether a host is one of this machine, or has an address of a network that
/// is not the internet.
fn is_private(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            let shared = ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]);
            let near = ip.is_private() || ip.is_link_local() || shared;
            near || ip.is_loopback() || ip.is_unspecified()
        }
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.to_ipv4_mapped().is_some()
        }
        Err(_) => {
            let bare = bare.trim_end_matches('.').to_ascii_lowercase();
            let last = bare.rsplit('.').next().unwrap_or_default();
            // Clients read `127.1` and `0x7f.0.0.1` as addresses; no name of
            // the internet ends so.
            let number = last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit());
            number || !bare.contains('.') || last == "localhost"
        }
    }
}

impl Worlds<'_> {
    /// The releases of components a manifest depends on, by the key of their
    /// entry; where others find them is locked with them.
    pub fn component_releases<'m>(
        &mut self,
        manifest: &'m Manifest,
        tree: &Tree,
    ) -> Result<Vec<(&'m str, Release)>> {
        let mut releases = Vec::new();
        let named = registries(manifest);
        for key in manifest.dependencies.keys() {
            let Some((Asked { wanted, found }, origin)) = tree.entry(key) else {
                continue;
            };
            let origin = origin.map(|origin| origin.address.clone());
            // A reference is locked as it stands, and says where it leads.
            let registry = wanted.source.registry.as_deref();
            if let Some(label) = registry.filter(|name| reference(Some(name)).is_some()) {
                let source = Some(label.to_owned());
                let (requirement, origin) = (None, artifact_origin(label));
                releases.push((
                    key.as_str(),
                    Release {
                        found,
                        source,
                        requirement,
                        origin,
                    },
                ));
                continue;
            }
            let source = match self.source_of(&wanted, &found.digest) {
                Some(source) => Some(source),
                None => self.packages()?.url(&wanted, &named, &found.version)?,
            };
            if source.is_some() {
                let locked = lockfile::Locked {
                    package: wanted.source.package.clone(),
                    registry: wanted.source.registry.clone(),
                    requirement: wanted.requirement.clone(),
                    version: found.version.clone(),
                    digest: found.digest.clone(),
                    source: source.clone(),
                    address: wanted.source.address.clone(),
                };
                self.used.insert(locked.clone());
                self.lock.insert(locked);
            }
            let requirement = Some(wanted.requirement);
            releases.push((
                key.as_str(),
                Release {
                    found,
                    source,
                    requirement,
                    origin,
                },
            ));
        }
        Ok(releases)
    }

    /// The component that a hint of the component `by` leads to; it is locked.
    pub fn hinted(&mut self, manifest: &Manifest, known: &Known, by: &str) -> Result<Fetched> {
        if !self.may_follow(known) {
            return Err(
                Error::input("the hint is not pinned by a digest").hint(
                    "ask whoever published it to build it anew, or take whatever it leads to now with `--trust-unpinned`",
                ),
            );
        }
        self.check_host(known)?;
        self.fetch_hinted(manifest, known, by)
    }

    /// Refuses a hint to where only the user may lead.
    pub fn check_host(&mut self, known: &Known) -> Result<()> {
        match &known.place {
            Place::Oci { host, .. } => self.refuse_private(host, "oci"),
            Place::Warg { host, .. } => self.refuse_private(host, "warg"),
            Place::Package { .. } => Ok(()),
        }
    }

    /// As [`Worlds::hinted`], of a hint that may be followed.
    pub fn fetch_hinted(
        &mut self,
        manifest: &Manifest,
        known: &Known,
        by: &str,
    ) -> Result<Fetched> {
        let by = vec![format!("the component `{by}`")];
        let (package, registry, requirement) = match &known.place {
            Place::Oci { .. } => {
                let wanted = WantedArtifact::of_hint(known, by.concat())?;
                let mut found = self.artifacts(&[wanted])?;
                return found
                    .pop()
                    .ok_or_else(|| Error::input("nothing was fetched"));
            }
            Place::Warg {
                host,
                package,
                version,
            } => {
                let registry = Some(format!("warg://{host}"));
                (package, registry, exactly(version))
            }
            Place::Package { package, release } => {
                let requirement = match release {
                    Released::Any => VersionReq::STAR,
                    Released::Exact(version) => exactly(version),
                    Released::Range(range) => range.clone(),
                };
                (package, None, requirement)
            }
        };
        let wanted = Wanted {
            source: Source {
                package: package.clone(),
                registry,
                address: None,
            },
            requirement,
            by,
            at: None,
        };
        let mut found = self.fetch(manifest, &[wanted])?;
        found
            .pop()
            .ok_or_else(|| Error::input("nothing was fetched"))
    }

    /// Whether a hint of somebody else says enough to be followed.
    pub fn may_follow(&self, known: &Known) -> bool {
        known.digest.is_some() || self.trust_unpinned || self.locked_digest(known).is_some()
    }

    /// The digest that the lock file has for what a hint names.
    pub fn locked_digest(&self, known: &Known) -> Option<&ContentDigest> {
        let bare = Known {
            digest: None,
            requirement: None,
            item: None,
            ..known.clone()
        };
        let is = |entry: &&lockfile::Locked| match &known.place {
            Place::Package { package, release } => {
                entry.package == *package
                    && entry.registry.is_none()
                    && match release {
                        Released::Any => entry.requirement == VersionReq::STAR,
                        Released::Exact(version) => entry.version == *version,
                        Released::Range(range) => entry.requirement == *range,
                    }
            }
            Place::Oci { .. } => entry.registry.as_deref() == Some(&bare.to_string()),
            Place::Warg {
                host,
                package,
                version,
            } => {
                entry.package == *package
                    && entry.registry.as_deref() == Some(&format!("warg://{host}"))
                    && entry.version == *version
            }
        };
        self.lock
            .entries()
            .iter()
            .find(is)
            .map(|entry| &entry.digest)
    }

    /// Refuses a host of this machine or its network, which only the user may
    /// name.
    fn refuse_private(&mut self, host: &str, protocol: &str) -> Result<()> {
        let named = self.packages()?.names_registry(host);
        match !named && is_private(host) {
            true => Err(Error::input(format!(
                "`{host}` is on this machine or its network, where a component of others may not lead"
            ))
            .hint(format!(
                "if you trust it, name it in your own configuration: `cargo component config set 'registry.\"{host}\".type' {protocol}`"
            ))),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_this_machine_and_its_network_are_known_in_every_spelling() {
        for host in [
            "localhost",
            "LOCALHOST:5000",
            "a.localhost.",
            "127.0.0.1:5000",
            "127.1",
            "0x7f.0.0.1:80",
            "2130706433",
            "10.1",
            "10.0.0.7",
            "100.64.1.1",
            "169.254.169.254",
            "[::1]:443",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "registry",
        ] {
            assert!(is_private(host), "{host}");
        }
        for host in ["ghcr.io", "registry.example.com:8443", "8.8.8.8", "0x7f.io"] {
            assert!(!is_private(host), "{host}");
        }
    }
}

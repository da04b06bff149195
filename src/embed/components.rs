//! Components for programs that take this in as a library.

use std::path::{Path, PathBuf};

use semver::Version;

use super::session::Session;
use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::capabilities::HostImports;
use crate::model::component::capabilities::host_imports;
use crate::model::component::encode;
use crate::model::component::encode::Adapter;
use crate::model::component::names::with_current_names;
use crate::ops::wit::WitOptions;
use crate::ops::wit::publish::{PackageVersion, PublishOptions, publish};
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::foreign::{HintOptions, link_foreign};
use crate::pipeline::link::override_options::{ComponentSource, OverrideRequest};
use crate::pipeline::link::resolution::Releases;
use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::release::{BreakingChange, ExistingRelease, PublishMode};
use crate::system::fs;

/// Components of registries and files.
#[derive(Clone, Debug)]
pub struct Components {
    session: Session,
}

/// A component in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The package with its version, the reference, or the path that was given.
    pub name: String,
    /// The file, which belongs to the cache unless a path was given: it must not be
    /// changed.
    pub file: PathBuf,
    /// The digest of its bytes.
    pub digest: ContentDigest,
}

/// Which hints of components are followed that others have published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HintTrust {
    /// Those with a digest, and releases of configured registries.
    #[default]
    Pinned,
    /// Also those without a digest, which may lead to other content tomorrow.
    All,
}

/// A component that is to be linked with what it imports.
#[derive(Clone, Debug, Default)]
pub struct LinkRequest {
    component: String,
    with: Vec<String>,
    trust: HintTrust,
}

impl LinkRequest {
    /// Links this component, which is a path, a package (`namespace:name[@requirement]`)
    /// or an OCI reference, with the components that its hints lead to.
    pub fn new(component: impl Into<String>) -> Self {
        LinkRequest {
            component: component.into(),
            ..LinkRequest::default()
        }
    }

    /// Answers an import, or all imports of a package, by another component instead, as
    /// `--with import=component` does.
    pub fn with(mut self, import: &str, component: &str) -> Self {
        self.with.push(format!("{import}={component}"));
        self
    }

    /// The hints that are followed.
    pub fn trust(mut self, trust: HintTrust) -> Self {
        self.trust = trust;
        self
    }
}

impl Components {
    /// Components as they are found from the directory of a session.
    pub fn new(session: Session) -> Self {
        Components { session }
    }

    /// Fetches a component: a package (`namespace:name[@requirement]`, the newest version
    /// without a requirement), an OCI reference or the path of a file. What is in the
    /// cache is not fetched again.
    ///
    /// # Errors
    ///
    /// If it is not found, or is no component, or has another digest than its registry
    /// says.
    pub fn fetch(&self, component: &str) -> Result<Fetched> {
        let ctx = self.session.context()?;
        let (name, file) =
            ComponentSource::parse(&ctx, component)?.fetch(&ctx, self.session.mode)?;
        let (digest, _) = fs::digest(&file)?;
        Ok(Fetched { name, file, digest })
    }

    /// Links a component to one that imports less: the result has no import that a hint or
    /// an override answers, whatever the linked components import in turn.
    ///
    /// # Errors
    ///
    /// If a component is not found or does not fit, and if an override matches no import.
    pub fn link(&self, request: &LinkRequest) -> Result<Vec<u8>> {
        let ctx = self.session.context()?;
        let mode = self.session.mode;
        let component = ComponentSource::parse(&ctx, &request.component)?;
        let (name, file) = component.fetch(&ctx, mode)?;
        let options = HintOptions {
            overrides: OverrideRequest::parse(&ctx, &request.with, &[])?.fetch(&ctx, mode)?,
            releases: Releases::Named,
        };
        let unpinned = match request.trust {
            HintTrust::Pinned => Unpinned::Refuse,
            HintTrust::All => Unpinned::Follow,
        };
        let worlds = WorldResolver::without_workspace(&ctx, mode, unpinned);
        let (linked, _) = link_foreign(&ctx, worlds, &name, &file, options)?;
        Ok(linked.bytes)
    }

    /// Publishes a file of a component or of WIT in binary form under this name and version,
    /// to the configured registry of the package, and reads it back.
    ///
    /// # Errors
    ///
    /// If the version exists, if it breaks versions that its number promises to be
    /// compatible with, or if the registry refuses it.
    pub fn publish(&self, package: &PackageRef, version: &Version, file: &Path) -> Result<()> {
        let options = PublishOptions {
            project: WitOptions {
                mode: self.session.mode,
                ..WitOptions::default()
            },
            paths: vec![file.to_owned()],
            package: Some(PackageVersion {
                package: package.clone(),
                version: version.clone(),
            }),
            rename: None,
            registry: None,
            existing: ExistingRelease::Refuse,
            breaking: BreakingChange::Refuse,
            mode: PublishMode::Real,
        };
        publish(&self.session.context()?, &options).map(drop)
    }
}

/// Makes a component of a core module whose custom sections say its world, as every module
/// has that was built with `wit-bindgen`. The adapter is used for modules that import WASI
/// 0.1.
///
/// # Errors
///
/// If the bytes are no such module, or if an import has no answer.
pub fn componentize(module: &[u8], adapter: &Adapter) -> Result<Vec<u8>> {
    encode::encode(module, adapter)
}

/// What a component, with everything that is linked into it, can reach outside: its imports
/// without those that only connect others.
///
/// # Errors
///
/// If the bytes are no component.
pub fn capabilities(component: &[u8]) -> Result<HostImports> {
    host_imports(&with_current_names(component)?)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::base::cancellation::Cancellation;
    use crate::base::progress::{NoProgress, Progress, ProgressSize};

    const LOGGER: &str = r#"(component
        (core module $m (func (export "log")))
        (core instance $m (instantiate $m))
        (func $log (canon lift (core func $m "log")))
        (instance $i (export "log" (func $log)))
        (export "acme:log/log@1.0.0" (instance $i)))"#;

    const APP: &str = r#"(component
        (import "acme:log/log@1.0.0" (instance $log (export "log" (func))))
        (import "wasi:clocks/wall-clock@0.2.0" (instance))
        (alias export $log "log" (func $f))
        (core func $f (canon lower (func $f)))
        (core module $m (import "" "f" (func)) (func (export "run") (call 0)))
        (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func $run (canon lift (core func $m "run")))
        (export "run" (func $run)))"#;

    /// A session with a registry in a directory.
    fn session() -> (tempfile::TempDir, Session) {
        let dir = tempfile::tempdir().unwrap();
        let registry = dir.path().join("registry");
        fs::create_dir(&registry).unwrap();
        let config = format!(
            "default_registry = \"here\"\n[registry.here.local]\nroot = {:?}\n",
            registry.display().to_string()
        );
        let write = |name: &str, bytes: &[u8]| {
            fs::write_atomic(&dir.path().join(name), bytes).unwrap();
        };
        write("config.toml", config.as_bytes());
        write("app.wasm", &wat::parse_str(APP).unwrap());
        write("logger.wasm", &wat::parse_str(LOGGER).unwrap());
        let session = Session::new(dir.path())
            .registry_config(dir.path().join("config.toml"))
            .cache_dir(dir.path().join("cache"));
        (dir, session)
    }

    fn publish_logger(components: &Components) -> Result<()> {
        let package = "acme:logger".parse().unwrap();
        components.publish(&package, &Version::new(1, 2, 0), Path::new("logger.wasm"))
    }

    #[test]
    fn a_component_is_published_fetched_and_linked() {
        let (dir, session) = session();
        let components = Components::new(session);
        publish_logger(&components).unwrap();
        let error = publish_logger(&components).unwrap_err();
        assert!(error.message().contains("already published"), "{error}");
        let fetched = components.fetch("acme:logger@1").unwrap();
        assert_eq!(fetched.name, "acme:logger@1.2.0");
        let bytes = fs::read(&dir.path().join("logger.wasm")).unwrap();
        assert_eq!(fetched.digest, ContentDigest::of(&bytes));
        let request = LinkRequest::new("app.wasm").with("acme:log/log", "acme:logger");
        let linked = components.link(&request).unwrap();
        let imports: Vec<String> = capabilities(&linked).unwrap().words();
        assert_eq!(imports, ["clocks"]);
        let app = fs::read(&dir.path().join("app.wasm")).unwrap();
        assert_eq!(capabilities(&app).unwrap().words(), ["clocks", "acme:log"]);
    }

    #[test]
    fn an_override_without_an_import_is_an_error() {
        let (_dir, session) = session();
        let request = LinkRequest::new("app.wasm").with("acme:other", "logger.wasm");
        let error = Components::new(session).link(&request).unwrap_err();
        assert!(error.to_string().contains("acme:other"), "{error}");
    }

    #[test]
    fn nothing_happens_after_the_work_was_cancelled() {
        let (dir, session) = session();
        let cancellation = Cancellation::default();
        let components = Components::new(session.cancellation(cancellation.clone()));
        cancellation.cancel();
        let error = publish_logger(&components).unwrap_err();
        assert_eq!(error.message(), "the work was cancelled");
        assert!(!fs::exists(&dir.path().join("registry/acme")));
    }

    #[test]
    fn the_program_shows_the_progress() {
        let (dir, session) = session();
        let begun = Arc::new(Mutex::new(Vec::new()));
        let shown = begun.clone();
        let begin = move |verb: &'static str, size: ProgressSize| -> Box<dyn Progress> {
            shown.lock().unwrap().push((verb, size));
            Box::new(NoProgress)
        };
        publish_logger(&Components::new(session.progress(begin))).unwrap();
        let size = fs::size(&dir.path().join("logger.wasm")).unwrap();
        let begun = begun.lock().unwrap();
        assert!(
            begun.contains(&("Uploading", ProgressSize::Bytes(size))),
            "{begun:?}"
        );
    }

    #[test]
    fn a_module_becomes_a_component() {
        let mut resolve = wit_parser::Resolve::default();
        let text = "package a:b; world w { export f: func(); }";
        let package = resolve.push_source("a.wit", text).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let names = wit_parser::ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync);
        let mut module = wit_component::dummy_module(&resolve, world, names);
        let utf8 = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
        let component = componentize(&module, &Adapter::Reactor).unwrap();
        assert!(capabilities(&component).unwrap().is_empty());
        assert!(componentize(b"text", &Adapter::Reactor).is_err());
    }
}

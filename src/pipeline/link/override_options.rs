//! The overrides of hints on a command line: `--with` and `--keep`.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::built::BuiltComponents;
use super::files::ComponentFiles;
use crate::base::error::{Error, Result, nearest};
use crate::model::component;
use crate::model::component::WasmKind;
use crate::model::component::hint::{HintLocation, KnownHint};
use crate::model::component::names::Name;
use crate::pipeline::fetch::access::{Access, AccessOptions, Subject};
use crate::pipeline::fetch::registry_source::fetch_subject;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::LockMode;
use crate::system::context::Context;
use crate::system::fs;

/// The override of one import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Override {
    /// The import stays open.
    Keep,
    /// A component satisfies the import: its display name and its file.
    With(String, PathBuf),
}

/// The overrides of a command line, by the key that selects imports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    overrides: Vec<(String, Override)>,
    /// The index of the override of each key.
    by_key: HashMap<String, usize>,
    /// The indices of the overrides that matched an import.
    matched: BTreeSet<usize>,
}

/// The parsed options `--with` and `--keep`, before components are fetched.
#[derive(Clone, Debug, Default)]
pub(crate) struct OverrideRequest<'a> {
    with: Vec<(&'a str, ComponentSource)>,
    keep: &'a [String],
}

/// A component that a command line names.
#[derive(Clone, Debug)]
pub(crate) enum ComponentSource {
    /// The absolute path of a file, or of the directory of a crate that builds one.
    File(PathBuf),
    /// A package or artifact in a registry.
    Subject(Subject),
}

impl ComponentSource {
    /// Parses the path of a file, if it exists or looks like one,
    /// `namespace:name[@version]`, or an OCI reference.
    pub fn parse(ctx: &Context, text: &str) -> Result<Self> {
        let path = ctx.absolute(Path::new(text));
        let like_file = text.starts_with(['.', '/'])
            || (text.ends_with(".wasm") && !text.starts_with("oci://"))
            || Path::new(text).is_absolute();
        match like_file || fs::exists(&path) {
            true => Ok(ComponentSource::File(path)),
            false => text
                .parse()
                .map(ComponentSource::Subject)
                .map_err(|e: Error| {
                    e.with_cause(format!("the file `{text}` does not exist either"))
                }),
        }
    }

    /// The display name and the file of the component, fetched if necessary.
    pub fn fetch(&self, ctx: &Context, mode: LockMode) -> Result<(String, PathBuf)> {
        let (name, file) = self.locate(ctx, mode)?;
        check_component(&name, &file, &ComponentFiles::default())?;
        Ok((name, file))
    }

    /// As [`ComponentSource::fetch`], without a look into the file, which a build may
    /// have yet to write.
    fn locate(&self, ctx: &Context, mode: LockMode) -> Result<(String, PathBuf)> {
        match self {
            ComponentSource::File(path) => Ok((ctx.display(path).to_string(), path.clone())),
            ComponentSource::Subject(subject) => {
                let access = Access::new(
                    ctx,
                    &AccessOptions {
                        registry: None,
                        mode,
                    },
                )?;
                fetch_subject(&access, subject)
            }
        }
    }
}

/// Whether a path is the directory of a crate.
fn is_crate(path: &Path) -> bool {
    fs::is_dir(path) && fs::exists(&path.join("Cargo.toml"))
}

/// Fails if a file is no component; `name` is its display name.
fn check_component(name: &str, file: &Path, files: &ComponentFiles) -> Result<()> {
    let bytes = match files.read(file) {
        Err(_) if fs::is_dir(file) => {
            let error = Error::input(format!("`{name}` is a directory, not a component"));
            return Err(match is_crate(file) {
                true => error.hint("build the crate in it first, and give the component file"),
                false => error.hint("give a component file, or the directory of a crate"),
            });
        }
        bytes => bytes?,
    };
    let what = match component::kind(&bytes) {
        Some(WasmKind::Component) if component::has_only_types(&bytes) => {
            "a WIT package, not a component"
        }
        Some(WasmKind::Component) => return Ok(()),
        Some(_) => "a core module, not a component",
        None => "not WebAssembly",
    };
    Err(Error::input(format!("`{name}` is {what}"))
        .hint("give a component, as built by `cargo component build`"))
}

impl<'a> OverrideRequest<'a> {
    /// Parses the overrides of a command line that builds; `None` if it has none.
    pub fn of(ctx: &Context, args: &'a CargoArgs) -> Result<Option<Self>> {
        match args.own.with.as_slice() {
            [] => Ok(None),
            with => OverrideRequest::parse(ctx, with, &[]).map(Some),
        }
    }

    /// Parses `--with` (`IMPORT=WHAT`) and `--keep`.
    pub fn parse(ctx: &Context, with: &'a [String], keep: &'a [String]) -> Result<Self> {
        let mut read: Vec<(&str, ComponentSource)> = Vec::new();
        let mut keys: HashSet<&str> = keep.iter().map(String::as_str).collect();
        for text in with {
            let parts = text
                .split_once('=')
                .filter(|(key, what)| !key.is_empty() && !what.is_empty());
            let (key, what) = parts.ok_or_else(|| {
                Error::usage(format!("`--with {text}` is not of the form `IMPORT=WHAT`"))
                    .hint("use `--with IMPORT=FILE`, or the directory of a crate, a package or an OCI reference after the `=`")
            })?;
            if !keys.insert(key) {
                return Err(Error::usage(format!("`{key}` is given more than once"))
                    .hint("keep one `--with` or `--keep` for it"));
            }
            read.push((key, ComponentSource::parse(ctx, what)?));
        }
        Ok(OverrideRequest { with: read, keep })
    }

    /// The files and the directories of crates that override imports.
    pub fn local_paths(&self) -> impl Iterator<Item = &Path> {
        self.with.iter().filter_map(|(_, source)| match source {
            ComponentSource::File(path) => Some(path.as_path()),
            ComponentSource::Subject(_) => None,
        })
    }

    /// Fetches the components of the overrides. Files are not read before
    /// [`Overrides::check_files`].
    pub fn fetch(&self, ctx: &Context, mode: LockMode) -> Result<Overrides> {
        let mut overrides = Vec::new();
        for (key, named) in &self.with {
            let (name, file) = named
                .locate(ctx, mode)
                .map_err(|e| e.with_cause(given_for(key)))?;
            overrides.push(((*key).to_owned(), Override::With(name, file)));
        }
        let keep = self.keep.iter().map(|key| (key.clone(), Override::Keep));
        overrides.extend(keep);
        let keys = overrides.iter().map(|(key, _)| key.clone());
        Ok(Overrides {
            by_key: keys.zip(0..).collect(),
            overrides,
            matched: BTreeSet::new(),
        })
    }
}

/// The cause that names the override of an error.
fn given_for(key: &str) -> String {
    format!("it was given for `{key}`")
}

impl Overrides {
    /// The directories of crates whose components override imports.
    pub fn crates(&self) -> Vec<PathBuf> {
        let paths = self.files().map(|(_, path)| path.to_owned());
        paths.filter(|path| is_crate(path)).collect()
    }

    /// The overrides with the components of crates that were built.
    pub fn with_built(mut self, built: &BuiltComponents) -> Self {
        for (_, override_) in &mut self.overrides {
            if let Override::With(_, path) = override_
                && let Some(found) = built.in_directory(path)
            {
                *path = found.file.clone();
            }
        }
        self
    }

    /// Fails if the file of an override is no component.
    pub fn check_files(&self, files: &ComponentFiles) -> Result<()> {
        for (key, override_) in &self.overrides {
            if let Override::With(name, file) = override_ {
                check_component(name, file, files).map_err(|e| e.with_cause(given_for(key)))?;
            }
        }
        Ok(())
    }

    /// The override for an import, of the root component or of one that it needs.
    /// The key that names the import most closely wins.
    pub fn for_import(
        &mut self,
        import: &Name,
        hint: Option<&KnownHint>,
        is_root: bool,
    ) -> Option<Override> {
        let at = self.closest(import, hint, is_root)?;
        self.matched.insert(at);
        Some(self.overrides[at].1.clone())
    }

    /// The index of the override whose key names an import most closely; the first of
    /// several that name it equally.
    fn closest(&self, import: &Name, hint: Option<&KnownHint>, is_root: bool) -> Option<usize> {
        let keys = keys(import, hint, is_root).into_iter();
        let given = keys.filter_map(|(rank, key)| Some((rank, *self.by_key.get(&*key)?)));
        given.min().map(|(_, at)| at)
    }

    /// Whether there are no overrides.
    pub fn is_empty(&self) -> bool {
        self.overrides.is_empty()
    }

    /// Whether an override matches an import, as [`Overrides::for_import`] selects
    /// it.
    pub fn matches(&self, import: &Name, hint: Option<&KnownHint>, is_root: bool) -> bool {
        self.closest(import, hint, is_root).is_some()
    }

    /// The display names and files of the components that satisfy imports.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.overrides
            .iter()
            .filter_map(|(_, override_)| match override_ {
                Override::With(name, file) => Some((name.as_str(), file.as_path())),
                Override::Keep => None,
            })
    }

    /// Fails if an override matched no import; `root` is the component that is
    /// linked, and `imports` are its imports.
    pub fn check(&self, root: &str, imports: &[Name]) -> Result<()> {
        let unmet = (0..self.overrides.len()).find(|at| !self.matched.contains(at));
        let Some((key, override_)) = unmet.map(|at| &self.overrides[at]) else {
            return Ok(());
        };
        let option = match override_ {
            Override::Keep => "--keep",
            Override::With(..) => "--with",
        };
        let error = Error::usage(format!(
            "no import matches `{key}`, which was given with `{option}`"
        ));
        let names = || imports.iter().map(|import| import.name.as_str());
        if let Some(near) = nearest(key, names()) {
            return Err(error.hint(format!("`{root}` imports `{near}`")));
        }
        let all: Vec<_> = names().map(|name| format!("`{name}`")).collect();
        Err(match all.is_empty() {
            true => error.hint(format!("remove it: `{root}` has no imports")),
            false => error.hint(format!("`{root}` imports {}", all.join(", "))),
        })
    }
}

/// The keys that name an import, each with how closely it does, from 0, the closest: its
/// own name, its interface, its package, and the package of its hint. Labels are local to
/// a component, so that only those of the root count.
fn keys<'a>(
    import: &'a Name,
    hint: Option<&'a KnownHint>,
    is_root: bool,
) -> Vec<(u8, Cow<'a, str>)> {
    let mut keys = vec![(0, Cow::from(&import.name))];
    if let Some(interface) = import.interface() {
        let before = |end| interface.split(end).next().unwrap_or(interface).into();
        keys.extend([(1, interface.into()), (2, before('@')), (3, before('/'))]);
    }
    let location = hint.map(|known| &known.location);
    if let Some(HintLocation::Url { package, .. } | HintLocation::Package { package, .. }) =
        location
    {
        keys.extend([(3, package.to_string().into()), (4, package.name().into())]);
    }
    keys.retain(|(_, key)| is_root || key.contains(':'));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::hint::Hint;

    #[test]
    fn imports_are_named_in_several_ways() {
        let import = Name {
            name: "regex-api".to_owned(),
            implements: Some("fancy:regex/api@1.2.0".to_owned()),
            external_id: None,
        };
        let hint = Hint::parse("wasm-pkg:fancy:engine@1.2.0");
        let ranked = |key, is_root| {
            let keys = keys(&import, hint.known(), is_root).into_iter();
            keys.filter(|(_, other)| other == key)
                .map(|(rank, _)| rank)
                .min()
        };
        for (key, expected) in [
            ("regex-api", Some(0)),
            ("fancy:regex/api@1.2.0", Some(1)),
            ("fancy:regex/api", Some(2)),
            ("fancy:regex", Some(3)),
            ("fancy:engine", Some(3)),
            ("engine", Some(4)),
            ("fancy:regex/other", None),
            ("regex", None),
        ] {
            assert_eq!(ranked(key, true), expected, "{key}");
            let below = expected.filter(|_| key.contains(':'));
            assert_eq!(ranked(key, false), below, "{key}");
        }
    }
}

//! The runtime crate that generated bindings call, and that the package depends on.

use semver::Version;

use crate::base::error::{Error, Result};
use crate::model::manifest;
use crate::model::wit::World;
use crate::model::wit::bindings::WIT_BINDGEN_VERSION;
use crate::model::wit::runtime::{MissingHelpers, Runtime, RuntimeCrate};
use crate::system::cargo::workspace::{CrateDependency, DependencyUse, Member, Workspace};

/// The names of the runtime crates.
pub(super) const RUNTIME_CRATES: [(&str, RuntimeCrate); 2] = [
    ("wit-bindgen", RuntimeCrate::WitBindgen),
    ("wit-bindgen-rt", RuntimeCrate::WitBindgenRt),
];

/// The crate whose macro made the bindings before they were a file.
pub(super) const RETIRED_CRATE: &str = "cargo-component-bindings";

/// Whether a package can call wit-bindgen's macro.
pub(super) fn has_macro(member: &Member) -> bool {
    let on = |feature: &String| feature == "default" || feature == "macros";
    let dependency = member.dependency("wit-bindgen");
    dependency.is_some_and(|d| d.features.iter().any(on))
}

/// The runtime crate for the bindings; an error if that of the package does not support
/// them.
pub(crate) fn runtime(
    workspace: &Workspace,
    member: &Member,
    world: &World,
    needs: &RuntimeNeeds,
) -> Result<Runtime> {
    let (mut unusable, mut too_old) = (None, None);
    for (name, crate_) in RUNTIME_CRATES {
        let Some(dependency) = member.dependency(name) else {
            continue;
        };
        if let Some(error) = unusable_reason(dependency) {
            unusable.get_or_insert(error);
            continue;
        }
        let locked = workspace.locked_version(member, dependency)?;
        let version = locked.or_else(|| lowest_version(&dependency.requirement));
        if let Some(why) = needs.missing(crate_, version.as_ref()) {
            let version = version.map(|v| v.to_string()).unwrap_or_default();
            let error = Error::input(format!(
                "`{name}` {version} of the package `{}` does not support the bindings of `{}`",
                member.name,
                world.name()
            ))
            .with_cause(why)
            .hint(format!("run `{}`", add_command(member, needs.async_)));
            too_old.get_or_insert(error);
            continue;
        }
        let has_async = |f: &String| f.starts_with("async") || f == "default";
        if needs.async_ && needs.features && !dependency.features.iter().any(has_async) {
            return Err(async_missing(member, world, name));
        }
        return Ok(Runtime {
            name: crate_,
            missing: missing_helpers(crate_, version.as_ref()),
        });
    }
    let retired = member.dependency(RETIRED_CRATE).is_some();
    if let Some(error) = too_old.filter(|_| !retired) {
        return Err(error);
    }
    let error = Error::input(format!(
        "the package `{}` has bindings for `{}`, but does not depend on a runtime crate for them",
        member.name,
        world.name()
    ));
    let add = || format!("run `{}`", add_command(member, needs.async_));
    if retired {
        let error = error.with_cause(format!(
            "the macro of `{RETIRED_CRATE}` makes none any more: they are a file, `src/bindings.rs`"
        ));
        return Err(error.hint(format!(
            "replace the macro by `mod bindings;`, remove `{RETIRED_CRATE}` from Cargo.toml, and {}",
            add()
        )));
    }
    Err(match unusable {
        Some((why, Some(change))) => error.with_cause(why).hint(change),
        Some((why, None)) => error.with_cause(why).hint(add()),
        None => error.hint(add()),
    })
}

/// Why generated code cannot use a crate that the package depends on, and the line to
/// change if adding the crate again does not help.
fn unusable_reason(dependency: &CrateDependency) -> Option<(String, Option<String>)> {
    let name = &dependency.name;
    if dependency.kind != DependencyUse::Code {
        return Some((format!("`{name}` is only a development dependency"), None));
    }
    if let Some(other) = &dependency.rename {
        return Some((
            format!("`{name}` was renamed to `{other}`, but the bindings use its original name"),
            Some(format!(
                "rename `{other}` to `{name}` under `[dependencies]` in Cargo.toml"
            )),
        ));
    }
    dependency.optional.then(|| {
        (
            format!("`{name}` is optional, and no feature of the package enables it"),
            Some(format!(
                "remove `optional = true` from `{name}` in Cargo.toml"
            )),
        )
    })
}

fn async_missing(member: &Member, world: &World, name: &str) -> Error {
    Error::input(format!(
        "`{}` has async functions, but the package `{}` uses `{name}` without the feature `async`",
        world.name(),
        member.name
    ))
    .hint(format!("run `{}`", add_command(member, true)))
}

fn add_command(member: &Member, async_: bool) -> String {
    let more = if async_ { ",async" } else { "" };
    // Sources may call the macro that is on.
    let less = if has_macro(member) {
        ""
    } else {
        " --no-default-features"
    };
    format!(
        "cargo add --package {} wit-bindgen@{WIT_BINDGEN_VERSION}{less} --features realloc,std,bitflags{more}",
        member.name
    )
}

/// The lowest version that a requirement names.
fn lowest_version(requirement: &semver::VersionReq) -> Option<Version> {
    let first = requirement.comparators.first()?;
    let part = |part: Option<u64>| part.unwrap_or(0);
    Some(Version::new(
        first.major,
        part(first.minor),
        part(first.patch),
    ))
}

/// What a release of a runtime crate lacks that generated code can bring
/// itself: without async functions and maps, bindings run on all releases of
/// [`FIRST_WIT_BINDGEN`] and later. `tests/it/runtimes.rs` has the table of what was tried.
fn missing_helpers(crate_: RuntimeCrate, version: Option<&Version>) -> MissingHelpers {
    let before = |minor: u64| version.is_some_and(|v| *v < Version::new(0, minor, 0));
    MissingHelpers {
        cleanup: before(43),
        resource: crate_ == RuntimeCrate::WitBindgenRt || before(60),
    }
}

/// The first release of `wit-bindgen` that has everything that bindings cannot contain
/// themselves.
const FIRST_WIT_BINDGEN: Version = Version::new(0, 24, 0);

/// The first release of `wit-bindgen-rt` that has it.
const FIRST_WIT_BINDGEN_RT: Version = Version::new(0, 23, 0);

/// The requirements of the bindings of a world on their runtime crate.
pub(crate) struct RuntimeNeeds {
    async_: bool,
    maps: bool,
    /// Whether the features of the crate are checked.
    pub features: bool,
}

impl RuntimeNeeds {
    pub fn of(world: &World, setting: &manifest::AsyncSetting) -> Self {
        use wit_parser::{TypeDefKind, WorldItem};
        let resolve = &world.resolve;
        let declared = &resolve.worlds[world.id];
        let interfaces = |items: &wit_parser::IndexMap<_, WorldItem>| -> Vec<_> {
            items
                .values()
                .filter_map(|item| match item {
                    WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
                    _ => None,
                })
                .collect()
        };
        let (imported, exported) = (interfaces(&declared.imports), interfaces(&declared.exports));
        let both = || imported.iter().chain(&exported);
        let root = declared.imports.values().chain(declared.exports.values());
        let root = root.filter_map(|item| match item {
            WorldItem::Function(function) => Some(function),
            _ => None,
        });
        let functions = both().flat_map(|i| i.functions.values()).chain(root);
        // What only lies beside the world asks for nothing.
        let mut live = wit_parser::LiveTypes::default();
        live.add_world(resolve, world.id);
        let kinds = || live.iter().map(|id| &resolve.types[id].kind);
        let streams = kinds().any(|k| matches!(k, TypeDefKind::Future(_) | TypeDefKind::Stream(_)));
        RuntimeNeeds {
            async_: *setting != manifest::AsyncSetting::None
                && (streams || functions.into_iter().any(|f| f.kind.is_async())),
            maps: kinds().any(|k| matches!(k, TypeDefKind::Map(..))),
            features: true,
        }
    }

    /// Why a release of a crate is not sufficient, with the release that is; `None` if it is
    /// sufficient.
    fn missing(&self, crate_: RuntimeCrate, version: Option<&Version>) -> Option<String> {
        use RuntimeCrate::{WitBindgen, WitBindgenRt};
        let latest = Version::new(0, 63, 0);
        let runtime = "the bindings use it at run time";
        let (needed_crate, lowest_version, why) = match crate_ {
            _ if self.async_ => (WitBindgen, latest, "the world has async functions"),
            _ if self.maps => (WitBindgen, latest, "the world has maps"),
            WitBindgen => (WitBindgen, FIRST_WIT_BINDGEN, runtime),
            WitBindgenRt => (WitBindgenRt, FIRST_WIT_BINDGEN_RT, runtime),
        };
        if version.is_none_or(|version| crate_ == needed_crate && *version >= lowest_version) {
            return None;
        }
        let (name, _) = RUNTIME_CRATES
            .iter()
            .find(|(_, known)| *known == needed_crate)?;
        Some(format!(
            "{why}, which needs `{name}` {lowest_version} or newer"
        ))
    }
}

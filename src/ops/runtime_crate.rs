//! The crate that generated bindings call, which the package has to have.

use semver::Version;

use crate::advice::{Error, Result};
use crate::cargo::workspace::{CrateDependency, Member, Use, Workspace};
use crate::manifest;
use crate::wit::World;
use crate::wit::bindings::{Runtime, WIT_BINDGEN_VERSION};

/// Which runtime crate the bindings are for; an error if the one the package
/// has cannot serve them.
pub(super) fn runtime(
    workspace: &Workspace,
    member: &Member,
    world: &World,
    needs: &Needs,
) -> Result<Runtime> {
    let mut unfit = None;
    for (name, runtime) in [
        ("wit-bindgen", Runtime::WitBindgen),
        ("wit-bindgen-rt", Runtime::WitBindgenRt),
    ] {
        let Some(dependency) = member.dependency(name) else {
            continue;
        };
        if let Some(error) = out_of_reach(dependency) {
            unfit.get_or_insert(error);
            continue;
        }
        let locked = workspace.locked_version(member, dependency)?;
        let version = locked.or_else(|| least(&dependency.requirement));
        let served = match (&version, needs.least()) {
            (_, None) => true,
            (Some(version), Some((least, _))) => {
                runtime == Runtime::WitBindgen && *version >= least
            }
            (None, Some(_)) => true,
        };
        if served {
            let lacks_async = needs.async_
                && needs.features
                && !dependency
                    .features
                    .iter()
                    .any(|f| f.starts_with("async") || f == "default");
            return match lacks_async {
                true => Err(async_missing(member, world, name)),
                false => Ok(runtime),
            };
        }
        let (least, why) = needs.least().unwrap_or((Version::new(0, 0, 0), ""));
        let version = version.map(|v| v.to_string()).unwrap_or_default();
        return Err(Error::input(format!(
            "`{name}` {version} of the package `{}` cannot serve the bindings of `{}`",
            member.name,
            world.name()
        ))
        .because(format!("{why}, which needs `wit-bindgen` {least} or newer"))
        .hint(format!("run `{}`", add_command(member, needs.async_))));
    }
    let error = Error::input(format!(
        "the package `{}` has bindings for `{}`, but no crate they can run on",
        member.name,
        world.name()
    ));
    let add = || format!("run `{}`", add_command(member, needs.async_));
    Err(match unfit {
        Some((why, Some(change))) => error.because(why).hint(change),
        Some((why, None)) => error.because(why).hint(add()),
        None => error.hint(add()),
    })
}

/// Why generated code cannot name a crate the package has, with the line to
/// change where adding it once more does not help.
fn out_of_reach(dependency: &CrateDependency) -> Option<(String, Option<String>)> {
    let name = &dependency.name;
    if dependency.kind != Use::Code {
        return Some((format!("`{name}` is there for tests only"), None));
    }
    if let Some(other) = &dependency.rename {
        return Some((
            format!("`{name}` is there by the name `{other}`, which bindings do not know"),
            Some(format!(
                "name it `{name}` under `[dependencies]` in Cargo.toml, instead of `{other}`"
            )),
        ));
    }
    dependency.optional.then(|| {
        (
            format!("`{name}` is optional, and no feature of the package turns it on"),
            Some(format!(
                "remove `optional = true` from `{name}` in Cargo.toml"
            )),
        )
    })
}

fn async_missing(member: &Member, world: &World, name: &str) -> Error {
    Error::input(format!(
        "`{}` has async functions, but the package `{}` uses `{name}` without its feature `async`",
        world.name(),
        member.name
    ))
    .hint(format!("run `{}`", add_command(member, true)))
}

fn add_command(member: &Member, async_: bool) -> String {
    let more = if async_ { ",async" } else { "" };
    format!(
        "cargo add --package {} wit-bindgen@{WIT_BINDGEN_VERSION} --no-default-features --features realloc,std,bitflags{more}",
        member.name
    )
}

/// The lowest version a requirement names.
fn least(requirement: &semver::VersionReq) -> Option<Version> {
    let first = requirement.comparators.first()?;
    let part = |part: Option<u64>| part.unwrap_or(0);
    Some(Version::new(
        first.major,
        part(first.minor),
        part(first.patch),
    ))
}

/// What the bindings of a world ask of their runtime crate. Worlds without
/// any of this run on every release since 0.24, tried one by one.
pub(super) struct Needs {
    async_: bool,
    resources: bool,
    maps: bool,
    /// Whether the crate must have the features for it by now.
    pub features: bool,
}

impl Needs {
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
        Needs {
            async_: *setting != manifest::AsyncSetting::None
                && (streams || functions.into_iter().any(|f| f.kind.is_async())),
            resources: exported.iter().any(|interface| {
                let mut types = interface.types.values();
                types.any(|ty| matches!(resolve.types[*ty].kind, TypeDefKind::Resource))
            }),
            maps: kinds().any(|k| matches!(k, TypeDefKind::Map(..))),
            features: true,
        }
    }

    /// The version of wit-bindgen needed, and why.
    fn least(&self) -> Option<(Version, &'static str)> {
        if self.async_ {
            Some((Version::new(0, 63, 0), "the world has async functions"))
        } else if self.maps {
            Some((Version::new(0, 63, 0), "the world has maps"))
        } else if self.resources {
            Some((Version::new(0, 60, 0), "the world exports resources"))
        } else {
            None
        }
    }
}

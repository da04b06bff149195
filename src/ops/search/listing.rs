//! Asks registries and indexes which packages they have.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::candidate::{Candidate, Origin};
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::base::parallel;
use crate::base::progress::ProgressSize;
use crate::model::search::query::Query;
use crate::pipeline::fetch::access::{Access, with_route};
use crate::system::context::Context;
use crate::system::registry::index::{Index, IndexedPackage};
use crate::system::registry::search_routes::SearchRoute;
use crate::system::registry::{IndexRoute, PackageList, Registries, Registry};

/// How many registries are asked for their lists at the same time.
const MAX_PARALLEL: usize = 16;

/// A registry or index that is configured.
pub(super) struct Source {
    /// The name of the registry or index.
    pub name: String,
    /// The word for it: `registry` or `index`.
    pub kind: &'static str,
    /// The address, without credentials.
    pub address: String,
    /// The answer of it.
    pub state: SourceState,
}

/// The answer of a registry or index.
pub(super) enum SourceState {
    /// It listed its packages.
    Listed,
    /// It does not list its packages, for this reason, a fragment.
    Unlisted(String),
    /// It could not be asked.
    Failed(Error),
    /// It was not asked, since network access is disabled.
    Offline,
}

/// Everything that is configured, and the packages that were listed.
#[derive(Default)]
pub(super) struct Listing {
    /// The registries and indexes with their answers.
    pub sources: Vec<Source>,
    /// The packages, as far as a manifest can depend on them.
    pub candidates: Vec<Candidate>,
}

/// Lists the packages of all registries, and those of indexes that the query may select.
/// Where network access is disabled, the cache takes the place of registries that need it.
pub(super) fn list(ctx: &Context, access: &Access<'_>, query: &Query) -> Result<Listing> {
    let targets = access.search_targets()?;
    let mut listing = Listing::default();
    let (disabled, reachable): (Vec<SearchRoute>, Vec<SearchRoute>) = targets
        .registries
        .into_iter()
        .partition(|target| access.is_disabled(&target.route));
    listing.add_registries(ctx, access, reachable);
    listing.add_cached(access, disabled)?;
    match access.is_offline() {
        true => listing.add_disabled_indexes(targets.indexes),
        false => listing.add_indexes(ctx, access, query, targets.indexes),
    }
    Ok(listing)
}

impl Listing {
    /// Asks registries, all at the same time.
    fn add_registries(&mut self, ctx: &Context, access: &Access<'_>, targets: Vec<SearchRoute>) {
        let size = ProgressSize::Items(targets.len() as u64);
        let progress = ctx.shell.progress("Listing", size);
        let registries = access.registries();
        let answers = parallel::map(targets, MAX_PARALLEL, |target| {
            let answer = ask(registries, &target);
            progress.item();
            (target, answer)
        });
        for (target, answer) in answers {
            let state = match answer {
                Err(error) => SourceState::Failed(error),
                Ok((registry, PackageList::Names(names))) => {
                    self.add_packages(access, &target, &registry, names);
                    SourceState::Listed
                }
                Ok((registry, PackageList::Unlisted(why))) => {
                    // What the configuration names is known all the same.
                    let names = target.packages.clone();
                    self.add_packages(access, &target, &registry, names);
                    SourceState::Unlisted(why)
                }
            };
            self.add_source(&target, state);
        }
    }

    fn add_source(&mut self, target: &SearchRoute, state: SourceState) {
        self.sources.push(Source {
            name: target.route.name.clone(),
            kind: "registry",
            address: target.route.backend.to_string(),
            state,
        });
    }

    /// Adds the packages of a registry that a manifest can depend on there.
    fn add_packages(
        &mut self,
        access: &Access<'_>,
        target: &SearchRoute,
        registry: &Arc<dyn Registry>,
        names: Vec<PackageRef>,
    ) {
        let names: BTreeSet<PackageRef> = names.into_iter().collect();
        for package in names {
            if let Some(place) = access.place(&package, target) {
                self.candidates.push(Candidate::new(
                    package,
                    target.route.name.clone(),
                    place,
                    Origin::Registry {
                        registry: registry.clone(),
                        address: target.route.backend.to_string(),
                        is_local: target.route.backend.is_local(),
                    },
                ));
            }
        }
    }

    /// Adds what the cache has of registries that need the network, which is disabled.
    fn add_cached(&mut self, access: &Access<'_>, targets: Vec<SearchRoute>) -> Result<()> {
        for cached in access.cached_packages()? {
            let place = |target: &SearchRoute| access.place(&cached.package, target);
            let found = targets
                .iter()
                .find_map(|target| Some((target, place(target)?)));
            if let Some((target, place)) = found {
                let location = target.route.backend.to_string();
                self.candidates.push(Candidate::new(
                    cached.package.clone(),
                    target.route.name.clone(),
                    place,
                    Origin::Cache {
                        version: cached.version,
                        file: cached.file,
                        location,
                    },
                ));
            }
        }
        for target in &targets {
            self.add_source(target, SourceState::Offline);
        }
        Ok(())
    }

    /// Asks indexes, all at the same time.
    fn add_indexes(
        &mut self,
        ctx: &Context,
        access: &Access<'_>,
        query: &Query,
        routes: Vec<IndexRoute>,
    ) {
        let read = &*ctx.packages.index;
        let size = ProgressSize::Items(routes.len() as u64);
        let progress = ctx.shell.progress("Listing", size);
        let answers = parallel::map(routes, MAX_PARALLEL, |route| {
            let answer = Index::new(&route, read).search(query);
            progress.item();
            (Arc::new(route), answer)
        });
        for (route, answer) in answers {
            let state = match answer {
                Err(error) => SourceState::Failed(error),
                Ok(packages) => {
                    for indexed in packages {
                        self.add_indexed(access, &route, indexed);
                    }
                    SourceState::Listed
                }
            };
            self.add_index(&route, state);
        }
    }

    fn add_disabled_indexes(&mut self, routes: Vec<IndexRoute>) {
        for route in routes {
            self.add_index(&route, SourceState::Offline);
        }
    }

    fn add_index(&mut self, route: &IndexRoute, state: SourceState) {
        self.sources.push(Source {
            name: route.name.clone(),
            kind: "index",
            address: route.url.clone(),
            state,
        });
    }

    fn add_indexed(
        &mut self,
        access: &Access<'_>,
        route: &Arc<IndexRoute>,
        indexed: IndexedPackage,
    ) {
        let reference = indexed.reference.to_string();
        let version = indexed.version.as_ref();
        let place = access.place_of_artifact(&indexed.package, version, &reference);
        self.candidates.push(Candidate::new(
            indexed.package.clone(),
            route.name.clone(),
            place,
            Origin::Index {
                route: route.clone(),
                indexed,
            },
        ));
    }
}

/// Opens a registry and asks it for its packages.
fn ask(
    registries: &Registries<'_>,
    target: &SearchRoute,
) -> Result<(Arc<dyn Registry>, PackageList)> {
    let registry = registries.open(&target.route)?;
    let list = registry.packages();
    Ok((registry, list.map_err(|e| with_route(e, &target.route))?))
}

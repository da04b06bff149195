//! Selects packages by what their newest versions import and export.

use std::path::PathBuf;
use std::sync::Arc;

use super::candidate::{Candidate, MAX_PARALLEL, Origin};
use crate::base::error::{Error, Result};
use crate::base::parallel;
use crate::base::progress::{Progress, ProgressSize};
use crate::model::component::Surface;
use crate::model::search::content::surfaces;
use crate::model::search::query::Query;
use crate::pipeline::fetch::access::Access;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::cache::Cache;
use crate::system::registry::index::Index;
use crate::system::registry::{IndexReader, Registry, Release};

/// The candidates with all imports and exports of the query. Releases come through the
/// cache, which checks their digests; of an index, its own facts are used. What cannot be
/// read is reported and left out.
pub(super) fn select(
    ctx: &Context,
    access: &Access<'_>,
    query: &Query,
    candidates: Vec<Candidate>,
) -> Vec<Candidate> {
    let read = &*ctx.packages.index;
    let size = ProgressSize::Items(candidates.len() as u64);
    let progress = ctx.shell.progress("Resolving", size);
    let located = parallel::map(candidates, MAX_PARALLEL, |candidate| {
        let content = locate(&candidate, read);
        progress.item();
        (candidate, content)
    });
    drop(progress);
    let is_missing = |content: &Result<Content>| match content {
        Ok(Content::Release(_, release)) => access.cache.get(&release.digest).is_none(),
        _ => false,
    };
    let missing = located.iter().filter(|(_, content)| is_missing(content));
    let missing = missing.count();
    if missing > 0 {
        let packages = if missing == 1 { "package" } else { "packages" };
        ctx.shell
            .status("Downloading", format!("{missing} {packages}"));
    }
    let progress = ctx
        .shell
        .progress("Downloading", ProgressSize::Items(missing as u64));
    let (cache, progress) = (&access.cache, &*progress);
    let fetched = parallel::map(located, MAX_PARALLEL, |(candidate, content)| {
        let content = content.and_then(|content| fetch(&candidate, content, cache, progress));
        (candidate, content)
    });
    let mut selected = Vec::new();
    // One file at a time is in memory.
    for (mut candidate, content) in fetched {
        match content.and_then(read_surfaces) {
            Ok(surfaces) => {
                if let Some(surface) = query.select(&surfaces) {
                    candidate.surface = Some(surface.clone());
                    selected.push(candidate);
                }
            }
            Err(error) => {
                let name = candidate.display_name();
                ctx.shell
                    .warn(format!("`{name}` was not searched: {error}"));
            }
        }
    }
    selected
}

/// The content of a candidate, as far as it is there.
enum Content {
    /// A release that may have to be fetched.
    Release(Arc<dyn Registry>, Release),
    /// A file in the cache.
    File(PathBuf),
    /// The facts of an index.
    Surfaces(Vec<Surface>),
}

/// Finds the newest version in its registry, or reads the facts of an index.
fn locate(candidate: &Candidate, read: &IndexReader) -> Result<Content> {
    match &candidate.origin {
        Origin::Cache { file, .. } => Ok(Content::File(file.clone())),
        Origin::Index { route, indexed } => Index::new(route, read)
            .surfaces(indexed)
            .map(Content::Surfaces),
        Origin::Registry { registry, .. } => {
            let gone = || Error::input("its newest version is not there");
            let version = candidate.version.as_ref().ok_or_else(gone)?;
            let release = registry.release(&candidate.package, version)?;
            Ok(Content::Release(
                registry.clone(),
                release.ok_or_else(gone)?,
            ))
        }
    }
}

/// Fetches a release into the cache.
fn fetch(
    candidate: &Candidate,
    content: Content,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Content> {
    let Content::Release(registry, release) = content else {
        return Ok(content);
    };
    let is_missing = cache.get(&release.digest).is_none();
    let package = &candidate.package;
    let file = cache.get_or_fetch(&*registry, package, &release, progress)?;
    if is_missing {
        progress.item();
    }
    if let Origin::Registry {
        address,
        is_local: false,
        ..
    } = &candidate.origin
    {
        cache.record_origin(package, &release.version, &release.digest, address)?;
    }
    Ok(Content::File(file))
}

fn read_surfaces(content: Content) -> Result<Vec<Surface>> {
    match content {
        Content::File(file) => surfaces(&fs::read(&file)?),
        Content::Surfaces(surfaces) => Ok(surfaces),
        Content::Release(..) => Ok(Vec::new()),
    }
}

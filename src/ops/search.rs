//! What `cargo component search` does.

mod candidate;
mod content;
mod listing;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::candidate::{Candidate, Failure, LeftOut};
use self::listing::{Source, SourceState};
use super::tree::Format;
use crate::base::error::{Error, Result};
use crate::model::search::found;
use crate::model::search::found::FoundPackage;
use crate::model::search::query::Query;
use crate::pipeline::fetch::access::{Access, AccessOptions};
use crate::system::context::Context;

/// The options of `cargo component search`.
#[derive(Clone, Debug, Default)]
pub struct SearchOptions {
    /// The words that the name or the description must have, all of them.
    pub words: Vec<String>,
    /// The interfaces that a package must export, all of them.
    pub exports: Vec<String>,
    /// The interfaces that a package must import, all of them.
    pub imports: Vec<String>,
    /// The greatest number of packages that are printed.
    pub limit: usize,
    /// The format of the output.
    pub format: Format,
    /// The registry to ask instead of all, and how the network may be used.
    pub access: AccessOptions,
}

/// Prints the packages of registries and indexes that have the words and interfaces, each
/// with its newest version, and notes which of those asked could not answer.
///
/// # Errors
///
/// If none of them could answer, or nothing is configured that could.
pub fn search(ctx: &Context, options: &SearchOptions) -> Result<()> {
    let query = Query::new(&options.words, &options.exports, &options.imports)?;
    let access = Access::new(ctx, &options.access)?;
    let listing = listing::list(ctx, &access, &query)?;
    if listing.sources.is_empty() {
        return Err(Error::input("no registry is configured that could be searched").hint(
            "give one with `--registry`, or set one with `cargo component config set default_registry <host>`",
        ));
    }
    refuse_failure(&listing.sources)?;
    let is_disabled = |source: &Source| matches!(source.state, SourceState::Offline);
    if listing.candidates.is_empty() && listing.sources.iter().all(is_disabled) {
        let names = names(&listing.sources, is_disabled);
        return Err(Error::input(format!(
            "searching {names} needs network access, which is disabled"
        ))
        .with_cause("the cache has none of their packages")
        .hint("remove `--offline` or `--frozen`"));
    }
    let mut found = described(ctx, &query, listing.candidates);
    if query.needs_content() {
        found = content::select(ctx, &access, &query, found);
    }
    let mut found: Vec<FoundPackage> = found.into_iter().map(Candidate::into_found).collect();
    // An index may list what its registry lists as well.
    let mut known = BTreeSet::new();
    found.retain(|found| known.insert((found.package.clone(), found.place.clone())));
    found.sort_by(|a, b| (a.rank, &a.package).cmp(&(b.rank, &b.package)));
    report_sources(ctx, &listing.sources);
    let more = found.len().saturating_sub(options.limit);
    found.truncate(options.limit);
    match options.format {
        Format::Json => {
            let value = json!({
                "packages": found::json(&found),
                "more": more,
                "asked": listing.sources.iter().map(source_json).collect::<Vec<_>>(),
            });
            ctx.shell.data(format!("{value:#}"));
        }
        Format::Text => {
            let lines = found::lines(&found).into_iter();
            lines.for_each(|line| ctx.shell.data(line));
        }
    }
    if found.is_empty() {
        let names = names(&listing.sources, |_| true);
        ctx.shell.note(format!("no package matches in {names}"));
    }
    if more > 0 {
        let packages = if more == 1 {
            "package matches"
        } else {
            "packages match"
        };
        ctx.shell
            .note(format!("{more} more {packages}; use `--limit` to see more"));
    }
    Ok(())
}

/// The candidates whose names and descriptions have the words of the query, with their
/// newest versions. What cannot be read is reported once for each registry.
fn described(ctx: &Context, query: &Query, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let (candidates, left_out) = candidate::worth_describing(query, candidates);
    for LeftOut { registry, count } in left_out {
        ctx.shell.note(format!(
            "of {count} packages of `{registry}`, only the names were searched, not the descriptions"
        ));
    }
    let (described, failures) = candidate::describe(ctx, query, candidates);
    for Failure { registry, error } in failures {
        ctx.shell.warn(format!(
            "not all packages of `{registry}` were searched: {error}"
        ));
    }
    described
}

/// The error of what could not be searched, if nothing else was asked.
fn refuse_failure(sources: &[Source]) -> Result<()> {
    let failure = |source: &Source| match &source.state {
        SourceState::Failed(error) => Some(error.clone()),
        _ => None,
    };
    let failures: Option<Vec<Error>> = sources.iter().map(failure).collect();
    match failures.and_then(|failures| failures.into_iter().next()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Says which registries and indexes could not be searched, and why.
fn report_sources(ctx: &Context, sources: &[Source]) {
    for source in sources {
        let (kind, name) = (source.kind, &source.name);
        match &source.state {
            SourceState::Listed | SourceState::Offline => {}
            SourceState::Unlisted(why) => {
                let text = format!("the {kind} `{name}` does not list its packages: {why}");
                ctx.shell.note(text);
            }
            SourceState::Failed(error) => {
                let text = format!("the {kind} `{name}` could not be searched: {error}");
                ctx.shell.warn(text);
            }
        }
    }
    let is_disabled = |source: &Source| matches!(source.state, SourceState::Offline);
    if sources.iter().any(is_disabled) {
        let names = names(sources, is_disabled);
        ctx.shell.note(format!(
            "network access is disabled: of {names}, only the cache was searched"
        ));
    }
}

/// The names of registries and indexes, for messages.
fn names(sources: &[Source], is_meant: impl Fn(&Source) -> bool) -> String {
    let meant = sources.iter().filter(|source| is_meant(source));
    let names: Vec<String> = meant.map(|source| format!("`{}`", source.name)).collect();
    names.join(", ")
}

fn source_json(source: &Source) -> Value {
    let (state, reason) = match &source.state {
        SourceState::Listed => ("listed", None),
        SourceState::Unlisted(why) => ("unlisted", Some(why.clone())),
        SourceState::Failed(error) => ("failed", Some(error.to_string())),
        SourceState::Offline => ("offline", None),
    };
    json!({
        "name": source.name,
        "kind": source.kind,
        "address": source.address,
        "state": state,
        "reason": reason,
    })
}

//! Which export of which component each import gets.

use std::collections::BTreeMap;

use wit_parser::{Type, TypeDefKind, TypeOwner, WorldItem};

use super::answer::{Answer, Miss, answer, compatible};
use super::part::{Item, Part, Sort};
use super::{Link, Plan, diagnose};
use crate::base::error::{Error, Result, nearest};
use crate::model::component::hint::Hint;

/// Where an import comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    /// The node that provides it.
    pub node: usize,
    /// What of it.
    pub answer: Answer,
}

/// What the imports of every node get; what is not here stays open.
pub(super) type Wired = BTreeMap<usize, BTreeMap<String, Source>>;

/// Finds what answers the linked imports, and lets imports without a hint
/// follow. `order` has every node behind those it is linked to.
pub(super) fn wire(
    plan: &Plan,
    order: &[usize],
    parts: &BTreeMap<usize, Part<'_>>,
) -> Result<Wired> {
    let mut wired = Wired::new();
    for &node in order {
        let part = &parts[&node];
        let mut given = BTreeMap::new();
        for (name, link) in &plan.nodes[node].links {
            let import = part.import(name).ok_or_else(|| unknown(part, name))?;
            given.insert(
                name.clone(),
                linked(part, import, link, &parts[&link.node])?,
            );
        }
        let providers: Vec<usize> = plan.nodes[node].links.values().map(|l| l.node).collect();
        for import in part.imports.iter().filter(|import| follows(import)) {
            let name = &import.name.name;
            if !given.contains_key(name)
                && !plan.nodes[node].keep.contains(name)
                && let Some(source) = followed(part, import, &providers, (parts, &wired))?
            {
                given.insert(name.clone(), source);
            }
        }
        let types = types(part, &given)?;
        given.extend(types);
        wired.insert(node, given);
    }
    Ok(wired)
}

/// The types that the root of a component takes from interfaces that it gets
/// from others: they are those of these.
fn types(part: &Part<'_>, given: &BTreeMap<String, Source>) -> Result<BTreeMap<String, Source>> {
    let mut found = BTreeMap::new();
    if given.is_empty() || !part.imports.iter().any(|item| item.sort == Sort::Type) {
        return Ok(found);
    }
    let (resolve, world) = part.decoded()?;
    for (key, item) in &resolve.worlds[world].imports {
        if let WorldItem::Type { id, .. } = item
            && let TypeDefKind::Type(Type::Id(of)) = resolve.types[*id].kind
            && let (TypeOwner::Interface(owner), Some(name)) =
                (resolve.types[of].owner, &resolve.types[of].name)
            && let Some(interface) = resolve.id_of(owner)
            && let Some(source) = given.get(&interface)
            && let Answer::Export(export) = &source.answer
        {
            let answer = Answer::Type(export.clone(), name.clone());
            let node = source.node;
            found.insert(resolve.name_world_key(key), Source { node, answer });
        }
    }
    Ok(found)
}

fn unknown(part: &Part<'_>, name: &str) -> Error {
    let names = part.imports.iter().map(|item| item.name.name.as_str());
    let error = Error::input(format!("`{}` has no import `{name}` to link", part.name));
    match nearest(name, names.clone()) {
        Some(near) => error.hint(format!("it imports `{near}`")),
        None => {
            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
            match names.is_empty() {
                true => error.hint("it has no imports: remove the link"),
                false => error.hint(format!("its imports are {}", names.join(", "))),
            }
        }
    }
}

fn linked(part: &Part<'_>, import: &Item, link: &Link, provider: &Part<'_>) -> Result<Source> {
    if !matches!(import.sort, Sort::Instance | Sort::Function) {
        return Err(Error::input(format!(
            "the import `{}` of `{}` cannot be linked",
            import.name.name, part.name
        ))
        .because(format!("it is {}", import.sort.words()))
        .hint("leave it open with `--keep`"));
    }
    match answer(import, link.item.as_deref(), &provider.exports) {
        Ok(answer) => Ok(Source {
            node: link.node,
            answer,
        }),
        Err(miss) => Err(unanswered(part, import, link, (provider, miss))),
    }
}

fn unanswered(
    part: &Part<'_>,
    import: &Item,
    link: &Link,
    (provider, miss): (&Part<'_>, Miss),
) -> Error {
    let mut error = Error::input(format!(
        "nothing in `{}` satisfies the import {} of `{}`",
        provider.name,
        diagnose::shown(&import.name),
        part.name
    ));
    if let Some(item) = &link.item {
        error = error.because(format!("its hint requires the export `{item}`"));
    }
    let exports: Vec<_> = provider
        .exports
        .iter()
        .map(|e| format!("`{}`", e.name.name))
        .collect();
    error = match (miss.closest, exports.is_empty()) {
        (Some((name, why)), _) => error.because(format!(
            "its export `{name}` is the most similar one, but {why}"
        )),
        (None, true) => error.because("it has no exports"),
        (None, false) => error.because(format!("its exports are {}", exports.join(", "))),
    };
    let label = &import.name.name;
    error.hint(format!(
        "give a matching component with `--with {label}=…`, or leave the import open with `--keep {label}`"
    ))
}

/// Whether an import goes with those of the components its component is
/// linked to: an interface under its own name that nobody gave a hint for.
fn follows(import: &Item) -> bool {
    let hint = import.name.external_id.as_deref().map(Hint::parse);
    import.sort == Sort::Instance
        && import.name.implements.is_none()
        && import.name.interface().is_some()
        && hint.is_none_or(|hint| hint.known().is_none())
}

/// What an import gets so that it is the same in its component and in those
/// that this is linked to: what these were given for it. The types that pass
/// between them would be different ones otherwise.
fn followed(
    part: &Part<'_>,
    import: &Item,
    providers: &[usize],
    (parts, wired): (&BTreeMap<usize, Part<'_>>, &Wired),
) -> Result<Option<Source>> {
    let name = &import.name.name;
    let same = |item: &&Item| item.sort == Sort::Instance && compatible(&item.name.name, name);
    let mut found: Option<(Source, usize)> = None;
    for &provider in providers {
        let source = match parts[&provider].imports.iter().find(same) {
            // Open there, and so here.
            Some(theirs) => wired[&provider].get(&theirs.name.name).cloned(),
            None => parts[&provider]
                .exports
                .iter()
                .find(same)
                .map(|own| Source {
                    node: provider,
                    answer: Answer::Export(own.name.name.clone()),
                }),
        };
        let Some(source) = source else { continue };
        match &found {
            None => found = Some((source, provider)),
            Some((first, _)) if *first == source => {}
            Some((first, through)) => {
                let called = |node: usize| parts[&node].name;
                return Err(Error::input(format!(
                    "the import `{name}` of `{}` would be linked to two different components",
                    part.name
                ))
                .because(format!(
                    "`{}` is linked to `{}`, and `{}` to `{}`",
                    called(*through),
                    called(first.node),
                    called(provider),
                    called(source.node)
                ))
                .hint(format!("select one of them with `--with {name}=…`")));
            }
        }
    }
    Ok(found.map(|(source, _)| source))
}

//! Deciding which export of which component provides each import.

use std::collections::BTreeMap;

use wit_parser::{Type, TypeDefKind, TypeOwner, WorldItem};

use super::matching::{NoMatch, ProvidedPart, compatible, find_match};
use super::parsed::{ItemKind, ParsedComponent, RootItem};
use super::plan::{Link, Plan};
use crate::base::error::{Error, Result, nearest};
use crate::model::component::hint::Hint;

/// The part of a node that provides an import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Provider {
    /// The position of the node.
    pub node: usize,
    /// The part of the node.
    pub part: ProvidedPart,
}

/// The providers of the imports of every node, by node and import; imports that
/// are not in it stay open.
pub(super) type Wiring = BTreeMap<usize, BTreeMap<String, Provider>>;

/// Finds the providers of the linked imports, and of the imports without a hint
/// that have to be the same as those of linked components. `order` has every
/// node after those it is linked to.
pub(super) fn wire(
    plan: &Plan<'_>,
    order: &[usize],
    parts: &BTreeMap<usize, ParsedComponent<'_>>,
) -> Result<Wiring> {
    let mut wired = Wiring::new();
    for &node in order {
        let component = &parts[&node];
        let mut given = BTreeMap::new();
        for (name, link) in &plan.nodes[node].links {
            let import = component.import(name);
            let import = import.ok_or_else(|| unknown_import(component, name))?;
            let provider = linked(component, import, link, &parts[&link.node])?;
            given.insert(name.clone(), provider);
        }
        let providers: Vec<usize> = plan.nodes[node].links.values().map(|l| l.node).collect();
        for import in component.imports.iter().filter(|import| is_implied(import)) {
            let name = &import.name.name;
            if !given.contains_key(name)
                && !plan.nodes[node].keep.contains(name)
                && let Some(source) =
                    implied_provider(component, import, &providers, parts, &wired)?
            {
                given.insert(name.clone(), source);
            }
        }
        let types = root_types(component, &given)?;
        given.extend(types);
        wired.insert(node, given);
    }
    Ok(wired)
}

/// The providers of the types that the root of a component uses from imported
/// interfaces: those of the interfaces.
fn root_types(
    component: &ParsedComponent<'_>,
    given: &BTreeMap<String, Provider>,
) -> Result<BTreeMap<String, Provider>> {
    let mut found = BTreeMap::new();
    if given.is_empty()
        || !component
            .imports
            .iter()
            .any(|item| item.kind == ItemKind::Type)
    {
        return Ok(found);
    }
    let (resolve, world) = component.decoded()?;
    for (key, item) in &resolve.worlds[world].imports {
        if let WorldItem::Type { id, .. } = item
            && let TypeDefKind::Type(Type::Id(used)) = resolve.types[*id].kind
            && let (TypeOwner::Interface(owner), Some(name)) =
                (resolve.types[used].owner, &resolve.types[used].name)
            && let Some(interface) = resolve.id_of(owner)
            && let Some(source) = given.get(&interface)
            && let ProvidedPart::Export(export) = &source.part
        {
            let part = ProvidedPart::Type(export.clone(), name.clone());
            let node = source.node;
            found.insert(resolve.name_world_key(key), Provider { node, part });
        }
    }
    Ok(found)
}

fn unknown_import(component: &ParsedComponent<'_>, name: &str) -> Error {
    let names = component.imports.iter().map(|item| item.name.name.as_str());
    let error = Error::input(format!(
        "`{}` has no import `{name}` to link",
        component.name
    ));
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

fn linked(
    component: &ParsedComponent<'_>,
    import: &RootItem,
    link: &Link,
    provider: &ParsedComponent<'_>,
) -> Result<Provider> {
    if !matches!(import.kind, ItemKind::Instance | ItemKind::Function) {
        return Err(Error::input(format!(
            "the import `{}` of `{}` cannot be linked",
            import.name.name, component.name
        ))
        .with_cause(format!("it is {}", import.kind.words()))
        .hint("leave it open with `--keep`"));
    }
    match find_match(import, link.item.as_deref(), &provider.exports) {
        Ok(part) => Ok(Provider {
            node: link.node,
            part,
        }),
        Err(miss) => Err(not_provided(component, import, link, provider, miss)),
    }
}

fn not_provided(
    component: &ParsedComponent<'_>,
    import: &RootItem,
    link: &Link,
    provider: &ParsedComponent<'_>,
    miss: NoMatch,
) -> Error {
    let mut error = Error::input(format!(
        "nothing in `{}` satisfies the import {} of `{}`",
        provider.name,
        import.name.display_name(),
        component.name
    ));
    if let Some(item) = &link.item {
        error = error.with_cause(format!("its hint requires the export `{item}`"));
    }
    let exports: Vec<_> = provider
        .exports
        .iter()
        .map(|e| format!("`{}`", e.name.name))
        .collect();
    error = match (miss.closest, exports.is_empty()) {
        (Some((name, why)), _) => error.with_cause(format!(
            "its export `{name}` is the most similar one, but {why}"
        )),
        (None, true) => error.with_cause("it has no exports"),
        (None, false) => error.with_cause(format!("its exports are {}", exports.join(", "))),
    };
    let label = &import.name.name;
    error.hint(format!(
        "give a matching component with `--with {label}=…`, or leave the import open with `--keep {label}`"
    ))
}

/// Whether an import without a link has to be the same as that of the components
/// its component is linked to: an interface under its own name without a hint.
fn is_implied(import: &RootItem) -> bool {
    let hint = import.name.external_id.as_deref().map(Hint::parse);
    import.kind == ItemKind::Instance
        && import.name.implements.is_none()
        && import.name.interface().is_some()
        && hint.is_none_or(|hint| hint.known().is_none())
}

/// The provider that an import has in the components that its own component is
/// linked to. The types that pass between them would differ otherwise.
fn implied_provider(
    component: &ParsedComponent<'_>,
    import: &RootItem,
    providers: &[usize],
    parts: &BTreeMap<usize, ParsedComponent<'_>>,
    wired: &Wiring,
) -> Result<Option<Provider>> {
    let name = &import.name.name;
    let same =
        |item: &&RootItem| item.kind == ItemKind::Instance && compatible(&item.name.name, name);
    let mut found: Option<(Provider, usize)> = None;
    for &provider in providers {
        let source = match parts[&provider].imports.iter().find(same) {
            // An import that is open there stays open here.
            Some(theirs) => wired[&provider].get(&theirs.name.name).cloned(),
            None => parts[&provider]
                .exports
                .iter()
                .find(same)
                .map(|own| Provider {
                    node: provider,
                    part: ProvidedPart::Export(own.name.name.clone()),
                }),
        };
        let Some(source) = source else { continue };
        match &found {
            None => found = Some((source, provider)),
            Some((first, _)) if *first == source => {}
            Some((first, through)) => {
                let name_of = |node: usize| parts[&node].name;
                return Err(Error::input(format!(
                    "the import `{name}` of `{}` would be linked to two different components",
                    component.name
                ))
                .with_cause(format!(
                    "`{}` is linked to `{}`, and `{}` to `{}`",
                    name_of(*through),
                    name_of(first.node),
                    name_of(provider),
                    name_of(source.node)
                ))
                .hint(format!("select one of them with `--with {name}=…`")));
            }
        }
    }
    Ok(found.map(|(source, _)| source))
}

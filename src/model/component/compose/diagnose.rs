//! The reasons why components do not match, in terms of the components and not of
//! the library that found the mismatch.

use std::collections::BTreeSet;

use wit_parser::{
    Handle, Interface, Resolve, Type, TypeDefKind, TypeId, TypeOwner, World, WorldId, WorldItem,
    WorldKey,
};

use super::composition::{Composition, OpenImport};
use super::matching::{ProvidedPart, compatible};
use super::parsed::ParsedComponent;
use super::wiring::Provider;
use crate::base::error::{Error, Result};
use crate::model::wit::compare::{Comparison, Difference};

/// The error for an import whose provider has another type. `cause` is the message
/// of the library, used if no better reason is found.
pub(super) fn mismatch(
    composition: &Composition<'_>,
    node: usize,
    import: &str,
    source: &Provider,
    cause: &str,
) -> Error {
    let (part, provider) = (&composition.parts[&node], &composition.parts[&source.node]);
    let name = match part.import(import) {
        Some(item) => item.name.display_name(),
        None => format!("`{import}`"),
    };
    let error = Error::input(format!(
        "`{}` does not match the import {name} of `{}`",
        provider.name, part.name
    ));
    let provided_by = match &source.part {
        ProvidedPart::Root => "the functions at its root".to_owned(),
        ProvidedPart::Export(export) => format!("its export `{export}`"),
        ProvidedPart::Type(export, name) => format!("the type `{name}` of its export `{export}`"),
    };
    let reason = match first_difference(part, import, provider, &source.part) {
        Ok(Some(difference)) => describe(&difference, part, provider),
        _ => cause.to_owned(),
    };
    error
        .with_cause(format!("it would be linked to {provided_by}"))
        .with_cause(reason)
        .hint(format!(
            "link a compatible release of `{}` with `--with {import}=…`",
            provider.name
        ))
}

/// The first difference between an import and its provider.
fn first_difference(
    part: &ParsedComponent<'_>,
    import: &str,
    provider: &ParsedComponent<'_>,
    answer: &ProvidedPart,
) -> Result<Option<Box<Difference>>> {
    let (left, left_world) = part.decoded()?;
    let (right, right_world) = provider.decoded()?;
    let (imports, theirs) = (&left.worlds[left_world].imports, &right.worlds[right_world]);
    let mut comparison = Comparison::new(&left, &right);
    let imported = imports
        .iter()
        .find(|(key, _)| left.name_world_key(key) == import);
    let Some((_, imported)) = imported else {
        return Ok(None);
    };
    let compared = match (imported, answer) {
        (WorldItem::Interface { id, .. }, ProvidedPart::Root) => {
            let root = &right.worlds[right_world];
            return Ok(root_difference(
                &mut comparison,
                &left.interfaces[*id],
                root,
            ));
        }
        (imported, ProvidedPart::Export(export)) => {
            let mut exports = theirs.exports.iter();
            let found = exports.find(|(key, _)| right.name_world_key(key) == *export);
            match (imported, found) {
                (
                    WorldItem::Interface { id, .. },
                    Some((_, WorldItem::Interface { id: other, .. })),
                ) => comparison.interfaces(*id, *other),
                (WorldItem::Function(function), Some((_, WorldItem::Function(other)))) => {
                    comparison.functions(function, other)
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    };
    Ok(compared.err())
}

/// The first difference between an interface and the root of a component.
fn root_difference(
    comparison: &mut Comparison<'_>,
    interface: &Interface,
    world: &World,
) -> Option<Box<Difference>> {
    let lacking = |what: String| {
        Box::new(Difference {
            place: Vec::new(),
            left: what,
            right: None,
        })
    };
    for (name, function) in &interface.functions {
        match world.exports.get(&WorldKey::Name(name.clone())) {
            Some(WorldItem::Function(other)) => {
                if let Err(difference) = comparison.functions(function, other) {
                    return Some(difference);
                }
            }
            _ => return Some(lacking(format!("function `{name}`"))),
        }
    }
    for (name, ty) in &interface.types {
        let key = WorldKey::Name(name.clone());
        let item = world.imports.get(&key).or_else(|| world.exports.get(&key));
        match item {
            Some(WorldItem::Type { id, .. }) => {
                if let Err(mut difference) = comparison.types(&Type::Id(*ty), &Type::Id(*id)) {
                    difference.place.insert(0, format!("type `{name}`"));
                    return Some(difference);
                }
            }
            _ => return Some(lacking(format!("type `{name}`"))),
        }
    }
    None
}

fn describe(
    difference: &Difference,
    part: &ParsedComponent<'_>,
    provider: &ParsedComponent<'_>,
) -> String {
    let place = match difference.place.is_empty() {
        true => String::new(),
        false => format!("in {}, ", difference.place.join(", ")),
    };
    match &difference.right {
        Some(right) => format!(
            "{place}`{}` has {}, but `{}` has {right}",
            part.name, difference.left, provider.name
        ),
        None => format!("{place}`{}` has no {}", provider.name, difference.left),
    }
}

/// The first mismatch between the worlds of the components: a resource that would
/// have to be the same on both sides of a link and is not, or two components that
/// import different things under one name.
pub(super) fn find_mismatch(composition: &Composition<'_>) -> Option<Error> {
    let finders = [different_resources, partly_open, different_imports];
    finders
        .iter()
        .find_map(|find| find(composition).ok().flatten())
}

/// The error for a composition that the library or the validator refuses: the
/// first mismatch between the components, or else the message `cause`.
pub(super) fn refused(composition: &Composition<'_>, cause: &str) -> Error {
    if let Some(error) = find_mismatch(composition) {
        return error;
    }
    let root = composition.parts[&composition.plan.root].name;
    let names = composition.order.iter().rev().skip(1);
    let names: Vec<_> = names
        .map(|node| format!("`{}`", composition.parts[node].name))
        .collect();
    let cause = cause.split("ResourceId").next().unwrap_or(cause);
    let cause = cause.trim_end_matches([' ', '(']);
    Error::input(format!("failed to link `{root}` with {}", names.join(", ")))
        .with_cause(cause)
        .hint("leave one import at a time open with `--keep` to find the one that does not match")
}

/// The provider of an interface for a component. Its resources are the same for
/// two components if this is.
#[derive(PartialEq, Eq)]
enum InterfaceProvider {
    Node(Provider),
    Open,
}

impl InterfaceProvider {
    fn of_import(composition: &Composition<'_>, node: usize, interface: &str) -> Self {
        let given = &composition.wired[&node];
        let found = given.iter().find(|(name, _)| compatible(name, interface));
        found.map_or(InterfaceProvider::Open, |(_, source)| {
            InterfaceProvider::Node(source.clone())
        })
    }

    fn describe(&self, composition: &Composition<'_>) -> String {
        match self {
            InterfaceProvider::Node(source) => {
                format!("from `{}`", composition.parts[&source.node].name)
            }
            InterfaceProvider::Open => "from outside".to_owned(),
        }
    }
}

/// A link whose two sides have a resource from different providers.
fn different_resources(composition: &Composition<'_>) -> Result<Option<Error>> {
    for (&node, given) in composition.wired {
        let part = &composition.parts[&node];
        let (resolve, world) = part.decoded()?;
        for (import, source) in given {
            let imports = &resolve.worlds[world].imports;
            let imported = imports
                .iter()
                .find(|(key, _)| resolve.name_world_key(key) == *import);
            let Some((_, imported)) = imported else {
                continue;
            };
            let provider = &composition.parts[&source.node];
            for interface in resource_owners(&resolve, imported) {
                let ours = InterfaceProvider::of_import(composition, node, &interface);
                let own = |name: &str| compatible(name, &interface);
                let own = provider.exports.iter().find(|item| own(&item.name.name));
                let theirs = match own {
                    Some(own) => InterfaceProvider::Node(Provider {
                        node: source.node,
                        part: ProvidedPart::Export(own.name.name.clone()),
                    }),
                    None => InterfaceProvider::of_import(composition, source.node, &interface),
                };
                if ours != theirs {
                    return Ok(Some(
                        Error::input(format!(
                            "`{}` does not match the import `{import}` of `{}`",
                            provider.name, part.name
                        ))
                        .with_cause(format!(
                            "both use the resources of `{interface}`, but `{}` gets them {} and `{}` {}",
                            part.name,
                            ours.describe(composition),
                            provider.name,
                            theirs.describe(composition)
                        ))
                        .hint(format!(
                            "link both to the same component with `--with {interface}=…`"
                        )),
                    ));
                }
            }
        }
    }
    Ok(None)
}

/// An import that stays open but uses resources of an interface that does not:
/// no provider of the import could have these.
fn partly_open(composition: &Composition<'_>) -> Result<Option<Error>> {
    for OpenImport { name, node } in composition.open() {
        let part = &composition.parts[&node];
        let given = &composition.wired[&node];
        if given.is_empty() {
            continue;
        }
        let (resolve, world) = part.decoded()?;
        let mut imports = resolve.worlds[world].imports.iter();
        let import = imports.find(|(key, _)| resolve.name_world_key(key) == name.name);
        let Some((_, import)) = import else {
            continue;
        };
        for interface in resource_owners(&resolve, import) {
            let Some(source) = given.get(&interface) else {
                continue;
            };
            let provider = composition.parts[&source.node].name;
            return Ok(Some(
                Error::input(format!(
                    "the import `{}` of `{}` cannot stay open",
                    name.name, part.name
                ))
                .with_cause(format!(
                    "it uses the resources of `{interface}`, which come from `{provider}`"
                ))
                .hint(format!(
                    "link it as well, with `--with {}=…`, or leave both open with `--keep {interface}`",
                    name.name
                )),
            ));
        }
    }
    Ok(None)
}

/// The other interfaces whose resources an import uses.
fn resource_owners(resolve: &Resolve, import: &WorldItem) -> BTreeSet<String> {
    let (own, mut pending) = match import {
        WorldItem::Interface { id, .. } => {
            let interface = &resolve.interfaces[*id];
            let functions = interface.functions.values();
            let mut types: Vec<Type> = functions
                .flat_map(|f| f.parameter_and_result_types())
                .collect();
            types.extend(interface.types.values().map(|id| Type::Id(*id)));
            (Some(*id), types)
        }
        WorldItem::Function(function) => (None, function.parameter_and_result_types().collect()),
        WorldItem::Type { id, .. } => (None, vec![Type::Id(*id)]),
    };
    let mut visited = BTreeSet::new();
    let mut found = BTreeSet::new();
    while let Some(ty) = pending.pop() {
        let Type::Id(ty) = ty else { continue };
        if !visited.insert(ty) {
            continue;
        }
        let definition = &resolve.types[ty];
        if let (TypeDefKind::Resource, TypeOwner::Interface(owner)) =
            (&definition.kind, definition.owner)
            && Some(owner) != own
        {
            found.extend(resolve.id_of(owner));
        }
        pending.extend(parts_of(resolve, ty));
    }
    found
}

/// The types that a type directly consists of.
pub(super) fn parts_of(resolve: &Resolve, id: TypeId) -> Vec<Type> {
    use TypeDefKind as K;
    match &resolve.types[id].kind {
        K::Record(record) => record.fields.iter().map(|field| field.ty).collect(),
        K::Tuple(tuple) => tuple.types.clone(),
        K::Variant(variant) => variant.cases.iter().filter_map(|case| case.ty).collect(),
        K::Result(result) => result.ok.into_iter().chain(result.err).collect(),
        K::Option(ty) | K::List(ty) | K::FixedLengthList(ty, _) | K::Type(ty) => vec![*ty],
        K::Map(key, value) => vec![*key, *value],
        K::Future(ty) | K::Stream(ty) => ty.iter().copied().collect(),
        K::Handle(Handle::Own(id) | Handle::Borrow(id)) => vec![Type::Id(*id)],
        K::Resource | K::Flags(_) | K::Enum(_) | K::Unknown => Vec::new(),
    }
}

/// An open import that two components have with different structures.
fn different_imports(composition: &Composition<'_>) -> Result<Option<Error>> {
    let open = composition.open();
    for (index, left) in open.iter().enumerate() {
        for right in &open[index + 1..] {
            if left.node == right.node || !compatible(&left.name.name, &right.name.name) {
                continue;
            }
            let (a, b) = (
                &composition.parts[&left.node],
                &composition.parts[&right.node],
            );
            let difference = interface_difference(a, &left.name.name, b, &right.name.name)?;
            let Some(difference) = difference else {
                continue;
            };
            return Ok(Some(
                Error::input(format!(
                    "`{}` and `{}` have incompatible types for the import `{}`",
                    a.name, b.name, left.name.name
                ))
                .with_cause(describe(&difference, a, b))
                .hint("link releases of them that use the same version of it"),
            ));
        }
    }
    Ok(None)
}

/// The first difference between the types or functions that the interfaces `left`
/// of `a` and `right` of `b` share.
fn interface_difference(
    a: &ParsedComponent<'_>,
    left: &str,
    b: &ParsedComponent<'_>,
    right: &str,
) -> Result<Option<Box<Difference>>> {
    let ((l, l_world), (r, r_world)) = (a.decoded()?, b.decoded()?);
    let interface = |resolve: &Resolve, world: WorldId, name: &str| {
        let mut imports = resolve.worlds[world].imports.iter();
        imports.find_map(|(key, item)| match item {
            WorldItem::Interface { id, .. } if resolve.name_world_key(key) == name => Some(*id),
            _ => None,
        })
    };
    let (Some(left), Some(right)) = (interface(&l, l_world, left), interface(&r, r_world, right))
    else {
        return Ok(None);
    };
    let mut comparison = Comparison::new(&l, &r);
    let (left, right) = (&l.interfaces[left], &r.interfaces[right]);
    // What only one of them has is no mismatch.
    for (name, ty) in &left.types {
        if let Some(other) = right.types.get(name)
            && let Err(mut difference) = comparison.types(&Type::Id(*ty), &Type::Id(*other))
        {
            difference.place.insert(0, format!("type `{name}`"));
            return Ok(Some(difference));
        }
    }
    for (name, function) in &left.functions {
        if let Some(other) = right.functions.get(name)
            && let Err(difference) = comparison.functions(function, other)
        {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

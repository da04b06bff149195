//! Why parts do not fit, in words of the components and never in those of the
//! library that found it out.

use std::collections::BTreeSet;

use wit_parser::{
    Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem,
    WorldKey,
};

use super::answer::{Answer, compatible};
use super::assemble::Composition;
use super::part::Part;
use super::wiring::Source;
use crate::base::error::{Error, Result};
use crate::model::component::names::Name;
use crate::model::wit::compare::{Comparison, Difference};

/// An import as it is shown: a label with the interface it implements.
pub(super) fn shown(name: &Name) -> String {
    match &name.implements {
        Some(interface) => format!("`{}` (`{interface}`)", name.name),
        None => format!("`{}`", name.name),
    }
}

/// What answers an import is not what the import asks for; `cause` is what the
/// library says, for want of something better.
pub(super) fn misfit(
    composition: &Composition<'_>,
    node: usize,
    (import, source): (&str, &Source),
    cause: &str,
) -> Error {
    let (part, provider) = (&composition.parts[&node], &composition.parts[&source.node]);
    let name = match part.import(import) {
        Some(item) => shown(&item.name),
        None => format!("`{import}`"),
    };
    let error = Error::input(format!(
        "`{}` does not match the import {name} of `{}`",
        provider.name, part.name
    ));
    let answer = match &source.answer {
        Answer::Whole => "the functions at its root".to_owned(),
        Answer::Export(export) => format!("its export `{export}`"),
        Answer::Type(export, name) => format!("the type `{name}` of its export `{export}`"),
    };
    let told = match compared(part, import, (provider, &source.answer)) {
        Ok(Some(difference)) => told(&difference, part, provider),
        _ => cause.to_owned(),
    };
    error
        .because(format!("it would be linked to {answer}"))
        .because(told)
        .hint(format!(
            "link a compatible release of `{}` with `--with {import}=…`",
            provider.name
        ))
}

/// The first difference between an import and what answers it.
fn compared(
    part: &Part<'_>,
    import: &str,
    (provider, answer): (&Part<'_>, &Answer),
) -> Result<Option<Box<Difference>>> {
    let (left, left_world) = part.decoded()?;
    let (right, right_world) = provider.decoded()?;
    let (imports, theirs) = (&left.worlds[left_world].imports, &right.worlds[right_world]);
    let mut comparison = Comparison::new(&left, &right);
    let wanted = imports
        .iter()
        .find(|(key, _)| left.name_world_key(key) == import);
    let Some((_, wanted)) = wanted else {
        return Ok(None);
    };
    let compared = match (wanted, answer) {
        (WorldItem::Interface { id, .. }, Answer::Whole) => {
            return Ok(at_the_root(
                &mut comparison,
                (&left, *id),
                (&right, right_world),
            ));
        }
        (wanted, Answer::Export(export)) => {
            let mut exports = theirs.exports.iter();
            let found = exports.find(|(key, _)| right.name_world_key(key) == *export);
            match (wanted, found) {
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
fn at_the_root(
    comparison: &mut Comparison<'_>,
    (left, id): (&Resolve, InterfaceId),
    (right, world): (&Resolve, WorldId),
) -> Option<Box<Difference>> {
    let (wanted, world) = (&left.interfaces[id], &right.worlds[world]);
    let lacking = |what: String| {
        Box::new(Difference {
            place: Vec::new(),
            left: what,
            right: None,
        })
    };
    for (name, function) in &wanted.functions {
        match world.exports.get(&WorldKey::Name(name.clone())) {
            Some(WorldItem::Function(other)) => {
                if let Err(difference) = comparison.functions(function, other) {
                    return Some(difference);
                }
            }
            _ => return Some(lacking(format!("function `{name}`"))),
        }
    }
    for (name, ty) in &wanted.types {
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

fn told(difference: &Difference, part: &Part<'_>, provider: &Part<'_>) -> String {
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

/// What does not fit between the components, by their worlds: a resource that would
/// have to be the same on both sides of a link and is not, or two components that
/// need different things under one name.
pub(super) fn misfit_between(composition: &Composition<'_>) -> Option<Error> {
    let finders = [two_resources, half_open, two_imports];
    finders
        .iter()
        .find_map(|find| find(composition).ok().flatten())
}

/// Why the library or the validator refuses what was put together: a resource
/// that would have to be the same on both sides of a link and is not, two
/// components that need different things under one name, or what it says.
pub(super) fn refused(composition: &Composition<'_>, cause: &str) -> Error {
    if let Some(error) = misfit_between(composition) {
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
        .because(cause)
        .hint("leave one import at a time open with `--keep` to find the one that does not match")
}

/// Where an interface comes from for a component: the same for two of them if
/// its resources are.
#[derive(PartialEq, Eq)]
enum Origin {
    From(Source),
    Open,
}

impl Origin {
    fn of_import(composition: &Composition<'_>, node: usize, interface: &str) -> Self {
        let given = &composition.wired[&node];
        let found = given.iter().find(|(name, _)| compatible(name, interface));
        found.map_or(Origin::Open, |(_, source)| Origin::From(source.clone()))
    }

    fn told(&self, composition: &Composition<'_>) -> String {
        match self {
            Origin::From(source) => format!("from `{}`", composition.parts[&source.node].name),
            Origin::Open => "from outside".to_owned(),
        }
    }
}

/// A link whose two sides take a resource from different places.
fn two_resources(composition: &Composition<'_>) -> Result<Option<Error>> {
    for (&node, given) in composition.wired {
        let part = &composition.parts[&node];
        let (resolve, world) = part.decoded()?;
        for (import, source) in given {
            let imports = &resolve.worlds[world].imports;
            let wanted = imports
                .iter()
                .find(|(key, _)| resolve.name_world_key(key) == *import);
            let Some((_, wanted)) = wanted else {
                continue;
            };
            let provider = &composition.parts[&source.node];
            for interface in resource_owners(&resolve, wanted) {
                let ours = Origin::of_import(composition, node, &interface);
                let own = |name: &str| compatible(name, &interface);
                let own = provider.exports.iter().find(|item| own(&item.name.name));
                let theirs = match own {
                    Some(own) => Origin::From(Source {
                        node: source.node,
                        answer: Answer::Export(own.name.name.clone()),
                    }),
                    None => Origin::of_import(composition, source.node, &interface),
                };
                if ours != theirs {
                    return Ok(Some(
                        Error::input(format!(
                            "`{}` does not match the import `{import}` of `{}`",
                            provider.name, part.name
                        ))
                        .because(format!(
                            "both use the resources of `{interface}`, but `{}` gets them {} and `{}` {}",
                            part.name,
                            ours.told(composition),
                            provider.name,
                            theirs.told(composition)
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

/// An import that stays open but takes resources of an interface that does
/// not: whoever provides it cannot have these.
fn half_open(composition: &Composition<'_>) -> Result<Option<Error>> {
    for (name, node) in composition.open() {
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
                .because(format!(
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
    let (own, mut open) = match import {
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
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    while let Some(ty) = open.pop() {
        let Type::Id(ty) = ty else { continue };
        if !seen.insert(ty) {
            continue;
        }
        let definition = &resolve.types[ty];
        if let (TypeDefKind::Resource, TypeOwner::Interface(owner)) =
            (&definition.kind, definition.owner)
            && Some(owner) != own
        {
            found.extend(resolve.id_of(owner));
        }
        open.extend(parts_of(resolve, ty));
    }
    found
}

/// The types that a type is made of, one step down.
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

/// An interface that two components leave open and have of different
/// structure.
fn two_imports(composition: &Composition<'_>) -> Result<Option<Error>> {
    let open = composition.open();
    for (at, (left, first)) in open.iter().enumerate() {
        for (right, second) in &open[at + 1..] {
            if first == second || !compatible(&left.name, &right.name) {
                continue;
            }
            let (a, b) = (&composition.parts[first], &composition.parts[second]);
            let Some(difference) = differing((a, &left.name), (b, &right.name))? else {
                continue;
            };
            return Ok(Some(
                Error::input(format!(
                    "`{}` and `{}` have incompatible types for the import `{}`",
                    a.name, b.name, left.name
                ))
                .because(told(&difference, a, b))
                .hint("link releases of them that use the same version of it"),
            ));
        }
    }
    Ok(None)
}

/// The first type two copies of one interface have of different structure.
fn differing(
    (a, left): (&Part<'_>, &str),
    (b, right): (&Part<'_>, &str),
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
    // What only one of them has does no harm.
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

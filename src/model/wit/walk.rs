//! The types that a definition or a function names.

use wit_parser::{Function, Handle, Type, TypeDefKind, TypeId};

/// Hands over every type that a definition names directly.
pub(super) fn of_kind(kind: &mut TypeDefKind, each: &mut dyn FnMut(&mut TypeId)) {
    let mut all = |types: &mut dyn Iterator<Item = &mut Type>| {
        for ty in types {
            if let Type::Id(id) = ty {
                each(id);
            }
        }
    };
    match kind {
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => each(id),
        TypeDefKind::Type(ty)
        | TypeDefKind::Option(ty)
        | TypeDefKind::List(ty)
        | TypeDefKind::FixedLengthList(ty, _) => all(&mut [ty].into_iter()),
        TypeDefKind::Map(key, value) => all(&mut [key, value].into_iter()),
        TypeDefKind::Future(ty) | TypeDefKind::Stream(ty) => all(&mut ty.iter_mut()),
        TypeDefKind::Result(result) => all(&mut result.ok.iter_mut().chain(&mut result.err)),
        TypeDefKind::Tuple(tuple) => all(&mut tuple.types.iter_mut()),
        TypeDefKind::Record(record) => all(&mut record.fields.iter_mut().map(|f| &mut f.ty)),
        TypeDefKind::Variant(variant) => {
            all(&mut variant.cases.iter_mut().flat_map(|case| &mut case.ty));
        }
        TypeDefKind::Resource
        | TypeDefKind::Flags(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Unknown => {}
    }
}

/// Hands over every type that a function names directly, with the resource it
/// belongs to.
pub(super) fn of_function(function: &mut Function, each: &mut dyn FnMut(&mut TypeId)) {
    if let Some(resource) = function.kind.resource_mut() {
        each(resource);
    }
    let params = function.params.iter_mut().map(|param| &mut param.ty);
    for ty in params.chain(&mut function.result) {
        if let Type::Id(id) = ty {
            each(id);
        }
    }
}

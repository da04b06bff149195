//! How large types may be. A few lines of WIT stand for millions of types where
//! each names the one before it several times; what is made of them, from
//! bindings to a component's types, is as large as they are when written out.
//!
//! Each type is measured once, from what it refers to, so that this takes no
//! longer for types that nobody could write out.

use std::collections::HashMap;

use wit_parser::{
    Function, Handle, InterfaceId, Resolve, Span, Type, TypeDefKind, TypeId, TypeOwner, WorldId,
    WorldItem,
};

use crate::base::error::Error;

/// The size a type, an interface or a world may have in WebAssembly: that of
/// wasmparser, which counts each type with everything in it.
const SIZE: u64 = 1_000_000;
/// How deep types may be nested: wasmparser's limit, less what stands round a
/// type in a package.
const DEPTH: u32 = 100 - 5;
/// How many fields, cases or elements a type may have, and parameters a
/// function, as in wasmparser.
const MEMBERS: usize = 10_000;
const FLAGS: usize = 1_000;
const PARAMETERS: usize = 1_000;
/// The size of all functions of a world that code is generated for. The
/// generator writes some lines for each type in each of them and needs about 5 KiB
/// of memory for it.
const GENERATED: u64 = 100_000;

/// A part of WIT that is larger than its limit.
#[derive(Clone, Debug)]
pub(super) struct Excess {
    message: String,
    cause: String,
    /// The place of its declaration.
    pub span: Span,
}

impl Excess {
    /// The error, without its place.
    pub fn error(&self) -> Error {
        Error::input(&*self.message)
            .with_cause(&*self.cause)
            .hint("use fewer types, or pass large values as a resource, which counts as one type")
    }

    /// The error, with the line in the text where that is known.
    pub fn error_in(&self, resolve: &Resolve) -> Error {
        let map = &resolve.source_map;
        match map.resolve_span(self.span) {
            Some(_) => {
                let place = map.render_location(self.span);
                self.error()
                    .with_cause(format!("it is declared in `{place}`"))
            }
            None => self.error(),
        }
    }
}

/// The size of a type and how deep it is nested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measure {
    size: u64,
    depth: u32,
}

impl Measure {
    /// The measure of a type that refers to no other.
    const ONE: Measure = Measure { size: 1, depth: 1 };

    /// The measure with another type in it.
    fn with(self, other: Measure) -> Self {
        Measure {
            size: self.size.saturating_add(other.size),
            depth: self.depth.max(other.depth.saturating_add(1)),
        }
    }
}

/// The measures of all types of a resolve.
struct Measures<'a> {
    resolve: &'a Resolve,
    types: HashMap<TypeId, Measure>,
}

impl<'a> Measures<'a> {
    fn of(resolve: &'a Resolve) -> Self {
        let mut measures = Measures {
            resolve,
            types: HashMap::new(),
        };
        for (id, _) in resolve.types.iter() {
            measures.add(id);
        }
        measures
    }

    /// Measures a type behind those it refers to. A chain of types may be longer
    /// than the stack, so this does without recursion.
    fn add(&mut self, id: TypeId) {
        let mut pending = vec![id];
        while let Some(id) = pending.last().copied() {
            let kind = &self.resolve.types[id].kind;
            let parts = parts(kind);
            let missing = parts.iter().filter_map(|ty| match ty {
                Type::Id(part) if !self.types.contains_key(part) => Some(*part),
                _ => None,
            });
            let missing: Vec<TypeId> = missing.collect();
            if missing.is_empty() {
                let measure = match (kind, parts.as_slice()) {
                    // Another name for the same type.
                    (TypeDefKind::Type(_), [ty]) => self.ty(ty),
                    (_, parts) => self.all(parts.iter()),
                };
                self.types.insert(id, measure);
                pending.pop();
            } else {
                pending.extend(missing);
            }
        }
    }

    fn ty(&self, ty: &Type) -> Measure {
        match ty {
            Type::Id(id) => self.types.get(id).copied().unwrap_or(Measure::ONE),
            _ => Measure::ONE,
        }
    }

    fn all<'t>(&self, parts: impl Iterator<Item = &'t Type>) -> Measure {
        parts.fold(Measure::ONE, |all, ty| all.with(self.ty(ty)))
    }

    fn function(&self, function: &Function) -> Measure {
        let params = function.params.iter().map(|param| &param.ty);
        self.all(params.chain(&function.result))
    }

    fn interface(&self, id: InterfaceId) -> Measure {
        let interface = &self.resolve.interfaces[id];
        let types = interface.types.values().map(|id| self.ty(&Type::Id(*id)));
        let functions = interface.functions.values().map(|f| self.function(f));
        types.chain(functions).fold(Measure::ONE, Measure::with)
    }

    fn world(&self, id: WorldId) -> Measure {
        let world = &self.resolve.worlds[id];
        let items = world.imports.values().chain(world.exports.values());
        let items = items.map(|item| match item {
            WorldItem::Interface { id, .. } => self.interface(*id),
            WorldItem::Function(function) => self.function(function),
            WorldItem::Type { id, .. } => self.ty(&Type::Id(*id)),
        });
        items.fold(Measure::ONE, Measure::with)
    }

    /// The limit that a type exceeds by itself, if any.
    fn excess(&self, id: TypeId) -> Option<Excess> {
        let ty = &self.resolve.types[id];
        let measure = self.ty(&Type::Id(id));
        let members = members(&ty.kind);
        let limit = match ty.kind {
            TypeDefKind::Flags(_) => FLAGS,
            _ => MEMBERS,
        };
        let cause = if measure.size > SIZE {
            format!(
                "with all types it refers to, it has {} types, but WebAssembly's limit is {SIZE}",
                count(measure.size)
            )
        } else if measure.depth > DEPTH {
            format!(
                "its types are nested more than {DEPTH} levels deep, but WebAssembly's limit is 100 including the surrounding types"
            )
        } else if members > limit {
            format!("it has {members} members, but WebAssembly's limit is {limit}")
        } else {
            return None;
        };
        Some(Excess {
            message: format!("{} is too large", self.name(id)),
            cause,
            span: ty.span,
        })
    }

    /// A type with its interface or world, for messages.
    fn name(&self, id: TypeId) -> String {
        let ty = &self.resolve.types[id];
        let name = match &ty.name {
            Some(name) => format!("the type `{name}`"),
            None => format!("an unnamed {}", ty.kind.as_str()),
        };
        match self.owner(ty.owner) {
            Some(owner) => format!("{name} of `{owner}`"),
            None => name,
        }
    }

    fn owner(&self, owner: TypeOwner) -> Option<String> {
        match owner {
            TypeOwner::Interface(id) => self.interface_name(id),
            TypeOwner::World(id) => Some(self.world_name(id)),
            TypeOwner::None => None,
        }
    }

    fn interface_name(&self, id: InterfaceId) -> Option<String> {
        let name = self.resolve.id_of(id);
        name.or_else(|| self.resolve.interfaces[id].name.clone())
    }

    fn world_name(&self, id: WorldId) -> String {
        let world = &self.resolve.worlds[id];
        match world.package {
            Some(package) => self.resolve.id_of_name(package, &world.name),
            None => world.name.clone(),
        }
    }

    /// The largest of some types, for messages.
    fn largest<'t>(&self, types: impl Iterator<Item = &'t Type>) -> Option<TypeId> {
        let types = types.filter_map(|ty| match ty {
            Type::Id(id) => Some(*id),
            _ => None,
        });
        types.max_by_key(|id| self.ty(&Type::Id(*id)).size)
    }

    /// The excess of something as a whole, whose message names the largest of
    /// `types`.
    fn sum(&self, what: String, cause: String, types: &[Type]) -> Excess {
        let largest = self.largest(types.iter());
        let (cause, span) = match largest {
            Some(id) => (
                format!(
                    "{cause}; the largest type in it is {}, which has {}",
                    self.name(id),
                    count(self.ty(&Type::Id(id)).size)
                ),
                self.resolve.types[id].span,
            ),
            None => (cause, Span::default()),
        };
        Excess {
            message: format!("{what} is too large"),
            cause,
            span,
        }
    }
}

/// A number of types, for messages.
fn count(size: u64) -> String {
    match size {
        0..=1_000_000_000 => size.to_string(),
        _ => "billions of".to_owned(),
    }
}

/// The types that a type refers to.
fn parts(kind: &TypeDefKind) -> Vec<Type> {
    match kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|field| field.ty).collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().filter_map(|case| case.ty).collect(),
        TypeDefKind::Tuple(tuple) => tuple.types.clone(),
        TypeDefKind::Result(result) => result.ok.into_iter().chain(result.err).collect(),
        TypeDefKind::Map(key, value) => vec![*key, *value],
        TypeDefKind::Option(ty)
        | TypeDefKind::List(ty)
        | TypeDefKind::FixedLengthList(ty, _)
        | TypeDefKind::Type(ty) => vec![*ty],
        TypeDefKind::Future(ty) | TypeDefKind::Stream(ty) => ty.iter().copied().collect(),
        TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_))
        | TypeDefKind::Resource
        | TypeDefKind::Flags(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Unknown => Vec::new(),
    }
}

fn members(kind: &TypeDefKind) -> usize {
    match kind {
        TypeDefKind::Flags(flags) => flags.flags.len(),
        TypeDefKind::Enum(cases) => cases.cases.len(),
        TypeDefKind::Variant(variant) => variant.cases.len(),
        kind => parts(kind).len(),
    }
}

/// The types of some functions.
fn types_of<'f>(functions: impl Iterator<Item = &'f Function>) -> Vec<Type> {
    let of = |f: &'f Function| f.params.iter().map(|param| param.ty).chain(f.result);
    functions.flat_map(of).collect()
}

/// Finds a part of a resolve that is too large for any tool of WebAssembly.
pub(super) fn check(resolve: &Resolve) -> Result<(), Excess> {
    let measures = Measures::of(resolve);
    if let Some(excess) = resolve.types.iter().find_map(|(id, _)| measures.excess(id)) {
        return Err(excess);
    }
    let too_large = |measure: Measure| {
        (measure.size > SIZE).then(|| {
            format!(
                "with all types it refers to, it has {} types, but WebAssembly's limit is {SIZE}",
                count(measure.size)
            )
        })
    };
    for (id, interface) in resolve.interfaces.iter() {
        let many = interface.functions.values();
        if let Some(function) = many.into_iter().find(|f| f.params.len() > PARAMETERS) {
            return Err(Excess {
                message: format!("the function `{}` is too large", function.name),
                cause: format!(
                    "it has {} parameters, but WebAssembly's limit is {PARAMETERS}",
                    function.params.len()
                ),
                span: function.span,
            });
        }
        if let Some(cause) = too_large(measures.interface(id)) {
            let name = measures.interface_name(id).unwrap_or_default();
            let mut types: Vec<Type> = interface.types.values().copied().map(Type::Id).collect();
            types.extend(types_of(interface.functions.values()));
            return Err(measures.sum(format!("the interface `{name}`"), cause, &types));
        }
    }
    for (id, world) in resolve.worlds.iter() {
        if let Some(cause) = too_large(measures.world(id)) {
            let what = format!("the world `{}`", measures.world_name(id));
            let items = world.imports.values().chain(world.exports.values());
            let types: Vec<Type> = items.flat_map(|item| types_in(resolve, item)).collect();
            return Err(measures.sum(what, cause, &types));
        }
    }
    Ok(())
}

/// Finds a part of a world that is too large to generate code for, after
/// [`check`].
pub(super) fn check_generated(resolve: &Resolve, id: WorldId) -> Result<(), Excess> {
    let measures = Measures::of(resolve);
    let world = &resolve.worlds[id];
    let items = || world.imports.values().chain(world.exports.values());
    let functions: Vec<&Function> = items()
        .flat_map(|item| functions_in(resolve, item))
        .collect();
    let sizes = functions.iter().map(|f| measures.function(f).size);
    let size = sizes.fold(0, u64::saturating_add);
    if size <= GENERATED {
        return Ok(());
    }
    let cause = format!(
        "with all types they refer to, its functions have {} types, but code can be generated for {GENERATED} at most",
        count(size)
    );
    let what = format!("the world `{}`", measures.world_name(id));
    Err(measures.sum(what, cause, &types_of(functions.into_iter())))
}

fn functions_in<'r>(resolve: &'r Resolve, item: &'r WorldItem) -> Vec<&'r Function> {
    match item {
        WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.values().collect(),
        WorldItem::Function(function) => vec![function],
        WorldItem::Type { .. } => Vec::new(),
    }
}

fn types_in(resolve: &Resolve, item: &WorldItem) -> Vec<Type> {
    let mut types = types_of(functions_in(resolve, item).into_iter());
    match item {
        WorldItem::Interface { id, .. } => {
            types.extend(
                resolve.interfaces[*id]
                    .types
                    .values()
                    .copied()
                    .map(Type::Id),
            );
        }
        WorldItem::Type { id, .. } => types.push(Type::Id(*id)),
        WorldItem::Function(_) => {}
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records that each name the one before so many times.
    fn nested(times: usize, depth: usize) -> String {
        let mut text = "package a:b; interface i { record t0 { a: u8 }\n".to_owned();
        for at in 1..=depth {
            let fields: Vec<_> = (0..times).map(|n| format!("f{n}: t{}", at - 1)).collect();
            text += &format!("record t{at} {{ {} }}\n", fields.join(", "));
        }
        text + &format!("f: func(a: t{depth}); }} world w {{ export i; }}")
    }

    fn resolve(text: &str) -> Resolve {
        let mut resolve = Resolve::default();
        resolve.push_str("a.wit", text).unwrap();
        resolve
    }

    fn refused(text: &str) -> Option<String> {
        let resolve = resolve(text);
        let excess = check(&resolve).err()?;
        let error = excess.error_in(&resolve);
        assert!(error.advice().is_some());
        Some(error.to_string())
    }

    fn generated(text: &str) -> Result<(), Excess> {
        let resolve = resolve(text);
        check(&resolve).unwrap();
        let (world, _) = resolve.worlds.iter().next().unwrap();
        check_generated(&resolve, world)
    }

    /// Whether wasmparser takes the package.
    fn valid(text: &str) -> bool {
        let resolve = resolve(text);
        let (package, _) = resolve.packages.iter().next().unwrap();
        let bytes = wit_component::encode(&resolve, package, false).unwrap();
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
            .validate_all(&bytes)
            .is_ok()
    }

    #[test]
    fn what_unfolds_is_refused_by_the_name_of_the_type() {
        let message = refused(&nested(4, 10)).unwrap();
        assert!(
            message.contains("the type `t10` of `a:b/i` is too large"),
            "{message}"
        );
        assert!(message.contains("`a.wit:11:8`"), "{message}");
        let message = refused(&nested(4, 30)).unwrap();
        assert!(message.contains("`t10`"), "{message}");
        assert!(refused(&nested(2, 90)).is_some());
        // Each type would do, and all of them together are too much.
        let message = refused(&nested(4, 9)).unwrap();
        assert!(
            message.contains("the interface `a:b/i` is too large"),
            "{message}"
        );
        assert!(message.contains("the type `t9` of `a:b/i`"), "{message}");
    }

    #[test]
    fn the_limits_are_those_of_wasmparser() {
        for (times, depth) in [
            (4, 8),
            (4, 9),
            (4, 10),
            (1, 92),
            (1, 93),
            (1, 94),
            (1, 95),
            (1, 99),
            (2, 17),
            (2, 18),
        ] {
            let text = nested(times, depth);
            assert_eq!(refused(&text).is_none(), valid(&text), "{times} {depth}");
        }
        let fields = |count| {
            let fields: Vec<_> = (0..count).map(|n| format!("m{n}: u8")).collect();
            format!(
                "package a:b; interface i {{ record r {{ {} }} }}",
                fields.join(", ")
            )
        };
        for count in [10_000, 10_001] {
            assert_eq!(refused(&fields(count)).is_none(), valid(&fields(count)));
        }
        let params = |count| {
            let params: Vec<_> = (0..count).map(|n| format!("p{n}: u8")).collect();
            format!(
                "package a:b; interface i {{ f: func({}); }}",
                params.join(", ")
            )
        };
        for count in [1_000, 1_001] {
            assert_eq!(refused(&params(count)).is_none(), valid(&params(count)));
        }
    }

    #[test]
    fn code_is_generated_for_less() {
        assert!(generated(&nested(4, 6)).is_ok());
        let excess = generated(&nested(4, 8)).unwrap_err();
        let message = excess.error().to_string();
        assert!(
            message.contains("the world `a:b/w` is too large"),
            "{message}"
        );
        assert!(message.contains("the type `t8` of `a:b/i`"), "{message}");
        // Many functions are as much as one.
        let many: String = (0..200).map(|n| format!("g{n}: func(a: t4);")).collect();
        let text = nested(4, 4).replace("f: func", &format!("{many} f: func"));
        assert!(generated(&text).is_err());
    }

    #[test]
    fn a_chain_longer_than_the_stack_is_measured() {
        let message = refused(&nested(1, 50_000)).unwrap();
        assert!(message.contains("`t94`"), "{message}");
    }

    #[test]
    fn resources_count_as_one() {
        let text = nested(4, 6).replace("record t0", "resource r; record t0");
        let text = text.replace("f: func(", "f: func(r: borrow<r>, ");
        assert!(refused(&text).is_none());
    }
}

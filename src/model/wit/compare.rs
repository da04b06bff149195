//! Comparing two versions of a piece of WIT: whether the right one has everything
//! that the left one has, of the same structure.
//!
//! Names of types do not matter where only their structure does; versions of
//! packages matter only as far as they are compatible.

use std::collections::HashSet;
use std::fmt;

use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner,
    WorldId, WorldItem, WorldKey,
};

/// The first place where the two sides differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place, from the outside in: the function `f`, its parameter `x`.
    pub place: Vec<String>,
    /// What the left side has.
    pub left: String,
    /// What the right side has; `None` where it lacks it.
    pub right: Option<String>,
}

impl Difference {
    /// A difference without a place, where both sides have something.
    pub(crate) fn new(left: impl Into<String>, right: impl Into<String>) -> Box<Self> {
        Box::new(Difference {
            place: Vec::new(),
            left: left.into(),
            right: Some(right.into()),
        })
    }

    /// A difference without a place, where the right side lacks something.
    pub(crate) fn lacking(left: impl Into<String>) -> Box<Self> {
        Box::new(Difference {
            place: Vec::new(),
            left: left.into(),
            right: None,
        })
    }
}

impl fmt::Display for Difference {
    /// A sentence without its subject's sides: "in function `f`, parameter
    /// `x`: `u32` against `string`".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "in {}: ", self.place.join(", "))?;
        }
        match &self.right {
            Some(right) => write!(f, "{} against {right}", self.left),
            None => write!(f, "there is no {}", self.left),
        }
    }
}

/// Whether the right side has all of the left one.
pub type Compared = Result<(), Box<Difference>>;

/// Adds an outer place to a difference.
pub(crate) fn within(compared: Compared, place: impl FnOnce() -> String) -> Compared {
    compared.map_err(|mut difference| {
        difference.place.insert(0, place());
        difference
    })
}

/// A left and a right side. What was found equal is remembered, so that a
/// comparison is linear in the number of types.
pub struct Comparison<'a> {
    left: &'a Resolve,
    right: &'a Resolve,
    equal: HashSet<(TypeId, TypeId)>,
}

impl<'a> Comparison<'a> {
    /// Compares things of `left` with things of `right`.
    pub fn new(left: &'a Resolve, right: &'a Resolve) -> Self {
        Comparison {
            left,
            right,
            equal: HashSet::new(),
        }
    }

    /// Everything the left world exports, the right one exports too.
    pub fn exports(&mut self, left: WorldId, right: WorldId) -> Compared {
        let (l, r) = (&self.left.worlds[left], &self.right.worlds[right]);
        for (key, item) in &l.exports {
            let name = self.left.name_canonicalized_world_key(key);
            let same = |key: &&WorldKey| self.right.name_canonicalized_world_key(key) == name;
            let other = r.exports.keys().find(same).map(|key| &r.exports[key]);
            self.item(&self.left.name_world_key(key), item, other)?;
        }
        Ok(())
    }

    /// Everything the left world imports, the right one imports too.
    pub fn imports(&mut self, left: WorldId, right: WorldId) -> Compared {
        let (l, r) = (&self.left.worlds[left], &self.right.worlds[right]);
        for (key, item) in &l.imports {
            let name = self.left.name_canonicalized_world_key(key);
            let same = |key: &&WorldKey| self.right.name_canonicalized_world_key(key) == name;
            let other = r.imports.keys().find(same).map(|key| &r.imports[key]);
            self.item(&self.left.name_world_key(key), item, other)?;
        }
        Ok(())
    }

    /// All of the left item of a world, which is called `name`, is in the right
    /// one.
    pub fn item(&mut self, name: &str, left: &WorldItem, right: Option<&WorldItem>) -> Compared {
        match (left, right) {
            (WorldItem::Interface { id: l, .. }, Some(WorldItem::Interface { id: r, .. })) => {
                within(self.interfaces(*l, *r), || format!("interface `{name}`"))
            }
            (WorldItem::Function(l), Some(WorldItem::Function(r))) => self.functions(l, r),
            (WorldItem::Type { id: l, .. }, Some(WorldItem::Type { id: r, .. })) => {
                self.named(name, *l, *r)
            }
            (left, Some(right)) => {
                let display = |item| format!("the {} `{name}`", kind(item));
                Err(Difference::new(display(left), display(right)))
            }
            (left, None) => Err(Difference::lacking(format!("{} `{name}`", kind(left)))),
        }
    }

    /// Every type and function of the left interface, the right one has too.
    pub fn interfaces(&mut self, left: InterfaceId, right: InterfaceId) -> Compared {
        let (l, r) = (&self.left.interfaces[left], &self.right.interfaces[right]);
        for (name, id) in &l.types {
            match r.types.get(name) {
                Some(other) => self.named(name, *id, *other)?,
                None => return Err(Difference::lacking(format!("type `{name}`"))),
            }
        }
        for (name, function) in &l.functions {
            match r.functions.get(name) {
                Some(other) => self.functions(function, other)?,
                None => return Err(Difference::lacking(format!("function `{name}`"))),
            }
        }
        Ok(())
    }

    /// What both interfaces have is the same; what only one has does not matter,
    /// nor do the names of parameters, which no bytes depend on.
    pub fn common(&mut self, left: InterfaceId, right: InterfaceId) -> Compared {
        let (l, r) = (&self.left.interfaces[left], &self.right.interfaces[right]);
        for (name, id) in &l.types {
            if let Some(other) = r.types.get(name) {
                self.named(name, *id, *other)?;
            }
        }
        for (name, function) in &l.functions {
            if let Some(other) = r.functions.get(name) {
                self.signatures(function, other)?;
            }
        }
        Ok(())
    }

    /// Both types have the same structure; a difference is placed in the type
    /// `name`.
    pub fn named(&mut self, name: &str, left: TypeId, right: TypeId) -> Compared {
        within(self.types(&Type::Id(left), &Type::Id(right)), || {
            format!("type `{name}`")
        })
    }

    /// Both functions have the same parameters, by name, and results.
    pub fn functions(&mut self, left: &Function, right: &Function) -> Compared {
        for (index, (l, r)) in left.params.iter().zip(&right.params).enumerate() {
            if l.name != r.name && left.params.len() == right.params.len() {
                let display = |name: &str| format!("parameter `{name}`");
                let difference = Difference::new(display(&l.name), display(&r.name));
                let position = within(Err(difference), || format!("position {}", index + 1));
                return within(position, || format!("function `{}`", left.name));
            }
        }
        self.signatures(left, right)
    }

    /// Both functions have parameters and results of the same types.
    pub fn signatures(&mut self, left: &Function, right: &Function) -> Compared {
        let place = || format!("function `{}`", left.name);
        if asynchronous(&left.kind) != asynchronous(&right.kind) {
            let display = |function: &Function| match asynchronous(&function.kind) {
                true => "an async function",
                false => "a function that is not async",
            };
            let difference = Difference::new(display(left), display(right));
            return within(Err(difference), place);
        }
        if left.params.len() != right.params.len() {
            let display = |function: &Function| match function.params.len() {
                1 => "1 parameter".to_owned(),
                many => format!("{many} parameters"),
            };
            let difference = Difference::new(display(left), display(right));
            return within(Err(difference), place);
        }
        for (l, r) in left.params.iter().zip(&right.params) {
            let parameter = || format!("parameter `{}`", l.name);
            within(within(self.types(&l.ty, &r.ty), parameter), place)?;
        }
        let result = self.optional(left.result.as_ref(), right.result.as_ref());
        within(within(result, || "the result".to_owned()), place)
    }

    fn optional(&mut self, left: Option<&Type>, right: Option<&Type>) -> Compared {
        match (left, right) {
            (Some(l), Some(r)) => self.types(l, r),
            (None, None) => Ok(()),
            (l, r) => {
                let display = |resolve, ty: Option<&Type>| match ty {
                    Some(ty) => display_type(resolve, ty),
                    None => "nothing".to_owned(),
                };
                Err(Difference::new(
                    display(self.left, l),
                    display(self.right, r),
                ))
            }
        }
    }

    /// Both types have the same structure; resources are the same by their
    /// interface and name.
    pub fn types(&mut self, left: &Type, right: &Type) -> Compared {
        let (left, right) = (target(self.left, left), target(self.right, right));
        let (Type::Id(l), Type::Id(r)) = (left, right) else {
            return match left == right {
                true => Ok(()),
                false => Err(self.unlike(&left, &right)),
            };
        };
        if self.equal.contains(&(l, r)) {
            return Ok(());
        }
        self.definitions(l, r)?;
        self.equal.insert((l, r));
        Ok(())
    }

    fn unlike(&self, left: &Type, right: &Type) -> Box<Difference> {
        Difference::new(
            display_type(self.left, left),
            display_type(self.right, right),
        )
    }

    fn definitions(&mut self, l: TypeId, r: TypeId) -> Compared {
        use TypeDefKind as K;
        let (left, right) = (self.left, self.right);
        match (&left.types[l].kind, &right.types[r].kind) {
            (K::Record(a), K::Record(b)) => {
                let names = |fields: &[wit_parser::Field]| -> Vec<String> {
                    fields.iter().map(|field| field.name.clone()).collect()
                };
                same_names("fields", &names(&a.fields), &names(&b.fields))?;
                for (a, b) in a.fields.iter().zip(&b.fields) {
                    within(self.types(&a.ty, &b.ty), || format!("field `{}`", a.name))?;
                }
                Ok(())
            }
            (K::Variant(a), K::Variant(b)) => {
                let names = |cases: &[wit_parser::Case]| -> Vec<String> {
                    cases.iter().map(|case| case.name.clone()).collect()
                };
                same_names("cases", &names(&a.cases), &names(&b.cases))?;
                for (a, b) in a.cases.iter().zip(&b.cases) {
                    let compared = self.optional(a.ty.as_ref(), b.ty.as_ref());
                    within(compared, || format!("case `{}`", a.name))?;
                }
                Ok(())
            }
            (K::Enum(a), K::Enum(b)) => {
                let names = |e: &wit_parser::Enum| -> Vec<String> {
                    e.cases.iter().map(|case| case.name.clone()).collect()
                };
                same_names("cases", &names(a), &names(b))
            }
            (K::Flags(a), K::Flags(b)) => {
                let names = |flags: &wit_parser::Flags| -> Vec<String> {
                    flags.flags.iter().map(|flag| flag.name.clone()).collect()
                };
                same_names("flags", &names(a), &names(b))
            }
            (K::Resource, K::Resource) => {
                let (a, b) = (resource(left, l), resource(right, r));
                match a == b {
                    true => Ok(()),
                    false => Err(Difference::new(
                        format!("the resource `{a}`"),
                        format!("the resource `{b}`"),
                    )),
                }
            }
            (K::Handle(Handle::Own(a)), K::Handle(Handle::Own(b)))
            | (K::Handle(Handle::Borrow(a)), K::Handle(Handle::Borrow(b))) => {
                self.types(&Type::Id(*a), &Type::Id(*b))
            }
            (K::Tuple(a), K::Tuple(b)) if a.types.len() == b.types.len() => {
                let mut pairs = a.types.iter().zip(&b.types);
                pairs.try_for_each(|(a, b)| self.types(a, b))
            }
            (K::Option(a), K::Option(b)) | (K::List(a), K::List(b)) => self.types(a, b),
            (K::FixedLengthList(a, n), K::FixedLengthList(b, m)) if n == m => self.types(a, b),
            (K::Map(a, x), K::Map(b, y)) => {
                self.types(a, b)?;
                self.types(x, y)
            }
            (K::Result(a), K::Result(b)) => {
                self.optional(a.ok.as_ref(), b.ok.as_ref())?;
                self.optional(a.err.as_ref(), b.err.as_ref())
            }
            (K::Future(a), K::Future(b)) | (K::Stream(a), K::Stream(b)) => {
                self.optional(a.as_ref(), b.as_ref())
            }
            _ => Err(self.unlike(&Type::Id(l), &Type::Id(r))),
        }
    }
}

fn kind(item: &WorldItem) -> &'static str {
    match item {
        WorldItem::Interface { .. } => "interface",
        WorldItem::Function(_) => "function",
        WorldItem::Type { .. } => "type",
    }
}

fn asynchronous(kind: &FunctionKind) -> bool {
    matches!(
        kind,
        FunctionKind::AsyncFreestanding
            | FunctionKind::AsyncMethod(_)
            | FunctionKind::AsyncStatic(_)
    )
}

/// The type that an alias, or a chain of them, stands for.
fn target(resolve: &Resolve, ty: &Type) -> Type {
    let mut ty = *ty;
    while let Type::Id(id) = ty
        && let TypeDefKind::Type(next) = &resolve.types[id].kind
    {
        ty = *next;
    }
    ty
}

/// Both sides have these names, in this order.
pub(crate) fn same_names(what: &str, left: &[String], right: &[String]) -> Compared {
    if left == right {
        return Ok(());
    }
    let display = |names: &[String]| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("the {what} {}", names.join(", "))
    };
    Err(Difference::new(display(left), display(right)))
}

/// The name by which a resource is the same in two places: that of its
/// interface, whose version counts as far as it is compatible, and its own.
fn resource(resolve: &Resolve, id: TypeId) -> String {
    let ty = &resolve.types[id];
    let name = ty.name.as_deref().unwrap_or_default();
    match ty.owner {
        TypeOwner::Interface(owner) => match resolve.interfaces[owner].name {
            Some(_) => format!(
                "{}.{name}",
                resolve.canonicalized_id_of(owner).unwrap_or_default()
            ),
            None => name.to_owned(),
        },
        _ => name.to_owned(),
    }
}

/// A type as messages display it, a named one by its name.
fn display_type(resolve: &Resolve, ty: &Type) -> String {
    format!("`{}`", words(resolve, ty, 0))
}

/// How deep a type without a name is written out.
const DEPTH: usize = 4;

fn words(resolve: &Resolve, ty: &Type, depth: usize) -> String {
    use TypeDefKind as K;
    let id = match ty {
        Type::Id(id) => *id,
        Type::ErrorContext => return "error-context".to_owned(),
        other => return format!("{other:?}").to_lowercase(),
    };
    let definition = &resolve.types[id];
    if let Some(name) = &definition.name {
        return format!("{} {name}", definition.kind.as_str());
    }
    if depth == DEPTH {
        return "…".to_owned();
    }
    let of = |ty: &Type| words(resolve, ty, depth + 1);
    let maybe = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), of);
    match &definition.kind {
        K::Tuple(tuple) => {
            let types: Vec<_> = tuple.types.iter().map(of).collect();
            format!("tuple<{}>", types.join(", "))
        }
        K::Option(ty) => format!("option<{}>", of(ty)),
        K::List(ty) => format!("list<{}>", of(ty)),
        K::FixedLengthList(ty, length) => format!("list<{}, {length}>", of(ty)),
        K::Map(key, value) => format!("map<{}, {}>", of(key), of(value)),
        K::Result(result) => format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err)),
        K::Future(ty) => format!("future<{}>", maybe(ty)),
        K::Stream(ty) => format!("stream<{}>", maybe(ty)),
        K::Handle(Handle::Own(id)) => format!("own<{}>", of(&Type::Id(*id))),
        K::Handle(Handle::Borrow(id)) => format!("borrow<{}>", of(&Type::Id(*id))),
        other => other.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(left: &str, right: &str) -> String {
        let resolved = |text: &str| {
            let mut resolve = Resolve::default();
            let package = resolve.push_source("x.wit", text).unwrap();
            let interface = resolve.packages[package].interfaces["i"];
            (resolve, interface)
        };
        let wit = |body: &str| format!("package a:b; interface i {{ {body} }}");
        let (l, left) = resolved(&wit(left));
        let (r, right) = resolved(&wit(right));
        match Comparison::new(&l, &r).interfaces(left, right) {
            Ok(()) => "same".to_owned(),
            Err(difference) => difference.to_string(),
        }
    }

    #[test]
    fn more_on_the_right_is_no_difference() {
        for (left, right) in [
            ("f: func();", "f: func(); g: func(); type t = u32;"),
            (
                "type n = u32; f: func(x: n);",
                "type n = u32; f: func(x: u32);",
            ),
            (
                "record p { x: u8 } f: func() -> list<p>;",
                "record p { x: u8 } type q = p; f: func() -> list<q>;",
            ),
            (
                "resource r { m: func(); }",
                "resource r { m: func(); n: static func() -> r; }",
            ),
        ] {
            assert_eq!(compared(left, right), "same", "{left}");
        }
    }

    #[test]
    fn the_first_difference_is_told_by_its_place() {
        for (left, right, expected) in [
            ("f: func();", "", "there is no function `f`"),
            ("type t = u8;", "", "there is no type `t`"),
            (
                "f: func(x: u32);",
                "f: func(x: string);",
                "in function `f`, parameter `x`: `u32` against `string`",
            ),
            (
                "f: func(x: u32);",
                "f: func(y: u32);",
                "in function `f`, position 1: parameter `x` against parameter `y`",
            ),
            (
                "f: func(x: u32);",
                "f: func();",
                "in function `f`: 1 parameter against 0 parameters",
            ),
            (
                "f: func() -> option<u8>;",
                "f: func();",
                "in function `f`, the result: `option<u8>` against nothing",
            ),
            (
                "record p { x: u8, y: tuple<u8, list<s64>> }",
                "record p { x: u8, y: tuple<u8, list<f64>> }",
                "in type `p`, field `y`: `s64` against `f64`",
            ),
            (
                "enum e { a, b }",
                "enum e { a, b, c }",
                "in type `e`: the cases `a`, `b` against the cases `a`, `b`, `c`",
            ),
            (
                "variant v { a(u8) }",
                "variant v { a }",
                "in type `v`, case `a`: `u8` against nothing",
            ),
            (
                "flags g { a }",
                "record g { a: bool }",
                "in type `g`: `flags g` against `record g`",
            ),
            (
                "f: func();",
                "f: async func();",
                "in function `f`: a function that is not async against an async function",
            ),
            (
                "resource r { m: func(); }",
                "resource r;",
                "there is no function `[method]r.m`",
            ),
        ] {
            assert_eq!(compared(left, right), expected);
        }
    }

    #[test]
    fn deep_types_are_compared_in_linear_time() {
        let mut text = String::from("type t0 = tuple<u8, u8>;");
        for n in 1..60 {
            text.push_str(&format!("type t{n} = tuple<t{}, list<t{}>>;", n - 1, n - 1));
        }
        assert_eq!(compared(&text, &text), "same");
    }
}

//! Subtyping of components and worlds by the types of the component model. It works
//! without WIT, so that it covers every valid component.

mod words;

use std::collections::{HashMap, HashSet};

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentInstanceTypeId, ComponentItem, ComponentTypeId, ComponentValType,
    ResourceId,
};
use wit_component::{StringEncoding, metadata};
use wit_parser::{Resolve, WorldId};

use self::words::{Side, any_kind, plain, words};
use crate::base::error::{Error, Result, guarded};
use crate::model::wit::compare::{Compared, Difference, same_names, within};
use crate::model::wit::types::{TypedComponent, typed};

/// The types of a world, in the form of those of a component that implements it.
pub(super) fn of_world(resolve: &Resolve, world: WorldId) -> Result<TypedComponent> {
    let failed = |cause: String| {
        let name = &resolve.worlds[world].name;
        Error::input(format!("failed to read the types of the world `{name}`"))
            .with_cause(cause)
            .hint("check that the world can be built for")
    };
    let encode = || metadata::encode(resolve, world, StringEncoding::UTF8, None, false);
    let bytes = guarded("wit-component", encode).map_err(failed)?;
    let bytes = bytes.map_err(|e| failed(format!("{e:#}")))?;
    let mut outer = typed(&bytes).map_err(failed)?;
    // The type of the world is nested in another component type.
    let outermost = outer.exports.first().and_then(|(_, item)| match item.ty {
        ComponentEntityType::Type {
            created: ComponentAnyTypeId::Component(id),
            ..
        } => outer.types[id].exports.values().next().map(|item| item.ty),
        _ => None,
    });
    let Some(ComponentEntityType::Component(id)) = outermost else {
        return Err(failed("its encoding has an unknown form".to_owned()));
    };
    let item = |(name, item): (&String, &ComponentItem)| (name.clone(), item.clone());
    let world = &outer.types[id];
    let imports = world.imports.iter().map(item).collect();
    let exports = world.exports.iter().map(item).collect();
    (outer.imports, outer.exports) = (imports, exports);
    Ok(outer)
}

/// The resources of the left side and their counterparts on the right side.
#[derive(Default)]
struct Resources {
    /// Resources that have to be one of their counterparts in `pairs`.
    fixed: HashSet<ResourceId>,
    /// The allowed counterparts of fixed resources; one resource may have several.
    pairs: HashSet<(ResourceId, ResourceId)>,
    /// The counterparts of other resources, as they were found.
    bound: HashMap<ResourceId, ResourceId>,
}

impl Resources {
    /// Whether the two are the same resource. The first export that names the left
    /// one determines its counterpart.
    fn same(&mut self, left: ResourceId, right: ResourceId, is_name: bool) -> bool {
        if self.fixed.contains(&left) {
            return self.pairs.contains(&(left, right));
        }
        match self.bound.get(&left) {
            Some(bound) => *bound == right,
            None if is_name => {
                self.bound.insert(left, right);
                true
            }
            None => false,
        }
    }
}

/// A comparison of a left side, which requires items, and a right side, which should
/// have them.
pub(super) struct Subtyping<'a> {
    left: Side<'a>,
    right: Side<'a>,
    resources: Resources,
    equal: HashSet<(ComponentDefinedTypeId, ComponentDefinedTypeId)>,
}

impl<'a> Subtyping<'a> {
    /// A comparison of the items that `left` requires with those of `right`.
    pub fn new(left: &'a TypedComponent, right: &'a TypedComponent) -> Self {
        Subtyping {
            left: Side::new(left),
            right: Side::new(right),
            resources: Resources::default(),
            equal: HashSet::new(),
        }
    }

    /// The comparison in the other direction, for exports after the imports were
    /// compared: the right side requires items of the left side. An imported resource
    /// has to be its counterpart in the imports; `imports` are those of the right
    /// side.
    pub fn reversed(self, imports: &[(String, ComponentItem)]) -> Self {
        let mut resources = Resources::default();
        let found = self.resources.bound.iter();
        resources.pairs = found.map(|(left, right)| (*right, *left)).collect();
        for (_, item) in imports {
            match item.ty {
                ComponentEntityType::Instance(id) => {
                    let items = self.right.types[id].exports.values();
                    resources.fixed.extend(items.filter_map(resource));
                }
                _ => resources.fixed.extend(resource(item)),
            }
        }
        Subtyping {
            left: self.right,
            right: self.left,
            resources,
            equal: HashSet::new(),
        }
    }

    /// Checks that the right item has everything of the left item; `name` is for
    /// messages.
    pub fn item(
        &mut self,
        name: &str,
        left: &ComponentItem,
        right: Option<&ComponentItem>,
    ) -> Compared {
        use ComponentEntityType as E;
        let called = |item: &ComponentItem| format!("{} `{name}`", kind(&item.ty));
        let Some(right) = right else {
            return Err(Difference::lacking(called(left)));
        };
        match (left.ty, right.ty) {
            (E::Instance(l), E::Instance(r)) => {
                within(self.instances(l, r), || format!("interface `{name}`"))
            }
            (E::Func(l), E::Func(r)) => {
                within(self.functions(l, r), || format!("function `{name}`"))
            }
            (E::Type { created: l, .. }, E::Type { created: r, .. }) => {
                within(self.named(l, r), || format!("type `{name}`"))
            }
            (E::Value(l), E::Value(r)) => within(self.values(l, r), || format!("value `{name}`")),
            (E::Component(l), E::Component(r)) => {
                within(self.components(l, r), || format!("component `{name}`"))
            }
            (E::Module(l), E::Module(r)) => {
                let (l, r) = (&self.left.types[l], &self.right.types[r]);
                let imports = |names: Vec<&(String, String)>| -> Vec<String> {
                    names
                        .iter()
                        .map(|(module, name)| format!("{module}#{name}"))
                        .collect()
                };
                let (asks, has) = (
                    imports(r.imports.keys().collect()),
                    imports(l.imports.keys().collect()),
                );
                let compared = contained("import", asks.iter(), &has);
                let exports: Vec<String> = r.exports.keys().cloned().collect();
                let compared =
                    compared.and_then(|()| contained("export", l.exports.keys(), &exports));
                within(compared, || format!("core module `{name}`"))
            }
            _ => Err(Difference::new(
                format!("the {}", called(left)),
                format!("the {}", called(right)),
            )),
        }
    }

    fn instances(&mut self, l: ComponentInstanceTypeId, r: ComponentInstanceTypeId) -> Compared {
        let (left, right) = (self.left.types, self.right.types);
        let (left, right) = (&left[l].exports, &right[r].exports);
        for (name, item) in left {
            self.item(name, item, right.get(name))?;
        }
        Ok(())
    }

    /// Compares the names of imports and exports only, not their types.
    fn components(&self, left: ComponentTypeId, right: ComponentTypeId) -> Compared {
        let (left, right) = (&self.left.types[left], &self.right.types[right]);
        let has: Vec<String> = left.imports.keys().cloned().collect();
        contained("import", right.imports.keys(), &has)?;
        let has: Vec<String> = right.exports.keys().cloned().collect();
        contained("export", left.exports.keys(), &has)
    }

    fn functions(&mut self, left: ComponentFuncTypeId, right: ComponentFuncTypeId) -> Compared {
        let (lefts, rights) = (self.left.types, self.right.types);
        let (l, r) = (&lefts[left], &rights[right]);
        if l.params.len() == r.params.len() {
            for (index, ((l, _), (r, _))) in l.params.iter().zip(&r.params).enumerate() {
                if l != r {
                    let shown = |name: &str| format!("parameter `{name}`");
                    let difference = Difference::new(shown(l), shown(r));
                    return within(Err(difference), || format!("position {}", index + 1));
                }
            }
        }
        if l.async_ != r.async_ {
            let shown = |is_async| match is_async {
                true => "an async function",
                false => "a function that is not async",
            };
            return Err(Difference::new(shown(l.async_), shown(r.async_)));
        }
        if l.params.len() != r.params.len() {
            let shown = |count| match count {
                1 => "1 parameter".to_owned(),
                many => format!("{many} parameters"),
            };
            return Err(Difference::new(
                shown(l.params.len()),
                shown(r.params.len()),
            ));
        }
        for ((name, l), (_, r)) in l.params.iter().zip(&r.params) {
            within(self.values(*l, *r), || format!("parameter `{name}`"))?;
        }
        within(self.optional(l.result, r.result), || {
            "the result".to_owned()
        })
    }

    /// Compares types that have a name.
    fn named(&mut self, left: ComponentAnyTypeId, right: ComponentAnyTypeId) -> Compared {
        use ComponentAnyTypeId as T;
        match (left, right) {
            (T::Defined(l), T::Defined(r)) => {
                self.values(ComponentValType::Type(l), ComponentValType::Type(r))
            }
            (T::Resource(l), T::Resource(r)) => {
                match self.resources.same(l.resource(), r.resource(), true) {
                    true => Ok(()),
                    false => Err(self.other_resource()),
                }
            }
            (T::Func(l), T::Func(r)) => self.functions(l, r),
            (T::Instance(l), T::Instance(r)) => self.instances(l, r),
            (T::Component(l), T::Component(r)) => self.components(l, r),
            _ => Err(Difference::new(
                format!("`{}`", any_kind(&self.left, left)),
                format!("`{}`", any_kind(&self.right, right)),
            )),
        }
    }

    fn other_resource(&self) -> Box<Difference> {
        Difference::new("the resource of one interface", "that of another")
    }

    fn optional(
        &mut self,
        left: Option<ComponentValType>,
        right: Option<ComponentValType>,
    ) -> Compared {
        match (left, right) {
            (Some(l), Some(r)) => self.values(l, r),
            (None, None) => Ok(()),
            (l, r) => {
                let shown = |side, ty: Option<ComponentValType>| match ty {
                    Some(ty) => format!("`{}`", words(side, ty, 0)),
                    None => "nothing".to_owned(),
                };
                Err(Difference::new(shown(&self.left, l), shown(&self.right, r)))
            }
        }
    }

    fn values(&mut self, left: ComponentValType, right: ComponentValType) -> Compared {
        let (l, r) = (plain(&self.left, left), plain(&self.right, right));
        match (l, r) {
            (ComponentValType::Primitive(l), ComponentValType::Primitive(r)) if l == r => Ok(()),
            (ComponentValType::Type(l), ComponentValType::Type(r)) => {
                if !self.equal.contains(&(l, r)) {
                    self.definitions(l, r)?;
                    self.equal.insert((l, r));
                }
                Ok(())
            }
            _ => Err(self.unlike(left, right)),
        }
    }

    fn unlike(&self, left: ComponentValType, right: ComponentValType) -> Box<Difference> {
        let shown = |side, ty| format!("`{}`", words(side, ty, 0));
        Difference::new(shown(&self.left, left), shown(&self.right, right))
    }

    fn definitions(&mut self, l: ComponentDefinedTypeId, r: ComponentDefinedTypeId) -> Compared {
        use ComponentDefinedType as D;
        let (left, right) = (self.left.types, self.right.types);
        match (&left[l], &right[r]) {
            (D::Record(a), D::Record(b)) => {
                same_names("fields", &texts(a.fields.keys()), &texts(b.fields.keys()))?;
                for ((name, a), b) in a.fields.iter().zip(b.fields.values()) {
                    within(self.values(*a, *b), || format!("field `{name}`"))?;
                }
                Ok(())
            }
            (D::Variant(a), D::Variant(b)) => {
                same_names("cases", &texts(a.cases.keys()), &texts(b.cases.keys()))?;
                for ((name, a), b) in a.cases.iter().zip(b.cases.values()) {
                    within(self.optional(a.ty, b.ty), || format!("case `{name}`"))?;
                }
                Ok(())
            }
            (D::Enum(a), D::Enum(b)) => same_names("cases", &texts(a.iter()), &texts(b.iter())),
            (D::Flags(a), D::Flags(b)) => same_names("flags", &texts(a.iter()), &texts(b.iter())),
            (D::Tuple(a), D::Tuple(b)) if a.types.len() == b.types.len() => {
                let mut pairs = a.types.iter().zip(&b.types);
                pairs.try_for_each(|(a, b)| self.values(*a, *b))
            }
            (D::Option { ty: a, .. }, D::Option { ty: b, .. })
            | (D::List { element: a, .. }, D::List { element: b, .. }) => self.values(*a, *b),
            (
                D::FixedLengthList {
                    element: a,
                    length: n,
                    ..
                },
                D::FixedLengthList {
                    element: b,
                    length: m,
                    ..
                },
            ) if n == m => self.values(*a, *b),
            (
                D::Map {
                    key: a, value: x, ..
                },
                D::Map {
                    key: b, value: y, ..
                },
            ) => {
                self.values(*a, *b)?;
                self.values(*x, *y)
            }
            (D::Result { ok: a, err: x, .. }, D::Result { ok: b, err: y, .. }) => {
                self.optional(*a, *b)?;
                self.optional(*x, *y)
            }
            (D::Future { ty: a, .. }, D::Future { ty: b, .. })
            | (D::Stream { ty: a, .. }, D::Stream { ty: b, .. }) => self.optional(*a, *b),
            (D::Own(a), D::Own(b)) | (D::Borrow(a), D::Borrow(b)) => {
                match self.resources.same(a.resource(), b.resource(), false) {
                    true => Ok(()),
                    false => Err(self.other_resource()),
                }
            }
            _ => Err(self.unlike(ComponentValType::Type(l), ComponentValType::Type(r))),
        }
    }
}

/// The resource that an item names, if it names one.
fn resource(item: &ComponentItem) -> Option<ResourceId> {
    match item.ty {
        ComponentEntityType::Type {
            created: ComponentAnyTypeId::Resource(id),
            ..
        } => Some(id.resource()),
        _ => None,
    }
}

/// The kind of an item, for messages.
pub(super) fn kind(item: &ComponentEntityType) -> &'static str {
    match item {
        ComponentEntityType::Instance(_) => "interface",
        ComponentEntityType::Func(_) => "function",
        ComponentEntityType::Type { .. } => "type",
        ComponentEntityType::Module(_) => "core module",
        ComponentEntityType::Component(_) => "component",
        ComponentEntityType::Value(_) => "value",
    }
}

/// Checks that all of `names` are in `among`; `what` is their kind for messages.
fn contained<'n>(
    what: &str,
    names: impl Iterator<Item = &'n String>,
    among: &[String],
) -> Compared {
    let mut names = names;
    match names.find(|name| !among.contains(name)) {
        Some(name) => Err(Difference::lacking(format!("{what} `{name}`"))),
        None => Ok(()),
    }
}

fn texts<T: ToString>(names: impl Iterator<Item = T>) -> Vec<String> {
    names.map(|name| name.to_string()).collect()
}

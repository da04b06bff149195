//! Which generated types can have which of the derive attributes that settings
//! ask for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wit_parser::{InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem};

use super::words::snake;
use crate::model::manifest::BindingsSettings;

/// The derives that the generator gives to every enum.
const OF_ENUMS: &[&str] = &["Clone", "Copy", "Eq", "Ord", "PartialEq", "PartialOrd"];

/// The content of a type, at any depth, that keeps it from having a derive.
#[derive(Clone, Copy, Debug, Default)]
struct DeriveObstacles {
    /// Whether it has a resource, future or stream.
    handle: bool,
    float: bool,
    list: bool,
    /// Whether it has something without a default value.
    no_default: bool,
}

impl DeriveObstacles {
    fn and(self, other: DeriveObstacles) -> DeriveObstacles {
        DeriveObstacles {
            handle: self.handle || other.handle,
            float: self.float || other.float,
            list: self.list || other.list,
            no_default: self.no_default || other.no_default,
        }
    }

    /// Whether a type with this content can have a derive.
    fn allows(self, derive: &str) -> bool {
        !self.handle
            && match last(derive) {
                "Default" => !self.no_default,
                "Eq" | "Ord" | "Hash" => !self.float,
                "Copy" => !self.list,
                _ => true,
            }
    }
}

/// The name of a derive without its path.
fn last(derive: &str) -> &str {
    derive.rsplit("::").next().unwrap_or(derive).trim()
}

/// The settings with each derive only where it is possible: those that every
/// type can have stay as they are, the others become attributes of single types.
pub(super) fn fit_derives(
    settings: &BindingsSettings,
    resolve: &Resolve,
    world: WorldId,
) -> BindingsSettings {
    let mut fitted = settings.clone();
    if settings.derives.is_empty() {
        return fitted;
    }
    let mut analysis = DeriveAnalysis {
        resolve,
        settings,
        known: HashMap::new(),
    };
    // By the full name in settings, which several types may share.
    let mut types: BTreeMap<String, (bool, DeriveObstacles)> = BTreeMap::new();
    let mut ignored = BTreeSet::new();
    for id in generated(resolve, world, settings) {
        let (name, full) = names(resolve, id);
        let holds = analysis.of(id);
        if settings.additional_derives_ignore.contains(&name) {
            continue;
        }
        if !settings.derives.iter().all(|derive| holds.allows(derive)) {
            ignored.insert(name);
        }
        let is_enum = matches!(resolve.types[id].kind, TypeDefKind::Enum(_));
        let entry = types
            .entry(full)
            .or_insert((is_enum, DeriveObstacles::default()));
        *entry = (entry.0 || is_enum, entry.1.and(holds));
    }
    if settings.merge_structurally_equal_types {
        // There is no telling which of the equal types is generated.
        fitted.additional_derives_ignore.extend(ignored);
        return fitted;
    }
    let (common, single): (Vec<String>, Vec<String>) = settings
        .derives
        .iter()
        .cloned()
        .partition(|derive| types.values().all(|(_, holds)| holds.allows(derive)));
    fitted.derives = common;
    for derive in single {
        // These the generator gives to every type that can have them.
        if matches!(last(&derive), "Clone" | "Copy") {
            continue;
        }
        for (full, (is_enum, holds)) in &types {
            let has = *is_enum && OF_ENUMS.contains(&last(&derive));
            if !has && holds.allows(&derive) {
                let attribute = (full.clone(), format!("#[derive({derive})]"));
                fitted.additional_type_attributes.push(attribute);
            }
        }
    }
    fitted
}

/// The records, variants and enums that are generated.
fn generated(resolve: &Resolve, world: WorldId, settings: &BindingsSettings) -> Vec<TypeId> {
    let world = &resolve.worlds[world];
    let elsewhere = |name: &String| {
        let path = settings.with.get(name);
        path.is_some_and(|path| path != "generate")
    };
    let own = |id: InterfaceId| resolve.interfaces[id].types.values().copied();
    let mut types = Vec::new();
    for (key, item) in &world.imports {
        match item {
            WorldItem::Interface { id, .. } if !elsewhere(&resolve.name_world_key(key)) => {
                types.extend(own(*id).filter(|id| !elsewhere(&names(resolve, *id).1)));
            }
            WorldItem::Type { id, .. } if !elsewhere(&names(resolve, *id).1) => types.push(*id),
            _ => {}
        }
    }
    for item in world.exports.values() {
        if let WorldItem::Interface { id, .. } = item {
            types.extend(own(*id));
        }
    }
    types.retain(|id| {
        let kind = &resolve.types[*id].kind;
        matches!(
            kind,
            TypeDefKind::Record(_) | TypeDefKind::Variant(_) | TypeDefKind::Enum(_)
        )
    });
    types
}

/// The name of a type, and its full name in settings.
fn names(resolve: &Resolve, id: TypeId) -> (String, String) {
    let ty = &resolve.types[id];
    let name = ty.name.clone().unwrap_or_default();
    let owner = match ty.owner {
        TypeOwner::World(world) => Some(resolve.worlds[world].name.clone()),
        TypeOwner::Interface(id) => resolve.id_of(id),
        TypeOwner::None => None,
    };
    let full = match owner {
        Some(owner) => format!("{owner}/{name}"),
        None => name.clone(),
    };
    (snake(&name).replace('_', "-"), full)
}

struct DeriveAnalysis<'a> {
    resolve: &'a Resolve,
    settings: &'a BindingsSettings,
    known: HashMap<TypeId, DeriveObstacles>,
}

impl DeriveAnalysis<'_> {
    fn all<'t>(&mut self, types: impl Iterator<Item = &'t Type>) -> DeriveObstacles {
        types.fold(DeriveObstacles::default(), |holds, ty| {
            holds.and(self.ty(ty))
        })
    }

    fn ty(&mut self, ty: &Type) -> DeriveObstacles {
        match ty {
            Type::Id(id) => self.of(*id),
            Type::F32 | Type::F64 => DeriveObstacles {
                float: true,
                ..DeriveObstacles::default()
            },
            Type::String => DeriveObstacles {
                list: true,
                ..DeriveObstacles::default()
            },
            Type::ErrorContext => HANDLE,
            _ => DeriveObstacles::default(),
        }
    }

    fn of(&mut self, id: TypeId) -> DeriveObstacles {
        if let Some(holds) = self.known.get(&id) {
            return *holds;
        }
        let resolve = self.resolve;
        let no_default = DeriveObstacles {
            no_default: true,
            ..DeriveObstacles::default()
        };
        // Where a type has no default, those round it may have one.
        let round = |holds: DeriveObstacles, list: bool| DeriveObstacles {
            no_default: false,
            list: holds.list || list,
            ..holds
        };
        let holds = match &resolve.types[id].kind {
            TypeDefKind::Record(of) => self.all(of.fields.iter().map(|field| &field.ty)),
            TypeDefKind::Tuple(of) => self.all(of.types.iter()),
            TypeDefKind::Variant(of) => {
                let payloads = of.cases.iter().filter_map(|case| case.ty.as_ref());
                let holds = round(self.all(payloads), false);
                if self.has_default(id) {
                    holds
                } else {
                    holds.and(no_default)
                }
            }
            TypeDefKind::Enum(_) if self.has_default(id) => DeriveObstacles::default(),
            TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => no_default,
            TypeDefKind::Result(of) => {
                let holds = self.all(of.ok.iter().chain(&of.err));
                holds.and(no_default)
            }
            TypeDefKind::Option(of) => round(self.ty(of), false),
            TypeDefKind::List(of) => round(self.ty(of), true),
            TypeDefKind::Map(key, value) => round(self.ty(key).and(self.ty(value)), true),
            TypeDefKind::FixedLengthList(of, size) => match *size > 32 {
                true => self.ty(of).and(no_default),
                false => self.ty(of),
            },
            TypeDefKind::Type(of) => self.ty(of),
            TypeDefKind::Handle(_)
            | TypeDefKind::Resource
            | TypeDefKind::Future(_)
            | TypeDefKind::Stream(_) => HANDLE,
            TypeDefKind::Unknown => DeriveObstacles::default(),
        };
        self.known.insert(id, holds);
        holds
    }

    /// Whether settings say which case of a type is its default.
    fn has_default(&self, id: TypeId) -> bool {
        let (_, full) = names(self.resolve, id);
        let mut attributes = self.settings.additional_member_attributes.iter();
        attributes.any(|(member, attribute)| {
            let of = member.rsplit_once('.').map(|(of, _)| of);
            of == Some(&full) && attribute.contains("default")
        })
    }
}

const HANDLE: DeriveObstacles = DeriveObstacles {
    handle: true,
    float: false,
    list: false,
    no_default: true,
};

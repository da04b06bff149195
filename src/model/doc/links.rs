//! Where each package, interface, world and type has its page, and its place on the page.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wit_parser::{
    Function, FunctionKind, InterfaceId, PackageId, PackageName, Resolve, Type, TypeDefKind,
    TypeId, TypeOwner, WorldId, WorldItem, WorldKey,
};

/// The name of the page that a reader starts at, in its folder and in that of each package.
pub const INDEX: &str = "index.html";

/// What an address does not have as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'/')
    .remove(b'@')
    .remove(b'_');

/// The pages of some packages of a resolve, by what they describe.
pub(super) struct Links<'r> {
    resolve: &'r Resolve,
    packages: BTreeMap<PackageId, String>,
    interfaces: BTreeMap<InterfaceId, String>,
    worlds: BTreeMap<WorldId, String>,
}

impl<'r> Links<'r> {
    /// The pages of these packages; nothing of others has one.
    pub fn new(resolve: &'r Resolve, packages: &[PackageId]) -> Self {
        let mut links = Links {
            resolve,
            packages: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            worlds: BTreeMap::new(),
        };
        for id in packages {
            let package = &resolve.packages[*id];
            let folder = folder(&package.name);
            links.packages.insert(*id, format!("{folder}/{INDEX}"));
            for (name, interface) in &package.interfaces {
                let page = format!("{folder}/interface.{}.html", file_part(name));
                links.interfaces.insert(*interface, page);
            }
            for (name, world) in &package.worlds {
                let stem = format!("{folder}/world.{}", file_part(name));
                links.add_inline_interfaces(*world, &stem);
                links.worlds.insert(*world, format!("{stem}.html"));
            }
        }
        links
    }

    /// Adds the interfaces that are written in a world and have only the name that they have
    /// there. Where a world includes another, both have them: the page is that of the first.
    fn add_inline_interfaces(&mut self, world: WorldId, stem: &str) {
        let world = &self.resolve.worlds[world];
        for (direction, items) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in items {
                if let (WorldKey::Name(name), WorldItem::Interface { id, .. }) = (key, item)
                    && self.resolve.interfaces[*id].name.is_none()
                {
                    let page = format!("{stem}.{direction}.{}.html", file_part(name));
                    self.interfaces.entry(*id).or_insert(page);
                }
            }
        }
    }

    /// The page of a package.
    pub fn package(&self, id: PackageId) -> Option<&str> {
        self.packages.get(&id).map(String::as_str)
    }

    /// The page of an interface.
    pub fn interface(&self, id: InterfaceId) -> Option<&str> {
        self.interfaces.get(&id).map(String::as_str)
    }

    /// The page of a world.
    pub fn world(&self, id: WorldId) -> Option<&str> {
        self.worlds.get(&id).map(String::as_str)
    }

    /// The page of the type's definition and the anchor on it; `None` for a type without a
    /// name, and for one of a package without pages.
    pub fn definition(&self, id: TypeId) -> Option<(&str, String)> {
        let id = definition(self.resolve, id);
        let ty = &self.resolve.types[id];
        let page = match ty.owner {
            TypeOwner::Interface(id) => self.interface(id),
            TypeOwner::World(id) => self.world(id),
            TypeOwner::None => None,
        };
        Some((page?, type_anchor(ty.name.as_deref()?)))
    }
}

/// The type that `use` refers to, where it is defined; any other type itself.
pub(super) fn definition(resolve: &Resolve, mut id: TypeId) -> TypeId {
    while let Some(other) = used(resolve, id) {
        id = other;
    }
    id
}

/// The type that this one is by a `use`, in another interface.
pub(super) fn used(resolve: &Resolve, id: TypeId) -> Option<TypeId> {
    let ty = &resolve.types[id];
    match ty.kind {
        TypeDefKind::Type(Type::Id(other)) if resolve.types[other].owner != ty.owner => Some(other),
        _ => None,
    }
}

/// The folder of a package, unique among packages: `namespace/name@version`.
fn folder(name: &PackageName) -> String {
    let (namespace, package) = (file_part(&name.namespace), file_part(&name.name));
    match &name.version {
        Some(version) => format!("{namespace}/{package}@{version}"),
        None => format!("{namespace}/{package}"),
    }
}

/// A name as part of the name of a file. Names of WIT are that already.
fn file_part(name: &str) -> String {
    let safe = |c: char| match c.is_ascii_alphanumeric() || c == '-' {
        true => c,
        false => '_',
    };
    name.chars().map(safe).collect()
}

/// The anchor of a type.
pub(super) fn type_anchor(name: &str) -> String {
    format!("type.{name}")
}

/// The anchor of a function in an interface, or of a method of a resource.
pub(super) fn function_anchor(function: &Function) -> String {
    let kind = match function.kind {
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => "func",
        FunctionKind::Method(_) | FunctionKind::AsyncMethod(_) => "method",
        FunctionKind::Static(_) | FunctionKind::AsyncStatic(_) => "static",
        FunctionKind::Constructor(_) => "constructor",
        FunctionKind::Getter | FunctionKind::MethodGetter(_) => "get",
        FunctionKind::Setter | FunctionKind::MethodSetter(_) => "set",
        FunctionKind::StaticGetter(_) => "static.get",
        FunctionKind::StaticSetter(_) => "static.set",
    };
    format!("{kind}.{}", full_name(function))
}

/// The name of a function without its kind: `resource.method`, or that of the resource for
/// a constructor.
pub(super) fn full_name(function: &Function) -> &str {
    let name = function.name.as_str();
    name.rsplit_once(']').map_or(name, |(_, name)| name)
}

/// The name of a function as WIT has it where the function is declared.
pub(super) fn own_name(function: &Function) -> &str {
    let name = full_name(function);
    match (&function.kind, name.split_once('.')) {
        (FunctionKind::Constructor(_), _) => "constructor",
        (_, Some((_, name))) => name,
        (_, None) => name,
    }
}

/// The address of a page, or of an anchor on it, from another page.
pub(super) fn href(from: &str, page: &str, anchor: Option<&str>) -> String {
    let anchor = anchor.map(|anchor| format!("#{}", utf8_percent_encode(anchor, ENCODED)));
    let anchor = anchor.unwrap_or_default();
    match from == page && !anchor.is_empty() {
        true => anchor,
        false => {
            let page = utf8_percent_encode(page, ENCODED);
            format!("{}{page}{anchor}", to_root(from))
        }
    }
}

/// The address of the folder of all pages from one of them: `../` for each folder.
pub(super) fn to_root(from: &str) -> String {
    "../".repeat(from.matches('/').count())
}

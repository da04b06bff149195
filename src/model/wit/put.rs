//! Putting placeholders where the generator would write an identifier that
//! means something else.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{
    Function, FunctionKind, InterfaceId, Resolve, TypeDefKind, TypeId, TypeOwner, WorldId,
    WorldItem, WorldKey,
};

use super::placeholder::{Placeholders, is_hidden, is_number};
use super::words::{camel, is_reserved, is_shouted, snake};

/// Locals of generated functions.
const LOCALS: &[&str] = &[
    "base",
    "cleanup",
    "cleanup_list",
    "e",
    "i",
    "map_key",
    "map_value",
    "n",
    "ret",
    "ret_area",
    "t",
];

/// Locals and items of generated functions that have a number behind them,
/// perhaps after `_` a second one.
const NUMBERED: &[&str] = &[
    "arg",
    "array",
    "base",
    "bytes",
    "e",
    "event",
    "flags",
    "handle",
    "idx",
    "l",
    "layout",
    "len",
    "map",
    "ptr",
    "result",
    "t",
    "v",
    "vec",
    "wit_import",
];

/// What the type of every imported resource has beside its functions.
const OF_RESOURCES: &[&str] = &["from_handle", "handle", "take_handle"];

/// What types are called beside their own names, by settings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extra {
    /// A type `Stub` stands at the root.
    pub stubs: bool,
    /// A type may be there as `…Param` and `…Result`.
    pub duplicates: bool,
}

/// What stands before a number at the end of `ident`, for each way to read it
/// as a number, or as two with `_` between.
fn stems(ident: &str) -> Vec<&str> {
    let mut stems = Vec::new();
    for (at, _) in ident.char_indices().rev() {
        let (stem, rest) = ident.split_at(at);
        if !rest
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_digit())
        {
            break;
        }
        let numbers: Vec<_> = rest.split('_').collect();
        if numbers.len() <= 2 && numbers.into_iter().all(is_number) {
            stems.push(stem);
        }
    }
    stems
}

/// Placeholders in the making.
pub(super) struct Put<'a> {
    pub(super) made: Placeholders,
    pub(super) imported: BTreeSet<InterfaceId>,
    pub(super) exported: BTreeSet<InterfaceId>,
    pub(super) extra: Extra,
    /// What was generated before, if types in it mean something else.
    pub(super) code: Option<&'a str>,
}

impl Put<'_> {
    /// The placeholder for a name.
    fn placeholder(&mut self, name: &str) -> String {
        self.made.changed = true;
        format!("{name}-{}", self.made.suffix)
    }

    /// Takes down what becomes of a placeholder.
    fn means(&mut self, placeholder: String, ident: String) {
        self.made.idents.insert(placeholder, ident);
    }

    /// Fields and cases of every type.
    pub(super) fn members(&mut self, resolve: &mut Resolve) {
        let fields: BTreeSet<String> = resolve
            .types
            .iter()
            .filter_map(|(_, ty)| match &ty.kind {
                TypeDefKind::Record(record) => Some(record.fields.iter().map(|f| snake(&f.name))),
                _ => None,
            })
            .flatten()
            .collect();
        let is_local = |ident: &str| {
            let mut stems = stems(ident).into_iter();
            LOCALS.contains(&ident)
                || stems.any(|stem| NUMBERED.contains(&stem) || fields.contains(stem))
        };
        for (_, ty) in resolve.types.iter_mut() {
            match &mut ty.kind {
                TypeDefKind::Record(record) => {
                    for field in &mut record.fields {
                        let ident = snake(&field.name);
                        // A field is a local with a number behind its name.
                        if is_shouted(&field.name) || !stems(&ident).is_empty() && is_local(&ident)
                        {
                            let meant = safe(&ident);
                            field.name = self.placeholder(&field.name);
                            self.means(snake(&field.name), meant);
                        }
                    }
                }
                TypeDefKind::Variant(of) => {
                    self.cases(of.cases.iter_mut().map(|case| &mut case.name));
                }
                TypeDefKind::Enum(of) => self.cases(of.cases.iter_mut().map(|case| &mut case.name)),
                _ => {}
            }
        }
        let imported = self.imported.clone();
        for id in imported {
            for function in resolve.interfaces[id].functions.values_mut() {
                self.params(function, &is_local);
            }
        }
        let worlds = resolve.worlds.iter_mut();
        for item in worlds.flat_map(|(_, world)| world.imports.values_mut()) {
            if let WorldItem::Function(function) = item {
                self.params(function, &is_local);
            }
        }
        // What is only exported has no code that reads parameters by name.
        let exported: Vec<_> = self.exported.difference(&self.imported).copied().collect();
        for id in exported {
            for function in resolve.interfaces[id].functions.values_mut() {
                self.params(function, &|_| false);
            }
        }
        let worlds = resolve.worlds.iter_mut();
        for item in worlds.flat_map(|(_, world)| world.exports.values_mut()) {
            if let WorldItem::Function(function) = item {
                self.params(function, &|_| false);
            }
        }
    }

    fn cases<'n>(&mut self, names: impl Iterator<Item = &'n mut String>) {
        let mut taken = BTreeSet::from(["Self".to_owned()]);
        for name in names {
            let ident = camel(name);
            if taken.contains(&ident) {
                let meant = free(&ident, &taken);
                *name = self.placeholder(name);
                self.means(camel(name), meant.clone());
                taken.insert(meant);
            } else {
                taken.insert(ident);
            }
        }
    }

    /// Parameters are not seen by callers: they get another name for good.
    fn params(&mut self, function: &mut Function, is_local: &dyn Fn(&str) -> bool) {
        let mut taken: BTreeSet<String> = function
            .params
            .iter()
            .map(|param| snake(&param.name))
            .collect();
        for param in &mut function.params {
            let ident = snake(&param.name);
            if is_local(&ident) {
                let mut name = format!("{}-arg", param.name.to_ascii_lowercase());
                while taken.contains(&snake(&name)) {
                    name.push_str("-arg");
                }
                taken.insert(snake(&name));
                param.name = name;
                self.made.changed = true;
            } else if is_shouted(&param.name) {
                param.name = param.name.to_ascii_lowercase();
                self.made.changed = true;
            }
        }
    }

    pub(super) fn interface_types(&mut self, resolve: &mut Resolve, id: InterfaceId) {
        let types: Vec<_> = resolve.interfaces[id].types.values().copied().collect();
        let exported = self.exported.contains(&id);
        // The last is a parameter of exported functions.
        let mut taken = BTreeSet::from(["Self".to_owned(), "T_".to_owned()]);
        if exported {
            // The trait of the functions; the generator gives types of this
            // name another, but not in upper case, and resources not everywhere.
            taken.insert("Guest".to_owned());
        }
        for ty in &types {
            let name = camel(resolve.types[*ty].name.as_deref().unwrap_or_default());
            let resource = is_resource(resolve, *ty);
            if resource && exported {
                taken.extend([format!("Guest{name}"), format!("{name}Borrow")]);
            }
            if self.extra.duplicates && !resource {
                taken.extend([format!("{name}Param"), format!("{name}Result")]);
            }
        }
        self.types(resolve, &types, taken);
        let renamed = std::mem::take(&mut resolve.interfaces[id].types);
        let name = |id: TypeId| resolve.types[id].name.clone();
        let renamed = renamed
            .into_iter()
            .map(|(old, id)| (name(id).unwrap_or(old), id));
        let renamed = renamed.collect();
        resolve.interfaces[id].types = renamed;
    }

    fn types(&mut self, resolve: &mut Resolve, types: &[TypeId], mut taken: BTreeSet<String>) {
        for id in types {
            let ty = &resolve.types[*id];
            let Some(name) = ty.name.clone() else {
                continue;
            };
            let ident = camel(&name);
            let flags = matches!(ty.kind, TypeDefKind::Flags(_));
            self.made.suspects.insert((ident.clone(), flags));
            let hidden = self.code.is_some_and(|code| is_hidden(code, &ident, flags));
            // The generator gives types of this name another, but some not
            // everywhere.
            let kind = &ty.kind;
            let guest = ident == "Guest"
                && matches!(
                    kind,
                    TypeDefKind::Flags(_) | TypeDefKind::Future(_) | TypeDefKind::Stream(_)
                );
            // Functions of exported resources have a parameter of this name.
            let parameter = ident == "T"
                && matches!(ty.kind, TypeDefKind::Resource)
                && matches!(ty.owner, TypeOwner::Interface(id) if self.exported.contains(&id));
            if !hidden && !guest && !parameter && !taken.contains(&ident) {
                taken.insert(ident);
                continue;
            }
            let meant = free(&ident, &taken);
            taken.insert(meant.clone());
            let name = self.placeholder(&name);
            let placeholder = camel(&name);
            for (before, behind) in [("Guest", ""), ("", "Borrow"), ("", "Param"), ("", "Result")] {
                self.means(
                    format!("{before}{placeholder}{behind}"),
                    format!("{before}{meant}{behind}"),
                );
            }
            self.means(placeholder, meant);
            resolve.types[*id].name = Some(name);
        }
    }

    pub(super) fn interface_functions(&mut self, resolve: &mut Resolve, id: InterfaceId) {
        let mut functions = Functions {
            imported: self.imported.contains(&id),
            exported: self.exported.contains(&id),
            ..Functions::default()
        };
        let all = std::mem::take(&mut resolve.interfaces[id].functions).into_values();
        let renamed = all.map(|mut function| {
            self.function(&mut function, &mut functions);
            (function.name.clone(), function)
        });
        resolve.interfaces[id].functions = renamed.collect();
    }

    fn function(&mut self, function: &mut Function, functions: &mut Functions) {
        let resource = function.kind.resource();
        let ident = function_ident(function);
        let taken = functions.idents.entry(resource).or_default();
        if functions.imported && resource.is_some() {
            taken.extend(OF_RESOURCES.iter().map(|&name| name.to_owned()));
        }
        let meant = match taken.contains(&ident) {
            true => free(&ident, taken),
            false => ident.clone(),
        };
        taken.insert(meant.clone());
        // Under which name it is exported to the linker.
        let symbol = snake(&function.name);
        let twice = functions.exported && !functions.symbols.insert(symbol);
        let shouted = is_shouted(function.item_name());
        if twice || shouted || meant != ident {
            function.name = self.placeholder(&function.name);
            if !matches!(function.kind, FunctionKind::Constructor(_)) {
                self.means(function_ident(function), meant);
            }
        }
    }

    /// Names of interfaces become modules.
    pub(super) fn interface_name(&mut self, resolve: &mut Resolve, id: InterfaceId) {
        let Some(name) = resolve.interfaces[id].name.clone() else {
            return;
        };
        if is_shouted(&name) {
            let placeholder = self.placeholder(&name);
            self.means(snake(&placeholder), safe(&snake(&name)));
            if let Some(package) = resolve.interfaces[id].package {
                let all = std::mem::take(&mut resolve.packages[package].interfaces);
                let renamed = all.into_iter().map(|(name, of)| match of == id {
                    true => (placeholder.clone(), of),
                    false => (name, of),
                });
                resolve.packages[package].interfaces = renamed.collect();
            }
            resolve.interfaces[id].name = Some(placeholder);
        }
    }

    /// What lies in the world itself.
    pub(super) fn root(&mut self, resolve: &mut Resolve, world: WorldId) {
        let types: Vec<TypeId> = resolve.worlds[world]
            .imports
            .values()
            .filter_map(|item| match item {
                WorldItem::Type { id, .. } => Some(*id),
                _ => None,
            })
            .collect();
        let mut taken = BTreeSet::from(["Guest".to_owned(), "Self".to_owned()]);
        if self.extra.stubs {
            taken.insert("Stub".to_owned());
        }
        self.types(resolve, &types, taken);
        let mut declared = resolve.worlds[world].clone();
        for (imports, items) in [
            (true, &mut declared.imports),
            (false, &mut declared.exports),
        ] {
            let mut functions = Functions {
                imported: imports,
                exported: !imports,
                ..Functions::default()
            };
            let renamed = std::mem::take(items).into_iter().map(|(key, mut item)| {
                let key = match (key, &mut item) {
                    (WorldKey::Name(_), WorldItem::Function(function)) => {
                        self.function(function, &mut functions);
                        WorldKey::Name(function.name.clone())
                    }
                    (WorldKey::Name(name), WorldItem::Type { id, .. }) => {
                        WorldKey::Name(resolve.types[*id].name.clone().unwrap_or(name))
                    }
                    (WorldKey::Name(name), WorldItem::Interface { .. }) if is_shouted(&name) => {
                        let placeholder = self.placeholder(&name);
                        self.means(snake(&placeholder), safe(&snake(&name)));
                        WorldKey::Name(placeholder)
                    }
                    (key, _) => key,
                };
                (key, item)
            });
            *items = renamed.collect();
        }
        resolve.worlds[world] = declared;
    }
}

/// What the functions of one module are called so far.
#[derive(Default)]
struct Functions {
    imported: bool,
    exported: bool,
    /// By the resource they belong to.
    idents: BTreeMap<Option<TypeId>, BTreeSet<String>>,
    /// What their entries are called, all of them.
    symbols: BTreeSet<String>,
}

/// What the generator calls a function in Rust, if it is in lower case.
fn function_ident(function: &Function) -> String {
    match function.kind {
        FunctionKind::Constructor(_) => "new".to_owned(),
        FunctionKind::Setter | FunctionKind::MethodSetter(_) | FunctionKind::StaticSetter(_) => {
            format!("set_{}", snake(function.item_name()))
        }
        _ => safe(&snake(function.item_name())),
    }
}

/// The identifier, or what stands for it where it is a keyword.
fn safe(ident: &str) -> String {
    match is_reserved(ident) {
        true => format!("{ident}_"),
        false => ident.to_owned(),
    }
}

/// The identifier with as many `_` behind it as make it new.
fn free(ident: &str, taken: &BTreeSet<String>) -> String {
    let mut free = format!("{ident}_");
    while taken.contains(&free) {
        free.push('_');
    }
    free
}

fn is_resource(resolve: &Resolve, mut id: TypeId) -> bool {
    loop {
        match resolve.types[id].kind {
            TypeDefKind::Resource => return true,
            TypeDefKind::Type(wit_parser::Type::Id(other)) => id = other,
            _ => return false,
        }
    }
}

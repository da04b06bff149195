//! Putting placeholders where the generator would write an identifier that
//! means something else.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{
    Function, FunctionKind, InterfaceId, Resolve, TypeDefKind, TypeId, TypeOwner, WorldId,
    WorldItem, WorldKey,
};

use super::placeholders::{Placeholders, is_hidden, is_number};
use super::words::{camel, is_reserved, is_upper_case_keyword, snake};

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

/// The names that settings add to those of types.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ExtraTypeNames {
    /// Whether there is a type `Stub` at the root.
    pub stubs: bool,
    /// Whether a type may also be there as `…Param` and `…Result`.
    pub duplicates: bool,
}

/// The text before a number at the end of `ident`, for each way to read the end
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

/// Placeholders while they are collected, with what decides which are needed.
pub(super) struct PlaceholderBuilder<'a> {
    pub(super) placeholders: Placeholders,
    pub(super) imported: BTreeSet<InterfaceId>,
    pub(super) exported: BTreeSet<InterfaceId>,
    pub(super) extra: ExtraTypeNames,
    /// The code that was generated before, if names of types mean something else
    /// in it.
    pub(super) code: Option<&'a str>,
}

impl PlaceholderBuilder<'_> {
    /// Makes the placeholder for a name.
    fn placeholder(&mut self, name: &str) -> String {
        self.placeholders.changed = true;
        format!("{name}-{}", self.placeholders.suffix)
    }

    /// Records the final identifier of a placeholder.
    fn record(&mut self, placeholder: String, ident: String) {
        self.placeholders.idents.insert(placeholder, ident);
    }

    /// Replaces names of fields and cases of every type.
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
                        if is_upper_case_keyword(&field.name)
                            || !stems(&ident).is_empty() && is_local(&ident)
                        {
                            let final_ident = escape_keyword(&ident);
                            field.name = self.placeholder(&field.name);
                            self.record(snake(&field.name), final_ident);
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
                let final_ident = unused_ident(&ident, &taken);
                *name = self.placeholder(name);
                self.record(camel(name), final_ident.clone());
                taken.insert(final_ident);
            } else {
                taken.insert(ident);
            }
        }
    }

    /// Renames parameters. Callers do not see them, so there is no need for
    /// placeholders.
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
                self.placeholders.changed = true;
            } else if is_upper_case_keyword(&param.name) {
                param.name = param.name.to_ascii_lowercase();
                self.placeholders.changed = true;
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
            self.placeholders.suspects.insert((ident.clone(), flags));
            let hidden = self.code.is_some_and(|code| is_hidden(code, &ident, flags));
            // The generator gives types of this name another, but some not
            // everywhere.
            let kind = &ty.kind;
            let guest = ident == "Guest"
                && matches!(
                    kind,
                    TypeDefKind::Flags(_) | TypeDefKind::Future(_) | TypeDefKind::Stream(_)
                );
            // ModuleFunctions of exported resources have a parameter of this name.
            let parameter = ident == "T"
                && matches!(ty.kind, TypeDefKind::Resource)
                && matches!(ty.owner, TypeOwner::Interface(id) if self.exported.contains(&id));
            if !hidden && !guest && !parameter && !taken.contains(&ident) {
                taken.insert(ident);
                continue;
            }
            let final_ident = unused_ident(&ident, &taken);
            taken.insert(final_ident.clone());
            let name = self.placeholder(&name);
            let placeholder = camel(&name);
            for (before, behind) in [("Guest", ""), ("", "Borrow"), ("", "Param"), ("", "Result")] {
                self.record(
                    format!("{before}{placeholder}{behind}"),
                    format!("{before}{final_ident}{behind}"),
                );
            }
            self.record(placeholder, final_ident);
            resolve.types[*id].name = Some(name);
        }
    }

    pub(super) fn interface_functions(&mut self, resolve: &mut Resolve, id: InterfaceId) {
        let mut functions = ModuleFunctions {
            imported: self.imported.contains(&id),
            exported: self.exported.contains(&id),
            ..ModuleFunctions::default()
        };
        let all = std::mem::take(&mut resolve.interfaces[id].functions).into_values();
        let renamed = all.map(|mut function| {
            self.function(&mut function, &mut functions);
            (function.name.clone(), function)
        });
        resolve.interfaces[id].functions = renamed.collect();
    }

    fn function(&mut self, function: &mut Function, functions: &mut ModuleFunctions) {
        let resource = function.kind.resource();
        let ident = function_ident(function);
        let taken = functions.idents.entry(resource).or_default();
        if functions.imported && resource.is_some() {
            taken.extend(OF_RESOURCES.iter().map(|&name| name.to_owned()));
        }
        let final_ident = match taken.contains(&ident) {
            true => unused_ident(&ident, taken),
            false => ident.clone(),
        };
        taken.insert(final_ident.clone());
        // Under which name it is exported to the linker.
        let symbol = snake(&function.name);
        let twice = functions.exported && !functions.symbols.insert(symbol);
        let upper_case_keyword = is_upper_case_keyword(function.item_name());
        if twice || upper_case_keyword || final_ident != ident {
            function.name = self.placeholder(&function.name);
            if !matches!(function.kind, FunctionKind::Constructor(_)) {
                self.record(function_ident(function), final_ident);
            }
        }
    }

    /// Replaces the name of an interface, which becomes that of a module.
    pub(super) fn interface_name(&mut self, resolve: &mut Resolve, id: InterfaceId) {
        let Some(name) = resolve.interfaces[id].name.clone() else {
            return;
        };
        if is_upper_case_keyword(&name) {
            let placeholder = self.placeholder(&name);
            self.record(snake(&placeholder), escape_keyword(&snake(&name)));
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

    /// Replaces names of types and functions of the world itself.
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
            let mut functions = ModuleFunctions {
                imported: imports,
                exported: !imports,
                ..ModuleFunctions::default()
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
                    (WorldKey::Name(name), WorldItem::Interface { .. })
                        if is_upper_case_keyword(&name) =>
                    {
                        let placeholder = self.placeholder(&name);
                        self.record(snake(&placeholder), escape_keyword(&snake(&name)));
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

/// The names of functions of one module so far.
#[derive(Default)]
struct ModuleFunctions {
    imported: bool,
    exported: bool,
    /// Identifiers, by the resource that the functions belong to.
    idents: BTreeMap<Option<TypeId>, BTreeSet<String>>,
    /// The names of all entry points for the linker.
    symbols: BTreeSet<String>,
}

/// The identifier that the generator has for a function in lower case.
fn function_ident(function: &Function) -> String {
    match function.kind {
        FunctionKind::Constructor(_) => "new".to_owned(),
        FunctionKind::Setter | FunctionKind::MethodSetter(_) | FunctionKind::StaticSetter(_) => {
            format!("set_{}", snake(function.item_name()))
        }
        _ => escape_keyword(&snake(function.item_name())),
    }
}

/// The identifier, with `_` behind it where it is a keyword.
fn escape_keyword(ident: &str) -> String {
    match is_reserved(ident) {
        true => format!("{ident}_"),
        false => ident.to_owned(),
    }
}

/// The identifier with as many `_` behind it as make it unique.
fn unused_ident(ident: &str, taken: &BTreeSet<String>) -> String {
    let mut unused = format!("{ident}_");
    while taken.contains(&unused) {
        unused.push('_');
    }
    unused
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

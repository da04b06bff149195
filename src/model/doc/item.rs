//! Types and functions, as interfaces and worlds have them.

use std::collections::BTreeMap;

use wit_parser::{
    Docs, Function, FunctionKind, Resolve, Stability, Type, TypeDefKind, TypeId, TypeOwner,
};

use super::code::Code;
use super::html::Html;
use super::links::{INDEX, definition, full_name, function_anchor, href, type_anchor, used};
use super::markdown::plain_summary;
use super::search::Entry;
use super::site::{Output, Page};

/// Writes items of one interface or world to its page, and to the index of the search.
pub(super) struct Items<'p, 's, 'r> {
    pub page: &'p Page<'s, 'r>,
    pub out: &'p mut Output,
    /// The full name of the interface or world.
    pub container: String,
    /// The items as they were written so far.
    pub main: Html,
    /// Links to the items.
    pub side: Html,
}

/// The heading of an item.
struct Heading<'h> {
    tag: &'static str,
    kind: &'h str,
    name: &'h str,
    anchor: &'h str,
    stability: &'h Stability,
}

/// A field, case or flag of a type.
struct Member<'t> {
    kind: &'static str,
    name: &'t str,
    ty: Option<&'t Type>,
    docs: &'t Docs,
}

impl Items<'_, '_, '_> {
    /// Adds an item to the index of the search.
    pub fn found(&mut self, kind: &'static str, name: &str, anchor: Option<&str>, docs: &Docs) {
        self.out.entries.push(Entry {
            kind,
            name: name.to_owned(),
            container: self.container.clone(),
            href: href(INDEX, &self.page.path, anchor),
            summary: docs
                .contents
                .as_deref()
                .map_or_else(String::new, plain_summary),
        });
    }

    /// Adds the types that are defined here, each with those functions that belong to it,
    /// after the `use` of others.
    pub fn types(&mut self, types: &[TypeId], functions: &[&Function]) {
        let resolve = self.page.site.resolve;
        let (foreign, own): (Vec<TypeId>, Vec<TypeId>) =
            types.iter().partition(|id| used(resolve, **id).is_some());
        self.uses(&foreign);
        if own.is_empty() {
            return;
        }
        self.main.markup("<h2>Types</h2>\n");
        self.side.markup("<h2>Types</h2>\n<ul>\n");
        for id in own {
            self.ty(id);
            let methods = functions.iter().filter(|f| f.kind.resource() == Some(id));
            for method in methods {
                self.function(method, &function_anchor(method), "h4");
            }
            self.main.markup("</section>\n");
        }
        self.side.markup("</ul>\n");
    }

    /// Adds functions below a heading, each with its anchor.
    pub fn functions(&mut self, heading: &'static str, functions: &[(&Function, String)]) {
        if functions.is_empty() {
            return;
        }
        self.main.element("h2", &[], heading).markup("\n");
        self.side.element("h2", &[], heading).markup("\n<ul>\n");
        for (function, anchor) in functions {
            self.side_link(full_name(function), anchor);
            self.function(function, anchor, "h3");
        }
        self.side.markup("</ul>\n");
    }

    fn uses(&mut self, types: &[TypeId]) {
        let resolve = self.page.site.resolve;
        if types.is_empty() {
            return;
        }
        self.main.markup("<h2>Uses</h2>\n");
        // One for each interface, in the order in which these are named first.
        let mut groups: Vec<(TypeOwner, Vec<TypeId>)> = Vec::new();
        for id in types {
            let owner =
                used(resolve, *id).map_or(TypeOwner::None, |other| resolve.types[other].owner);
            match groups.iter_mut().find(|(known, _)| *known == owner) {
                Some((_, group)) => group.push(*id),
                None => groups.push((owner, vec![*id])),
            }
        }
        let mut code = Code::default();
        for (at, (_, group)) in groups.iter().enumerate() {
            if at > 0 {
                code.plain("\n");
            }
            use_of(self.page, group, &mut code);
        }
        self.main.append(&code.block());
    }

    fn side_link(&mut self, name: &str, anchor: &str) {
        let href = self.page.href(&self.page.path, Some(anchor));
        self.side
            .markup("<li>")
            .element("a", &[("href", &href)], name);
        self.side.markup("</li>\n");
    }

    /// Opens the section of an item, with its heading.
    fn heading(&mut self, heading: &Heading<'_>) {
        let href = self.page.href(&self.page.path, Some(heading.anchor));
        let html = &mut self.main;
        html.open("section", &[("class", "item"), ("id", heading.anchor)]);
        html.open(heading.tag, &[]);
        html.element("span", &[("class", "kind")], heading.kind);
        html.markup(" ")
            .element("a", &[("href", &href)], heading.name);
        badges(html, heading.stability);
        html.close(heading.tag).markup("\n");
    }

    fn ty(&mut self, id: TypeId) {
        let resolve = self.page.site.resolve;
        let ty = &resolve.types[id];
        let name = ty.name.as_deref().unwrap_or_default();
        let (kind, anchor) = (kind_of(&ty.kind), type_anchor(name));
        self.side_link(name, &anchor);
        self.heading(&Heading {
            tag: "h3",
            kind,
            name,
            anchor: &anchor,
            stability: &ty.stability,
        });
        let members = members(&ty.kind);
        let is_documented = members.iter().any(|member| !member.docs.is_empty());
        let mut code = Code::default();
        code.keyword(kind).plain(" ").name(name);
        match &ty.kind {
            TypeDefKind::Resource => code.plain(";"),
            _ if !members.is_empty() => {
                code.plain(" {\n");
                for member in &members {
                    let anchor = (!is_documented).then(|| member.anchor(name));
                    member.write(self.page, code.plain("    "), anchor);
                    code.plain(",\n");
                }
                code.plain("}")
            }
            other => code.plain(" = ").structure(self.page, other).plain(";"),
        };
        self.main.append(&code.block());
        self.page.docs(&mut self.main, &ty.docs);
        self.found(kind, name, Some(&anchor), &ty.docs);
        for member in &members {
            let full = format!("{name}.{}", member.name);
            self.found(member.kind, &full, Some(&member.anchor(name)), member.docs);
        }
        if is_documented {
            self.members(name, &members);
        }
    }

    fn members(&mut self, ty: &str, members: &[Member<'_>]) {
        let html = &mut self.main;
        let heading = match members.first().map(|member| member.kind) {
            Some("field") => "Fields",
            Some("flag") => "Flags",
            _ => "Cases",
        };
        html.element("h4", &[], heading).markup("\n<dl>\n");
        for member in members {
            let mut code = Code::default();
            member.write(self.page, &mut code, None);
            html.open("dt", &[("id", &member.anchor(ty))]);
            html.markup("<code>").append(&code.inline());
            html.markup("</code></dt>\n<dd>");
            self.page.docs(html, member.docs);
            html.markup("</dd>\n");
        }
        html.markup("</dl>\n");
    }

    fn function(&mut self, function: &Function, anchor: &str, tag: &'static str) {
        let kind = function_kind(&function.kind);
        let name = full_name(function);
        self.heading(&Heading {
            tag,
            kind,
            name,
            anchor,
            stability: &function.stability,
        });
        let mut code = Code::default();
        code.function(self.page, function);
        self.main.append(&code.block());
        self.page.docs(&mut self.main, &function.docs);
        self.main.markup("</section>\n");
        self.found(kind, name, Some(anchor), &function.docs);
    }
}

impl<'t> Member<'t> {
    fn new(kind: &'static str, name: &'t str, ty: Option<&'t Type>, docs: &'t Docs) -> Self {
        Member {
            kind,
            name,
            ty,
            docs,
        }
    }

    fn anchor(&self, ty: &str) -> String {
        format!("{}.{ty}.{}", self.kind, self.name)
    }

    fn write(&self, page: &Page<'_, '_>, code: &mut Code, anchor: Option<String>) {
        code.anchored(self.name, anchor);
        match self.ty {
            Some(ty) if self.kind == "field" => code.plain(": ").ty(page, ty),
            Some(ty) => code.plain("(").ty(page, ty).plain(")"),
            None => code,
        };
    }
}

/// The fields, cases or flags of a type.
fn members(kind: &TypeDefKind) -> Vec<Member<'_>> {
    match kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let member = fields.map(|f| Member::new("field", &f.name, Some(&f.ty), &f.docs));
            member.collect()
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            let member = cases.map(|c| Member::new("case", &c.name, c.ty.as_ref(), &c.docs));
            member.collect()
        }
        TypeDefKind::Enum(kind) => {
            let cases = kind.cases.iter();
            let member = cases.map(|c| Member::new("case", &c.name, None, &c.docs));
            member.collect()
        }
        TypeDefKind::Flags(flags) => {
            let flags = flags.flags.iter();
            let member = flags.map(|f| Member::new("flag", &f.name, None, &f.docs));
            member.collect()
        }
        _ => Vec::new(),
    }
}

/// The word that a definition of this kind starts with.
pub(super) fn kind_of(kind: &TypeDefKind) -> &'static str {
    match kind {
        TypeDefKind::Record(_)
        | TypeDefKind::Resource
        | TypeDefKind::Flags(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_) => kind.as_str(),
        _ => "type",
    }
}

/// What a function is, in a word.
fn function_kind(kind: &FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => "func",
        FunctionKind::Method(_) | FunctionKind::AsyncMethod(_) => "method",
        FunctionKind::Static(_) | FunctionKind::AsyncStatic(_) => "static",
        FunctionKind::Constructor(_) => "constructor",
        FunctionKind::Getter | FunctionKind::MethodGetter(_) | FunctionKind::StaticGetter(_) => {
            "getter"
        }
        FunctionKind::Setter | FunctionKind::MethodSetter(_) | FunctionKind::StaticSetter(_) => {
            "setter"
        }
    }
}

/// Adds a `use` of types of one other interface, with links to it and to them.
pub(super) fn use_of(page: &Page<'_, '_>, types: &[TypeId], code: &mut Code) {
    let resolve = page.site.resolve;
    code.keyword("use").plain(" ");
    for (at, id) in types.iter().enumerate() {
        let Some(other) = used(resolve, *id) else {
            continue;
        };
        let (own, other) = (&resolve.types[*id], &resolve.types[other]);
        if at > 0 {
            code.plain(", ");
        } else if let TypeOwner::Interface(owner) = other.owner {
            let name = resolve.id_of(owner).unwrap_or_default();
            let interface = page.site.links.interface(owner);
            code.link(&name, interface.map(|to| page.href(to, None)));
            code.plain(".{");
        }
        let name = other.name.as_deref().unwrap_or_default();
        code.link(name, page.type_href(definition(resolve, *id)));
        let own = own.name.as_deref().unwrap_or_default();
        if own != name {
            code.plain(" ").keyword("as").plain(" ").plain(own);
        }
    }
    code.plain("};");
}

/// Adds since when an item is stable, or the feature that it needs.
pub(super) fn badges(html: &mut Html, stability: &Stability) {
    let mut badge = |class: &str, text: String| {
        html.markup(" ").element("span", &[("class", class)], &text);
    };
    let deprecated = match stability {
        Stability::Unknown => None,
        Stability::Stable { since, deprecated } => {
            badge("badge", format!("since {since}"));
            deprecated.as_ref()
        }
        Stability::Unstable {
            feature,
            deprecated,
        } => {
            badge("badge unstable", format!("unstable: {feature}"));
            deprecated.as_ref()
        }
    };
    if let Some(version) = deprecated {
        badge("badge deprecated", format!("deprecated since {version}"));
    }
}

/// The names of types and functions, which the documentation beside them may link to: those
/// of functions of a type also without it, where nothing else has the name.
pub(super) fn names<'f>(
    resolve: &Resolve,
    types: &[TypeId],
    functions: impl Iterator<Item = (&'f Function, String)>,
    page: impl Fn(TypeId) -> Option<String>,
) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for id in types {
        if let (Some(name), Some(href)) = (&resolve.types[*id].name, page(*id)) {
            names.insert(name.clone(), href);
        }
    }
    for (function, anchor) in functions {
        let href = href("", "", Some(&anchor));
        let full = full_name(function);
        names.entry(full.to_owned()).or_insert_with(|| href.clone());
        if let Some((_, own)) = full.split_once('.') {
            names.entry(own.to_owned()).or_insert(href);
        }
    }
    names
}

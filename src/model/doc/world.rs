//! The page of a world, with all that it includes from others.

use wit_parser::{Docs, Function, PackageId, TypeDefKind, TypeId, WorldId, WorldItem, WorldKey};

use super::code::Code;
use super::html::Html;
use super::interface::InterfacePage;
use super::item::{Items, badges, kind_of, names, use_of};
use super::layout::Frame;
use super::links::{full_name, function_anchor, href, type_anchor, used};
use super::site::{Output, Page, Site};

/// Imports or exports, with the name of the direction.
type Direction<'w> = (&'static str, Vec<(&'w WorldKey, &'w WorldItem)>);

pub(super) fn write(site: &Site<'_>, id: WorldId, package: PackageId, out: &mut Output) {
    let Some(path) = site.links.world(id) else {
        return;
    };
    let world = &site.resolve.worlds[id];
    let full = site.resolve.id_of_name(package, &world.name);
    let directions: [Direction<'_>; 2] = [
        ("import", world.imports.iter().collect()),
        ("export", world.exports.iter().collect()),
    ];
    let types = types(&directions);
    let functions = functions(&directions);
    let type_href = |id| {
        let (page, anchor) = site.links.definition(id)?;
        Some(href(path, page, Some(&anchor)))
    };
    let linked = functions.iter().cloned();
    let page = Page {
        site,
        path: path.to_owned(),
        names: names(site.resolve, &types, linked, type_href),
        package: Some(package),
    };
    let mut items = Items {
        page: &page,
        out,
        container: site.package_name(package),
        main: Html::default(),
        side: Html::default(),
    };
    items.found("world", &world.name, None, &world.docs);
    items.container.clone_from(&full);
    let html = &mut items.main;
    html.markup("<h1>World ").element("code", &[], &full);
    badges(html, &world.stability);
    html.markup("</h1>\n");
    page.docs(html, &world.docs);
    html.append(&definition(&page, &world.name, &directions).block());
    let methods: Vec<&Function> = functions.iter().map(|(function, _)| *function).collect();
    items.types(&types, &methods);
    for (heading, (direction, entries)) in ["Imports", "Exports"].into_iter().zip(&directions) {
        interfaces(&page, &mut items.main, heading, entries);
        let heading = match *direction {
            "import" => "Imported functions",
            _ => "Exported functions",
        };
        let own = functions.iter().filter(|(function, anchor)| {
            function.kind.resource().is_none() && anchor.starts_with(direction)
        });
        items.functions(heading, &own.cloned().collect::<Vec<_>>());
    }
    let Items { main, side, .. } = items;
    let frame = Frame {
        page: &page,
        title: format!("{full} - WIT"),
        here: Some(world.name.clone()),
        main,
        side,
    };
    frame.write(out);
    write_inline(site, id, package, out);
}

/// The pages of the interfaces that are written in the world.
fn write_inline(site: &Site<'_>, id: WorldId, package: PackageId, out: &mut Output) {
    let world = &site.resolve.worlds[id];
    for (direction, items) in [("import", &world.imports), ("export", &world.exports)] {
        for (key, item) in items {
            if let (WorldKey::Name(name), WorldItem::Interface { id, .. }) = (key, item)
                && site.resolve.interfaces[*id].name.is_none()
                && !is_written(site, *id, out)
            {
                let world = site.resolve.id_of_name(package, &world.name);
                let page = InterfacePage {
                    id: *id,
                    package,
                    name: name.clone(),
                    full: format!("{world} {direction} {name}"),
                };
                page.write(site, out);
            }
        }
    }
}

fn is_written(site: &Site<'_>, id: wit_parser::InterfaceId, out: &Output) -> bool {
    let page = site.links.interface(id);
    page.is_some_and(|page| out.files.contains_key(page))
}

fn types(directions: &[Direction<'_>]) -> Vec<TypeId> {
    let items = directions.iter().flat_map(|(_, items)| items);
    let types = items.filter_map(|(_, item)| match item {
        WorldItem::Type { id, .. } => Some(*id),
        _ => None,
    });
    types.collect()
}

/// The functions of a world with their anchors.
fn functions<'w>(directions: &[Direction<'w>]) -> Vec<(&'w Function, String)> {
    let of = |(direction, items): &Direction<'w>| {
        let direction = *direction;
        let functions = items.iter().filter_map(move |(_, item)| match item {
            WorldItem::Function(function) => Some((function, anchor(direction, function))),
            _ => None,
        });
        functions.collect::<Vec<_>>()
    };
    directions.iter().flat_map(of).collect()
}

/// The anchor of a function of a world: one may be imported and exported under one name.
fn anchor(direction: &str, function: &Function) -> String {
    match function.kind.resource() {
        Some(_) => function_anchor(function),
        None => format!("{direction}.{}", function_anchor(function)),
    }
}

/// The definition of the world, with what it includes.
fn definition(page: &Page<'_, '_>, name: &str, directions: &[Direction<'_>]) -> Code {
    let mut code = Code::default();
    code.keyword("world").plain(" ").name(name).plain(" {\n");
    for (direction, items) in directions {
        for (key, item) in items {
            line(page, &mut code, direction, key, item);
        }
    }
    code.plain("}");
    code
}

fn line(page: &Page<'_, '_>, code: &mut Code, direction: &str, key: &WorldKey, item: &WorldItem) {
    let resolve = page.site.resolve;
    match item {
        WorldItem::Interface { id, .. } => {
            let href = page.site.links.interface(*id).map(|to| page.href(to, None));
            code.plain("    ").keyword(direction).plain(" ");
            match (key, resolve.implements_interface(key, item)) {
                (WorldKey::Name(name), Some(_)) => {
                    let of = resolve.id_of(*id).unwrap_or_default();
                    code.plain(name).plain(": ").link(&of, href).plain(";\n");
                }
                (WorldKey::Name(name), None) => {
                    code.link(name, href).plain(": ").keyword("interface");
                    code.plain(" { … }\n");
                }
                (WorldKey::Interface(_), _) => {
                    code.link(&resolve.name_world_key(key), href).plain(";\n");
                }
            }
        }
        WorldItem::Function(function) if function.kind.resource().is_some() => {}
        WorldItem::Function(function) => {
            let anchor = anchor(direction, function);
            let href = page.href(&page.path, Some(&anchor));
            code.plain("    ").keyword(direction).plain(" ");
            code.link(full_name(function), Some(href)).plain(": ");
            code.signature_in_line(page, function).plain(";\n");
        }
        WorldItem::Type { id, .. } if used(resolve, *id).is_some() => {
            use_of(page, &[*id], code.plain("    "));
            code.plain("\n");
        }
        WorldItem::Type { id, .. } => {
            let ty = &resolve.types[*id];
            let name = ty.name.as_deref().unwrap_or_default();
            let href = page.href(&page.path, Some(&type_anchor(name)));
            code.plain("    ").keyword(kind_of(&ty.kind)).plain(" ");
            code.link(name, Some(href));
            match &ty.kind {
                TypeDefKind::Resource => code.plain(";\n"),
                kind if kind_of(kind) == "type" => {
                    code.plain(" = ").structure(page, kind).plain(";\n")
                }
                _ => code.plain(" { … }\n"),
            };
        }
    }
}

/// A list of the interfaces, with their summaries.
fn interfaces(
    page: &Page<'_, '_>,
    html: &mut Html,
    heading: &'static str,
    items: &[(&WorldKey, &WorldItem)],
) {
    let mut rows = Html::default();
    for (key, item) in items {
        if let WorldItem::Interface { id, docs, .. } = item {
            let name = page.site.resolve.name_world_key(key);
            let of_interface = &page.site.resolve.interfaces[*id].docs;
            let docs: &Docs = if docs.is_empty() { of_interface } else { docs };
            page.row(&mut rows, &name, page.site.links.interface(*id), docs);
        }
    }
    if !rows.is_empty() {
        html.element("h2", &[], heading);
        html.markup("\n<ul class=\"rows\">\n").append(&rows);
        html.markup("</ul>\n");
    }
}

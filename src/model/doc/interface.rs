//! The page of an interface.

use wit_parser::{Function, InterfaceId, PackageId, TypeId};

use super::html::Html;
use super::item::{Items, badges, names};
use super::layout::Frame;
use super::links::{function_anchor, href};
use super::site::{Output, Page, Site};

pub(super) fn write(site: &Site<'_>, id: InterfaceId, package: PackageId, out: &mut Output) {
    let name = site.resolve.interfaces[id].name.clone().unwrap_or_default();
    let full = site.resolve.id_of_name(package, &name);
    InterfacePage {
        id,
        package,
        name,
        full,
    }
    .write(site, out);
}

/// An interface that has a page.
pub(super) struct InterfacePage {
    pub id: InterfaceId,
    pub package: PackageId,
    /// Its name in its package or world.
    pub name: String,
    /// Its whole name, with the package and version.
    pub full: String,
}

impl InterfacePage {
    /// Adds the page to the files.
    pub fn write(self, site: &Site<'_>, out: &mut Output) {
        let Some(path) = site.links.interface(self.id) else {
            return;
        };
        let interface = &site.resolve.interfaces[self.id];
        let types: Vec<TypeId> = interface.types.values().copied().collect();
        let functions: Vec<&Function> = interface.functions.values().collect();
        let anchored = functions.iter().map(|f| (*f, function_anchor(f)));
        let type_href = |id| {
            let (page, anchor) = site.links.definition(id)?;
            Some(href(path, page, Some(&anchor)))
        };
        let page = Page {
            site,
            path: path.to_owned(),
            names: names(site.resolve, &types, anchored.clone(), type_href),
            package: Some(self.package),
        };
        let mut items = Items {
            page: &page,
            out,
            container: site.package_name(self.package),
            main: Html::default(),
            side: Html::default(),
        };
        items.found("interface", &self.name, None, &interface.docs);
        items.container.clone_from(&self.full);
        let html = &mut items.main;
        html.markup("<h1>Interface ")
            .element("code", &[], &self.full);
        badges(html, &interface.stability);
        html.markup("</h1>\n");
        page.docs(html, &interface.docs);
        items.types(&types, &functions);
        let free: Vec<(&Function, String)> = anchored
            .filter(|(function, _)| function.kind.resource().is_none())
            .collect();
        items.functions("Functions", &free);
        let Items { main, side, .. } = items;
        let frame = Frame {
            page: &page,
            title: format!("{} - WIT", self.full),
            here: Some(self.name),
            main,
            side,
        };
        frame.write(out);
    }
}

//! The page of a package.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::PackageId;

use super::html::Html;
use super::layout::Frame;
use super::links::{INDEX, href};
use super::markdown::plain_summary;
use super::search::Entry;
use super::site::{Output, Page, Site};

pub(super) fn write(site: &Site<'_>, id: PackageId, out: &mut Output) {
    let Some(path) = site.links.package(id) else {
        return;
    };
    let package = &site.resolve.packages[id];
    let name = site.package_name(id);
    let page = Page {
        site,
        path: path.to_owned(),
        names: BTreeMap::new(),
        package: Some(id),
    };
    let mut html = Html::default();
    html.markup("<h1>Package ").element("code", &[], &name);
    html.markup("</h1>\n");
    page.docs(&mut html, &package.docs);
    if !package.worlds.is_empty() {
        html.markup("<h2>Worlds</h2>\n<ul class=\"rows\">\n");
        for (name, world) in &package.worlds {
            let docs = &site.resolve.worlds[*world].docs;
            page.row(&mut html, name, site.links.world(*world), docs);
        }
        html.markup("</ul>\n");
    }
    if !package.interfaces.is_empty() {
        html.markup("<h2>Interfaces</h2>\n<ul class=\"rows\">\n");
        for (name, interface) in &package.interfaces {
            let docs = &site.resolve.interfaces[*interface].docs;
            page.row(&mut html, name, site.links.interface(*interface), docs);
        }
        html.markup("</ul>\n");
    }
    dependencies(&page, id, &mut html);
    out.entries.push(Entry {
        kind: "package",
        name: name.clone(),
        container: String::new(),
        href: href(INDEX, path, None),
        summary: package
            .docs
            .contents
            .as_deref()
            .map_or_else(String::new, plain_summary),
    });
    let frame = Frame {
        page: &page,
        title: format!("{name} - WIT"),
        here: None,
        main: html,
        side: Html::default(),
    };
    frame.write(out);
}

fn dependencies(page: &Page<'_, '_>, id: PackageId, html: &mut Html) {
    let resolve = page.site.resolve;
    let needed: BTreeSet<PackageId> = resolve.package_direct_deps(id).collect();
    let mut needed: Vec<PackageId> = needed.into_iter().collect();
    needed.sort_by_key(|id| &resolve.packages[*id].name);
    if needed.is_empty() {
        return;
    }
    html.markup("<h2>Dependencies</h2>\n<ul class=\"rows\">\n");
    for id in needed {
        let name = page.site.package_name(id);
        let docs = &resolve.packages[id].docs;
        page.row(html, &name, page.site.links.package(id), docs);
    }
    html.markup("</ul>\n");
}

//! The page with all packages.

use std::collections::BTreeMap;

use wit_parser::PackageId;

use super::html::Html;
use super::layout::Frame;
use super::links::INDEX;
use super::site::{Output, Page, Site};

pub(super) fn write(site: &Site<'_>, out: &mut Output) {
    let page = Page {
        site,
        path: INDEX.to_owned(),
        names: BTreeMap::new(),
        package: None,
    };
    let mut html = Html::default();
    html.element("h1", &[], &site.title).markup("\n");
    list(&page, &mut html, "Packages", &site.roots);
    list(&page, &mut html, "Dependencies", &site.dependencies);
    let frame = Frame {
        page: &page,
        title: format!("{} - WIT", site.title),
        here: None,
        main: html,
        side: Html::default(),
    };
    frame.write(out);
}

fn list(page: &Page<'_, '_>, html: &mut Html, heading: &str, packages: &[PackageId]) {
    if packages.is_empty() {
        return;
    }
    html.element("h2", &[], heading);
    html.markup("\n<ul class=\"rows\">\n");
    for id in packages {
        let name = page.site.package_name(*id);
        let docs = &page.site.resolve.packages[*id].docs;
        page.row(html, &name, page.site.links.package(*id), docs);
    }
    html.markup("</ul>\n");
}

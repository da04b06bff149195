//! What is around the content of every page.

use wit_parser::PackageId;

use super::html::Html;
use super::links::{INDEX, to_root};
use super::search::INDEX_FILE;
use super::site::{Output, Page, SCRIPT, STYLE};

/// The largest number of worlds and interfaces of a package that each of its pages lists.
const LISTED: usize = 60;

/// A page with its content.
pub(super) struct Frame<'p, 's, 'r> {
    pub page: &'p Page<'s, 'r>,
    /// The title in tabs of browsers.
    pub title: String,
    /// The name behind those of the index and the package; none on their own pages.
    pub here: Option<String>,
    /// The content of the page.
    pub main: Html,
    /// Links to what is on the page.
    pub side: Html,
}

impl Frame<'_, '_, '_> {
    /// Adds the whole page to the files.
    pub fn write(self, out: &mut Output) {
        let mut html = Html::default();
        self.head(&mut html);
        html.markup("<a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
        self.header(&mut html);
        html.markup("<section id=\"results\" aria-label=\"Search results\" hidden></section>\n");
        html.markup("<main id=\"main\">\n");
        html.append(&self.main).markup("</main>\n");
        if let Some(id) = self.page.package {
            html.markup("<nav class=\"side\" aria-label=\"Contents\">\n");
            html.append(&self.side);
            self.package_contents(&mut html, id);
            html.markup("</nav>\n");
        }
        html.markup("</body>\n</html>\n");
        out.files.insert(self.page.path.clone(), html.into_bytes());
    }

    fn head(&self, html: &mut Html) {
        let root = to_root(&self.page.path);
        let beside = |name: &str| format!("{root}{name}");
        html.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.markup("<meta name=\"generator\" content=\"cargo component doc --wit\">\n");
        html.element("title", &[], &self.title).markup("\n");
        // Otherwise browsers ask a server for one.
        html.markup("<link rel=\"icon\" href=\"data:,\">\n");
        html.open("link", &[("rel", "stylesheet"), ("href", &beside(STYLE.0))]);
        html.markup("\n");
        for name in [INDEX_FILE, SCRIPT.0] {
            html.open("script", &[("defer", ""), ("src", &beside(name))]);
            html.close("script").markup("\n");
        }
        html.markup("</head>\n");
        html.open("body", &[("data-root", &root)]).markup("\n");
    }

    /// The way from the index to this page, and the search, which the script shows.
    fn header(&self, html: &mut Html) {
        let site = self.page.site;
        html.markup("<header>\n<nav aria-label=\"Breadcrumbs\">");
        let package = self.page.package.map(|id| (id, site.package_name(id)));
        // The title may be the name of a package.
        let title = match &package {
            Some((_, name)) if *name == site.title => "All packages",
            _ => &site.title,
        };
        self.crumb(html, title, INDEX);
        if let Some((id, name)) = package {
            html.markup(" <span class=\"sep\">/</span> ");
            self.crumb(html, &name, site.links.package(id).unwrap_or(INDEX));
        }
        if let Some(here) = &self.here {
            html.markup(" <span class=\"sep\">/</span> ");
            html.element("span", &[("aria-current", "page")], here);
        }
        html.markup("</nav>\n<form id=\"search\" role=\"search\" hidden>");
        html.markup("<input type=\"search\" name=\"search\" aria-label=\"Search\" ");
        html.markup("placeholder=\"Search\" autocomplete=\"off\" spellcheck=\"false\">");
        html.markup("<kbd>/</kbd></form>\n</header>\n");
    }

    fn crumb(&self, html: &mut Html, text: &str, page: &str) {
        match page == self.page.path {
            true => html.element("span", &[("aria-current", "page")], text),
            false => html.element("a", &[("href", &self.page.href(page, None))], text),
        };
    }

    /// Links to everything in the package.
    fn package_contents(&self, html: &mut Html, id: PackageId) {
        let site = self.page.site;
        let package = &site.resolve.packages[id];
        let count = package.worlds.len() + package.interfaces.len();
        if count > LISTED {
            html.markup("<h2>Package</h2>\n<ul>\n<li>");
            let page = site.links.package(id).unwrap_or(INDEX);
            self.crumb(html, &format!("All {count} worlds and interfaces"), page);
            html.markup("</li>\n</ul>\n");
            return;
        }
        let worlds = package.worlds.iter();
        let worlds = worlds.map(|(name, id)| (name.as_str(), site.links.world(*id)));
        self.contents(html, "Worlds", worlds.collect());
        let interfaces = package.interfaces.iter();
        let interfaces = interfaces.map(|(name, id)| (name.as_str(), site.links.interface(*id)));
        self.contents(html, "Interfaces", interfaces.collect());
    }

    fn contents(&self, html: &mut Html, heading: &str, pages: Vec<(&str, Option<&str>)>) {
        if pages.is_empty() {
            return;
        }
        html.element("h2", &[], heading).markup("\n<ul>\n");
        for (name, page) in pages {
            html.markup("<li>");
            self.crumb(html, name, page.unwrap_or(INDEX));
            html.markup("</li>\n");
        }
        html.markup("</ul>\n");
    }
}

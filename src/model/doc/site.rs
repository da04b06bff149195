//! What all pages have in common: the packages, the places of all that is in them, and how
//! a page refers to it.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{Docs, PackageId, Resolve, TypeId};

use super::html::Html;
use super::links::{Links, href};
use super::markdown::{document, summary};
use super::search::Entry;

/// The style sheet, and its name beside the index.
pub(super) const STYLE: (&str, &str) = ("wit-doc.css", include_str!("assets/wit-doc.css"));

/// The script of the search, and its name beside the index.
pub(super) const SCRIPT: (&str, &str) = ("search.js", include_str!("assets/search.js"));

/// The packages that are documented.
#[derive(Clone, Debug)]
pub struct DocumentedPackages<'r> {
    /// The title of all pages together.
    pub title: String,
    /// Packages of WIT with everything that they refer to.
    pub resolve: &'r Resolve,
    /// The packages that the pages are about.
    pub roots: Vec<PackageId>,
    /// Whether the packages that these need have pages as well.
    pub with_dependencies: bool,
}

/// The files and the index of the search, as far as they are written.
#[derive(Default)]
pub(super) struct Output {
    pub files: BTreeMap<String, Vec<u8>>,
    pub entries: Vec<Entry>,
}

/// What all pages share.
pub(super) struct Site<'r> {
    pub title: String,
    pub resolve: &'r Resolve,
    pub links: Links<'r>,
    /// The packages that the pages are about.
    pub roots: Vec<PackageId>,
    /// The packages that these need, sorted by name; none if they have no pages.
    pub dependencies: Vec<PackageId>,
}

impl<'r> Site<'r> {
    /// The packages that are documented, with those that they need.
    pub fn of(documented: &DocumentedPackages<'r>) -> Self {
        let resolve = documented.resolve;
        let mut roots: Vec<PackageId> = Vec::new();
        for id in &documented.roots {
            if !roots.contains(id) {
                roots.push(*id);
            }
        }
        let mut dependencies = match documented.with_dependencies {
            true => needed(resolve, &roots),
            false => Vec::new(),
        };
        dependencies.sort_by_key(|id| &resolve.packages[*id].name);
        let all: Vec<PackageId> = roots.iter().chain(&dependencies).copied().collect();
        Site {
            title: documented.title.clone(),
            resolve,
            links: Links::new(resolve, &all),
            roots,
            dependencies,
        }
    }

    /// The packages that have pages.
    pub fn packages(&self) -> impl Iterator<Item = PackageId> + '_ {
        self.roots.iter().chain(&self.dependencies).copied()
    }

    /// The name of a package, with its version.
    pub fn package_name(&self, id: PackageId) -> String {
        self.resolve.packages[id].name.to_string()
    }
}

/// The packages that some refer to, directly or not, without these themselves.
fn needed(resolve: &Resolve, roots: &[PackageId]) -> Vec<PackageId> {
    let mut open = roots.to_vec();
    let mut found: BTreeSet<PackageId> = roots.iter().copied().collect();
    while let Some(id) = open.pop() {
        for other in resolve.package_direct_deps(id) {
            if found.insert(other) {
                open.push(other);
            }
        }
    }
    found.retain(|id| !roots.contains(id));
    found.into_iter().collect()
}

/// A page while it is written: what it shares with all others, where it is, and the names
/// that its documentation may link to.
pub(super) struct Page<'s, 'r> {
    pub site: &'s Site<'r>,
    pub path: String,
    /// The addresses of types and functions by their names.
    pub names: BTreeMap<String, String>,
    /// The package that the page is of; none for the index.
    pub package: Option<PackageId>,
}

impl Page<'_, '_> {
    /// The address of another page, or of an anchor, from this one.
    pub fn href(&self, page: &str, anchor: Option<&str>) -> String {
        href(&self.path, page, anchor)
    }

    /// The address of the definition of a type; `None` if it has no page.
    pub fn type_href(&self, id: TypeId) -> Option<String> {
        let (page, anchor) = self.site.links.definition(id)?;
        Some(self.href(page, Some(&anchor)))
    }

    /// The address of what has a name here: an item of the page, or an interface or world
    /// of the package.
    fn named(&self, name: &str) -> Option<String> {
        if let Some(href) = self.names.get(name) {
            return Some(href.clone());
        }
        let (site, package) = (self.site, &self.site.resolve.packages[self.package?]);
        let interface = package.interfaces.get(name);
        let world = || site.links.world(*package.worlds.get(name)?);
        let page = interface
            .and_then(|id| site.links.interface(*id))
            .or_else(world)?;
        Some(self.href(page, None))
    }

    /// Adds the documentation of an item, if it has any.
    pub fn docs(&self, html: &mut Html, docs: &Docs) {
        if let Some(text) = &docs.contents {
            html.open("div", &[("class", "doc")]);
            let lookup = |name: &str| self.named(name);
            html.append(&document(text, &lookup)).close("div");
            html.markup("\n");
        }
    }

    /// Adds the row of a list: a link, or only its text, and the summary of what it leads to.
    pub fn row(&self, html: &mut Html, text: &str, page: Option<&str>, docs: &Docs) {
        html.markup("<li>");
        self.link(html, text, page);
        if let Some(text) = &docs.contents {
            html.markup(" <span class=\"summary\">");
            html.append(&summary(text)).close("span");
        }
        html.markup("</li>\n");
    }

    /// Adds a link to a page, or only its text.
    pub fn link(&self, html: &mut Html, text: &str, page: Option<&str>) {
        match page {
            Some(page) => {
                html.open("a", &[("href", &self.href(page, None))]);
                html.element("code", &[], text).close("a")
            }
            None => html.element("code", &[], text),
        };
    }
}

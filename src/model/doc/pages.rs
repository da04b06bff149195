//! All pages of some packages, with the files that they load.

use std::collections::BTreeMap;

use super::site::{DocumentedPackages, Output, SCRIPT, STYLE, Site};
use super::{index, interface, package, search, world};

/// The files of all pages: from the path, which has slashes and starts at the folder that
/// they are to be in, to the content. [`super::INDEX`] is where a reader starts.
pub fn pages(documented: &DocumentedPackages<'_>) -> BTreeMap<String, Vec<u8>> {
    let site = Site::of(documented);
    let mut out = Output::default();
    index::write(&site, &mut out);
    for id in site.packages() {
        let package = &site.resolve.packages[id];
        package::write(&site, id, &mut out);
        for interface in package.interfaces.values() {
            interface::write(&site, *interface, id, &mut out);
        }
        for world in package.worlds.values() {
            world::write(&site, *world, id, &mut out);
        }
    }
    let mut files = out.files;
    for (name, text) in [STYLE, SCRIPT] {
        files.insert(name.to_owned(), text.as_bytes().to_vec());
    }
    let (name, text) = search::file(&out.entries);
    files.insert(name.to_owned(), text.into_bytes());
    files
}

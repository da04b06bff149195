//! Components that are linked to one.

use std::borrow::Cow;

use serde::Serialize;

use super::capabilities::reached;
use super::files::ComponentFiles;
use super::part::{Part, PartLink};
use super::stubs::add_stubs;
use crate::base::error::Result;
use crate::model::component::compose;
use crate::model::component::compose::{Link, Linked, Node, Plan};
use crate::model::component::debug::DebugSections;
use crate::model::component::{Surface, surface};
use crate::model::wit::docs::{ComponentDocs, without_docs};

/// The components that are linked to one, and the root among them.
#[derive(Debug, Serialize)]
pub(crate) struct Composition {
    /// The components, each of them once.
    pub parts: Vec<Part>,
    /// The index of the part whose exports the result has.
    pub root: usize,
}

impl Composition {
    /// How many other components the root needs, directly or through them.
    pub fn others(&self) -> usize {
        self.reached().len() - 1
    }

    /// The indices of the root and of all parts that it needs, the root first.
    pub fn reached(&self) -> Vec<usize> {
        reached(&self.parts, self.root)
    }
}

/// Links the root of a composition with the parts that satisfy its imports and
/// theirs.
pub(crate) fn link_parts(composition: &Composition) -> Result<Linked> {
    link_files(composition, &ComponentFiles::default())
}

/// As [`link_parts`], with the files that were read already.
pub(super) fn link_files(composition: &Composition, files: &ComponentFiles) -> Result<Linked> {
    let mut bytes = bytes_of(composition, files)?;
    // The result has the exports of the root.
    let docs = ComponentDocs::read(&bytes[composition.root]);
    bytes = bytes.into_iter().map(without_docs).collect();
    let mut debug = DebugSections::default();
    let mut linked = link_bytes(composition, &bytes, &mut debug)?;
    if !debug.is_empty() {
        linked.bytes = debug.put_back(&linked.bytes)?.concat();
    }
    let Surface { imports, exports } = surface(&linked.bytes)?;
    docs.add_to(&mut linked.bytes, &[&imports, &exports]);
    Ok(linked)
}

/// Fails as [`link_parts`] does.
pub(crate) fn check_parts(composition: &Composition) -> Result<()> {
    let bytes = bytes_of(composition, &ComponentFiles::default())?;
    link_bytes(composition, &bytes, &mut DebugSections::default()).map(drop)
}

/// The bytes of the parts of a composition, in their order.
fn bytes_of(composition: &Composition, files: &ComponentFiles) -> Result<Vec<Vec<u8>>> {
    let parts = composition.parts.iter();
    parts.map(|part| files.take(&part.file)).collect()
}

/// Links the parts, of which these are the bytes, with their debug information set aside.
fn link_bytes<'f>(
    composition: &Composition,
    files: &'f [Vec<u8>],
    debug: &mut DebugSections<'f>,
) -> Result<Linked> {
    let rest = plan(composition, files, &mut |bytes| debug.set_aside(bytes))?;
    // An error names positions in the files as they are.
    compose::link(&rest).or_else(|_| compose::link(&plan(composition, files, &mut |b| b.into())?))
}

/// The plan of a composition, of whose files each node gets what `of` returns; behind
/// these are generated stubs.
fn plan<'f>(
    composition: &Composition,
    files: &'f [Vec<u8>],
    of: &mut dyn FnMut(&'f [u8]) -> Cow<'f, [u8]>,
) -> Result<Plan<'f>> {
    let link = |(name, link): (&String, &PartLink)| {
        let link = Link {
            node: link.part,
            item: link.item.clone(),
        };
        (name.clone(), link)
    };
    let parts = composition.parts.iter().zip(files);
    let nodes = parts.map(|(part, bytes)| Node {
        name: part.name.clone(),
        bytes: of(bytes),
        links: part.links.iter().map(link).collect(),
        keep: part.keep.clone(),
    });
    let mut nodes = nodes.collect();
    add_stubs(&composition.parts, files, &mut nodes)?;
    Ok(Plan {
        nodes,
        root: composition.root,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::model::manifest;
    use crate::model::manifest::{ManifestFile, WorkspaceManifest};
    use crate::pipeline::link::stubs::stub_imports;
    use crate::system::fs;

    #[test]
    fn debug_information_is_where_it_would_be_without_care() {
        let dir = tempfile::tempdir().unwrap();
        let debug = |name: &str| {
            format!("(core module (@custom \".debug_info\" \"{name}\") (@custom \"kept\" \"\"))")
        };
        let part = |name: &str, text: &str, links: &[(&str, usize)]| {
            let file = dir.path().join(name);
            let text = format!("(component {text} {})", debug(name));
            fs::write_atomic(&file, &wat::parse_str(text).unwrap()).unwrap();
            let link = |(import, part): &(&str, usize)| {
                let link = PartLink {
                    part: *part,
                    item: None,
                };
                ((*import).to_owned(), link)
            };
            Part {
                name: name.to_owned(),
                file,
                links: links.iter().map(link).collect::<BTreeMap<_, _>>(),
                keep: BTreeSet::new(),
                stubs: BTreeSet::new(),
                origin: None,
            }
        };
        let function = "(core module $m (func (export \"f\")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i \"f\")))
            (instance $e (export \"f\" (func $f)))
            (export \"a:b/c\" (instance $e))";
        let import = "(import \"a:b/c\" (instance (export \"f\" (func))))";
        let composition = |root: Part| Composition {
            parts: vec![part("provider", function, &[]), root],
            root: 1,
        };
        let fitting = composition(part("root", import, &[("a:b/c", 0)]));
        let linked = link_parts(&fitting).unwrap();
        let files = bytes_of(&fitting, &ComponentFiles::default()).unwrap();
        let plain = plan(&fitting, &files, &mut |bytes| bytes.into()).unwrap();
        assert_eq!(linked.bytes, compose::link(&plain).unwrap().bytes);
        let text = String::from_utf8_lossy(&linked.bytes).into_owned();
        assert_eq!(text.matches(".debug_info").count(), 2);
        check_parts(&fitting).unwrap();
        let other = "(import \"a:b/c\" (instance (export \"g\" (func))))";
        let unfit = composition(part("root", other, &[("a:b/c", 0)]));
        assert_eq!(
            check_parts(&unfit).unwrap_err().to_string(),
            link_parts(&unfit).unwrap_err().to_string()
        );
    }

    const HOST: &str = "(import \"a:host/log\" (instance $i (export \"f\" (func))))";
    const DEP: &str = "(alias export $i \"f\" (func $f))
        (instance $e (export \"g\" (func $f)))
        (export \"t:dep/api\" (instance $e))";
    const NEEDS: &str = "(import \"t:dep/api\" (instance (export \"g\" (func))))";

    fn part(dir: &std::path::Path, name: &str, text: &str) -> Part {
        Part::written(dir, name, &format!("(component {text})"))
    }

    #[test]
    fn a_stub_is_for_its_component_alone() {
        let text = "[package.metadata.component.dependencies]\n\
            \"t:dep\" = { version = \"1\", stub = [\"a:host\", \"files\"] }\n";
        let file = ManifestFile::new("Cargo.toml", text);
        let manifest = manifest::read(file, &WorkspaceManifest::default()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut dep = vec![part(dir.path(), "dep", &format!("{HOST} {DEP}"))];
        let notes = stub_imports(&manifest, &mut dep, [("t:dep", 0)]).unwrap();
        assert_eq!(notes.len(), 1);
        assert!(
            notes[0].contains("`stub` of `t:dep` has `files`"),
            "{notes:?}"
        );
        assert_eq!(dep[0].stubs, BTreeSet::from(["a:host/log".to_owned()]));
        for (root, open) in [
            (NEEDS.to_owned(), vec![]),
            (format!("{HOST} {NEEDS}"), vec!["a:host/log"]),
        ] {
            let mut root = part(dir.path(), "root", &root);
            let link = PartLink {
                part: 0,
                item: None,
            };
            root.links.insert("t:dep/api".to_owned(), link);
            let parts = vec![dep[0].clone(), root];
            let linked = link_parts(&Composition { parts, root: 1 }).unwrap();
            let names: Vec<&str> = linked.open.iter().map(|name| &*name.name).collect();
            assert_eq!(names, open);
            let text = String::from_utf8_lossy(&linked.bytes).into_owned();
            assert!(text.contains("a:host/log#f was called"));
        }
    }

    #[test]
    fn a_linked_component_has_the_documentation_of_its_root_alone() {
        let dir = tempfile::tempdir().unwrap();
        let docs =
            |text: &str| format!("(@custom \"component-docs\" \"{{\\\"\\\":\\\"{text}\\\"}}\")");
        let dep = part(
            dir.path(),
            "dep",
            &format!("{HOST} {DEP} {}", docs("Part.")),
        );
        for (own, count) in [(docs("Root."), 1), (String::new(), 0)] {
            let mut root = part(dir.path(), "root", &format!("{NEEDS} {own}"));
            let link = PartLink {
                part: 0,
                item: None,
            };
            root.links.insert("t:dep/api".to_owned(), link);
            let parts = vec![dep.clone(), root];
            let linked = link_parts(&Composition { parts, root: 1 }).unwrap();
            wasmparser::validate(&linked.bytes).unwrap();
            let text = String::from_utf8_lossy(&linked.bytes).into_owned();
            assert!(!text.contains("Part."));
            assert_eq!(text.matches("component-docs").count(), count);
            assert_eq!(text.matches("Root.").count(), count);
        }
    }
}

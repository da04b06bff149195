//! What bytes of strangers go through, without files, network and engine. The
//! test beside it and the targets of `fuzz/` both come in here: what is given
//! may be refused and must not panic.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cargo_component::component::attributes::{self, Attributes, RootAttributes};
use cargo_component::component::compose::{Link, Linked, Node, Plan, graph, link};
use cargo_component::component::encode::{Adapter, encode};
use cargo_component::component::hint::Hint;
use cargo_component::component::outline::{outline, wit_text};
use cargo_component::component::{self, WasmKind, compatible, names, targets};
use cargo_component::manifest::BindingsSettings;
use cargo_component::wit::dependencies::{Bound, ComponentDependency, aliases, bind};
use cargo_component::wit::{self, Entry, Request, Sources, TextFile, WasmFile, World};

/// A world that has an import of its own, and functions.
const TARGET: &str = "package t:t; world w { import a:a/i; export run: func(); }
     package a:a { interface i { record p { x: u32 } f: func(p: p) -> string; } }";

/// It imports an interface, functions under a label and one function, and
/// exports what passes the types on.
const ASKS: &str = r#"(component
    (import "a:a/i" (instance $i
      (type $r (record (field "x" u32))) (export "p" (type $p (eq $r)))
      (export "f" (func (param "p" $p) (result string)))))
    (import "label" (implements "a:a/j") (external-id "wasm-pkg:a:a@1.0.0")
      (instance (export "h" (func (result u32)))))
    (import "g" (func (param "x" u32) (result u32)))
    (alias export $i "f" (func $f))
    (export "again" (func $f)))"#;

/// It has what the other asks for.
const GIVES: &str = r#"(component
    (core module $m (memory (export "memory") 1)
      (func (export "f") (param i32) (result i32) i32.const 0)
      (func (export "g") (param i32) (result i32) local.get 0)
      (func (export "h") (result i32) i32.const 7))
    (core instance $m (instantiate $m))
    (type $p' (record (field "x" u32)))
    (component $c
      (import "p" (type $p (eq $p')))
      (import "f" (func $f (param "p" $p) (result string)))
      (export $q "p" (type $p))
      (export "f" (func $f) (func (param "p" $q) (result string))))
    (func $f (param "p" $p') (result string)
      (canon lift (core func $m "f") (memory (core memory $m "memory"))))
    (instance $i (instantiate $c (with "p" (type $p')) (with "f" (func $f))))
    (func $h (result u32) (canon lift (core func $m "h")))
    (instance $j (export "h" (func $h)))
    (export "a:a/i" (instance $i))
    (export "a:a/j" (instance $j))
    (func (export "g") (param "x" u32) (result u32) (canon lift (core func $m "g"))))"#;

/// Parts that are no strangers.
pub struct Known {
    asks: Vec<u8>,
    gives: Vec<u8>,
    target: World,
}

impl Known {
    /// Makes them.
    pub fn new() -> Self {
        let path = PathBuf::from("own.wit");
        let text = TARGET.to_owned();
        let files = vec![TextFile {
            path: path.clone(),
            text,
        }];
        let target = load(Entry::Text { path, files }).expect("a world");
        let wat = |text: &str| wat::parse_str(text).expect("a component");
        Known {
            asks: wat(ASKS),
            gives: wat(GIVES),
            target,
        }
    }

    /// The text of the two components, for who wants to change them.
    pub const TEXTS: [&str; 2] = [ASKS, GIVES];

    /// What becomes of bytes that are depended on: whether they could be.
    pub fn dependency(&self, bytes: &[u8]) -> bool {
        self.read(bytes);
        let entry = || Entry::Wasm(WasmFile::new("dependency.wasm", bytes.to_vec()));
        wit::packages_named_by_component(&entry());
        wit::declared_packages(&[entry()]);
        wit::worlds(&entry());
        if let Ok(world) = load(entry()) {
            bindings(&world, &[]);
        }
        if matches!(
            component::kind(bytes),
            Some(WasmKind::Module | WasmKind::Guest)
        ) {
            let _ = encode(bytes, &Adapter::Reactor);
        }
        let Ok(modern) = names::with_current_names(bytes) else {
            return false;
        };
        let one = |key: &str, bytes: &[u8]| ComponentDependency {
            key: key.to_owned(),
            package: "some:package".parse().ok(),
            version: None,
            label: None,
            bytes: bytes.to_vec(),
            file: None,
            hints_of_imports: BTreeMap::new(),
        };
        let mut bound = false;
        for (target, others) in [
            (None, vec![]),
            (Some(self.target.clone()), vec![]),
            (None, vec![one("b", &self.gives)]),
            (None, vec![one("b", &modern)]),
        ] {
            let mut all = vec![one("some:package", &modern)];
            all.extend(others);
            if let Ok(Bound { world, aliases, .. }) = bind(target, &all) {
                bindings(&world, &aliases);
                bound = true;
            }
        }
        bound
    }

    fn read(&self, bytes: &[u8]) {
        let _ = outline(bytes);
        let _ = wit_text(bytes);
        let _ = component::is_wit_package(bytes);
        let _ = component::surface(bytes);
        let _ = names::imports(bytes);
        let _ = names::exports(bytes);
        let _ = names::without_attributes(bytes);
        let _ = targets::mismatches(bytes, &self.target.resolve, self.target.id);
        let _ = compatible::first_incompatibility(bytes, &self.gives);
        let _ = compatible::first_incompatibility(&self.gives, bytes);
        let _ = compatible::first_incompatibility(bytes, bytes);
    }

    /// What becomes of text that is a hint: whether it is one of ours.
    pub fn hint(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let hint = Hint::parse(&text);
        // What is shown can be shown.
        assert!(!hint.to_string().chars().any(char::is_control), "{text:?}");
        // What is written is read as the same.
        assert_eq!(Hint::parse(&hint.text()), hint, "{text:?}");
        let mut attributes = RootAttributes::default();
        let said = Attributes {
            implements: None,
            external_id: Some(text.clone()),
        };
        attributes.imports.insert("a:a/i".to_owned(), said);
        let hinted = attributes::add(&self.asks, &attributes).expect("a component with a hint");
        let read = names::imports(&hinted).expect("its imports");
        assert_eq!(read[0].external_id.as_deref(), Some(text.as_str()));
        // The names of 0.21.1 are hints themselves.
        let named = BTreeMap::from([("g".to_owned(), text)]);
        if let Ok(named) = names::renamed(&self.asks, &named) {
            let _ = names::imports(&named);
            if let Ok(modern) = names::with_current_names(&named)
                && modern != named
            {
                let _ = names::imports(&modern);
                self.compose(&named);
            }
        }
        hint.known().is_some()
    }

    /// What becomes of bytes that are linked: whether they could be.
    pub fn compose(&self, bytes: &[u8]) -> bool {
        let mut linked = 0;
        for nodes in [[&self.asks, bytes], [bytes, &self.gives], [bytes, bytes]] {
            let nodes = nodes.map(|bytes| Node {
                name: "a:part@1.0.0".to_owned(),
                bytes: bytes.into(),
                links: BTreeMap::new(),
                keep: BTreeSet::new(),
            });
            let mut plan = Plan {
                nodes: nodes.into(),
                root: 0,
            };
            if let Ok(made) = link(&plan) {
                usable(&made);
            }
            for import in names::imports(&plan.nodes[0].bytes).unwrap_or_default() {
                let answer = Link {
                    node: 1,
                    item: None,
                };
                plan.nodes[0].links.insert(import.name.clone(), answer);
                // All so far; an import that nothing answers stays open.
                match link(&plan) {
                    Ok(made) => {
                        usable(&made);
                        linked += 1;
                    }
                    Err(_) => {
                        plan.nodes[0].links.remove(&import.name);
                    }
                }
            }
        }
        linked > 0
    }
}

/// What was linked is what everybody takes.
fn usable(made: &Linked) {
    let read = names::imports(&made.bytes).expect("what is linked can be read");
    assert_eq!(read, made.open);
    let drawn = [
        graph::svg(&made.graph),
        graph::dot(&made.graph),
        graph::mermaid(&made.graph),
    ];
    assert!(drawn.iter().all(|drawing| !drawing.is_empty()));
}

fn load(main: Entry) -> cargo_component::error::Result<World> {
    wit::load(Request {
        sources: Sources {
            main,
            deps: Vec::new(),
        },
        overrides: Vec::new(),
        fetched: Vec::new(),
        chosen: Vec::new(),
        pinned: Vec::new(),
        declared: false,
        world: None,
        features: &[],
        all_features: false,
    })
}

fn bindings(world: &World, of_before: &[aliases::Alias]) {
    RootAttributes::of(world);
    let settings = BindingsSettings {
        format: false,
        ..BindingsSettings::default()
    };
    if let Ok(text) = wit::bindings::generate(world, &settings, wit::runtime::Runtime::default()) {
        let _ = aliases::insert(&text, of_before);
    }
}

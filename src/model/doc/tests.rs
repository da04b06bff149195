use std::collections::BTreeMap;
use std::path::Path;

use wit_parser::{PackageId, Resolve};

mod links;

use super::{DocumentedPackages, pages};
use crate::golden;

const EVERYTHING: &str = include_str!("../../../tests/wit-pages/everything.wit");

/// The resolve of some texts, each a package that may use those before it, with all
/// features; and the last package.
fn resolve(texts: &[&str]) -> (Resolve, PackageId) {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let mut last = None;
    for text in texts {
        last = Some(resolve.push_source("package.wit", text).unwrap());
    }
    (resolve, last.unwrap())
}

/// The pages of the last of some packages.
fn rendered(texts: &[&str], with_dependencies: bool) -> BTreeMap<String, String> {
    let (resolve, root) = resolve(texts);
    let files = pages(&DocumentedPackages {
        title: "Test".to_owned(),
        resolve: &resolve,
        roots: vec![root],
        with_dependencies,
    });
    files
        .into_iter()
        .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()))
        .collect()
}

#[test]
fn every_kind_of_item_has_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wit-pages/everything");
    let files = rendered(&[EVERYTHING], true);
    links::check(&files);
    let mut known = Vec::new();
    let own = |path: &&String| !path.ends_with(".css") && *path != "search.js";
    for path in files.keys().filter(own) {
        let file = path.replace('/', "~");
        std::fs::create_dir_all(&folder).unwrap();
        golden::assert(&folder.join(&file), &files[path]);
        known.push(file);
    }
    let mut there: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    known.sort();
    assert_eq!(there, known);
}

#[test]
fn nothing_but_known_markup_comes_of_hostile_documentation() {
    let hostile = [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1)) [two]( jAvAsCrIpT:alert(1) )",
        "![pixel](https://tracker.test/pixel.png)",
        "</div></main><h1 onclick=\"alert(1)\">Fake</h1>",
        "<!-- [x](data:text/html,<script>alert(1)</script>)",
        "\"'><svg onload=alert(1)>",
        "`</code><script>alert(1)</script>`",
        "| a |\n    /// | - |\n    /// | <script>alert(1)</script> |",
        "<style>*{display:none}</style>",
        "<iframe src=\"https://a.test\"></iframe><a href=\"javascript:alert(1)\">x</a>",
        "[named]\n    ///\n    /// [named]: javascript:alert(1) \"x\\\" onclick=\\\"y\"",
    ];
    let mut text = String::from("package hostile:docs@1.0.0;\n");
    for (at, docs) in hostile.iter().enumerate() {
        text += &format!(
            "/// {docs}\ninterface i{at} {{\n    /// {docs}\n    record r {{\n    /// {docs}\n    f: u8 }}\n    /// {docs}\n    %interface: func(%type: r);\n}}\n"
        );
    }
    text += "world %world { import %export: func(); }\n";
    let files = rendered(&[&text], true);
    links::check(&files);
    let first = &files["hostile/docs@1.0.0/interface.i0.html"];
    assert!(
        first.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{first}"
    );
}

#[test]
fn packages_without_pages_are_not_linked_to() {
    let texts = [
        "package a:dep@1.0.0; interface i { record r { x: u8 } }",
        "package a:unused; interface i { }",
        "package a:app; interface mine { use a:dep/i@1.0.0.{r}; f: func() -> r; }
         world w { import a:dep/i@1.0.0; import mine; }",
    ];
    let all = rendered(&texts, true);
    links::check(&all);
    let names: Vec<&String> = all.keys().filter(|path| path.ends_with(".html")).collect();
    assert_eq!(
        names,
        [
            "a/app/index.html",
            "a/app/interface.mine.html",
            "a/app/world.w.html",
            "a/dep@1.0.0/index.html",
            "a/dep@1.0.0/interface.i.html",
            "index.html",
        ]
    );
    let mine = &all["a/app/interface.mine.html"];
    let target = "href=\"../../a/dep@1.0.0/interface.i.html#type.r\"";
    assert_eq!(mine.matches(target).count(), 2, "{mine}");
    let alone = rendered(&texts, false);
    links::check(&alone);
    assert!(alone.keys().all(|path| !path.starts_with("a/dep")));
    assert!(!alone["a/app/interface.mine.html"].contains("a/dep@1.0.0/"));
    assert!(alone["a/app/interface.mine.html"].contains("a:dep/i@1.0.0"));
}

#[test]
fn two_versions_of_a_package_have_pages_of_their_own() {
    let files = rendered(
        &[
            "package a:dep@1.0.0; interface i { type t = u8; }",
            "package a:dep@2.0.0-rc.1+b; interface i { type t = u16; }",
            "package a:app; interface mine { use a:dep/i@1.0.0.{t}; use a:dep/i@2.0.0-rc.1+b.{t as t2}; }",
        ],
        true,
    );
    links::check(&files);
    assert!(files["a/dep@1.0.0/interface.i.html"].contains("u8"));
    assert!(files["a/dep@2.0.0-rc.1+b/interface.i.html"].contains("u16"));
    assert!(files["a/app/interface.mine.html"].contains("dep@2.0.0-rc.1%2Bb/interface.i.html"));
}

#[test]
fn the_pages_are_the_same_each_time() {
    assert_eq!(rendered(&[EVERYTHING], true), rendered(&[EVERYTHING], true));
}

/// A package with so many interfaces, each with a type and a function.
fn large(count: usize) -> String {
    let mut text = String::from("package large:all;\n");
    for at in 0..count {
        text += &format!(
            "/// One of many.\ninterface i{at} {{\n  /// Some.\n  record r {{ x: u8, y: string }}\n  /// Does.\n  f: func(a: r) -> result<r, string>;\n}}\n"
        );
    }
    text
}

#[test]
fn pages_grow_with_what_they_describe() {
    let size = |count| -> usize {
        let files = rendered(&[&large(count)], true);
        files.values().map(String::len).sum()
    };
    let (one, four) = (size(200), size(800));
    assert!(four < 4 * one + 4 * one / 10, "{one} {four}");
}

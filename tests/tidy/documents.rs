//! Rules about the documents beside the code.

use std::collections::BTreeSet;

/// A changelog has a section for what is not released, or for this version.
pub fn changelog(text: &str, version: &str) -> Vec<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    let fits = |heading: &str| heading.contains("Unreleased") || heading.contains(version);
    match headings.into_iter().any(fits) {
        true => Vec::new(),
        false => vec![format!(
            "CHANGELOG.md: no section `Unreleased` and none for {version}"
        )],
    }
}

/// Examples of manifests that ask for another version of this crate than `version`.
pub fn requirements(page: &str, text: &str, version: &str) -> Vec<String> {
    let wanted = version.rsplit_once('.').map_or(version, |(start, _)| start);
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let asked = line.strip_prefix("cargo-component = { version = \"");
        let asked = asked.and_then(|rest| rest.split('"').next());
        if let Some(asked) = asked.filter(|asked| *asked != wanted) {
            let at = at + 1;
            found.push(format!("{page}:{at}: asks for {asked}, write {wanted}"));
        }
    }
    found
}

/// Files of a package, one a line, that are not among `wanted`, and what of that it lacks.
pub fn packed(listed: &str, wanted: &[&str]) -> Vec<String> {
    let fits = |file: &str, place: &str| match place.ends_with('/') {
        true => file.starts_with(place),
        false => file == place,
    };
    let more = listed
        .lines()
        .filter(|file| !wanted.iter().any(|place| fits(file, place)))
        .map(|file| format!("Cargo.toml: `include` packs `{file}`"));
    // Cargo knows no commit where there is no repository.
    let optional = |place: &str| place == ".cargo_vcs_info.json";
    let missing = wanted
        .iter()
        .filter(|place| !optional(place) && !listed.lines().any(|file| fits(file, place)))
        .map(|place| format!("Cargo.toml: `include` leaves out `{place}`"));
    more.chain(missing).collect()
}

/// The targets of the links of a page, `[text](target)`, code left out.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for rest in prose.split("](").skip(1) {
            if let Some((target, _)) = rest.split_once(')') {
                found.push((at + 1, target.to_owned()));
            }
        }
    }
    found
}

/// Pages in the summary that are missing, and pages the summary leaves out.
pub fn book(summary: &str, pages: &[String]) -> Vec<String> {
    let listed: BTreeSet<_> = targets(summary).into_iter().map(|(_, page)| page).collect();
    let written: BTreeSet<_> = pages
        .iter()
        .filter(|p| *p != "SUMMARY.md")
        .cloned()
        .collect();
    let missing = listed
        .difference(&written)
        .map(|page| format!("docs/src/SUMMARY.md: `{page}` does not exist"));
    let left_out = written
        .difference(&listed)
        .map(|page| format!("docs/src/{page}: not in SUMMARY.md"));
    missing.chain(left_out).collect()
}

/// Links to files that are not there; `exists` takes a path beside the page.
pub fn links(page: &str, text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (line, target) in targets(text) {
        let file = target.split('#').next().unwrap_or_default();
        if !target.contains("://") && !file.is_empty() && !exists(file) {
            found.push(format!("{page}:{line}: `{target}` leads nowhere"));
        }
    }
    found
}

/// Paths of the repository in the code spans of a page that are not there.
pub fn paths(page: &str, text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for code in line.split('`').skip(1).step_by(2) {
            let ours = ["src/", "tests/", "benches/", "docs/"];
            let plain = !code.contains([' ', '*', '<', '…']);
            if plain && ours.iter().any(|start| code.starts_with(start)) && !exists(code) {
                found.push(format!("{page}:{}: `{code}` does not exist", at + 1));
            }
        }
    }
    found
}

/// Names that stand for anybody.
const ANYBODY: &[&str] = &["user", "me", "you", "alice", "bob"];

/// Absolute paths into somebody's home.
pub fn private_paths(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for home in ["root", "home", "Users"] {
            let start = format!("/{home}/");
            for (place, _) in line.match_indices(&start) {
                let inside = |c: char| c.is_alphanumeric() || "_-.}>*~".contains(c);
                let rest = &line[place + start.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
                let name = &rest[..end.unwrap_or(rest.len())];
                let known = home != "root" && (name.is_empty() || ANYBODY.contains(&name));
                if !line[..place].ends_with(inside) && !known {
                    found.push(format!("{file}:{}: `{start}{name}`", at + 1));
                }
            }
        }
    }
    found
}

mod proofs {
    use super::*;

    #[test]
    fn a_changelog_without_a_section_is_named() {
        assert_eq!(changelog("# C\n## Unreleased\n", "1.0.0"), [""; 0]);
        assert_eq!(changelog("# C\n## 1.0.0 (today)\n", "1.0.0"), [""; 0]);
        assert_eq!(changelog("# Unreleased\n## 0.9.0\n", "1.0.0").len(), 1);
    }

    #[test]
    fn another_version_of_this_crate_is_named() {
        let text = "```toml\ncargo-component = { version = \"0.1\", features = [] }\n\
            cargo-component = { path = \"..\" }\n```\n";
        assert_eq!(requirements("p.md", text, "0.1.7"), [""; 0]);
        assert_eq!(
            requirements("p.md", text, "0.2.0"),
            ["p.md:2: asks for 0.1, write 0.2"]
        );
    }

    #[test]
    fn what_a_package_lacks_or_has_too_much_is_named() {
        let wanted = ["Cargo.toml", "src/"];
        assert_eq!(packed("Cargo.toml\nsrc/a/b.rs\n", &wanted), [""; 0]);
        assert_eq!(
            packed("Cargo.toml\ntests/src/a.rs\n", &wanted),
            [
                "Cargo.toml: `include` packs `tests/src/a.rs`",
                "Cargo.toml: `include` leaves out `src/`"
            ]
        );
    }

    #[test]
    fn summary_and_pages_agree() {
        let pages = ["SUMMARY.md", "a.md", "b/c.md"].map(str::to_owned);
        assert_eq!(book("- [A](a.md)\n  - [C](b/c.md)\n", &pages), [""; 0]);
        assert_eq!(
            book("- [A](a.md)\n- [D](d.md)\n", &pages),
            [
                "docs/src/SUMMARY.md: `d.md` does not exist",
                "docs/src/b/c.md: not in SUMMARY.md"
            ]
        );
    }

    #[test]
    fn a_broken_link_is_named() {
        let text = "[a](a.md#x) [w](https://w) [h](#here)\n`[c](c.md)` [b](b.md)\n\
            ```\n[d](d.md)\n```\n";
        let found = links("p.md", text, &|file| file == "a.md");
        assert_eq!(found, ["p.md:2: `b.md` leads nowhere"]);
    }

    #[test]
    fn a_path_that_is_gone_is_named() {
        let text = "`src/a.rs` and `src/b.rs`\n`tests/it/<name>.rs` `a/b` `src/a.rs x`\n";
        let found = paths("p.md", text, &|path| path == "src/a.rs");
        assert_eq!(found, ["p.md:1: `src/b.rs` does not exist"]);
    }

    #[test]
    fn a_home_is_named_unless_it_is_anybodys() {
        let check = |parts: [&str; 2]| private_paths("f", &parts.join("/")).len();
        assert_eq!(check(["cd ", "root/x"]), 1);
        assert_eq!(check(["at \"", "home/carol/x"]), 1);
        assert_eq!(check(["", "Users/carol"]), 1);
        assert_eq!(check(["", "home/user/x"]), 0);
        assert_eq!(check(["project", "root/x"]), 0);
        assert_eq!(check(["https://example.com", "home/"]), 0);
    }
}

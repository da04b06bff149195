//! Finding the export of a component that provides an import.

use semver::Version;

use super::parsed::{ItemKind, RootItem};
use crate::base::error::nearest;

/// The part of a component that provides an import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ProvidedPart {
    /// The instance of the component itself: the functions at its root.
    Root,
    /// The export with this name.
    Export(String),
    /// The type in an export: the names of the export and of the type.
    Type(String, String),
}

/// The reason why no export provides an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoMatch {
    /// The name of the most similar export, and the reason why it does not match.
    pub closest: Option<(String, String)>,
}

/// Whether two interfaces are compatible: they have the same name, and versions
/// on one track. A pre-release is on a track of its own, as is each release
/// before 0.1.
pub fn compatible(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    fn base(name: &str) -> Option<&str> {
        name.split_once('@').map(|(base, _)| base)
    }
    // Most names are of other interfaces, and versions take time to read.
    if base(a).is_none() || base(a) != base(b) {
        return false;
    }
    let ((a, Some(v)), (b, Some(w))) = (split(a), split(b)) else {
        return false;
    };
    let track = |v: &Version| match (v.pre.is_empty(), v.major, v.minor) {
        (false, ..) | (true, 0, 0) => None,
        (true, 0, minor) => Some((0, minor)),
        (true, major, _) => Some((major, 0)),
    };
    a == b && track(&v).is_some() && track(&v) == track(&w)
}

/// The name of an interface, and its version if it has one.
fn split(name: &str) -> (&str, Option<Version>) {
    match name.split_once('@') {
        Some((base, version)) => match version.parse() {
            Ok(version) => (base, Some(version)),
            Err(_) => (name, None),
        },
        None => (name, None),
    }
}

/// Finds the export that provides an import; `item` is the one that its hint
/// names.
pub(super) fn find_match(
    import: &RootItem,
    item: Option<&str>,
    exports: &[RootItem],
) -> Result<ProvidedPart, NoMatch> {
    let named = |export: &RootItem| ProvidedPart::Export(export.name.name.clone());
    if let Some(item) = item {
        let found = by_name(item, import.kind, exports).or_else(|| flattened(item, exports));
        return found
            .map(named)
            .ok_or_else(|| no_match(item, import, exports));
    }
    if import.kind != ItemKind::Instance {
        let name = &import.name.name;
        let found = by_name(name, import.kind, exports);
        return found
            .map(named)
            .ok_or_else(|| no_match(name, import, exports));
    }
    if let Some(interface) = import.name.interface() {
        let found = by_name(interface, ItemKind::Instance, exports);
        return found
            .map(named)
            .ok_or_else(|| no_match(interface, import, exports));
    }
    let label = &import.name.name;
    let has = |function: &String| {
        let root = |e: &&RootItem| e.kind == ItemKind::Function && e.name.name == *function;
        exports.iter().find(root).is_some()
    };
    if !import.functions.is_empty() && import.functions.iter().all(has) {
        return Ok(ProvidedPart::Root);
    }
    by_name(label, ItemKind::Instance, exports)
        .or_else(|| flattened(label, exports))
        .or_else(|| by_functions(import, exports))
        .map(named)
        .ok_or_else(|| no_match(label, import, exports))
}

/// The export with that name; for an interface, the one with that version or the
/// newest compatible one.
fn by_name<'a>(name: &str, sort: ItemKind, exports: &'a [RootItem]) -> Option<&'a RootItem> {
    let fitting = || exports.iter().filter(|export| export.kind == sort);
    if let Some(export) = fitting().find(|export| export.name.name == name) {
        return Some(export);
    }
    let interface = |export: &RootItem| export.name.interface().map(str::to_owned);
    let exact = |export: &&RootItem| interface(export).as_deref() == Some(name);
    fitting().find(exact).or_else(|| {
        fitting()
            .filter(|export| interface(export).is_some_and(|other| compatible(&other, name)))
            .max_by_key(|export| interface(export).and_then(|name| split(&name).1))
    })
}

/// The export whose name, an interface without its version, version 0.21.1 of
/// this tool flattened to a label.
fn flattened<'a>(label: &str, exports: &'a [RootItem]) -> Option<&'a RootItem> {
    let flat = |name: &str| split(name).0.replace([':', '/'], "-");
    let fits = |export: &&RootItem| {
        let flat = flat(&export.name.name);
        export.kind == ItemKind::Instance
            && export.name.interface().is_some()
            && (label == flat || label.ends_with(&format!("-{flat}")))
    };
    exports.iter().find(fits)
}

/// The instance that has all functions of the import, if there is only one.
fn by_functions<'a>(import: &RootItem, exports: &'a [RootItem]) -> Option<&'a RootItem> {
    let has_all = |export: &&RootItem| {
        let has = |function: &String| export.functions.contains(function);
        export.kind == ItemKind::Instance && import.functions.iter().all(has)
    };
    let mut found = exports.iter().filter(has_all);
    match (found.next(), found.next()) {
        (Some(only), None) if !import.functions.is_empty() => Some(only),
        _ => None,
    }
}

/// The export most similar to a name, and the reason why it does not match.
fn no_match(name: &str, import: &RootItem, exports: &[RootItem]) -> NoMatch {
    let names = || exports.iter().map(|export| export.name.name.as_str());
    let (base, version) = split(name);
    let same_base = exports.iter().find(|export| {
        let exported = export.name.interface().unwrap_or(&export.name.name);
        split(exported).0 == base
    });
    if let Some(export) = same_base {
        let exported = export.name.interface().unwrap_or(&export.name.name);
        let version_text = |version: Option<Version>| match version {
            Some(version) => format!("version {version}"),
            None => "no version".to_owned(),
        };
        let why = match export.kind == import.kind {
            false => format!(
                "it is {}, but {} is needed",
                export.kind.words(),
                import.kind.words()
            ),
            true => format!(
                "it has {}, which is not compatible with {}",
                version_text(split(exported).1),
                version_text(version)
            ),
        };
        return closest(&export.name.name, why);
    }
    let last = |name: &str| split(name).0.rsplit('/').next().map(str::to_owned);
    let alike = |other: &&str| other.contains('/') && last(other) == last(name);
    if let Some(other) = names().find(|other| name.contains('/') && alike(other)) {
        return closest(other, "it is an interface of another package".to_owned());
    }
    // The name may be the label of a component whose root is imported.
    let root = exports
        .iter()
        .filter(|export| export.kind == ItemKind::Function);
    let root: Vec<&str> = root.map(|export| export.name.name.as_str()).collect();
    let lacking = import
        .functions
        .iter()
        .find(|f| !root.contains(&f.as_str()));
    if let (None, Some(first), Some(lacking)) = (import.name.interface(), root.first(), lacking) {
        return closest(first, format!("the function `{lacking}` is missing"));
    }
    match nearest(name, names()) {
        Some(other) => closest(other, "it has another name".to_owned()),
        None => NoMatch { closest: None },
    }
}

fn closest(name: &str, why: String) -> NoMatch {
    NoMatch {
        closest: Some((name.to_owned(), why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::names::Name;

    fn instance(name: &str, implements: Option<&str>, functions: &[&str]) -> RootItem {
        RootItem {
            name: Name {
                name: name.to_owned(),
                implements: implements.map(str::to_owned),
                external_id: None,
            },
            kind: ItemKind::Instance,
            functions: functions.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn function(name: &str) -> RootItem {
        RootItem {
            name: Name::plain(name),
            kind: ItemKind::Function,
            functions: Vec::new(),
        }
    }

    fn export(name: &str) -> Result<ProvidedPart, NoMatch> {
        Ok(ProvidedPart::Export(name.to_owned()))
    }

    #[test]
    fn versions_on_one_track_are_compatible() {
        for (a, b) in [
            ("a:b/c", "a:b/c"),
            ("a:b/c@0.2.0", "a:b/c@0.2.12"),
            ("a:b/c@1.0.0", "a:b/c@1.9.0"),
            ("a:b/c@1.0.0-rc.1", "a:b/c@1.0.0-rc.1"),
        ] {
            assert!(compatible(a, b) && compatible(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("a:b/c", "a:b/c@1.0.0"),
            ("a:b/c@0.2.0", "a:b/c@0.3.0"),
            ("a:b/c@1.0.0", "a:b/c@2.0.0"),
            ("a:b/c@0.0.1", "a:b/c@0.0.2"),
            ("a:b/c@1.0.0-rc.1", "a:b/c@1.0.0"),
            ("a:b/c@1.0.0", "a:b/d@1.0.0"),
        ] {
            assert!(!compatible(a, b) && !compatible(b, a), "{a} {b}");
        }
    }

    #[test]
    fn an_import_is_provided_by_what_it_names() {
        let exports = [
            function("f"),
            function("g"),
            instance("a:b/c@1.0.0", None, &["x"]),
            instance("a:b/c@1.2.0", None, &["x", "y"]),
            instance("a:b/c@2.0.0", None, &["x"]),
            instance("baz", None, &["z"]),
            instance("other", Some("d:e/f@0.3.1"), &["w"]),
        ];
        let find = |import: RootItem, item| find_match(&import, item, &exports);
        let i = |name| instance(name, None, &[]);
        // Interfaces, by version and track.
        assert_eq!(find(i("a:b/c@1.0.0"), None), export("a:b/c@1.0.0"));
        assert_eq!(find(i("a:b/c@1.1.0"), None), export("a:b/c@1.2.0"));
        assert_eq!(find(i("a:b/c@2.0.1"), None), export("a:b/c@2.0.0"));
        assert_eq!(find(i("d:e/f@0.3.0"), None), export("other"));
        let label = instance("mine", Some("a:b/c@2.0.0"), &["x"]);
        assert_eq!(find(label, None), export("a:b/c@2.0.0"));
        // The root, by its functions.
        let root = instance("any", None, &["f", "g"]);
        assert_eq!(find(root.clone(), None), Ok(ProvidedPart::Root));
        // A fragment goes before.
        assert_eq!(find(root, Some("baz")), export("baz"));
        assert_eq!(find(i("x"), Some("a:b/c@1.2.0")), export("a:b/c@1.2.0"));
        // Names of 0.21.1.
        assert!(find(i("x"), Some("d-e-f")).is_err());
        assert_eq!(find(i("pkg-a-b-c"), None), export("a:b/c@1.0.0"));
        assert_eq!(find(i("x"), Some("a-b-c")), export("a:b/c@1.0.0"));
        // By structure, where only one has all functions.
        assert_eq!(
            find(instance("l", None, &["x", "y"]), None),
            export("a:b/c@1.2.0")
        );
        assert!(find(instance("l", None, &["x"]), None).is_err());
        // Single functions.
        assert_eq!(find(function("g"), None), export("g"));
    }

    #[test]
    fn the_most_similar_export_is_named_with_the_reason() {
        let exports = [
            function("f"),
            instance("a:b/c@2.0.0", None, &["x"]),
            instance("a:b/types", None, &[]),
        ];
        let find =
            |import: RootItem, item| find_match(&import, item, &exports).unwrap_err().closest;
        let no_match = |name: &str, why: &str| Some((name.to_owned(), why.to_owned()));
        assert_eq!(
            find(instance("a:b/c@1.0.0", None, &[]), None),
            no_match(
                "a:b/c@2.0.0",
                "it has version 2.0.0, which is not compatible with version 1.0.0"
            )
        );
        assert_eq!(
            find(instance("z:b/c@2.0.0", None, &[]), None),
            no_match("a:b/c@2.0.0", "it is an interface of another package")
        );
        assert_eq!(
            find(instance("a:b/type", None, &[]), None),
            no_match("a:b/types", "it has another name")
        );
        assert_eq!(
            find(instance("label", None, &["f", "g"]), None),
            no_match("f", "the function `g` is missing")
        );
        assert_eq!(
            find(instance("f", None, &["k"]), Some("f")),
            no_match("f", "it is a function, but an interface is needed")
        );
        assert_eq!(find(instance("zzzzzz", None, &[]), None), None);
    }
}

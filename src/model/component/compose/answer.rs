//! Which export of a component answers an import.

use semver::Version;

use super::part::{Item, Sort};
use crate::base::error::nearest;

/// What answers an import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// The instance of the component itself: the functions at its root.
    Whole,
    /// The export of this name.
    Export(String),
    /// Of the export of this name, the type of that name.
    Type(String, String),
}

/// Why nothing does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Miss {
    /// The export that comes closest, and why it does not answer.
    pub closest: Option<(String, String)>,
}

/// Whether one interface stands in for the other: they have the same name, and
/// versions on one track. A pre-release is on a track of its own, as is each
/// release before 0.1.
pub fn compatible(a: &str, b: &str) -> bool {
    if a == b {
        return true;
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

/// An interface's name, and its version if it has one.
fn split(name: &str) -> (&str, Option<Version>) {
    match name.split_once('@') {
        Some((base, version)) => match version.parse() {
            Ok(version) => (base, Some(version)),
            Err(_) => (name, None),
        },
        None => (name, None),
    }
}

/// The export that answers an import; `item` is the one its hint names.
pub(super) fn answer(import: &Item, item: Option<&str>, exports: &[Item]) -> Result<Answer, Miss> {
    let named = |export: &Item| Answer::Export(export.name.name.clone());
    if let Some(item) = item {
        let found = by_name(item, import.sort, exports).or_else(|| flattened(item, exports));
        return found
            .map(named)
            .ok_or_else(|| missed(item, import, exports));
    }
    if import.sort != Sort::Instance {
        let name = &import.name.name;
        let found = by_name(name, import.sort, exports);
        return found
            .map(named)
            .ok_or_else(|| missed(name, import, exports));
    }
    if let Some(interface) = import.name.interface() {
        let found = by_name(interface, Sort::Instance, exports);
        return found
            .map(named)
            .ok_or_else(|| missed(interface, import, exports));
    }
    let label = &import.name.name;
    let has = |function: &String| {
        let root = |e: &&Item| e.sort == Sort::Function && e.name.name == *function;
        exports.iter().find(root).is_some()
    };
    if !import.functions.is_empty() && import.functions.iter().all(has) {
        return Ok(Answer::Whole);
    }
    by_name(label, Sort::Instance, exports)
        .or_else(|| flattened(label, exports))
        .or_else(|| by_functions(import, exports))
        .map(named)
        .ok_or_else(|| missed(label, import, exports))
}

/// The export of that name; of an interface, the one of that version or the
/// newest on its track.
fn by_name<'a>(name: &str, sort: Sort, exports: &'a [Item]) -> Option<&'a Item> {
    let fitting = || exports.iter().filter(|export| export.sort == sort);
    if let Some(export) = fitting().find(|export| export.name.name == name) {
        return Some(export);
    }
    let interface = |export: &Item| export.name.interface().map(str::to_owned);
    let exact = |export: &&Item| interface(export).as_deref() == Some(name);
    fitting().find(exact).or_else(|| {
        fitting()
            .filter(|export| interface(export).is_some_and(|other| compatible(&other, name)))
            .max_by_key(|export| interface(export).and_then(|name| split(&name).1))
    })
}

/// The export whose name version 0.21.1 of this tool flattened to a label: an
/// interface without its version.
fn flattened<'a>(label: &str, exports: &'a [Item]) -> Option<&'a Item> {
    let flat = |name: &str| split(name).0.replace([':', '/'], "-");
    let fits = |export: &&Item| {
        let flat = flat(&export.name.name);
        export.sort == Sort::Instance
            && export.name.interface().is_some()
            && (label == flat || label.ends_with(&format!("-{flat}")))
    };
    exports.iter().find(fits)
}

/// The only instance that has all functions of the import.
fn by_functions<'a>(import: &Item, exports: &'a [Item]) -> Option<&'a Item> {
    let has_all = |export: &&Item| {
        let has = |function: &String| export.functions.contains(function);
        export.sort == Sort::Instance && import.functions.iter().all(has)
    };
    let mut found = exports.iter().filter(has_all);
    match (found.next(), found.next()) {
        (Some(only), None) if !import.functions.is_empty() => Some(only),
        _ => None,
    }
}

/// What comes closest to a name, and why it is not it.
fn missed(wanted: &str, import: &Item, exports: &[Item]) -> Miss {
    let names = || exports.iter().map(|export| export.name.name.as_str());
    let (base, version) = split(wanted);
    let same = exports.iter().find(|export| {
        let name = export.name.interface().unwrap_or(&export.name.name);
        split(name).0 == base
    });
    if let Some(export) = same {
        let name = export.name.interface().unwrap_or(&export.name.name);
        let shown = |version: Option<Version>| match version {
            Some(version) => format!("version {version}"),
            None => "no version".to_owned(),
        };
        let why = match export.sort == import.sort {
            false => format!(
                "it is {}, but {} is needed",
                export.sort.words(),
                import.sort.words()
            ),
            true => format!(
                "it has {}, which is not compatible with {}",
                shown(split(name).1),
                shown(version)
            ),
        };
        return closest(&export.name.name, why);
    }
    let last = |name: &str| split(name).0.rsplit('/').next().map(str::to_owned);
    let alike = |name: &&str| name.contains('/') && last(name) == last(wanted);
    if let Some(name) = names().find(|name| wanted.contains('/') && alike(name)) {
        return closest(name, "it is an interface of another package".to_owned());
    }
    // The label of a component whose root is wanted.
    let root = exports
        .iter()
        .filter(|export| export.sort == Sort::Function);
    let root: Vec<&str> = root.map(|export| export.name.name.as_str()).collect();
    let lacking = import
        .functions
        .iter()
        .find(|f| !root.contains(&f.as_str()));
    if let (None, Some(first), Some(lacking)) = (import.name.interface(), root.first(), lacking) {
        return closest(first, format!("the function `{lacking}` is missing"));
    }
    match nearest(wanted, names()) {
        Some(name) => closest(name, "it has another name".to_owned()),
        None => Miss { closest: None },
    }
}

fn closest(name: &str, why: String) -> Miss {
    Miss {
        closest: Some((name.to_owned(), why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::component::names::Name;

    fn instance(name: &str, implements: Option<&str>, functions: &[&str]) -> Item {
        Item {
            name: Name {
                name: name.to_owned(),
                implements: implements.map(str::to_owned),
                external_id: None,
            },
            sort: Sort::Instance,
            functions: functions.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn function(name: &str) -> Item {
        Item {
            name: Name::plain(name),
            sort: Sort::Function,
            functions: Vec::new(),
        }
    }

    fn export(name: &str) -> Result<Answer, Miss> {
        Ok(Answer::Export(name.to_owned()))
    }

    #[test]
    fn versions_stand_in_for_each_other_on_one_track() {
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
    fn an_import_is_answered_by_what_it_names() {
        let exports = [
            function("f"),
            function("g"),
            instance("a:b/c@1.0.0", None, &["x"]),
            instance("a:b/c@1.2.0", None, &["x", "y"]),
            instance("a:b/c@2.0.0", None, &["x"]),
            instance("baz", None, &["z"]),
            instance("other", Some("d:e/f@0.3.1"), &["w"]),
        ];
        let ask = |import: Item, item| answer(&import, item, &exports);
        let i = |name| instance(name, None, &[]);
        // Interfaces, by version and track.
        assert_eq!(ask(i("a:b/c@1.0.0"), None), export("a:b/c@1.0.0"));
        assert_eq!(ask(i("a:b/c@1.1.0"), None), export("a:b/c@1.2.0"));
        assert_eq!(ask(i("a:b/c@2.0.1"), None), export("a:b/c@2.0.0"));
        assert_eq!(ask(i("d:e/f@0.3.0"), None), export("other"));
        let label = instance("mine", Some("a:b/c@2.0.0"), &["x"]);
        assert_eq!(ask(label, None), export("a:b/c@2.0.0"));
        // The root, by its functions.
        let root = instance("any", None, &["f", "g"]);
        assert_eq!(ask(root.clone(), None), Ok(Answer::Whole));
        // A fragment goes before.
        assert_eq!(ask(root, Some("baz")), export("baz"));
        assert_eq!(ask(i("x"), Some("a:b/c@1.2.0")), export("a:b/c@1.2.0"));
        // Names of 0.21.1.
        assert!(ask(i("x"), Some("d-e-f")).is_err());
        assert_eq!(ask(i("pkg-a-b-c"), None), export("a:b/c@1.0.0"));
        assert_eq!(ask(i("x"), Some("a-b-c")), export("a:b/c@1.0.0"));
        // By structure, where only one has all functions.
        assert_eq!(
            ask(instance("l", None, &["x", "y"]), None),
            export("a:b/c@1.2.0")
        );
        assert!(ask(instance("l", None, &["x"]), None).is_err());
        // Single functions.
        assert_eq!(ask(function("g"), None), export("g"));
    }

    #[test]
    fn the_closest_export_is_told_with_the_reason() {
        let exports = [
            function("f"),
            instance("a:b/c@2.0.0", None, &["x"]),
            instance("a:b/types", None, &[]),
        ];
        let ask = |import: Item, item| answer(&import, item, &exports).unwrap_err().closest;
        let told = |name: &str, why: &str| Some((name.to_owned(), why.to_owned()));
        assert_eq!(
            ask(instance("a:b/c@1.0.0", None, &[]), None),
            told(
                "a:b/c@2.0.0",
                "it has version 2.0.0, which is not compatible with version 1.0.0"
            )
        );
        assert_eq!(
            ask(instance("z:b/c@2.0.0", None, &[]), None),
            told("a:b/c@2.0.0", "it is an interface of another package")
        );
        assert_eq!(
            ask(instance("a:b/type", None, &[]), None),
            told("a:b/types", "it has another name")
        );
        assert_eq!(
            ask(instance("label", None, &["f", "g"]), None),
            told("f", "the function `g` is missing")
        );
        assert_eq!(
            ask(instance("f", None, &["k"]), Some("f")),
            told("f", "it is a function, but an interface is needed")
        );
        assert_eq!(ask(instance("zzzzzz", None, &[]), None), None);
    }
}

//! What a component may do, by what it imports from outside.
//!
//! A component reaches nothing but its imports. These are interfaces, whose versions do
//! not matter here, and are grouped in words that a manifest, the lock file and reports
//! share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::base::error::{Error, Result, nearest};
use crate::base::package::{PackageRef, is_label};

/// A group of the interfaces of WASI, which is named by a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Files and directories, `wasi:filesystem`.
    Files,
    /// Sockets and names of hosts, `wasi:sockets`.
    Network,
    /// Requests and responses, `wasi:http`.
    Http,
    /// Arguments, variables and the exit code, of `wasi:cli`.
    Environment,
    /// The time and timers, `wasi:clocks`.
    Clocks,
    /// Random numbers of any kind, `wasi:random`.
    Randomness,
    /// Standard input, output and error and their terminals, of `wasi:cli`.
    StandardStreams,
    /// Functions and instances that are imported by a name without a package.
    PlainNames,
}

impl Group {
    /// Every group, in the order of reports.
    pub const ALL: [Group; 8] = [
        Group::Files,
        Group::Network,
        Group::Http,
        Group::Environment,
        Group::Clocks,
        Group::Randomness,
        Group::StandardStreams,
        Group::PlainNames,
    ];

    /// The word for the group, in manifests and reports.
    pub fn word(self) -> &'static str {
        match self {
            Group::Files => "files",
            Group::Network => "network",
            Group::Http => "http",
            Group::Environment => "environment",
            Group::Clocks => "clocks",
            Group::Randomness => "randomness",
            Group::StandardStreams => "standard-streams",
            Group::PlainNames => "plain-names",
        }
    }
}

/// What an import allows a component to reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// One of the groups.
    Group(Group),
    /// The package of an interface that is in no group, `namespace:name`.
    Package(String),
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Capability::Group(group) => f.write_str(group.word()),
            Capability::Package(package) => f.write_str(package),
        }
    }
}

/// The package of an interface, `namespace:name`; none for a plain name.
fn package(import: &str) -> Option<&str> {
    let (package, _) = import.split_once('/').unwrap_or((import, ""));
    package.contains(':').then_some(package)
}

/// What an import, without its version, allows; none for what only connects others, as
/// the streams of `wasi:io`.
fn capability(import: &str) -> Option<Capability> {
    let Some(package) = package(import) else {
        return Some(Capability::Group(Group::PlainNames));
    };
    let interface = import
        .split_once('/')
        .map_or("", |(_, interface)| interface);
    Some(Capability::Group(match (package, interface) {
        ("wasi:io", _) | ("wasi:cli", "types") => return None,
        ("wasi:filesystem", _) => Group::Files,
        ("wasi:sockets", _) => Group::Network,
        ("wasi:http", _) => Group::Http,
        ("wasi:clocks", _) => Group::Clocks,
        ("wasi:random", _) => Group::Randomness,
        ("wasi:cli", "environment" | "exit") => Group::Environment,
        ("wasi:cli", "stdin" | "stdout" | "stderr") => Group::StandardStreams,
        ("wasi:cli", terminal) if terminal.starts_with("terminal-") => Group::StandardStreams,
        _ => return Some(Capability::Package(package.to_owned())),
    }))
}

/// What a component imports from outside: interfaces without their versions, as
/// `wasi:clocks/wall-clock`, and plain names. What only connects others is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostImports(BTreeSet<String>);

impl HostImports {
    /// Takes the names of imports as they are in a component or a lock file. An import
    /// that implements an interface is given by the interface.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names = names.into_iter().map(|name| {
            let (name, _) = name.split_once('@').unwrap_or((name, ""));
            name.to_owned()
        });
        HostImports(names.filter(|name| capability(name).is_some()).collect())
    }

    /// The imports by name, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether nothing is imported.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all imports of another component.
    pub fn extend(&mut self, other: &HostImports) {
        self.0.extend(other.0.iter().cloned());
    }

    /// The imports that another component does not have.
    pub fn without(&self, other: &HostImports) -> HostImports {
        HostImports(self.0.difference(&other.0).cloned().collect())
    }

    /// The imports by what they allow, in the order of groups, then of packages.
    pub fn grouped(&self) -> BTreeMap<Capability, Vec<&str>> {
        let mut groups: BTreeMap<Capability, Vec<&str>> = BTreeMap::new();
        for import in self.iter() {
            if let Some(capability) = capability(import) {
                groups.entry(capability).or_default().push(import);
            }
        }
        groups
    }

    /// The words for what the imports allow, as a manifest takes them.
    pub fn words(&self) -> Vec<String> {
        let groups = self.grouped().into_keys();
        groups.map(|capability| capability.to_string()).collect()
    }

    /// The packages of the imports, and the imports of `wasi:cli` and those with plain
    /// names themselves, for messages.
    pub fn packages(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for import in self.iter() {
            let name = match package(import) {
                Some("wasi:cli") | None => import,
                Some(package) => package,
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl fmt::Display for HostImports {
    /// Writes the words for what the imports allow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_empty() {
            true => f.write_str("nothing"),
            false => f.write_str(&self.words().join(", ")),
        }
    }
}

/// An entry of `allow` or `deny`, which stands for some imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapabilityPattern {
    /// All interfaces of a group, by its word.
    Group(Group),
    /// All interfaces of a package, `namespace:name`.
    Package(String),
    /// One interface of a package, `namespace:name/interface`.
    Interface(String),
}

impl CapabilityPattern {
    /// Whether an import without its version is among those that are meant.
    fn matches(&self, import: &str) -> bool {
        match self {
            CapabilityPattern::Group(group) => {
                capability(import) == Some(Capability::Group(*group))
            }
            CapabilityPattern::Package(name) => package(import) == Some(name),
            CapabilityPattern::Interface(name) => import == name,
        }
    }
}

impl fmt::Display for CapabilityPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CapabilityPattern::Group(group) => f.write_str(group.word()),
            CapabilityPattern::Package(name) | CapabilityPattern::Interface(name) => {
                f.write_str(name)
            }
        }
    }
}

impl FromStr for CapabilityPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::input(format!("unknown capability `{text}`"));
        if let Some((name, _)) = text.split_once('@') {
            return Err(unknown().hint(format!(
                "leave out the version, which does not matter: `{name}`"
            )));
        }
        if !text.contains(':') {
            let words = || Group::ALL.iter().map(|group| group.word());
            let group = Group::ALL.into_iter().find(|group| group.word() == text);
            let error = || {
                match nearest(text, words()) {
                Some(near) => unknown().hint(format!("did you mean `{near}`?")),
                None => unknown().hint(format!(
                    "use {}, a package, as `wasi:random`, or an interface, as `wasi:random/insecure`",
                    words().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
                )),
            }
            };
            return group.map(CapabilityPattern::Group).ok_or_else(error);
        }
        let (package, interface) = match text.split_once('/') {
            Some((package, interface)) => (package, Some(interface)),
            None => (text, None),
        };
        let valid = package.parse::<PackageRef>().is_ok() && interface.is_none_or(is_label);
        if !valid {
            return Err(unknown().hint(
                "write a package as `namespace:name`, or an interface as `namespace:name/interface`",
            ));
        }
        if capability(text).is_none() {
            return Err(Error::input(format!(
                "`{text}` can be neither allowed nor denied: it reaches nothing by itself"
            ))
            .hint("name what the component reaches with it, as `files` or `standard-streams`"));
        }
        Ok(match interface {
            Some(_) => CapabilityPattern::Interface(text.to_owned()),
            None => CapabilityPattern::Package(text.to_owned()),
        })
    }
}

/// What is allowed, denied and stubbed in one place of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapabilityRules {
    /// What is allowed, and nothing else; everything if none.
    pub allow: Option<Vec<CapabilityPattern>>,
    /// What is denied, whatever is allowed.
    pub deny: Vec<CapabilityPattern>,
    /// What a generated stub answers in a linked component.
    pub stub: Vec<CapabilityPattern>,
}

impl CapabilityRules {
    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.allow.is_none() && self.deny.is_empty() && self.stub.is_empty()
    }

    /// The patterns of `stub` that an import is among, which may have a version.
    pub fn stubbing(&self, import: &str) -> impl Iterator<Item = &CapabilityPattern> {
        let (name, _) = import.split_once('@').unwrap_or((import, ""));
        let reaches = capability(name).is_some();
        let patterns = self.stub.iter();
        patterns.filter(move |pattern| reaches && pattern.matches(name))
    }

    /// Divides imports into those that stay and those that a stub answers.
    pub fn split_stubbed(&self, imports: &HostImports) -> (HostImports, HostImports) {
        let is_stubbed = |import: &String| self.stubbing(import).next().is_some();
        let (stubbed, open) = imports.0.iter().cloned().partition(is_stubbed);
        (HostImports(open), HostImports(stubbed))
    }
}

/// The rules that a dependency is held to: those of the workspace and those of its entry.
#[derive(Clone, Copy, Debug)]
pub struct CapabilityPolicy<'r> {
    /// The rules of the workspace, for every dependency.
    pub workspace: &'r CapabilityRules,
    /// The rules of the entry, for it alone.
    pub entry: &'r CapabilityRules,
}

/// The reason for which an import is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapabilityRefusal {
    /// The `deny` of the workspace names it, by this pattern.
    DeniedByWorkspace(String),
    /// The `deny` of the entry names it, by this pattern.
    DeniedByEntry(String),
    /// There is an `allow`, and none names it.
    NotAllowed,
}

impl<'r> CapabilityPolicy<'r> {
    /// Whether only what is listed is allowed.
    pub fn lists_allowed(&self) -> bool {
        self.workspace.allow.is_some() || self.entry.allow.is_some()
    }

    /// What is allowed, of the workspace and of the entry together.
    pub fn allowed(&self) -> impl Iterator<Item = &'r CapabilityPattern> {
        let (workspace, entry) = (self.workspace, self.entry);
        workspace.allow.iter().chain(&entry.allow).flatten()
    }

    /// Why an import, without its version, is refused; none if it is not.
    fn refusal(&self, import: &str) -> Option<CapabilityRefusal> {
        let denied = |rules: &CapabilityRules| {
            let pattern = rules.deny.iter().find(|pattern| pattern.matches(import));
            pattern.map(ToString::to_string)
        };
        if let Some(pattern) = denied(self.workspace) {
            return Some(CapabilityRefusal::DeniedByWorkspace(pattern));
        }
        if let Some(pattern) = denied(self.entry) {
            return Some(CapabilityRefusal::DeniedByEntry(pattern));
        }
        let allowed = self.allowed().any(|pattern| pattern.matches(import));
        (self.lists_allowed() && !allowed).then_some(CapabilityRefusal::NotAllowed)
    }

    /// The imports that are refused, by the reason.
    pub fn violations(&self, imports: &HostImports) -> BTreeMap<CapabilityRefusal, HostImports> {
        let mut found: BTreeMap<CapabilityRefusal, HostImports> = BTreeMap::new();
        for import in imports.iter() {
            if let Some(refusal) = self.refusal(import) {
                let of = found.entry(refusal).or_default();
                of.0.insert(import.to_owned());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_grouped_whatever_their_versions() {
        let imports = HostImports::of([
            "wasi:filesystem/types@0.2.3",
            "wasi:filesystem/types@0.3.0",
            "wasi:sockets/tcp@0.2.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:cli/environment@0.2.0",
            "wasi:cli/exit@0.2.0",
            "wasi:clocks/wall-clock@0.2.0",
            "wasi:random/insecure-seed@0.2.0",
            "wasi:cli/stdin@0.2.0",
            "wasi:cli/terminal-stdout@0.2.0",
            "wasi:io/streams@0.2.0",
            "wasi:cli/types@0.3.0",
            "wasi:cli/run@0.2.0",
            "my-org:host/log",
            "wasi:keyvalue/store@0.2.0-draft",
            "log",
        ]);
        assert_eq!(
            imports.to_string(),
            "files, network, http, environment, clocks, randomness, standard-streams, plain-names, my-org:host, wasi:cli, wasi:keyvalue"
        );
        let groups = imports.grouped();
        assert_eq!(
            groups[&Capability::Group(Group::Environment)],
            ["wasi:cli/environment", "wasi:cli/exit"]
        );
        assert_eq!(groups[&Capability::Group(Group::PlainNames)], ["log"]);
        assert_eq!(
            HostImports::of(["wasi:io/poll@0.2.0"]).to_string(),
            "nothing"
        );
    }

    #[test]
    fn messages_name_packages_but_the_interfaces_of_the_command_line() {
        let imports = HostImports::of([
            "wasi:sockets/tcp@0.2.0",
            "wasi:sockets/udp@0.2.0",
            "wasi:cli/exit@0.2.0",
            "log",
        ]);
        assert_eq!(imports.packages(), ["log", "wasi:cli/exit", "wasi:sockets"]);
    }

    #[test]
    fn a_pattern_is_a_word_a_package_or_an_interface() {
        let matches = |pattern: &str, import: &str| {
            let pattern: CapabilityPattern = pattern.parse().unwrap();
            pattern.matches(import)
        };
        assert!(matches("randomness", "wasi:random/insecure"));
        assert!(matches("wasi:random", "wasi:random/insecure"));
        assert!(matches("wasi:random/insecure", "wasi:random/insecure"));
        assert!(!matches("wasi:random/insecure", "wasi:random/random"));
        assert!(!matches("wasi:rand", "wasi:random/random"));
        assert!(matches("wasi:cli/exit", "wasi:cli/exit"));
        assert!(!matches("environment", "wasi:cli/stdin"));
        assert!(matches("plain-names", "log"));
    }

    #[test]
    fn what_is_no_capability_is_refused_with_what_may_be_meant() {
        for (text, message, hint) in [
            (
                "netwrk",
                "unknown capability `netwrk`",
                "did you mean `network`?",
            ),
            (
                "Files",
                "unknown capability `Files`",
                "did you mean `files`?",
            ),
            ("gpu", "unknown capability `gpu`", "use `files`, `network`"),
            ("wasi:random@0.2.0", "unknown capability", "`wasi:random`"),
            ("wasi:Random", "unknown capability", "write a package"),
            ("wasi:random/", "unknown capability", "write a package"),
            ("wasi:io", "can be neither allowed nor denied", "as `files`"),
        ] {
            let error = text.parse::<CapabilityPattern>().unwrap_err();
            assert!(error.message().contains(message), "{error}");
            assert!(error.advice().unwrap().contains(hint), "{error:?}");
        }
    }

    fn rules(allow: Option<&[&str]>, deny: &[&str]) -> CapabilityRules {
        let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        CapabilityRules {
            allow: allow.map(patterns),
            deny: patterns(deny),
            stub: Vec::new(),
        }
    }

    #[test]
    fn stubs_are_for_what_reaches_outside() {
        let stub = ["wasi:filesystem", "wasi:cli", "my-org:host/log"];
        let rules = CapabilityRules {
            stub: stub.iter().map(|text| text.parse().unwrap()).collect(),
            ..CapabilityRules::default()
        };
        assert!(!rules.is_empty());
        let stubbing = |import: &str| rules.stubbing(import).map(ToString::to_string).next();
        let files = stubbing("wasi:filesystem/types@0.2.0");
        assert_eq!(files.as_deref(), Some("wasi:filesystem"));
        assert!(stubbing("my-org:host/log").is_some());
        assert_eq!(stubbing("my-org:host/other"), None);
        assert_eq!(stubbing("wasi:cli/types@0.3.0"), None);
        let imports = HostImports::of(["wasi:cli/exit@0.2.0", "wasi:clocks/wall-clock@0.2.0"]);
        let (open, stubbed) = rules.split_stubbed(&imports);
        assert_eq!(open.to_string(), "clocks");
        assert_eq!(stubbed.to_string(), "environment");
    }

    #[test]
    fn what_is_denied_is_refused_whatever_is_allowed_and_so_is_what_no_list_has() {
        let imports = HostImports::of([
            "wasi:clocks/wall-clock@0.2.0",
            "wasi:random/random@0.2.0",
            "wasi:random/insecure@0.2.0",
            "wasi:sockets/tcp@0.2.0",
        ]);
        let check = |workspace: CapabilityRules, entry: CapabilityRules| -> Vec<String> {
            let policy = CapabilityPolicy {
                workspace: &workspace,
                entry: &entry,
            };
            let found = policy.violations(&imports).into_iter();
            found
                .map(|(refusal, imports)| {
                    let imports: Vec<_> = imports.iter().collect();
                    format!("{refusal:?} {}", imports.join(" "))
                })
                .collect()
        };
        let none = || rules(None, &[]);
        assert_eq!(check(none(), none()), [] as [&str; 0]);
        assert_eq!(
            check(none(), rules(Some(&["clocks", "wasi:random"]), &[])),
            ["NotAllowed wasi:sockets/tcp"]
        );
        // The lists of both are one.
        assert_eq!(
            check(
                rules(Some(&["clocks", "network"]), &[]),
                rules(Some(&["wasi:random/random"]), &[])
            ),
            ["NotAllowed wasi:random/insecure"]
        );
        assert_eq!(
            check(
                rules(None, &["network"]),
                rules(
                    Some(&["network", "clocks", "randomness"]),
                    &["wasi:random/insecure"]
                )
            ),
            [
                "DeniedByWorkspace(\"network\") wasi:sockets/tcp",
                "DeniedByEntry(\"wasi:random/insecure\") wasi:random/insecure"
            ]
        );
        assert_eq!(
            check(none(), rules(Some(&[]), &[])),
            [
                "NotAllowed wasi:clocks/wall-clock wasi:random/insecure wasi:random/random wasi:sockets/tcp"
            ]
        );
    }
}

//! What the dependencies of a manifest may do, compared with its rules and with the lock
//! file.

use std::collections::BTreeSet;

use super::part::Part;
use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::capabilities::{
    CapabilityPolicy, CapabilityRefusal, CapabilityRules, HostImports,
};
use crate::model::component::capabilities::open;
use crate::model::component::names;
use crate::model::lockfile::Locked;
use crate::model::manifest::edit::entry_allowing;
use crate::model::manifest::{Dependency, Manifest};
use crate::pipeline::fetch::worlds::{ResolvedRequest, WorldResolver};
use crate::system::fs;

/// The rules for an entry of a manifest.
fn policy<'e>(manifest: &'e Manifest, dependency: &'e Dependency) -> CapabilityPolicy<'e> {
    CapabilityPolicy {
        workspace: &manifest.capabilities,
        entry: &dependency.capabilities,
    }
}

/// The components that one entry of a manifest leads to.
struct EntryParts<'e> {
    key: &'e str,
    dependency: &'e Dependency,
    policy: CapabilityPolicy<'e>,
    /// The component of the entry, and those that it needs.
    parts: Vec<PartImports<'e>>,
}

/// A component with what it imports from outside, as it is linked.
struct PartImports<'e> {
    part: &'e Part,
    imports: HostImports,
}

impl PartImports<'_> {
    /// The name and the version, for messages.
    fn display_name(&self) -> String {
        self.part.name.replacen('@', " ", 1)
    }
}

/// What a component imports from outside, as it is linked.
pub(crate) fn open_imports(part: &Part) -> Result<HostImports> {
    let imports = names::imports(&fs::read(&part.file)?)?;
    Ok(open(&imports, |import| {
        part.links.contains_key(&import.name) || part.stubs.contains(&import.name)
    }))
}

/// What a generated stub answers of the imports of a component.
pub(crate) fn stubbed_imports(part: &Part) -> Result<HostImports> {
    let imports = names::imports(&fs::read(&part.file)?)?;
    Ok(open(&imports, |import| !part.stubs.contains(&import.name)))
}

/// The indices of a part and of all parts that it needs, the part itself first.
pub(super) fn reached(parts: &[Part], place: usize) -> Vec<usize> {
    let mut found = BTreeSet::from([place]);
    let mut order = vec![place];
    let mut at = 0;
    while let Some(part) = order.get(at) {
        let next = parts[*part].links.values().map(|link| link.part);
        let new: Vec<usize> = next.filter(|next| found.insert(*next)).collect();
        order.extend(new);
        at += 1;
    }
    order
}

impl<'e> EntryParts<'e> {
    /// Reads the components that an entry leads to.
    fn read(
        manifest: &'e Manifest,
        key: &'e str,
        dependency: &'e Dependency,
        parts: impl IntoIterator<Item = &'e Part>,
    ) -> Result<Self> {
        let read = |part: &'e Part| {
            let imports = open_imports(part)?;
            Ok(PartImports { part, imports })
        };
        Ok(EntryParts {
            key,
            dependency,
            policy: policy(manifest, dependency),
            parts: parts.into_iter().map(read).collect::<Result<_>>()?,
        })
    }

    /// Fails if a component imports what the rules refuse.
    fn refuse_denied(&self) -> Result<()> {
        for part in &self.parts {
            let violations = self.policy.violations(&part.imports);
            let Some((refusal, imports)) = violations.into_iter().next() else {
                continue;
            };
            let error = refused(&part.display_name(), &self.policy, &refusal, &imports);
            let error = self.explained(error, part, &imports);
            return Err(match refusal {
                CapabilityRefusal::NotAllowed => error.hint(self.allowing(self.refused_words())),
                _ => error,
            });
        }
        Ok(())
    }

    /// What the entry has to allow: what it allows, and the words for what is refused
    /// because no list has it.
    fn refused_words(&self) -> Vec<String> {
        let own = self.dependency.capabilities.allow.iter().flatten();
        let mut words: Vec<String> = own.map(ToString::to_string).collect();
        let mut missing = HostImports::default();
        for part in &self.parts {
            let mut violations = self.policy.violations(&part.imports);
            if let Some(imports) = violations.remove(&CapabilityRefusal::NotAllowed) {
                missing.extend(&imports);
            }
        }
        words.extend(missing.words());
        words
    }

    /// Fails if a component imports what nothing of the entry did when it was locked.
    fn refuse_new(&self, worlds: &WorldResolver<'_>) -> Result<()> {
        let locked = |part: &PartImports<'_>| {
            let found = worlds.answered_by(&part.part.file)?;
            Some(LockedPart::of(worlds, found))
        };
        let locked: Vec<Option<LockedPart<'_>>> = self.parts.iter().map(locked).collect();
        let known = locked
            .first()
            .is_some_and(|part| part.as_ref().is_some_and(|part| !part.before.is_empty()));
        let mut before = HostImports::default();
        for (part, locked) in self.parts.iter().zip(&locked) {
            match locked {
                Some(locked) if !locked.is_same() => {
                    for entry in &locked.before {
                        match &entry.imports {
                            Some(imports) => before.extend(imports),
                            // What an old lock file does not say cannot be compared.
                            None => return Ok(()),
                        }
                    }
                }
                _ => before.extend(&part.imports),
            }
        }
        for (part, locked) in self.parts.iter().zip(&locked) {
            let Some(locked) = locked else {
                continue;
            };
            let new = part.imports.without(&before);
            if new.is_empty() || !known && locked.before.is_empty() {
                continue;
            }
            let found = &locked.found.found;
            let error = Error::input(format!(
                "{} {} newly imports {}",
                found.package,
                found.version,
                new.packages().join(", ")
            ));
            let error = self.explained(error, part, &new);
            let error = match locked.before.first() {
                Some(entry) => error.with_cause(format!(
                    "version {} is locked, which does not import it",
                    entry.version
                )),
                None => error.with_cause(format!(
                    "it was not locked before, and nothing that `{}` needed imports it",
                    self.key
                )),
            };
            let mut all = HostImports::default();
            self.parts.iter().for_each(|part| all.extend(&part.imports));
            return Err(error.hint(self.allowing(all.words())));
        }
        Ok(())
    }

    /// An error with the entry, the interfaces, and how the component comes to be linked.
    fn explained(&self, error: Error, part: &PartImports<'_>, imports: &HostImports) -> Error {
        let file = &self.dependency.file;
        let error = error.at(file.excerpt(self.dependency.span.clone()));
        let names: Vec<&str> = imports.iter().collect();
        let error = match names == imports.packages() {
            true => error,
            false => error.with_cause(format!("it imports {}", names.join(", "))),
        };
        match self.parts.first() {
            Some(first) if first.part != part.part => error.with_cause(format!(
                "`{}` is linked with it, directly or through others",
                self.key
            )),
            _ => error,
        }
    }

    /// The hint that allows these words.
    fn allowing(&self, words: Vec<String>) -> String {
        let text = self.dependency.file.text.get(self.dependency.span.clone());
        let words = || words.iter().map(String::as_str);
        match text.and_then(|text| entry_allowing(text, words())) {
            Some(line) => format!("if it may do that, write `{line}`"),
            None => {
                let words: Vec<String> = words().map(|word| format!("\"{word}\"")).collect();
                format!(
                    "if it may do that, add `allow = [{}]` to the entry",
                    words.join(", ")
                )
            }
        }
    }
}

/// A component of a registry, and what was locked of its package before this run.
struct LockedPart<'l> {
    found: &'l ResolvedRequest,
    before: Vec<&'l Locked>,
}

impl<'l> LockedPart<'l> {
    fn of(worlds: &'l WorldResolver<'_>, found: &'l ResolvedRequest) -> Self {
        let package: &PackageRef = &found.requirement.source.package;
        let entries = worlds.session().as_read().entries().iter();
        LockedPart {
            found,
            before: entries.filter(|entry| entry.package == *package).collect(),
        }
    }

    /// Whether the same content was locked.
    fn is_same(&self) -> bool {
        let digest = &self.found.found.digest;
        self.before.iter().any(|entry| entry.digest == *digest)
    }
}

/// The error for a component of this name that imports what a policy refuses. Where no
/// list allows it, the caller gives the fix.
pub(crate) fn refused(
    name: &str,
    policy: &CapabilityPolicy<'_>,
    refusal: &CapabilityRefusal,
    imports: &HostImports,
) -> Error {
    let packages = imports.packages().join(", ");
    let denied = |place: &str, pattern: &str| {
        Error::input(format!("{name} imports {packages}, which is denied"))
            .with_cause(format!("`deny` {place} has `{pattern}`"))
            .hint("use a component that does not import it, or remove it from `deny`")
    };
    match refusal {
        CapabilityRefusal::DeniedByWorkspace(pattern) => {
            denied("in `[workspace.metadata.component.capabilities]`", pattern)
        }
        CapabilityRefusal::DeniedByEntry(pattern) => denied("of the entry", pattern),
        CapabilityRefusal::NotAllowed => {
            let allowed: Vec<String> = policy.allowed().map(|p| format!("`{p}`")).collect();
            let allowed = match allowed.is_empty() {
                true => "nothing".to_owned(),
                false => allowed.join(", "),
            };
            Error::input(format!("{name} imports {packages}, which is not allowed"))
                .with_cause(format!("only {allowed} is allowed"))
        }
    }
}

/// Fails if a component that takes the place of a dependency imports what the rules of
/// the workspace refuse.
pub(crate) fn refuse_denied_override(manifest: &Manifest, part: &Part) -> Result<()> {
    let policy = CapabilityPolicy {
        workspace: &manifest.capabilities,
        entry: &CapabilityRules::default(),
    };
    let violations = policy.violations(&open_imports(part)?);
    let Some((refusal, imports)) = violations.into_iter().next() else {
        return Ok(());
    };
    let name = part.name.replacen('@', " ", 1);
    let error = refused(&name, &policy, &refusal, &imports);
    Err(match refusal {
        CapabilityRefusal::NotAllowed => error.hint(
            "add it to `allow` in `[workspace.metadata.component.capabilities]`, or use another component",
        ),
        _ => error,
    })
}

/// Fails if a dependency imports what the rules of the manifest refuse, itself or
/// through a component that it is linked with. `entries` are keys with the indices of
/// their components among the parts.
pub(crate) fn refuse_denied<'k>(
    manifest: &Manifest,
    parts: &[Part],
    entries: impl IntoIterator<Item = (&'k str, usize)>,
) -> Result<()> {
    for (key, place) in entries {
        let Some(dependency) = manifest.dependencies.get(key) else {
            continue;
        };
        if !manifest.capabilities.is_empty() || !dependency.capabilities.is_empty() {
            let reached = reached(parts, place).into_iter().map(|place| &parts[place]);
            EntryParts::read(manifest, key, dependency, reached)?.refuse_denied()?;
        }
    }
    Ok(())
}

/// Fails if a release that the lock file did not have imports what its package and what
/// it needs did not import before, and no list allows it.
pub(crate) fn refuse_new<'k>(
    worlds: &WorldResolver<'_>,
    manifest: &Manifest,
    parts: &[Part],
    entries: impl IntoIterator<Item = (&'k str, usize)>,
) -> Result<()> {
    let is_changed = |part: &Part| {
        let found = worlds.answered_by(&part.file);
        found.is_some_and(|found| !LockedPart::of(worlds, found).is_same())
    };
    for (key, place) in entries {
        let Some(dependency) = manifest.dependencies.get(key) else {
            continue;
        };
        let reached: Vec<&Part> = reached(parts, place)
            .into_iter()
            .map(|p| &parts[p])
            .collect();
        // Where a list says what is allowed, it decides.
        let is_compared = !policy(manifest, dependency).lists_allowed();
        if is_compared && reached.iter().any(|part| is_changed(part)) {
            EntryParts::read(manifest, key, dependency, reached)?.refuse_new(worlds)?;
        }
    }
    Ok(())
}

//! Reading and writing the text of lock files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use toml_edit::{Document, Item, Table};

use super::entries::{Locked, Lockfile};
use crate::base::error::{Error, Excerpt, Result};
use crate::base::package::PackageRef;
use crate::model::capabilities::HostImports;

/// The tool a lock file belongs to, which decides its name and its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockForm {
    /// `Cargo-component.lock` of a crate or workspace.
    Crate,
    /// `wkg.lock`, as the tool `wkg` writes it.
    Wkg,
    /// `wit.lock` of a project of WIT.
    Wit,
}

impl LockForm {
    /// The name of the lock file.
    pub fn file_name(self) -> &'static str {
        match self {
            LockForm::Crate => "Cargo-component.lock",
            LockForm::Wkg => "wkg.lock",
            LockForm::Wit => "wit.lock",
        }
    }

    /// The end of the first line, which names the tool.
    fn generator(self) -> &'static str {
        match self {
            LockForm::Crate => " by cargo-component",
            LockForm::Wkg => "",
            LockForm::Wit => " by wit",
        }
    }

    /// The keys of the arrays of packages and of versions.
    fn arrays(self) -> (&'static str, &'static str) {
        match self {
            LockForm::Wkg => ("packages", "versions"),
            LockForm::Crate | LockForm::Wit => ("package", "version"),
        }
    }
}

/// Reads the text of a lock file; `path` is for errors.
///
/// Unknown keys are ignored. Duplicate entries that agree are one; those that
/// do not are an error, as are conflict markers of version control.
pub fn parse(path: &Path, text: &str) -> Result<Lockfile> {
    read(path, text).map_err(|e| e.hint("correct it, or delete the file to create it again"))
}

fn read(path: &Path, text: &str) -> Result<Lockfile> {
    let reader = LockfileReader { path, text };
    let document = Document::parse(text).map_err(|e| reader.unreadable(e.span(), e.message()))?;
    match document.get("version").map(|v| (v, v.as_integer())) {
        Some((_, Some(1))) => {}
        Some((item, Some(version))) => {
            return Err(reader
                .error(item, format!("unsupported file format version {version}"))
                .hint(
                    "use the version of the tool that wrote it, or delete the file to create it again",
                ));
        }
        Some((item, None)) => {
            return Err(reader.error(item, "file format version is not an integer"));
        }
        None => {
            let error = Error::input(format!(
                "missing file format version in `{}`",
                path.display()
            ));
            return Err(error.hint("add `version = 1` at the top, or delete the file"));
        }
    }
    let mut lockfile = Lockfile::default();
    for package in reader.tables(document.as_table(), &["package", "packages"])? {
        let name: PackageRef = reader.field(package, "name")?;
        let registry = package.get("registry").and_then(Item::as_str);
        let address = package.get("address").and_then(Item::as_str);
        for version in reader.tables(package, &["version", "versions"])? {
            let entry = Locked {
                package: name.clone(),
                registry: registry.filter(|r| *r != "default").map(str::to_owned),
                requirement: reader.field(version, "requirement")?,
                version: reader.field(version, "version")?,
                digest: reader.field(version, "digest")?,
                source: version
                    .get("source")
                    .and_then(Item::as_str)
                    .map(str::to_owned),
                address: address.map(str::to_owned),
                imports: reader.imports(version)?,
            };
            let old = lockfile
                .entries
                .iter()
                .find(|old| old.has_same_requirement_and_address(&entry));
            match old {
                Some(old) if *old == entry => {}
                Some(old) => {
                    return Err(reader
                        .error_at(
                            version.span(),
                            format!(
                                "`{}` `{}` is locked twice, at {} and {}",
                                entry.package, entry.requirement, old.version, entry.version
                            ),
                        )
                        .hint("remove one of the two entries"));
                }
                None => lockfile.entries.push(entry),
            }
        }
    }
    Ok(lockfile)
}

struct LockfileReader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl LockfileReader<'_> {
    fn error_at(&self, span: Option<std::ops::Range<usize>>, message: String) -> Error {
        Error::input(message).at(Excerpt::new(self.path, self.text, span.unwrap_or_default()))
    }

    fn error(&self, item: &Item, message: impl Into<String>) -> Error {
        self.error_at(item.span(), message.into())
    }

    fn unreadable(&self, span: Option<std::ops::Range<usize>>, cause: &str) -> Error {
        let message = format!("failed to read the lock file `{}`", self.path.display());
        let error = self.error_at(span, message).with_cause(cause);
        match self.text.contains("\n<<<<<<<") || self.text.starts_with("<<<<<<<") {
            true => error
                .hint("resolve the merge conflict in it, or delete the file to create it again"),
            false => error,
        }
    }

    /// The array of tables under the first of these keys that exists.
    fn tables<'t>(&self, table: &'t Table, keys: &[&str]) -> Result<Vec<&'t Table>> {
        let Some(item) = keys.iter().find_map(|key| table.get(key)) else {
            return Ok(Vec::new());
        };
        match item {
            Item::ArrayOfTables(tables) => Ok(tables.iter().collect()),
            // `wkg` writes an empty array if there are no packages.
            Item::Value(value) if value.as_array().is_some_and(|a| a.is_empty()) => Ok(Vec::new()),
            other => Err(self.error(other, format!("`{}` must be an array of tables", keys[0]))),
        }
    }

    /// What the component of an entry imports, if that is recorded.
    fn imports(&self, version: &Table) -> Result<Option<HostImports>> {
        let Some(item) = version.get("imports") else {
            return Ok(None);
        };
        let array = item.as_array().map(|array| array.iter());
        let names: Option<Vec<&str>> =
            array.and_then(|values| values.map(toml_edit::Value::as_str).collect());
        let invalid = || self.error(item, "`imports` in the lock file must be a list of strings");
        Ok(Some(HostImports::of(names.ok_or_else(invalid)?)))
    }

    fn field<T>(&self, table: &Table, key: &str) -> Result<T>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        let Some(item) = table.get(key) else {
            return Err(self.error_at(table.span(), format!("missing `{key}` in the lock file")));
        };
        let text = item.as_str().unwrap_or_default();
        text.parse().map_err(|e: T::Err| {
            self.error(item, format!("invalid `{key}` in the lock file"))
                .with_cause(e)
        })
    }
}

/// The text of `Cargo-component.lock`, see [`print_as`].
pub fn print(lockfile: &Lockfile) -> String {
    print_as(lockfile, LockForm::Crate)
}

/// The text of a lock file: packages sorted by namespace, name, registry and
/// address, and their entries by requirement, as its readers search it.
pub fn print_as(lockfile: &Lockfile, form: LockForm) -> String {
    let mut packages: BTreeMap<_, BTreeMap<String, &Locked>> = BTreeMap::new();
    for entry in &lockfile.entries {
        let registry = entry.registry.as_deref().unwrap_or("default");
        packages
            .entry((&entry.package, registry, &entry.address))
            .or_default()
            .insert(entry.requirement.to_string(), entry);
    }
    let ((packages_key, versions_key), generator) = (form.arrays(), form.generator());
    let mut text = format!(
        "# This file is automatically generated{generator}.\n# It is not intended for manual editing.\nversion = 1\n"
    );
    if packages.is_empty() && form == LockForm::Wkg {
        text.push_str("packages = []\n");
    }
    for ((package, registry, address), entries) in packages {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n[[{packages_key}]]\nname = \"{package}\"\n");
        if registry != "default" {
            let _ = writeln!(text, "registry = {}", quoted(registry));
        }
        if let Some(address) = address {
            let _ = writeln!(text, "address = {}", quoted(address));
        }
        for (requirement, entry) in entries {
            let _ = write!(
                text,
                "\n[[{packages_key}.{versions_key}]]\nrequirement = \"{requirement}\"\nversion = \"{}\"\ndigest = \"{}\"\n",
                entry.version, entry.digest
            );
            if let Some(source) = &entry.source {
                let _ = writeln!(text, "source = {}", quoted(source));
            }
            if let Some(imports) = &entry.imports {
                text.push_str(&listed(imports));
            }
        }
    }
    text
}

/// The key for imports with its value, one import a line as in Cargo.lock.
fn listed(imports: &HostImports) -> String {
    if imports.is_empty() {
        return "imports = []\n".to_owned();
    }
    let lines = imports.iter().map(|name| format!(" {},\n", quoted(name)));
    format!("imports = [\n{}]\n", lines.collect::<String>())
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "\
# This file is automatically generated by cargo-component.
# It is not intended for manual editing.
version = 1

[[package]]
name = \"test:comp1\"

[[package.version]]
requirement = \"^0.1.0\"
version = \"0.1.0\"
digest = \"sha256:168f88965ab730b6fb4db185ff2597f1659ce92331b2cdfcd7104aab09a98c81\"

[[package]]
name = \"test:comp2\"
registry = \"mine\"

[[package.version]]
requirement = \"=1.0.0\"
version = \"1.0.0\"
digest = \"sha256:168f88965ab730b6fb4db185ff2597f1659ce92331b2cdfcd7104aab09a98c81\"
";

    fn read(text: &str) -> Result<Lockfile> {
        parse(Path::new("Cargo-component.lock"), text)
    }

    #[test]
    fn a_lock_file_of_0_21_1_is_read_and_written_to_the_byte() {
        let lockfile = read(OLD).unwrap();
        assert_eq!(lockfile.entries().len(), 2);
        assert_eq!(print(&lockfile), OLD);
        let shuffled = Lockfile {
            entries: lockfile.entries.iter().rev().cloned().collect(),
        };
        assert_eq!(print(&shuffled), OLD);
    }

    #[test]
    fn imports_are_listed_by_line_and_what_imports_nothing_says_so() {
        let with = |imports: &str| OLD.replacen("8c81\"\n", &format!("8c81\"\n{imports}"), 1);
        for imports in [
            "imports = []\n",
            "imports = [\n \"my-org:host/log\",\n \"wasi:clocks/wall-clock\",\n]\n",
        ] {
            let lockfile = read(&with(imports)).unwrap();
            assert!(lockfile.entries()[0].imports.is_some());
            assert_eq!(lockfile.entries()[1].imports, None);
            assert_eq!(print(&lockfile), with(imports));
            assert!(lockfile.adds_nothing_to(&read(OLD).unwrap()));
            assert!(!read(OLD).unwrap().adds_nothing_to(&lockfile));
        }
        let error = read(&with("imports = [1]\n")).unwrap_err();
        assert!(error.to_string().contains("a list of strings"), "{error}");
        assert_eq!(error.excerpt().unwrap().line_column().0, 12);
    }

    #[test]
    fn a_lock_file_of_wkg_is_written_as_wkg_does() {
        let text = include_str!("../../../tests/recorded/wkg-0.16.1/wkg.lock");
        assert_eq!(print_as(&read(text).unwrap(), LockForm::Wkg), text);
        let none = print_as(&Lockfile::default(), LockForm::Wkg);
        assert!(none.ends_with("version = 1\npackages = []\n"), "{none}");
        assert_eq!(read(&none).unwrap(), Lockfile::default());
        let wit = print_as(&read(OLD).unwrap(), LockForm::Wit);
        assert_eq!(wit, OLD.replace("cargo-component", "wit"));
    }

    #[test]
    fn a_lock_file_of_wkg_is_read() {
        let text = OLD
            .replace("[[package]]", "[[packages]]")
            .replace("[[package.version]]", "[[packages.versions]]");
        assert_eq!(read(&text).unwrap(), read(OLD).unwrap());
        assert_eq!(
            read("version = 1\npackages = []\n").unwrap(),
            Lockfile::default()
        );
    }

    #[test]
    fn what_cannot_be_a_lock_file_is_refused_with_its_place() {
        let twice = OLD
            .replace(
                "name = \"test:comp2\"\nregistry = \"mine\"\n",
                "name = \"test:comp1\"\n",
            )
            .replace("=1.0.0", "^0.1.0");
        for (text, message) in [
            (
                "version = 2".to_owned(),
                "unsupported file format version 2",
            ),
            ("version = \"1\"".to_owned(), "not an integer"),
            (String::new(), "missing file format version"),
            (format!("<<<<<<< HEAD\n{OLD}"), "failed to read"),
            (OLD.replace("test:comp1", "nonsense"), "invalid `name`"),
            (OLD.replace("^0.1.0", "nonsense"), "invalid `requirement`"),
            (OLD.replace("sha256:", "md5:"), "invalid `digest`"),
            (twice, "locked twice"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.advice().is_some(), "{error}");
        }
        let error = read(&format!("<<<<<<< HEAD\n{OLD}")).unwrap_err();
        assert!(error.advice().unwrap().contains("conflict"));
    }

    #[test]
    fn duplicates_that_agree_are_one() {
        let again = format!("{OLD}{}", OLD.split_once("version = 1\n").unwrap().1);
        assert_eq!(read(&again).unwrap(), read(OLD).unwrap());
    }
}

//! What Cargo.lock says about versions and sources.

const STANDARD: &str = "registry+https://github.com/rust-lang/crates.io-index";
const ROOT: &str = "cargo-component";
const GENERATOR: &str = "wit-bindgen-core";

struct Package {
    name: String,
    version: String,
    source: Option<String>,
    /// As written: a name, with the version behind it where names repeat.
    dependencies: Vec<String>,
}

/// Reads the format cargo writes: one field or one dependency a line.
fn packages(lock: &str) -> Vec<Package> {
    let blocks = lock.split("[[package]]").skip(1);
    blocks
        .map(|block| {
            let field = |name: &str| {
                let start = format!("{name} = \"");
                let line = block.lines().find_map(|l| l.strip_prefix(start.as_str()));
                line.map(|value| value.trim_end_matches('"').to_owned())
            };
            let dependency = |line: &str| {
                let quoted = line.strip_prefix(" \"")?;
                Some(quoted.trim_end_matches("\",").to_owned())
            };
            Package {
                name: field("name").unwrap_or_default(),
                version: field("version").unwrap_or_default(),
                source: field("source"),
                dependencies: block.lines().filter_map(dependency).collect(),
            }
        })
        .collect()
}

/// The version of `dependency` that `package` is built with.
fn version_for(all: &[Package], package: &str, dependency: &str) -> Result<String, String> {
    let missing = || format!("Cargo.lock: `{package}` has no dependency `{dependency}`");
    let of_name = |name: &str| all.iter().find(|p| p.name == name);
    let asked = of_name(package).ok_or_else(|| format!("Cargo.lock: no package `{package}`"))?;
    let line = asked.dependencies.iter();
    let line = line.map(String::as_str).find_map(|written| {
        let mut words = written.split(' ');
        (words.next() == Some(dependency)).then(|| words.next())
    });
    match line.ok_or_else(missing)? {
        Some(version) => Ok(version.to_owned()),
        None => of_name(dependency)
            .map(|p| p.version.clone())
            .ok_or_else(missing),
    }
}

/// The root's `family` has one version, and the generator of bindings uses it.
pub fn one_generation(lock: &str, family: &[&str]) -> Vec<String> {
    let all = packages(lock);
    let mut users = vec![(GENERATOR, family[0])];
    users.extend(family.iter().map(|name| (ROOT, *name)));
    let wanted = match version_for(&all, ROOT, family[0]) {
        Ok(version) => version,
        Err(complaint) => return vec![complaint],
    };
    let mut found = Vec::new();
    for (user, name) in users {
        match version_for(&all, user, name) {
            Ok(version) if version == wanted => {}
            Ok(version) => found.push(format!(
                "Cargo.lock: `{user}` uses {name} {version}, but `{ROOT}` uses {} {wanted}",
                family[0]
            )),
            Err(complaint) => found.push(complaint),
        }
    }
    found
}

/// Packages from anywhere but the standard registry or this repository.
pub fn foreign_sources(file: &str, lock: &str) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages(lock) {
        if let Some(source) = package.source.filter(|source| source != STANDARD) {
            found.push(format!("{file}: `{}` comes from `{source}`", package.name));
        }
    }
    found
}

mod proofs {
    use super::*;

    fn lock(parser: &str, encoder: &str) -> String {
        format!(
            "version = 4\n\n[[package]]\nname = \"cargo-component\"\nversion = \"0.22.0\"\n\
             dependencies = [\n \"wasm-encoder\",\n \"wit-bindgen-core\",\n \"wit-parser 0.2.0\",\n]\n\n\
             [[package]]\nname = \"wasm-encoder\"\nversion = \"{encoder}\"\nsource = \"{STANDARD}\"\n\n\
             [[package]]\nname = \"wit-bindgen-core\"\nversion = \"0.9.0\"\n\
             dependencies = [\n \"wit-parser {parser}\",\n]\n\n\
             [[package]]\nname = \"wit-parser\"\nversion = \"0.1.0\"\nsource = \"git+x\"\n\n\
             [[package]]\nname = \"wit-parser\"\nversion = \"0.2.0\"\n"
        )
    }

    #[test]
    fn the_one_that_parts_is_named() {
        let check = |text: &str| one_generation(text, &["wit-parser", "wasm-encoder"]);
        assert_eq!(check(&lock("0.2.0", "0.2.0")), [""; 0]);
        let parted = check(&lock("0.1.0", "0.2.0"));
        assert_eq!(
            parted,
            ["Cargo.lock: `wit-bindgen-core` uses wit-parser 0.1.0, \
              but `cargo-component` uses wit-parser 0.2.0"]
        );
        assert!(check(&lock("0.2.0", "0.3.0"))[0].contains("wasm-encoder 0.3.0"));
        assert!(check("").len() == 1);
    }

    #[test]
    fn another_source_is_named() {
        let found = foreign_sources("Cargo.lock", &lock("0.2.0", "0.2.0"));
        assert_eq!(found, ["Cargo.lock: `wit-parser` comes from `git+x`"]);
    }
}

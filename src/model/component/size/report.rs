//! Everything that is reported about the size of a file.

use std::collections::BTreeMap;

use super::crates::{CrateSize, crates};
use super::imports::{Adapter, ImportUse, PREVIEW1, read, uses};
use super::parts::{PartSize, parts};
use crate::base::error::Result;
use crate::model::component::core_modules::core_modules;
use crate::model::component::symbols::demangled;

/// The size of a component or module, and what makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeReport {
    /// How many bytes the file has.
    pub bytes: usize,
    /// The components in it, the largest first.
    pub parts: Vec<PartSize>,
    /// The crates in its code, the largest first.
    pub crates: Vec<CrateSize>,
    /// The interfaces of WASI that it imports, by name.
    pub imports: Vec<ImportUse>,
    /// The names of components whose code has no names of functions, so that nothing is
    /// known about crates and callers.
    pub nameless: Vec<Option<String>>,
}

impl SizeReport {
    /// Reads a component or module.
    ///
    /// # Errors
    ///
    /// If it cannot be parsed.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        let modules = core_modules(bytes)?;
        let mut report = SizeReport {
            bytes: bytes.len(),
            parts: parts(bytes, &modules)?,
            ..SizeReport::default()
        };
        let mut adapters: BTreeMap<Option<&str>, Adapter> = BTreeMap::new();
        let is_adapter = |name: &str| name.starts_with("wit-component:adapter:");
        for module in &modules {
            if module
                .name
                .is_some_and(|name| is_adapter(name) && name.ends_with(PREVIEW1))
            {
                adapters.insert(module.component, Adapter::of(&read(module)?));
            }
        }
        for module in modules.iter().filter(|module| !module.is_added()) {
            let read = read(module)?;
            if read.functions.bodies.is_empty() {
                continue;
            }
            let part = module.component;
            if !read.functions.has_names() {
                report.nameless.push(part.map(str::to_owned));
                continue;
            }
            let count = read.functions.imports.len() + read.functions.bodies.len();
            let name = |function| read.functions.name(function).map(demangled);
            let names: Vec<Option<String>> = (0..count as u32).map(name).collect();
            report.crates.extend(crates(part, &read.functions, &names));
            report
                .imports
                .extend(uses(&read, &names, adapters.get(&part)));
        }
        report.parts.retain(|part| part.total() > 0);
        report
            .parts
            .sort_by_key(|part| std::cmp::Reverse(part.total()));
        report
            .crates
            .sort_by_key(|size| std::cmp::Reverse(size.bytes));
        report
            .imports
            .sort_by(|a, b| (&a.import, &a.part).cmp(&(&b.import, &b.part)));
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::super::imports::Caller;
    use super::*;

    /// A module with an adapter beside it, as `wit-component` arranges them.
    const LINKED: &str = r#"(component $app
        (core module $main
            (import "wasi_snapshot_preview1" "fd_write" (func $fd_write))
            (import "wasi:random/random@0.2.0" "get" (func $get))
            (func $_RNvCs_3std5print (call $fd_write))
            (func $_RNvCs_3app4main (call $_RNvCs_3std5print))
            (func $_RNvCs_4dice4roll (call $get))
            (func $malloc))
        (core module $wit-component:adapter:wasi_snapshot_preview1
            (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout))
            (func $inner (call $stdout))
            (func (export "fd_write") (call $inner))
            (func (export "path_open"))))"#;

    #[test]
    fn imports_are_followed_through_the_adapter_to_the_crates() {
        let report = SizeReport::of(&wat::parse_str(LINKED).unwrap()).unwrap();
        let uses: Vec<_> = report
            .imports
            .iter()
            .map(|at| (at.import.as_str(), at.callers.as_slice()))
            .collect();
        let caller = |crate_name: &str, function: &str, through: Option<&str>| Caller {
            crate_name: crate_name.to_owned(),
            function: function.to_owned(),
            through: through.map(str::to_owned),
        };
        let print = caller("app", "app::main", Some("std::print"));
        let roll = caller("dice", "dice::roll", None);
        assert_eq!(
            uses,
            [
                ("wasi:cli/stdout", &[print][..]),
                ("wasi:random/random", &[roll])
            ]
        );
        let mut crates: Vec<_> = report.crates.iter().map(|at| at.name.as_deref()).collect();
        crates.sort();
        assert_eq!(crates, [None, Some("app"), Some("dice"), Some("std")]);
        assert_eq!(report.nameless, []);
    }

    #[test]
    fn code_without_names_is_told() {
        let bytes = wat::parse_str("(module (func))").unwrap();
        let report = SizeReport::of(&bytes).unwrap();
        assert_eq!((report.bytes, report.nameless), (bytes.len(), vec![None]));
        assert!(SizeReport::of(b"text").is_err());
    }
}

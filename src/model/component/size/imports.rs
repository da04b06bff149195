//! Why a component imports interfaces of WASI: the crates whose functions reach them.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::Calls;
use crate::base::error::Result;
use crate::model::component::core_functions::CoreFunctions;
use crate::model::component::core_modules::CoreModule;
use crate::model::component::symbols::{crate_of, is_of_std};

/// How many interfaces are looked at in a module. WASI has fewer; the limit keeps the work
/// linear for a module that was made to take long.
const MAX_INTERFACES: usize = 64;

/// An interface of WASI that a component imports, and what needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportUse {
    /// The name of the component that imports it, as that of its part.
    pub part: Option<String>,
    /// The interface without its version, such as `wasi:filesystem/types`; of WASI 0.1, for
    /// which there is no adapter in the component, the function.
    pub import: String,
    /// For each crate, the function that is nearest to the import by direct calls. None if
    /// only the standard library reaches it so.
    pub callers: Vec<Caller>,
}

/// A function that needs an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name of the crate that has the function.
    pub crate_name: String,
    /// The function, with its path.
    pub function: String,
    /// The function of the standard library that it calls for it, unless it calls the import
    /// itself.
    pub through: Option<String>,
}

/// A module with what is known of its functions.
pub(super) struct ReadModule<'a> {
    pub module: &'a CoreModule<'a>,
    pub functions: CoreFunctions<'a>,
    pub calls: Calls,
}

/// What an adapter makes of the functions that it exports.
#[derive(Default)]
pub(super) struct Adapter {
    /// For each exported function, the interfaces of WASI that it needs.
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Adapter {
    /// Reads the module of an adapter.
    pub fn of(adapter: &ReadModule<'_>) -> Self {
        let mut found = Adapter::default();
        let exported = &adapter.functions.exported;
        for (interface, imports) in interfaces(&adapter.functions, None) {
            let reached = adapter.calls.reaching(&imports, |_| false);
            let reached: BTreeSet<u32> = reached.iter().map(|at| at.function).collect();
            for (name, _) in exported.iter().filter(|(_, f)| reached.contains(f)) {
                let needs = found.needs.entry((*name).to_owned()).or_default();
                needs.insert(interface.clone());
            }
        }
        found
    }
}

/// The uses of WASI in a module; `names` has the demangled name of each function, and
/// `adapter` provides the functions of WASI 0.1.
pub(super) fn uses(
    module: &ReadModule<'_>,
    names: &[Option<String>],
    adapter: Option<&Adapter>,
) -> Vec<ImportUse> {
    let name = |function: u32| names.get(function as usize)?.as_deref();
    let is_users = |function: u32| name(function).is_some_and(|name| !is_of_std(name));
    let mut found = Vec::new();
    for (import, functions) in interfaces(&module.functions, adapter) {
        let mut callers: Vec<Caller> = Vec::new();
        let mut seen = BTreeSet::new();
        for reached in module.calls.reaching(&functions, is_users) {
            let Some(function) = name(reached.function).filter(|_| is_users(reached.function))
            else {
                continue;
            };
            let crate_name = crate_of(function).unwrap_or_default();
            if seen.insert(crate_name) {
                let through = name(reached.calls).filter(|_| !functions.contains(&reached.calls));
                callers.push(Caller {
                    crate_name: crate_name.to_owned(),
                    function: function.to_owned(),
                    through: through.map(str::to_owned),
                });
            }
        }
        found.push(ImportUse {
            part: module.module.component.map(str::to_owned),
            import,
            callers,
        });
    }
    found
}

/// The name of WASI 0.1 among the modules that functions are imported from.
pub(super) const PREVIEW1: &str = "wasi_snapshot_preview1";

/// The interfaces of WASI that a module needs, each with the imported functions by which it
/// does.
fn interfaces(
    functions: &CoreFunctions<'_>,
    adapter: Option<&Adapter>,
) -> BTreeMap<String, Vec<u32>> {
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut add = |interface: &str, number: usize| {
        if found.len() < MAX_INTERFACES || found.contains_key(interface) {
            let functions = found.entry(interface.to_owned()).or_default();
            functions.push(number as u32);
        }
    };
    for (number, (module, name)) in functions.imports.iter().enumerate() {
        match (*module, adapter) {
            (PREVIEW1, Some(adapter)) => {
                for interface in adapter.needs.get(*name).into_iter().flatten() {
                    add(interface, number);
                }
            }
            (PREVIEW1, None) => add(&format!("{PREVIEW1}.{name}"), number),
            (interface, _) if interface.starts_with("wasi:") => {
                add(interface.split('@').next().unwrap_or(interface), number);
            }
            _ => {}
        }
    }
    found
}

/// Reads what is needed of a module.
pub(super) fn read<'a>(module: &'a CoreModule<'a>) -> Result<ReadModule<'a>> {
    let functions = CoreFunctions::read(module.bytes)?;
    Ok(ReadModule {
        calls: Calls::read(module.bytes, &functions)?,
        functions,
        module,
    })
}

//! The code of a module by the crates that it comes from.

use std::collections::BTreeMap;

use crate::model::component::core_functions::CoreFunctions;
use crate::model::component::symbols::crate_of;

/// How many bytes of code come from one crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrateSize {
    /// The name of the component that has the code, as that of its part.
    pub part: Option<String>,
    /// The name of the crate; `None` for functions that are of no crate, such as those of
    /// libc.
    pub name: Option<String>,
    /// How many functions of the crate there are.
    pub functions: usize,
    /// How many bytes these functions have.
    pub bytes: usize,
}

/// The crates of a module, by name. `names` has the demangled name of each function.
pub(super) fn crates(
    part: Option<&str>,
    functions: &CoreFunctions<'_>,
    names: &[Option<String>],
) -> Vec<CrateSize> {
    let mut found: BTreeMap<Option<&str>, (usize, usize)> = BTreeMap::new();
    for (at, body) in functions.bodies.iter().enumerate() {
        let number = functions.number(at) as usize;
        let name = names.get(number).and_then(Option::as_deref);
        let size = found.entry(name.and_then(crate_of)).or_default();
        *size = (size.0 + 1, size.1 + body.len());
    }
    let size = |(name, (functions, bytes)): (Option<&str>, _)| CrateSize {
        part: part.map(str::to_owned),
        name: name.map(str::to_owned),
        functions,
        bytes,
    };
    found.into_iter().map(size).collect()
}

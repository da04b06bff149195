//! The core modules of a component, at any depth.

use wasmparser::{
    ComponentName, ComponentNameSectionReader, Encoding, KnownCustom, NameSectionReader, Payload,
};

use super::sections::{MAX_DEPTH, sections};
use crate::base::error::Result;

/// A core module, as part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreModule<'a> {
    /// How many bytes of the file are before the module.
    pub start: usize,
    /// The bytes of the module.
    pub bytes: &'a [u8],
    /// The name of the module in the component that it is in, such as `main`.
    pub name: Option<&'a str>,
    /// The name of the innermost component around the module that has one.
    pub component: Option<&'a str>,
}

/// The beginning of the names that `wit-component` gives to the modules that it adds to the
/// one of the user: adapters of WASI, and tables to call imports through.
const ADDED: &str = "wit-component";

impl CoreModule<'_> {
    /// Whether the module was added while the component was made from a module.
    pub fn is_added(&self) -> bool {
        self.name.is_some_and(|name| name.starts_with(ADDED))
    }
}

/// The core modules of a component in the order of the file; a core module itself is the
/// only one.
///
/// # Errors
///
/// If the file cannot be parsed.
pub fn core_modules(bytes: &[u8]) -> Result<Vec<CoreModule<'_>>> {
    let mut found = Vec::new();
    collect(bytes, 0, 0, &mut found)?;
    Ok(found)
}

fn collect<'a>(
    bytes: &'a [u8],
    start: usize,
    depth: usize,
    found: &mut Vec<CoreModule<'a>>,
) -> Result<()> {
    let first = found.len();
    // The modules in this component itself, as indices into `found`.
    let mut own = Vec::new();
    let mut component = None;
    let mut at = start;
    for section in sections(bytes) {
        let section = section?;
        at += section.raw.len();
        match (&section.payload, section.nested) {
            (Payload::Version { encoding, .. }, _) if *encoding == Encoding::Module => {
                found.push(CoreModule {
                    start,
                    bytes,
                    name: None,
                    component: None,
                });
                return Ok(());
            }
            (Payload::ModuleSection { .. }, Some(module)) => {
                own.push(found.len());
                collect(module, at - module.len(), depth, found)?;
            }
            (Payload::ComponentSection { .. }, Some(inner)) if depth < MAX_DEPTH => {
                collect(inner, at - inner.len(), depth + 1, found)?;
            }
            (Payload::CustomSection(custom), _) => {
                if let KnownCustom::ComponentName(names) = custom.as_known() {
                    component = read_names(names, &own, found).or(component);
                }
            }
            _ => {}
        }
    }
    for module in &mut found[first..] {
        module.component = module.component.or(component);
    }
    Ok(())
}

/// Gives the modules at `own` the names of a component, and returns that of the component.
/// A section of names that is broken names nothing.
fn read_names<'a>(
    names: ComponentNameSectionReader<'a>,
    own: &[usize],
    found: &mut [CoreModule<'a>],
) -> Option<&'a str> {
    let mut component = None;
    for name in names.into_iter().flatten() {
        match name {
            ComponentName::Component { name, .. } => component = Some(name),
            ComponentName::CoreModules(modules) => {
                for module in modules.into_iter().flatten() {
                    if let Some(at) = own.get(module.index as usize) {
                        found[*at].name = Some(module.name);
                    }
                }
            }
            _ => {}
        }
    }
    component
}

/// The name of the component or module itself, from its section of names.
pub fn own_name(bytes: &[u8]) -> Option<&str> {
    let mut found = None;
    for section in sections(bytes).flatten() {
        let Payload::CustomSection(custom) = &section.payload else {
            continue;
        };
        let name = match custom.as_known() {
            KnownCustom::ComponentName(names) => names.into_iter().flatten().find_map(component),
            KnownCustom::Name(names) => module(names),
            _ => None,
        };
        found = name.or(found);
    }
    found
}

fn component<'a>(name: ComponentName<'a>) -> Option<&'a str> {
    match name {
        ComponentName::Component { name, .. } => Some(name),
        _ => None,
    }
}

fn module(names: NameSectionReader<'_>) -> Option<&str> {
    names.into_iter().flatten().find_map(|name| match name {
        wasmparser::Name::Module { name, .. } => Some(name),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_have_their_place_and_the_names_around_them() {
        let text = r#"(component $outer
            (core module $main (func))
            (component $inner
                (core module $wit-component-shim-module (func) (func))
                (component (core module (func) (func) (func))))
            (core module (func) (func) (func) (func)))"#;
        let bytes = wat::parse_str(text).unwrap();
        let modules = core_modules(&bytes).unwrap();
        let names: Vec<_> = modules
            .iter()
            .map(|m| (m.name, m.component, m.is_added()))
            .collect();
        let expected = [
            (Some("main"), Some("outer"), false),
            (Some("wit-component-shim-module"), Some("inner"), true),
            (None, Some("inner"), false),
            (None, Some("outer"), false),
        ];
        assert_eq!(names, expected);
        for module in &modules {
            let end = module.start + module.bytes.len();
            assert_eq!(&bytes[module.start..end], module.bytes);
            wasmparser::validate(module.bytes).unwrap();
        }
        assert_eq!(own_name(&bytes), Some("outer"));
    }

    #[test]
    fn a_module_is_its_own_only_one_and_what_is_none_is_refused() {
        let bytes = wat::parse_str("(module $m (func))").unwrap();
        let modules = core_modules(&bytes).unwrap();
        assert_eq!((modules.len(), modules[0].start), (1, 0));
        assert_eq!(modules[0].bytes, bytes);
        assert_eq!(own_name(&bytes), Some("m"));
        assert!(core_modules(b"text").is_err());
        assert!(core_modules(&bytes[..bytes.len() - 1]).unwrap().len() == 1);
    }
}

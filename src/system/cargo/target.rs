//! What is built for.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};

/// The target where nothing else is asked for.
pub const DEFAULT: &str = "wasm32-wasip1";

/// The sorts of WebAssembly targets, by what their modules need to become
/// components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmTarget {
    /// Modules that call WASI 0.1: they need an adapter.
    Wasip1,
    /// The linker makes components already.
    Wasip2,
    /// As `Wasip2`, for WASI 0.3.
    Wasip3,
    /// Modules that call nothing of a system.
    Unknown,
    /// Anything else: what the linker wrote decides.
    Other,
}

impl WasmTarget {
    /// The sort of a target triple; `None` if it is not WebAssembly.
    pub fn of(triple: &str) -> Option<WasmTarget> {
        Some(match triple {
            "wasm32-wasip1" | "wasm32-wasi" => WasmTarget::Wasip1,
            "wasm32-wasip2" => WasmTarget::Wasip2,
            "wasm32-wasip3" => WasmTarget::Wasip3,
            "wasm32-unknown-unknown" => WasmTarget::Unknown,
            other if other.starts_with("wasm32") || other.starts_with("wasm64") => {
                WasmTarget::Other
            }
            _ => return None,
        })
    }
}

/// A WebAssembly target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: String,
    sort: WasmTarget,
}

impl Target {
    /// Reads a target triple or the path of a target specification
    /// (`*.json`, whose file name must speak of wasm32 or wasm64).
    pub fn new(name: &str) -> Result<Target> {
        let target = Target {
            name: name.to_owned(),
            sort: WasmTarget::Other,
        };
        let sort = if target.is_file() {
            let stem = target.triple();
            (stem.contains("wasm32") || stem.contains("wasm64")).then_some(WasmTarget::Other)
        } else {
            WasmTarget::of(name)
        };
        match sort {
            Some(sort) => Ok(Target { sort, ..target }),
            None => Err(
                Error::input(format!("target `{name}` is not a WebAssembly target")).hint(format!(
                    "use `--target {DEFAULT}`, or plain cargo to build for the host"
                )),
            ),
        }
    }

    /// As cargo's `--target` takes it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As directories and configuration keys have it: a specification goes by
    /// its file name.
    pub fn triple(&self) -> &str {
        if self.is_file() {
            let stem = Path::new(&self.name).file_stem();
            stem.and_then(|stem| stem.to_str()).unwrap_or(&self.name)
        } else {
            &self.name
        }
    }

    /// What its modules need.
    pub fn sort(&self) -> WasmTarget {
        self.sort
    }

    /// Whether it is a specification of the user's own, for which there is no
    /// standard library to install.
    pub fn is_file(&self) -> bool {
        self.name.ends_with(".json")
    }
}

/// Where the wish for a target comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// `--target`.
    Flag,
    /// `--config build.target=..`.
    CommandLine,
    /// `CARGO_BUILD_TARGET`.
    Environment,
    /// A configuration file.
    File(PathBuf),
    /// Nobody asked.
    #[default]
    Nowhere,
}

/// The targets asked for, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// As written, but paths seen from the right directory.
    pub targets: Vec<String>,
    /// Where they stand.
    pub origin: Origin,
}

/// What to build for; never empty.
///
/// What is asked for with the command must be WebAssembly. A configuration
/// file speaks for the host's packages as well, so that there everything else
/// is left aside; [`DEFAULT`] is what remains.
pub fn choose(asked: &Asked) -> Result<Vec<Target>> {
    let mut chosen: Vec<Target> = Vec::new();
    for name in &asked.targets {
        match (Target::new(name), &asked.origin) {
            (Ok(target), _) if chosen.contains(&target) => {}
            (Ok(target), _) => chosen.push(target),
            (Err(_), Origin::File(_) | Origin::Nowhere) => {}
            (Err(error), Origin::Environment) => {
                return Err(error.because("it is set by `CARGO_BUILD_TARGET`"));
            }
            (Err(error), _) => return Err(error),
        }
    }
    if chosen.is_empty() {
        chosen.push(Target {
            name: DEFAULT.to_owned(),
            sort: WasmTarget::Wasip1,
        });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(targets: &[&str], origin: Origin) -> Result<Vec<String>> {
        let targets = targets.iter().map(|t| (*t).to_owned()).collect();
        let chosen = choose(&Asked { targets, origin })?;
        Ok(chosen.iter().map(|t| t.name().to_owned()).collect())
    }

    #[test]
    fn triples_have_sorts() {
        for (triple, sort) in [
            ("wasm32-wasip1", Some(WasmTarget::Wasip1)),
            ("wasm32-wasi", Some(WasmTarget::Wasip1)),
            ("wasm32-wasip2", Some(WasmTarget::Wasip2)),
            ("wasm32-wasip3", Some(WasmTarget::Wasip3)),
            ("wasm32-unknown-unknown", Some(WasmTarget::Unknown)),
            ("wasm32-wasip1-threads", Some(WasmTarget::Other)),
            ("wasm32v1-none", Some(WasmTarget::Other)),
            ("wasm32-none-component", Some(WasmTarget::Other)),
            ("x86_64-unknown-linux-gnu", None),
            ("host-tuple", None),
        ] {
            assert_eq!(WasmTarget::of(triple), sort, "{triple}");
        }
        let own = Target::new("specs/my-wasm32.json").unwrap();
        assert_eq!((own.triple(), own.is_file()), ("my-wasm32", true));
        assert!(Target::new("wasm32/arm.json").is_err());
    }

    #[test]
    fn what_the_command_asks_for_must_be_webassembly() {
        for origin in [Origin::Flag, Origin::CommandLine, Origin::Environment] {
            assert_eq!(
                chosen(
                    &["wasm32-wasip2", "wasm32-wasip1", "wasm32-wasip2"],
                    origin.clone()
                )
                .unwrap(),
                ["wasm32-wasip2", "wasm32-wasip1"]
            );
            let error = chosen(&["wasm32-wasip2", "x86_64-apple-darwin"], origin).unwrap_err();
            assert_eq!(
                error.message(),
                "target `x86_64-apple-darwin` is not a WebAssembly target"
            );
        }
    }

    #[test]
    fn a_configuration_file_may_speak_of_the_host() {
        let file = || Origin::File("c".into());
        assert_eq!(chosen(&["x86_64-apple-darwin"], file()).unwrap(), [DEFAULT]);
        assert_eq!(
            chosen(&["aarch64-apple-darwin", "wasm32-wasip2"], file()).unwrap(),
            ["wasm32-wasip2"]
        );
        assert_eq!(chosen(&[], Origin::Nowhere).unwrap(), [DEFAULT]);
    }
}

//! The targets that are built for.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};

/// The target that is built for by default.
pub const DEFAULT_TARGET: &str = "wasm32-wasip1";

/// The kinds of WebAssembly targets, by what their modules need to become
/// components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmTarget {
    /// Its modules call WASI 0.1, and need an adapter.
    Wasip1,
    /// Its linker makes components for WASI 0.2.
    Wasip2,
    /// Its linker makes components for WASI 0.3.
    Wasip3,
    /// Its modules import nothing of a system.
    Unknown,
    /// Another target, whose output decides what it needs.
    Other,
}

impl WasmTarget {
    /// The kind of a target triple; `None` if it is not WebAssembly.
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

/// A WebAssembly target, by triple or specification file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: String,
    kind: WasmTarget,
}

impl Target {
    /// Reads a target triple or the path of a target specification
    /// (`*.json`, whose file name must contain `wasm32` or `wasm64`).
    pub fn new(name: &str) -> Result<Target> {
        let target = Target {
            name: name.to_owned(),
            kind: WasmTarget::Other,
        };
        let kind = if target.is_file() {
            let stem = target.triple();
            (stem.contains("wasm32") || stem.contains("wasm64")).then_some(WasmTarget::Other)
        } else {
            WasmTarget::of(name)
        };
        match kind {
            Some(kind) => Ok(Target { kind, ..target }),
            None => Err(
                Error::input(format!("target `{name}` is not a WebAssembly target")).hint(format!(
                    "use `--target {DEFAULT_TARGET}`, or plain cargo to build for the host"
                )),
            ),
        }
    }

    /// The value of cargo's `--target`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name in directories and configuration keys: of a specification file, its
    /// name without extension.
    pub fn triple(&self) -> &str {
        if self.is_file() {
            let stem = Path::new(&self.name).file_stem();
            stem.and_then(|stem| stem.to_str()).unwrap_or(&self.name)
        } else {
            &self.name
        }
    }

    /// What its modules need to become components.
    pub fn kind(&self) -> WasmTarget {
        self.kind
    }

    /// Whether it is a specification file, for which no standard library can be
    /// installed.
    pub fn is_file(&self) -> bool {
        self.name.ends_with(".json")
    }
}

/// Where the targets are requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TargetOrigin {
    /// The option `--target` of the command.
    Flag,
    /// The option `--config build.target=..` of the command.
    CommandLine,
    /// The variable `CARGO_BUILD_TARGET` of the environment.
    Environment,
    /// This configuration file of cargo.
    File(PathBuf),
    /// Nowhere, so that the default applies.
    #[default]
    Default,
}

/// The targets that are requested, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedTargets {
    /// As written, except that paths from a file are absolute.
    pub targets: Vec<String>,
    /// Where they are requested.
    pub origin: TargetOrigin,
}

/// The targets to build for; at least one.
///
/// Targets that the command or the environment requests must be WebAssembly. A
/// configuration file is also for packages of the host, so other targets there
/// are ignored. If none remains, it is [`DEFAULT_TARGET`].
pub fn choose(requested: &RequestedTargets) -> Result<Vec<Target>> {
    let mut chosen: Vec<Target> = Vec::new();
    for name in &requested.targets {
        match (Target::new(name), &requested.origin) {
            (Ok(target), _) if chosen.contains(&target) => {}
            (Ok(target), _) => chosen.push(target),
            (Err(_), TargetOrigin::File(_) | TargetOrigin::Default) => {}
            (Err(error), TargetOrigin::Environment) => {
                return Err(error.with_cause("it is set by `CARGO_BUILD_TARGET`"));
            }
            (Err(error), _) => return Err(error),
        }
    }
    if chosen.is_empty() {
        chosen.push(Target {
            name: DEFAULT_TARGET.to_owned(),
            kind: WasmTarget::Wasip1,
        });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(targets: &[&str], origin: TargetOrigin) -> Result<Vec<String>> {
        let targets = targets.iter().map(|t| (*t).to_owned()).collect();
        let chosen = choose(&RequestedTargets { targets, origin })?;
        Ok(chosen.iter().map(|t| t.name().to_owned()).collect())
    }

    #[test]
    fn triples_have_sorts() {
        for (triple, kind) in [
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
            assert_eq!(WasmTarget::of(triple), kind, "{triple}");
        }
        let own = Target::new("specs/my-wasm32.json").unwrap();
        assert_eq!((own.triple(), own.is_file()), ("my-wasm32", true));
        assert!(Target::new("wasm32/arm.json").is_err());
    }

    #[test]
    fn what_the_command_asks_for_must_be_webassembly() {
        for origin in [
            TargetOrigin::Flag,
            TargetOrigin::CommandLine,
            TargetOrigin::Environment,
        ] {
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
        let file = || TargetOrigin::File("c".into());
        assert_eq!(
            chosen(&["x86_64-apple-darwin"], file()).unwrap(),
            [DEFAULT_TARGET]
        );
        assert_eq!(
            chosen(&["aarch64-apple-darwin", "wasm32-wasip2"], file()).unwrap(),
            ["wasm32-wasip2"]
        );
        assert_eq!(
            chosen(&[], TargetOrigin::Default).unwrap(),
            [DEFAULT_TARGET]
        );
    }
}

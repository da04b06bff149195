//! A chain of three components, written from a few values: `app` needs `middle`, and
//! that needs `leaf`.

use std::fs;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};

use crate::hostile::Random;
use crate::support::Project;

/// The packages, each after those that it needs.
pub const PACKAGES: [&str; 3] = ["leaf", "middle", "app"];

/// A component of `leaf` that was kept, and may be what `middle` needs.
#[derive(Clone, Default)]
pub struct Kept(pub Vec<u8>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// What decides the text of every file.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// What the exports add.
    added: [usize; 3],
    /// Whether `leaf` returns 64 bits.
    wide: bool,
    /// What is said of the export of `leaf`.
    remark: usize,
    /// The interfaces that the world of `leaf` imports, in a file of their own and in a
    /// package of their own.
    more: usize,
    /// The description of all packages, which they inherit.
    about: usize,
    /// The version of `leaf`.
    version: usize,
    /// Whether `app` is linked in every build.
    compose: bool,
    /// Whether `middle` says nothing of where its imports come from.
    no_hints: bool,
    /// Whether `leaf` has an adapter of its own, and which one.
    adapter: Option<bool>,
    /// Whether `leaf` has the built-in adapter of proxies.
    proxy: bool,
    /// Whether the bindings of `leaf` are not formatted.
    unformatted: bool,
    /// The component that was kept, if it is not empty.
    pub kept: Kept,
    /// Whether that is what `middle` needs.
    from_file: bool,
    /// Whether `middle` does not compile.
    broken: bool,
}

impl Sources {
    /// Changes one of the values, or two of them together.
    pub fn change(&mut self, random: &mut Random) {
        match random.below(16) {
            // Most often what people edit.
            0..3 => self.added[random.below(3)] = random.below(10),
            3 => self.added = [0, 1, 2].map(|_| random.below(10)),
            4 => self.remark = random.below(10),
            5 => self.more = random.below(4),
            6 => self.about = random.below(10),
            7 => self.version = random.below(3),
            8 => self.compose ^= true,
            9 => self.no_hints ^= true,
            10 => self.adapter = *random.one(&[None, Some(false), Some(true)]),
            11 => self.proxy ^= true,
            12 => self.unformatted ^= true,
            13 => self.from_file = !self.kept.0.is_empty() && !self.from_file,
            14 => self.broken ^= true,
            _ => {
                self.wide ^= true;
                self.added[1] = random.below(10);
            }
        }
    }

    /// Writes the files that differ, and removes those that are no more.
    pub fn write(&self, project: &Project) {
        for (path, content) in self.files() {
            match content {
                Some(content) if project.has(path) && project.bytes(path) == content => {}
                Some(content) => drop(project.write(path, content)),
                None => drop(fs::remove_file(project.path(path))),
            }
        }
    }

    /// All files; those without content are to be absent.
    fn files(&self) -> Vec<(&'static str, Option<Vec<u8>>)> {
        let [leaf, middle, app] = self.added;
        let number = if self.wide { "u64" } else { "u32" };
        let (here, far) = (self.more % 2 == 1, self.more / 2 == 1);
        let (import_here, import_far) = (
            if here { "import more;" } else { "" },
            if far { "import far:away/star;" } else { "" },
        );
        let remark = self.remark;
        let text = |text: String| Some(text.into_bytes());
        let adapter = self.adapter.map(|proxy| match proxy {
            true => WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER.to_vec(),
            false => WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER.to_vec(),
        });
        vec![
            ("Cargo.toml", text(self.workspace())),
            (".gitignore", text("target\n".to_owned())),
            ("adapter.wasm", adapter),
            (
                "kept.wasm",
                Some(self.kept.0.clone()).filter(|bytes| !bytes.is_empty()),
            ),
            ("leaf/Cargo.toml", text(self.leaf())),
            (
                "leaf/wit/world.wit",
                text(format!(
                    "package chain:leaf;\nworld leaf {{\n{import_here}{import_far}\n\
                     /// Remark {remark}.\nexport value: func() -> {number};\n}}\n"
                )),
            ),
            (
                "leaf/wit/more.wit",
                text("package chain:leaf;\ninterface more { f: func(); }\n".to_owned())
                    .filter(|_| here),
            ),
            (
                "leaf/wit/deps/far/star.wit",
                text("package far:away;\ninterface star { f: func(); }\n".to_owned())
                    .filter(|_| far),
            ),
            (
                "leaf/src/lib.rs",
                text(implementation(
                    &format!("value() -> {number}"),
                    &format!("{leaf}"),
                )),
            ),
            (
                "middle/Cargo.toml",
                text(manifest(
                    "middle",
                    0,
                    if self.no_hints {
                        "hints = \"none\""
                    } else {
                        ""
                    },
                    &format!("leaf = {{ path = \"../{}\" }}", self.provider()),
                )),
            ),
            (
                "middle/wit/world.wit",
                text(
                    "package chain:middle;\nworld middle { export sum: func() -> u64; }\n"
                        .to_owned(),
                ),
            ),
            (
                "middle/src/lib.rs",
                text(implementation(
                    "sum() -> u64",
                    &format!(
                        "{middle} + bindings::leaf::value() as u64 {}",
                        if self.broken { "+ nothing" } else { "" }
                    ),
                )),
            ),
            (
                "app/Cargo.toml",
                text(manifest(
                    "app",
                    0,
                    if self.compose { "compose = true" } else { "" },
                    "middle = { path = \"../middle\" }",
                )),
            ),
            (
                "app/wit/world.wit",
                text("package chain:app;\nworld app { export all: func() -> u64; }\n".to_owned()),
            ),
            (
                "app/src/lib.rs",
                text(implementation(
                    "all() -> u64",
                    &format!("{app} + bindings::middle::sum()"),
                )),
            ),
        ]
    }

    /// The manifest of the workspace.
    fn workspace(&self) -> String {
        format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"leaf\", \"middle\"]\n\
             [workspace.package]\ndescription = \"Description {}\"\n\
             [workspace.dependencies]\n\
             wit-bindgen = {{ version = \"0.63.0\", default-features = false, features = [\"realloc\"] }}\n\
             [profile.dev]\nstrip = true\n",
            self.about
        )
    }

    /// The manifest of `leaf`.
    fn leaf(&self) -> String {
        let adapter = match self.adapter {
            Some(_) => "adapter = \"../adapter.wasm\"\n",
            None => "",
        };
        manifest(
            "leaf",
            self.version,
            &format!("{adapter}proxy = {}", self.proxy),
            &format!(
                "[package.metadata.component.bindings]\nformat = {}",
                !self.unformatted
            ),
        )
    }

    /// What `middle` needs, beside its directory.
    fn provider(&self) -> &'static str {
        if self.from_file { "kept.wasm" } else { "leaf" }
    }
}

/// The manifest of a package, with lines of its section and of its dependencies.
fn manifest(name: &str, version: usize, section: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.{version}\"\nedition = \"2024\"\n\
         description.workspace = true\n[lib]\ncrate-type = [\"cdylib\"]\n\
         [features]\nloud = []\n[dependencies]\nwit-bindgen.workspace = true\n\
         [package.metadata.component]\npackage = \"chain:{name}\"\n{section}\n\
         [package.metadata.component.dependencies]\n{dependencies}\n"
    )
}

/// The only source of a package, whose result says how it was compiled.
fn implementation(function: &str, result: &str) -> String {
    format!(
        "mod bindings;
struct Component;
impl bindings::Guest for Component {{
    fn {function} {{
        {result}
            + if cfg!(feature = \"loud\") {{ 100 }} else {{ 0 }}
            + if cfg!(debug_assertions) {{ 1000 }} else {{ 0 }}
    }}
}}
bindings::export!(Component with_types_in bindings);
"
    )
}

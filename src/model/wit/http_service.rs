//! The files of a new HTTP service. The WIT of WASI is part of the tool, so that no registry
//! has to be reached.

use super::template::{ComponentName, escaped};

/// The version of `wasi:http` that a new service is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// WASI 0.2: the world `wasi:http/proxy`.
    V0_2,
    /// WASI 0.3, which is asynchronous: the world `wasi:http/service`.
    V0_3,
}

/// A file in `wit/deps`: its name and its text.
pub type WitFile = (&'static str, &'static str);

const WIT_0_2: &[WitFile] = &[
    ("cli.wit", include_str!("http/0.2/cli.wit")),
    ("clocks.wit", include_str!("http/0.2/clocks.wit")),
    ("http.wit", include_str!("http/0.2/http.wit")),
    ("io.wit", include_str!("http/0.2/io.wit")),
    ("random.wit", include_str!("http/0.2/random.wit")),
];

const WIT_0_3: &[WitFile] = &[
    ("cli.wit", include_str!("http/0.3/cli.wit")),
    ("clocks.wit", include_str!("http/0.3/clocks.wit")),
    ("http.wit", include_str!("http/0.3/http.wit")),
    ("random.wit", include_str!("http/0.3/random.wit")),
];

impl HttpVersion {
    /// All versions, the oldest first.
    pub const ALL: [HttpVersion; 2] = [HttpVersion::V0_2, HttpVersion::V0_3];

    /// `src/lib.rs` of the service.
    pub fn source(self) -> &'static str {
        match self {
            HttpVersion::V0_2 => include_str!("http/0.2/service.txt"),
            HttpVersion::V0_3 => include_str!("http/0.3/service.txt"),
        }
    }

    /// The files in `wit/deps`: the packages of WASI that the world needs.
    pub fn packages(self) -> &'static [WitFile] {
        match self {
            HttpVersion::V0_2 => WIT_0_2,
            HttpVersion::V0_3 => WIT_0_3,
        }
    }

    /// `wit/world.wit` of the service.
    pub fn world(self, package: &ComponentName) -> String {
        let world = match self {
            HttpVersion::V0_2 => "wasi:http/proxy@0.2.12",
            HttpVersion::V0_3 => "wasi:http/service@0.3.2",
        };
        let package = package.parts().map(escaped).join(":");
        format!(
            "package {package};\n\n/// An HTTP service.\nworld example {{\n    include {world};\n}}\n"
        )
    }

    /// The features of `wit-bindgen` that [`HttpVersion::source`] needs.
    pub fn features(self) -> &'static [&'static str] {
        match self {
            HttpVersion::V0_2 => &[],
            HttpVersion::V0_3 => &["async", "async-spawn"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_needs_only_what_is_beside_it() {
        for version in HttpVersion::ALL {
            let name = ComponentName::new("my", "interface").unwrap();
            let mut resolve = wit_parser::Resolve::default();
            let group = |name: &str, text: &str| {
                wit_parser::UnresolvedPackageGroup::parse(name, text).unwrap()
            };
            let packages = version.packages().iter();
            let packages = packages.map(|(name, text)| group(name, text)).collect();
            let main = group("world.wit", &version.world(&name));
            let id = resolve.push_groups(main, packages).unwrap();
            let world = resolve.packages[id].worlds["example"];
            assert_eq!(resolve.worlds[world].exports.len(), 1);
        }
    }
}

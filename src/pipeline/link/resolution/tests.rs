//! Random histories of releases in a registry in memory: what resolves links.

use std::sync::Arc;

use semver::Version;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use super::*;
use crate::base::package::ContentDigest;
use crate::model::manifest::{ManifestFile, WorkspaceManifest};
use crate::model::resolver::on_one_track;
use crate::pipeline::link::built::BuiltComponents;
use crate::pipeline::link::closure::DependencyClosure;
use crate::pipeline::link::composition::{Composition, link_parts};
use crate::pipeline::project::manifests::Unpinned;
use crate::system::cargo::config::LockMode;
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::fs;
use crate::system::process::Scripted;
use crate::system::registry::memory::MemoryRegistry;
use crate::system::shell::Buffer;

/// What a release needs: a package, the release it was made with, and what its
/// author requires.
type Needs = Vec<(&'static str, Version, String)>;

/// The version of a package's interface, which is that of its track.
fn interface(package: &str, version: &Version) -> String {
    let track = match version.major {
        0 => format!("0.{}.0", version.minor),
        major => format!("{major}.0.0"),
    };
    format!("t:{package}/i@{track}")
}

/// A component whose interface has a resource, and takes those of what it
/// needs; `id` gives the hint on a release.
fn component(
    (package, version): (&str, &Version),
    needs: &Needs,
    id: &dyn Fn(&str, &Version, &str) -> String,
) -> Vec<u8> {
    let own = interface(package, version);
    let track = own.split('@').nth(1).unwrap();
    let [mut uses, mut takes, mut imports, mut others] = [const { String::new() }; 4];
    for (at, (needed, with, requirement)) in needs.iter().enumerate() {
        let there = interface(needed, with);
        let (name, version) = there.split_once("/i@").unwrap();
        uses += &format!("use {there}.{{r as r{at}}};\n");
        takes += &format!("take{at}: func(x: borrow<r{at}>);\n");
        let hint = id(needed, with, requirement);
        imports += &format!("@external-id(\"{hint}\") import {there};\n");
        others += &format!(
            "package {name}@{version} {{ interface i {{ resource r {{ constructor(); }} }} }}\n"
        );
    }
    let wit = format!(
        "package t:{package}@{track};
         interface i {{ {uses} resource r {{ constructor(); }} {takes} }}
         world w {{ {imports} export i; }}\n{others}"
    );
    let mut resolve = Resolve::default();
    let id = resolve.push_source("test.wit", &wit).unwrap();
    let world = resolve.select_world(&[id], Some("w")).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    let utf8 = StringEncoding::UTF8;
    embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true);
    encoder.module(&module).unwrap().encode().unwrap()
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const NUMBERS: [&str; 6] = ["0.1.0", "0.1.1", "1.0.0", "1.0.1", "1.1.0", "2.0.0"];

/// Needs on packages of which there are releases, at most one of each.
fn needs(numbers: &mut Numbers, there: &[(&'static str, Version)], below: &[&str]) -> Needs {
    let mut needs = Needs::new();
    for name in below {
        let of: Vec<_> = there.iter().filter(|(other, _)| other == name).collect();
        if of.is_empty() || numbers.below(3) == 0 {
            continue;
        }
        let (name, version) = of[numbers.below(of.len())];
        let sign = ["^", "=", "~", "^"][numbers.below(4)];
        needs.push((name, version.clone(), format!("{sign}{version}")));
    }
    needs
}

/// A context whose registry is in memory.
fn context(dir: &Path, memory: &Arc<MemoryRegistry>) -> Context {
    let config = dir.join("config.toml");
    let text = "default_registry = \"here\"\n[registry.here.local]\nroot = \"registry\"\n";
    fs::write_atomic(&config, text.as_bytes()).unwrap();
    let memory = memory.clone();
    Context {
        cwd: dir.to_owned(),
        env: Env::from_vars([("HOME", dir)]),
        shell: Box::new(Buffer::default()),
        exec: Box::new(Scripted::new([])),
        packages: PackageAccess {
            config: Some(config),
            cache: dir.join("cache"),
            open: Box::new(move |_| Ok(memory.clone())),
            ..PackageAccess::default()
        },
    }
}

#[test]
fn what_resolves_links_and_has_one_release_a_track() {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let (mut linked, mut refused) = (0, 0);
    for _ in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let memory = Arc::new(MemoryRegistry::default());
        let mut there: Vec<(&'static str, Version)> = Vec::new();
        let mut digests: BTreeMap<(String, Version), ContentDigest> = BTreeMap::new();
        for (level, name) in NAMES.into_iter().enumerate() {
            for number in NUMBERS {
                if numbers.below(3) == 0 {
                    continue;
                }
                let version: Version = number.parse().unwrap();
                let needs = needs(&mut numbers, &there, &NAMES[..level]);
                let id = |needed: &str, with: &Version, requirement: &str| {
                    let digest = &digests[&(needed.to_owned(), with.clone())];
                    format!("wasm-pkg:t:{needed}@{with}?digest={digest}&req={requirement}")
                };
                let bytes = component((name, &version), &needs, &id);
                let digest = ContentDigest::of(&bytes);
                let package: PackageRef = format!("t:{name}").parse().unwrap();
                memory.insert(package.clone(), version.clone(), bytes);
                digests.insert((name.to_owned(), version.clone()), digest);
                match numbers.below(8) {
                    0 => memory.yank(&package, &version),
                    _ => there.push((name, version)),
                }
            }
        }
        let of_app = needs(&mut numbers, &there, &NAMES);
        let id = |needed: &str, with: &Version, requirement: &str| {
            let digest = &digests[&(needed.to_owned(), with.clone())];
            format!("wasm-pkg:t:{needed}@{with}?digest={digest}&req={requirement}")
        };
        let app = dir.path().join("app.wasm");
        let bytes = component(("app", &Version::new(1, 0, 0)), &of_app, &id);
        fs::write_atomic(&app, &bytes).unwrap();

        let ctx = context(dir.path(), &memory);
        let file = ManifestFile::new(dir.path().join("Cargo.toml"), "");
        let manifest = crate::model::manifest::read(file, &WorkspaceManifest::default()).unwrap();
        let mut worlds = WorldResolver::without_workspace(&ctx, LockMode::Update, Unpinned::Refuse);
        let mut resolution = Resolution::new(&mut worlds, &manifest, "app".to_owned());
        resolution.component("app", &app, Role::Root).unwrap();
        let tree = match resolution.solve() {
            Ok(tree) => tree,
            Err(error) => {
                assert!(error.advice().is_some(), "{error:?}");
                refused += 1;
                continue;
            }
        };
        let releases: Vec<Release> = tree.solution.releases.iter().cloned().collect();
        for (at, (origin, version)) in releases.iter().enumerate() {
            let mut others = releases[at + 1..].iter();
            let twice = others.any(|(o, v)| o == origin && on_one_track(v, version));
            assert!(!twice, "{releases:?}");
        }
        let forest = DependencyClosure::new(&mut worlds, &manifest, BuiltComponents::default());
        let mut forest = forest.with_tree(tree);
        let root = forest.root("app", &app).unwrap();
        let parts = forest.into_parts().0;
        assert_eq!(parts.len(), releases.len() + 1);
        // What is linked is validated.
        let result = link_parts(&Composition { parts, root });
        let result = result.unwrap_or_else(|e| panic!("{e:?}\n{of_app:?}\n{releases:?}"));
        assert!(result.open.is_empty(), "{:?}", result.open);
        linked += 1;
    }
    assert!(linked > 15 && refused > 2, "{linked} and {refused}");
}

//! The executable, driven against real parts: real cargo, real wasm, the real
//! engine. Each test works in a temporary directory of its own.
//!
//! A test says what it is about by its name and reads top to bottom: make a
//! [`support::Project`], run command lines in it, look at what came of it.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may"
)]

mod add_components;
mod artifacts;
mod authoring;
mod backtraces;
mod bad_builds;
mod bad_input;
mod beyond_wit;
mod bindings;
mod build_script;
mod calls;
mod capabilities;
mod completions;
mod component_builds;
mod component_refusals;
mod component_registries;
mod component_releases;
mod component_trees;
mod components;
mod compose;
mod config_verb;
mod deps;
mod deps_archives;
mod dev_dependencies;
mod documentation;
mod examples;
mod fault_proxy;
mod faults;
mod fetch;
mod freshness;
#[path = "../golden/mod.rs"]
mod golden;
mod hostile;
mod http;
mod info;
mod killed;
mod kills;
mod large_types;
mod legacy;
mod limits;
mod lock_verbs;
mod login;
mod manifest;
mod messages;
mod metadata;
mod migrate;
mod multicall;
mod names;
mod new;
mod observe;
mod oci;
mod oci_dependency;
mod others_projects;
mod outputs;
mod own_imports;
#[path = "../../src/model/doc/tests/links.rs"]
mod page_links;
mod passthrough;
mod profiles;
mod publish_components;
mod pure;
mod recorded;
mod recorded_linking;
mod refusals;
mod registry_local;
mod registry_oci;
mod registry_servers;
mod registry_verbs;
mod run;
mod runner;
mod runtimes;
mod scaffold;
mod search;
mod serve;
mod shapes;
mod size;
mod slow_servers;
mod small_registry;
mod smoke;
mod support;
mod systems;
mod targets;
mod test_verb;
mod together;
mod trust;
mod tutorial;
mod wac;
mod wasi_registry;
mod wasm_toml;
mod watch;
mod wit;
mod wit_authoring;
mod wit_errors;
mod wit_fixes;
mod wit_pages;
mod wit_wasi;
mod workspaces;
mod world;
mod world_check;
mod world_files;

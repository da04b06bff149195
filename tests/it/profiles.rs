//! Profiles of runs: which functions ran, as a flame graph and for the Firefox Profiler.

use crate::components::program;
use crate::support::Project;

/// A program that is busy in a function of its own for many samples.
const BUSY: &str = "fn main() {
    println!(\"{}\", busy(std::env::args().count() as u64));
}
#[inline(never)]
fn busy(seed: u64) -> u64 {
    (0..30_000_000).fold(seed, |sum, n| sum.wrapping_mul(31) ^ n)
}
";

fn busy() -> Project {
    let project = Project::empty().with_debug_info();
    program(&project, ".", BUSY, "");
    project
}

#[test]
fn a_program_is_profiled_as_a_flame_graph_and_for_the_profiler() {
    let project = busy();
    let run = |options: &str| project.component(&format!("run {options}"));
    let plain = run("").ok().stdout;
    let output = run("--profile-out busy.svg").ok();
    assert_eq!(output.stdout, plain);
    output.says("Wrote profile `").says("busy.svg`");
    let svg = project.read("busy.svg");
    assert!(svg.contains("<svg") && svg.contains("app::busy"), "{svg}");
    run("--profile-out busy.json").ok();
    let json: serde_json::Value = serde_json::from_str(&project.read("busy.json")).unwrap();
    assert!(json.to_string().contains("app::busy"), "{json}");
    let samples = &json["threads"][0]["samples"]["length"];
    assert!(samples.as_u64().unwrap() > 0, "{samples}");
    // The first run without a profile afterwards is as before.
    assert_eq!(run("").ok().stdout, plain);
}

#[test]
fn what_is_not_profiled_is_refused() {
    let project = busy();
    let run = |options: &str| project.component(&format!("run {options}"));
    run("--profile-out busy.txt")
        .code(2)
        .says("the format of the profile `busy.txt` is not known")
        .says("`.svg` for a flame graph");
    assert!(!project.has("target"));
    let runner = "[target.wasm32-wasip1]\nrunner = \"true\"\n";
    project.write(".cargo/config.toml", runner);
    run("--profile-out busy.svg")
        .code(2)
        .says("cannot be passed to the configured runner `true`");
    assert!(!project.has("busy.svg"));
}

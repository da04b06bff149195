//! Whatever happened before, a build gives what a build from nothing gives.
//!
//! Random steps are done in a workspace and in its twin, which before each build forgets
//! all that this tool remembers: there, bindings are generated and components made anew.
//! What cargo remembers it keeps, since that is not ours; now and then a copy without any
//! target directory is built as well. All of them are built in the same place, so that
//! their components are equal to the byte.
//!
//! `SEED=<number> STEPS=<number> cargo test --test it many_random_steps -- --ignored`
//! repeats a sequence.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use cargo_component::component::{self, WasmKind};
use serde_json::Value;

use super::sources::{Kept, PACKAGES, Sources};
use crate::hostile::Random;
use crate::observe::tree;
use crate::support::Project;

/// Where the workspace lies while something is done in it.
const PLACE: &str = "workspace";
const STATE: &str = "target/cargo-component";

#[test]
fn no_step_leaves_a_stale_component() {
    follow(1, 20);
}

#[test]
#[ignore = "takes minutes"]
fn many_random_steps_leave_no_stale_component() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    follow(number("SEED").unwrap_or(0), number("STEPS").unwrap_or(500));
}

/// How a build is made.
#[derive(Clone, Copy, Debug, Default)]
struct Choice {
    release: bool,
    wasip2: bool,
    loud: bool,
    compose: bool,
    /// One package instead of all.
    package: Option<&'static str>,
    /// Whether it is started in the directory of a member.
    inside: bool,
    /// Whether `RUSTFLAGS` is set.
    flags: bool,
    /// Whether a profile is changed by the environment, which makes cargo see another
    /// workspace.
    profile: bool,
}

impl Choice {
    fn change(&mut self, random: &mut Random) {
        match random.below(8) {
            0 => self.release ^= true,
            1 => self.wasip2 ^= true,
            2 => self.loud ^= true,
            3 => self.compose ^= true,
            4 => {
                let packages = PACKAGES.map(Some);
                self.package = *random.one(&[&packages[..], &[None; 3]].concat());
            }
            5 => self.inside ^= true,
            6 => self.flags ^= true,
            _ => self.profile ^= true,
        }
    }

    /// The target directory's part of the target and the profile.
    fn dir(self) -> String {
        let target = if self.wasip2 { "wasip2" } else { "wasip1" };
        let profile = if self.release { "release" } else { "debug" };
        format!("target/wasm32-{target}/{profile}")
    }

    /// Adds to a command what all verbs share.
    fn on(self, mut command: Command, project: &Project) -> Command {
        let target = if self.wasip2 { "wasip2" } else { "wasip1" };
        command.args(["--offline", "--target", &format!("wasm32-{target}")]);
        match self.package {
            Some(package) => command.args(["--package", package]),
            None => command.arg("--workspace"),
        };
        if self.release {
            command.arg("--release");
        }
        if self.loud {
            command.args(["--features", "loud"]);
        }
        if self.inside {
            command.current_dir(project.path("app"));
        }
        if self.flags {
            command.env("RUSTFLAGS", "-Cdebug-assertions=off");
        }
        if self.profile {
            command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
        }
        command
    }
}

/// One of the workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The one that remembers.
    Used,
    /// The one that forgets.
    Twin,
}

/// The verbs that look at code without building a component.
const VERBS: [&str; 3] = ["check", "bindings", "clippy"];

/// What happens between two builds.
#[derive(Debug)]
enum Step {
    /// Sources, WIT or manifests change.
    Change,
    /// Only the way of building changes.
    Choose,
    /// A file gets a new time, so many hours ago.
    Touch(String, u64),
    /// A file is removed, or emptied without becoming another.
    Spoil { path: String, remove: bool },
    /// One of the files that this tool remembers is lost.
    Forget(usize),
    /// The component of `leaf` is kept.
    Keep,
    /// The files are committed.
    Commit,
    /// The files of an earlier commit are checked out.
    Checkout(usize),
    /// Plain cargo builds.
    Cargo,
    /// Another verb of this tool runs.
    Verb(&'static str),
}

impl Step {
    fn random(random: &mut Random, choice: Choice, commits: usize) -> Step {
        let in_package = |random: &mut Random, file: &str| {
            let package = random.one(&PACKAGES);
            format!("{package}/{file}")
        };
        match random.below(20) {
            0..7 => Step::Change,
            7..10 => Step::Choose,
            10 => {
                let file = *random.one(&["src/lib.rs", "wit/world.wit"]);
                Step::Touch(in_package(random, file), 0)
            }
            11 => {
                // Not those whose times cargo compares with those of what it built.
                let file = *random.one(&["wit/world.wit", "wit", "Cargo.toml"]);
                Step::Touch(in_package(random, file), 1 + random.below(50) as u64)
            }
            12 => Step::Spoil {
                path: in_package(random, "src/bindings.rs"),
                remove: random.once_in(2),
            },
            13 => {
                let file = *random.one(&["", "deps/"]);
                Step::Spoil {
                    path: format!("{}/{file}{}.wasm", choice.dir(), random.one(&PACKAGES)),
                    remove: random.once_in(2),
                }
            }
            14 => Step::Forget(random.below(1000)),
            15 => Step::Keep,
            16 => Step::Commit,
            17 if commits > 0 => Step::Checkout(random.below(commits)),
            18 => Step::Cargo,
            _ => {
                let verb: &&str = random.one(&VERBS);
                Step::Verb(verb)
            }
        }
    }

    /// Does in one workspace what has an effect there.
    fn run(&self, project: &Project, side: Side, choice: Choice, commits: &[Commit]) {
        match self {
            Step::Change | Step::Choose | Step::Keep => {}
            Step::Touch(path, hours) => {
                let time = SystemTime::now() - Duration::from_secs(hours * 3600);
                if let Ok(file) = fs::File::open(project.path(path)) {
                    file.set_modified(time).unwrap();
                }
            }
            Step::Spoil { path, remove: true } => drop(fs::remove_file(project.path(path))),
            Step::Spoil { path, .. } if path.ends_with(".rs") || is_ours(project, path) => {
                project.write(path, "");
            }
            Step::Spoil { .. } => {}
            Step::Forget(which) if side == Side::Used => {
                let files = tree(&project.path(STATE));
                if let Some(file) = files.get(which % files.len().max(1)) {
                    fs::remove_file(project.path(STATE).join(file)).unwrap();
                }
            }
            Step::Forget(_) => {}
            Step::Commit => {
                git(project, "add -A");
                git(project, "commit -q --allow-empty -m step");
            }
            Step::Checkout(which) => {
                git(project, &format!("checkout -q -f {}", commits[*which].id));
            }
            Step::Cargo => {
                let mut command = project.clean("cargo");
                command.arg("build");
                project.run(choice.on(command, project));
            }
            Step::Verb(verb) if side == Side::Used => {
                let command = project.command(verb);
                project.run(choice.on(command, project));
            }
            Step::Verb(_) => {}
        }
    }
}

/// Whether a file is there and is not one with what cargo relies on.
fn is_ours(project: &Project, path: &str) -> bool {
    let (dir, name) = path.rsplit_once('/').unwrap();
    let bytes = |path: &str| fs::read(project.path(path)).unwrap_or_default();
    !dir.ends_with("deps") && bytes(path) != bytes(&format!("{dir}/deps/{name}"))
}

/// Whether a file is there and is a component.
fn is_component(project: &Project, path: &str) -> bool {
    let bytes = fs::read(project.path(path)).unwrap_or_default();
    component::kind(&bytes) == Some(WasmKind::Component)
}

/// A commit, and the values its files were written from.
struct Commit {
    id: String,
    sources: Sources,
}

/// Both workspaces, of which at most one is in its place.
struct Pair {
    project: Project,
}

impl Pair {
    fn new() -> Self {
        let mut project = Project::empty().in_target_dir();
        project.enter(PLACE);
        let pair = Pair { project };
        for side in [Side::Used, Side::Twin] {
            fs::create_dir(pair.aside(&format!("{side:?}"))).unwrap();
            pair.at(side, |project| git(project, "init -q ."));
        }
        pair
    }

    fn aside(&self, name: &str) -> std::path::PathBuf {
        self.project.root().with_file_name(name)
    }

    /// Does something in one of them.
    fn at<T>(&self, side: Side, run: impl FnOnce(&Project) -> T) -> T {
        let aside = self.aside(&format!("{side:?}"));
        fs::rename(&aside, self.project.root()).unwrap();
        let result = run(&self.project);
        fs::rename(self.project.root(), &aside).unwrap();
        result
    }

    /// Builds a copy of one of them that has no target directory.
    fn build_fresh_copy(&self, choice: Choice) -> Built {
        copy(&self.aside("Used"), self.project.root());
        let built = build(&self.project, choice);
        fs::remove_dir_all(self.project.root()).unwrap();
        built
    }
}

/// Copies a workspace with its repository and without what was built.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, name) = {
            let entry = entry.unwrap();
            (entry.path(), entry.file_name())
        };
        match from.is_dir() {
            true if name == "target" => {}
            true => copy(&from, &to.join(name)),
            false => drop(fs::copy(&from, to.join(name)).unwrap()),
        }
    }
}

/// Runs git, with commits that depend on their content alone.
fn git(project: &Project, line: &str) -> String {
    let mut command = project.clean("git");
    for (who, name) in [("AUTHOR", "a"), ("COMMITTER", "b")] {
        command.env(format!("GIT_{who}_NAME"), name);
        command.env(format!("GIT_{who}_EMAIL"), "a@b");
        command.env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
    }
    command.args(["-c", "core.autocrlf=false"]);
    command.args(line.split_whitespace());
    project.run(command).ok().stdout.trim().to_owned()
}

/// What a build ended with.
#[derive(Debug, PartialEq, Eq)]
struct Built {
    code: i32,
    /// What was built, by path: components, as they are and linked, and bindings.
    files: BTreeMap<String, Vec<u8>>,
    /// The messages about the components.
    messages: Vec<String>,
}

fn build(project: &Project, choice: Choice) -> Built {
    let mut command = choice.on(project.command("build --message-format json"), project);
    if choice.compose {
        command.arg("--compose");
    }
    let output = project.run(command);
    let mut built = Built {
        code: output.code,
        files: BTreeMap::new(),
        messages: Vec::new(),
    };
    if output.code != 0 {
        return built;
    }
    let lines = output
        .stdout
        .lines()
        .filter(|l| l.contains("component-artifact"));
    for line in lines {
        let mut message: Value = serde_json::from_str(line).unwrap();
        message.as_object_mut().unwrap().remove("fresh");
        let name = message["target"]["name"].as_str().unwrap();
        let bindings = format!("{name}/src/bindings.rs");
        let paths = ["path", "linked"].map(|key| message[key].as_str());
        for path in paths.into_iter().flatten().chain([&*bindings]) {
            built.files.insert(path.to_owned(), project.bytes(path));
        }
        built.messages.push(message.to_string());
    }
    // Cargo reports what it built as it is ready.
    built.messages.sort();
    built
}

/// Follows a sequence of steps, and compares what is built after each.
fn follow(seed: u64, steps: u64) {
    let mut random = Random::new(seed);
    let (mut sources, mut choice) = (Sources::default(), Choice::default());
    let mut commits: Vec<Commit> = Vec::new();
    let mut log = format!("SEED={seed} STEPS={steps}");
    let pair = Pair::new();
    for number in 0..steps {
        let step = Step::random(&mut random, choice, commits.len());
        match &step {
            Step::Change => sources.change(&mut random),
            Step::Choose => choice.change(&mut random),
            Step::Checkout(which) => sources = commits[*which].sources.clone(),
            Step::Keep => pair.at(Side::Used, |project| {
                let path = format!("{}/leaf.wasm", choice.dir());
                if is_component(project, &path) {
                    sources.kept = Kept(project.bytes(&path));
                }
            }),
            _ => {}
        }
        let _ = write!(log, "\n{number}: {step:?}");
        let _ = match &step {
            Step::Change => write!(log, ": {sources:?}"),
            Step::Choose => write!(log, ": {choice:?}"),
            _ => Ok(()),
        };
        let used = pair.at(Side::Used, |project| {
            step.run(project, Side::Used, choice, &commits);
            sources.write(project);
            build(project, choice)
        });
        let twin = pair.at(Side::Twin, |project| {
            step.run(project, Side::Twin, choice, &commits);
            sources.write(project);
            let _ = fs::remove_dir_all(project.path(STATE));
            build(project, choice)
        });
        compare(&used, &twin, &log);
        if number + 1 == steps || number % 50 == 49 {
            compare(&used, &pair.build_fresh_copy(choice), &log);
        }
        if matches!(step, Step::Commit) {
            let ids = [Side::Used, Side::Twin]
                .map(|side| pair.at(side, |project| git(project, "rev-parse HEAD")));
            assert_eq!(ids[0], ids[1], "{log}");
            let [id, _] = ids;
            let sources = sources.clone();
            commits.push(Commit { id, sources });
        }
    }
}

/// Fails if the builds differ.
#[track_caller]
fn compare(used: &Built, other: &Built, log: &str) {
    if used == other {
        return;
    }
    let mut what = format!("{} and {}", used.code, other.code);
    for path in used.files.keys().chain(other.files.keys()) {
        let of = |built: &Built| built.files.get(path).map(Vec::len);
        if used.files.get(path) != other.files.get(path) {
            let _ = write!(what, "\n{path}: {:?} and {:?}", of(used), of(other));
        }
    }
    let pairs = used.messages.iter().zip(&other.messages);
    for (used, other) in pairs.filter(|(used, other)| used != other) {
        let _ = write!(what, "\n{used}\n{other}");
    }
    panic!("{log}\nthe builds differ: {what}");
}

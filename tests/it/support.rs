//! A temporary directory in which command lines are run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A temporary directory with whatever the test puts there.
pub struct Project {
    // Removed with its content when the test ends.
    _dir: tempfile::TempDir,
    root: PathBuf,
    build_dir: Option<BuildDir>,
    debug_info: bool,
}

/// A directory for what cargo only needs while it builds, `build.build-dir`. It stays when
/// the test ends, so that the next one finds dependencies in it that are already built.
///
/// Cargo takes packages of one name in different projects for the same one and compares
/// their times, so no two projects share a directory at a time: whatever a project writes
/// is newer than what was built before it.
struct BuildDir {
    path: PathBuf,
    // Locked as long as it is open.
    _lock: fs::File,
}

impl BuildDir {
    /// One that no other project uses, of this or of another run.
    fn claim() -> Self {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-dirs");
        fs::create_dir_all(&all).unwrap();
        for number in 0.. {
            let lock = fs::File::create(all.join(format!("{number}.lock"))).unwrap();
            if lock.try_lock().is_ok() {
                let path = all.join(number.to_string());
                return BuildDir { path, _lock: lock };
            }
        }
        unreachable!("there are more numbers than projects")
    }
}

/// How a command line ended and what it said.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    line: String,
}

impl Project {
    /// An empty directory.
    pub fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Some systems have a link in the way to the temporary directory. On Windows the
        // result would be a path that only some programs take.
        let root = match cfg!(windows) {
            true => dir.path().to_owned(),
            false => dir.path().canonicalize().unwrap(),
        };
        Project {
            _dir: dir,
            root,
            build_dir: Some(BuildDir::claim()),
            debug_info: false,
        }
    }

    /// Lets cargo write debug information as it does by default. It is most of a small
    /// component, so that everything takes longer.
    pub fn with_debug_info(mut self) -> Self {
        self.debug_info = true;
        self
    }

    /// Lets cargo build all of it in the target directory, with debug information, as it does
    /// for users who have not set anything: for tests about what is in there, or how old it is.
    pub fn in_target_dir(mut self) -> Self {
        self.build_dir = None;
        self.with_debug_info()
    }

    /// Lets cargo build all of it in a directory that stays, and that only projects with the
    /// same name here share: for one whose build script or macro needs many crates.
    pub fn building_in(mut self, name: &str) -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let config = format!("[build]\ntarget-dir = '{}'\n", target.display());
        self.write(".cargo/config.toml", config);
        self.build_dir = None;
        self
    }

    /// What `cargo component new <args> <name>` makes, without a repository;
    /// the project is in the new crate.
    pub fn new(args: &str, name: &str) -> Self {
        let mut project = Project::empty();
        project
            .component(&format!("new --vcs none {args} {name}"))
            .ok();
        project.root.push(name);
        project
    }

    /// Goes to a directory in it.
    pub fn enter(&mut self, path: &str) {
        self.root.push(path);
    }

    /// Where the project is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path in it.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(file_name(path))
    }

    /// Writes a file, with the directories in the way.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Whether the file is there.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Replaces text in a file; it must be there.
    pub fn replace(&self, path: &str, from: &str, to: &str) -> &Self {
        let text = self.read(path);
        assert!(text.contains(from), "`{from}` is not in {path}:\n{text}");
        self.write(path, text.replace(from, to))
    }

    /// Runs `cargo component <line>`; arguments are split at spaces, those in
    /// single quotes are kept together.
    pub fn component(&self, line: &str) -> Output {
        self.run(self.command(line))
    }

    /// The command `cargo component <line>`, for tests that set more.
    pub fn command(&self, line: &str) -> Command {
        // `tests/warg` has this file too, and its own way to the executable.
        let tool = option_env!("CARGO_BIN_EXE_cargo-component").unwrap_or("cargo-component");
        let mut command = self.clean(tool);
        command.arg("component").args(split(line));
        command
    }

    /// Runs plain `cargo <line>`.
    pub fn cargo(&self, line: &str) -> Output {
        let mut command = self.clean("cargo");
        command.args(split(line));
        self.run(command)
    }

    /// A program in the project's directory without what the test run itself
    /// has set for cargo.
    pub fn clean(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let ours =
                text.starts_with("CARGO") && text != "CARGO_HOME" && text != "CARGO_HTTP_CAINFO";
            if (ours && !text.starts_with("CARGO_REGISTR"))
                || text == "RUSTFLAGS"
                || text == "NO_COLOR"
                || text == "RUST_BACKTRACE"
            {
                command.env_remove(&name);
            }
        }
        command.env("CARGO_TERM_COLOR", "never");
        // Without registries, whatever is built in: tests reach nothing else.
        let none = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/no-registries.toml");
        command.env("CARGO_COMPONENT_CONFIG_FILE", none);
        command.env("CARGO_INCREMENTAL", "0");
        if !self.debug_info {
            command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        }
        if let Some(build_dir) = &self.build_dir {
            command.env("CARGO_BUILD_BUILD_DIR", &build_dir.path);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, mut command: Command) -> Output {
        let line = format!("{command:?}");
        let output = command.output().unwrap_or_else(|e| panic!("{line}: {e}"));
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: with_slashes(&String::from_utf8_lossy(&output.stderr)),
            line,
        }
    }
}

impl Output {
    /// It must have ended with 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// It must have ended with this code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Its standard error must contain this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let text = with_slashes(text);
        assert!(self.stderr.contains(&text), "`{text}` was not said\n{self}");
        self
    }

    /// Its standard error must not contain this.
    #[track_caller]
    pub fn silent_on(self, text: &str) -> Self {
        let text = with_slashes(text);
        assert!(!self.stderr.contains(&text), "`{text}` was said\n{self}");
        self
    }

    /// Its standard output must contain this.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        let found =
            self.stdout.contains(text) || with_slashes(&self.stdout).contains(&with_slashes(text));
        assert!(found, "`{text}` was not printed\n{self}");
        self
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}\nexit code {}\n--- stdout\n{}\n--- stderr\n{}",
            self.line, self.code, self.stdout, self.stderr
        )
    }
}

/// The name of a file that the tool names after a package, which has no `:` on Windows.
pub fn file_name(name: &str) -> String {
    match cfg!(windows) {
        true => name.replace(':', "-"),
        false => name.to_owned(),
    }
}

/// A message as it is on other systems than Windows, which has `\` in paths.
pub fn with_slashes(text: &str) -> String {
    match cfg!(windows) {
        true => text.replace('\\', "/"),
        false => text.to_owned(),
    }
}

/// Sets the directory of the configuration of whoever runs the command.
pub fn set_config_dir(command: &mut Command, dir: &Path) {
    command.env("XDG_CONFIG_HOME", dir).env("APPDATA", dir);
}

/// Lets everybody execute a file, where that is a right.
pub fn make_executable(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// A file or directory must have these rights, where there are any.
#[track_caller]
pub fn assert_mode(path: &Path, expected: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, expected, "{}", path.display());
    }
    #[cfg(not(unix))]
    let _ = (path, expected);
}

/// The arguments of a command line, as [`Project::component`] takes them apart.
pub fn split(line: &str) -> Vec<String> {
    let mut args = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        match index % 2 {
            1 => args.push(part.to_owned()),
            _ => args.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    args
}

/// A copy of a project in `example-projects/`, without files that it ignores.
pub fn example(name: &str) -> Project {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("example-projects")
        .join(name);
    let mut project = Project::empty();
    project.root.push(name);
    copy(&from, &project.root);
    for ignored in project.read(".gitignore").lines() {
        // It is there where somebody built the example where it stands.
        let _ = fs::remove_file(project.path(ignored.trim_start_matches('/')));
    }
    project
}

/// Copies a directory without what cargo built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap().is_dir() {
            true if entry.file_name() == "target" => {}
            true => copy(&from, &to),
            false => {
                // Some systems would copy the time of a file, too.
                fs::write(&to, fs::read(&from).unwrap()).unwrap();
            }
        }
    }
}

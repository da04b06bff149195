//! The options of cargo and our own, as far as their meaning or their value
//! must be known.

/// An option the reading knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named after its option in `TABLE`")]
pub enum Known {
    Addr,
    AllTargets,
    ArtifactDir,
    Bench,
    Benches,
    Bin,
    Bins,
    CacheDir,
    Color,
    Component,
    Compose,
    Config,
    Directory,
    Doc,
    Example,
    Examples,
    Exclude,
    Frozen,
    Help,
    HostMembers,
    Http,
    Invoke,
    Lib,
    Locked,
    ManifestPath,
    MaxMemory,
    MessageFormat,
    Native,
    Network,
    NoFailFast,
    NoRun,
    Offline,
    Package,
    Profile,
    Quiet,
    RegistryConfig,
    Release,
    RunArg,
    RunDir,
    RunEnv,
    Target,
    TargetDir,
    Test,
    Tests,
    Timeout,
    TrustUnpinned,
    Fresh,
    Unstable,
    Verbose,
    Version,
    With,
    Workspace,
    /// An option only whose value must be told from a word.
    Other(&'static str),
}

impl Known {
    /// Whether it is ours, and no business of cargo.
    pub fn is_ours(self) -> bool {
        matches!(
            self,
            Known::Addr
                | Known::CacheDir
                | Known::Component
                | Known::Compose
                | Known::HostMembers
                | Known::Http
                | Known::Invoke
                | Known::MaxMemory
                | Known::Native
                | Known::Network
                | Known::RegistryConfig
                | Known::RunArg
                | Known::RunDir
                | Known::RunEnv
                | Known::Timeout
                | Known::TrustUnpinned
                | Known::With
                | Known::Fresh
        )
    }

    /// Whether it means what the table says under this subcommand.
    pub fn is_of(self, verb: Option<&str>) -> bool {
        let one_of = |verbs: &[&str]| verb.is_some_and(|verb| verbs.contains(&verb));
        match self {
            Known::HostMembers => {
                one_of(&["bench", "build", "check", "clippy", "doc", "fix", "test"])
            }
            Known::Native => one_of(&["check", "clippy", "doc", "fix", "rustdoc"]),
            Known::Invoke | Known::RunArg => one_of(&["run"]),
            Known::RunEnv
            | Known::RunDir
            | Known::Http
            | Known::Network
            | Known::MaxMemory
            | Known::Timeout => one_of(&["bench", "run", "serve", "test"]),
            Known::Addr | Known::Component | Known::Fresh => one_of(&["run", "serve"]),
            Known::Compose => one_of(&["build"]),
            Known::With => one_of(&["bench", "build", "run", "serve", "test"]),
            Known::TrustUnpinned => one_of(&[
                "bench", "build", "check", "clippy", "doc", "fetch", "fix", "run", "serve", "test",
            ]),
            _ => true,
        }
    }

    /// Whether its value is kept, and not only passed on.
    pub(super) fn is_kept(self) -> bool {
        !matches!(self, Known::Other(_))
    }
}

/// Our own options on verbs of cargo, as help and reference show them: which,
/// how it is written, what it does. [`Known::is_of`] says under which verbs.
pub const OURS: &[(Known, &str, &str)] = &[
    (
        Known::Invoke,
        "--invoke <CALL>",
        "Call an exported function, with arguments in WAVE syntax: 'f(1, \"x\")'",
    ),
    (
        Known::Addr,
        "--addr <ADDR>",
        "Address to listen on [default: 127.0.0.1:8080]; port 0 selects a free port",
    ),
    (
        Known::RunArg,
        "--arg <ARG>",
        "Pass an argument to the program, before those after `--`",
    ),
    (
        Known::RunEnv,
        "--env <NAME[=VALUE]>",
        "Set an environment variable for the component; without a value, pass on the current one",
    ),
    (
        Known::RunDir,
        "--dir <HOST[::GUEST]>",
        "Give the component access to a directory",
    ),
    (
        Known::Http,
        "--http",
        "Allow HTTP requests; the workspace's own code may send them without this option",
    ),
    (
        Known::Network,
        "--network",
        "Allow network access: HTTP, sockets and name lookup",
    ),
    (
        Known::MaxMemory,
        "--max-memory <SIZE>",
        "Maximum memory of an instance, in bytes or with a unit, as in 512MiB [default: 1GiB]",
    ),
    (
        Known::Timeout,
        "--timeout <SECONDS>",
        "Time limit [default: 60 for an HTTP request, otherwise none]; 0 means no limit",
    ),
    (
        Known::Component,
        "--component <WHAT>",
        "Run this component instead of building one: a file, a package or an OCI reference",
    ),
    (
        Known::Compose,
        "--compose",
        "Also write each component linked with its dependencies to `<name>.linked.wasm`",
    ),
    (
        Known::With,
        "--with <IMPORT=WHAT>",
        "Link an import (a label, interface or package) with a file, package or OCI reference",
    ),
    (
        Known::Fresh,
        "--fresh",
        "Link the component of `--component` with the newest compatible releases, instead of those in its hints",
    ),
    (
        Known::TrustUnpinned,
        "--trust-unpinned",
        "Follow hints of components from elsewhere even if they have no digest",
    ),
    (
        Known::Native,
        "--native",
        "Use the host target instead of the wasm target",
    ),
    (
        Known::HostMembers,
        "--host-members",
        "Also process the members that are not components, for the host target",
    ),
    (
        Known::CacheDir,
        "--cache-dir <PATH>",
        "Directory of the package cache",
    ),
    (
        Known::RegistryConfig,
        "--registry-config <PATH>",
        "Configuration file for package registries",
    ),
];

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// A value that does not begin with a dash, unless after `=`.
    Value,
    /// A value, whatever it begins with.
    AnyValue,
    /// A value or none.
    Optional,
    /// A value after `=` or none.
    Inline,
}

/// What is known of one option.
#[derive(Debug)]
pub(super) struct Row {
    /// Without dashes.
    pub(super) name: &'static str,
    pub(super) letter: Option<char>,
    pub(super) takes: Takes,
    /// Whether a second one is an error.
    pub(super) single: bool,
    pub(super) known: Known,
}

const fn row(name: &'static str, takes: Takes, known: Known) -> Row {
    Row {
        name,
        letter: None,
        takes,
        single: false,
        known,
    }
}

const fn flag(name: &'static str, known: Known) -> Row {
    row(name, Takes::Nothing, known)
}

const fn value(name: &'static str, known: Known) -> Row {
    row(name, Takes::Value, known)
}

const fn other(name: &'static str) -> Row {
    value(name, Known::Other(name))
}

impl Row {
    const fn letter(mut self, letter: char) -> Row {
        self.letter = Some(letter);
        self
    }

    const fn single(mut self) -> Row {
        self.single = true;
        self
    }
}

static TABLE: &[Row] = &[
    // What is asked of every subcommand.
    value("color", Known::Color).single(),
    value("config", Known::Config),
    value("", Known::Unstable).letter('Z'),
    value("", Known::Directory).letter('C'),
    flag("verbose", Known::Verbose).letter('v'),
    flag("quiet", Known::Quiet).letter('q'),
    flag("help", Known::Help).letter('h'),
    flag("version", Known::Version).letter('V'),
    flag("locked", Known::Locked),
    flag("offline", Known::Offline),
    flag("frozen", Known::Frozen),
    other("explain"),
    // Packages.
    value("package", Known::Package).letter('p'),
    value("exclude", Known::Exclude),
    flag("workspace", Known::Workspace),
    flag("all", Known::Workspace),
    value("manifest-path", Known::ManifestPath).single(),
    other("lockfile-path").single(),
    // Targets of a package.
    flag("lib", Known::Lib),
    flag("bins", Known::Bins),
    row("bin", Takes::Optional, Known::Bin),
    flag("examples", Known::Examples),
    row("example", Takes::Optional, Known::Example),
    flag("tests", Known::Tests),
    row("test", Takes::Optional, Known::Test),
    flag("benches", Known::Benches),
    row("bench", Takes::Optional, Known::Bench),
    flag("all-targets", Known::AllTargets),
    flag("doc", Known::Doc),
    // The build.
    value("target", Known::Target),
    value("target-dir", Known::TargetDir).single(),
    value("artifact-dir", Known::ArtifactDir).single(),
    value("out-dir", Known::ArtifactDir).single(),
    value("profile", Known::Profile).single(),
    flag("release", Known::Release).letter('r'),
    value("message-format", Known::MessageFormat),
    other("features").letter('F'),
    row("jobs", Takes::AnyValue, Known::Other("jobs"))
        .letter('j')
        .single(),
    row("timings", Takes::Inline, Known::Other("timings")),
    flag("no-run", Known::NoRun),
    flag("no-fail-fast", Known::NoFailFast),
    // Values of `rustc`, `metadata`, `tree`: they must not pass for words.
    other("crate-type"),
    other("print"),
    other("output-format"),
    other("format-version"),
    other("filter-platform"),
    // Our own.
    value("cache-dir", Known::CacheDir).single(),
    value("registry-config", Known::RegistryConfig).single(),
    flag("host-members", Known::HostMembers),
    flag("native", Known::Native),
    flag("compose", Known::Compose),
    flag("trust-unpinned", Known::TrustUnpinned),
    value("with", Known::With),
    flag("fresh", Known::Fresh),
    value("component", Known::Component).single(),
    value("invoke", Known::Invoke).single(),
    value("env", Known::RunEnv),
    value("dir", Known::RunDir),
    flag("http", Known::Http),
    flag("network", Known::Network),
    value("max-memory", Known::MaxMemory).single(),
    value("timeout", Known::Timeout).single(),
    row("arg", Takes::AnyValue, Known::RunArg),
    value("addr", Known::Addr).single(),
];

/// The option of a long name, given with its dashes.
pub(super) fn long(name: &str) -> Option<&'static Row> {
    let name = name.strip_prefix("--").filter(|name| !name.is_empty())?;
    TABLE.iter().find(|row| row.name == name)
}

/// The option of a letter.
pub(super) fn short(letter: char) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.letter == Some(letter))
}

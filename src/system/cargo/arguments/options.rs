//! The options of cargo and of this tool, as far as their meaning or their value
//! must be known.

/// An option that the reader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named after its option in `OPTIONS`")]
pub enum KnownOption {
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
    NoDeps,
    NoFailFast,
    NoRun,
    Offline,
    Open,
    Package,
    Profile,
    ProfileOut,
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
    Watch,
    Wit,
    With,
    Workspace,
    /// An option of cargo of which only this much must be known: its name, and its value,
    /// which is no plain word.
    Other(&'static str),
}

impl KnownOption {
    /// Whether it is an option of this tool, not of cargo.
    pub fn is_own(self) -> bool {
        matches!(
            self,
            KnownOption::Addr
                | KnownOption::CacheDir
                | KnownOption::Component
                | KnownOption::Compose
                | KnownOption::HostMembers
                | KnownOption::Http
                | KnownOption::Invoke
                | KnownOption::MaxMemory
                | KnownOption::Native
                | KnownOption::Network
                | KnownOption::ProfileOut
                | KnownOption::RegistryConfig
                | KnownOption::RunArg
                | KnownOption::RunDir
                | KnownOption::RunEnv
                | KnownOption::Timeout
                | KnownOption::TrustUnpinned
                | KnownOption::Watch
                | KnownOption::Wit
                | KnownOption::With
                | KnownOption::Fresh
        )
    }

    /// Whether the subcommand has this option with this meaning.
    pub fn applies_to(self, verb: Option<&str>) -> bool {
        let one_of = |verbs: &[&str]| verb.is_some_and(|verb| verbs.contains(&verb));
        match self {
            KnownOption::HostMembers => {
                one_of(&["bench", "build", "check", "clippy", "doc", "fix", "test"])
            }
            KnownOption::Native => one_of(&["check", "clippy", "doc", "fix", "rustdoc"]),
            KnownOption::Invoke | KnownOption::ProfileOut | KnownOption::RunArg => one_of(&["run"]),
            KnownOption::RunEnv
            | KnownOption::RunDir
            | KnownOption::Http
            | KnownOption::Network
            | KnownOption::MaxMemory
            | KnownOption::Timeout => one_of(&["bench", "run", "serve", "test"]),
            KnownOption::Addr
            | KnownOption::Component
            | KnownOption::Fresh
            | KnownOption::Watch => one_of(&["run", "serve"]),
            KnownOption::Compose => one_of(&["build"]),
            KnownOption::Wit => one_of(&["doc"]),
            KnownOption::With => one_of(&["bench", "build", "run", "serve", "test"]),
            KnownOption::TrustUnpinned => one_of(&[
                "bench", "build", "check", "clippy", "doc", "fetch", "fix", "run", "serve", "test",
            ]),
            _ => true,
        }
    }

    /// Whether its value is recorded, and not only passed on.
    pub(super) fn is_recorded(self) -> bool {
        !matches!(self, KnownOption::Other(_))
    }
}

/// An option of this tool for verbs of cargo, as help and reference show it.
#[derive(Clone, Copy, Debug)]
pub struct OwnOption {
    /// Which option it is; [`KnownOption::applies_to`] has its verbs.
    pub known: KnownOption,
    /// How the option and its value are written.
    pub usage: &'static str,
    /// What the option does, as a sentence without full stop.
    pub help: &'static str,
}

/// The options of this tool for verbs of cargo, in the order of the help.
pub const OWN_OPTIONS: &[OwnOption] = &[
    OwnOption {
        known: KnownOption::Invoke,
        usage: "--invoke <CALL>",
        help: "Call an exported function, with arguments in WAVE syntax: 'f(1, \"x\")'",
    },
    OwnOption {
        known: KnownOption::Addr,
        usage: "--addr <ADDR>",
        help: "Address to listen on [default: 127.0.0.1:8080]; port 0 selects a free port",
    },
    OwnOption {
        known: KnownOption::Watch,
        usage: "--watch",
        help: "Build again when a source file changes, and restart; requests are finished first",
    },
    OwnOption {
        known: KnownOption::RunArg,
        usage: "--arg <ARG>",
        help: "Pass an argument to the program, before those after `--`",
    },
    OwnOption {
        known: KnownOption::RunEnv,
        usage: "--env <NAME[=VALUE]>",
        help: "Set an environment variable for the component; without a value, pass on the current one",
    },
    OwnOption {
        known: KnownOption::RunDir,
        usage: "--dir <HOST[::GUEST]>",
        help: "Give the component access to a directory",
    },
    OwnOption {
        known: KnownOption::Http,
        usage: "--http",
        help: "Allow HTTP requests; the workspace's own code may send them without this option",
    },
    OwnOption {
        known: KnownOption::Network,
        usage: "--network",
        help: "Allow network access: HTTP, sockets and name lookup",
    },
    OwnOption {
        known: KnownOption::MaxMemory,
        usage: "--max-memory <SIZE>",
        help: "Maximum memory of an instance, in bytes or with a unit, as in 512MiB [default: 1GiB]",
    },
    OwnOption {
        known: KnownOption::Timeout,
        usage: "--timeout <SECONDS>",
        help: "Time limit [default: 60 for an HTTP request, otherwise none]; 0 means no limit",
    },
    OwnOption {
        known: KnownOption::ProfileOut,
        usage: "--profile-out <FILE>",
        help: "Write which functions ran for how long: `.svg` for a flame graph, `.json` for the Firefox Profiler",
    },
    OwnOption {
        known: KnownOption::Component,
        usage: "--component <WHAT>",
        help: "Run this component instead of building one: a file, a package or an OCI reference",
    },
    OwnOption {
        known: KnownOption::Compose,
        usage: "--compose",
        help: "Also write each component linked with its dependencies to `<name>.linked.wasm`",
    },
    OwnOption {
        known: KnownOption::With,
        usage: "--with <IMPORT=WHAT>",
        help: "Link an import (a label, interface or package) with a file, the directory of a crate, a package or an OCI reference",
    },
    OwnOption {
        known: KnownOption::Fresh,
        usage: "--fresh",
        help: "Link the component of `--component` with the newest compatible releases, instead of those in its hints",
    },
    OwnOption {
        known: KnownOption::TrustUnpinned,
        usage: "--trust-unpinned",
        help: "Follow hints of components from elsewhere even if they have no digest",
    },
    OwnOption {
        known: KnownOption::Wit,
        usage: "--wit [SOURCE]",
        help: "Document WIT instead of crates: of the packages, or of a file, a directory, a package or an OCI reference",
    },
    OwnOption {
        known: KnownOption::Native,
        usage: "--native",
        help: "Use the host target instead of the wasm target",
    },
    OwnOption {
        known: KnownOption::HostMembers,
        usage: "--host-members",
        help: "Also process the members that are not components, for the host target",
    },
    OwnOption {
        known: KnownOption::CacheDir,
        usage: "--cache-dir <PATH>",
        help: "Directory of the package cache",
    },
    OwnOption {
        known: KnownOption::RegistryConfig,
        usage: "--registry-config <PATH>",
        help: "Configuration file for package registries",
    },
];

/// Whether and how an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OptionValue {
    Nothing,
    /// A value that does not begin with a dash, unless after `=`.
    Value,
    /// A value, which may begin with a dash.
    AnyValue,
    /// A value that may be left out.
    Optional,
    /// A value after `=` that may be left out.
    Inline,
}

/// The spelling of an option and how it takes a value.
#[derive(Debug)]
pub(super) struct OptionSpec {
    /// The long name without dashes; empty if there is none.
    pub(super) name: &'static str,
    pub(super) letter: Option<char>,
    pub(super) value: OptionValue,
    /// Whether a second one is an error.
    pub(super) single: bool,
    pub(super) known: KnownOption,
}

const fn option(name: &'static str, value: OptionValue, known: KnownOption) -> OptionSpec {
    OptionSpec {
        name,
        letter: None,
        value,
        single: false,
        known,
    }
}

const fn flag(name: &'static str, known: KnownOption) -> OptionSpec {
    option(name, OptionValue::Nothing, known)
}

const fn with_value(name: &'static str, known: KnownOption) -> OptionSpec {
    option(name, OptionValue::Value, known)
}

const fn other(name: &'static str) -> OptionSpec {
    with_value(name, KnownOption::Other(name))
}

const fn other_flag(name: &'static str) -> OptionSpec {
    flag(name, KnownOption::Other(name))
}

impl OptionSpec {
    const fn letter(mut self, letter: char) -> OptionSpec {
        self.letter = Some(letter);
        self
    }

    const fn single(mut self) -> OptionSpec {
        self.single = true;
        self
    }
}

static OPTIONS: &[OptionSpec] = &[
    // Options of every subcommand.
    with_value("color", KnownOption::Color).single(),
    with_value("config", KnownOption::Config),
    with_value("", KnownOption::Unstable).letter('Z'),
    with_value("", KnownOption::Directory).letter('C'),
    flag("verbose", KnownOption::Verbose).letter('v'),
    flag("quiet", KnownOption::Quiet).letter('q'),
    flag("help", KnownOption::Help).letter('h'),
    flag("version", KnownOption::Version).letter('V'),
    flag("locked", KnownOption::Locked),
    flag("offline", KnownOption::Offline),
    flag("frozen", KnownOption::Frozen),
    other("explain"),
    // Packages.
    with_value("package", KnownOption::Package).letter('p'),
    with_value("exclude", KnownOption::Exclude),
    flag("workspace", KnownOption::Workspace),
    flag("all", KnownOption::Workspace),
    with_value("manifest-path", KnownOption::ManifestPath).single(),
    other("lockfile-path").single(),
    // Targets of a package.
    flag("lib", KnownOption::Lib),
    flag("bins", KnownOption::Bins),
    option("bin", OptionValue::Optional, KnownOption::Bin),
    flag("examples", KnownOption::Examples),
    option("example", OptionValue::Optional, KnownOption::Example),
    flag("tests", KnownOption::Tests),
    option("test", OptionValue::Optional, KnownOption::Test),
    flag("benches", KnownOption::Benches),
    option("bench", OptionValue::Optional, KnownOption::Bench),
    flag("all-targets", KnownOption::AllTargets),
    flag("doc", KnownOption::Doc),
    // The build.
    with_value("target", KnownOption::Target),
    with_value("target-dir", KnownOption::TargetDir).single(),
    with_value("artifact-dir", KnownOption::ArtifactDir).single(),
    with_value("out-dir", KnownOption::ArtifactDir).single(),
    with_value("profile", KnownOption::Profile).single(),
    flag("release", KnownOption::Release).letter('r'),
    with_value("message-format", KnownOption::MessageFormat),
    other("features").letter('F'),
    option("jobs", OptionValue::AnyValue, KnownOption::Other("jobs"))
        .letter('j')
        .single(),
    option(
        "timings",
        OptionValue::Inline,
        KnownOption::Other("timings"),
    ),
    flag("no-run", KnownOption::NoRun),
    flag("no-fail-fast", KnownOption::NoFailFast),
    other_flag("all-features"),
    other_flag("no-default-features"),
    other_flag("keep-going"),
    other_flag("future-incompat-report"),
    other_flag("ignore-rust-version"),
    // Options of `doc`, `fix` and `clippy`.
    flag("open", KnownOption::Open),
    flag("no-deps", KnownOption::NoDeps),
    other_flag("document-private-items"),
    other_flag("fix"),
    other_flag("allow-dirty"),
    other_flag("allow-no-vcs"),
    other_flag("allow-staged"),
    other_flag("broken-code"),
    other_flag("edition"),
    other_flag("edition-idioms"),
    // Options of `rustc`, `metadata` and `tree`, whose values are no plain words.
    other("crate-type"),
    other("print"),
    other("output-format"),
    other("format-version"),
    other("filter-platform"),
    // Options of this tool.
    with_value("cache-dir", KnownOption::CacheDir).single(),
    with_value("registry-config", KnownOption::RegistryConfig).single(),
    flag("host-members", KnownOption::HostMembers),
    flag("native", KnownOption::Native),
    option("wit", OptionValue::Optional, KnownOption::Wit).single(),
    flag("compose", KnownOption::Compose),
    flag("trust-unpinned", KnownOption::TrustUnpinned),
    with_value("with", KnownOption::With),
    flag("fresh", KnownOption::Fresh),
    with_value("component", KnownOption::Component).single(),
    with_value("invoke", KnownOption::Invoke).single(),
    with_value("env", KnownOption::RunEnv),
    with_value("dir", KnownOption::RunDir),
    flag("http", KnownOption::Http),
    flag("network", KnownOption::Network),
    with_value("max-memory", KnownOption::MaxMemory).single(),
    with_value("timeout", KnownOption::Timeout).single(),
    with_value("profile-out", KnownOption::ProfileOut).single(),
    option("arg", OptionValue::AnyValue, KnownOption::RunArg),
    with_value("addr", KnownOption::Addr).single(),
    flag("watch", KnownOption::Watch),
];

/// The option with this long name, which has its dashes.
pub(super) fn long(name: &str) -> Option<&'static OptionSpec> {
    let name = name.strip_prefix("--").filter(|name| !name.is_empty())?;
    OPTIONS.iter().find(|option| option.name == name)
}

/// The option with this letter.
pub(super) fn short(letter: char) -> Option<&'static OptionSpec> {
    OPTIONS.iter().find(|option| option.letter == Some(letter))
}

//! What a subcommand of cargo does with code.

/// What a verb of cargo means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It builds, and its modules become components: `build`, `rustc`.
    Build,
    /// Its components are then run: `run`, `serve`.
    Run,
    /// Its tests are built and then run: `test`, `bench`.
    Test,
    /// It looks at code as it is for the target: `check`, `clippy`, `doc`, ….
    Check,
    /// It downloads what builds need: `fetch`.
    Fetch,
    /// A subcommand we know nothing of, which may well look at code.
    Unknown,
    /// It has nothing to do with code: `metadata`, `fmt`, `clean`, ….
    Foreign,
}

impl Class {
    /// The class of a subcommand.
    pub fn of(subcommand: &str) -> Self {
        match subcommand {
            "build" | "rustc" => Class::Build,
            "run" | "serve" => Class::Run,
            "test" | "bench" => Class::Test,
            "check" | "clippy" | "doc" | "fix" | "rustdoc" => Class::Check,
            "fetch" => Class::Fetch,
            "clean" | "fmt" | "generate-lockfile" | "help" | "locate-project" | "metadata"
            | "pkgid" | "read-manifest" | "report" | "verify-project" | "version" => Class::Foreign,
            _ => Class::Unknown,
        }
    }
}

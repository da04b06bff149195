//! How much is printed, and when in colour.

/// How much is printed for the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only, and data.
    Quiet,
    /// Status lines and warnings.
    #[default]
    Normal,
    /// Also which programs run and what was skipped.
    Verbose,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// Where it goes to a terminal and nothing forbids it.
    #[default]
    Auto,
    /// Always, wherever it goes.
    Always,
    /// Never, wherever it goes.
    Never,
}

impl ColorChoice {
    /// The word cargo's `--color` takes for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ColorChoice::Auto => "auto",
            ColorChoice::Always => "always",
            ColorChoice::Never => "never",
        }
    }
}

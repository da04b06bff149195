//! How the stack of a component that failed is shown.

use std::path::{Path, PathBuf};

use crate::system::env;
use crate::system::env::Env;

/// How much of the stack is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceStyle {
    /// No more than the names of a few functions.
    Names,
    /// The functions of the source with files and lines, if the component has debug
    /// information.
    #[default]
    Short,
    /// Every frame of the stack.
    Full,
}

/// How the stack is shown, and where the debug information is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceOptions {
    /// How much of the stack is shown.
    pub style: TraceStyle,
    /// The directory of the user; paths below it are shown from there.
    pub dir: PathBuf,
    /// The same component with its debug information, if it was removed from the one that
    /// runs.
    pub debug_info: Option<PathBuf>,
}

impl TraceOptions {
    /// What `RUST_BACKTRACE` asks for: `0` for names, `full` for every frame.
    pub fn new(env: &Env, dir: &Path) -> Self {
        let style = match env.text(env::RUST_BACKTRACE) {
            Some("0") => TraceStyle::Names,
            Some("full") => TraceStyle::Full,
            _ => TraceStyle::Short,
        };
        TraceOptions {
            style,
            dir: dir.to_owned(),
            debug_info: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_that_of_rust() {
        let style = |vars: &[(&str, &str)]| {
            let env = Env::from_vars(vars.iter().copied());
            TraceOptions::new(&env, Path::new("/a")).style
        };
        assert_eq!(style(&[]), TraceStyle::Short);
        assert_eq!(style(&[("RUST_BACKTRACE", "1")]), TraceStyle::Short);
        assert_eq!(style(&[("RUST_BACKTRACE", "0")]), TraceStyle::Names);
        assert_eq!(style(&[("RUST_BACKTRACE", "full")]), TraceStyle::Full);
    }
}

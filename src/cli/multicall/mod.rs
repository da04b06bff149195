//! Stand-ins for the tools `wkg`, `wit`, `wit-deps` and `wac`: their command lines and their
//! output.

mod client;
mod version;
mod wac;
mod wit;
mod wit_deps;
mod wkg;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use self::client::{ClientOptions, StatusLines, run_in_context};
use crate::cli::exit;
use crate::cli::options::shell;
use crate::system::env::Env;

/// A tool that this one replaces when it is called by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// The tool `wkg`, version 0.16.
    Wkg,
    /// The `wit` CLI, version 0.16.
    Wit,
    /// The tool `wit-deps`, version 0.6.
    WitDeps,
    /// The tool `wac`, version 0.12.
    Wac,
}

impl Tool {
    /// The tool with this name, if it is one of those.
    pub(super) fn named(name: &OsStr) -> Option<Self> {
        match name.to_str()? {
            "wkg" => Some(Tool::Wkg),
            "wit" => Some(Tool::Wit),
            "wit-deps" => Some(Tool::WitDeps),
            "wac" => Some(Tool::Wac),
            _ => None,
        }
    }
}

/// Runs the command line of another tool.
pub(super) fn run(tool: Tool, args: Vec<OsString>, env: Env) -> ExitCode {
    let with_name = |name: &str| std::iter::once(OsString::from(name)).chain(args);
    match tool {
        Tool::Wkg => match wkg::parse(with_name("wkg")) {
            Ok(line) => {
                let (options, color) = line.client_options();
                let terminal = shell(&env, false, 0, color);
                run_in_context(&env, terminal, options, StatusLines::Hide, |ctx| {
                    line.run(ctx)
                })
            }
            Err(error) => exit::print_clap_error(&error),
        },
        Tool::Wit => match wit::parse(with_name("wit")) {
            Ok(line) => wit::run(line, env),
            Err(error) => exit::print_clap_error(&error),
        },
        Tool::Wac => match wac::parse(with_name("wac")) {
            Ok(line) => {
                let terminal = shell(&env, false, 0, None);
                let options = ClientOptions::default();
                run_in_context(&env, terminal, options, StatusLines::Hide, |ctx| {
                    line.run(ctx)
                })
            }
            Err(error) => exit::print_clap_error(&error),
        },
        Tool::WitDeps => match wit_deps::parse(with_name("wit-deps")) {
            Ok(line) => {
                let terminal = shell(&env, false, 0, None);
                let options = ClientOptions::default();
                run_in_context(&env, terminal, options, StatusLines::Show, |ctx| {
                    line.run(ctx)
                })
            }
            Err(error) => exit::print_clap_error(&error),
        },
    }
}

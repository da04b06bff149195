//! Stand-ins for the tools `wkg`, `wit` and `wit-deps`: their command lines and their
//! output.

mod wit;
mod wit_deps;
mod wkg;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::base::error::Result;
use crate::base::progress::{Progress, ProgressSize};
use crate::cli::options::shell;
use crate::cli::{exit, print_clap_error, setup};
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::shell::{ColorChoice, Message, Shell, Terminal, Verbosity};

/// A tool that this one replaces when it is called by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// The tool `wkg`, version 0.16.
    Wkg,
    /// The `wit` CLI, version 0.16.
    Wit,
    /// The tool `wit-deps`, version 0.6.
    WitDeps,
}

impl Tool {
    /// The tool with this name, if it is one of the three.
    pub(super) fn named(name: &OsStr) -> Option<Self> {
        match name.to_str()? {
            "wkg" => Some(Tool::Wkg),
            "wit" => Some(Tool::Wit),
            "wit-deps" => Some(Tool::WitDeps),
            _ => None,
        }
    }
}

/// The values of `--color` in the other tools.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// The explicit choice; `None` leaves it to the terminal and the environment.
    fn choice(self) -> Option<ColorChoice> {
        match self {
            Color::Auto => None,
            Color::Always => Some(ColorChoice::Always),
            Color::Never => Some(ColorChoice::Never),
        }
    }
}

/// The text that `--version` prints after a tool's name: the version of the tool it stands
/// in for, since scripts compare it, then that of this tool.
fn version(theirs: &str) -> String {
    format!("{theirs} (cargo-component {})", env!("CARGO_PKG_VERSION"))
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
            Err(error) => print_clap_error(&error),
        },
        Tool::Wit => match wit::parse(with_name("wit")) {
            Ok(line) => wit::run(line, env),
            Err(error) => print_clap_error(&error),
        },
        Tool::WitDeps => match wit_deps::parse(with_name("wit-deps")) {
            Ok(line) => {
                let terminal = shell(&env, false, 0, None);
                let options = ClientOptions::default();
                run_in_context(&env, terminal, options, StatusLines::Show, |ctx| {
                    line.run(ctx)
                })
            }
            Err(error) => print_clap_error(&error),
        },
    }
}

/// The options of a command line that concern configuration and registries.
#[derive(Clone, Debug, Default)]
struct ClientOptions {
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
    /// The user and password for all registries.
    login: Option<(String, String)>,
    /// The hosts that are contacted by plain http.
    insecure: Vec<String>,
}

/// Whether the status lines of this tool are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusLines {
    Show,
    /// The subcommand prints those of the other tool instead.
    Hide,
}

fn run_in_context(
    env: &Env,
    terminal: Terminal,
    options: ClientOptions,
    status_lines: StatusLines,
    run: impl FnOnce(&Context) -> Result<()>,
) -> ExitCode {
    let (config, cache) = (options.config.clone(), options.cache.clone());
    let packages = setup::packages(env, &terminal, config, cache);
    let packages = with_login(packages, &options);
    let shell: Box<dyn Shell> = match status_lines {
        StatusLines::Show => Box::new(terminal.clone()),
        StatusLines::Hide => Box::new(WithoutStatus(terminal.clone())),
    };
    let context = Context::system(env.clone(), shell, packages);
    let result = context.and_then(|ctx| run(&ctx).map_err(|error| error.relative_to(&ctx.cwd)));
    exit::code(&terminal, result)
}

/// Applies the login and the insecure hosts of the command line to OCI registries.
fn with_login(packages: PackageAccess, options: &ClientOptions) -> PackageAccess {
    use crate::system::registry::routes::Backend;
    if options.login.is_none() && options.insecure.is_empty() {
        return packages;
    }
    let (login, insecure) = (options.login.clone(), options.insecure.clone());
    let open = Arc::new(packages.artifacts);
    PackageAccess {
        artifacts: Box::new(move |route| {
            let mut route = route.clone();
            if let Backend::Oci(oci) = &mut route.backend {
                if let Some((user, password)) = &login {
                    let mut table = toml_edit::InlineTable::new();
                    table.insert("username", user.as_str().into());
                    table.insert("password", password.as_str().into());
                    oci.settings
                        .insert("auth".to_owned(), toml_edit::value(table));
                }
                if insecure.contains(&oci.host) {
                    let http = toml_edit::value("http");
                    oci.settings.insert("protocol".to_owned(), http);
                }
            }
            open(&route)
        }),
        ..packages
    }
}

/// A terminal that drops our status lines, since the other tool prints different ones.
struct WithoutStatus(Terminal);

impl Shell for WithoutStatus {
    fn print(&self, message: Message) {
        match message {
            Message::Status(..) | Message::Detail(..) => {}
            other => self.0.print(other),
        }
    }

    fn verbosity(&self) -> Verbosity {
        self.0.verbosity()
    }

    fn color(&self) -> ColorChoice {
        self.0.color()
    }

    fn write_data(&self, bytes: &[u8]) -> Result<()> {
        self.0.write_data(bytes)
    }

    fn progress(&self, verb: &'static str, extent: ProgressSize) -> Box<dyn Progress> {
        self.0.progress(verb, extent)
    }
}

/// A path as messages show it, relative to the current directory.
fn display_path(ctx: &Context, path: &Path) -> String {
    ctx.display(path).to_string()
}

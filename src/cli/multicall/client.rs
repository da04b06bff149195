//! What the command lines of other tools share: their options of registries and
//! their output.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::base::error::Result;
use crate::base::progress::{Progress, ProgressSize};
use crate::cli::{exit, setup};
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::shell::{ColorChoice, Message, Shell, Terminal, Verbosity};

/// The values of `--color` in the other tools.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// The explicit choice; `None` leaves it to the terminal and the environment.
    pub(super) fn choice(self) -> Option<ColorChoice> {
        match self {
            Color::Auto => None,
            Color::Always => Some(ColorChoice::Always),
            Color::Never => Some(ColorChoice::Never),
        }
    }
}

/// The options of a command line that concern configuration and registries.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientOptions {
    pub(super) config: Option<PathBuf>,
    pub(super) cache: Option<PathBuf>,
    /// The user and password for all registries.
    pub(super) login: Option<(String, String)>,
    /// The hosts that are contacted by plain http.
    pub(super) insecure: Vec<String>,
}

/// Whether the status lines of this tool are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusLines {
    Show,
    /// The subcommand prints those of the other tool instead.
    Hide,
}

pub(super) fn run_in_context(
    env: &Env,
    terminal: Terminal,
    options: ClientOptions,
    status_lines: StatusLines,
    run: impl FnOnce(&Context) -> Result<()>,
) -> ExitCode {
    let (config, cache) = (options.config.clone(), options.cache.clone());
    let packages = setup::packages(env, &terminal, Path::new("."), config, cache);
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
            Message::Status(..) | Message::Detail(..) | Message::Waiting(..) => {}
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
pub(super) fn display_path(ctx: &Context, path: &Path) -> String {
    ctx.display(path).to_string()
}

//! The tool under the names of others: `wkg`, `wit` and `wit-deps`, with their
//! command lines and what they print.

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
use crate::cli::{exit, setup, told};
use crate::system::context::{Context, PackageAccess};
use crate::system::env::Env;
use crate::system::shell::{ColorChoice, Message, Shell, Terminal, Verbosity};

/// A tool whose name this one answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// `wkg` 0.16.
    Wkg,
    /// The `wit` CLI 0.16.
    Wit,
    /// `wit-deps` 0.6.
    WitDeps,
}

impl Tool {
    /// The tool of this name.
    pub(super) fn named(name: &OsStr) -> Option<Self> {
        match name.to_str()? {
            "wkg" => Some(Tool::Wkg),
            "wit" => Some(Tool::Wit),
            "wit-deps" => Some(Tool::WitDeps),
            _ => None,
        }
    }
}

/// The values of `--color`, as other tools have them.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// The choice that was made; `None` leaves it to terminal and environment.
    fn choice(self) -> Option<ColorChoice> {
        match self {
            Color::Auto => None,
            Color::Always => Some(ColorChoice::Always),
            Color::Never => Some(ColorChoice::Never),
        }
    }
}

/// What `--version` prints after a tool's name: the version whose command line is
/// taken, since scripts compare it, then who answers.
fn version(theirs: &str) -> String {
    format!("{theirs} (cargo-component {})", env!("CARGO_PKG_VERSION"))
}

/// Runs the command line of another tool.
pub(super) fn run(tool: Tool, args: Vec<OsString>, env: Env) -> ExitCode {
    let with_name = |name: &str| std::iter::once(OsString::from(name)).chain(args);
    match tool {
        Tool::Wkg => match wkg::parse(with_name("wkg")) {
            Ok(line) => {
                let (around, color) = line.surroundings();
                let terminal = shell(&env, (false, 0), color);
                in_context(&env, (around, terminal, Says::Theirs), |ctx| line.run(ctx))
            }
            Err(error) => told(&error),
        },
        Tool::Wit => match wit::parse(with_name("wit")) {
            Ok(line) => wit::run(line, env),
            Err(error) => told(&error),
        },
        Tool::WitDeps => match wit_deps::parse(with_name("wit-deps")) {
            Ok(line) => {
                let terminal = shell(&env, (false, 0), None);
                in_context(&env, (Around::default(), terminal, Says::Ours), |ctx| {
                    line.run(ctx)
                })
            }
            Err(error) => told(&error),
        },
    }
}

/// What a command line says of configuration and registries.
#[derive(Clone, Debug, Default)]
struct Around {
    config: Option<PathBuf>,
    cache: Option<PathBuf>,
    /// User and password for all registries.
    login: Option<(String, String)>,
    /// Hosts that are reached by plain http.
    insecure: Vec<String>,
}

/// Whose status lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// Those of this tool.
    Ours,
    /// Those of the tool it is called as.
    Theirs,
}

fn in_context(
    env: &Env,
    (around, terminal, says): (Around, Terminal, Says),
    run: impl FnOnce(&Context) -> Result<()>,
) -> ExitCode {
    let packages = setup::packages(
        (env, &terminal),
        around.config.clone(),
        around.cache.clone(),
    );
    let packages = with_login(packages, &around);
    let shell: Box<dyn Shell> = match says {
        Says::Ours => Box::new(terminal.clone()),
        Says::Theirs => Box::new(Own(terminal.clone())),
    };
    let context = Context::system(env.clone(), shell, packages);
    let result = context.and_then(|ctx| run(&ctx).map_err(|error| error.relative_to(&ctx.cwd)));
    exit::code(&terminal, result)
}

/// The same registries, with what the command line says of them.
fn with_login(packages: PackageAccess, around: &Around) -> PackageAccess {
    use crate::system::registry::routes::Backend;
    if around.login.is_none() && around.insecure.is_empty() {
        return packages;
    }
    let (login, insecure) = (around.login.clone(), around.insecure.clone());
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

/// A terminal without our own status lines: the other tool has others.
struct Own(Terminal);

impl Shell for Own {
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

/// A path as it was meant on the command line.
fn shown(ctx: &Context, path: &Path) -> String {
    ctx.display(path).to_string()
}

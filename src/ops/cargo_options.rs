//! Options that a verb of cargo does not have, refused before anything is prepared.

use crate::base::error::{Error, Result, nearest};
use crate::pipeline::project::select::cargo;
use crate::system::cargo::arguments::{CargoArgs, KnownOption, OWN_OPTIONS};
use crate::system::cargo::verb::Class;
use crate::system::context::Context;

/// Refuses an option or a word that a verb of cargo does not accept, with the verb as the
/// user wrote it and a suggestion that includes the options of this tool. Cargo decides, since
/// a newer one may have more options; it is asked only about what the tool does not know.
pub fn refuse_unknown_options(ctx: &Context, args: &CargoArgs) -> Result<()> {
    let verb = args.subcommand.as_deref().unwrap_or_default();
    let of_cargo = match Class::of(verb) {
        Class::Unknown | Class::Foreign => return Ok(()),
        // What cargo does for these.
        Class::Run => "build",
        _ => verb,
    };
    refuse_port_as_package(args, verb)?;
    if !args.has_unknown() {
        return Ok(());
    }
    let command = cargo(ctx, args)
        .args(args.cargo_args_for(of_cargo, &[KnownOption::Color]))
        .arg("-h")
        .env("CARGO_TERM_COLOR", "never");
    let output = ctx.exec.output(&command)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let message = text.lines().find_map(|line| line.strip_prefix("error: "));
    match message.filter(|_| output.code != 0) {
        // What is wrong otherwise, cargo says when it runs.
        None => Ok(()),
        Some(message) => Err(Error::usage(message).hint(hint(verb, message, &text))),
    }
}

/// Refuses `-p 8080`: the name of a package begins with a letter, and what is meant is
/// the port of other tools.
fn refuse_port_as_package(args: &CargoArgs, verb: &str) -> Result<()> {
    let is_port = |package: &&String| package.parse::<u16>().is_ok();
    match args.packages.iter().find(is_port) {
        Some(port) if KnownOption::Addr.applies_to(Some(verb)) => Err(Error::usage(format!(
            "`--package {port}` selects a package, and no package is named `{port}`"
        ))
        .hint(address(port))),
        _ => Ok(()),
    }
}

fn address(port: &str) -> String {
    format!("the address and port are set with `--addr`, as in `--addr 127.0.0.1:{port}`")
}

/// What to write instead of the argument that the first line of cargo's error, `message`,
/// quotes; `text` is the whole of it.
fn hint(verb: &str, message: &str, text: &str) -> String {
    let argument = message.split('\'').nth(1).unwrap_or_default();
    if argument.starts_with("--port") && KnownOption::Addr.applies_to(Some(verb)) {
        return address("8080");
    }
    let own = OWN_OPTIONS
        .iter()
        .filter(|own| own.known.applies_to(Some(verb)))
        .filter_map(|own| own.usage.split(' ').next());
    let tip = text.lines().find_map(|line| {
        let quoted = line.split_once("a similar argument exists: '")?.1;
        quoted.strip_suffix('\'')
    });
    match nearest(argument, own.chain(tip)).or(tip) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("see `cargo component {verb} --help`"),
    }
}

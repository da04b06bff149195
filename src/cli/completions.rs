//! The options of `cargo component completions` and how they are run.

pub(super) mod names;

use clap::builder::Resettable;
use clap::{Args, Command};
use clap_complete::{Shell, generate};

use self::names::{NamesArg, with_names};
use super::cargo_verbs::with_cargo_verbs;
use super::options::{LockOptions, PackageOptions, cargo_args};
use crate::base::error::{Error, Result};
use crate::ops::names::names;
use crate::system::context::Context;

/// Print a script that completes the command line in a shell
///
/// Cargo's commands are completed as well. The script completes `cargo-component component …`,
/// and with bash, zsh and fish also `cargo component …`, and the names of the workspace's packages
/// and of the manifest's dependencies.
#[derive(Args, Debug)]
#[command(override_usage = "cargo component completions [OPTIONS] <SHELL>")]
pub(super) struct Completions {
    /// Shell that reads the script
    #[arg(value_name = "SHELL", required_unless_present = "names")]
    shell: Option<Shell>,

    /// Print names of the project, for the scripts
    #[arg(long, value_name = "KIND", hide = true, conflicts_with = "shell")]
    names: Option<NamesArg>,
}

/// The name of the executable.
const TOOL: &str = "cargo-component";

impl Completions {
    pub(super) fn run(self, ctx: &Context, own: Command) -> Result<()> {
        let Some(shell) = self.shell else {
            let args = cargo_args(&PackageOptions::default(), &LockOptions::default());
            let kind = self.names.map(NamesArg::kind);
            return kind.map_or(Ok(()), |kind| names(ctx, &args, kind));
        };
        ctx.shell.write_data(script(shell, own)?.as_bytes())
    }
}

/// The script of a shell for our command line and the subcommands of cargo.
fn script(shell: Shell, own: Command) -> Result<String> {
    // Its own name has a space, which no script would survive.
    let verbs = with_cargo_verbs(own).bin_name(Resettable::Reset);
    let script = match shell {
        // The completion of cargo calls this function with the words from `component` on.
        Shell::Zsh => with_word_component(&text(shell, verbs.name(TOOL), TOOL)?),
        Shell::Bash => {
            let tool = text(shell, below_component(TOOL, verbs), TOOL)?;
            // The generator writes the hyphen of a name in two ways, which do not meet.
            tool.replace("cargo__subcmd__component", "cargo__component") + BASH
        }
        Shell::Fish => {
            let tool = text(shell, below_component(TOOL, verbs.clone()), TOOL)?;
            let cargo = text(shell, below_component("cargo", verbs), "cargo")?;
            // Its functions get names of their own, since those of cargo could be the same.
            tool + &cargo.replace("__fish_cargo_", "__fish_cargo_with_component_")
        }
        _ => text(shell, below_component(TOOL, verbs), TOOL)?,
    };
    Ok(with_names(shell, &script))
}

/// A command line that has ours below the word `component`.
fn below_component(name: &'static str, verbs: Command) -> Command {
    Command::new(name)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .subcommand(verbs.name("component"))
}

fn text(shell: Shell, mut command: Command, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    generate(shell, &mut command, name, &mut bytes);
    String::from_utf8(bytes)
        .map_err(|e| Error::input("the script is not valid UTF-8").with_cause(e))
}

/// The script of zsh, which skips the word `component` after the name of the executable.
fn with_word_component(script: &str) -> String {
    let head = "_cargo-component() {\n";
    script.replacen(head, &format!("{head}{ZSH}"), 1)
}

const ZSH: &str = r#"    if [[ "$service" == cargo-component && "${words[2]}" == component ]] && (( CURRENT > 2 )); then
        shift words
        (( CURRENT-- ))
    fi
"#;

/// The end of the script of bash: completes `cargo component …`, and leaves other subcommands
/// of cargo to what completed them before.
const BASH: &str = r#"
_cargo_component_with_names() {
    _cargo__component "$@"
    _cargo_component_names
}
complete -F _cargo_component_with_names -o bashdefault -o default cargo-component

_cargo_with_component() {
    local at=1
    while [[ "${COMP_WORDS[at]}" == +* ]]; do
        at=$((at + 1))
    done
    if [[ "${COMP_WORDS[at]}" == component && "$COMP_CWORD" -gt "$at" ]]; then
        COMP_WORDS=(cargo-component "${COMP_WORDS[@]:at}")
        COMP_CWORD=$((COMP_CWORD - at + 1))
        compopt -o bashdefault -o default 2>/dev/null
        _cargo_component_with_names cargo-component "$2" "$3"
    elif [[ -n "$_cargo_without_component" ]]; then
        "$_cargo_without_component" "$@"
    fi
}

if ! complete -p cargo &>/dev/null; then
    if declare -F _comp_load &>/dev/null; then
        _comp_load cargo &>/dev/null
    elif declare -F _completion_loader &>/dev/null; then
        _completion_loader cargo &>/dev/null
    fi
fi
if [[ "$(complete -p cargo 2>/dev/null)" =~ -F\ ([^\ ]+) && "${BASH_REMATCH[1]}" != _cargo_with_component ]]; then
    _cargo_without_component="${BASH_REMATCH[1]}"
fi
complete -F _cargo_with_component cargo
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    fn own() -> Command {
        let verb = Command::new("publish").about("Publish it");
        Command::new("cargo component")
            .bin_name("cargo component")
            .disable_help_subcommand(true)
            .subcommand(verb)
    }

    #[test]
    fn every_shell_gets_our_verbs_and_those_of_cargo() {
        for shell in Shell::value_variants() {
            let script = script(*shell, own()).unwrap();
            for word in ["publish", "serve", "addr", "release"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn cargo_is_completed_where_the_shell_allows_it() {
        let zsh = script(Shell::Zsh, own()).unwrap();
        assert!(zsh.contains(ZSH), "{zsh}");
        let fish = script(Shell::Fish, own()).unwrap();
        assert!(fish.contains("complete -c cargo -n \"__fish_cargo_with_component_"));
        assert!(fish.contains("complete -c cargo-component -n"));
        let bash = script(Shell::Bash, own()).unwrap();
        assert!(bash.contains("complete -F _cargo_with_component cargo\n"));
    }
}

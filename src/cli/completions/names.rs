//! The parts of the scripts that ask the tool for the names in the project.

use clap::{ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::ops::names::NameKind;

/// Marks an argument whose values are packages of the workspace. The generator knows no
/// hint for them, and this one has no other use here.
pub(in crate::cli) const MEMBER: ValueHint = ValueHint::Username;
/// Marks an argument whose values are keys of dependencies, see [`MEMBER`].
pub(in crate::cli) const DEPENDENCY: ValueHint = ValueHint::Hostname;
/// Marks an argument whose values are packages that the manifest names, see [`MEMBER`].
pub(in crate::cli) const PACKAGE: ValueHint = ValueHint::EmailAddress;

/// The values of the hidden option `--names`, which the scripts use.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum NamesArg {
    Members,
    Dependencies,
    Packages,
}

impl NamesArg {
    pub(super) fn kind(self) -> NameKind {
        match self {
            NamesArg::Members => NameKind::Members,
            NamesArg::Dependencies => NameKind::Dependencies,
            NamesArg::Packages => NameKind::Packages,
        }
    }
}

/// The script with names of the project where the marked arguments are completed.
pub(super) fn with_names(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => format!("{script}{BASH}"),
        Shell::Zsh => {
            let replaced = script
                .replace(":_users'", ":_cargo_component_members'")
                .replace(":_hosts'", ":_cargo_component_dependencies'")
                .replace(":_email_addresses'", ":_cargo_component_packages'");
            // The last lines call or register the main function, which needs these.
            let (head, rest) = replaced.split_at(replaced.find('\n').map_or(0, |end| end + 1));
            format!("{head}{ZSH}{rest}")
        }
        Shell::Fish => {
            let members = script.replace("(__fish_complete_users)", &fish("members"));
            members.replace("(__fish_print_hostnames)", &fish("dependencies")) + FISH
        }
        _ => script.to_owned(),
    }
}

/// The command of fish that lists names.
fn fish(kind: &str) -> String {
    format!("(cargo-component component completions --names {kind} 2>/dev/null)")
}

/// Defines `_cargo_component_names`, which adds the names to what bash offers for the word
/// at the cursor. It reads the line, because bash takes words apart at colons.
const BASH: &str = r#"
_cargo_component_names() {
    local line="${COMP_LINE:0:COMP_POINT}" kind= word verb= previous= current name
    local words=()
    current="${line##*[[:space:]]}"
    read -ra words <<<"${line%"$current"}"
    for word in "${words[@]}"; do
        case "$word" in
        remove | rm | update | tree) [[ -n "$verb" ]] || verb="$word" ;;
        esac
        previous="$word"
    done
    case "$previous:$verb" in
    -p:update | --package:update | -i:tree | --invert:tree) kind=packages ;;
    -p:* | --package:* | --exclude:*) kind=members ;;
    *:remove | *:rm) [[ "$current" == -* ]] || kind=dependencies ;;
    *:update) [[ "$current" == -* ]] || kind=packages ;;
    esac
    [[ -n "$kind" ]] || return 0
    COMPREPLY=()
    while IFS= read -r name; do
        # Readline replaces only what follows the last colon.
        [[ "$name" == "$current"* ]] && COMPREPLY+=("${name#"${current%"${current##*:}"}"}")
    done < <(cargo-component component completions --names "$kind" 2>/dev/null)
}
"#;

const ZSH: &str = r#"
_cargo_component_members() { _cargo_component_names members }
_cargo_component_dependencies() { _cargo_component_names dependencies }
_cargo_component_packages() { _cargo_component_names packages }
_cargo_component_names() {
    local names
    names=("${(@f)$(_call_program names cargo-component component completions --names $1 2>/dev/null)}")
    compadd -a names
}
"#;

/// The names of arguments without an option, for which the generator writes nothing.
const FISH: &str = r#"
for tool in cargo cargo-component
    complete -c $tool -n "__fish_seen_subcommand_from component; and __fish_seen_subcommand_from remove rm" -f -a "(cargo-component component completions --names dependencies 2>/dev/null)"
    complete -c $tool -n "__fish_seen_subcommand_from component; and __fish_seen_subcommand_from update" -f -a "(cargo-component component completions --names packages 2>/dev/null)"
    complete -c $tool -n "__fish_seen_subcommand_from component; and __fish_seen_subcommand_from update" -s p -l package -x -a "(cargo-component component completions --names packages 2>/dev/null)"
    complete -c $tool -n "__fish_seen_subcommand_from component; and __fish_seen_subcommand_from tree" -s i -l invert -x -a "(cargo-component component completions --names packages 2>/dev/null)"
end
"#;

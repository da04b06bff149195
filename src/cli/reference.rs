//! The parts of the book that are generated from the program. `tests/docs.rs` checks that
//! the book is up to date.

use clap::{Arg, Command, CommandFactory as _};

use super::Cli;
use super::exit;
use crate::model::manifest::schema;
use crate::system::cargo::arguments::OWN_OPTIONS;
use crate::system::env;

/// A text of the book that is generated from the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The file, relative to `docs/src`.
    pub path: &'static str,
    /// The name of the part between `<!-- generated: NAME -->` and
    /// `<!-- end -->`; `None` for the whole file.
    pub part: Option<&'static str>,
    /// The generated text, in Markdown or JSON.
    pub text: String,
}

/// All generated texts of the book.
pub fn reference() -> Vec<Generated> {
    let part = |path, name, text| Generated {
        path,
        part: Some(name),
        text,
    };
    let mut schema_text = format!("{:#}", schema::schema());
    schema_text.push('\n');
    vec![
        Generated {
            path: "manifest.schema.json",
            part: None,
            text: schema_text,
        },
        part("manifest.md", "keys", schema::markdown()),
        part("cli.md", "verbs", verbs()),
        part("cli.md", "options on verbs of cargo", ours()),
        part("environment.md", "variables", variables()),
        part("exit-codes.md", "codes", codes()),
    ]
}

/// Subcommands of cargo that have additional options.
const DRIVEN: &[&str] = &[
    "build", "rustc", "check", "clippy", "doc", "fix", "rustdoc", "run", "serve", "test", "bench",
];

/// Our own subcommands with all their options.
fn verbs() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text = String::new();
    let global: Vec<&Arg> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .collect();
    for verb in root.get_subcommands().filter(|v| v.get_name() != "help") {
        verb_chapter(verb, &global, &mut text);
        for command in verb.get_subcommands().filter(|c| c.get_name() != "help") {
            verb_chapter(command, &global, &mut text);
        }
    }
    text.push_str("### Global options\n\n");
    arguments(global.iter().copied(), &mut text);
    text
}

fn verb_chapter(verb: &Command, global: &[&Arg], text: &mut String) {
    let about = verb.get_long_about().or(verb.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let (first, rest) = about.split_once('\n').unwrap_or((&about, ""));
    let usage = verb.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    let name = verb.get_bin_name().unwrap_or(verb.get_name());
    text.push_str(&format!("### `{name}`\n\n"));
    text.push_str(&format!("{first}.\n{rest}\n\n```text\n{usage}\n```\n\n"));
    let shared = |arg: &&Arg| global.iter().any(|g| g.get_id() == arg.get_id());
    let own = verb.get_arguments().filter(|arg| !shared(arg));
    arguments(own.filter(|arg| !arg.is_hide_set()), text);
}

fn arguments<'a>(all: impl Iterator<Item = &'a Arg>, text: &mut String) {
    let own = |arg: &&Arg| arg.get_id() != "help" && arg.get_id() != "version";
    let all: Vec<&Arg> = all.filter(own).collect();
    if all.is_empty() {
        return;
    }
    text.push_str("| option | meaning |\n| --- | --- |\n");
    for arg in all {
        text.push_str(&format!("| {} | {} |\n", written(arg), meaning(arg)));
    }
    text.push('\n');
}

/// An argument as it is written on the command line, in Markdown.
fn written(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let value = match arg.get_action().takes_values() {
        true => format!("<{}>", names.join(" ")),
        false => String::new(),
    };
    let Some(long) = arg.get_long() else {
        return format!("`{value}`");
    };
    let mut all: Vec<String> = vec![format!("--{long}")];
    all.extend(arg.get_short().map(|short| format!("-{short}")));
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    all.extend(aliases.iter().map(|alias| format!("--{alias}")));
    if let Some(first) = all.first_mut()
        && !value.is_empty()
    {
        first.push_str(&format!(" {value}"));
    }
    let all: Vec<_> = all.iter().map(|name| format!("`{name}`")).collect();
    all.join(", ")
}

fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    // A cell of a table has no paragraphs.
    let text = help.map(ToString::to_string).unwrap_or_default();
    let mut text = text.replace("\n\n", ". ");
    if !arg.get_action().takes_values() {
        return text;
    }
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() {
        text.push_str(&format!("; one of {}", values.join(", ")));
    }
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults
        .map(|v| format!("`{}`", v.to_string_lossy()))
        .collect();
    if !defaults.is_empty() {
        text.push_str(&format!(" [default: {}]", defaults.join(" ")));
    }
    if let Some(variable) = arg.get_env() {
        text.push_str(&format!(" [env: {}]", variable.to_string_lossy()));
    }
    text
}

/// The table of our options for cargo's subcommands.
fn ours() -> String {
    let mut text = String::from("| option | on | meaning |\n| --- | --- | --- |\n");
    for own in OWN_OPTIONS {
        let on: Vec<_> = DRIVEN
            .iter()
            .filter(|verb| own.known.applies_to(Some(verb)))
            .map(|verb| format!("`{verb}`"))
            .collect();
        let on = match on.len() == DRIVEN.len() {
            true => "all commands".to_owned(),
            false => on.join(", "),
        };
        text.push_str(&format!("| `{}` | {on} | {} |\n", own.usage, own.help));
    }
    text
}

fn variables() -> String {
    let mut text = String::from("| variable | meaning |\n| --- | --- |\n");
    for variable in env::ALL {
        text.push_str(&format!("| `{}` | {} |\n", variable.name, variable.about));
    }
    text
}

fn codes() -> String {
    let mut text = String::from("| code | when |\n| --- | --- |\n");
    for (code, when) in exit::TABLE {
        text.push_str(&format!("| {code} | {when} |\n"));
    }
    text
}

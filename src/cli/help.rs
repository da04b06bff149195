//! The options of `cargo component help` and how they are run.

use std::path::PathBuf;

use clap::{Args, Command};

use super::cargo_verbs::{has_own_options, with_cargo_verbs};
use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::fs;

/// Print the help of a command, or write man pages
#[derive(Args, Debug)]
pub(super) struct Help {
    /// Command to describe
    #[arg(value_name = "COMMAND", conflicts_with = "man")]
    command: Vec<String>,

    /// Write a man page of each command into this directory
    #[arg(long, value_name = "DIR")]
    man: Option<PathBuf>,
}

impl Help {
    pub(super) fn run(self, ctx: &Context, own: Command) -> Result<()> {
        let Some(dir) = &self.man else {
            return print(ctx, own, &self.command);
        };
        let dir = ctx.absolute(dir);
        let pages = pages(own)?;
        for (name, page) in &pages {
            fs::write_atomic(&dir.join(name), page)?;
        }
        let text = format!("{} man pages to `{}`", pages.len(), ctx.display(&dir));
        ctx.shell.status("Wrote", text);
        Ok(())
    }
}

/// Prints the help of the command that these words name.
fn print(ctx: &Context, mut own: Command, words: &[String]) -> Result<()> {
    own.build();
    let mut command = &mut own;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Error::usage(format!("there is no command `{}`", words.join(" ")))
                .hint("`cargo component help` lists the commands")
        })?;
    }
    let help = command.render_long_help();
    ctx.shell.styled_data(&help.ansi().to_string())
}

/// The man pages by the names of their files: of the tool, of its commands at any depth, and
/// of the commands of cargo that it adds options to.
fn pages(own: Command) -> Result<Vec<(String, Vec<u8>)>> {
    let ours: Vec<String> = own.get_subcommands().map(name_of).collect();
    let mut root = with_cargo_verbs(own).name("cargo-component");
    root.build();
    let mut pages = vec![page(&root)?];
    for verb in root.get_subcommands() {
        if ours.contains(&name_of(verb)) || has_own_options(verb.get_name()) {
            add_pages(verb, &mut pages)?;
        }
    }
    Ok(pages)
}

fn name_of(command: &Command) -> String {
    command.get_name().to_owned()
}

fn add_pages(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    pages.push(page(command)?);
    let inner = command.get_subcommands();
    for inner in inner.filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        add_pages(inner, pages)?;
    }
    Ok(())
}

fn page(command: &Command) -> Result<(String, Vec<u8>)> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|e| {
            Error::input(format!("failed to write the man page `{name}`")).with_cause(e)
        })?;
    Ok((format!("{name}.1"), page))
}

//! `cargo component wit init`.

use std::path::{Path, PathBuf};

use super::project::has_wit;
use super::resolve::Texts;
use crate::base::error::{Error, Result};
use crate::model::manifest::edit::wit_manifest;
use crate::model::wit::template::{ComponentName, hello_package};
use crate::pipeline::project::recover::settle;
use crate::system::context::Context;
use crate::system::fs;

/// Whose manifest a new package gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `wkg.toml`, with the WIT in `wit`.
    #[default]
    Wkg,
    /// `wit.toml`, with the WIT beside it, as the `wit` CLI makes it.
    Wit,
}

/// What to make.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// The directory, relative to where the user stands.
    pub path: PathBuf,
    /// Whose manifest it gets.
    pub form: Form,
    /// The namespace of the package.
    pub namespace: String,
    /// Its name; none for that of the directory.
    pub name: Option<String>,
    /// The registry that `wit.toml` names.
    pub registry: Option<String>,
}

/// Makes a WIT package in a directory. Nothing that is there is overwritten:
/// a manifest is an error, and WIT is taken as it is.
pub fn init(ctx: &Context, options: &InitOptions) -> Result<()> {
    let root = ctx.absolute(&options.path);
    let name = match options.form {
        Form::Wkg => "wkg.toml",
        Form::Wit => "wit.toml",
    };
    let path = root.join(name);
    let begun = settle(ctx, [root.as_path(), &root.join("wit")]);
    if fs::exists(&path) {
        if begun {
            // It was what a killed run had begun.
            return Ok(());
        }
        return Err(Error::input(format!(
            "WIT package configuration file `{}` already exists",
            ctx.display(&path)
        ))
        .hint("keep it, or use another directory"));
    }
    let mut texts = Texts::new();
    match options.form {
        Form::Wit => {
            texts.insert(path.clone(), wit_manifest(options.registry.as_deref()));
        }
        Form::Wkg => {
            if options.registry.is_some() {
                return Err(Error::usage("`wkg.toml` cannot name a registry").hint(
                    "set the registry with `cargo component config`, or create a `wit.toml` with `--form wit`",
                ));
            }
            texts.insert(path.clone(), WKG.to_owned());
            if !has_wit(&root) && !has_wit(&root.join("wit")) {
                let package = package(&root, options)?;
                let world = root.join("wit").join("world.wit");
                texts.insert(world, hello_package(&package));
            }
        }
    }
    super::edited::Before::default().write(&texts)?;
    let created = texts.keys().filter(|other| **other != path);
    for file in created {
        let text = format!("WIT file `{}`", ctx.display(file));
        ctx.shell.status("Created", text);
    }
    let text = format!("configuration file `{}`", ctx.display(&path));
    ctx.shell.status("Created", text);
    Ok(())
}

/// What a new `wkg.toml` says.
const WKG: &str = "\
# Where packages come from instead of their registry, or which of its versions
# will do, by `namespace:name`: { path = \"…\" } or { version = \"…\" }.
[overrides]
";

fn package(root: &Path, options: &InitOptions) -> Result<ComponentName> {
    let dir = root.file_name().unwrap_or_default().to_string_lossy();
    let name = options.name.clone().unwrap_or_else(|| dir.into_owned());
    ComponentName::new(&options.namespace, &name)
}

//! What `cargo component wit init` does.

use std::path::{Path, PathBuf};

use super::edits::OriginalTexts;
use super::resolver::FileTexts;
use crate::base::error::{Error, Result};
use crate::model::manifest::edit::wit_manifest;
use crate::model::wit::template::{ComponentName, hello_package};
use crate::pipeline::project::recover::recover_directories;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::source::has_wit;

/// The manifest that a new package gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManifestFormat {
    /// `wkg.toml`, with the WIT in `wit`.
    #[default]
    Wkg,
    /// `wit.toml`, with the WIT beside it, as the `wit` CLI makes it.
    Wit,
}

/// The options of `cargo component wit init`.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// The directory of the package, relative to the current one.
    pub path: PathBuf,
    /// The manifest that the package gets.
    pub format: ManifestFormat,
    /// The namespace of the package.
    pub namespace: String,
    /// The name of the package; `None` takes that of the directory.
    pub name: Option<String>,
    /// The registry that `wit.toml` names.
    pub registry: Option<String>,
}

/// Creates a WIT package in a directory. Nothing is overwritten: an existing
/// manifest is an error, and existing WIT stays as it is.
pub fn init(ctx: &Context, options: &InitOptions) -> Result<()> {
    let root = ctx.absolute(&options.path);
    let name = match options.format {
        ManifestFormat::Wkg => "wkg.toml",
        ManifestFormat::Wit => "wit.toml",
    };
    let path = root.join(name);
    let recovered = recover_directories(ctx, [root.as_path(), &root.join("wit")]);
    if fs::exists(&path) {
        if recovered {
            // The manifest is that of a killed run, which is complete now.
            return Ok(());
        }
        return Err(Error::input(format!(
            "WIT package configuration file `{}` already exists",
            ctx.display(&path)
        ))
        .hint("keep it, or use another directory"));
    }
    let mut texts = FileTexts::new();
    match options.format {
        ManifestFormat::Wit => {
            texts.insert(path.clone(), wit_manifest(options.registry.as_deref()));
        }
        ManifestFormat::Wkg => {
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
    OriginalTexts::default().write(&texts)?;
    let created = texts.keys().filter(|other| **other != path);
    for file in created {
        let text = format!("WIT file `{}`", ctx.display(file));
        ctx.shell.status("Created", text);
    }
    let text = format!("configuration file `{}`", ctx.display(&path));
    ctx.shell.status("Created", text);
    Ok(())
}

/// The text of a new `wkg.toml`.
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

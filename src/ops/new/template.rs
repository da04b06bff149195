//! A crate that is a copy of a directory.

use std::path::{Path, PathBuf};

use super::setup::GenerateBindings;
use crate::base::error::{Error, Result};
use crate::model::wit::template::ComponentName;
use crate::system::context::Context;
use crate::system::fs;

/// What is replaced by the name of the crate.
const NAME: &str = "{{name}}";

/// The directories and files that are not copied.
const LEFT_OUT: [&str; 2] = [".git", "target"];

/// The options of `cargo component new --template`.
#[derive(Clone, Debug)]
pub struct TemplateOptions {
    /// The directory that is copied.
    pub template: PathBuf,
    /// The directory of the crate, as the user wrote it.
    pub path: PathBuf,
    /// The name of the crate; `None` takes that of the directory.
    pub name: Option<String>,
}

/// Creates a crate from a directory, and its bindings.
///
/// # Errors
///
/// If the directory of the crate exists, the template is not a crate, or its bindings cannot be
/// generated. In all but the last case nothing is created.
pub fn from_template(
    ctx: &Context,
    options: &TemplateOptions,
    bind: &mut GenerateBindings<'_>,
) -> Result<()> {
    let (dir, template) = (ctx.absolute(&options.path), ctx.absolute(&options.template));
    let name = name(options, &dir)?;
    let shown = options.path.display();
    if fs::exists(&dir) {
        return Err(
            Error::input(format!("destination `{shown}` already exists"))
                .hint("give the path of a directory that does not exist yet"),
        );
    }
    if !fs::exists(&template.join("Cargo.toml")) {
        let text = format!(
            "the template `{}` has no Cargo.toml",
            options.template.display()
        );
        return Err(Error::input(text).hint("give the directory of a crate"));
    }
    let files = files(&template)?;
    let parent = fs::parent(&dir);
    fs::create_dir(parent)?;
    // It appears whole or not at all.
    let new = fs::TemporaryDir::new(parent)?;
    let copy = new.path().join("new");
    for path in files {
        let relative = path.strip_prefix(&template).unwrap_or(&path);
        copy_file(&path, &copy.join(named(relative, &name)), &name)?;
    }
    fs::rename(&copy, &dir)?;
    drop(new);
    let text = format!(
        "`{name}` from the template `{}`",
        options.template.display()
    );
    ctx.shell.status("Created", text);
    bind(&dir.join("Cargo.toml")).map(|_| ()).map_err(|e| {
        e.context(format!("failed to generate bindings for `{shown}`"))
            .hint("the crate was created: correct it, or the template")
    })
}

/// The name of the crate, which has to be one of a component.
fn name(options: &TemplateOptions, dir: &Path) -> Result<String> {
    let of_dir = || {
        dir.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let name = options.name.clone().or_else(of_dir).ok_or_else(|| {
        Error::usage(format!(
            "`{}` does not name a crate",
            options.path.display()
        ))
        .hint("set the name of the crate with `--name`")
    })?;
    ComponentName::new("component", &name)?;
    Ok(name)
}

/// The files of a template.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::list(dir)? {
        let name = entry.file_name().unwrap_or_default();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        if fs::is_link(&entry) || fs::is_special(&entry) {
            let text = format!(
                "the template has `{}`, which is no plain file",
                entry.display()
            );
            return Err(Error::input(text).hint("replace it by a file or directory"));
        }
        match fs::is_dir(&entry) {
            true => files.extend(self::files(&entry)?),
            false => files.push(entry),
        }
    }
    Ok(files)
}

/// A path below the template with the name of the crate in it.
fn named(path: &Path, name: &str) -> PathBuf {
    let parts = path.iter().map(|part| match part.to_str() {
        Some(text) => text.replace(NAME, name).into(),
        None => part.to_owned(),
    });
    parts.collect()
}

fn copy_file(from: &Path, to: &Path, name: &str) -> Result<()> {
    let bytes = fs::read(from)?;
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => text.replace(NAME, name).into_bytes(),
        // What is not text is copied as it is.
        Err(e) => e.into_bytes(),
    };
    fs::create_dir(fs::parent(to))?;
    fs::write_new(to, &bytes, fs::is_executable(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_replaced_in_paths() {
        let found = named(Path::new("src/{{name}}/{{name}}.rs"), "my-app");
        assert_eq!(found, Path::new("src/my-app/my-app.rs"));
    }
}

//! `cargo component registry get` and `pull`: releases and artifacts as files.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};

use crate::model::component::is_wit_package;
use crate::model::component::outline::wit_text;
use crate::pipeline::fetch::access::{Access, AccessOptions, Subject, other_bytes};
use crate::pipeline::fetch::registry_source::Source;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Reference;
use crate::system::registry::cache::digested;
use crate::system::shell::Shell;

/// What is larger is taken for a component without being looked into: no WIT
/// comes near it, and memory is not to grow with a component.
const LARGEST_WIT: u64 = 8 << 20;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// WIT as text, what else there is as it is.
    Auto,
    /// WIT as text.
    Wit,
    /// The bytes as they are.
    Wasm,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file, or a folder where it ends in a slash or is one already.
    Path(PathBuf),
}

/// What becomes of a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is an error.
    Refuse,
    /// It is replaced.
    Overwrite,
    /// It is compared, and nothing is written.
    Check,
}

/// How something is fetched.
#[derive(Clone, Debug)]
pub struct GetOptions {
    /// See [`AccessOptions`].
    pub access: AccessOptions,
    /// See [`Output`].
    pub output: Output,
    /// See [`Format`].
    pub format: Format,
    /// See [`Existing`].
    pub existing: Existing,
}

/// Fetches a release or artifact by way of the cache; the file it is in, unless
/// that is standard output.
pub fn get(ctx: &Context, subject: &Subject, options: &GetOptions) -> Result<Option<PathBuf>> {
    let access = Access::new(ctx, &options.access)?;
    let source = Source::find(&access, subject)?;
    let format = match (options.format, extension(&options.output)) {
        (Format::Auto, Some("wit")) => Format::Wit,
        (Format::Auto, Some("wasm")) => Format::Wasm,
        (Format::Auto, _) => by_content(&source.keep(&access)?)?,
        (format, _) => format,
    };
    let Output::Path(given) = &options.output else {
        let mut out = ToShell(&*ctx.shell);
        let file = source.keep(&access)?;
        match format {
            Format::Wit => ctx.shell.write_data(text_of(&file)?.as_bytes())?,
            _ => fs::copy_to(&file, &mut out)?,
        }
        return Ok(None);
    };
    let end = if format == Format::Wit { "wit" } else { "wasm" };
    let path = file_in(ctx, given, &format!("{}.{end}", source.stem()));
    refuse_existing(ctx, &path, options.existing)?;
    if options.existing == Existing::Check {
        if fs::is_special(&path) {
            return Err(differs(ctx, &path, &source.shown()));
        }
        let same = match format {
            Format::Wit => {
                let new = text_of(&source.keep(&access)?)?;
                fs::read_text_if_exists(&path)?.is_some_and(|old| old == new)
            }
            _ => fs::exists(&path) && fs::digest(&path)?.0 == *source.digest(),
        };
        return match same {
            true => Ok(Some(path)),
            false => Err(differs(ctx, &path, &source.shown())),
        };
    }
    let file = source.keep(&access)?;
    match format {
        Format::Wit => fs::write_atomic(&path, text_of(&file)?.as_bytes())?,
        _ => fs::copy_atomic(&file, &path)?,
    }
    let shown = ctx.display(&path);
    ctx.shell
        .status("Wrote", format!("`{}` to `{shown}`", source.shown()));
    Ok(Some(path))
}

/// Writes the bytes of an artifact as they come, and past the cache; the file
/// they are in, unless that is standard output.
pub fn pull(ctx: &Context, reference: &Reference, options: &GetOptions) -> Result<Option<PathBuf>> {
    let access = Access::new(ctx, &options.access)?;
    let (found, artifacts) = access.find(reference)?;
    let Output::Path(given) = &options.output else {
        // Nobody is to be handed bytes that turn out wrong in the end.
        let file = access.keep(reference, (&found, &*artifacts))?;
        fs::copy_to(&file, &mut ToShell(&*ctx.shell))?;
        return Ok(None);
    };
    let name = format!("{}.wasm", reference.repository.replace('/', "_"));
    let path = file_in(ctx, given, &name);
    refuse_existing(ctx, &path, options.existing)?;
    let expected = &found.content;
    fs::write_atomic_with(&path, |to| {
        let content = (expected, Some(found.size));
        let digest = digested(to, |to| artifacts.read(reference, content, to))?;
        match digest == *expected {
            true => Ok(()),
            false => Err(other_bytes(reference, expected, &digest)),
        }
    })?;
    let shown = ctx.display(&path);
    ctx.shell
        .status("Pulled", format!("`{reference}` to `{shown}`"));
    Ok(Some(path))
}

/// The end of a file's name that says what is in it.
pub(crate) fn extension(output: &Output) -> Option<&str> {
    match output {
        Output::Stdout => None,
        Output::Path(path) => path.extension()?.to_str(),
    }
}

/// What a file is written as when nothing else says so.
pub(crate) fn by_content(file: &Path) -> Result<Format> {
    let size = fs::stamp(file).map_or(0, |(size, _)| size);
    let is_wit = size <= LARGEST_WIT && is_wit_package(&fs::read(file)?).unwrap_or(false);
    Ok(match is_wit {
        true => Format::Wit,
        false => Format::Wasm,
    })
}

pub(crate) fn text_of(file: &Path) -> Result<String> {
    wit_text(&fs::read(file)?).map_err(|e| {
        e.context("the package cannot be written as WIT")
            .hint("write its bytes with `--format wasm`")
    })
}

/// The file meant: `given`, or `name` in it.
pub(crate) fn file_in(ctx: &Context, given: &Path, name: &str) -> PathBuf {
    let path = ctx.absolute(given);
    let text = given.as_os_str().to_string_lossy();
    match text.ends_with(std::path::is_separator) || fs::is_dir(&path) {
        true => path.join(name),
        false => path,
    }
}

pub(crate) fn refuse_existing(ctx: &Context, path: &Path, existing: Existing) -> Result<()> {
    // What is written to a device or a pipe overwrites nothing.
    match existing == Existing::Refuse && fs::exists(path) && !fs::is_special(path) {
        true => Err(
            Error::input(format!("`{}` already exists", ctx.display(path)))
                .hint("you can use `--overwrite` to overwrite it"),
        ),
        false => Ok(()),
    }
}

pub(crate) fn differs(ctx: &Context, path: &Path, what: &str) -> Error {
    let shown = ctx.display(path);
    let error = match fs::exists(path) {
        true => Error::input(format!("`{shown}` differs from `{what}`")),
        false => Error::input(format!("`{shown}` does not exist")),
    };
    error.hint("run the command with `--overwrite` instead of `--check`")
}

/// Standard output as a writer.
struct ToShell<'a>(&'a dyn Shell);

impl Write for ToShell<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .write_data(bytes)
            .map_err(|e| std::io::Error::other(e.to_string()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

//! `cargo component registry get` and `pull`: releases and artifacts as files.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};

use crate::model::component::is_wit_package;
use crate::model::component::outline::wit_text;
use crate::pipeline::fetch::access::{Access, AccessOptions, Subject, digest_mismatch};
use crate::pipeline::fetch::registry_source::LocatedSubject;
use crate::pipeline::project::output::{Output, output_file};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Reference;
use crate::system::registry::cache::digest_while_writing;
use crate::system::shell::Shell;

/// The size in bytes above which a file is a component without being read: no
/// WIT is that large, and memory must not grow with components.
const LARGEST_WIT: u64 = 8 << 20;

/// The format in which a package is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Packages of WIT as text, others as their bytes.
    Auto,
    /// Packages of WIT as text.
    Wit,
    /// The unchanged bytes of the package.
    Wasm,
}

/// What is done where the file exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingFile {
    /// The file is an error.
    Refuse,
    /// The file is replaced.
    Overwrite,
    /// The file is compared, and nothing is written.
    Check,
}

/// The options of `cargo component registry get`.
#[derive(Clone, Debug)]
pub struct GetOptions {
    /// The registries and the network mode.
    pub access: AccessOptions,
    /// The place where the result is written.
    pub output: Output,
    /// The format of the result.
    pub format: FileFormat,
    /// What is done where the file exists.
    pub existing: ExistingFile,
}

/// Fetches a release or artifact through the cache; the file that was written,
/// `None` for standard output.
pub fn get(ctx: &Context, subject: &Subject, options: &GetOptions) -> Result<Option<PathBuf>> {
    let access = Access::new(ctx, &options.access)?;
    let source = LocatedSubject::find(&access, subject)?;
    let format = match (options.format, extension(&options.output)) {
        (FileFormat::Auto, Some("wit")) => FileFormat::Wit,
        (FileFormat::Auto, Some("wasm")) => FileFormat::Wasm,
        (FileFormat::Auto, _) => by_content(&source.fetch(&access)?)?,
        (format, _) => format,
    };
    let Output::Path(given) = &options.output else {
        let mut out = ShellWriter(&*ctx.shell);
        let file = source.fetch(&access)?;
        match format {
            FileFormat::Wit => ctx.shell.write_data(text_of(&file)?.as_bytes())?,
            _ => fs::copy_to(&file, &mut out)?,
        }
        return Ok(None);
    };
    let end = if format == FileFormat::Wit {
        "wit"
    } else {
        "wasm"
    };
    let path = output_file(ctx, given, format!("{}.{end}", source.stem()));
    refuse_existing(ctx, &path, options.existing)?;
    if options.existing == ExistingFile::Check {
        if fs::is_special(&path) {
            return Err(differs(ctx, &path, &source.display_name()));
        }
        let same = match format {
            FileFormat::Wit => {
                let new = text_of(&source.fetch(&access)?)?;
                fs::read_text_if_exists(&path)?.is_some_and(|old| old == new)
            }
            _ => fs::exists(&path) && fs::digest(&path)?.0 == *source.digest(),
        };
        return match same {
            true => Ok(Some(path)),
            false => Err(differs(ctx, &path, &source.display_name())),
        };
    }
    let file = source.fetch(&access)?;
    match format {
        FileFormat::Wit => fs::write_atomic(&path, text_of(&file)?.as_bytes())?,
        _ => fs::copy_atomic(&file, &path)?,
    }
    let shown = ctx.display(&path);
    ctx.shell
        .status("Wrote", format!("`{}` to `{shown}`", source.display_name()));
    Ok(Some(path))
}

/// Writes the bytes of an artifact while they are fetched, without the cache; the
/// file that was written, `None` for standard output.
pub fn pull(ctx: &Context, reference: &Reference, options: &GetOptions) -> Result<Option<PathBuf>> {
    let access = Access::new(ctx, &options.access)?;
    let (found, artifacts) = access.find(reference)?;
    let Output::Path(given) = &options.output else {
        // Standard output gets bytes only after their digest was checked.
        let file = access.fetch_artifact(reference, &found, &*artifacts)?;
        fs::copy_to(&file, &mut ShellWriter(&*ctx.shell))?;
        return Ok(None);
    };
    let name = format!("{}.wasm", reference.repository.replace('/', "_"));
    let path = output_file(ctx, given, &name);
    refuse_existing(ctx, &path, options.existing)?;
    let expected = &found.content;
    fs::write_atomic_with(&path, |to| {
        let size = Some(found.size);
        let digest = digest_while_writing(to, |to| artifacts.read(reference, expected, size, to))?;
        match digest == *expected {
            true => Ok(()),
            false => Err(digest_mismatch(reference, expected, &digest)),
        }
    })?;
    let shown = ctx.display(&path);
    ctx.shell
        .status("Pulled", format!("`{reference}` to `{shown}`"));
    Ok(Some(path))
}

/// The extension of the file that is written.
fn extension(output: &Output) -> Option<&str> {
    match output {
        Output::Stdout => None,
        Output::Path(path) => path.extension()?.to_str(),
    }
}

/// The format for a file when neither options nor its extension choose one.
fn by_content(file: &Path) -> Result<FileFormat> {
    let size = fs::stamp(file).map_or(0, |(size, _)| size);
    let is_wit = size <= LARGEST_WIT && is_wit_package(&fs::read(file)?).unwrap_or(false);
    Ok(match is_wit {
        true => FileFormat::Wit,
        false => FileFormat::Wasm,
    })
}

fn text_of(file: &Path) -> Result<String> {
    wit_text(&fs::read(file)?).map_err(|e| {
        e.context("the package cannot be written as WIT")
            .hint("write its bytes with `--format wasm`")
    })
}

fn refuse_existing(ctx: &Context, path: &Path, existing: ExistingFile) -> Result<()> {
    // What is written to a device or a pipe overwrites nothing.
    match existing == ExistingFile::Refuse && fs::exists(path) && !fs::is_special(path) {
        true => Err(
            Error::input(format!("`{}` already exists", ctx.display(path)))
                .hint("you can use `--overwrite` to overwrite it"),
        ),
        false => Ok(()),
    }
}

fn differs(ctx: &Context, path: &Path, what: &str) -> Error {
    let shown = ctx.display(path);
    let error = match fs::exists(path) {
        true => Error::input(format!("`{shown}` differs from `{what}`")),
        false => Error::input(format!("`{shown}` does not exist")),
    };
    error.hint("run the command with `--overwrite` instead of `--check`")
}

/// A writer to standard output.
struct ShellWriter<'a>(&'a dyn Shell);

impl Write for ShellWriter<'_> {
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

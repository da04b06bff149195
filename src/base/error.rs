//! Errors with the place they point at and the fix they advise.
//!
//! One error type serves the whole tool: a message that says what was being
//! done and what was found, the causes below it, the excerpt of the file it is
//! about, and, kept apart, one concrete fix. Nothing here prints; the shell
//! renders an [`Error`], and the command line turns its [`ErrorKind`] into an
//! exit code.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure an [`Error`] is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line asks for something that does not exist (exit code 2).
    Usage,
    /// Something the user gave is wrong: a manifest, WIT, a module (exit code 1).
    Input,
    /// The system refused to read, write or start something (exit code 1).
    Io,
    /// A file changed while it was worked on, so that nothing was written
    /// (exit code 1).
    Changed,
    /// The tool was built without what is needed, or does not do it yet (exit code 1).
    Unsupported,
    /// A program that was run failed and has said so itself: nothing is
    /// printed, its exit code becomes ours.
    Child(i32),
}

/// A piece of a source file an error points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    path: PathBuf,
    text: String,
    span: Range<usize>,
    label: String,
}

impl Excerpt {
    /// Points at the byte range `span` of `text`, the whole content of `path`.
    /// A range beyond the text is cut to it.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>, span: Range<usize>) -> Self {
        let text = text.into();
        let start = floor_char(&text, span.start.min(text.len()));
        let end = floor_char(&text, span.end.clamp(start, text.len()));
        Excerpt {
            path: path.into(),
            text,
            span: start..end,
            label: String::new(),
        }
    }

    /// Adds a short text shown beside the underlined range.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The file, as it is to be shown.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text of the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte range pointed at, within [`Excerpt::text`].
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text shown beside the range; may be empty.
    pub fn label_text(&self) -> &str {
        &self.label
    }

    /// Line and column of the start, both counted from 1; columns count
    /// characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.text[..self.span.start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

thread_local! {
    /// Whether a library works on what it may not expect.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Lets a library work on what it may not expect. One that gives up by a panic
/// is an error that names it, for the cause of an [`Error`].
pub fn guarded<T>(library: &str, work: impl FnOnce() -> T) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    done.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no reason given");
        format!("the library `{library}` failed unexpectedly: {text}")
    })
}

/// From now on a panic inside of [`guarded`] prints nothing: what becomes of it
/// is told as an error.
pub fn quiet_guarded_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !GUARDED.get() {
            told(panic);
        }
    }));
}

/// A failure: message, causes, where, and one fix.
///
/// `Display` gives the message and its causes on one line; the excerpt and the
/// hint are for the shell to render.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    causes: Vec<String>,
    excerpt: Option<Excerpt>,
    hint: Option<String>,
}

impl Error {
    /// An error of the given kind; `message` is a lower-case fragment.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            causes: Vec::new(),
            excerpt: None,
            hint: None,
        }))
    }

    /// Something the user gave is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Input, message)
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Usage, message)
    }

    /// The tool cannot do this in this build or version.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unsupported, message)
    }

    /// The system failed while doing `action` with `path`.
    pub fn io(action: &str, path: &Path, cause: &std::io::Error) -> Self {
        Error::new(
            ErrorKind::Io,
            format!("failed to {action} `{}`", path.display()),
        )
        .because(cause)
    }

    /// Somebody changed a file that was to be written on the ground of what it
    /// said before.
    pub fn changed(path: &Path) -> Self {
        let message = format!("`{}` was changed by another process", path.display());
        Error::new(ErrorKind::Changed, message).hint("run the command again")
    }

    /// A child program failed with `code` and has told the user why.
    pub fn child(code: i32) -> Self {
        Error::new(
            ErrorKind::Child(code),
            format!("the program ended with exit code {code}"),
        )
    }

    /// Puts a wider message on top; the present one becomes its first cause.
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.0.message, message.into());
        self.0.causes.insert(0, inner);
        self
    }

    /// Adds a cause below those known so far.
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.0.causes.push(cause.to_string());
        self
    }

    /// Says where: the first excerpt given is kept, it is the nearest.
    pub fn at(mut self, excerpt: Excerpt) -> Self {
        self.0.excerpt.get_or_insert(excerpt);
        self
    }

    /// Advises one concrete fix; the first one given is kept.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert(hint.into());
        self
    }

    /// The same error with this fix and no other, where more is known than where
    /// it was found.
    pub fn rather(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error with the path of its excerpt as seen from `dir`, where
    /// it is below it.
    pub fn seen_from(mut self, dir: &Path) -> Self {
        if let Some(excerpt) = &mut self.0.excerpt
            && let Ok(below) = excerpt.path.strip_prefix(dir)
            && !below.as_os_str().is_empty()
        {
            excerpt.path = below.to_owned();
        }
        self
    }

    /// The same error with another text where it points, for what must not be
    /// shown; `change` keeps the length.
    pub fn with_text(mut self, change: impl FnOnce(&str) -> String) -> Self {
        if let Some(excerpt) = &mut self.0.excerpt {
            excerpt.text = change(&excerpt.text);
        }
        self
    }

    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message without causes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The causes, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// The place the error is about.
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.0.excerpt.as_ref()
    }

    /// The fix.
    pub fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for cause in &self.0.causes {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    /// What a program shows that ends with this error: message, causes, place
    /// and hint on lines of their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(excerpt) = &self.0.excerpt {
            let (line, column) = excerpt.line_column();
            write!(f, "\n  at {}:{line}:{column}", excerpt.path().display())?;
        }
        for cause in &self.0.causes {
            write!(f, "\n  because: {cause}")?;
        }
        match &self.0.hint {
            Some(hint) => write!(f, "\n  help: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// The candidate most similar to `name` by edit distance (exchanged neighbors count as one
/// difference), if at most a third of the letters differ.
#[cfg(any(feature = "bindings", feature = "lock"))]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= name.chars().count().max(candidate.chars().count()) / 3
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(feature = "bindings", feature = "lock"))]
    fn nearest_finds_typing_errors_only() {
        let keys = ["package", "target", "dependencies", "adapter"];
        assert_eq!(nearest("pakage", keys), Some("package"));
        assert_eq!(nearest("adaptor", keys), Some("adapter"));
        assert_eq!(nearest("xyz", keys), None);
        // What is short is a typing error only with one letter wrong.
        assert_eq!(nearest("nope", ["one"]), None);
        assert_eq!(nearest("ona", ["one"]), Some("one"));
        assert_eq!(nearest("wolrd", ["world"]), Some("world"));
    }

    #[test]
    fn an_excerpt_counts_lines_and_characters_from_one() {
        let excerpt = Excerpt::new("f.wit", "äb\nçde", 6..7);
        assert_eq!(excerpt.line_column(), (2, 2));
        assert_eq!(Excerpt::new("f", "ab", 9..12).line_column(), (1, 3));
    }

    #[test]
    fn a_file_below_the_users_directory_is_shown_from_there() {
        let error = Error::input("x").at(Excerpt::new("/a/b/f", "", 0..0));
        let path = |dir: &str| {
            let error = error.clone().seen_from(Path::new(dir));
            error.excerpt().unwrap().path().to_owned()
        };
        assert_eq!(path("/a"), Path::new("b/f"));
        assert_eq!(path("/c"), Path::new("/a/b/f"));
    }

    #[test]
    fn context_goes_on_top() {
        let error = Error::input("b").because("c").context("a");
        assert_eq!(error.to_string(), "a: b: c");
    }
}

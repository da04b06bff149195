//! Errors with the place in a file they point at and a fix.
//!
//! One error type serves the whole tool: a message that says what was being
//! done and what was found, the causes, the excerpt of a file, and, separately,
//! one concrete fix. Nothing here prints; the shell renders an [`Error`], and the
//! command line maps its [`ErrorKind`] to an exit code.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of failure of an [`Error`], which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line asks for something that does not exist (exit code 2).
    Usage,
    /// Something the user gave is wrong: a manifest, WIT, a module (exit code 1).
    Input,
    /// The system refused to read, write or start something (exit code 1).
    Io,
    /// A file was changed by somebody else between reading and writing it;
    /// nothing was written (exit code 1).
    Changed,
    /// This build or version of the tool lacks the feature (exit code 1).
    Unsupported,
    /// A child program failed and has reported that itself: nothing is
    /// printed, and the exit code of this program is that of the child.
    Child(i32),
}

/// The part of a source file that an error points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    path: PathBuf,
    text: String,
    span: Range<usize>,
    label: String,
}

impl Excerpt {
    /// Points at the byte range `span` of `text`, the whole content of `path`.
    /// A range that exceeds the text is cut to the text.
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

    /// Adds a short text that is shown next to the underlined range.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The path of the file, as it is shown to the user.
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

    /// The text shown next to the range; it may be empty.
    pub fn label_text(&self) -> &str {
        &self.label
    }

    /// Line and column of the start of the range, both counted from 1; columns
    /// count characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.text[..self.span.start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

fn floor_char(text: &str, mut index: usize) -> usize {
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

thread_local! {
    /// Whether this thread is inside of [`guarded`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls a library with input that may make it panic. A panic is caught and
/// becomes a message that names the library, to be used as the cause of an
/// [`Error`].
pub fn guarded<T>(library: &str, work: impl FnOnce() -> T) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no reason given");
        format!("the library `{library}` failed unexpectedly: {text}")
    })
}

/// Whether this thread is inside of [`guarded`].
#[cfg(feature = "bindings")]
pub(super) fn is_guarded() -> bool {
    GUARDED.get()
}

/// Makes a thread one that works for a caller inside of [`guarded`], or not.
#[cfg(feature = "bindings")]
pub(super) fn set_guarded(is_guarded: bool) {
    GUARDED.set(is_guarded);
}

/// Installs a panic hook that prints nothing for panics inside of [`guarded`],
/// which are reported as errors.
pub fn quiet_guarded_panics() {
    let previous_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !GUARDED.get() {
            previous_hook(panic);
        }
    }));
}

/// A failure: a message, its causes, an excerpt of a file, and one fix.
///
/// `Display` gives the message and its causes on one line; the shell renders
/// the excerpt, the trace and the hint.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    causes: Vec<String>,
    excerpt: Option<Excerpt>,
    trace: Option<String>,
    hint: Option<String>,
}

impl Error {
    /// An error of the given kind; `message` is a fragment in lower case.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            causes: Vec::new(),
            excerpt: None,
            trace: None,
            hint: None,
        }))
    }

    /// An error of the kind [`ErrorKind::Input`].
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Input, message)
    }

    /// An error of the kind [`ErrorKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Usage, message)
    }

    /// An error of the kind [`ErrorKind::Unsupported`].
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unsupported, message)
    }

    /// An error of the kind [`ErrorKind::Io`]: the system failed to `action`
    /// the file or directory `path`.
    pub fn io(action: &str, path: &Path, cause: &std::io::Error) -> Self {
        Error::new(
            ErrorKind::Io,
            format!("failed to {action} `{}`", path.display()),
        )
        .with_cause(cause)
    }

    /// An error of the kind [`ErrorKind::Changed`]: the file was changed since
    /// the content to write was computed from it.
    pub fn changed(path: &Path) -> Self {
        let message = format!("`{}` was changed by another process", path.display());
        Error::new(ErrorKind::Changed, message).hint("run the command again")
    }

    /// An error of the kind [`ErrorKind::Child`]: a child program failed with
    /// `code` and has reported the reason to the user.
    pub fn child(code: i32) -> Self {
        Error::new(
            ErrorKind::Child(code),
            format!("the program ended with exit code {code}"),
        )
    }

    /// Replaces the message by a more general one; the previous message becomes
    /// the first cause.
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.0.message, message.into());
        self.0.causes.insert(0, inner);
        self
    }

    /// Adds a cause after those given so far.
    pub fn with_cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.causes.push(cause.to_string());
        self
    }

    /// Adds the excerpt that the error points at; the first one given stays.
    pub fn at(mut self, excerpt: Excerpt) -> Self {
        self.0.excerpt.get_or_insert(excerpt);
        self
    }

    /// Adds lines that say where a program failed, such as a stack backtrace. They are
    /// shown after the causes, and no part of `Display`.
    pub fn with_trace(mut self, lines: impl Into<String>) -> Self {
        self.0.trace = Some(lines.into());
        self
    }

    /// Adds one concrete fix; the first one given stays.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert(hint.into());
        self
    }

    /// Replaces the fix, for callers that know a better one than the place
    /// where the error was found.
    pub fn replace_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Makes the path of the excerpt relative to `dir`, if it is below `dir`.
    pub fn relative_to(mut self, dir: &Path) -> Self {
        if let Some(excerpt) = &mut self.0.excerpt
            && let Ok(relative) = excerpt.path.strip_prefix(dir)
            && !relative.as_os_str().is_empty()
        {
            excerpt.path = relative.to_owned();
        }
        self
    }

    /// Changes the text of the excerpt, to mask secrets in it; `change` has to
    /// keep the length of the text.
    pub fn map_excerpt_text(mut self, change: impl FnOnce(&str) -> String) -> Self {
        if let Some(excerpt) = &mut self.0.excerpt {
            excerpt.text = change(&excerpt.text);
        }
        self
    }

    /// The kind of failure, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message without its causes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The causes, the outermost first.
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// The excerpt that the error points at, if it has one.
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.0.excerpt.as_ref()
    }

    /// The lines that were given by [`Error::with_trace`].
    pub fn trace(&self) -> Option<&str> {
        self.0.trace.as_deref()
    }

    /// The fix that was given by [`Error::hint`].
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
    /// Writes the message, the place, each cause, the trace and the hint on lines of their
    /// own, for a program whose `main` returns this error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(excerpt) = &self.0.excerpt {
            let (line, column) = excerpt.line_column();
            write!(f, "\n  at {}:{line}:{column}", excerpt.path().display())?;
        }
        for cause in &self.0.causes {
            write!(f, "\n  because: {cause}")?;
        }
        for line in self.0.trace.iter().flat_map(|trace| trace.lines()) {
            write!(f, "\n  {line}")?;
        }
        match &self.0.hint {
            Some(hint) => write!(f, "\n  help: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// The candidate most similar to `name` by edit distance (exchanged neighbors count as
/// one difference), if at most a third of the letters differ.
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
            let error = error.clone().relative_to(Path::new(dir));
            error.excerpt().unwrap().path().to_owned()
        };
        assert_eq!(path("/a"), Path::new("b/f"));
        assert_eq!(path("/c"), Path::new("/a/b/f"));
    }

    #[test]
    fn context_goes_on_top() {
        let error = Error::input("b").with_cause("c").context("a");
        assert_eq!(error.to_string(), "a: b: c");
    }
}

//! New texts of files, before any of them is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::base::error::Result;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;

/// Files with their present and new texts, and what has to be done by hand.
pub(super) struct Draft<'a> {
    pub ctx: &'a Context,
    files: BTreeMap<PathBuf, File>,
    /// Messages about what has to be done by hand.
    pub by_hand: Vec<String>,
}

/// The texts of one file; `None` where it does not exist.
struct File {
    old: Option<String>,
    new: Option<String>,
}

impl<'a> Draft<'a> {
    /// A draft without changes.
    pub fn new(ctx: &'a Context) -> Self {
        Draft {
            ctx,
            files: BTreeMap::new(),
            by_hand: Vec::new(),
        }
    }

    /// Reports what was found at a path.
    pub fn found(&self, path: &Path, what: &str) {
        let text = format!("`{}`: {what}", self.ctx.display(path));
        self.ctx.shell.status("Found", text);
    }

    /// Adds a message about what has to be done by hand.
    pub fn by_hand(&mut self, path: &Path, what: impl std::fmt::Display) {
        let text = format!("`{}`: {what}", self.ctx.display(path));
        self.by_hand.push(text);
    }

    /// The new text of a file; `None` where it will not exist.
    pub fn text(&mut self, path: &Path) -> Result<Option<String>> {
        if let Some(file) = self.files.get(path) {
            return Ok(file.new.clone());
        }
        let old = fs::read_text_if_exists(path)?;
        let file = File {
            new: old.clone(),
            old: old.clone(),
        };
        self.files.insert(path.to_owned(), file);
        Ok(old)
    }

    /// Sets the new text of a file, with the line ends of the present one.
    pub fn put(&mut self, path: &Path, text: String) -> Result<()> {
        let before = self.text(path)?;
        if before.as_ref() == Some(&text) {
            return Ok(());
        }
        if let Some(file) = self.files.get_mut(path) {
            file.new = Some(match &file.old {
                Some(old) => with_ends_of(old, &text),
                None => text,
            });
        }
        Ok(())
    }

    /// As [`Draft::put`], for a file that replaces another one.
    pub fn put_for(&mut self, path: &Path, text: String, instead: &Path) -> Result<()> {
        let like = self.text(instead)?.unwrap_or_default();
        self.put(path, with_ends_of(&like, &text))?;
        self.remove(instead)
    }

    /// Removes a file from the project.
    pub fn remove(&mut self, path: &Path) -> Result<()> {
        self.text(path)?;
        if let Some(file) = self.files.get_mut(path) {
            file.new = None;
        }
        Ok(())
    }

    /// The paths of files that change; removed ones come last.
    pub fn changed(&self) -> Vec<&Path> {
        let changed = self.files.iter().filter(|(_, file)| file.old != file.new);
        let mut changed: Vec<_> = changed.collect();
        changed.sort_by_key(|(_, file)| file.new.is_none());
        changed
            .into_iter()
            .map(|(path, _)| path.as_path())
            .collect()
    }

    /// All changes as a unified diff, with paths relative to the project's root.
    pub fn diff(&self, root: &Path) -> String {
        let mut all = String::new();
        for path in self.changed() {
            let File { old, new } = &self.files[path];
            let name = |side: &str, text: &Option<String>| match text {
                Some(_) => Path::new(side)
                    .join(path.strip_prefix(root).unwrap_or(path))
                    .display()
                    .to_string()
                    .replace('\\', "/"),
                None => "/dev/null".to_owned(),
            };
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let (before, after) = (text(old), text(new));
            let diff = TextDiff::from_lines(&before, &after);
            let mut diff = diff.unified_diff();
            let diff = diff.header(&name("a", old), &name("b", new)).to_string();
            // The diff of an empty file that is added or removed has no lines.
            match diff.is_empty() {
                true => all.push_str(&format!("--- {}\n+++ {}\n", name("a", old), name("b", new))),
                false => all.push_str(&diff),
            }
        }
        all
    }

    /// Writes every change, or, where one cannot be written, none; an error of
    /// the kind [`Changed`](crate::base::error::ErrorKind::Changed) if a file is not
    /// what it was when it was read.
    pub fn write(&self) -> Result<()> {
        let mut change = Change::new();
        for path in self.changed() {
            match &self.files[path] {
                File {
                    old,
                    new: Some(new),
                } => change.write_text(path, old.as_deref(), new),
                File {
                    old: Some(old),
                    new: None,
                } => change.remove_text(path, old),
                File {
                    old: None,
                    new: None,
                } => {}
            }
        }
        change
            .commit()
            .map_err(|e| e.context("nothing was migrated"))
    }
}

/// The text with the line ends and the byte order mark that `like` has.
fn with_ends_of(like: &str, text: &str) -> String {
    const MARK: char = '\u{feff}';
    let plain = text.trim_start_matches(MARK).replace("\r\n", "\n");
    let plain = match like.split_once('\n') {
        Some((line, _)) if line.ends_with('\r') => plain.replace('\n', "\r\n"),
        _ => plain,
    };
    match like.starts_with(MARK) {
        true => format!("{MARK}{plain}"),
        false => plain,
    }
}

/// A diff with the usual colours of its lines.
pub(super) fn colored(diff: &str) -> String {
    let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
    let mut text = String::with_capacity(diff.len() * 2);
    for line in diff.split_inclusive('\n') {
        let style = match line {
            line if line.starts_with("--- ") || line.starts_with("+++ ") => Style::new().bold(),
            line if line.starts_with("@@") => color(AnsiColor::Cyan),
            line if line.starts_with('+') => color(AnsiColor::Green),
            line if line.starts_with('-') => color(AnsiColor::Red),
            _ => Style::new(),
        };
        let bare = line.trim_end_matches('\n');
        text.push_str(&format!("{style}{bare}{style:#}{}", &line[bare.len()..]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_those_of_the_file() {
        assert_eq!(with_ends_of("a\r\n", "a\nb\r\n"), "a\r\nb\r\n");
        assert_eq!(with_ends_of("a\n", "a\r\nb\n"), "a\nb\n");
        assert_eq!(with_ends_of("\u{feff}a\n", "a\n"), "\u{feff}a\n");
    }

    #[test]
    fn only_lines_of_a_change_are_colored() {
        let text = colored("--- a\n@@ -1 @@\n x\n-y\n+z\n");
        assert!(
            text.contains("\n x\n\u{1b}[31m-y\u{1b}[0m\n\u{1b}[32m+z\u{1b}[0m\n"),
            "{text:?}"
        );
    }
}

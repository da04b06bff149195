//! Files that hold what a test expects: compared, or written with `BLESS=1` in
//! the environment. Every test that has such files goes through here.

#![allow(dead_code, reason = "no suite uses everything")]

use std::fs;
use std::path::Path;

/// Compares a file with what came out, line ends aside; the error is a diff and
/// how to write the file. With `BLESS=1`, writes it where it differs.
pub fn check(file: &Path, actual: &str) -> Result<(), String> {
    #[allow(clippy::disallowed_methods, reason = "tests stand outside the doors")]
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let expected = fs::read_to_string(file).unwrap_or_default();
    let expected = expected.replace("\r\n", "\n");
    if expected == actual {
        return Ok(());
    }
    if bless {
        let written = fs::write(file, actual);
        return written.map_err(|e| format!("cannot write {}: {e}", file.display()));
    }
    Err(difference(file, &expected, actual))
}

/// As [`check`], and fails the test.
#[track_caller]
pub fn assert(file: &Path, actual: &str) {
    if let Err(difference) = check(file, actual) {
        panic!("\n{difference}");
    }
}

/// A page with a text in its generated part: between `<!-- generated: PART -->`
/// and `<!-- end -->`, which the page must have.
#[track_caller]
pub fn with_part(page: &str, part: &str, text: &str) -> String {
    let (start, end) = (format!("<!-- generated: {part} -->"), "<!-- end -->");
    let parts = page.split_once(&start).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some(format!(
            "{before}{start}\n\n{}\n\n{end}{after}",
            text.trim()
        ))
    });
    parts.unwrap_or_else(|| panic!("the page has no `{start}` … `{end}`"))
}

/// What a test fails with: where the two texts differ, and the command that
/// writes the file.
pub fn difference(file: &Path, expected: &str, actual: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = file.strip_prefix(root).unwrap_or(file).display();
    let target = match env!("CARGO_CRATE_NAME") {
        "cargo_component" => "--lib".to_owned(),
        name => format!("--test {name}"),
    };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    let diff = similar::TextDiff::from_lines(expected, actual);
    let diff = diff.unified_diff().context_radius(3).to_string();
    format!(
        "{file} is not what came out:\n{diff}\nIf the change is right, write the file by\n    \
         BLESS=1 cargo test {target} {test}\nand review it like code."
    )
}

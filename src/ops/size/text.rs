//! The size of a component as text.

use crate::model::component::size::{ImportUse, PartSize, SectionKind, SizeReport};

/// What stands for the part of a file that has no name.
const UNNAMED: &str = "(the file itself)";

/// What stands for functions that are of no crate.
const NO_CRATE: &str = "(no crate)";

/// The lines of a report about a file, with no more than `top` crates of a component and
/// callers of an import.
pub(super) fn text(shown: &str, report: &SizeReport, top: usize) -> Vec<String> {
    let mut lines = vec![format!("{shown}: {} bytes", report.bytes), String::new()];
    lines.extend(parts(report));
    if !report.crates.is_empty() {
        lines.extend([String::new(), "code by crate:".to_owned()]);
        lines.extend(crates(report, top));
    }
    for part in &report.nameless {
        let part = part.as_deref().unwrap_or(UNNAMED);
        lines.extend([
            String::new(),
            format!("the code of {part} has no names, so its crates are not known;"),
            "keep them with `strip = \"debuginfo\"` in the profile".to_owned(),
        ]);
    }
    if !report.imports.is_empty() {
        lines.extend([String::new(), "imports of WASI:".to_owned()]);
        let several = report.parts.len() > 1;
        for import in &report.imports {
            lines.extend(callers(import, several, top));
        }
    }
    lines
}

/// The table of parts, with the columns that have something in them.
fn parts(report: &SizeReport) -> Vec<String> {
    let used = |kind: &SectionKind| report.parts.iter().any(|part| part.of(*kind) > 0);
    let kinds: Vec<SectionKind> = SectionKind::ALL.into_iter().filter(used).collect();
    let mut head = vec!["part".to_owned(), "bytes".to_owned()];
    head.extend(kinds.iter().map(|kind| kind.name().to_owned()));
    let mut rows = vec![head];
    for part in &report.parts {
        let name = part.name.as_deref().unwrap_or(UNNAMED);
        let mut row = vec![name.to_owned(), part.total().to_string()];
        row.extend(kinds.iter().map(|kind| part.of(*kind).to_string()));
        rows.push(row);
    }
    if report.parts.len() > 1 {
        let sum = |of: &dyn Fn(&PartSize) -> usize| report.parts.iter().map(of).sum::<usize>();
        let mut row = vec!["all".to_owned(), sum(&PartSize::total).to_string()];
        row.extend(
            kinds
                .iter()
                .map(|kind| sum(&|part| part.of(*kind)).to_string()),
        );
        rows.push(row);
    }
    aligned(&rows)
}

/// The table of the largest crates.
fn crates(report: &SizeReport, top: usize) -> Vec<String> {
    let several = report.parts.len() > 1;
    let mut rows = vec![["crate", "bytes", "functions"].map(str::to_owned).to_vec()];
    let (shown, left) = report.crates.split_at(top.min(report.crates.len()));
    for size in shown {
        let mut name = size.name.as_deref().unwrap_or(NO_CRATE).to_owned();
        if let Some(part) = size.part.as_ref().filter(|_| several) {
            name.push_str(&format!(" (in `{part}`)"));
        }
        rows.push(vec![
            name,
            size.bytes.to_string(),
            size.functions.to_string(),
        ]);
    }
    let mut lines = aligned(&rows);
    if !left.is_empty() {
        let bytes: usize = left.iter().map(|size| size.bytes).sum();
        lines.push(format!("  and {} more with {bytes} bytes", left.len()));
    }
    lines
}

/// The lines about one import: a line for each caller.
fn callers(import: &ImportUse, several: bool, top: usize) -> Vec<String> {
    let mut name = format!("  {}", import.import);
    if let Some(part) = import.part.as_ref().filter(|_| several) {
        name.push_str(&format!(" (in `{part}`)"));
    }
    if import.callers.is_empty() {
        return vec![format!(
            "{name} ← no direct call but of the standard library"
        )];
    }
    let mut lines = Vec::new();
    for caller in import.callers.iter().take(top) {
        let through = match &caller.through {
            Some(through) => format!(" ← {through}"),
            None => String::new(),
        };
        lines.push(format!("{name}{through} ← {}", caller.function));
    }
    if let Some(more) = import
        .callers
        .len()
        .checked_sub(top)
        .filter(|more| *more > 0)
    {
        lines.push(format!("{name} ← {more} more crates"));
    }
    lines
}

/// Rows as lines: the first column to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 => format!("  {cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        cells.collect::<String>()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKED: &str = r#"(component
        (component $one (core module $main
            (import "wasi:cli/stdout@0.2.0" "get" (func $get))
            (import "wasi:random/random@0.2.0" "get" (func $random))
            (func $_RNvCs_3std5print (call $get))
            (func $_RNvCs_3app4main (call $_RNvCs_3std5print))
            (func $_RNvCs_3app4more)
            (func $malloc)))
        (component $two (core module $main (func))))"#;

    #[test]
    fn a_report_is_a_table_of_parts_crates_and_imports() {
        let report = SizeReport::of(&wat::parse_str(LINKED).unwrap()).unwrap();
        let lines = text("app.wasm", &report, 2);
        let text = lines.join("\n");
        assert_eq!(lines[0], format!("app.wasm: {} bytes", report.bytes));
        assert_eq!(
            lines[2].split_whitespace().collect::<Vec<_>>(),
            ["part", "bytes", "code", "types", "names"]
        );
        assert!(lines[3].starts_with("  one "), "{text}");
        assert!(lines[6].starts_with("  all "), "{text}");
        let all: Vec<&str> = lines[6].split_whitespace().collect();
        assert_eq!(all[1], report.bytes.to_string());
        assert!(text.contains("  app (in `one`) "), "{text}");
        assert!(text.contains("\n  and 1 more with "), "{text}");
        assert!(text.contains("the code of two has no names"), "{text}");
        assert!(
            text.contains("  wasi:cli/stdout (in `one`) ← std::print ← app::main"),
            "{text}"
        );
        assert!(
            text.contains(
                "  wasi:random/random (in `one`) ← no direct call but of the standard library"
            ),
            "{text}"
        );
    }
}

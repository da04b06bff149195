//! What `cargo component size` does.

mod text;

use std::path::PathBuf;

use serde_json::{Value, json};

use self::text::text;
use crate::base::error::{Error, Result};
use crate::model::component::size::{CrateSize, ImportUse, PartSize, SectionKind, SizeReport};
use crate::ops::tree::Format;
use crate::pipeline::build::linked::linked;
use crate::pipeline::build::ready::build;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// The options of `cargo component size`.
#[derive(Clone, Debug)]
pub struct SizeOptions {
    /// The component or module to look at; without it, the components that are built.
    pub file: Option<PathBuf>,
    /// How many crates are shown of a file, and how many callers of an import.
    pub top: usize,
    /// The format of the output.
    pub format: Format,
}

/// A file with what is reported about it.
struct Sized {
    /// The path as it is shown to the user.
    shown: String,
    report: SizeReport,
}

/// Shows what the bytes of a component are: of a file, or of each component that the build
/// of `args` makes, linked with its dependencies.
///
/// # Errors
///
/// If a file cannot be read, or is no WebAssembly, or if the build fails.
pub fn size(ctx: &Context, args: &CargoArgs, options: &SizeOptions) -> Result<()> {
    let mut sized = Vec::new();
    match &options.file {
        Some(file) => {
            let path = ctx.absolute(file);
            sized.push(Sized {
                shown: ctx.display(&path).to_string(),
                report: read(&path, &ctx.display(&path).to_string())?,
            });
        }
        None => {
            let built = build(ctx, args)?;
            for artifact in built.artifacts.iter().filter(|a| a.component.is_some()) {
                let shown = ctx.display(&artifact.path).to_string();
                let path = linked(ctx, &built.prepared, artifact)?;
                sized.push(Sized {
                    report: read(&path, &shown)?,
                    shown: match path == artifact.path {
                        true => shown,
                        false => format!("{shown}, linked with its dependencies"),
                    },
                });
            }
            if sized.is_empty() {
                return Err(Error::input("no component was built")
                    .hint("run the command in a component package, or give a component file"));
            }
        }
    }
    match options.format {
        Format::Json => {
            let values: Vec<Value> = sized
                .iter()
                .map(|sized| value(sized, options.top))
                .collect();
            ctx.shell.data(Value::Array(values).to_string());
        }
        Format::Text => {
            for (index, sized) in sized.iter().enumerate() {
                if index > 0 {
                    ctx.shell.data(String::new());
                }
                let lines = text(&sized.shown, &sized.report, options.top);
                lines.into_iter().for_each(|line| ctx.shell.data(line));
            }
        }
    }
    Ok(())
}

fn read(path: &std::path::Path, shown: &str) -> Result<SizeReport> {
    SizeReport::of(&fs::read(path)?).map_err(|e| {
        e.context(format!("failed to read `{shown}`"))
            .hint("give a component or a core module in binary form")
    })
}

/// A report as JSON; of crates and callers no more than `top`.
fn value(sized: &Sized, top: usize) -> Value {
    let report = &sized.report;
    json!({
        "file": sized.shown,
        "bytes": report.bytes,
        "parts": report.parts.iter().map(part).collect::<Vec<_>>(),
        "crates": report.crates.iter().take(top).map(of_crate).collect::<Vec<_>>(),
        "imports": report.imports.iter().map(|at| import(at, top)).collect::<Vec<_>>(),
        "without_names": report.nameless,
    })
}

fn part(part: &PartSize) -> Value {
    let mut value = json!({ "name": part.name, "bytes": part.total() });
    for kind in SectionKind::ALL {
        value[kind.name()] = part.of(kind).into();
    }
    value
}

fn of_crate(size: &CrateSize) -> Value {
    json!({
        "part": size.part,
        "name": size.name,
        "bytes": size.bytes,
        "functions": size.functions,
    })
}

fn import(import: &ImportUse, top: usize) -> Value {
    let callers = import.callers.iter().take(top).map(|caller| {
        json!({
            "crate": caller.crate_name,
            "function": caller.function,
            "through": caller.through,
        })
    });
    json!({
        "part": import.part,
        "interface": import.import,
        "callers": callers.collect::<Vec<_>>(),
    })
}

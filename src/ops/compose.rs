//! What `cargo component compose` does.

mod composed;
mod drawing;
mod options;
mod plug;
mod wac;

use std::path::{Path, PathBuf};

use self::composed::Composed;
use self::drawing::Drawing;
pub use self::options::ComposeOptions;
pub use self::plug::{parse_document, plug};
use crate::base::error::{Error, Result};
use crate::model::component::compose::Linked;
use crate::model::component::compose::graph::Graph;
use crate::pipeline::build::cargo::BuildOutput;
use crate::pipeline::build::linked::{check_overrides, linked_path, overridden_composition};
use crate::pipeline::build::ready::build_with;
use crate::pipeline::link::foreign::{
    HintOptions, current_resolver, link_and_report, link_foreign,
};
use crate::pipeline::link::override_options::{ComponentSource, OverrideRequest};
pub use crate::pipeline::link::resolution::Releases;
use crate::pipeline::project::current_package::current_lock_mode;
pub use crate::pipeline::project::manifests::Unpinned;
use crate::pipeline::project::output::{Output, output_file};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// Links a component with what its imports name, and writes the result.
pub fn compose(ctx: &Context, args: &CargoArgs, options: &ComposeOptions) -> Result<()> {
    let drawing = options.graph.as_deref().map(Drawing::parse).transpose()?;
    if options.output == Some(Output::Stdout) && matches!(drawing, Some(Drawing { file: None, .. }))
    {
        return Err(Error::usage(
            "the component and the graph cannot both be written to standard output",
        )
        .hint("write one of them to a file"));
    }
    let document = wac::is_document(options)?;
    let overrides = OverrideRequest::parse(ctx, &options.with, &options.keep)?;
    let Composed {
        source,
        linked,
        lock,
    } = match &options.file {
        Some(file) if document => wac::compose(ctx, args, file, options)?,
        Some(file) => compose_file(ctx, args, file, &overrides, options)?,
        None => compose_package(ctx, args, overrides)?,
    };
    if let Some(lock) = lock {
        lock.write(ctx)?;
    }
    if let Some(drawing) = &drawing {
        drawing.write(ctx, &linked.graph)?;
    }
    report_links(ctx, &linked);
    if linked.graph.links.is_empty() && !document {
        let text = "nothing was linked: no import has a hint, and `--with` was not given";
        ctx.shell.warn(text.to_owned());
    }
    let path = match &options.output {
        Some(Output::Stdout) => return ctx.shell.write_data(&linked.bytes),
        Some(Output::Path(path)) => {
            let default = linked_path(&source);
            output_file(ctx, path, default.file_name().unwrap_or_default())
        }
        None => linked_path(&source),
    };
    fs::write_atomic(&path, &linked.bytes)?;
    ctx.shell
        .status("Wrote", format!("`{}`", ctx.display(&path)));
    Ok(())
}

/// Links a component that is not built here.
fn compose_file(
    ctx: &Context,
    args: &CargoArgs,
    file: &Path,
    overrides: &OverrideRequest<'_>,
    options: &ComposeOptions,
) -> Result<Composed> {
    let mode = current_lock_mode(ctx, args)?;
    let (_, file) = ComponentSource::File(ctx.absolute(file)).fetch(ctx, mode)?;
    let worlds = current_resolver(ctx, args, options.unpinned)?;
    let overrides = overrides.fetch(ctx, mode)?;
    let name = name_of(&file);
    let options = HintOptions {
        overrides,
        releases: options.releases,
    };
    let (linked, lock) = link_foreign(ctx, worlds, &name, &file, options)?;
    Ok(Composed {
        source: file,
        linked,
        lock,
    })
}

/// Builds and links the component of the current package.
fn compose_package(
    ctx: &Context,
    args: &CargoArgs,
    overrides: OverrideRequest<'_>,
) -> Result<Composed> {
    let built = build_with(ctx, args, Some(overrides))?;
    let (member, file) = only_component(ctx, &built)?;
    let (composition, overrides) = overridden_composition(&built.prepared, member, &file)?;
    let name = name_of(&file);
    check_overrides(&overrides, &name, &file)?;
    let linked = link_and_report(ctx, &name, &file, &composition)?;
    Ok(Composed {
        source: file,
        linked,
        lock: None,
    })
}

/// The one component that was built, with the index of its package.
fn only_component(ctx: &Context, built: &BuildOutput) -> Result<(usize, PathBuf)> {
    let components = || {
        built
            .artifacts
            .iter()
            .filter(|made| made.component.is_some())
    };
    let all: Vec<_> = components().collect();
    match all.as_slice() {
        [one] => Ok((one.member, one.path.clone())),
        [] => Err(Error::input("no component was built")
            .hint("run the command in a component package, or give a component file")),
        many => {
            let names: Vec<_> = many
                .iter()
                .map(|made| format!("`{}`", ctx.display(&made.path)))
                .collect();
            Err(
                Error::input("several components were built, but only one can be linked")
                    .with_cause(format!("the components are {}", names.join(", ")))
                    .hint("select one with `--package`, or give its file"),
            )
        }
    }
}

fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Reports what was linked to what, and the imports that stay open.
fn report_links(ctx: &Context, linked: &Linked) {
    let Graph { components, links } = &linked.graph;
    for link in links {
        let export = match &link.export {
            Some(export) if *export != link.import => format!(", export `{export}`"),
            _ => String::new(),
        };
        let text = format!(
            "`{}` of `{}` to `{}`{export}",
            link.import, components[link.from].name, components[link.to].name
        );
        ctx.shell.status("Linked", text);
    }
    let (wasi, open): (Vec<_>, Vec<_>) = linked
        .open
        .iter()
        .partition(|name| name.interface().is_some_and(|i| i.starts_with("wasi:")));
    for name in open {
        let what = match &name.implements {
            Some(interface) => format!("`{}` (`{interface}`)", name.name),
            None => format!("`{}`", name.name),
        };
        ctx.shell.status("Open", what);
    }
    match wasi.as_slice() {
        [] => {}
        [one] => ctx.shell.status("Open", format!("`{}`", one.name)),
        many => {
            let text = format!("{} WASI interfaces", many.len());
            ctx.shell.status("Open", text);
            for name in many {
                ctx.shell.detail("Open", format!("`{}`", name.name));
            }
        }
    }
}

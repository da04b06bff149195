//! `cargo component compose`.

mod wac;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::registry_get::Output;
use crate::base::error::{Error, Result};
use crate::model::component::compose::Linked;
use crate::model::component::compose::graph::{Graph, dot, mermaid, svg};
use crate::model::component::names;
use crate::pipeline::build::cargo::{Built, build};
use crate::pipeline::build::linked;
use crate::pipeline::build::linked::{Composition, beside, link_parts};
use crate::pipeline::build::prepare::{in_package, meant};
use crate::pipeline::fetch::access::manifest_here;
use crate::pipeline::fetch::lock_update::LockUpdate;
use crate::pipeline::fetch::worlds::{LOCK_FILE, Worlds};
use crate::pipeline::link::closure::Forest;
use crate::pipeline::link::override_options::{Asked, Chosen, Named};
pub use crate::pipeline::link::resolution::Releases;
use crate::pipeline::link::resolution::{Resolution, Role};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;
use crate::system::fs;

/// What becomes of hints without a digest in components that others made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unpinned {
    /// They are refused.
    #[default]
    Refuse,
    /// They are followed to whatever they lead to now.
    Follow,
}

/// How to link.
#[derive(Clone, Debug, Default)]
pub struct ComposeOptions {
    /// The component; none for that of the package, which is built.
    pub file: Option<PathBuf>,
    /// Where the result goes; none for a file beside the component.
    pub output: Option<Output>,
    /// What is linked in the place of what hints say, each `IMPORT=WHAT`.
    pub with: Vec<String>,
    /// Imports that stay open.
    pub keep: Vec<String>,
    /// Where a drawing goes: a file, or a language for standard output.
    pub graph: Option<String>,
    /// See [`Unpinned`].
    pub unpinned: Unpinned,
    /// Which releases a component of others is linked with.
    pub releases: Releases,
    /// Packages of a `.wac` document, each `PACKAGE=PATH`.
    pub dep: Vec<String>,
    /// Where a `.wac` document's packages are looked for; none for `deps`
    /// beside it.
    pub deps_dir: Option<PathBuf>,
}

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
    let document = wac::document(options)?;
    let asked = Asked::read(ctx, &options.with, &options.keep)?;
    let (component, linked, lock) = match &options.file {
        Some(file) if document => wac::compose(ctx, args, (file, options))?,
        Some(file) => foreign(ctx, args, (file, &asked, options))?,
        None => own(ctx, args, &asked)?,
    };
    if let Some(lock) = lock {
        lock.write(ctx)?;
    }
    if let Some(drawing) = &drawing {
        drawing.write(ctx, &linked.graph)?;
    }
    tell(ctx, &linked);
    if linked.graph.links.is_empty() && !document {
        let text = "nothing was linked: no import has a hint, and `--with` was not given";
        ctx.shell.warn(text.to_owned());
    }
    let path = match &options.output {
        Some(Output::Stdout) => return ctx.shell.write_data(&linked.bytes),
        Some(Output::Path(path)) => {
            let text = path.as_os_str().to_string_lossy();
            let path = ctx.absolute(path);
            match text.ends_with(std::path::is_separator) || fs::is_dir(&path) {
                true => path.join(beside(&component).file_name().unwrap_or_default()),
                false => path,
            }
        }
        None => beside(&component),
    };
    fs::write_atomic(&path, &linked.bytes)?;
    ctx.shell
        .status("Wrote", format!("`{}`", ctx.display(&path)));
    Ok(())
}

/// A component made elsewhere, linked; what is to be locked.
fn foreign(
    ctx: &Context,
    args: &CargoArgs,
    (file, asked, options): (&Path, &Asked<'_>, &ComposeOptions),
) -> Result<(PathBuf, Linked, Option<LockUpdate>)> {
    let mode = mode_here(ctx, args)?;
    let (_, file) = Named::File(ctx.absolute(file)).find(ctx, mode)?;
    let worlds = worlds_here(ctx, args, mode)?;
    let chosen = asked.find(ctx, mode)?;
    let name = name_of(&file);
    let following = Following {
        chosen,
        unpinned: options.unpinned,
        releases: options.releases,
    };
    let (linked, lock) = link_foreign(ctx, worlds, (&name, &file), following)?;
    Ok((file, linked, lock))
}

/// What is resolved where the user stands: under the lock file of the
/// workspace, if there is one that has to do with components.
pub(super) fn worlds_here<'a>(
    ctx: &'a Context,
    args: &CargoArgs,
    mode: LockMode,
) -> Result<Worlds<'a>> {
    if in_package(ctx, args) {
        let meant = meant(ctx, args)?;
        let locked = fs::exists(&meant.workspace.root.join(LOCK_FILE));
        // A package that is no component is none of ours.
        if locked || manifest_here(ctx)?.declared {
            return Worlds::new(ctx, &meant.workspace, mode);
        }
    }
    Ok(Worlds::alone(ctx, mode))
}

/// How the hints of a component of others are followed.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// What the command line puts in their place.
    pub chosen: Chosen,
    /// See [`Unpinned`].
    pub unpinned: Unpinned,
    /// See [`Releases`].
    pub releases: Releases,
}

/// The component with all that its hints lead to or that was chosen; what is
/// to be locked.
pub(super) fn link_foreign(
    ctx: &Context,
    mut worlds: Worlds<'_>,
    (name, file): (&str, &Path),
    following: Following,
) -> Result<(Linked, Option<LockUpdate>)> {
    let Following {
        chosen,
        unpinned,
        releases,
    } = following;
    if unpinned == Unpinned::Follow {
        worlds.trust_unpinned();
    }
    let manifest = manifest_here(ctx)?;
    let resolution = Resolution::new(&mut worlds, &manifest, name.to_owned());
    let mut resolution = resolution.taking(releases).choosing(&chosen);
    resolution.component((name, file), Role::Root)?;
    for (name, file) in chosen.files() {
        resolution.component((name, file), Role::Chosen)?;
    }
    let tree = resolution.solve()?;
    let forest = Forest::new(&mut worlds, &manifest, BTreeMap::new());
    let mut forest = forest.choosing(chosen).resolved(tree);
    let root = forest.root((name, file), (&[], &BTreeMap::new()))?;
    let (parts, chosen) = forest.into_parts();
    chosen.check((name, &names::imports(&fs::read(file)?)?))?;
    let linked = linked(ctx, (name, file), &Composition { parts, root })?;
    Ok((linked, worlds.finish()?))
}

/// The component of the package the user stands in, built and linked.
fn own(
    ctx: &Context,
    args: &CargoArgs,
    asked: &Asked<'_>,
) -> Result<(PathBuf, Linked, Option<LockUpdate>)> {
    let built = build(ctx, args)?;
    let (member, file) = one(ctx, &built)?;
    let chosen = linked::chosen(ctx, &built.prepared, (member, &file), asked)?;
    let name = name_of(&file);
    chosen.check(&name, &file)?;
    let linked = linked(ctx, (&name, &file), &chosen.composition)?;
    Ok((file, linked, chosen.lock))
}

/// The one component that was built, with its package.
fn one(ctx: &Context, built: &Built) -> Result<(usize, PathBuf)> {
    let components = || built.made.iter().filter(|made| made.component.is_some());
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
                    .because(format!("the components are {}", names.join(", ")))
                    .hint("select one with `--package`, or give its file"),
            )
        }
    }
}

fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Links, and says so.
fn linked(ctx: &Context, (name, file): (&str, &Path), composition: &Composition) -> Result<Linked> {
    ctx.shell
        .status("Linking", format!("`{}`", ctx.display(file)));
    link_parts(composition).map_err(|e| e.context(format!("failed to link `{name}`")))
}

/// Says what was linked to what, and what is still needed.
fn tell(ctx: &Context, linked: &Linked) {
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

/// A language for drawings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Dot,
    Mermaid,
    Svg,
}

/// Where a drawing goes, and in which language.
#[derive(Debug, PartialEq, Eq)]
struct Drawing {
    language: Language,
    /// None for standard output.
    file: Option<PathBuf>,
}

impl Drawing {
    fn parse(text: &str) -> Result<Self> {
        let path = Path::new(text);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let (language, file) = match (text, extension) {
            ("dot", _) => (Language::Dot, None),
            ("mermaid", _) => (Language::Mermaid, None),
            (_, Some("dot" | "gv")) => (Language::Dot, Some(path.to_owned())),
            (_, Some("mmd" | "mermaid")) => (Language::Mermaid, Some(path.to_owned())),
            (_, Some("svg")) => (Language::Svg, Some(path.to_owned())),
            _ => {
                return Err(Error::usage(format!(
                    "`--graph {text}` has no known format"
                ))
                .hint(
                    "use a file that ends in `.svg`, `.dot` or `.mmd`, or `dot` or `mermaid` for standard output",
                ));
            }
        };
        Ok(Drawing { language, file })
    }

    fn write(&self, ctx: &Context, graph: &Graph) -> Result<()> {
        let text = match self.language {
            Language::Dot => dot(graph),
            Language::Mermaid => mermaid(graph),
            Language::Svg => svg(graph),
        };
        match &self.file {
            None => ctx.shell.write_data(text.as_bytes()),
            Some(file) => fs::write_atomic(&ctx.absolute(file), text.as_bytes()),
        }
    }
}

/// How the network may be used where there is no package.
pub(super) fn mode_here(ctx: &Context, args: &CargoArgs) -> Result<LockMode> {
    Config::load(&ctx.cwd, &ctx.env, &args.config)?.lock_mode(args.lock_mode)
}

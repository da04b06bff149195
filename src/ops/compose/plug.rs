//! Plugs: components whose exports answer the imports of another one, found by their names.

use std::mem;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::component::compose::{Node, compatible, wac};
use crate::model::component::names;
use crate::model::wit::TextFile;
use crate::pipeline::link::override_options::ComponentSource;
use crate::pipeline::project::current_package::current_lock_mode;
use crate::pipeline::project::output::{Output, output_file};
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::fs;

/// A component that takes part, with its name in the document.
struct Part {
    package: String,
    node: Node<'static>,
}

/// Links a component, the socket, with the exports of others whose names its imports have, in
/// compatible versions. Its other imports, and those of the plugs, stay open.
///
/// Each is a file, `namespace:name[@version]` or an OCI reference.
///
/// # Errors
///
/// If none of the exports fits, or two plugs have the same one.
pub fn plug(ctx: &Context, socket: &str, plugs: &[String], output: &Output) -> Result<()> {
    let read = |package: String, what: &str| -> Result<Part> {
        let mode = current_lock_mode(ctx, &CargoArgs::default())?;
        let (name, file) = ComponentSource::parse(ctx, what)?.fetch(ctx, mode)?;
        let (links, keep) = Default::default();
        let bytes = fs::read(&file)?;
        Ok(Part {
            package,
            node: Node {
                name,
                bytes: bytes.into(),
                links,
                keep,
            },
        })
    };
    let socket = read("component:socket".to_owned(), socket)?;
    let plugs = plugs.iter().enumerate();
    let plugs = plugs.map(|(at, plug)| read(format!("component:plug{at}"), plug));
    let plugs = plugs.collect::<Result<Vec<_>>>()?;
    let document = TextFile {
        path: PathBuf::from(&socket.node.name),
        text: document(&socket, &plugs)?,
    };
    let mut parts = plugs;
    parts.push(socket);
    let packages = wac::references(&document)?.into_iter().map(|reference| {
        let part = parts.iter_mut().find(|part| part.package == reference.name);
        let node = part.map(|part| mem::take(&mut part.node));
        (reference, node.unwrap_or_default())
    });
    let linked = wac::compose(&document, &packages.collect::<Vec<_>>())?;
    match output {
        Output::Stdout => ctx.shell.write_data(&linked.bytes),
        Output::Path(path) => {
            let path = output_file(ctx, path, "plugged.wasm");
            fs::write_atomic(&path, &linked.bytes)
        }
    }
}

/// The document that links the plugs that fit with the socket.
fn document(socket: &Part, plugs: &[Part]) -> Result<String> {
    let imports = names::imports(&socket.node.bytes)?;
    let mut instances = String::new();
    let mut arguments = String::new();
    let mut plugged: Vec<(&str, &str)> = Vec::new();
    for (at, plug) in plugs.iter().enumerate() {
        let mut fits = false;
        for export in names::exports(&plug.node.bytes)? {
            let same = imports.iter().find(|import| import.name == export.name);
            let near = || {
                imports
                    .iter()
                    .find(|import| compatible(&import.name, &export.name))
            };
            let Some(import) = same.or_else(near) else {
                continue;
            };
            if let Some((_, other)) = plugged.iter().find(|(name, _)| *name == import.name) {
                return Err(Error::input(format!(
                    "`{other}` and `{}` both export `{}`",
                    plug.node.name, import.name
                ))
                .hint("plug one of them"));
            }
            plugged.push((&import.name, &plug.node.name));
            arguments.push_str(&format!(
                "    \"{}\": plug{at}[\"{}\"],\n",
                import.name, export.name
            ));
            fits = true;
        }
        if fits {
            instances.push_str(&format!("let plug{at} = new {} {{ ... }};\n", plug.package));
        }
    }
    if plugged.is_empty() {
        let names: Vec<_> = imports
            .iter()
            .map(|import| format!("`{}`", import.name))
            .collect();
        let text = format!("no plug exports what `{}` imports", socket.node.name);
        return Err(Error::input(text).hint(match names.as_slice() {
            [] => "it has no imports".to_owned(),
            names => format!("it imports {}", names.join(", ")),
        }));
    }
    let export = match names::exports(&socket.node.bytes)?.is_empty() {
        true => "",
        false => "export socket...;\n",
    };
    Ok(format!(
        "package component:plugged;\n\n{instances}let socket = new {} {{\n{arguments}    ...\n}};\n{export}",
        socket.package
    ))
}

/// Prints the syntax tree of a `.wac` document as JSON, as `wac parse` does.
pub fn parse_document(ctx: &Context, file: &Path) -> Result<()> {
    let path = ctx.absolute(file);
    let document = TextFile {
        path: ctx.display(&path).to_string().into(),
        text: fs::read_text(&path)?,
    };
    ctx.shell.data(wac::syntax_tree(&document)?);
    Ok(())
}

//! What `cargo component registry info` does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::facts_format::FactsFormat;
use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::capabilities::HostImports;
use crate::model::component::capabilities::host_imports;
use crate::model::component::names::with_current_names;
use crate::model::component::outline::{Outline, outline};
use crate::model::resolver::graph::grouped_json;
use crate::pipeline::fetch::access::{
    Access, AccessOptions, Subject, VersionSelection, with_route,
};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Reference;

/// The facts about a release or artifact.
struct Facts {
    /// Names and values, in the order in which they are printed.
    head: Vec<(&'static str, String)>,
    digest: ContentDigest,
    annotations: BTreeMap<String, String>,
    file: PathBuf,
}

/// The content of a file.
struct Content {
    outline: Outline,
    /// What a component imports from outside; none for other files.
    imports: Option<HostImports>,
    /// The number of bytes.
    size: usize,
}

impl Content {
    fn of(bytes: &[u8]) -> Result<Self> {
        let outline = outline(bytes)?;
        let imports = match outline {
            Outline::Component { .. } => Some(host_imports(&with_current_names(bytes)?)?),
            Outline::Wit { .. } | Outline::Module => None,
        };
        Ok(Content {
            outline,
            imports,
            size: bytes.len(),
        })
    }
}

/// Prints the location and the content of a release or artifact.
pub fn info(
    ctx: &Context,
    subject: &Subject,
    options: &AccessOptions,
    format: FactsFormat,
) -> Result<()> {
    let access = Access::new(ctx, options)?;
    let facts = match subject {
        Subject::Package(package, pick) => of_package(&access, package, pick)?,
        Subject::Reference(reference) => of_reference(&access, reference)?,
    };
    let bytes = fs::read(&facts.file)?;
    let content = Content::of(&bytes)
        .map_err(|e| e.with_cause(format!("its file is `{}`", facts.file.display())))?;
    match format {
        FactsFormat::Text => print_text(ctx, &facts, &content),
        FactsFormat::Json => ctx
            .shell
            .data(format!("{:#}", json_value(&facts, &content))),
    }
    Ok(())
}

fn of_package(access: &Access<'_>, package: &PackageRef, pick: &VersionSelection) -> Result<Facts> {
    let found = access.locate(package, pick)?;
    let version = &found.release.version;
    let annotations = found
        .registry
        .annotations(package, version)
        .map_err(|e| with_route(e, &found.route))?;
    let file = access.cache.get_or_fetch(
        &*found.registry,
        package,
        &found.release,
        &*access.download_progress(found.release.size),
    )?;
    let location = found.registry.location(package);
    Ok(Facts {
        head: vec![
            ("package", package.to_string()),
            ("version", version.to_string()),
            ("location", location.trim_matches('`').to_owned()),
            ("registry", found.route.name.clone()),
            ("chosen_by", found.route.chosen_by.replace('`', "")),
        ],
        digest: found.release.digest,
        annotations,
        file,
    })
}

fn of_reference(access: &Access<'_>, reference: &Reference) -> Result<Facts> {
    let (found, artifacts) = access.find(reference)?;
    let file = access.fetch_artifact(reference, &found, &*artifacts)?;
    Ok(Facts {
        head: vec![
            ("reference", reference.to_string()),
            (
                "location",
                format!("{}/{}", reference.host, reference.repository),
            ),
            ("manifest", found.manifest.to_string()),
        ],
        digest: found.content,
        annotations: found.annotations,
        file,
    })
}

/// The kind of an outline, and its lists of names with their titles.
fn names(outline: &Outline) -> (String, Vec<(&'static str, &[String])>) {
    match outline {
        Outline::Wit {
            package,
            version,
            worlds,
            interfaces,
        } => {
            let version = version
                .as_ref()
                .map(|v| format!("@{v}"))
                .unwrap_or_default();
            let lists = vec![
                ("worlds", worlds.as_slice()),
                ("interfaces", interfaces.as_slice()),
            ];
            (format!("WIT package {package}{version}"), lists)
        }
        Outline::Component { surface, .. } => {
            let lists = vec![
                ("imports", surface.imports.as_slice()),
                ("exports", surface.exports.as_slice()),
            ];
            ("component".to_owned(), lists)
        }
        Outline::Module => ("core module".to_owned(), Vec::new()),
    }
}

fn print_text(ctx: &Context, facts: &Facts, content: &Content) {
    let (kind, lists) = names(&content.outline);
    for (name, value) in &facts.head {
        ctx.shell
            .data(format!("{}: {value}", name.replace('_', " ")));
    }
    ctx.shell.data(format!("digest: {}", facts.digest));
    ctx.shell.data(format!("size: {} bytes", content.size));
    ctx.shell.data(format!("kind: {kind}"));
    for (name, values) in lists.iter().filter(|(_, values)| !values.is_empty()) {
        ctx.shell.data(format!("{name}: {}", values.join(", ")));
    }
    if let Some(imports) = &content.imports {
        ctx.shell.data(format!("capabilities: {imports}"));
    }
    for (name, value) in &facts.annotations {
        // Control characters must not break the lines.
        let value: String = value
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        ctx.shell.data(format!("annotation {name}: {value}"));
    }
}

fn json_value(facts: &Facts, content: &Content) -> Value {
    let outline = &content.outline;
    let mut value = json!({});
    for (name, text) in &facts.head {
        value[*name] = json!(text);
    }
    value["digest"] = json!(facts.digest.to_string());
    value["size"] = json!(content.size);
    value["annotations"] = json!(facts.annotations);
    value["kind"] = json!(match outline {
        Outline::Wit { .. } => "wit",
        Outline::Component { .. } => "component",
        Outline::Module => "module",
    });
    if let Outline::Wit {
        package, version, ..
    } = outline
    {
        let version = version.as_ref().map(ToString::to_string);
        value["wit"] = json!({ "package": package.to_string(), "version": version });
    }
    if let Some(imports) = &content.imports {
        value["capabilities"] = grouped_json(imports);
    }
    for (name, values) in names(outline).1 {
        value[name] = json!(values);
    }
    value
}

//! What a release, an artifact or a file is, for `info` and `registry info`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::base::error::Result;
use crate::base::package::{ContentDigest, PackageRef};
use crate::model::capabilities::HostImports;
use crate::model::component::capabilities::host_imports;
use crate::model::component::names::with_current_names;
use crate::model::component::outline::{Outline, outline};
use crate::model::resolver::graph::grouped_json;
use crate::model::wit::write::encode_sources;
use crate::pipeline::fetch::access::{
    Access, AccessOptions, Subject, VersionSelection, with_route,
};
use crate::system::context::Context;
use crate::system::fs;
use crate::system::registry::Reference;
use crate::system::source;

/// The origin of a file and what the registry says of it.
#[derive(Default)]
struct Origin {
    /// Names and values, in the order in which they are printed.
    head: Vec<(&'static str, String)>,
    /// The digest of the file; none for WIT in text form.
    digest: Option<ContentDigest>,
    annotations: BTreeMap<String, String>,
}

/// A release, an artifact or a file, with its content.
pub(in crate::ops) struct Facts {
    origin: Origin,
    /// The bytes of the file; of WIT in text form those of its binary form.
    pub(in crate::ops) bytes: Vec<u8>,
    outline: Outline,
    /// What a component imports from outside; none for other files.
    imports: Option<HostImports>,
}

impl Facts {
    fn new(origin: Origin, bytes: Vec<u8>) -> Result<Self> {
        let outline = outline(&bytes)?;
        let imports = match outline {
            Outline::Component { .. } => Some(host_imports(&with_current_names(&bytes)?)?),
            Outline::Wit { .. } | Outline::Module => None,
        };
        Ok(Facts {
            origin,
            bytes,
            outline,
            imports,
        })
    }

    /// Fetches what a registry has, and reads it.
    pub(in crate::ops) fn fetch(
        ctx: &Context,
        subject: &Subject,
        options: &AccessOptions,
    ) -> Result<Self> {
        let access = Access::new(ctx, options)?;
        let (origin, file) = match subject {
            Subject::Package(package, pick) => of_package(&access, package, pick)?,
            Subject::Reference(reference) => of_reference(&access, reference)?,
        };
        Facts::new(origin, fs::read(&file)?)
            .map_err(|e| e.with_cause(format!("its file is `{}`", file.display())))
    }

    /// Reads a component or module, or a file or directory of WIT.
    pub(in crate::ops) fn read(ctx: &Context, path: &Path) -> Result<Self> {
        let shown = ctx.display(path).to_string();
        let mut origin = Origin {
            head: vec![("file", shown.clone())],
            ..Origin::default()
        };
        let is_text = path.extension().is_some_and(|extension| extension == "wit");
        let bytes = match is_text || fs::is_dir(path) {
            true => encode_sources(source::read(path)?)
                .map_err(|e| e.context(format!("failed to read the WIT in `{shown}`")))?,
            false => {
                let bytes = fs::read(path)?;
                origin.digest = Some(ContentDigest::of(&bytes));
                bytes
            }
        };
        Facts::new(origin, bytes).map_err(|e| {
            e.context(format!("failed to read `{shown}`"))
                .hint("give a component or a module, or a file or directory of WIT")
        })
    }

    /// The lines of the text form.
    pub(in crate::ops) fn lines(&self) -> Vec<String> {
        let (kind, lists) = names(&self.outline);
        let mut lines = Vec::new();
        for (name, value) in &self.origin.head {
            lines.push(format!("{}: {value}", name.replace('_', " ")));
        }
        if let Some(digest) = &self.origin.digest {
            lines.push(format!("digest: {digest}"));
            lines.push(format!("size: {} bytes", self.bytes.len()));
        }
        lines.push(format!("kind: {kind}"));
        for (name, values) in lists.iter().filter(|(_, values)| !values.is_empty()) {
            lines.push(format!("{name}: {}", values.join(", ")));
        }
        if let Some(imports) = &self.imports {
            lines.push(format!("capabilities: {imports}"));
        }
        for (name, value) in &self.origin.annotations {
            lines.push(format!("annotation {name}: {}", on_one_line(value)));
        }
        lines
    }

    /// The same as JSON, an object.
    pub(in crate::ops) fn json(&self) -> Value {
        let mut value = json!({});
        for (name, text) in &self.origin.head {
            value[*name] = json!(text);
        }
        if let Some(digest) = &self.origin.digest {
            value["digest"] = json!(digest.to_string());
            value["size"] = json!(self.bytes.len());
        }
        value["annotations"] = json!(self.origin.annotations);
        value["kind"] = json!(match self.outline {
            Outline::Wit { .. } => "wit",
            Outline::Component { .. } => "component",
            Outline::Module => "module",
        });
        if let Outline::Wit {
            package, version, ..
        } = &self.outline
        {
            let version = version.as_ref().map(ToString::to_string);
            value["wit"] = json!({ "package": package.to_string(), "version": version });
        }
        if let Some(imports) = &self.imports {
            value["capabilities"] = grouped_json(imports);
        }
        for (name, values) in names(&self.outline).1 {
            value[name] = json!(values);
        }
        value
    }

    /// Whether it is a component or WIT, which has types.
    pub(in crate::ops) fn has_wit(&self) -> bool {
        self.outline != Outline::Module
    }
}

/// Text of others without control characters, which must not break the lines.
pub(in crate::ops) fn on_one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

fn of_package(
    access: &Access<'_>,
    package: &PackageRef,
    pick: &VersionSelection,
) -> Result<(Origin, PathBuf)> {
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
    let origin = Origin {
        head: vec![
            ("package", package.to_string()),
            ("version", version.to_string()),
            ("location", location.trim_matches('`').to_owned()),
            ("registry", found.route.name.clone()),
            ("chosen_by", found.route.chosen_by.replace('`', "")),
        ],
        digest: Some(found.release.digest),
        annotations,
    };
    Ok((origin, file))
}

fn of_reference(access: &Access<'_>, reference: &Reference) -> Result<(Origin, PathBuf)> {
    let (found, artifacts) = access.find(reference)?;
    let file = access.fetch_artifact(reference, &found, &*artifacts)?;
    let origin = Origin {
        head: vec![
            ("reference", reference.to_string()),
            (
                "location",
                format!("{}/{}", reference.host, reference.repository),
            ),
            ("manifest", found.manifest.to_string()),
        ],
        digest: Some(found.content),
        annotations: found.annotations,
    };
    Ok((origin, file))
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

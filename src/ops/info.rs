//! What `cargo component info` does.

use serde_json::{Value, json};

use super::registry::facts::{Facts, on_one_line};
use crate::base::error::{Error, Result};
use crate::model::component::description::Description;
use crate::model::component::outline::wit_text;
use crate::model::component::signatures::{Signature, Signatures, SignedContent};
use crate::pipeline::fetch::access::AccessOptions;
use crate::pipeline::link::override_options::ComponentSource;
use crate::system::context::Context;

/// The format in which a component or WIT package is described.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InfoFormat {
    /// Lines of text, then the WIT.
    #[default]
    Text,
    /// One JSON object, with everything.
    Json,
    /// Only the WIT of the world or package.
    Wit,
}

/// Prints what a file, a directory of WIT, a release or an artifact is and says of itself.
///
/// # Errors
///
/// If it is not found, or is neither WebAssembly nor WIT.
pub fn info(ctx: &Context, what: &str, options: &AccessOptions, format: InfoFormat) -> Result<()> {
    let source = ComponentSource::parse(ctx, what).map_err(|e| match what.contains([':', '/']) {
        true => e,
        // Cargo's command of this name is about crates.
        false => e.replace_hint(format!(
            "give a file, a directory of WIT, `namespace:name` or an OCI reference; for a crate, use `cargo info {what}`"
        )),
    })?;
    let facts = match &source {
        ComponentSource::File(path) => Facts::read(ctx, path)?,
        ComponentSource::Subject(subject) => Facts::fetch(ctx, subject, options)?,
    };
    let wit = match facts.has_wit() {
        true => wit_text(&facts.bytes).map(Some),
        false => Ok(None),
    };
    if format == InfoFormat::Wit {
        let wit = wit?.ok_or_else(|| {
            Error::input(format!("`{what}` is a core module, which has no WIT"))
                .hint("give a component, as built by `cargo component build`")
        })?;
        ctx.shell.data(wit.trim_end().to_owned());
        return Ok(());
    }
    // What WIT has no words for is described without it.
    let wit = wit.ok().flatten();
    let description = Description::of(&facts.bytes)?;
    if format == InfoFormat::Json {
        let value = value(&facts, &description, wit.as_deref());
        ctx.shell.data(format!("{value:#}"));
        return Ok(());
    }
    for line in facts.lines().into_iter().chain(lines(&description)) {
        ctx.shell.data(line);
    }
    if let Some(wit) = wit {
        ctx.shell.data(format!("\n{}", wit.trim_end()));
    }
    Ok(())
}

/// The lines about what the file says of itself.
fn lines(description: &Description) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, value) in &description.metadata {
        lines.push(format!("metadata {name}: {}", on_one_line(value)));
    }
    for (field, values) in &description.producers {
        let values = values.iter().map(|(name, version)| {
            let text = format!("{name} {version}");
            on_one_line(text.trim_end())
        });
        let values: Vec<String> = values.collect();
        lines.push(format!(
            "producer {}: {}",
            on_one_line(field),
            values.join(", ")
        ));
    }
    for (import, hint) in &description.hints {
        lines.push(format!("hint {import}: {}", on_one_line(hint)));
    }
    match &description.signatures {
        Signatures::None => {}
        Signatures::Unknown => lines.push("signature: in an unknown format".to_owned()),
        Signatures::Found(found) => lines.extend(found.iter().map(|signature| {
            let key = match signature.key.is_empty() {
                true => "an unnamed key".to_owned(),
                false => format!("key {}", on_one_line(&signature.key)),
            };
            let signed = match signature.signed {
                SignedContent::Whole => "for this content",
                SignedContent::Beginning => "for the beginning of this content",
                SignedContent::Other => "for other content",
            };
            let algorithm = &signature.algorithm;
            format!("signature: {algorithm}, {key}, {signed} (not verified with the key)")
        })),
    }
    lines
}

fn value(facts: &Facts, description: &Description, wit: Option<&str>) -> Value {
    let mut value = facts.json();
    value["metadata"] = description
        .metadata
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut producers = json!({});
    for (field, values) in &description.producers {
        let values = values
            .iter()
            .map(|(name, version)| json!({ "name": name, "version": version }));
        producers[field] = values.collect();
    }
    value["producers"] = producers;
    let hints = description
        .hints
        .iter()
        .map(|(import, hint)| json!({ "import": import, "hint": hint }));
    value["hints"] = hints.collect();
    value["signatures"] = match &description.signatures {
        Signatures::None => json!([]),
        Signatures::Unknown => json!(null),
        Signatures::Found(found) => found.iter().map(signature_json).collect(),
    };
    value["text"] = json!(wit);
    value
}

fn signature_json(signature: &Signature) -> Value {
    json!({
        "algorithm": signature.algorithm,
        "key": signature.key,
        "content": match signature.signed {
            SignedContent::Whole => "whole",
            SignedContent::Beginning => "beginning",
            SignedContent::Other => "other",
        },
    })
}
